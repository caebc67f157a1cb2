"""How many sentences of a table got the calls that they ask for, and how many got a wrong one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import spoken_held_out
import tool_sets
from google.adk.tools import FunctionTool

from adk_nb.local.signature import signature_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.genai import types

    Call = tuple[str, dict[str, Any]]
    Cases = dict[str, list[tuple[str, list[Call]]]]


@dataclass
class Score:
    """What came of a table.

    Attributes:
        sentences: How many there were.
        right: How many of them got exactly the calls that they ask for, with every argument.
        harmless: How many got no call that they do not ask for.
        failures: Each sentence that was not right, with what it should and did get.
    """

    sentences: int = 0
    right: int = 0
    harmless: int = 0
    failures: list[tuple[str, list[Call], list[Call]]] = field(default_factory=list)

    def __str__(self) -> str:
        """Returns the figures as a line."""
        return (
            f"{self.right} of {self.sentences} exactly right "
            f"({100 * self.right / self.sentences:.1f} %), no wrong call in {self.harmless} "
            f"({100 * self.harmless / self.sentences:.1f} %)"
        )


@cache
def declared(group: str) -> list[types.FunctionDeclaration]:
    """Returns the declarations of a group's tools, as ADK makes them."""
    tools = (tool_sets.TOOL_SETS | spoken_held_out.TOOL_SETS)[group]
    return [FunctionTool(tool)._get_declaration() for tool in tools]


def score(cases: Cases, calls_of: Callable[[str, str], list[Call]]) -> Score:
    """Returns how well a table is understood.

    Args:
        cases: The table.
        calls_of: Takes a group and a sentence and returns the calls.
    """
    total = Score()
    for group, rows in cases.items():
        defaults = {
            each.name: {parameter.name: parameter.default for parameter in each.parameters}
            for each in map(signature_of, declared(group))
        }
        for sentence, expected in rows:
            got = calls_of(group, sentence)
            left = [
                call for call in got if not any(_same(call, each, defaults) for each in expected)
            ]
            total.sentences += 1
            total.harmless += not left
            if not left and len(got) == len(expected):
                total.right += 1
            else:
                total.failures.append((sentence, expected, got))
    return total


def _same(call: Call, expected: Call, defaults: dict[str, dict[str, Any]]) -> bool:
    if call[0] != expected[0]:
        return False
    default = defaults[call[0]]
    names = {*call[1], *expected[1]}
    return all(
        _fits(call[1].get(name, default.get(name)), expected[1].get(name, default.get(name)))
        for name in names
    )


def _fits(value: object, expected: object) -> bool:
    if isinstance(expected, tuple):
        return any(_fits(value, each) for each in expected)
    if isinstance(expected, list) and isinstance(value, list):
        return len(value) == len(expected) and all(map(_fits, value, expected))
    if isinstance(expected, str) and isinstance(value, str):
        return value.lower() == expected.lower()
    return type(value) is type(expected) and value == expected
