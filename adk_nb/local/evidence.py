"""How much each word of a sentence speaks for each tool."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from adk_nb.local.vocabulary import (
    ABBREVIATIONS,
    STOP_WORDS,
    is_kind_of,
    names_in,
    same_meaning,
    stem,
    word_set,
)

if TYPE_CHECKING:
    from adk_nb.local.signature import Signature
    from adk_nb.local.vocabulary import Word

# How much a word says about a tool, by where the tool has it.
_IN_NAME, _IN_CHOICE, _IN_SUMMARY, _IN_PARAMETER, _IN_DETAILS = 1.0, 0.8, 0.7, 0.6, 0.4
_IN_PARTICLE = 0.7
_SYNONYM = 0.8
# Letters that words of one family have in common.
_FAMILY = 7

PARTICLES = word_set("on off up down")


class Vocabulary:
    """What each word says about each tool of a request."""

    def __init__(self, tools: list[Signature]) -> None:
        """Reads the tools."""
        self._strengths = {tool.name: _strengths(tool) for tool in tools}
        count = Counter(each for strengths in self._strengths.values() for each in strengths)
        most = math.log(1 + len(tools))
        self._rarity = {each: math.log(1 + len(tools) / n) / most for each, n in count.items()}

    def evidence(self, word: Word, tool: Signature) -> tuple[float, float]:
        """Returns how much a word speaks for a tool, and how much for no other one, 0 to 1."""
        strengths = self._strengths[tool.name]
        found = [(0.0, 0.0)]
        if word.stem in strengths:
            strength = strengths[word.stem]
            found.append((strength, strength * self._rarity[word.stem]))
        found += [
            (_SYNONYM * strength, _SYNONYM * strength * self._rarity[each])
            for each, strength in strengths.items()
            if (strength >= _IN_SUMMARY and same_meaning(word.stem, each))
            or is_kind_of(word.stem, each)
            or _same_family(word.stem, each)
        ]
        return max(found)


def _same_family(one: str, other: str) -> bool:
    """Whether two stems begin alike, as those of "available" and "availability" do."""
    return len(one) >= _FAMILY and len(other) >= _FAMILY and one[:_FAMILY] == other[:_FAMILY]


def _strengths(tool: Signature) -> dict[str, float]:
    strengths: dict[str, float] = {}

    def add(text: str, strength: float) -> None:
        for word in names_in(text):
            if word not in STOP_WORDS:
                each = stem(ABBREVIATIONS.get(word, word))
                strengths[each] = max(strength, strengths.get(each, 0.0))

    add(tool.name, _IN_NAME)
    if verb := light_verb(tool):
        strengths[verb] = _IN_NAME
    strengths.update((each, _IN_PARTICLE) for each in names_in(tool.name) if each in PARTICLES)
    add(tool.summary, _IN_SUMMARY)
    add(tool.details, _IN_DETAILS)
    for parameter in tool.parameters:
        add(" ".join(parameter.name_words), _IN_PARAMETER)
        add(parameter.description, _IN_DETAILS)
        for choice in parameter.choices:
            add(str(choice), _IN_CHOICE)
    return strengths


def light_verb(tool: Signature) -> str | None:
    """Returns the stem of the verb of a tool like `wait_for`, whose words elsewhere say nothing."""
    names = names_in(tool.name)
    return stem(names[0]) if names and STOP_WORDS.issuperset(names) else None
