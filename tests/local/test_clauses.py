"""Sentences that may be two, and fragments that change a call."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adk_nb.local.clauses import amended, goes_on, pieces, splits
from adk_nb.local.signature import Parameter, Signature

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
WEATHER = Signature(
    "get_weather", "Tells the weather.", "", (Parameter("city", "string", required=True),)
)
DICE = Signature("roll_dice", "Rolls dice.", "", (Parameter("sides", "integer", required=False),))


@pytest.mark.parametrize(
    ("sentence", "halves"),
    [
        ("roll a die and flip a coin", [("roll a die", "flip a coin")]),
        ("roll a die, then also flip a coin", [("roll a die", "also flip a coin")]),
        ("a, b and c", [("a, b", "c")]),
        ("wait three and a half minutes", []),
        ("wait two hours and ten minutes", []),
        ("two hundred and ten", []),
        ("and", []),
    ],
)
def test_where_a_sentence_may_be_two(sentence, halves):
    assert list(splits(sentence)) == halves


def test_objects_that_follow_one_another():
    assert pieces("London and Rome") == ["London", "Rome"]
    assert pieces("a, b, and c") == ["a", "b", "c"]
    assert pieces("") == []


@pytest.mark.parametrize(
    ("rest", "tool", "more"),
    [
        ("in Rome", WEATHER, True),
        ("also the lamp", DICE, True),
        ("Rome", WEATHER, True),
        ("Rome", DICE, False),
        ("pepper", WEATHER, False),
        ("", WEATHER, False),
        ("in a city that is very far", WEATHER, False),
    ],
)
def test_whether_one_more_object_follows(rest, tool, more):
    assert goes_on(rest, tool) is more


def test_a_fragment_changes_what_it_is_about():
    assert amended({"city": "Rome"}, "in Paris", WEATHER, NOW) == {"city": "Paris"}
    assert amended({"sides": 6}, "also twenty", DICE, NOW) == {"sides": 20}
    assert amended({}, "ten", DICE, NOW, wanted="sides") == {"sides": 10}
    assert amended({}, "", DICE, NOW) is None
    assert amended({}, "good morning to you", DICE, NOW) is None
