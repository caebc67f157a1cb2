"""What a sentence says about one tool: whether it asks for it, and how surely."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, strategies as st

from adk_nb.local.evidence import Vocabulary
from adk_nb.local.matching import Call, Match, match_tool
from adk_nb.local.signature import Parameter, Signature

NOW = datetime(2026, 7, 27, 10, 0)  # noqa: DTZ001 - where the user is


def needed(name, kind="string"):
    return Parameter(name, kind, required=True)


def may(name, default):
    return Parameter(name, "integer", required=False, default=default)


TOOLS = {
    one.name: one
    for one in (
        Signature("roll_dice", "Rolls dice.", "", (may("sides", 6),)),
        Signature("turn_on", "Turns a device on.", "", (needed("name"),)),
        Signature("turn_off", "Turns a device off.", "", (needed("name"),)),
        Signature("play_song", "Plays a song.", "", (needed("song"),)),
        Signature("get_weather", "Returns the weather in a city.", "", (needed("city"),)),
        Signature(
            "send_money",
            "Sends money to somebody.",
            "",
            (needed("amount", "number"), needed("recipient")),
        ),
        Signature("read_note", "Reads a note.", "", (needed("number", "integer"),)),
        Signature("stop_music", "Stops the music.", "", ()),
        Signature("set_switch", "Sets a switch.", "", (needed("on", "boolean"),)),
        Signature("buy_bread", "Buys bread.", "", (may("pieces", 1),)),
        Signature("skip_track", "Skips the track.", "", ()),
        Signature("add", "Adds two numbers.", "", (needed("a", "number"), needed("b", "number"))),
    )
}
KNOWN = Vocabulary(list(TOOLS.values()))
FLAGS = {"o": "is_order", "g": "is_guess", "c": "is_clear", "n": "reads_numbers"}


# The arguments, what is missing, how often, what else is known (by its letter), and how surely.
@pytest.mark.parametrize(
    ("tool", "sentence", "found"),
    [
        ("roll_dice", "Roll the dice.", ({}, [], 1, "ocn", 2.0)),
        ("roll_dice", "Roll two dice.", ({}, [], 2, "ocn", 2.1)),
        ("roll_dice", "Please roll a d20.", ({"sides": 20}, [], 1, "ocn", 1.1)),
        ("roll_dice", "I rolled the dice.", None),
        ("roll_dice", "He rolls the dice.", None),
        ("roll_dice", "Don't roll the dice.", None),
        ("roll_dice", "Do you roll dice?", None),
        ("roll_dice", "Did you roll the dice?", None),
        ("roll_dice", "Thanks for rolling the dice.", None),
        ("roll_dice", "Thank you again for rolling the dice.", None),
        ("roll_dice", "Should I roll the dice?", ({}, [], 1, "cn", 2.0)),
        ("roll_dice", "I want you to roll the dice.", ({}, [], 1, "cn", 2.0)),
        ("roll_dice", "I'd like to roll the dice.", ({}, [], 1, "cn", 2.0)),
        ("roll_dice", "We're looking for dice to roll.", ({}, [], 1, "n", 1.55)),
        ("roll_dice", "Stop, roll the dice.", ({}, [], 1, "ocn", 2.0)),
        ("roll_dice", "Stop rolling the dice.", None),
        ("roll_dice", "Roll the purple elephant.", None),
        ("roll_dice", "Tell me about Rome.", None),
        ("turn_on", "Turn on the fan.", ({"name": "fan"}, [], 1, "ocn", 1.414)),
        ("turn_on", "Turn off the fan.", None),
        ("turn_off", "Turn off the fan.", ({"name": "fan"}, [], 1, "ocn", 1.414)),
        ("turn_off", "Turn on the fan.", None),
        ("turn_on", "Turn on.", ({}, ["name"], 1, "ocn", 1.459)),
        ("play_song", "Play Jolene.", ({"song": "Jolene"}, [], 1, "ocn", 1.1)),
        ("play_song", "Play yesterday.", ({"song": "yesterday"}, [], 1, "ocn", 0.955)),
        ("play_song", "Play.", ({}, ["song"], 1, "ocn", 1.0)),
        ("play_song", "Can you play Jolene?", ({"song": "Jolene"}, [], 1, "cn", 1.1)),
        ("play_song", "Was that song Jolene?", None),
        ("get_weather", "What is the weather in Rome?", ({"city": "Rome"}, [], 1, "cn", 1.2)),
        ("get_weather", "The weather in Rome is nice.", None),
        ("get_weather", "The weather in Rome.", ({"city": "Rome"}, [], 1, "cn", 1.2)),
        ("get_weather", "Weather.", ({}, ["city"], 1, "cn", 1.0)),
        ("get_weather", "How is the weather?", ({}, ["city"], 1, "cn", 1.0)),
        (
            "send_money",
            "Send 50 dollars to Ada.",
            ({"amount": 50.0, "recipient": "Ada"}, [], 1, "ocn", 1.4),
        ),
        ("send_money", "Tom sent me fifty pounds.", None),
        ("send_money", "Send money to Ada.", ({"recipient": "Ada"}, ["amount"], 1, "ocn", 2.2)),
        ("send_money", "Send money.", ({}, ["amount", "recipient"], 1, "ocn", 2.0)),
        ("send_money", "Should I send 50 dollars to Ada?", None),
        (
            "send_money",
            "Send 50 dollars and 3 tractors to Ada.",
            ({"amount": 50.0, "recipient": "Ada"}, [], 1, "og", 0.815),
        ),
        ("read_note", "Read note number nine.", ({"number": 9}, [], 1, "ocn", 2.555)),
        ("read_note", "Read note 9.", ({"number": 9}, [], 1, "ocn", 2.1)),
        ("read_note", "Read the note ending 9.", ({"number": 9}, [], 1, "ocn", 2.1)),
        ("read_note", "Read me the note.", ({}, ["number"], 1, "ocn", 2.0)),
        ("stop_music", "Stop the music.", ({}, [], 1, "ocn", 2.0)),
        ("stop_music", "Stop, what time is it?", None),
        ("stop_music", "Stop.", None),
        ("set_switch", "Stop.", None),
        ("set_switch", "Switch off.", ({"on": False}, [], 1, "ocn", 1.1)),
        ("set_switch", "Set the switch on.", ({"on": True}, [], 1, "ocn", 2.1)),
        ("buy_bread", "Buy two pieces of bread.", ({"pieces": 2}, [], 1, "ocn", 2.7)),
        ("buy_bread", "Buy bread.", ({}, [], 1, "ocn", 2.0)),
        ("buy_bread", "Order three pieces of bread.", ({"pieces": 3}, [], 1, "ocn", 2.5)),
        ("buy_bread", "We bought bread.", None),
        ("buy_bread", "Bread was bought: two pieces.", ({"pieces": 2}, [], 1, "gn", 1.25)),
        ("skip_track", "Skip this one.", ({}, [], 1, "ocn", 1.0)),
        ("skip_track", "Skip it.", ({}, [], 1, "ocn", 1.0)),
        ("skip_track", "Could you skip the track?", ({}, [], 1, "cn", 2.0)),
        ("add", "Add 3 and 4.", ({"a": 3.0, "b": 4.0}, [], 1, "ocn", 1.2)),
        ("add", "What is 3 plus 4?", ({"a": 3.0, "b": 4.0}, [], 1, "cn", 1.0)),
        ("add", "Add 3.", ({"a": 3.0}, ["b"], 1, "ocn", 1.1)),
    ],
)
def test_what_a_sentence_says_about_a_tool(tool, sentence, found):
    match = match_tool(sentence, TOOLS[tool], KNOWN, NOW)
    if found is None:
        assert match is None
        return
    args, missing, repeats, flags, score = found
    assert match.call == Call(tool, args, pytest.approx(score, abs=0.001))
    assert [one.name for one in match.missing] == missing
    assert match.repeats == repeats
    assert "".join(one for one, name in FLAGS.items() if getattr(match, name)) == flags
    assert match.calls == ([] if missing or match.is_guess else [match.call] * repeats)


@pytest.mark.parametrize("is_clear", [True, False])
def test_what_lacks_is_asked_for_where_the_rest_is_clear(is_clear):
    missing = Match(Call("a"), (needed("x"),), is_clear=is_clear)
    assert (missing.is_question, missing.calls) == (is_clear, [])
    assert not Match(Call("a"), is_clear=is_clear).is_question


@pytest.mark.parametrize(
    ("name", "summary", "kinds", "looks"),
    [
        ("get_room", "", (), True),
        ("find_room", "Books a room.", (), False),
        ("room", "Finds a room.", (), True),
        ("book_room", "", (), False),
        ("room", "Sends a room.", (), False),
        ("update_room", "Updates a room.", (), False),
        ("power", "Raises a number.", ("number", "integer"), True),
        ("power", "Sets a number.", ("number",), False),
        ("press_button", "Presses a button.", ("integer",), False),
        ("press_button", "Presses a button.", ("integer", "integer"), True),
    ],
)
def test_a_question_is_no_order_of_what_changes_something(name, summary, kinds, looks):
    """ "What room was it?" looks for one, and does not send it."""
    parameters = tuple(needed(f"{kind}_{at}", kind) for at, kind in enumerate(kinds))
    tool = Signature(name, summary, "", parameters)
    sentence = f"What {name.replace('_', ' ')} is it?"
    match = match_tool(sentence, tool, Vocabulary([tool]), NOW)
    assert (match is not None) is looks


GARAGE = (Parameter("door", "string", required=True, choices=("garage", "front")),)
LOCKS = (
    Signature("lock_door", "Locks a door.", "", GARAGE),
    Signature("unlock_door", "Unlocks a door.", "", GARAGE),
)


# The tools, of which the first is looked at; what is found is as above.
@pytest.mark.parametrize(
    ("tools", "sentence", "found"),
    [
        # An order of nothing else needs less to be meant, but not any.
        ([Signature("wipe_entry", "Deletes an entry.", "", ())], "Delete it.", "ocn"),
        ([Signature("wipe_entry", "Deletes an entry.", "", ())], "Remove it.", None),
        # What is found of the arguments speaks for the tool.
        ([Signature("locate", "Tells the weather.", "", (needed("city"),))], "Weather?", None),
        (
            [Signature("locate", "Tells the weather.", "", (needed("city"),))],
            "The weather in Rome?",
            "cn",
        ),
        # Exactly enough: one word, two arguments, and one word that fits nothing.
        (
            [Signature("find_trip", "Finds a trip.", "", (needed("start"), needed("end")))],
            "Trips from Rome to Oslo by donkey",
            "n",
        ),
        # "Make" means "create" between names, and nothing in a sentence.
        ([Signature("create_note", "Creates a note.", "", ())], "Make it so.", None),
        # Any verb that asks for a thing does where it begins the sentence, and there alone.
        ([Signature("call_taxi", "Calls a taxi.", "", ())], "Book a taxi.", "cn"),
        ([Signature("call_taxi", "Calls a taxi.", "", ())], "Hail a taxi.", None),
        ([Signature("call_taxi", "Calls a taxi.", "", ())], "A taxi book.", None),
        # A garage may be meant to be locked or unlocked; "door" is a word of the tool's name.
        (LOCKS, "The garage please.", "gcn"),
        (LOCKS[:1], "The garage please.", "cn"),
        (LOCKS, "The garage door.", "cn"),
        (LOCKS, "Lock the garage.", "ocn"),
        # A switch that is called "on" can be told to be off.
        (
            [Signature("set_light_on", "Sets the light.", "", (needed("on", "boolean"),))],
            "Set the light off.",
            "ocn",
        ),
        ([Signature("light_on", "Switches a light.", "", ())], "The light off.", None),
    ],
)
def test_what_speaks_for_a_tool(tools, sentence, found):
    match = match_tool(sentence, tools[0], Vocabulary(list(tools)), NOW)
    flags = match and "".join(one for one, name in FLAGS.items() if getattr(match, name))
    assert flags == found


def test_a_match_is_one_sure_call_unless_it_says_otherwise():
    match = Match(Call("a"))
    assert match.calls == [Call("a", {}, 0.0)]
    assert (match.is_order, match.is_guess, match.is_clear) == (False, False, False)
    assert match.reads_numbers


SAID = "roll two dice please don't stop off on the in Rome 3 and music song Ada 50 dollars of ?"
WORDS = st.sampled_from(SAID.split())


@given(st.text(max_size=40) | st.lists(WORDS, max_size=9).map(" ".join))
def test_of_any_text_each_required_argument_is_given_or_missing(text):
    for tool in TOOLS.values():
        match = match_tool(text, tool, KNOWN, NOW)
        if match is not None:
            required = {one.name for one in tool.parameters if one.required}
            missing = {one.name for one in match.missing}
            assert missing == required - set(match.call.args)
            assert set(match.call.args) <= {one.name for one in tool.parameters}
            assert match.call.name == tool.name
            assert match.repeats >= 1
