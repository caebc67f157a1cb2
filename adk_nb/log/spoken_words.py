"""Which words of an answer belong to which stretch of its sound: decided here, once, for all.

A model does not say when each word sounds, only how much sound there was when its text was so long.
Between two such marks words are spread evenly, by their characters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from adk_nb.log.word_boundaries import whole_words, word_ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adk_nb.log.turn import Turn

Mark = tuple[float, int]
"""How much sound there was (ms) when the text was so long (characters)."""


class Stretch(NamedTuple):
    """A stretch of sound, and the part of the text that sounds in it.

    Attributes:
        since_ms: Where it begins in the sound of its turn (ms).
        until_ms: Where it ends (ms).
        first: How many characters of the text come before it.
        last: How many there are up to its end.
    """

    since_ms: float
    until_ms: float
    first: int
    last: int

    def reached(self, played_ms: float) -> int:
        """Returns how many characters have sounded after so much of the turn's sound (ms)."""
        share = (played_ms - self.since_ms) / (self.until_ms - self.since_ms)
        return self.first + int(share * (self.last - self.first))

    def sounded_by(self, end: int) -> float:
        """Returns how much of the turn's sound (ms) there is up to so many characters."""
        if self.last <= self.first:
            return self.since_ms
        share = (end - self.first) / (self.last - self.first)
        return self.since_ms + share * (self.until_ms - self.since_ms)


def stretches(marks: Iterable[Mark], audio_ms: float, length: int) -> Iterator[Stretch]:
    """Yields the stretches of an answer, in the order in which they sound.

    Args:
        marks: What is known of its words and its sound.
        audio_ms: How much sound there is (ms).
        length: How long its text is (characters).
    """
    before, until_ms = (0.0, 0), 0.0
    # Text that came before any audio does not show when its words sounded.
    for mark in (*(mark for mark in marks if mark[0] > 0), (audio_ms, length)):
        if mark[0] > until_ms:
            yield Stretch(before[0], mark[0], before[1], mark[1])
            until_ms = mark[0]
        before = mark


def heard(text: str, marks: list[Mark], audio_ms: float, played_ms: float) -> str:
    """Returns the whole words of an answer that had sounded after so much of its sound (ms)."""
    for stretch in stretches(marks, audio_ms, len(text)):
        if played_ms < stretch.until_ms:
            return whole_words(text, stretch.reached(played_ms))
    return text


def word_times(
    text: str, marks: list[Mark], audio_ms: float, since: int = 0
) -> list[tuple[int, float]]:
    """Returns where the words of an answer end (characters), and when each has sounded (ms).

    After so much of the sound `heard` has the word. Words of which no sound has come are left out.

    Args:
        text: The answer.
        marks: What is known of its words and its sound.
        audio_ms: How much sound there is (ms).
        since: The end of a word (characters): only those after it are returned.
    """
    found: list[tuple[int, float]] = []
    ends = iter(word_ends(text, since))
    end = next(ends, None)
    for stretch in stretches(marks, audio_ms, len(text)):
        while end is not None and end <= stretch.last:
            found.append((end, max(stretch.since_ms, stretch.sounded_by(end))))
            end = next(ends, None)
    return found


class PieceWords(NamedTuple):
    """The words of one piece of an answer.

    Attributes:
        number: The piece's number in its turn.
        text: What was said in it, as a page shows it.
        words: Where words end in it (characters), and when each has sounded (ms).
    """

    number: int
    text: str
    words: list[tuple[int, float]]


def piece_words(turn: Turn, times: Iterable[tuple[int, float]]) -> list[PieceWords]:
    """Returns the words of an answer by the pieces that it was said in.

    Args:
        turn: The turn.
        times: The words, as `word_times` has them.
    """
    left, found = list(times), []
    for number, text, start in _places(turn):
        end = start + len(text)
        mine = [(place - start, ms) for place, ms in left if start < place <= end]
        left = [one for one in left if one[0] > end]
        found.append(PieceWords(number, text, mine))
    return found


def unheard_pieces(turn: Turn) -> list[tuple[int, str, int, int]]:
    """Returns what was never heard, by piece: its number and text, a start and an end in that."""
    found = []
    for since, until in turn.unheard:
        for number, text, start in _places(turn):
            first, last = max(since - start, 0), min(until - start, len(text))
            if first < last:
                found.append((number, text, first, last))
    return found


def _places(turn: Turn) -> Iterator[tuple[int, str, int]]:
    """Yields the agent's pieces: number, text, and where that begins in all that it said."""
    end = 0
    for piece in turn.pieces:
        text = piece.text.strip()
        if piece.role != "agent" or not text:
            continue
        start = turn.agent_text.find(text, end)
        start = end if start < 0 else start  # A secret that spans two pieces is masked in both.
        yield piece.number, text, start
        end = start + len(text)
