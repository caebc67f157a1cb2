"""What a tool returned, as a sentence that can be spoken."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from adk_nb.local.vocabulary import word_set

if TYPE_CHECKING:
    from google.genai import types

_MOST_ITEMS = 5
_MOST_CHARACTERS = 600

# A tool that is named "get time" returns a time; one that is named "roll dice" rolls dice.
_GETTERS = word_set(
    "get fetch find check look lookup read show compute calculate what query retrieve"
)
_PLACES = word_set("city place location country town region room address where")
_WRAPPERS = ("result", "output", "report", "answer", "message", "response", "text", "summary")
_FAILURES = ("error", "error_message", "errors", "exception")
_SUCCESS = frozenset({"success", "ok", "done", "true"})


def say_results(contents: Sequence[types.Content]) -> str:
    """Returns the tool results that end a conversation as sentences; empty if none do.

    Args:
        contents: The conversation, whose last content may hold function responses.
    """
    parts = (contents[-1].parts or []) if contents else []
    responses = [part.function_response for part in parts if part.function_response]
    calls = [
        part.function_call
        for content in contents
        for part in content.parts or []
        if part.function_call
    ]
    sentences = []
    for response in responses:
        asked = [
            call
            for call in calls
            if (call.id == response.id if response.id and call.id else call.name == response.name)
        ]
        args = (asked[-1].args or {}) if asked else {}
        sentences.append(say_result(response.name or "the tool", args, response.response))
    return " ".join(sentences)


def say_result(tool: str, args: Mapping[str, Any], response: object) -> str:
    """Returns one tool's result as a sentence.

    Args:
        tool: The tool's name.
        args: What it was called with, which gives the sentence its context.
        response: What it returned.
    """
    words = _words(tool)
    if isinstance(response, Mapping):
        fields = {key: value for key, value in response.items() if value not in (None, "", [], {})}
        for key in _FAILURES:
            if key in fields:
                return f"{_capital(words)} failed: {_sentence(_value(fields[key]))}"
        fields = _without_status(fields)
        main = {key: value for key, value in fields.items() if not _echoes(key, value, args)}
        wrapped = [key for key in main if key.lower() in _WRAPPERS]
        if len(main) > 1 or (main and not wrapped):
            return _say_fields(main, {**args, **fields})
        response = main[wrapped[0]] if wrapped else None
        args = {**args, **{key: value for key, value in fields.items() if key not in wrapped}}
        if isinstance(response, Mapping):
            return say_result(tool, args, response)
    return _say_value(words, args, response)


def _say_value(words: str, args: Mapping[str, Any], value: object) -> str:
    if value is None:
        return f"{_capital(words)} is done."
    text = _value(value)
    if isinstance(value, str) and len(text.split()) > 3:
        return _sentence(text)
    verb, _, rest = words.partition(" ")
    if verb in _GETTERS and rest:
        return _sentence(f"The {rest}{_context(args)} is {text}")
    return _sentence(f"{_capital(words)} gives {text}")


def _say_fields(main: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    context = _context({key: value for key, value in known.items() if key not in main})
    (first, value), *others = main.items()
    if isinstance(value, str) and len(value.split()) > 5:
        said = _sentence(value)
        return said if not others else f"{said} {_say_fields(dict(others), {})}"
    pieces = [f"the {_words(first)}{context} is {_value(value)}"]
    pieces += [f"the {_words(key)} is {_value(each)}" for key, each in others[:_MOST_ITEMS]]
    return _sentence(_capital(_enumerate(pieces)))


def _without_status(fields: dict[str, Any]) -> dict[str, Any]:
    rest = {
        key: value
        for key, value in fields.items()
        if not (key.lower() in {"status", "success", "ok"} and str(value).lower() in _SUCCESS)
    }
    return rest or fields


def _echoes(key: str, value: object, args: Mapping[str, Any]) -> bool:
    """Whether a field only repeats what was asked."""
    same = [str(arg).lower() for arg in args.values()]
    return key in args or (key in _PLACES and str(value).lower() in same)


def _context(args: Mapping[str, Any]) -> str:
    """Returns " in Tokyo" where one of the arguments is a place; the others rarely read well."""
    for key, value in args.items():
        if _words(key).split()[-1] in _PLACES and isinstance(value, str):
            return f" in {value.replace('_', ' ')}"
    return ""


def _value(value: object, depth: int = 0) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 0.01 else f"{value:.2g}"
    if isinstance(value, str):
        return _time(value)[:_MOST_CHARACTERS]
    if isinstance(value, Mapping) and depth < 2:
        fields = list(value.items())[:_MOST_ITEMS]
        return ", ".join(f"{_words(str(key))} {_value(each, depth + 1)}" for key, each in fields)
    if isinstance(value, Sequence) and depth < 2:
        items = [_value(each, depth + 1) for each in value[:_MOST_ITEMS]]
        left = len(value) - _MOST_ITEMS
        return _enumerate([*items, f"{left} more"] if left > 0 else items) or "nothing"
    return str(value)[:_MOST_CHARACTERS]


def _time(text: str) -> str:
    """Returns an ISO timestamp as it is spoken; other text as it is."""
    if not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text):
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment:%H:%M} on {moment:%B} {moment.day}, {moment.year}"


def _words(name: str) -> str:
    """Returns `snake_case` and `camelCase` as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").strip().lower() or name


def _enumerate(items: Sequence[str]) -> str:
    return ", ".join(items[:-1]) + " and " + items[-1] if len(items) > 1 else "".join(items)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    text = text.strip()
    return _capital(text) + ("" if text.endswith((".", "!", "?", "\u2026")) else ".")
