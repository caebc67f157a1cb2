"""Which number of a sentence is which argument, and how often a call is asked for."""

from __future__ import annotations

import pytest

from adk_nb.local.quantities import Quantities
from adk_nb.local.signature import Parameter, Signature
from adk_nb.local.spoken_numbers import numbers_in
from adk_nb.local.vocabulary import words_of


def whole(name, **more):
    return Parameter(name, "integer", **{"required": True} | more)


def real(name, **more):
    return Parameter(name, "number", **{"required": True} | more)


def optional(name, kind="integer", **more):
    return Parameter(name, kind, required=False, **more)


def read(sentence, *parameters, name="do_it", summary="", taken=()):
    """Returns the values, how often, the words that were taken, and the numbers that are left."""
    words = words_of(sentence)
    numbers = numbers_in([word.lower for word in words])
    found = Quantities(words, Signature(name, summary, "", parameters), numbers, set(taken))
    values = {parameter.name: value for parameter, value in found.fill()}
    found.repeat()
    said = " ".join(words[index].text for index in sorted(found.taken))
    return values, found.repeats, said, [number.value for number in found.left]


def values(sentence, *parameters, **more):
    return read(sentence, *parameters, **more)[0]


@pytest.mark.parametrize(
    ("sentence", "parameters", "found"),
    [
        # A name before a number is surer than one after it.
        ("width 3 and height 4", (real("height"), real("width")), {"width": 3.0, "height": 4.0}),
        ("3 wide, height of 4", (real("height"),), {"height": 4.0}),
        ("2 guests, 3 nights", (whole("nights"), whole("guests")), {"guests": 2, "nights": 3}),
        ("2 guests and 3 nights", (whole("nights"), whole("guests")), {"guests": 2, "nights": 3}),
        ("width 3, height 4", (real("height"), real("width")), {"width": 3.0, "height": 4.0}),
        ("20 more bins", (whole("bins"), whole("other")), {"bins": 20}),
        # In their order, where nothing says whose they are.
        ("3 and 4", (real("a"), real("b")), {"a": 3.0, "b": 4.0}),
        ("3 and 4", (optional("a"), whole("b")), {"b": 3, "a": 4}),
        # Money.
        ("pay 20 dollars for 3", (whole("items"), real("price")), {"price": 20.0, "items": 3}),
        ("twelve fifty", (real("price"),), {"price": 12.5}),
        ("twelve dollars and fifty cents", (real("cost"),), {"cost": 12.5}),
        ("twelve euros fifty", (real("amount"),), {"amount": 12.5}),
        ("a tip of 3 fifty dollars", (real("tip"),), {"tip": 3.5}),
        ("twelve five", (real("price"),), {"price": 12.0}),
        ("twelve fifty", (whole("price"),), {"price": 12}),
        ("twelve fifty", (real("height"),), {"height": 12.0}),
        # Years.
        ("the year 1999", (whole("year"),), {"year": 1999}),
        ("make it 12", (whole("year"),), {}),
        ("1999 with 3", (whole("year"), whole("count")), {"year": 1999, "count": 3}),
        # Bounds and kinds.
        ("set it to 12", (whole("level", maximum=10),), {}),
        ("set it to 10", (whole("level", maximum=10),), {"level": 10}),
        ("set it to 1", (whole("level", minimum=2),), {}),
        ("set it to 2", (whole("level", minimum=2),), {"level": 2}),
        ("set it to 2.5", (whole("level"),), {}),
        ("set it to 2.5", (real("level"),), {"level": 2.5}),
        # Percent.
        ("30 percent", (real("share", description="0 is off, 1 is full"),), {"share": 0.3}),
        ("1 percent", (real("share", description="0 is off, 1 is full"),), {"share": 1.0}),
        ("30 percent", (real("share", description="0 to 100"),), {"share": 30.0}),
        ("30 percent", (whole("share", description="0 is off, 1 is full"),), {"share": 30}),
        # Times.
        ("for half an hour", (whole("minutes"),), {"minutes": 30}),
        ("an hour and a half", (whole("hours"), whole("minutes")), {"hours": 1, "minutes": 30}),
        ("90 minutes", (whole("hours"), whole("minutes")), {"minutes": 90}),
        ("90 seconds", (whole("minutes"),), {}),
        ("90 seconds", (real("minutes"),), {"minutes": 1.5}),
        ("two weeks", (whole("days"),), {"days": 14}),
        ("one minute", (whole("delay", description="How long, in seconds"),), {"delay": 60}),
        ("two hours and ten minutes", (whole("minutes"),), {"minutes": 130}),
        ("hours", (whole("hours"),), {}),
        # A unit of another measure.
        ("5 kilometers", (whole("miles"),), {}),
        ("5 miles", (whole("miles"),), {"miles": 5}),
        # What the docstring says.
        ("with 5 faces", (whole("n", description="How many faces there are."),), {"n": 5}),
    ],
)
def test_whose_a_number_is(sentence, parameters, found):
    assert values(sentence, *parameters) == found


@pytest.mark.parametrize(
    ("sentence", "repeats", "taken", "left"),
    [
        ("roll two dice", 2, "two", []),
        ("roll one dice", 1, "", [1.0]),
        ("roll ten dice", 10, "ten", []),
        ("roll eleven dice", 1, "", [11.0]),
        ("roll it twice", 2, "twice", []),
        ("roll it thrice", 3, "thrice", []),
        ("roll it three times", 3, "three times", []),
        ("roll 3 of the dice", 1, "", [3.0]),
        ("roll 3 big heavy dice", 3, "3", []),
        ("roll 3 very big heavy dice", 1, "", [3.0]),
    ],
)
def test_how_often_a_call_is_asked_for(sentence, repeats, taken, left):
    found = read(sentence, name="roll_dice", summary="Rolls dice.")
    assert found == ({}, repeats, taken, left)


def test_to_look_twice_for_the_same_finds_the_same():
    count = optional("count")
    assert read("find two rooms", count, name="find_rooms") == ({"count": 2}, 1, "two", [])


def test_what_is_a_product_is_no_repetition():
    a, b = real("a"), real("b")
    found = read("three times four", a, b, name="multiply")
    assert found == ({"a": 3.0, "b": 4.0}, 1, "three four", [])


def test_a_parameter_that_says_how_many_takes_the_first_of_a_list_with_it():
    count = optional("count")
    found = read("search for tea, just the first 5", count, name="search")
    assert found == ({"count": 5}, 1, "just the first 5", [])


def test_what_counts_the_object_is_no_other_number():
    sides = optional("sides", description="How many sides the die has.")
    assert read("roll two dice", sides, name="roll_dice") == ({}, 2, "two", [])
    assert read("roll a 20 sided dice", sides, name="roll_dice")[0] == {"sides": 20}
    found = read("roll two ten-sided dice", sides, name="roll_dice")
    assert found == ({"sides": 10}, 2, "two ten sided", [])


def test_words_of_other_arguments_are_left_alone():
    assert read("room 5 for 3", whole("guests"), taken={1}) == ({"guests": 3}, 1, "3", [])


def test_a_currency_is_taken_with_its_number_unless_a_parameter_asks_for_it():
    amount = real("amount")
    assert read("send 5 dollars", amount)[2] == "5 dollars"
    assert read("send 5 dollars", amount, Parameter("currency", "string", required=True))[2] == "5"
