"""Which tags a session may have, and how they are kept."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from adk_nb.exceptions import AdkNbError
from adk_nb.log.tags import checked


def mask(text):
    return text.replace("hunter2", "[secret]")


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        (None, {}),
        ({}, {}),
        ({"arm": "B", "": ""}, {"arm": "B", "": ""}),
        (MappingProxyType({"arm": "B"}), {"arm": "B"}),
        ({"is hunter2": "hunter2!"}, {"is [secret]": "[secret]!"}),
        ({"half": "a\ud83d"}, {"half": "a\ufffd"}),
        ({"n" * 1000: "v" * 1000}, {"n" * 1000: "v" * 1000}),
        ({str(n): "" for n in range(50)}, {str(n): "" for n in range(50)}),
    ],
    ids=lambda _: "",
)
def test_tags_are_texts_by_name_with_secrets_masked(tags, kept):
    assert checked(tags, mask) == kept


@pytest.mark.parametrize(
    "tags",
    [
        "arm",
        [("arm", "B")],
        {"arm": 1},
        {1: "B"},
        {"arm": None},
        {"n" * 1001: ""},
        {"n": "v" * 1001},
        {str(n): "" for n in range(51)},
    ],
    ids=lambda _: "",
)
def test_what_are_no_tags_is_refused(tags):
    with pytest.raises(AdkNbError, match="are no tags") as raised:
        checked(tags, mask)
    assert raised.value.code == "bad_option"
    assert len(raised.value.message) < 120
