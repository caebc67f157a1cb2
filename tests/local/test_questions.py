"""What is asked where an argument is missing or a call is not sure enough."""

from __future__ import annotations

import pytest

from adk_nb.local.questions import question_for, shall_i, spoken_name, spoken_value
from adk_nb.local.signature import Parameter, Signature


def parameter(name, kind="string", **values):
    return Parameter(name, kind, required=True, **values)


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        (parameter("size", choices=("small", "very_large")), "Which size: small or very large?"),
        (parameter("size", choices=("small",)), "Which size?"),
        (parameter("power", "boolean"), "On or off?"),
        (parameter("gift_wrap", "boolean"), "gift wrap, yes or no?"),
        (parameter("guests", "integer"), "For how many guests?"),
        (parameter("sides", "integer"), "How many sides?"),
        (parameter("count", "integer", description="The number of copies."), "How many copies?"),
        (parameter("amount", "number"), "How much?"),
        (parameter("volume", "integer"), "What volume?"),
        (parameter("start_time"), "At what time?"),
        (parameter("date"), "On what day?"),
        (parameter("order_id"), "What is the order number?"),
        (parameter("from_unit"), "From which unit?"),
        (parameter("origin"), "From where?"),
        (parameter("destination"), "To where?"),
        (parameter("recipient"), "To whom?"),
        (parameter("attendees", "array"), "With whom?"),
        (parameter("prompt"), "What should it show?"),
        (parameter("message"), "What should it say?"),
        (parameter("city"), "For which city?"),
        (parameter("restaurant"), "At which restaurant?"),
        (parameter("artist"), "By which artist?"),
        (parameter("colour"), "Which colour?"),
    ],
)
def test_the_question_for_a_missing_argument(asked, question):
    assert question_for(asked) == question


@pytest.mark.parametrize(
    ("name", "args", "question"),
    [
        ("book_table", {"place": "Luigi's", "guests": 4}, "Shall I book table: Luigi's, 4?"),
        ("light_set", {"on": True}, "Shall I set light: yes?"),
        ("flip_coin", {}, "Shall I flip coin?"),
    ],
)
def test_whether_a_call_is_meant(name, args, question):
    assert shall_i(Signature(name, "", "", ()), args) == question


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (parameter("order_id"), "order number"),
        (parameter("city_name"), "city"),
        (parameter("name"), "name"),
        (parameter("name", description="Name of the playlist."), "playlist"),
    ],
)
def test_a_name_as_it_is_said(asked, said):
    assert spoken_name(asked) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(True, "yes"), (False, "no"), (["a_b"], "a b"), (["a", 2, "c"], "a, 2 and c"), ([], ""),
     (2.50, "2.5"), ("living_room", "living room")],
)  # fmt: skip
def test_a_value_as_it_is_said(value, said):
    assert spoken_value(value) == said
