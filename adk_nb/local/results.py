"""What a tool returned, in words that fit it and can be spoken."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adk_nb.local.vocabulary import ABBREVIATIONS, TIME_UNITS, names_in, stem, word_set
from adk_nb.local.wording import (
    capital,
    enumerate_,
    past,
    plural,
    sentence,
    spoken,
    title,
    value_text,
)

if TYPE_CHECKING:
    from google.genai import types

_MOST_ITEMS = 5
_QUESTIONS = word_set("is are has check can")
_CHANCE = word_set("roll throw draw")
_GETTERS = word_set(
    "get fetch find check look lookup read show compute calculate what query retrieve search list"
)
_PLACES = word_set("city place location country town region room address where area")
_WRAPPERS = ("result", "output", "report", "answer", "message", "response", "text", "summary")
_FAILURES = ("error", "error_message", "errors", "exception")
_SUCCESS = word_set(
    "success ok okay done true yes added created saved sent set booked reserved playing started "
    "stopped deleted removed updated moved scheduled cancelled canceled complete completed "
    "finished successful confirmed"
)
# An argument that says what was done to what, after which an object is named at all.
_QUIET_ARGUMENTS = word_set("id force seed limit verbose dry")
# What stands in the place of a result that is empty.
_NO_RESULT = re.compile(r"\b(?:is|with) no result\b", re.IGNORECASE)
# Fields that only say which one it is.
_IDS = word_set("id number code reference booking key uuid")
_STATUS = re.compile(r"(?:is |was |has been )?([a-z]+)[.!]?", re.IGNORECASE)
_PREPOSITIONS = (
    (word_set("date day"), "on "),
    (word_set("time hour"), "at "),
    (word_set("to recipient destination"), "to "),
)
_TIME_STEMS = frozenset(map(stem, TIME_UNITS))
_COUNTS = word_set("quantity count amount number")
# "On tomorrow" is not said.
_RELATIVE = re.compile(
    r"(?:to(?:day|morrow|night)|yesterday|next|this|the day|on|at)\b", re.IGNORECASE
)
_PARTICLES = word_set("on off up down")
_CONTAINERS = word_set("item to list in from")
# Words and characters from which a text is a sentence of its own.
_LONG_TEXT, _LONG = 3, 30


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
    told: list[tuple[str, Mapping[str, Any], object]] = []
    for response in responses:
        asked = [
            call
            for call in calls
            if (call.id == response.id if response.id and call.id else call.name == response.name)
        ]
        args = (asked[-1].args or {}) if asked else {}
        told.append((response.name or "the tool", args, response.response))
    return " ".join(_joined(told))


def _joined(told: list[tuple[str, Mapping[str, Any], object]]) -> list[str]:
    """Returns the sentences; numbers that one tool gave for the same call are one sentence."""
    sentences: list[str] = []
    at = 0
    while at < len(told):
        tool, args, response = told[at]
        end = at + 1
        while end < len(told) and told[end][:2] == (tool, args):
            end += 1
        values = [_unwrapped(each) for _, _, each in told[at:end]]
        if end - at > 1 and all(_is_plain(value) for value in values):
            response = {"result": values}
            sentences.append(say_result(tool, args, response))
        else:
            sentences += [say_result(tool, args, each) for _, _, each in told[at:end]]
        at = end
    return sentences


def _status_of(response: Mapping[str, Any]) -> str:
    return next((str(each) for each in response.values() if isinstance(each, str)), "")


def _unwrapped(response: object) -> object:
    return response.get("result") if isinstance(response, Mapping) else response


def _is_plain(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def say_result(tool: str, args: Mapping[str, Any], response: object) -> str:
    """Returns one tool's result as a sentence.

    Args:
        tool: The tool's name.
        args: What it was called with, which gives the sentence its context.
        response: What it returned.
    """
    if isinstance(response, Mapping):
        if [*response] == ["status"] and _NO_RESULT.search(str(response["status"])):
            looks = _verb_first(tool)[0] in _GETTERS
            return "I found nothing." if looks else acknowledgement(tool, args)
        fields = {key: value for key, value in response.items() if value not in (None, "", [], {})}
        for key in _FAILURES:
            if key in fields:
                return f"{title(tool)} failed: {sentence(value_text(fields[key]))}"
        given, fields = fields, _without_status(fields)
        main = {key: value for key, value in fields.items() if not _echoes(key, value, args)}
        wrapped = [key for key in main if key.lower() in _WRAPPERS]
        if not main and response and "result" not in response:
            return acknowledgement(tool, args, _status_of(response))
        if len(main) > 1 or (main and not wrapped):
            verb = _verb_first(tool)[0]
            only_ids = all(_last_word(key) in _IDS for key in main)
            does = past(verb) and verb not in _GETTERS and (len(given) > len(fields) or only_ids)
            done = f"{acknowledgement(tool, args)} " if does else ""
            return done + _say_fields(main, {**args, **fields})
        response = main[wrapped[0]] if wrapped else response.get("result")
        context = {key: value for key, value in fields.items() if key not in wrapped}
        if isinstance(response, Mapping) and response:
            return say_result(tool, {**args, **context}, response)
    return _say_value(tool, args, response)


def _say_value(tool: str, args: Mapping[str, Any], value: object) -> str:
    verb, *nouns = _verb_first(tool)
    if (value is True and verb not in _QUESTIONS) or _is_status(tool, value):
        return acknowledgement(tool, args, value if isinstance(value, str) else "")
    if isinstance(value, bool):
        no = "No." if verb in _QUESTIONS else f"{title(tool)} did not work."
        return "Yes." if value else no
    if isinstance(value, Sequence) and not isinstance(value, str) and not value:
        return "I found nothing." if verb in _GETTERS else "There is nothing."
    text = value_text(value)
    is_text = isinstance(value, str) and (len(text.split()) > _LONG_TEXT or len(text) > _LONG)
    if verb in _GETTERS and nouns and not is_text:
        return _of_getter(nouns, args, value, text)
    if verb in _CHANCE and not isinstance(value, str):
        return sentence(f"You {past(verb)} {text}")
    return sentence(text) if isinstance(value, str) else _number(verb, nouns, text)


def _of_getter(nouns: list[str], args: Mapping[str, Any], value: object, text: str) -> str:
    noun = " ".join(nouns)
    if noun in {"result", "answer", "value"}:
        return _number("", [], text)
    if isinstance(value, Sequence) and not isinstance(value, str):
        count = len(value)
        if count > 1 or nouns[-1].endswith("s"):
            return sentence(f"I found {count} {plural(noun, count)}: {text}")
    verb = "are" if nouns[-1].endswith("s") and not nouns[-1].endswith("ss") else "is"
    return sentence(f"The {noun}{_context(args)} {verb} {text}")


def _number(verb: str, nouns: list[str], text: str) -> str:
    """Returns a value with what it is: a "factorial", or else the result of a verb."""
    is_verb = past(verb) or (verb in _GETTERS and not nouns)
    noun = "result" if is_verb or not verb else " ".join([verb, *nouns])
    return sentence(f"The {noun} is {text}")


def acknowledgement(tool: str, args: Mapping[str, Any], status: str = "") -> str:
    """Returns what was done as a short sentence, as in "Added three apples".

    Args:
        tool: The tool's name.
        args: What it was called with.
        status: What it returned, such as "playing".
    """
    verb, *nouns = _verb_first(tool)
    if not (done := past(verb)):
        return f"Done: {' '.join([verb, *nouns])}."
    objects = ", ".join(_objects(args))
    particles = [word for word in nouns if word in _PARTICLES]
    noun = " ".join(word for word in nouns if word not in _PARTICLES | _CONTAINERS)
    if status.endswith("ing"):
        return sentence(f"{status} {objects or noun}".strip())
    if not objects:
        thing = noun or " ".join(word for word in nouns if word in {"list", "item"})
        what = f"the {thing}" if thing else "it"
    elif noun:
        what = f"the {noun}: {objects}"
    else:
        proper = objects[0].isupper() and not objects.split()[0].isupper()
        what = f"the {objects}" if particles and not proper else objects
    return sentence(" ".join([done, *particles, what]))


def _objects(args: Mapping[str, Any]) -> list[str]:
    """Returns the arguments as an acknowledgement names them, counts before their nouns."""
    counts = [key for key, value in args.items() if _is_plain(value) and _last_word(key) in _COUNTS]
    said: list[str] = []
    for key, value in args.items():
        if key in counts or _last_word(key) in _QUIET_ARGUMENTS:
            continue
        if isinstance(value, bool):
            name = _words(key)
            said.append(
                f"{'' if name in {'on', 'power'} else name} {'on' if value else 'off'}".strip()
            )
        elif _is_plain(value):
            said.append(_measure(_words(key), value))
        else:
            text = value_text(value)
            told = _preposition(key) if not _RELATIVE.match(text) else ""
            said.append(told + text)
    if counts:
        first = f"{spoken(args[counts[0]])} {said[0]}" if said else value_text(args[counts[0]])
        said = [first, *said[1:]]
    return said


def _measure(name: str, value: object) -> str:
    """Returns a number with what it is: "5 minutes", "brightness 50"."""
    last = name.rsplit(maxsplit=1)[-1]
    name = last if stem(last) in _TIME_STEMS else name
    is_unit = (name.endswith("s") and not name.endswith("ss")) or name in {"people", "percent"}
    return f"{value_text(value)} {name}" if is_unit else f"{name} {value_text(value)}"


def _preposition(key: str) -> str:
    words = set(names_in(key))
    return next((said for names, said in _PREPOSITIONS if words & names), "")


def _is_status(tool: str, value: object) -> bool:
    """Whether a text only says that it was done."""
    if value in (None, ""):
        return True
    if not isinstance(value, str) or not (match := _STATUS.fullmatch(value.strip())):
        return False
    word = match[1].lower()
    return word in _SUCCESS or word == past(names_in(tool)[0] if names_in(tool) else "")


def _verb_first(tool: str) -> list[str]:
    """Returns a tool's name with the verb before the rest: "set light" for "light_set"."""
    words = names_in(tool) or [tool]
    if words[0] in _GETTERS | _QUESTIONS or past(words[0]):
        return words
    at = next((i for i, word in enumerate(words) if past(word) or word in _GETTERS), 0)
    return [words[at], *words[:at], *words[at + 1 :]]


def _say_fields(main: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    context = _context({key: value for key, value in known.items() if key not in main})
    (first, value), *others = main.items()
    if isinstance(value, str) and len(value.split()) > 5:
        said = sentence(value)
        return said if not others else f"{said} {_say_fields(dict(others), {})}"
    pieces = [f"the {_words(first)}{context} {_is(first, value)} {value_text(value)}"]
    pieces += [
        f"the {_words(key)} {_is(key, each)} {value_text(each)}"
        for key, each in others[: _MOST_ITEMS - 1]
    ]
    return sentence(capital(enumerate_(pieces)))


def _is(key: str, value: object) -> str:
    listed = isinstance(value, Sequence) and not isinstance(value, str) and len(value) != 1
    several = listed or (_is_plain(value) and value != 1)
    # "Status" and "address" are one.
    is_plural = re.search(r"[^suai]s$", _words(key)) or _words(key) == "people"
    return "are" if several and is_plural else "is"


def _without_status(fields: dict[str, Any]) -> dict[str, Any]:
    """Returns the fields less those that only say that it worked."""
    return {
        key: value
        for key, value in fields.items()
        if not (
            (key.lower() in {"status", "success", "ok", "state"} or key.lower() in _SUCCESS)
            and str(value).lower() in _SUCCESS
        )
    }


def _echoes(key: str, value: object, args: Mapping[str, Any]) -> bool:
    """Whether a field only repeats what was asked."""
    same = [str(arg).lower() for arg in args.values()]
    # The amount that comes out of a conversion is not the one that went in.
    is_figure = _is_plain(value) and _is_plain(args.get(key))
    echoed = key in args and not (is_figure and value != args[key])
    return echoed or (key in _PLACES and str(value).lower() in same)


def _context(args: Mapping[str, Any]) -> str:
    """Returns " in Tokyo" where one of the arguments is a place; the others rarely read well."""
    for key, value in args.items():
        if _last_word(key) in _PLACES and isinstance(value, str):
            return f" in {value.replace('_', ' ')}"
    return ""


def _words(name: str) -> str:
    """Returns `snake_case` and `camelCase` as words, abbreviations written out."""
    return " ".join(ABBREVIATIONS.get(word, word) for word in names_in(name)) or name


def _last_word(name: str) -> str:
    return (names_in(name) or [name])[-1]
