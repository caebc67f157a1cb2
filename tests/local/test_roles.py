"""What the name of a text parameter says about the words before it."""

from __future__ import annotations

import pytest

from adk_nb.local import roles
from adk_nb.local.signature import Parameter


@pytest.mark.parametrize(
    ("name", "description", "role"),
    [
        ("from_city", "", roles.FROM),
        ("destination", "", roles.TO),
        ("city", "", roles.PLACE),
        ("recipient", "", roles.PERSON),
        ("email", "", roles.ADDRESS),
        ("song_name", "", roles.TITLE),
        ("name", "", roles.PERSON),
        ("first_name", "", roles.PERSON),
        ("spot_name", "The place to look up.", roles.OTHER),
        ("where", "A city.", roles.PLACE),
        ("colour", "", roles.OTHER),
        ("prompt", "", roles.DEPICTED),
        ("message", "", roles.TEXT),
        ("query", "", roles.TOPIC),
        ("singer", "", roles.ARTIST),
    ],
)
def test_the_role_of_a_parameter(name, description, role):
    assert roles.role_of(Parameter(name, "string", required=True, description=description)) == role
