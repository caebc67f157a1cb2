"""Tells the pages when the words of an answer sound, and what of it was never heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adk_nb.log.spoken_words import piece_words, unheard_pieces
from adk_nb.wire.heard import heard_message, words_messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.log.turn import Turn
    from adk_nb.wire import protocol

_KEPT_TURNS = 8
_MORE = 1.25
"""Where words came before their sound they are told anew when there is so much more of it."""


@dataclass(slots=True)
class _Told:
    """What the pages were told of a turn.

    Attributes:
        text: Its text.
        audio_ms: How much sound there was (ms).
        settled: Up to where the times of words change no more (characters).
        times: The words and when they sound.
        heard: What was heard, as it was told.
    """

    text: str = ""
    audio_ms: float = 0.0
    settled: int = 0
    times: list[tuple[int, float]] = field(default_factory=list)
    heard: protocol.Heard | None = None


class HeardWords:
    """Tells the pages of one session; see `adk_nb.log.spoken_words` for the rule.

    Args:
        emit: Takes each message for the pages.
    """

    def __init__(self, emit: Callable[[protocol.Message], None]) -> None:
        self._emit = emit
        self._told: dict[int, _Told] = {}

    def _of(self, turn: Turn) -> _Told:
        told = self._told.get(turn.index)
        if told is None:
            told = self._told[turn.index] = _Told()
            self._told.pop(turn.index - _KEPT_TURNS, None)
        return told

    def said(self, turn: Turn) -> None:
        """An answer has other words than before, or is over: tells when they sound."""
        if not turn.audio_ms or turn.withheld or turn.resumed is not None:
            return
        told = self._of(turn)
        known = min(common_length(told.text, turn.agent_text), told.settled)
        kept = [one for one in told.times if one[0] < known]
        since = kept[-1][0] if kept else 0
        times = kept + turn.word_times(since)
        told.settled = max((length for ms, length in turn.marks if ms > 0), default=0)
        told.text, told.audio_ms = turn.agent_text, turn.audio_ms
        if times == told.times:
            return
        told.times = times
        before = {number: words for number, _, words in piece_words(turn, kept)}
        for message in words_messages(
            turn.index,
            piece_words(turn, times[len(kept) :]),
            lambda number: before[number][-1][0] if before[number] else 0,
        ):
            self._emit(message)

    def sounds(self, turn: Turn) -> None:
        """More sound of an answer has come."""
        told = self._of(turn)
        waits = len(turn.agent_text) > told.settled
        if waits and turn.audio_ms > told.audio_ms * _MORE:
            self.said(turn)

    def heard(self, turn: Turn) -> None:
        """An answer was cut off, or a player has told what of it sounded."""
        if not (turn.interrupted or turn.flushed) or turn.withheld:
            return
        unheard = unheard_pieces(turn)
        if not (unheard or turn.flushed):
            return
        message = heard_message(turn.index, unheard, turn.heard_ms, turn.audio_ms)
        told = self._of(turn)
        if message != told.heard:
            told.heard = message
            self._emit(message)


def common_length(text: str, other: str) -> int:
    """Returns how long the beginning is that two texts have in common (characters)."""
    shorter = min(len(text), len(other))
    if text[:shorter] == other[:shorter]:  # As always while words are added: no loop then.
        return shorter
    return next((index for index in range(shorter) if text[index] != other[index]), shorter)
