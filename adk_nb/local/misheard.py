"""Which words of an utterance may be misheard words of the tools."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

from adk_nb.local.sounds import distance
from adk_nb.local.vocabulary import STOP_WORDS, names_in, word_set
from adk_nb.local.wording import past

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from adk_nb.local.router import Router
    from adk_nb.local.signature import Signature
    from adk_nb.local.sounds import Sounds
    from adk_nb.local.vocabulary import Word

NUMBERS = {
    "to": "two",
    "too": "two",
    "for": "four",
    "won": "one",
    "ate": "eight",
    "tree": "three",
    "free": "three",
}
"""What a number is heard as."""

_SCALES = word_set("hundred thousand million dozen")
_SHORTEST = 3
# So many words may have been one, or have been run together with the next.
_MOST_WORDS = 3
# How far apart what was heard and what was said may be, by how many sounds there are.
_FARTHEST = ((4, 0.1), (6, 0.15), (100, 0.24))
# The beginning is cut off most often, by a microphone that opens late.
_AT_THE_BEGINNING = 0.12
_LONGEST_OPENING = 6
_OF_A_NUMBER = 0.05
_MOST_CHANGES = 8
# Each is a question to the router, of some 3 ms.
_MOST_TRIALS = 16


@dataclass(frozen=True)
class OwnWord:
    """A word of the tools, or how a request for one begins.

    Attributes:
        said: The word, or the words.
        sound: How it sounds.
        farthest: How far from it a misheard word may sound.
        tools: The names of the tools that have it.
    """

    said: str
    sound: str
    farthest: float
    tools: frozenset[str]


@dataclass(frozen=True)
class Change:
    """Words that may have been others.

    Attributes:
        start: Index of the first of them.
        end: Index after the last.
        said: What may have been said.
        cost: How far apart the two sound.
        tools: The names of the tools that have it; empty for a number.
    """

    start: int
    end: int
    said: str
    cost: float
    tools: frozenset[str] = frozenset()


@lru_cache(maxsize=4)
def own_words(router: Router, sounds: Sounds) -> dict[str, OwnWord]:
    """Returns the tools' own words, and how requests for them begin."""
    tools: dict[str, set[str]] = {}
    for tool in router.tools:
        for said in _words(tool) | _openings(tool):
            tools.setdefault(said, set()).add(tool.name)
    found = {}
    for said, names in tools.items():
        sound = sounds.of(said)
        farthest = next(limit for length, limit in _FARTHEST if len(sound) <= length)
        found[said] = OwnWord(said, sound, farthest, frozenset(names))
    return found


def changes(
    words: Sequence[Word], own: dict[str, OwnWord], among: Iterable[OwnWord], sounds: Sounds
) -> list[Change]:
    """Returns what may have been misheard, the likeliest first.

    Args:
        words: What was heard.
        own: The tools' own words, which are not misheard themselves.
        among: Those of them to look for.
        sounds: What says how words sound.
    """
    wanted = list(among)
    found = []
    for start, end in _windows(words, own):
        heard = sounds.of(" ".join(word.lower for word in words[start:end]))
        # "Stop" is no misheard "start": a verb is another only where both sound the same.
        same_only = bool(past(words[start].lower))
        found += list(_alike(start, end, heard, wanted, same_only=same_only))
    return sorted(found, key=lambda each: each.cost)


def numbers(words: Sequence[Word], own: dict[str, OwnWord]) -> Iterator[Change]:
    """Yields the words that may have been numbers: "to" before what can be counted."""
    for at, word in enumerate(words[1:-1], start=1):
        follows = words[at + 1].lower
        if word.lower in NUMBERS and (follows in own or follows in _SCALES or word.has_meaning):
            yield Change(at, at + 1, NUMBERS[word.lower], _OF_A_NUMBER)


def trials(found: Iterable[Change]) -> list[tuple[Change, ...]]:
    """Returns changes that can be made together, the likeliest first."""
    likeliest = sorted(found, key=lambda each: each.cost)[:_MOST_CHANGES]
    together = [
        chosen
        for size in (1, 2, 3)
        for chosen in combinations(likeliest, size)
        if not any(_overlap(one, other) for one, other in combinations(chosen, 2))
    ]
    together.sort(key=lambda chosen: sum(each.cost for each in chosen))
    return together[:_MOST_TRIALS]


def changed(text: str, words: Sequence[Word], chosen: Iterable[Change]) -> str:
    """Returns a text with some changes, each wherever the same word comes again."""
    places: list[Change] = []
    for change in chosen:
        for at in _same(words, change):
            place = replace(change, start=at, end=at + change.end - change.start)
            if not any(_overlap(place, other) for other in places):
                places.append(place)
    for place in sorted(places, key=lambda each: each.start, reverse=True):
        start, end = words[place.start].start, words[place.end - 1].end
        said = place.said.capitalize() if text[start].isupper() else place.said
        text = text[:start] + said + text[end:]
    return text


def _windows(words: Sequence[Word], own: dict[str, OwnWord]) -> Iterator[tuple[int, int]]:
    """Yields the start and the end of words that are none of the tools' and no numbers."""
    for start in range(len(words)):
        for end in range(start + 1, min(start + _MOST_WORDS, len(words)) + 1):
            last = words[end - 1]
            if last.lower in own or last.text[0].isdigit():
                break
            if any(word.has_meaning and len(word.lower) >= _SHORTEST for word in words[start:end]):
                yield start, end


def _alike(
    start: int, end: int, heard: str, among: Iterable[OwnWord], *, same_only: bool
) -> Iterator[Change]:
    for own in among:
        is_opening = start == 0 and " " in own.said and len(own.sound) <= _LONGEST_OPENING
        farthest = own.farthest + (_AT_THE_BEGINNING if is_opening else 0.0)
        if same_only:
            farthest = 0.0
        if (cost := distance(heard, own.sound, farthest)) <= farthest:
            yield Change(start, end, own.said, cost, own.tools)


def _overlap(one: Change, other: Change) -> bool:
    return one.start < other.end and other.start < one.end


def _same(words: Sequence[Word], change: Change) -> list[int]:
    """Returns where the word that a change is about stands; "to" and "for" are meant once."""
    word = words[change.start]
    if change.end - change.start > 1 or not word.has_meaning:
        return [change.start]
    return [at for at, each in enumerate(words) if each.lower == word.lower]


def _words(tool: Signature) -> set[str]:
    """Returns the words of a tool's name, its docstring's first lines and its choices."""
    texts = [tool.name, tool.summary]
    texts += [str(choice) for each in tool.parameters for choice in each.choices]
    texts += [each.name for each in tool.parameters]
    words = {word for text in texts for word in names_in(text)}
    return {word for word in words if len(word) >= _SHORTEST and word not in STOP_WORDS}


def _openings(tool: Signature) -> set[str]:
    """Returns how a request begins: "set the", "set a"."""
    verbs = {"set", *names_in(tool.name)[:1]}
    return {f"{each} {article}" for each in verbs for article in ("a", "the")}
