"""Misheard words that the tools' own words settle: "roll the dies" where a tool rolls dice."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from adk_nb.local.misheard import NUMBERS, changed, changes, numbers, own_words, trials
from adk_nb.local.roles import TEXT, role_of
from adk_nb.local.sounds import SPELLED, load_sounds
from adk_nb.local.spoken_numbers import UNITS
from adk_nb.local.vocabulary import words_of
from adk_nb.local.written import written

if TYPE_CHECKING:
    from adk_nb.local.matching import Call
    from adk_nb.local.router import Router
    from adk_nb.local.sounds import Sounds
    from adk_nb.local.vocabulary import Word

_HYPHEN = re.compile(r"\b(to)-(day|night|morrow)\b", re.IGNORECASE)
# "For two" is heard as 42, "to two" as 22.
_MELTED = re.compile(r"([24])([1-9])")
_MELTED_WORDS = {"2": "to", "4": "for"}
_DIGITS = {value: word for word, value in UNITS.items()}


class Hearing:
    """What the ears know of the tools: shared by speech to text and the model behind it.

    Attributes:
        router: The tools of the newest request; None before the first.
        sounds: What says how words sound.
    """

    def __init__(self) -> None:
        """Knows no tools yet, and how words sound by their letters."""
        self.router: Router | None = None
        self.sounds: Sounds = SPELLED

    def load(self) -> None:
        """Takes the voice's lexicon for how words sound, where it is there; blocks for 0.5 s."""
        if self.sounds is SPELLED:
            self.sounds = load_sounds()

    def understood(self, text: str) -> str:
        """Returns an utterance as it is written, with misheard words settled by the tools."""
        if self.router is None or not self.router.tools:
            return text
        return settled(written(text, self.router), self.router, self.sounds)


def settled(
    text: str, router: Router, sounds: Sounds = SPELLED, *, only_alike: bool = False
) -> str:
    """Returns an utterance with its misheard words as the tools have them.

    Where it asks for something already, only what leaves the call as it is, a number that melted
    into another and a choice that the call lacks are changed; else it is changed as little as makes
    it a call, and left alone where nothing does.

    Args:
        text: What was heard.
        router: The tools.
        sounds: What says how words sound.
        only_alike: Whether only words that sound the same are changed.
    """
    if not router.tools:
        return text
    text = _with_count(_HYPHEN.sub(r"\1\2", text), router, sounds)
    if called := _called(text, router):
        if only_alike:
            return text
        text = _as_the_tools_write(text, called, router, sounds)
        return _with_choice(_with_number(text, called, router), called, router, sounds)
    if not only_alike and (dictated := _with_colon(text, router)):
        return dictated
    words, own = words_of(text), own_words(router, sounds)
    found = [*numbers(words, own), *changes(words, own, own.values(), sounds)]
    for chosen in trials(each for each in found if not (only_alike and each.cost)):
        new = changed(text, words, chosen)
        names = {call.name for call in _called(new, router)}
        if names and all(names & each.tools for each in chosen if each.tools):
            return new
    return text


def _with_colon(text: str, router: Router) -> str:
    """Returns "email Tom: see you" for "email Tom, see you"; empty where that asks for nothing."""
    before, comma, after = text.partition(", ")
    new = f"{before}: {after}"
    dictates = [
        tool.name for tool in router.tools if any(role_of(each) is TEXT for each in tool.parameters)
    ]
    if not comma or not dictates or ":" in text:
        return ""
    names = _names(_called(new, router))
    return new if names and set(names) <= set(dictates) else ""


def _called(text: str, router: Router) -> list[Call]:
    """Returns the calls that a text asks for; none where something is left open."""
    found = router.match([text])
    is_whole = all(match.calls for match in found)
    return [call for match in found for call in match.calls] if is_whole else []


def _names(calls: list[Call]) -> list[str]:
    return [call.name for call in calls]


def _as_the_tools_write(text: str, called: list[Call], router: Router, sounds: Sounds) -> str:
    """Returns "what's the weather" for "what's the whether", which asks for the same."""
    words, own = words_of(text), own_words(router, sounds)
    some = [each for each in own.values() if each.tools & set(_names(called))]
    alike = [each for each in changes(words, own, some, sounds) if not each.cost]
    new = changed(text, words, alike)
    same = [(each.name, each.args) for each in _called(new, router)]
    return new if same == [(each.name, each.args) for each in called] else text


def _with_choice(text: str, called: list[Call], router: Router, sounds: Sounds) -> str:
    """Returns "in Fahrenheit" for "in Fair and Hide", where a call lacks just such a choice."""
    tool = router.tool(called[0].name)
    if tool is None or len(set(_names(called))) > 1:
        return text
    choices = {
        str(choice).lower()
        for each in tool.parameters
        for choice in each.choices
        if each.name not in called[0].args
    }
    words, own = words_of(text), own_words(router, sounds)
    some = [each for each in own.values() if each.said in choices]
    for change in changes(words, own, some, sounds):
        new = changed(text, words, [change])
        after = _called(new, router)
        if _names(after) == [tool.name] and len(after[0].args) > len(called[0].args):
            return new
    return text


def _with_count(text: str, router: Router, sounds: Sounds) -> str:
    """Returns "roll two dice" for "roll to dice"."""
    words, own = words_of(text), own_words(router, sounds)
    if len(words) > 2 and words[0].lower in own and words[2].lower in own:
        number = NUMBERS.get(words[1].lower)
        if number:
            return text[: words[1].start] + number + text[words[1].end :]
    return text


def _with_number(text: str, called: list[Call], router: Router) -> str:
    """Returns "Union Station for two" for "Union Station 42", where it counts something."""
    tool = router.tool(called[0].name)
    if tool is None or len(called) > 1:
        return text
    counts = [
        called[0].args[each.name]
        for each in tool.parameters
        if each.kind == "integer" and not each.required and each.name in called[0].args
    ]
    for before, word in pairwise(words_of(text)):
        match = _MELTED.fullmatch(word.text)
        is_name = before.text[0].isupper() and not _begins_sentence(text, before)
        if match and int(word.text) in counts and is_name:
            said = f"{_MELTED_WORDS[match[1]]} {_DIGITS[int(match[2])]}"
            new = text[: word.start] + said + text[word.end :]
            if _names(_called(new, router)) == [tool.name]:
                return new
    return text


def _begins_sentence(text: str, word: Word) -> bool:
    said = text[: word.start].rstrip()
    return not said or said[-1] in ".!?"
