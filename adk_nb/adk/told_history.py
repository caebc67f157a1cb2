"""What a new connection is told of a conversation: words, and of tool calls what was done.

A live service closes a connection that is sent raw calls and results as content, reported with code
1007, and would do so each time. So they are told as text, in this one place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.genai import types

from adk_nb.plain import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CUT_OFF = "The call was cut off."
"""The error of a call that was cut off."""
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


def in_words(history: Sequence[types.Content]) -> list[types.Content]:
    """Returns a history in which calls and results are text; consecutive contents stay apart.

    Who said something stays as it was: a result is the user's to tell, a call the model's.
    """
    told = []
    for content in history:
        parts = [_in_words(part) for part in content.parts or ()]
        if parts:
            told.append(types.Content(role=content.role, parts=parts))
    return told


def in_pairs(history: Sequence[types.Content]) -> list[types.Content]:
    """Returns a history for a text model: calls that are followed by all their results stay.

    What of them is alone is told in words; such models refuse a history with half a pair.
    """
    told: list[types.Content] = []
    index = 0
    while index < len(history):
        content = history[index]
        after = history[index + 1] if index + 1 < len(history) else None
        if calls_of(content) and after is not None and _answers(content, after):
            told += [content, after]
            index += 2
            continue
        told += in_words([content]) if _is_of_tools(content) else [content]
        index += 1
    return told


def calls_of(content: types.Content) -> list[types.FunctionCall]:
    """Returns the calls in a content."""
    return [part.function_call for part in content.parts or () if part.function_call]


def _results(content: types.Content) -> list[types.FunctionResponse]:
    return [part.function_response for part in content.parts or () if part.function_response]


def _is_of_tools(content: types.Content) -> bool:
    return bool(calls_of(content) or _results(content))


def _answers(calls: types.Content, results: types.Content) -> bool:
    """Returns whether a content has the results of all calls of another."""
    asked = sorted(str(call.name) for call in calls_of(calls))
    given = sorted(str(result.name) for result in _results(results))
    return asked == given and len(given) == len(results.parts or ())


def _in_words(part: types.Part) -> types.Part:
    if part.function_call is not None:
        call = part.function_call
        return types.Part(text=f"(called {called(call.name or '', dict(call.args or {}))})")
    if part.function_response is not None:
        response = part.function_response
        return types.Part(text=f"({response.name} was called; {returned(response.response)})")
    return part
