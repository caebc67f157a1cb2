"""What is asked again, or told in words, after a connection was lost: a row a rule."""

from __future__ import annotations

import asyncio

import pytest
from adk_events import call, content, done, heard, result, said, sound
from desk import LOUD, Desk
from google.adk.agents import Agent
from google.genai import types
from scripted import Scripted, echo

import adk_nb
from adk_nb.exceptions import ModelError
from adk_nb.live.reconnection import Dial
from adk_nb.live.tool_runs import ToolRuns

LOST = ModelError("The connection was closed.", code="connection_lost")
ASKED_AGAIN = "The connection to the model was lost in mid-turn; it was asked again."
TOLD = "The connection to the model was lost in mid-turn; it was told what had been done."


def roll() -> int:
    """Rolls a die."""
    return 4


@adk_nb.retriable
def look() -> int:
    """Changes nothing."""
    return 4


@pytest.fixture
async def desk():
    desk = Desk(Agent(name="dice", model=Scripted(echo), tools=[roll, look])).connect()
    desk.exchange.reader.resumable = True
    return desk


def loses(desk, *, resumed=False, history=None):
    """The connection is lost and made again; in another run where the service does not resume."""
    desk.exchange.run_lost(LOST)
    if not resumed:
        desk.exchange.run_begins()
    if history is not None:
        desk.exchange.reconnection.awaits_answer(history)
    desk.exchange.run_connected(resumed=resumed)


def words(text, role="user"):
    return types.Content(role=role, parts=[types.Part(text=text)])


def notes(desk):
    return [one[2] for one in desk.shown() if one[0] == "note"]


def codes(desk):
    return [one.code for one in desk.page.errors()]


def speaks(desk, seconds=1.0):
    """The user speaks, and the model has heard it."""
    desk.exchange.realtime_input.open_microphone(desk.page, on=True)
    for _ in range(int(seconds * 50)):
        desk.exchange.realtime_input.hear(desk.page, LOUD)
    desk(heard("What time is it?"))
    return desk.take()


async def test_before_the_first_connection_nothing_is_known():
    reconnection = Desk().exchange.reconnection
    assert (reconnection.connected, reconnection.dial) == (False, Dial())
    assert Dial() == Dial(
        returned=frozenset(), told_history=False, asked=False, taking_over=False
    )  # fmt: skip
    assert reconnection.knows([])


async def test_a_connection_that_is_made_knows_what_had_returned_before_it(desk):
    desk.type("roll").take()
    desk(call("roll", "a"), call("roll", "b"), result({"result": 4}, "roll", "a"))
    reconnection = desk.exchange.reconnection
    reconnection.dial.taking_over = True
    reconnection.dials()
    assert reconnection.dial == Dial(frozenset({"a"}))


# A typed question.


@pytest.mark.parametrize("resumed", [True, False])
async def test_a_typed_question_is_asked_again_and_that_is_told(desk, resumed):
    desk.type("roll").take()
    loses(desk, resumed=resumed)
    assert (desk.sent(), notes(desk), codes(desk)) == (
        ["roll"], [ASKED_AGAIN], ["connection_lost"],
    )  # fmt: skip


async def test_a_question_that_waits_still_is_sent_once_and_nothing_is_told(desk):
    desk.type("roll")
    loses(desk)
    assert (desk.sent(), notes(desk), codes(desk)) == (["roll"], [], [])


@pytest.mark.parametrize(
    ("history", "sent"),
    [
        ([words("roll")], []),
        ([words("Please roll it.")], []),
        ([words("roll"), words("Well", "model")], ["roll"]),
        ([words("flip")], ["roll"]),
        ([types.Content(role="user")], ["roll"]),
        ([], ["roll"]),
    ],
    ids=["it", "within more", "an answer after it", "another", "no words", "empty"],
)
async def test_a_history_that_ends_with_the_question_asks_it(desk, history, sent):
    desk.type("roll").take()
    loses(desk, history=history)
    assert (desk.sent(), notes(desk)) == (sent, [ASKED_AGAIN])


@pytest.mark.parametrize(
    ("history", "asks"),
    [
        ([words("roll")], True),
        ([words("roll"), words("Well", "model")], False),
        ([words("flip")], False),
        ([], False),
    ],
    ids=["it", "an answer after it", "another", "empty"],
)
async def test_what_a_history_asks_is_said_to_who_sends_it(desk, history, asks):
    desk.type("roll").take()
    reconnection = desk.exchange.reconnection
    reconnection.dials()
    assert reconnection.awaits_answer(history) is asks
    assert reconnection.dial == Dial(told_history=True, asked=asks)


async def test_a_history_with_a_result_that_is_told_later_asks_nothing(desk):
    desk.type("roll").take()
    desk(call())
    reconnection = desk.exchange.reconnection
    reconnection.dials()
    desk(result({"result": 4}))
    assert reconnection.awaits_answer([words("roll")]) is False
    assert reconnection.dial == Dial(told_history=True)


async def test_where_nobody_asked_a_history_asks_nothing(desk):
    assert desk.exchange.reconnection.awaits_answer([words("roll")]) is False


async def test_a_service_that_resumed_got_no_question_by_a_history(desk):
    desk.type("roll").take()
    desk.exchange.run_lost(None)
    desk.exchange.reconnection.awaits_answer([words("roll")])
    desk.exchange.reconnection.dial.told_history = False
    desk.exchange.run_connected(resumed=True)
    assert desk.sent() == ["roll"]


async def test_a_second_loss_fails_the_turn_and_takes_the_question_back(desk):
    desk.type("roll").take()
    loses(desk)
    desk.exchange.run_lost(LOST)
    assert (desk.turn.status, desk.sent()) == ("failed", [])
    assert desk.page.errors()[-1].message == (
        "The connection to the model was lost twice in this turn."
    )
    assert desk.page.errors()[-1].remedy == "Say it again."
    # The next turn begins anew, and may be asked again itself.
    desk.exchange.run_connected(resumed=False)
    desk.type("flip").take()
    loses(desk)
    assert desk.sent() == ["flip"]


async def test_without_a_question_nothing_is_asked_or_told(desk):
    desk.type("roll").take()
    desk(said("Four."), done())
    loses(desk)
    between = ["The connection to the model was lost, and made again."]
    assert (desk.sent(), notes(desk), codes(desk)) == ([], between, [])


@pytest.mark.parametrize(
    ("resumable", "told", "resumed", "means"),
    [
        (True, False, True, True),
        (True, True, True, None),
        (False, False, True, None),
        (True, True, False, False),
        (False, False, False, False),
        (True, False, None, None),
    ],
)
async def test_a_transfer_within_a_run_is_no_loss(desk, resumable, told, resumed, means):
    reconnection = desk.exchange.reconnection
    desk.exchange.reader.resumable = resumable
    reconnection.dial.told_history = told
    reconnection.connected = False
    assert reconnection.made(resumed=resumed) is means
    assert (reconnection.connected, reconnection.dial.told_history) == (True, False)


async def test_the_agent_of_a_transfer_takes_over_once(desk):
    reconnection = desk.exchange.reconnection
    assert not reconnection.taking_over()
    reconnection.dial.taking_over = True
    assert [reconnection.taking_over(), reconnection.taking_over()] == [True, False]


# A spoken one.


async def test_speech_is_sent_again_in_its_order(desk):
    spoken = speaks(desk)
    assert sum(spoken) == 50 * len(LOUD)
    loses(desk)
    assert (sum(desk.sent()), notes(desk)) == (50 * len(LOUD), [ASKED_AGAIN])
    sent = b"".join(one.blob.data for one in desk.exchange.live.queue.waiting)
    assert sent == LOUD * 50
    assert not desk.turn.user_text  # It is transcribed anew.


async def test_speech_that_a_history_asks_for_is_not_sent_again(desk):
    speaks(desk)
    loses(desk, history=[words("What time is it?")])
    assert (desk.sent(), desk.turn.user_text) == ([], "What time is it?")


@pytest.mark.parametrize("waiting", [1, 30, 49])
async def test_what_still_waits_of_speech_is_sent_once(desk, waiting):
    speaks(desk, 1.0)
    queue = desk.exchange.live.queue
    for _ in range(waiting):
        desk.exchange.realtime_input.hear(desk.page, LOUD)
    waits = sum(len(one.blob.data) for one in queue.waiting)
    assert waits == waiting * len(LOUD)
    loses(desk)
    sent = b"".join(one.blob.data for one in queue.waiting)
    assert sent == LOUD * (50 + waiting)


async def test_of_speech_that_mostly_waits_its_beginning_is_sent_again(desk):
    frames = [bytes([number, 64] * 320) for number in range(10)]
    desk.exchange.realtime_input.open_microphone(desk.page, on=True)
    for number, frame in enumerate(frames):
        if number == 4:
            desk.take()
        desk.exchange.realtime_input.hear(desk.page, frame)
    desk(heard("What time is it?"))
    loses(desk, resumed=True)
    assert desk.sent() == [4 * 640] + [640] * 6
    assert b"".join(one.blob.data for one in desk.exchange.live.queue.waiting) == b"".join(frames)


async def test_a_piece_that_waits_as_a_whole_is_not_sent_again(desk):
    desk.exchange.realtime_input.open_microphone(desk.page, on=True)
    for number in range(10):
        if number == 5:
            desk.take()
        desk.exchange.realtime_input.hear(desk.page, LOUD)
    desk(heard("What time is it?"))
    loses(desk, resumed=True)
    assert desk.sent() == [5 * 640] + [640] * 5


async def test_speech_of_which_no_turn_is_known_yet_is_sent_again_and_nothing_is_told(desk):
    desk.exchange.realtime_input.open_microphone(desk.page, on=True)
    for _ in range(4):
        desk.exchange.realtime_input.hear(desk.page, LOUD)
    assert desk.take() == [640] * 4
    loses(desk, resumed=True)
    assert (desk.sent(), codes(desk), desk.turn) == ([4 * 640], [], None)
    assert ASKED_AGAIN not in notes(desk)


# What is said on the new connection.


async def test_an_answer_that_was_cut_off_is_not_waited_for_on_another_connection(desk):
    desk.type("count").take()
    desk(said("One", final=False)).cut().type("go on").take()
    desk(said("two", final=False))  # Of the answer that was cut off.
    loses(desk, resumed=True)
    desk(said("Other.", final=True), done())
    assert [turn.agent_text for turn in desk.exchange.turns.all] == ["One", "Other."]


# Tools.


async def returns(desk, tool="roll", call_id="c", answer=4):
    """The model calls a tool, and it returns."""
    desk(call(tool, call_id), result({"result": answer}, tool, call_id))


async def test_after_a_tool_the_model_is_told_what_was_done_and_not_asked_again(desk):
    desk.type("roll").take()
    await returns(desk)
    loses(desk)
    assert (notes(desk), codes(desk)) == ([TOLD], ["connection_lost"])
    (told,) = desk.sent()
    assert told == (
        "The connection was interrupted while you answered this: 'roll'."
        " You called roll(); it returned 4."
        " Do not make these calls again. Go on with the answer."
    )
    assert [one.phase for one in _calls(desk)] == ["told"]


def _calls(desk):
    machine = desk.exchange.turns.machine
    return [machine.call(one.id)[1] for one in desk.turn.tool_calls]


async def test_a_history_that_has_the_result_tells_it(desk):
    desk.type("roll").take()
    await returns(desk)
    response = types.FunctionResponse(id="c", name="roll", response={"result": 4})
    history = [
        words("roll"),
        types.Content(role="user", parts=[types.Part(function_response=response)]),
    ]
    loses(desk, history=history)
    assert (desk.sent(), notes(desk)) == ([], [TOLD])
    assert [one.phase for one in _calls(desk)] == ["told"]


async def test_a_result_that_came_after_the_history_is_told_in_words(desk):
    desk.type("roll").take()
    desk(call("roll", "c"))
    desk.exchange.run_lost(None)
    desk.exchange.run_begins()
    desk(result({"result": 4}, "roll", "c"))
    assert not desk.exchange.reconnection.awaits_answer([words("roll")])
    desk.exchange.run_connected(resumed=False)
    assert len(desk.sent()) == 1
    assert "it returned" in desk.sent()[0]


async def test_a_call_that_runs_still_is_told_when_it_has_returned(desk, monkeypatch):
    desk.type("roll").take()
    desk(call("roll", "a"), call("roll", "b"), result({"result": 1}, "roll", "a"))
    monkeypatch.setattr(ToolRuns, "running", {"b"})
    loses(desk)
    assert desk.sent() == []
    monkeypatch.setattr(ToolRuns, "running", set())
    desk(result({"result": 2}, "roll", "b"))
    desk.exchange.reconnection.go_on(["b"])
    (told,) = desk.sent()
    assert told.count("You called roll()") == 2


async def test_results_wait_while_another_question_stands(desk):
    desk.type("roll").take()
    await returns(desk)
    desk(said("Well."), done())
    desk.type("next").take()
    desk.exchange.reconnection.go_on(["c"])
    assert desk.sent() == []
    desk(said("Yes."), done())
    await asyncio.sleep(0)
    assert len(desk.sent()) == 1
    assert "'roll'" in desk.sent()[0]
    desk.take()
    desk.exchange.reconnection.turn_ended()
    await asyncio.sleep(0)
    assert desk.sent() == []  # Once.


@pytest.mark.parametrize("why", ["closed", "not connected"])
async def test_results_that_wait_are_told_to_nobody_who_is_not_there(desk, why):
    desk.type("roll").take()
    await returns(desk)
    desk(said("Well."), done())
    desk.type("next").take()
    desk.exchange.reconnection.go_on(["c"])
    if why == "closed":
        desk.exchange.closed = True
    else:
        desk.exchange.reconnection.connected = False
    desk(said("Yes."), done())
    await asyncio.sleep(0)
    assert desk.sent() == []


async def test_results_of_two_turns_that_waited_are_both_told(desk):
    for words, call_id in (("roll", "a"), ("roll again", "b")):
        desk.type(words).take()
        await returns(desk, call_id=call_id)
        desk(said("Well."), done())
    desk.type("next").take()
    for call_id in ("a", "b", "a"):
        desk.exchange.reconnection.go_on([call_id])
    desk(said("Yes."), done())
    await asyncio.sleep(0)
    questions = [one.partition(" answered this: ")[2].partition(".")[0] for one in desk.sent()]
    assert questions == ["'roll'", "'roll again'"]


async def test_a_call_that_was_left_behind_holds_no_result_back(desk):
    """It has not returned, and never will: nothing runs it any more."""
    desk.type("roll").take()
    desk(call("roll", "a"), call("roll", "b"), result({"result": 1}, "roll", "a"))
    desk.exchange.reconnection.go_on(["a"])
    (told,) = desk.sent()
    assert told.count("You called roll()") == 2


async def test_a_model_that_was_told_what_was_done_does_no_call_again(desk, monkeypatch):
    continued = []
    calls = desk.exchange.live.calls
    monkeypatch.setattr(calls, "continued", lambda: continued.append(True))
    desk.type("roll").take()
    loses(desk)
    assert continued == []  # Nothing was done.
    desk(said("Well."), done()).type("roll").take()
    await returns(desk)
    loses(desk)
    assert continued == [True]


async def test_of_calls_that_nobody_knows_nothing_is_told(desk):
    desk.exchange.reconnection.go_on(["never", "made"])
    assert desk.sent() == []


async def test_a_connection_knows_its_own_calls(desk):
    reconnection = desk.exchange.reconnection
    reconnection.called(["a", "b"])
    assert reconnection.knows(["a", "b"])
    assert not reconnection.knows(["a", "c"])
    loses(desk)
    assert not reconnection.knows(["a"])
    reconnection.called(["b"])
    assert reconnection.knows(["b"])


async def test_sound_that_came_before_the_loss_stays(desk):
    desk.type("roll").take()
    desk(said("It is", final=False), sound())
    loses(desk)
    assert desk.sent() == ["roll"]
    desk(content(types.Part(text="Four.")), done())
    assert desk.turn.agent_text.endswith("Four.")


async def test_while_it_is_lost_no_connection_is_known(desk):
    reconnection = desk.exchange.reconnection
    assert reconnection.connected
    desk.exchange.run_lost(LOST)
    assert not reconnection.connected


async def test_a_service_that_resumes_after_its_history_was_told_has_lost_nothing(desk):
    """ADK makes a connection anew within one run, as after a transfer, and tells it the history."""
    desk.type("roll").take()
    desk.exchange.run_lost(LOST)
    assert not desk.exchange.reconnection.awaits_answer([words("Well", "model")])
    desk.exchange.run_connected(resumed=True)
    assert (desk.sent(), notes(desk)) == ([], [])


async def test_a_turn_that_was_asked_again_is_not_asked_a_third_time(desk):
    """Also where a loss was not seen, as between two agents of a run."""
    desk.type("roll").take()
    reconnection = desk.exchange.reconnection
    reconnection.ask_again(resumed=False)
    assert desk.take() == ["roll"]
    reconnection.ask_again(resumed=False)
    assert (desk.sent(), desk.turn.status) == ([], "failed")
    assert desk.turn.end_reason == "connection_lost"
