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


PRICE, COUNT, SIDES = real("price"), optional("count"), optional("sides")
SHARE = real("share", description="0.0 is off, 1.0 is full")


@pytest.mark.parametrize(
    ("sentence", "parameters", "found", "taken", "left"),
    [
        # Whole and hundredths.
        *(
            (f"the {name} is 3 fifty", (real(name),), {name: 3.5}, "3 fifty", [])
            for name in ("price", "cost", "money", "budget", "value", "sum", "tip")
        ),
        ("ten ten", (PRICE,), {"price": 10.1}, "ten ten", []),
        ("one ten", (PRICE,), {"price": 1.1}, "one ten", []),
        ("three ninety nine", (PRICE,), {"price": 3.99}, "three ninety nine", []),
        ("three and 100", (PRICE,), {"price": 3.0}, "three", [100.0]),
        ("half 50", (PRICE,), {"price": 0.5}, "half", [50.0]),
        ("3 for 50", (PRICE,), {"price": 3.0}, "3", [50.0]),
        ("3 dollars or 50", (PRICE,), {"price": 3.0}, "3 dollars", [50.0]),
        ("3 big red 50", (PRICE,), {"price": 3.0}, "3", [50.0]),
        ("3 dollars 10 cents each", (PRICE,), {"price": 3.1}, "3 dollars 10 cents", []),
        ("3 dollars and 10 cents", (PRICE,), {"price": 3.1}, "3 dollars and 10 cents", []),
        ("3 fifty dollars each", (PRICE,), {"price": 3.5}, "3 fifty dollars", []),
        (
            "pay 2 with 3 fifty",
            (whole("items"), PRICE),
            {"price": 3.5, "items": 2},
            "2 3 fifty",
            [],
        ),
        (
            "3 fifty for 2",
            (whole("items"), optional("rate", "number"), PRICE),
            {"price": 3.5, "items": 2},
            "3 fifty 2",
            [],
        ),
        # Times.
        ("an hour and a half", (real("hours"),), {"hours": 1.5}, "an hour and a half", []),
        (
            "an hour and a half for 2",
            (real("hours"), whole("guests")),
            {"hours": 1.5, "guests": 2},
            "an hour and a half 2",
            [],
        ),
        (
            "two hours and a half and ten minutes",
            (whole("minutes"),),
            {"minutes": 160},
            "two hours and a half ten minutes",
            [],
        ),
        ("one hour", (whole("minutes"),), {"minutes": 60}, "one hour", []),
        ("a minute", (whole("seconds"),), {"seconds": 60}, "a minute", []),
        ("the hour of 5 minutes", (whole("minutes"),), {"minutes": 5}, "5 minutes", []),
        ("minute", (whole("seconds"),), {}, "", []),
        (
            "3 guests, ten minutes",
            (whole("minutes"), whole("guests")),
            {"minutes": 10, "guests": 3},
            "3 ten minutes",
            [],
        ),
        (
            "two days and 30 minutes",
            (whole("hours"), whole("minutes")),
            {"hours": 48, "minutes": 30},
            "two days 30 minutes",
            [],
        ),
        ("25 hours", (whole("days"), whole("hours")), {"hours": 25}, "25 hours", []),
        ("30 minutes", (whole("hours"), whole("minutes")), {"minutes": 30}, "30 minutes", []),
        ("3 hours", (COUNT,), {}, "", [3.0]),
        ("3 hours", (whole("count"),), {"count": 3}, "3", []),
        # Years.
        ("year 999", (whole("year"),), {}, "", [999.0]),
        ("year 1000", (whole("year"),), {"year": 1000}, "1000", []),
        ("year 2199", (whole("year"),), {"year": 2199}, "2199", []),
        ("year 2200", (whole("year"),), {}, "", [2200.0]),
        ("1999", (whole("count"),), {"count": 1999}, "1999", []),
        ("1999 2000", (whole("year"), whole("count")), {"year": 1999}, "1999", [2000.0]),
        # Shares.
        ("2 percent", (SHARE,), {"share": 0.02}, "2 percent", []),
        (
            "30 percent of 5",
            (SHARE, whole("n")),
            {"share": 0.3, "n": 5},
            "30 percent 5",
            [],
        ),
        ("50 percent", (real("share", description="0 to 10"),), {"share": 50.0}, "50 percent", []),
        # Names that stand near.
        ("3 of the 5 bins", (whole("other"), whole("bins")), {"bins": 5, "other": 3}, "3 5", []),
        ("3 and bins", (whole("other"), whole("bins")), {"other": 3}, "3", []),
        ("20 dollars and 3", (whole("n"), PRICE), {"price": 20.0, "n": 3}, "20 dollars 3", []),
        # The first of a list.
        ("top 3", (COUNT,), {"count": 3}, "top 3", []),
        ("only the last 3", (COUNT,), {"count": 3}, "only the last 3", []),
        ("only 3", (COUNT,), {"count": 3}, "3", []),
        ("level the first 3", (optional("level"),), {"level": 3}, "3", []),
    ],
)
def test_which_words_each_argument_takes(sentence, parameters, found, taken, left):
    assert read(sentence, *parameters) == (found, 1, taken, left)


@pytest.mark.parametrize(
    "name", ["number", "amount", "quantity", "how_many", "size", "limit", "maximum", "top", "n"]
)
def test_names_that_count_what_the_tool_is_about(name):
    found = read("roll two dice", optional(name), name="roll_dice", summary="Rolls dice.")
    assert found == ({name: 2}, 1, "two", [])


@pytest.mark.parametrize(
    ("sentence", "parameters", "found"),
    [
        ("roll two dice", (optional("num_dice"),), ({"num_dice": 2}, 1, "two", [])),
        ("roll it 3 times", (optional("times"),), ({"times": 3}, 1, "3", [])),
        ("roll it 3 times", (COUNT,), ({}, 3, "3 times", [])),
        ("roll it 3 times", (SIDES,), ({}, 3, "3 times", [])),
        ("roll 3 times 4 dice", (), ({}, 4, "4", [3.0])),
        ("roll 2 degree dice", (), ({}, 1, "", [2.0])),
        ("roll 2 dollar dice", (), ({}, 1, "", [2.0])),
        ("roll 2 mile dice", (), ({}, 1, "", [2.0])),
        ("roll 2 red and blue dice", (), ({}, 1, "", [2.0])),
        ("roll 2 big dice", (), ({}, 2, "2", [])),
        ("roll 2 big red dice", (), ({}, 2, "2", [])),
        ("roll 2 big red old dice", (), ({}, 1, "", [2.0])),
        ("roll 2", (), ({}, 1, "", [2.0])),
    ],
)
def test_what_counts_the_dice(sentence, parameters, found):
    assert read(sentence, *parameters, name="roll_dice", summary="Rolls dice.") == found


@pytest.mark.parametrize(
    ("sentence", "parameter", "kind"),
    [
        ("5", whole("level"), int),
        ("5", real("level"), float),
        ("an hour", whole("minutes"), int),
        ("an hour", real("minutes"), float),
        ("3 fifty", PRICE, float),
    ],
)
def test_values_are_of_the_kind_of_the_parameter(sentence, parameter, kind):
    [value] = values(sentence, parameter).values()
    assert type(value) is kind


@pytest.mark.parametrize("sentence", ["with 5 faces", "with 5 more faces", "faces: 5"])
def test_what_a_description_names_is_surer_than_the_order(sentence):
    described = whole("n", description="How many faces there are.")
    assert values(sentence, whole("m"), described) == {"n": 5}


@pytest.mark.parametrize(
    ("name", "repeats"),
    [("find_rooms", 1), ("rooms_find", 2), ("book_rooms", 2), ("rooms", 2), ("get_rooms", 1)],
)
def test_only_what_looks_for_rooms_does_so_once(name, repeats):
    assert read("the 2 rooms", name=name)[1] == repeats


def test_a_time_that_the_tool_is_about_is_no_repetition():
    assert read("set 3 minutes", name="set_minutes") == ({}, 1, "", [3.0])
