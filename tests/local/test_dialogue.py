from __future__ import annotations

from datetime import datetime

import pytest
from google.adk.tools import FunctionTool
from tool_set_scores import declared

from adk_nb.local.dialogue import LEAVE_IT, ONCE_MORE, Exchange, understand
from adk_nb.local.router import Router

NOW = datetime(2026, 3, 4, 10, tzinfo=None)  # noqa: DTZ001 - On the user's clock.


def roll_dice(count: int = 1, sides: int = 6) -> list:
    """Rolls dice.

    Args:
        count: How many dice to roll.
        sides: How many sides each die has.
    """


def book_table(restaurant: str, people: int, time: str) -> str:
    """Books a table at a restaurant.

    Args:
        restaurant: Name of the restaurant.
        people: Number of people.
        time: At what time.
    """


def get_weather(city: str, day: str = "today") -> str:
    """Returns the weather forecast for a city."""


def set_timer(minutes: float) -> str:
    """Sets a timer."""


def play_song(song: str) -> str:
    """Plays a song."""


TOOLS = [
    FunctionTool(tool)._get_declaration()
    for tool in (roll_dice, book_table, get_weather, set_timer, play_song)
]


class Conversation:
    """Answers as the brain does, and keeps what was said."""

    def __init__(self, tools=TOOLS):
        self.router = Router(tools, now=NOW)
        self.exchanges = []

    def say(self, *said):
        """Returns the calls as names and arguments, or the question."""
        decision = understand([*self.exchanges, Exchange(said)], self.router)
        calls = tuple(decision.calls)
        self.exchanges.append(Exchange(said, decision.text or "Well.", calls))
        return decision.text or [(call.name, call.args) for call in calls]


def test_what_is_missing_is_asked_for_one_by_one():
    talk = Conversation()
    assert talk.say("Book a table") == "At which restaurant?"
    assert talk.say("Luigi's") == "For how many people?"
    assert talk.say("for four") == "At what time?"
    wanted = {"restaurant": "Luigi's", "people": 4, "time": "seven"}
    assert talk.say("at seven") == [("book_table", wanted)]
    assert talk.say("no, at eight") == [("book_table", {**wanted, "time": "eight"})]
    assert talk.say("make it five people") == [
        ("book_table", {**wanted, "time": "eight", "people": 5})
    ]


def test_an_answer_may_give_more_than_was_asked_for():
    talk = Conversation()
    assert talk.say("Book a table at Luigi's") == "For how many people?"
    (call,) = talk.say("four people at half past seven")
    assert call[1] == {"restaurant": "Luigi's", "people": 4, "time": "half past seven"}


def test_a_question_that_was_cut_in_on_is_still_answered():
    talk = Conversation()
    question = talk.say("Set a timer")
    talk.exchanges[-1] = Exchange(("Set a timer",), question[:8])
    assert talk.say("ten") == [("set_timer", {"minutes": 10.0})]


@pytest.mark.parametrize("said", ["cancel", "Never mind.", "No.", "forget it"])
def test_a_question_is_taken_back(said):
    talk = Conversation()
    talk.say("Book a table")
    assert talk.say(said) == LEAVE_IT
    assert talk.say("four") == []


@pytest.mark.parametrize("said", ["the big old one there", "nothing at all"])
def test_what_answers_nothing_is_asked_for_again(said):
    talk = Conversation()
    question = talk.say("Set a timer")
    assert talk.say(said) == f"{ONCE_MORE} {question}"
    assert talk.say("ten") == [("set_timer", {"minutes": 10.0})]


@pytest.mark.parametrize("said", ["Who are you?", "I am tired.", "Hello there."])
def test_talk_in_between_is_no_answer(said):
    talk = Conversation()
    talk.say("Set a timer")
    assert talk.say(said) == []


def test_another_request_comes_before_an_answer():
    talk = Conversation()
    talk.say("Book a table")
    assert talk.say("Roll the dice.") == [("roll_dice", {})]


@pytest.mark.parametrize(
    ("first", "then", "call"),
    [
        ("What's the weather in Oslo?", "and in Paris?", ("get_weather", {"city": "Paris"})),
        ("What's the weather in Oslo?", "What about Rome?", ("get_weather", {"city": "Rome"})),
        (
            "What's the weather in Oslo?",
            "and tomorrow?",
            ("get_weather", {"city": "Oslo", "day": "tomorrow"}),
        ),
        ("Roll three dice.", "again", ("roll_dice", {"count": 3})),
        ("Roll three dice.", "and another", ("roll_dice", {"count": 3})),
        ("Roll three dice.", "Roll another.", ("roll_dice", {"count": 3})),
        ("Roll three dice.", "One more time, please.", ("roll_dice", {"count": 3})),
        ("Roll three dice.", "no, twelve", ("roll_dice", {"count": 12})),
        ("Roll three dice.", "the same with ten sides", ("roll_dice", {"count": 3, "sides": 10})),
        ("Set a timer for ten minutes.", "make it half an hour", ("set_timer", {"minutes": 30.0})),
        ("Set a timer for ten minutes.", "the same for five", ("set_timer", {"minutes": 5.0})),
        ("Play the song Hello.", "not Hello, Help", ("play_song", {"song": "Help"})),
    ],
)
def test_what_is_said_about_the_last_call(first, then, call):
    talk = Conversation()
    assert talk.say(first)
    assert talk.say(then) == [call]


@pytest.mark.parametrize("said", ["Thank you.", "That was nice.", "I like Paris.", "no", "and?"])
def test_what_is_no_request_changes_nothing(said):
    talk = Conversation()
    talk.say("What's the weather in Oslo?")
    assert talk.say(said) == []


def test_a_remark_is_no_answer():
    talk = Conversation()
    talk.say("What's the weather?")
    assert talk.say("I'm tired.") == []
    assert Conversation(declared("house")).say("Do you have a favourite colour?") == []


def test_there_is_where_the_last_call_was():
    talk = Conversation(declared("quickstart"))
    talk.say("What time is it in Rome?")
    assert talk.say("And the weather there?") == [("get_weather", {"city": "Rome"})]


def test_all_calls_of_a_sentence_wait_for_what_one_lacks():
    talk = Conversation()
    assert talk.say("Set a timer for five minutes and play a song") == "Which song?"
    assert talk.say("Yesterday") == [
        ("set_timer", {"minutes": 5.0}),
        ("play_song", {"song": "Yesterday"}),
    ]


def test_a_tool_that_changes_something_is_asked_about_when_half_sure():
    talk = Conversation(declared("concierge"))
    said = "Transfer fifty dollars to Maria quickly"
    assert talk.say(said).startswith("Shall I transfer money")
    assert talk.say("Yes, please.") == [
        ("transfer_money", {"amount": 50.0, "recipient_name": "Maria"})
    ]
    assert talk.say(said).startswith("Shall I transfer money")
    assert talk.say("No.") == LEAVE_IT


def test_nothing_said_asks_for_nothing():
    router = Router(TOOLS)
    assert understand([], router).calls == []
    assert understand([Exchange(())], router).text == ""
