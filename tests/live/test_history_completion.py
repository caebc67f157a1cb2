"""What is added to ADK's history beside what its run writes down."""

from __future__ import annotations

import asyncio

import pytest
from adk_events import call, done, event, said
from desk import connected, failures


@pytest.fixture
def desk():
    return connected()


async def test_a_history_that_cannot_be_completed_is_told(desk, monkeypatch):
    async def broken(_turn, _since, _others):
        raise OSError("no disk")

    monkeypatch.setattr(desk.exchange.histories, "complete", broken)
    desk.type("roll")(said("A four."), done())
    await desk.exchange.run_ended()
    assert len(failures(desk)) == 1
    assert "no disk" in desk.log[-1].error


async def test_each_turn_is_completed_beside_what_is_of_others(desk, monkeypatch):
    asked = []
    added = [event(), event()]

    async def complete(turn, _since, others):
        asked.append((turn.index, set(others)))
        return [added[turn.index - 1]]

    monkeypatch.setattr(desk.exchange.histories, "complete", complete)
    for asks in ("roll", "flip"):
        desk.type(asks)(said("Well."), done())
    read = desk.exchange.reader.turn_of
    of_first = {name for name, turn in read.items() if turn == 1}
    of_second = {name for name, turn in read.items() if turn == 2}
    await desk.exchange.run_ended()
    assert asked == [(1, of_second), (2, of_first | {added[0].id})]


async def test_what_completes_a_history_is_of_its_turn(desk, monkeypatch):
    added, closing = event(), event()

    async def complete(_turn, _since, _others):
        return [added]

    answers = [closing, None]

    async def answer(_call, _running):
        return answers.pop(0)

    monkeypatch.setattr(desk.exchange.histories, "complete", complete)
    monkeypatch.setattr(desk.exchange.histories, "answer", answer)
    desk.type("roll")(call(call_id="a"), call(call_id="b"))
    desk.cut()
    await asyncio.gather(*desk.exchange.tools._answering)
    await desk.exchange.run_ended()
    turns = desk.exchange.reader.turn_of
    assert (turns[added.id], turns[closing.id]) == (1, 1)
    assert failures(desk) == []


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
