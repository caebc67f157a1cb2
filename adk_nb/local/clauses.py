"""Sentences that say more than one call, and sentences that change the last one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adk_nb.local.arguments import Arguments
from adk_nb.local.roles import CUES, PLACE, role_of
from adk_nb.local.signature import Signature
from adk_nb.local.spoken_numbers import numbers_in
from adk_nb.local.vocabulary import TIME_UNITS, names_in, stem, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from adk_nb.local.signature import Parameter

_JOINT = re.compile(
    r",?\s+and\s+(?:then\s+|also\s+)*|[,;]\s+(?:then|also|and)\s+|;\s+|\s+then\s+"
    r"|,\s+(?=(?-i:[A-Z]))",
    re.IGNORECASE,
)
_TIME_STEMS = frozenset(map(stem, TIME_UNITS))
_ALSO = re.compile(r"(?:and\s+)?also\b|too\b", re.IGNORECASE)


def splits(sentence: str) -> Iterator[tuple[str, str]]:
    """Yields the two sides of each "and" at which a sentence may be two."""
    for joint in _JOINT.finditer(sentence):
        left, right = sentence[: joint.start()], sentence[joint.end() :]
        if _is_one_quantity(left, right):
            continue
        also = "also " if "also" in joint[0].lower() else ""
        if left.strip() and right.strip():
            yield left, also + right


def _is_one_quantity(left: str, right: str) -> bool:
    """Whether an "and" is inside a number or a time: "three and a half", "an hour and ten"."""
    before, after = words_of(left), words_of(right)
    lower = [word.lower for word in before] + ["and"] + [word.lower for word in after]
    joint = len(before)
    if any(number.start < joint < number.end for number in numbers_in(lower)):
        return True
    follows = [word.stem for word in after[:3]]
    is_time = bool(before) and before[-1].stem in _TIME_STEMS
    return is_time and (bool(_TIME_STEMS & set(follows)) or follows[:2] == ["a", "half"])


def pieces(rest: str) -> list[str]:
    """Returns the objects that follow one another: "London and Rome" are two."""
    return [each for each in re.split(r",\s*(?:and\s+)?|\s+and\s+", rest) if each.strip()]


def goes_on(rest: str, tool: Signature) -> bool:
    """Whether what follows an "and" is one more object of the same tool.

    "In Rome" and "also the lamp" are; "pepper" after "salt and" need not be.

    Args:
        rest: What follows the "and".
        tool: The tool that the sentence calls.
    """
    words = words_of(rest)
    if not words or len(words) > 5:
        return False
    places = any(role_of(each) is PLACE for each in tool.parameters if each.required)
    named = places and words[0].text[0].isupper()
    # "The hall and the kitchen".
    chosen = any(
        {stem(each) for each in names_in(str(choice))} <= {word.stem for word in words}
        for parameter in tool.parameters
        for choice in parameter.choices
    )
    return bool(_ALSO.match(rest)) or words[0].lower in CUES or named or chosen


def amended(
    args: dict[str, Any], said: str, tool: Signature, now: datetime, wanted: str = ""
) -> dict[str, Any] | None:
    """Returns a call's arguments with those changed that a fragment gives; None if it gives none.

    Args:
        args: The arguments so far.
        said: A fragment such as "in Paris", "ten", "at seven".
        tool: The tool.
        now: What "tomorrow" counts from.
        wanted: The parameter that was asked for, if one was.
    """
    text = _ALSO.sub("", said).strip()
    words = words_of(text)
    if not words:
        return None
    own = tool.name_stems | {each for one in tool.parameters for each in one.name_stems}
    known = {i for i, word in enumerate(words) if not word.has_meaning or word.stem in own}
    has_number = bool(numbers_in([word.lower for word in words]))
    for parameters in _attempts(tool, args, wanted, has_number=has_number):
        found = Arguments(text, words, Signature(tool.name, "", "", parameters), now)
        if found.values and not found.unread and len(found.taken | known) >= len(words):
            return {**args, **found.values}
    return None


def _attempts(
    tool: Signature, args: dict[str, Any], wanted: str, *, has_number: bool
) -> Iterator[tuple[Parameter, ...]]:
    """Yields the parameters that a fragment may be about: one is required, the others optional."""
    optional = tuple(replace(each, required=False) for each in tool.parameters)
    order = sorted(
        tool.parameters,
        key=lambda each: (
            each.name != wanted,
            has_number != (each.kind in {"integer", "number"}),
            each.name not in args,
            not each.required,
        ),
    )
    for parameter in order:
        if wanted and parameter.name != wanted:
            break
        yield tuple(replace(each, required=each.name == parameter.name) for each in optional)
