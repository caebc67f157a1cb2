"""What a new connection is told of calls that an earlier one has made, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adk_nb.plain import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 2000
"""How much of a result is told (characters)."""


def as_text(question: str, calls: Iterable[tuple[str, dict[str, Any], Any]]) -> str:
    """Returns a text that asks a model to go on.

    Args:
        question: What the user had asked.
        calls: The name, the arguments and the outcome of each call.
    """
    done = [f"You called {called(name, args)}; {returned(result)}." for name, args, result in calls]
    return " ".join(
        (
            "The connection was interrupted while you answered this:",
            f"{question!r}.",
            *done,
            "Do not make these calls again. Go on with the answer.",
        )
    )


def called(name: str, args: dict[str, Any]) -> str:
    """Returns a call as text, such as `get_weather(city='Rome')`."""
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in args.items())})"


def returned(result: Any) -> str:
    """Returns the outcome of a call as text."""
    text = result if isinstance(result, str) else to_json(result)
    return f"it returned {text if len(text) <= _LONGEST else f'{text[:_LONGEST]} …'}"
