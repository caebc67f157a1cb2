"""How a session opens and ends, from any thread, and what it gives back."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import weakref

import pytest
from bridges import break_loop
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from scripted import echo
from sessions import agent, kinds, wait_for

import adk_nb
from adk_nb import LiveSession
from adk_nb.bridge_thread import THREAD_NAME
from adk_nb.exceptions import (
    AdkNbError,
    BridgeError,
    SessionClosedError,
)


def test_a_session_starts_by_itself_when_it_is_first_used():
    session = LiveSession(agent(echo))
    assert session.turns == []
    assert session.status == "connecting"
    try:
        assert session.say("hi").agent_text == "You said hi."
        assert session.start() is session
        assert session.say("more").index == 2
    finally:
        session.close()


def test_a_session_that_is_read_is_not_started():
    before = set(threading.enumerate())
    session = LiveSession(agent(echo))
    assert session.turns_df().empty
    assert dict(session.state) == {}
    wait_for(lambda: set(threading.enumerate()) <= before)


@pytest.mark.long
async def test_a_session_that_is_first_used_twice_at_once_starts_once():
    # The answer takes a moment: who waits for a turn that has ended already waits for the next.
    session = LiveSession(agent(lambda came: [1.0, *echo(came)]))
    try:
        turns = await asyncio.gather(session.wait_for_turn_async(), session.say_async("a"))
        assert turns[0] is turns[1]
        assert kinds(session).count("connected") == 1
        assert session.bridge.users == 1
    finally:
        session.close()


def test_the_bridge_thread_can_use_a_session_that_is_not_started():
    session = LiveSession(agent(echo))

    async def inside():
        return await session.say_async("hi")

    try:
        with LiveSession(agent(echo)) as other:
            assert other.bridge.call(inside(), timeout=20).agent_text == "You said hi."
    finally:
        session.close()


def test_a_session_that_cannot_start_leaves_no_thread_behind():
    before = set(threading.enumerate())
    session = LiveSession(agent(echo), sessions="sqlite:////nowhere/at/all.db")
    with pytest.raises(AdkNbError, match="unable to open"):
        session.say("hi")
    wait_for(lambda: set(threading.enumerate()) <= before)


def test_a_session_that_cannot_start_leaves_no_trace():
    class Broken(InMemorySessionService):
        async def get_session(self, **_):
            raise OSError("unable to open database file")

    before = sys.getswitchinterval()
    with pytest.raises(AdkNbError, match="database"):
        LiveSession(agent(echo), sessions=Broken()).start()
    assert sys.getswitchinterval() == before
    assert not [t for t in threading.enumerate() if t.name == THREAD_NAME]


def test_a_closed_session_can_be_read_but_says_nothing():
    with LiveSession(agent(echo)) as session:
        session.say("hi")
    assert session.turns[0].agent_text == "You said hi."
    assert session.status == "closed"
    assert "closed, 1 turns" in repr(session)
    for what in (lambda: session.say("hi"), session.interrupt, session.start):
        with pytest.raises(SessionClosedError, match="closed"):
            what()
    session.close()


def test_closing_leaves_no_thread_behind():
    before = set(threading.enumerate())
    with LiveSession(agent(echo)) as one, LiveSession(agent(echo)) as two:
        one.say("a")
        two.say("b")
    wait_for(lambda: set(threading.enumerate()) <= before)


@pytest.mark.long
def test_a_closed_session_is_let_go_while_others_go_on():
    with LiveSession(agent(echo)):
        session = LiveSession(agent(echo)).start()
        session.say("hi")
        session.close()
        gone = weakref.ref(session)
        del session
        wait_for(lambda: gc.collect() >= 0 and gone() is None)


def test_closing_that_takes_long_does_not_raise_and_goes_on(monkeypatch, caplog):
    monkeypatch.setattr("adk_nb.session_life._CLOSE_S", 0.05)
    session = LiveSession(agent(echo)).start()
    stop = session._exchange.live.stop
    over = threading.Event()

    async def slowly():
        await asyncio.sleep(0.4)
        await stop()
        over.set()

    session._exchange.live.stop = slowly
    session.close()
    assert session.status == "closed"
    assert "still being closed" in caplog.text
    assert over.wait(10)


def test_a_session_whose_loop_has_ended_is_closed_and_read(tmp_path):
    session = LiveSession(agent(echo), record=tmp_path).start()
    session.say("hi")
    break_loop(session.bridge)
    wait_for(lambda: not session.bridge.alive)
    with pytest.raises(BridgeError, match="has ended"):
        session.say("hello")
    session.close()
    assert session.status == "closed"
    assert [turn.user_text for turn in session.turns] == ["hi"]
    assert adk_nb.turns_df(tmp_path).user_text.tolist() == ["hi"]
    assert not [one for one in threading.enumerate() if one.name == "adk-nb-recorder"]
    with LiveSession(agent(echo)) as other:
        assert other.say("hello").agent_text == "You said hello."
