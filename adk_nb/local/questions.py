"""What is asked where a call lacks an argument, or where it is not sure enough to be made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adk_nb.local.codes import is_code
from adk_nb.local.moments import Kind, kind_of_moment
from adk_nb.local.roles import ARTIST, DEPICTED, FROM, PERSON, PLACE, TEXT, TO, VENUE, role_of
from adk_nb.local.vocabulary import names_in, word_set

if TYPE_CHECKING:
    from adk_nb.local.signature import Parameter, Signature

_COUNTED = re.compile(r"(?:number of|how many) ([a-z]+)", re.IGNORECASE)
_PERSONS = word_set("people persons guests riders passengers participants")
_MONEY = word_set("amount price cost money budget tip")
# "light_set" is said "set light".
_LAST_VERBS = word_set("set get add remove update check play create")
_FEW = 5


def question_for(parameter: Parameter) -> str:
    """Returns the question for a missing argument: "For how many people?"."""
    name = spoken_name(parameter)
    if parameter.choices and len(parameter.choices) <= _FEW:
        *others, last = [str(choice).replace("_", " ") for choice in parameter.choices]
        return f"Which {name}: {', '.join(others)} or {last}?" if others else f"Which {name}?"
    if parameter.kind == "boolean":
        return (
            "On or off?"
            if parameter.name_stems & {"on", "power", "state"}
            else f"{name}, yes or no?"
        )
    if parameter.kind in {"integer", "number"}:
        return _how_many(parameter, name)
    moment = kind_of_moment(parameter)
    if moment is not None:
        return {Kind.TIME: "At what time?", Kind.DATE: "On what day?"}.get(moment, "When?")
    if is_code(parameter):
        return f"What is the {name}?"
    return _which(parameter, name)


def _how_many(parameter: Parameter, name: str) -> str:
    counted = _COUNTED.search(parameter.description)
    plural = name.rsplit(maxsplit=1)[-1].endswith("s") or name == "people"
    if counted or plural:
        noun = counted[1].lower() if counted else name
        return f"For how many {noun}?" if noun in _PERSONS else f"How many {noun}?"
    if set(parameter.name_words) & _MONEY:
        return "How much?"
    return f"What {name}?"


def _which(parameter: Parameter, name: str) -> str:
    role = role_of(parameter)
    names = set(parameter.name_words)
    if role is FROM or (role is TO and names != {"to"}):
        where = "From" if role is FROM else "To"
        unit = next((word for word in ("unit", "currency", "language") if word in names), "")
        return f"{where} which {unit}?" if unit else f"{where} where?"
    if names & {"recipient", "to", "contact"}:
        return "To whom?"
    if role is PERSON and parameter.kind == "array":
        return "With whom?"
    fixed = {DEPICTED: "What should it show?", TEXT: "What should it say?"}
    before = {PLACE: "For which", VENUE: "At which", ARTIST: "By which"}
    return fixed.get(role) or f"{before.get(role, 'Which')} {name}?"


def shall_i(tool: Signature, args: dict[str, Any]) -> str:
    """Returns the question whether a call is meant: "Shall I book table: Luigi's, 4, seven?"."""
    names = names_in(tool.name)
    if len(names) > 1 and names[-1] in _LAST_VERBS:
        names = [names[-1], *names[:-1]]
    words = " ".join(names)
    values = ", ".join(spoken_value(value) for value in args.values())
    return f"Shall I {words}: {values}?" if values else f"Shall I {words}?"


def spoken_name(parameter: Parameter) -> str:
    """Returns a parameter's name as it is said: "order number" for "order_id"."""
    words = ["number" if word == "id" else word for word in parameter.name_words]
    while len(words) > 1 and words[-1] in {"name", "type"}:
        words.pop()
    if words == ["name"]:
        described = re.match(r"name of (?:the |a |an )?(\w+)", parameter.description, re.IGNORECASE)
        return described[1].lower() if described else "name"
    return " ".join(words)


def spoken_value(value: object) -> str:
    """Returns an argument as it is said."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        *others, last = [spoken_value(each) for each in value] or [""]
        return f"{', '.join(others)} and {last}" if others else last
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value).replace("_", " ")
