"""The arguments of a tool in a sentence, with the words that they were read from."""

from __future__ import annotations

from datetime import datetime

import pytest
from google.adk.tools import FunctionTool
from router_cases import (
    convert,
    find_flights,
    get_distance,
    get_time,
    lock_door,
    pick_card,
    play_music,
    roll_dice,
    set_light,
    set_thermostat,
    weather,
)
from tool_sets import (
    add_alarm,
    add_event,
    approve_discount,
    brave_web_search,
    broadcast,
    calculate_bmi,
    calculate_triangle_area,
    cancel_pending_order,
    check_prime,
    dim_lights,
    exponentiate,
    fetch,
    find_restaurants,
    flight_status_check,
    generate_image,
    get_exchange_rate,
    get_n_day_weather_forecast,
    get_order_details,
    get_ride,
    light_set,
    list_add_item,
    move_file,
    play_song,
    power_disco_ball,
    read_file,
    reimburse,
    reserve_restaurant,
    send_email,
    set_volume,
    start_music,
    start_timer,
    transfer_money,
    turn_off,
)

from adk_nb.local.arguments import Arguments
from adk_nb.local.signature import Parameter, Signature, signature_of
from adk_nb.local.vocabulary import words_of

NOW = datetime(2026, 7, 27, 10, 0)  # noqa: DTZ001 - where the user is


def signature(function):
    return signature_of(FunctionTool(function)._get_declaration())


def read(sentence, tool):
    """Returns the arguments, how often, and the words that were taken and those only guessed."""
    words = words_of(sentence)
    found = Arguments(sentence, words, tool, NOW)

    def said(indices):
        return " ".join(words[index].text for index in sorted(indices))

    assert found.missing == [] or all(one.name not in found.values for one in found.missing)
    return found.values, found.repeats, said(found.taken), said(found.guessed)


@pytest.mark.parametrize(
    ("tool", "sentence", "values", "repeats", "words"),
    [
        (roll_dice, "Roll a d20.", {"sides": 20}, 1, ("d20", "")),
        (roll_dice, "Roll two dice.", {}, 2, ("two", "")),
        (
            roll_dice,
            "Roll a twenty sided die three times.",
            {"sides": 20},
            3,
            ("twenty sided three times", ""),
        ),
        (roll_dice, "Roll the dice twice.", {}, 2, ("twice", "")),
        (roll_dice, "Roll.", {}, 1, ("", "")),
        (pick_card, "Draw a card of hearts.", {"suit": "hearts"}, 1, ("hearts", "")),
        (pick_card, "Pick a spade.", {"suit": "spades"}, 1, ("spade", "")),
        (
            convert,
            "Convert ten miles to kilometers.",
            {"value": 10.0, "from_unit": "miles", "to_unit": "kilometers"},
            1,
            ("ten miles to kilometers", ""),
        ),
        (
            convert,
            "How many miles are ten kilometers?",
            {"value": 10.0, "from_unit": "kilometers", "to_unit": "miles"},
            1,
            ("miles ten kilometers", ""),
        ),
        (get_time, "What time is it in New York?", {"city": "New York"}, 1, ("in New York", "")),
        (
            weather,
            "Weather in Paris for three days.",
            {"days": 3, "city": "Paris"},
            1,
            ("in Paris three days", ""),
        ),
        (weather, "Will it rain in Berlin tomorrow?", {"city": "Berlin"}, 1, ("in Berlin", "")),
        (
            find_flights,
            "Find flights from Rome to Oslo on Friday.",
            {"date": "Friday", "origin": "Rome", "destination": "Oslo"},
            1,
            ("from Rome to Oslo on Friday", ""),
        ),
        (
            find_flights,
            "Flights to Oslo from Rome.",
            {"origin": "Rome", "destination": "Oslo"},
            1,
            ("to Oslo from Rome", ""),
        ),
        (
            get_distance,
            "How far is it from Rome to Oslo?",
            {"start": "Rome", "end": "Oslo"},
            1,
            ("from Rome to Oslo", ""),
        ),
        (
            set_light,
            "Turn off the light in the living room.",
            {"room": "living_room", "on": False},
            1,
            ("off living room", ""),
        ),
        (
            set_light,
            "Turn on the kitchen light.",
            {"room": "kitchen", "on": True},
            1,
            ("on kitchen", ""),
        ),
        (
            set_light,
            "Don't turn on the kitchen light.",
            {"room": "kitchen", "on": False},
            1,
            ("on kitchen", ""),
        ),
        (
            set_thermostat,
            "Set the bedroom to 21 degrees.",
            {"temperature": 21.0},
            1,
            ("21 degrees", ""),
        ),
        (
            play_music,
            "Play Yellow Submarine at volume 30.",
            {"volume": 30, "song": "Yellow Submarine"},
            1,
            ("Yellow Submarine 30", ""),
        ),
        (lock_door, "Unlock the door.", {"locked": False}, 1, ("Unlock", "")),
        (lock_door, "Lock the door.", {}, 1, ("Lock", "")),
        (check_prime, "Are 7, 11 and 12 prime?", {"nums": [7, 11, 12]}, 1, ("7 11 12", "")),
        (
            start_timer,
            "Set a timer for an hour and a half.",
            {"hours": 1, "minutes": 30},
            1,
            ("an hour and a half", ""),
        ),
        (
            start_timer,
            "Start a pasta timer of ten minutes and thirty seconds.",
            {"minutes": 10, "seconds": 30, "name": "pasta"},
            1,
            ("pasta ten minutes thirty seconds", ""),
        ),
        (
            add_alarm,
            "Wake me at half past six.",
            {"new_alarm_time": "half past six"},
            1,
            ("at half past six", ""),
        ),
        (add_alarm, "Set an alarm for six.", {"new_alarm_time": "six"}, 1, ("for six", "")),
        (
            light_set,
            "Make the kitchen red at 50 percent.",
            {"brightness": 50, "color": "red", "area": "kitchen"},
            1,
            ("kitchen red 50 percent", "kitchen"),
        ),
        (dim_lights, "Dim the lights to 30 percent.", {"brightness": 0.3}, 1, ("30 percent", "")),
        (
            list_add_item,
            "Add two liters of milk to the grocery list.",
            {"list_name": "grocery", "item": "two liters of milk"},
            1,
            ("two liters of milk grocery", ""),
        ),
        (
            broadcast,
            "Broadcast: dinner is ready.",
            {"message": "dinner is ready"},
            1,
            ("dinner is ready", ""),
        ),
        (
            move_file,
            "Move notes.txt to docs/old.txt.",
            {"source": "notes.txt", "destination": "docs/old.txt"},
            1,
            ("notes.txt to docs/old.txt", "notes.txt"),
        ),
        (
            fetch,
            "Fetch https://example.org/a.",
            {"url": "https://example.org/a"},
            1,
            ("https://example.org/a", ""),
        ),
        (
            send_email,
            "Send an email to ada@example.org saying I am late.",
            {"to": "ada@example.org", "body": "I am late"},
            1,
            ("ada@example.org saying I am late", ""),
        ),
        (
            transfer_money,
            "Transfer twelve dollars and fifty cents to Ada from my savings account.",
            {"account_type": "savings", "amount": 12.5, "recipient_name": "Ada"},
            1,
            ("twelve dollars and fifty cents to Ada savings", ""),
        ),
        (
            transfer_money,
            "Send twelve fifty to Bob.",
            {"amount": 12.5, "recipient_name": "Bob"},
            1,
            ("twelve fifty to Bob", ""),
        ),
        (
            reserve_restaurant,
            "Book a table for two at Luigi's at seven.",
            {"time": "seven", "restaurant_name": "Luigi's"},
            1,
            ("two at Luigi's at seven", ""),
        ),
        (
            get_ride,
            "Get a ride to 221 Baker Street.",
            {"destination": "221 Baker Street"},
            1,
            ("to 221 Baker Street", ""),
        ),
        (get_order_details, "What about order 4 7 1 1?", {"order_id": "4711"}, 1, ("4 7 1 1", "")),
        (
            cancel_pending_order,
            "Cancel order W123 because I ordered by mistake.",
            {"reason": "ordered by mistake", "order_id": "W123"},
            1,
            ("W123 ordered by mistake", ""),
        ),
        (
            flight_status_check,
            "Is flight BA 207 on time?",
            {"flight_number": "BA207"},
            1,
            ("BA 207", ""),
        ),
        (
            calculate_triangle_area,
            "Area of a triangle with base 12 and height 5.",
            {"base": 12, "height": 5},
            1,
            ("12 5", ""),
        ),
        (
            calculate_bmi,
            "BMI for a weight of 80 and a height of 1.8.",
            {"weight": 80.0, "height": 1.8},
            1,
            ("80 1.8", ""),
        ),
        (
            exponentiate,
            "Raise two to the power of ten.",
            {"base": 2.0, "exponent": 10.0},
            1,
            ("two ten", ""),
        ),
        (
            find_restaurants,
            "Find a Thai restaurant in Berlin.",
            {"cuisine": "Thai", "city": "Berlin"},
            1,
            ("Thai in Berlin", ""),
        ),
        (
            approve_discount,
            "Approve a 15 percent discount.",
            {"discount_type": "percentage", "value": 15.0},
            1,
            ("15 percent", ""),
        ),
        (
            get_n_day_weather_forecast,
            "Five day forecast for Rome in celsius.",
            {"num_days": 5, "location": "Rome"},
            1,
            ("Five day for Rome celsius", ""),
        ),
        (
            brave_web_search,
            "Search the web for the history of tea, just the first 5.",
            {"count": 5, "query": "history of tea"},
            1,
            ("for history of tea just the first 5", ""),
        ),
        (
            play_song,
            "Play Jolene by Dolly Parton on the kitchen speaker.",
            {"device": "kitchen speaker", "artist": "Dolly Parton", "song_name": "Jolene"},
            1,
            ("Jolene by Dolly Parton on kitchen speaker", ""),
        ),
        (turn_off, "Turn off the fan.", {"name": "fan"}, 1, ("fan", "fan")),
        (set_volume, "Set the volume to eleven.", {"volume_level": 11}, 1, ("eleven", "")),
        (
            add_event,
            "Add dentist on March 3rd at ten.",
            {"event_date": "March 3rd", "event_time": "ten", "event_name": "dentist"},
            1,
            ("dentist on March 3rd at ten", "dentist"),
        ),
        (
            get_exchange_rate,
            "Exchange rate from dollars to euros.",
            {"currency_from": "dollars", "currency_to": "euros"},
            1,
            ("from dollars to euros", ""),
        ),
        (
            read_file,
            "Show the first 10 lines of log.txt.",
            {"head": 10, "path": "log.txt"},
            1,
            ("10 log.txt", ""),
        ),
        (
            reimburse,
            "Reimburse me 20 dollars for lunch.",
            {"amount": 20.0, "purpose": "lunch"},
            1,
            ("20 dollars for lunch", ""),
        ),
        (
            generate_image,
            "Draw a picture of a cat with a hat.",
            {"prompt": "a cat with a hat"},
            1,
            ("of a cat with a hat", ""),
        ),
        (start_music, "Play loud music.", {"loud": True}, 1, ("loud", "")),
        (power_disco_ball, "Turn on the disco ball.", {"power": True}, 1, ("on", "")),
    ],
)
def test_what_a_sentence_gives_a_tool(tool, sentence, values, repeats, words):
    assert read(sentence, signature(tool)) == (values, repeats, *words)


def tool(*parameters, name="do_it", summary="Does it."):
    return Signature(name, summary, "", parameters)


def missing(sentence, signature):
    return [one.name for one in Arguments(sentence, words_of(sentence), signature, NOW).missing]


def unread(sentence, signature):
    words = words_of(sentence)
    found = Arguments(sentence, words, signature, NOW).unread
    return [words[index].text for index in sorted(found)]


def test_what_must_be_given_and_is_not_said_is_missing():
    city, days = (
        Parameter("city", "string", required=True),
        Parameter("days", "integer", required=False, default=1),
    )
    assert missing("Weather.", tool(city, days, name="weather")) == ["city"]
    assert missing("Weather in Rome.", tool(city, days, name="weather")) == []


def test_numbers_that_are_no_argument_are_told():
    city = Parameter("city", "string", required=True)
    assert unread("Weather in Rome for 3 days.", tool(city, name="weather")) == ["3"]
    assert unread("Weather in Rome.", tool(city, name="weather")) == []


OPTIONAL = Parameter("on", "boolean", required=False, default=False)
LOUD = Parameter("loud", "boolean", required=True)


@pytest.mark.parametrize(
    ("parameter", "sentence", "value"),
    [
        (LOUD, "Play it loud.", True),
        (LOUD, "Play it not so loud.", False),
        (LOUD, "Play it without being loud.", False),
        (LOUD, "Play it, not now but then loud.", True),
        (LOUD, "Enable it.", True),
        (LOUD, "Disable it.", False),
        (LOUD, "Play it.", None),
        (OPTIONAL, "Switch it on.", True),
        (OPTIONAL, "Switch it off.", None),
        (Parameter("muted", "boolean", required=True), "Unmute it.", False),
        (Parameter("muted", "boolean", required=True), "Mute it.", True),
        (Parameter("open", "boolean", required=True), "Close it.", False),
        (Parameter("closed", "boolean", required=True), "Open it.", False),
        (Parameter("is_active", "boolean", required=True), "Make it inactive.", False),
    ],
)
def test_what_is_true(parameter, sentence, value):
    values, *_ = read(sentence, tool(parameter))
    assert values == ({} if value is None else {parameter.name: value})


UNITS = ("celsius", "fahrenheit", "percentage", "living_room")


@pytest.mark.parametrize(
    ("names", "sentence", "values"),
    [
        (["unit"], "In celsius.", {"unit": "celsius"}),
        (["unit"], "Make it a percent of it.", {"unit": "percentage"}),
        (["unit"], "In the living room.", {"unit": "living_room"}),
        (["unit"], "In the living.", {"unit": "living_room"}),
        (["unit"], "In kelvin.", {}),
        (
            ["from_unit", "to_unit"],
            "20 celsius to fahrenheit",
            {"from_unit": "celsius", "to_unit": "fahrenheit"},
        ),
        (
            ["to_unit", "from_unit"],
            "To fahrenheit from celsius",
            {"from_unit": "celsius", "to_unit": "fahrenheit"},
        ),
        (
            ["target", "source"],
            "from celsius into fahrenheit",
            {"source": "celsius", "target": "fahrenheit"},
        ),
    ],
)
def test_choices(names, sentence, values):
    parameters = [Parameter(name, "string", required=True, choices=UNITS) for name in names]
    found, *_ = read(sentence, tool(*parameters))
    assert found == values


def test_a_choice_may_be_a_number():
    level = Parameter("level", "integer", required=True, choices=(1, 2, 3))
    assert read("Set it to two.", tool(level))[0] == {"level": 2}
    assert read("Set it to four.", tool(level))[0] == {}


@pytest.mark.parametrize(
    ("kind", "item_kind", "sentence", "value"),
    [
        ("array", "integer", "Add 3, 4 and 5.", [3, 4, 5]),
        ("array", "number", "Add 3 and 4.5.", [3.0, 4.5]),
        ("array", "string", "Invite Ada, Bob and Cy.", ["Ada", "Bob", "Cy"]),
    ],
)
def test_lists(kind, item_kind, sentence, value):
    several = Parameter("guests", kind, required=True, item_kind=item_kind)
    assert read(sentence, tool(several, name="invite_guests"))[0] == {"guests": value}


HOUR, MINUTE = (Parameter(name, "integer", required=True) for name in ("hour", "minute"))
TIME = Parameter("time", "string", required=True)


@pytest.mark.parametrize(
    ("parameters", "sentence", "values"),
    [
        ((HOUR, MINUTE), "Wake me at 7:30.", {"hour": 7, "minute": 30}),
        ((HOUR, MINUTE), "Wake me at quarter past nine.", {"hour": 9, "minute": 15}),
        ((TIME,), "Wake me at 7:30.", {"time": "7:30"}),
        ((TIME,), "Wake me at six.", {"time": "six"}),
        ((TIME,), "Wake me for 24.", {"time": "24"}),
        ((TIME,), "Wake me for 25.", {}),
        ((TIME,), "Wake me for 6.5.", {}),
        ((TIME,), "Wake me for six people.", {}),
    ],
)
def test_times(parameters, sentence, values):
    assert read(sentence, tool(*parameters, name="wake", summary="Wakes."))[0] == values


PAIRS = [
    ("on", "off"), ("open", "close"), ("lock", "unlock"), ("enable", "disable"),
    ("start", "stop"), ("up", "down"), ("outdoor", "indoor"), ("show", "hide"),
    ("mute", "unmute"), ("true", "false"), ("active", "inactive"),
]  # fmt: skip


@pytest.mark.parametrize(("positive", "negative"), PAIRS)
def test_a_switch_is_named_by_either_of_two_opposites(positive, negative):
    for name, other in ((positive, negative), (negative, positive)):
        switch = tool(Parameter(f"is_{name}", "boolean", required=True))
        assert read(f"Make it {name}.", switch)[0] == {f"is_{name}": True}
        assert read(f"Make it {other}.", switch)[0] == {f"is_{name}": False}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("is_loud", "Is it quiet?"),
        ("use_heat", "Use it."),
        ("should_be_loud", "Now it should be fine."),
        ("loud", "Show it, and go up."),
    ],
)
def test_words_that_say_nothing_of_a_switch(name, sentence):
    assert read(sentence, tool(Parameter(name, "boolean", required=True)))[0] == {}


def test_only_a_switch_that_must_be_set_is_told_by_on_and_enable():
    quiet = Parameter("quiet", "boolean", required=False, default=None)
    assert read("Enable it.", tool(quiet))[0] == {}
    assert read("Play it not so very loud.", tool(LOUD))[0] == {"loud": True}


@pytest.mark.parametrize(
    ("name", "sentence", "value"),
    [
        ("from_unit", "to celsius and 20 fahrenheit", "fahrenheit"),
        *(
            (name, sentence, "fahrenheit")
            for name in ("from_unit", "source", "origin")
            for sentence in (
                "to celsius with fahrenheit",
                "celsius from fahrenheit",
                "celsius 20 fahrenheit",
            )
        ),
        *(
            (name, sentence, "fahrenheit")
            for name in ("to_unit", "target", "destination")
            for sentence in ("celsius to fahrenheit", "celsius in the fahrenheit")
        ),
        ("to_unit", "celsius to 20 fahrenheit", "celsius"),
        ("to_unit", "celsius to the very fahrenheit", "celsius"),
        ("inner", "celsius then inner fahrenheit", "fahrenheit"),
        ("inner", "inner celsius then fahrenheit", "celsius"),
        ("unit", "celsius then fahrenheit", "celsius"),
        ("unit", "celsius in the living room", "living_room"),
        ("unit", "celsius from fahrenheit", "celsius"),
        ("unit", "celsius 20 fahrenheit", "celsius"),
    ],
)
def test_which_of_two_choices_it_is(name, sentence, value):
    one = Parameter(name, "string", required=True, choices=UNITS)
    assert read(sentence, tool(one))[0] == {name: value}


@pytest.mark.parametrize(
    ("sentence", "values"),
    [
        ("Set living.", {}),  # It is the beginning of both.
        ("Set area.", {"place": "living_area"}),
        ("Set garag.", {"place": "garage_roof"}),
        ("Set gara.", {}),
        ("Set roof, not area.", {"place": "garage_roof"}),
    ],
)
def test_a_part_of_a_choice_is_enough_where_only_one_has_it(sentence, values):
    choices = ("living_area", "living_den", "garage_roof")
    place = Parameter("place", "string", required=True, choices=choices)
    assert read(sentence, tool(place))[0] == values


def test_what_the_tool_is_called_is_no_choice():
    place = Parameter("place", "string", required=True, choices=("living_room", "bed_chamber"))
    assert read("Set the room.", tool(place, name="set_room"))[0] == {}


NUMS = Parameter("nums", "array", required=True, item_kind="integer")


@pytest.mark.parametrize(
    ("parameters", "sentence", "found"),
    [
        ((NUMS,), "Add 3, 4 and 5 twice.", ({"nums": [3, 4, 5]}, 2, "3 4 5 twice", "")),
        ((NUMS,), "Add.", ({}, 1, "", "")),
        (
            (NUMS, Parameter("more", "array", required=False, item_kind="integer")),
            "Add 3 and 4.",
            ({"nums": [3, 4]}, 1, "3 4", ""),
        ),
    ],
)
def test_a_list_takes_the_numbers_that_are_left(parameters, sentence, found):
    assert read(sentence, tool(*parameters, name="add", summary="Adds.")) == found


@pytest.mark.parametrize(("item_kind", "kind"), [("integer", int), ("number", float)])
def test_numbers_of_a_list_are_of_its_kind(item_kind, kind):
    several = Parameter("nums", "array", required=True, item_kind=item_kind)
    found, *_ = read("Add 3 and 4.", tool(several, name="add", summary="Adds."))
    assert [type(one) for one in found["nums"]] == [kind, kind]


def test_letters_with_a_number_are_one_only_beside_dice():
    assert read("Roll d6 3 times.", signature(roll_dice))[1] == 3
    assert unread("Roll 3 d6.", signature(roll_dice)) == ["d6"]
    assert read("Weather in Rome v2 for 3 days.", signature(weather))[0] == {
        "days": 3,
        "city": "Rome v2",
    }


def test_a_place_that_may_be_another_argument_is_told():
    origin = Parameter("origin", "string", required=True)
    assert unread("Book Houston.", tool(origin, name="book", summary="Books.")) == ["Houston"]


def text(name, *, required=True):
    return Parameter(name, "string", required=required)


@pytest.mark.parametrize(
    ("parameters", "sentence", "values", "left"),
    [
        ((text("day", required=False), text("date")), "Book on Friday.", {"date": "Friday"}, []),
        (
            (text("start_date"), text("end_date")),
            "Book for Friday and Monday.",
            {"start_date": "Friday", "end_date": "Monday"},
            [],
        ),
        ((text("when"),), "Book tomorrow at 7:30.", {"when": "tomorrow at 7:30"}, []),
        (
            (text("date"), text("time")),
            "Book tomorrow at 7:30.",
            {"date": "tomorrow", "time": "7:30"},
            [],
        ),
        ((text("time"),), "Book at 8 at 9:30.", {"time": "9:30"}, ["8"]),
        ((text("time"),), "Book for 0.", {"time": "0"}, []),
        ((text("time", required=False),), "Book for six.", {}, ["six"]),
        (
            (text("start_time"), text("end_time")),
            "Book for six and seven.",
            {"start_time": "six", "end_time": "seven"},
            [],
        ),
        (
            (Parameter("calls", "integer", required=True), text("time")),
            "Book for six with 3 calls.",
            {"calls": 3, "time": "six"},
            [],
        ),
        ((text("time"),), "Book for 6 or 7 people.", {"time": "6"}, ["7"]),
        ((text("time"),), "Book for 30 or 7.", {"time": "7"}, ["30"]),
        ((text("city"), text("time")), "Book for six", {"time": "six"}, []),
        (
            (text("order_id"), Parameter("guests", "integer", required=True)),
            "Order 4711 for 3.",
            {"order_id": "4711", "guests": 3},
            [],
        ),
    ],
)
def test_times_among_other_numbers(parameters, sentence, values, left):
    booking = tool(*parameters, name="book", summary="Books.")
    assert read(sentence, booking)[0] == values
    assert unread(sentence, booking) == left
