"""Tools that may run twice."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")

_MARK = "adk_nb_retriable"


def retriable(tool: T) -> T:
    """Says of a tool that it may run again if a connection to the model is lost around its call.

    By default no tool runs twice for one question: a new connection is told what was called and
    what came back. Looking something up can as well be done again; booking it cannot.

    Args:
        tool: A function, or a tool of ADK's. Works as a decorator.

    Returns:
        The same tool.
    """
    object.__setattr__(tool, _MARK, True)
    return tool


def is_retriable(tool: Any) -> bool:
    """Returns whether a tool, or the function of one, was said to be `retriable`."""
    return bool(getattr(tool, _MARK, False) or getattr(getattr(tool, "func", None), _MARK, False))
