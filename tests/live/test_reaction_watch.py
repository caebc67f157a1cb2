"""How long it is waited for what a model says about a result."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from adk_events import call, done, result, said, sound
from desk import connected

from adk_nb.live import reaction_watch
from adk_nb.live.reaction_watch import ReactionWatch


@pytest.fixture
def desk():
    return connected()


async def test_a_reaction_that_does_not_come_is_waited_for_no_more(desk, monkeypatch):
    monkeypatch.setattr(reaction_watch, "_REACTION_S", 0.0)
    monkeypatch.setattr(desk.exchange, "blocks", lambda _name: False)
    desk.type("roll").take()
    desk(call(), sound(), done())
    assert not desk.turn.ended
    desk(result({"result": 4})).tell()
    await asyncio.sleep(0.05)
    assert (desk.turn.status, desk.turn.end_reason) == ("complete", "no_reaction")
    assert desk.exchange.status == "ready"


async def test_a_reaction_is_waited_for_from_the_newest_result_and_completion_on(desk, monkeypatch):
    monkeypatch.setattr(desk.exchange, "blocks", lambda _name: False)
    desk.type("roll").take()
    desk(call(call_id="a"), call(call_id="b"), sound(), done())
    desk(result({"result": 4}, call_id="a"), result({"result": 5}, call_id="b")).tell("a")
    first = desk.exchange._reactions._timer
    desk.tell("b")
    second = desk.exchange._reactions._timer
    assert (first.cancelled(), second.cancelled()) == (True, False)
    desk(said("Well", final=False))
    assert desk.exchange._reactions._timer is second
    desk(done())
    assert second.cancelled()


@pytest.mark.parametrize(("says", "wait"), [(True, 1.0), (False, 5.0)])
async def test_how_long_a_reaction_is_waited_for(desk, monkeypatch, says, wait):
    monkeypatch.setattr(desk.exchange, "blocks", lambda _name: False)
    desk.type("roll").take()
    desk(call(), sound(), done())
    desk(result({"result": 4})).tell()
    if says:  # It may be about the result, or have been on its way before.
        desk(said("One moment."), done(interaction_status="IN_PROGRESS"))
    left = desk.exchange._reactions._timer.when() - asyncio.get_running_loop().time()
    assert wait - 0.5 < left <= wait


class Waiting:
    """Turns of which one may still get a reaction."""

    def __init__(self, output=None):
        told = SimpleNamespace(unreacted=True, may_have_reacted=False)
        self.machine = SimpleNamespace(told=told, answer=SimpleNamespace(turn=output))
        self.current, self.ended = object(), 0

    def no_reaction(self):
        self.ended += 1
        self.machine.told.unreacted = False
        self.current = None


@pytest.mark.parametrize(
    ("output", "event_s", "ends"),
    [
        (None, None, True),  # Nothing has come at all.
        (None, 0.0, True),
        (object(), 4.5, False),  # An answer goes on.
        (object(), 5.5, True),  # It has stopped.
    ],
)
async def test_an_answer_that_goes_on_is_waited_for(monkeypatch, output, event_s, ends):
    now, turns, ready = 1000.0, Waiting(output), []
    watch = ReactionWatch(turns, lambda: ready.append(True))
    monkeypatch.setattr(reaction_watch.time, "monotonic", lambda: now)
    if event_s is not None:
        watch.event_came()
        now += event_s
    watch.expect()
    watch._timer.cancel()
    watch._none_came()
    assert (turns.ended, ready, watch._timer is None) == (ends, [True] * ends, ends)
    if watch._timer is not None:
        watch._timer.cancel()


async def test_while_another_turn_is_open_the_session_is_not_ready():
    turns, ready = Waiting(), []
    turns.no_reaction = lambda: None
    ReactionWatch(turns, lambda: ready.append(True))._none_came()
    assert ready == []
