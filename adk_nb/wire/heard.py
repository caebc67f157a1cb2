"""The messages that tell which words of an answer have sounded, and which never did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adk_nb.log.spoken_words import PieceWords

_MAX_WORDS = 10_000
"""How many words of a piece a page is told of; it shows no more of it."""


def words_messages(
    turn: int, pieces: Iterable[PieceWords], since: Callable[[int], int] = lambda _: 0
) -> list[protocol.Words]:
    """Returns when the words of an answer sound, a message a piece.

    Args:
        turn: The turn's number.
        pieces: The words.
        since: Returns up to where the page knows a piece, by its number (characters).
    """
    found = []
    for number, text, words in pieces:
        if words:
            ends = [_units(text, end) for end, _ in words[:_MAX_WORDS]]
            times = [round(ms, 1) for _, ms in words[:_MAX_WORDS]]
            found.append(protocol.Words(turn, number, _units(text, since(number)), ends, times))
    return found


def heard_message(
    turn: int,
    unheard: Iterable[tuple[int, str, int, int]],
    heard_ms: float | None,
    audio_ms: float,
) -> protocol.Heard:
    """Returns what of an answer was heard; `unheard` as `unheard_pieces` has it."""
    parts = [
        [number, _units(text, start), _units(text, end)] for number, text, start, end in unheard
    ]
    return protocol.Heard(turn, parts, heard_ms, audio_ms)


def _units(text: str, place: int) -> int:
    """Returns a place in a text in UTF-16 code units, as JavaScript counts."""
    return place if text.isascii() else len(text[:place].encode("utf-16-le")) // 2
