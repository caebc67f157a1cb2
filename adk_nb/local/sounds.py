"""How words sound, and how far apart two sounds are."""

# ruff: noqa: RUF001 - The sounds are letters of the phonetic alphabet.

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from functools import lru_cache
from itertools import accumulate
from threading import Lock
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from hibari.g2p import G2P

# Sounds that are taken for one another: by class, with the cost of the exchange.
_CONFUSED = (
    (["pb", "td", "kɡ", "fv", "θð", "sz", "ʃʒ", "ʧʤ"], 0.3),
    (["ptk", "bdɡ", "fθs", "vðz", "mnŋ", "ɹlwj", "ʃʧ", "ʒʤ"], 0.4),
    (["bvw", "td", "tθ", "dð", "hfθ"], 0.5),
)
_VOWELS = frozenset("aeiouyAIOQWYæɑɒɔəɛɜɪʊ")
_VOWEL_FOR_VOWEL = 0.4
# What is left out in quick speech costs less.
_LEFT_OUT = {"ə": 0.4, "h": 0.4, "ɪ": 0.5}
_SOUND_LEFT_OUT = 0.7
_LEAST = min(_LEFT_OUT.values())
_ALIKE = str.maketrans({"ɐ": "ə", "ʌ": "ə", "ᵻ": "ɪ", "T": "t", "ɾ": "t", "ɜ": "ə", "i": "ɪ"})
_MARKS = re.compile(r"[ˈˌː\s]")
# Letters that sound alike; the longer groups first.
_SPELT = (
    ("tch", "ʧ"),
    ("ght", "t"),
    ("sch", "sk"),
    ("ph", "f"),
    ("th", "θ"),
    ("sh", "ʃ"),
    ("ch", "ʧ"),
    ("ck", "k"),
    ("qu", "kw"),
    ("wh", "w"),
    ("kn", "n"),
    ("wr", "ɹ"),
    ("ce", "se"),
    ("ci", "si"),
    ("cy", "sy"),
    ("c", "k"),
    ("q", "k"),
    ("x", "ks"),
    ("z", "s"),
    ("r", "ɹ"),
    ("g", "ɡ"),
    ("y", "i"),
)


class Sounds(ABC):
    """Says how a text sounds."""

    @abstractmethod
    def of(self, text: str) -> str:
        """Returns the sounds of a text, a character each, without blanks and stresses."""


class SpelledSounds(Sounds):
    """Guesses from the letters: "dice" and "dies" sound alike, "light" and "late" do not."""

    @override
    def of(self, text: str) -> str:
        """Returns the sounds of a text, a character each, without blanks and stresses."""
        return "".join(_spelled(word) for word in re.findall(r"[a-z]+", text.lower()))


class LexiconSounds(Sounds):
    """Looks words up as the voice does, in hibari's lexicon; 0.1 ms a word that is in it."""

    def __init__(self, g2p: G2P) -> None:
        """Takes the voice's lexicon."""
        self._g2p = g2p
        self._known: dict[str, str] = {}

    @override
    def of(self, text: str) -> str:
        """Returns the sounds of a text, a character each, without blanks and stresses."""
        if text not in self._known:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            spoken = _MARKS.sub("", self._g2p(text) or "")
            self._known[text] = re.sub(r"[^\w]", "", spoken).translate(_ALIKE)
        return self._known[text]


SPELLED = SpelledSounds()
_MOST_KNOWN = 4096
_lock = Lock()
_lexicons: list[G2P] = []


def lexicon() -> G2P:
    """Returns hibari's lexicon, which the voice and the ears share; 0.4 s the first time.

    Raises:
        ImportError: hibari is not installed.
    """
    with _lock:
        if not _lexicons:
            from hibari.g2p import G2P

            _lexicons.append(G2P())
        return _lexicons[0]


def load_sounds() -> Sounds:
    """Returns what says how words sound: the voice's lexicon, or the letters without it."""
    try:
        return LexiconSounds(lexicon())
    except Exception:
        # Whatever is wrong with the package, letters will do.
        return SPELLED


def distance(one: str, other: str, farthest: float = 1.0) -> float:
    """Returns how far apart two sounds are: 0 where they are the same, 1 where nothing is.

    Args:
        one: The sounds of a word or of several.
        other: The sounds to compare them with.
        farthest: The most that is of interest; what is farther apart is infinitely far.
    """
    longest = max(len(one), len(other))
    if not longest or one == other:
        return 0.0
    most = farthest * longest
    if _LEAST * abs(len(one) - len(other)) > most:
        return float("inf")
    edits = _edits(one, other, most)
    return edits / longest if edits <= most else float("inf")


@lru_cache(maxsize=8192)
def _edits(one: str, other: str, most: float) -> float:
    """Returns what it costs to make one sound of the other, given up where it is too much."""
    left_out = [_left_out(sound) for sound in other]
    row = [0.0, *accumulate(left_out)]
    for mine in one:
        cost = _left_out(mine)
        above, row = row, [row[0] + cost]
        for at, sound in enumerate(other):
            row.append(
                min(
                    above[at] + _exchanged(mine, sound),
                    above[at + 1] + cost,
                    row[at] + left_out[at],
                )
            )
        if min(row) > most:
            return min(row)
    return row[-1]


def _left_out(sound: str) -> float:
    return _LEFT_OUT.get(sound, _SOUND_LEFT_OUT)


@lru_cache(maxsize=4096)
def _exchanged(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if one in _VOWELS and other in _VOWELS:
        return _VOWEL_FOR_VOWEL
    costs = [cost for groups, cost in _CONFUSED for each in groups if one in each and other in each]
    return min(costs, default=1.0)


def _spelled(word: str) -> str:
    for letters, sound in _SPELT:
        word = word.replace(letters, sound)
    word = re.sub(r"([aeiou])[aeiou]+", r"\1", word)
    word = re.sub(r"(.)\1+", r"\1", word)
    # A final "e" is silent: "dise", and so is the one in "dies".
    word = re.sub(r"e$", "", word)
    return word.translate(_ALIKE)
