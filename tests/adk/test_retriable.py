"""Which tools were said to be retriable."""

from __future__ import annotations

import functools

from google.adk.tools import FunctionTool

from adk_nb.adk.retriable import is_retriable, retriable


def test_a_function_a_method_s_tool_and_a_decorator():
    @retriable
    def look_up(word: str) -> str:
        return word

    assert look_up("a") == "a"
    assert is_retriable(look_up)
    assert is_retriable(FunctionTool(look_up))


def test_a_tool_of_adks_and_not_its_function():
    def book() -> None:
        """Books."""

    tool = FunctionTool(book)
    assert retriable(tool) is tool
    assert is_retriable(tool)
    assert not is_retriable(book)


def test_by_default_no_tool_is():
    assert not is_retriable(functools.partial(print))
    assert not is_retriable(FunctionTool(print))
    assert not is_retriable(None)
