"""What a swap ends, and hands over to another agent."""

from __future__ import annotations

import asyncio

import pytest
from adk_events import call, cut, done, heard, said, sound, text
from desk import CUT_1, LOUD, cascade, connected, sounding, speaking, taken
from google.adk.agents import Agent
from scripted import Scripted, echo

from adk_nb.live import handover
from adk_nb.live.swaps import Swaps
from adk_nb.wire import protocol

STATES = {"taken": taken, "speaking": speaking, "sounding": sounding}


@pytest.fixture
def desk():
    return connected()


async def test_a_swap_ends_the_turn_and_waits_for_what_a_cascade_says_was_heard(monkeypatch):
    desk = cascade()
    desk.type("count")
    desk.take()
    desk(said("One", final=False))
    settling = asyncio.create_task(desk.exchange.handover.settle())
    await asyncio.sleep(0)
    assert not settling.done()
    desk(cut())
    await settling
    desk.type("on")
    desk.take()
    desk(said("Two", final=False))
    monkeypatch.setattr(handover, "_SETTLE_S", 0.0)
    await desk.exchange.handover.settle()  # It never says so.
    assert desk.turn.interrupted
    other = speaking()
    await other.exchange.handover.settle()
    assert other.turn.interrupted


@pytest.mark.parametrize(
    ("state", "lets_sound", "interrupted"),
    [
        ("sounding", True, False),
        ("sounding", False, True),
        ("speaking", True, True),
        ("speaking", False, True),
        ("taken", True, True),
    ],
)
async def test_what_a_swap_cuts_off(state, lets_sound, interrupted):
    desk = STATES[state]()
    await desk.exchange.handover.settle(lets_sound=lets_sound)
    assert (CUT_1 in desk.rows()) is interrupted


async def test_a_swap_leaves_speech_that_goes_on_to_the_next_agent(desk):
    desk(heard("What", final=False))
    await desk.exchange.handover.settle()
    assert not desk.turn.ended


async def test_a_swap_ends_the_tools_that_run(desk):
    ended = []

    async def running():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    async def add(_event): ...

    desk.type("roll").take()
    desk.exchange.tools.run(["c"], running(), add)
    desk(call())
    for _ in range(5):
        await asyncio.sleep(0)
    await desk.exchange.handover.settle()
    assert ended == [True]


def test_another_agent_is_a_row_and_two_messages(desk):
    desk.type("roll")(said("A four."), done())
    coin = Agent(name="coin", model=Scripted(echo, model="other"))
    before, desk.exchange.swaps.agent = desk.exchange.swaps.agent, coin
    messages = len(desk.page.messages)
    desk.exchange.handover.adopted(coin, before, ["Agent: coin.", "Model: other."], "v1")
    row = desk.log[-1]
    assert (row.source, row.kind, row.turn, row.agent, row.model, row.text) == (
        "bridge", "agent_swapped", 2, "coin", "other", "Agent: coin. Model: other.",
    )  # fmt: skip
    assert row.args == {"before": "dice", "tools": [], "history": "s"}
    assert desk.page.messages[messages:] == [
        protocol.AgentChanged("coin", "other", [], ["Agent: coin.", "Model: other."], video=True),
        protocol.Note("1", 1, "swap", "Agent: coin. Model: other."),
    ]
    assert (desk.exchange.turns.agent, desk.exchange.turns.model) == ("coin", "other")


def test_a_fork_keeps_what_belongs_to_its_turns(desk):
    first, second = text("1."), text("2.")
    desk.type("one")(first, done()).type("two")(second, done())
    kept, turns = desk.exchange.handover.kept_until(None)
    assert (kept(second), turns) == (True, [1, 2])
    kept, turns = desk.exchange.handover.kept_until(1)
    assert (kept(first), kept(second), turns) == (True, False, [1])


def test_speech_that_no_model_has_answered_goes_to_the_next(desk):
    assert desk.exchange.handover.unheard() == []
    desk.exchange.realtime_input.open_microphone(1, on=True)
    desk.exchange.realtime_input.hear(1, LOUD)
    desk(heard("Hi", final=False))
    assert desk.exchange.handover.unheard() == [LOUD]


def test_a_swap_tells_the_tools_that_are_on(desk, monkeypatch):
    coin = Agent(name="coin", model=Scripted(echo))
    desk.exchange.swaps.agent = coin
    tools = [{"name": "flip", "on": True}, {"name": "spin", "on": False}]
    monkeypatch.setattr(Swaps, "tools", tools)
    desk.exchange.handover.adopted(coin, coin, ["Tools."], "v1")
    assert desk.log[-1].args["tools"] == ["flip"]


async def test_after_a_swap_nothing_of_the_earlier_agents_answer_is_expected(desk):
    desk.type("count").take()
    desk(sound())
    desk.exchange.interruptions.cut()
    assert desk.exchange.turns.machine.answer.dropping
    await desk.exchange.handover.settle()
    assert not desk.exchange.turns.machine.answer.dropping
