"""What the exchange knows of models, and hands on between its parts; as in `test_exchange.py`."""

from __future__ import annotations

import asyncio

import pytest
from adk_events import call, done, result, said, sound
from desk import LOUD, Desk, cascade, connected, notes
from google.adk.agents import Agent
from scripted import Scripted, echo

from adk_nb.exceptions import AdkNbError, SessionClosedError
from adk_nb.live import coordinator
from adk_nb.live.swaps import Swaps


@pytest.fixture
def desk():
    return connected()


# --- what the model does


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("gemini-2.5-flash-native-audio", (False, True, False, True)),
        ("gemini-3.1-flash-live", (False, True, False, False)),
        ("models/gemini-3.8-live", (False, True, False, False)),
        (Scripted(echo), (False, False, True, True)),
    ],
)
def test_what_is_known_of_a_model(model, known):
    exchange = Desk(Agent(name="dice", model=model)).exchange
    turns = exchange.turns
    assert known == (
        exchange.reader.cumulative,
        turns.transcripts.deltas,
        turns.transcripts.ends_with_final,
        turns.machine.calls.completes_calls,
    )


def test_what_is_known_of_a_cascade():
    exchange = cascade().exchange
    assert exchange.reader.cumulative
    assert exchange.turns.transcripts.deltas
    assert not exchange.turns.machine.calls.completes_calls


@pytest.mark.parametrize(
    ("model", "waits"),
    [
        ("gemini-3.8-live", False),
        ("models/gemini-3.8-live-extended-thinking", False),
        ("gemini-3.1-flash-live", True),
        ("not-gemini-3.8-live", True),
        ("", True),
    ],
)
def test_which_models_wait_for_a_tool(desk, model, waits):
    desk.exchange.turns.model = model
    assert desk.exchange.blocks("roll") is waits
    assert coordinator.waits_for_no_tool(model) is not waits


@pytest.mark.parametrize("model", ["gemini-3.8-live", "gemini-3.1-flash-live-extended-thinking"])
def test_other_models_are_not_told_to_wait_for_no_tool(desk, model):
    desk.exchange.turns.model = model
    desk.exchange.tools_declared({"roll": True})
    assert desk.page.errors() == []


# --- a silence that lasts


@pytest.mark.parametrize("why", ["silent", "busy", "a cascade"])
def test_a_silence_that_lasts_fails_the_turn_unless_an_answer_is_sure(desk, why):
    desk = cascade() if why == "a cascade" else desk
    desk.type("roll").take()
    turn = desk.exchange.turns.machine.current
    turn.busy = why == "busy"
    messages = len(desk.shown())
    desk.exchange.silence_lasts(turn, "first", 20.0)
    if why != "silent":
        assert not desk.turn.ended
        return
    assert (desk.turn.status, desk.turn.end_reason) == ("failed", "silent")
    text = "The model has said nothing to this for 20 s."
    assert desk.turn.error == f"{text} Say it again, or in other words."
    assert desk.shown()[messages:] == [(1, "failed"), "ready", ("error", "silent")]


# --- prompts


def test_a_prompt_is_sent_at_once_or_after_the_open_turn(desk):
    first = desk.exchange.prompt("Say hello.\ud83d")
    assert (first.index, first.prompt, desk.sent(), desk.exchange.status) == (
        1, "Say hello.\ufffd", ["Say hello.\ufffd"], "thinking",
    )  # fmt: skip
    desk.take()
    second = desk.exchange.prompt("Go on.")
    assert (second.index, desk.sent()) == (2, [])
    desk(said("Hello."), done())
    assert desk.sent() == ["Go on."]
    assert notes(desk) == [
        (0, "prompt", "Prompt: Say hello.\ufffd"), (1, "prompt", "Prompt: Go on."),
    ]  # fmt: skip


@pytest.mark.parametrize("do", ["typed", "prompt"])
def test_a_closed_session_makes_no_turn(desk, do):
    desk.exchange.closed = True
    with pytest.raises(SessionClosedError):
        desk.exchange.prompt("Hi") if do == "prompt" else desk.type("Hi")
    assert desk.exchange.turns.all == []


async def test_a_prompt_overtakes_speech_without_words(monkeypatch):
    monkeypatch.setattr(coordinator, "_WORDLESS_S", 0.0)
    desk = connected()
    desk.exchange.turns.machine.utterances.spoke_unheard()
    desk.exchange.prompt("Go on.")
    await asyncio.sleep(0.01)
    assert desk.sent() == ["Go on."]


# --- typed texts


def test_a_cascade_is_told_that_it_is_cut_off_by_a_text_unless_that_was_not_sent():
    desk = cascade()
    desk.type("count")
    desk.type("rather flip")  # The first was not sent yet.
    assert desk.take() == ["rather flip"]
    desk(said("One", final=False)).type("stop")
    assert desk.take() == ["activity_start", "stop"]


def test_a_cascade_that_is_silent_after_a_transfer_is_not_told(desk):
    desk = cascade()
    desk.type("count").take()
    desk.exchange.reader.silent = True
    desk.type("stop")
    assert desk.sent() == ["stop"]


# --- connections


@pytest.mark.parametrize(
    ("error", "asked", "noted"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_a_loss_that_nobody_waits_for_is_a_line_once_it_is_over(desk, error, asked, noted):
    desk.exchange.reader.resumable = True
    if asked:
        desk.type("roll")
    desk.exchange.run_lost(AdkNbError("gone") if error else None)
    for _ in range(2):
        desk.exchange.run_connected(resumed=True)
    text = "The connection to the model was lost, and made again."
    assert notes(desk) == ([(0, "reconnected", text)] if noted else [])


def test_the_line_of_a_loss_is_after_the_newest_turn(desk):
    desk.type("roll")(said("A four."), done())
    desk.exchange.reconnected("It was made again.")
    assert notes(desk) == [(1, "reconnected", "It was made again.")]


async def test_calls_of_older_turns_than_three_are_left_alone(desk):
    for number in range(4):
        desk.type("roll").take()
        desk(call(call_id=f"c{number}"))
        desk.exchange.turns.calls.tool_deferred(f"c{number}")
        desk(done())
    await desk.exchange.run_ended()
    errors = [one.error for turn in desk.exchange.turns.all for one in turn.tool_calls]
    assert errors == [None, *["The call was cut off."] * 3]


# --- what one part hands on to another


@pytest.mark.parametrize("used", [False, True])
def test_speech_before_a_model_takes_anything_opens_its_turn(desk, used):
    exchange = desk.exchange
    exchange.live.queue._sender = object() if used else None
    exchange.open_microphone(1, on=True)
    for _ in range(10):
        exchange.hear(1, LOUD)
    assert [turn.spoken for turn in exchange.turns.all] == ([] if used else [True])


async def test_a_result_that_comes_after_its_run_is_told_in_words(desk):
    desk.type("roll").take()
    desk.exchange.reconnection.called(["c"])
    desk(call())
    await desk.exchange.tools_returned(result({"result": 4}), late=True)
    (told,) = desk.exchange.live.queue.waiting
    assert told.content.parts[0].function_response is None


async def test_a_reaction_is_waited_for_from_the_newest_result_and_completion_on(desk, monkeypatch):
    monkeypatch.setattr(desk.exchange, "blocks", lambda _name: False)
    desk.type("roll").take()
    desk(call(call_id="a"), call(call_id="b"), sound(), done())
    desk(result({"result": 4}, call_id="a"), result({"result": 5}, call_id="b")).tell("a")
    first = desk.exchange._reaction
    desk.tell("b")
    second = desk.exchange._reaction
    assert (first.cancelled(), second.cancelled()) == (True, False)
    desk(said("Well", final=False))
    assert desk.exchange._reaction is second
    desk(done())
    assert second.cancelled()


def test_who_waits_for_the_end_of_a_turn_is_told(desk):
    ended = []
    desk.exchange.on_turn_end = ended.append
    desk.type("roll")(said("A four."), done())
    assert ended == [desk.turn]


def test_a_swap_is_told_of_its_connection(desk, monkeypatch):
    told = []
    monkeypatch.setattr(Swaps, "connected", lambda _self: told.append(True))
    desk.exchange.run_connected()
    assert told == [True]


def test_what_a_guard_says_is_read_in_the_answers_place(desk):
    desk.type("tell me")(sound(), said("The key is", final=False))
    guard = said("I cannot say that.")
    assert desk.exchange.withheld(guard.id, begun=True) is True  # Its sound is to be forgotten.
    desk(guard)
    assert (desk.turn.agent_text, desk.turn.withheld, desk.exchange.status) == (
        "I cannot say that.", True, "ready",
    )  # fmt: skip
    assert [row.kind for row in desk.log][-2:] == ["withheld", "turn_ended"]


def test_what_is_traced_in_a_run_is_written_to_its_log(monkeypatch):
    collected = []
    monkeypatch.setattr(coordinator, "collect", collected.append)
    desk = Desk().connect()
    assert collected == [desk.log]


async def test_what_tools_return_after_a_run_is_not_added_to_it(desk, monkeypatch):
    ends = []
    monkeypatch.setattr(desk.exchange.tool_runs, "run_ends", lambda: ends.append(True))
    await desk.exchange.run_ended()
    assert ends == [True]


async def test_after_a_swap_nothing_of_the_earlier_agents_answer_is_expected(desk):
    desk.type("count").take()
    desk(sound())
    desk.exchange.cut()
    assert desk.exchange.turns.machine.answer.dropping
    await desk.exchange.settle()
    assert not desk.exchange.turns.machine.answer.dropping


@pytest.mark.parametrize(("says", "wait"), [(True, 1.0), (False, 5.0)])
async def test_how_long_a_reaction_is_waited_for(desk, monkeypatch, says, wait):
    monkeypatch.setattr(desk.exchange, "blocks", lambda _name: False)
    desk.type("roll").take()
    desk(call(), sound(), done())
    desk(result({"result": 4})).tell()
    if says:  # It may be about the result, or have been on its way before.
        desk(said("One moment."), done(interaction_status="IN_PROGRESS"))
    left = desk.exchange._reaction.when() - asyncio.get_running_loop().time()
    assert wait - 0.5 < left <= wait


async def test_a_run_that_is_made_again_leaves_its_turn_open(desk):
    desk.type("count").take()
    desk(said("One", final=False))
    await desk.exchange.run_ended()
    assert not desk.turn.ended


async def test_the_newest_two_turns_are_completed_in_the_history(desk, monkeypatch):
    completed = []

    async def complete(turn, _since, _others):
        completed.append(turn.index)
        return []

    monkeypatch.setattr(desk.exchange.histories, "complete", complete)
    for _ in range(4):
        desk.type("roll").take()
        desk(said("A four."), done())
    desk.exchange.histories.current.turns.remove(4)  # It is of another history.
    desk.type("again")
    await desk.exchange.run_ended()
    assert completed == []
    desk(said("A six."), done())
    await desk.exchange.run_ended()
    assert completed == [5]


async def test_calls_of_a_turn_that_do_not_run_any_more_are_cut_off(desk, monkeypatch):
    desk.type("roll").take()
    desk(call(call_id="a"), call(call_id="b"))
    monkeypatch.setattr(type(desk.exchange.tool_runs), "running", {"b"})
    await desk.exchange.cut_off(desk.turn)
    assert [one.error for one in desk.turn.tool_calls] == ["The call was cut off.", None]
