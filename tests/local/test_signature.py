"""The parameters of a tool, however its declaration states them."""

from __future__ import annotations

import pytest
from google.genai import types

from adk_nb.local.signature import signature_of


def parameter(schema, **root):
    """The one parameter of a tool that takes it."""
    whole = {"type": "object", "properties": {"x": schema}, **root}
    declaration = types.FunctionDeclaration(name="do_it", parameters_json_schema=whole)
    (found,) = signature_of(declaration).parameters
    return found


@pytest.mark.parametrize(
    ("schema", "kind", "choices"),
    [
        ({"type": "INTEGER"}, "integer", ()),
        ({"type": ["null", "number"]}, "number", ()),
        ({"type": ["null"]}, "string", ()),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, "boolean", ()),
        ({"anyOf": [{"type": "null"}]}, "string", ()),
        ({"oneOf": [{"$ref": "#/$defs/Level"}]}, "integer", (1, 2)),
        ({"$ref": "#/$defs/None"}, "string", ()),
        ({"$ref": "#/$defs/Round"}, "string", ()),
        ({"enum": [1, 2]}, "integer", (1, 2)),
        ({"enum": [1, "two", None]}, "string", (1, "two")),
        ({"const": "on"}, "string", ("on",)),
    ],
)
def test_the_kind_and_the_choices_of_a_parameter(schema, kind, choices):
    found = parameter(schema, **{"$defs": {"Level": {"enum": [1, 2]}, "Round": {"$ref": "Round"}}})
    assert (found.kind, found.choices) == (kind, choices)
