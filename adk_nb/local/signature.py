"""What a tool is called, what it is for and what it takes, from its function declaration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from adk_nb.local.llama import json_schema
from adk_nb.local.vocabulary import ABBREVIATIONS, names_in, stem

if TYPE_CHECKING:
    from google.genai import types

_SECTION = re.compile(r"^\s*(Args|Arguments|Parameters|Returns|Raises|Yields|Examples?):\s*$")
_ARGUMENT = re.compile(r"^\s*\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.+)$")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a tool.

    Attributes:
        name: Its name.
        kind: JSON schema type: string, number, integer, boolean, array or object.
        required: Whether a call must give it.
        default: What it is when it is left out.
        choices: The only values that it takes; empty where any will do.
        description: What the docstring says about it.
        item_kind: JSON schema type of an array's items.
        minimum: Least value of a number.
        maximum: Greatest value of a number.
    """

    name: str
    kind: str
    required: bool
    default: Any = None
    choices: tuple[Any, ...] = ()
    description: str = ""
    item_kind: str = "string"
    minimum: float = float("-inf")
    maximum: float = float("inf")

    @cached_property
    def name_words(self) -> list[str]:
        """The words of its name, abbreviations written out."""
        return [ABBREVIATIONS.get(word, word) for word in names_in(self.name)]

    @cached_property
    def name_stems(self) -> frozenset[str]:
        """The stems of its name."""
        return frozenset(map(stem, self.name_words))


@dataclass(frozen=True)
class Signature:
    """A tool.

    Attributes:
        name: Its name.
        summary: The first paragraph of its docstring.
        details: The rest of it, without the arguments' descriptions.
        parameters: What it takes.
    """

    name: str
    summary: str
    details: str
    parameters: tuple[Parameter, ...]

    @cached_property
    def name_stems(self) -> frozenset[str]:
        """The stems of its name."""
        return frozenset(stem(ABBREVIATIONS.get(word, word)) for word in names_in(self.name))


def signature_of(declaration: types.FunctionDeclaration) -> Signature:
    """Returns the signature of a tool, however its declaration states the parameters."""
    summary, details, described = _split_docstring(declaration.description or "")
    schema = json_schema(declaration)
    required = schema.get("required") or []
    properties = schema.get("properties") or {}
    parameters = [
        _parameter(name, each, schema, required=name in required, described=described.get(name, ""))
        for name, each in properties.items()
        if isinstance(each, dict)
    ]
    return Signature(declaration.name or "", summary, details, tuple(parameters))


def _parameter(
    name: str, given: dict[str, Any], root: dict[str, Any], *, required: bool, described: str
) -> Parameter:
    schema = _resolve(given, root)
    choices = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    kind = str(schema.get("type") or _kind_of(choices)).lower()
    items = _resolve(schema.get("items") or {}, root)
    return Parameter(
        name=name,
        kind=kind,
        required=required,
        default=given.get("default"),
        choices=tuple(choice for choice in choices if choice is not None),
        description=str(given.get("description") or described),
        item_kind=str(items.get("type") or "string").lower(),
        minimum=float(schema.get("minimum", float("-inf"))),
        maximum=float(schema.get("maximum", float("inf"))),
    )


def _resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Follows references, and takes the first alternative that is not null."""
    for _ in range(8):
        if "$ref" in schema:
            name = str(schema["$ref"]).rsplit("/", 1)[-1]
            schema = (root.get("$defs") or root.get("definitions") or {}).get(name, {})
        elif options := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
            some = [option for option in options if option.get("type") != "null"]
            schema = some[0] if some else {}
        else:
            break
    types_ = schema.get("type")
    if isinstance(types_, list):
        some_types = [each for each in types_ if each != "null"]
        return {**schema, "type": some_types[0] if some_types else "string"}
    return schema


def _kind_of(choices: list[Any]) -> str:
    if choices and all(isinstance(choice, int) for choice in choices):
        return "integer"
    return "string"


def _split_docstring(text: str) -> tuple[str, str, dict[str, str]]:
    """Returns a Google-style docstring's summary, its details and its arguments."""
    section = ""
    prose: list[str] = []
    arguments: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        if heading := _SECTION.match(line):
            section = heading[1]
        elif section in {"Args", "Arguments", "Parameters"}:
            if argument := _ARGUMENT.match(line):
                last = argument[1]
                arguments[last] = argument[2].strip()
            elif last and line.strip():
                arguments[last] += " " + line.strip()
        elif not section:
            prose.append(line.strip())
    paragraphs = re.split(r"\n\s*\n", "\n".join(prose).strip(), maxsplit=1)
    return paragraphs[0], paragraphs[1] if len(paragraphs) > 1 else "", arguments
