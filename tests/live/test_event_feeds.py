"""Functions and loops that follow a conversation."""

import asyncio
import threading

import pytest
from scripted import DONE, audio, call, echo, said, text_of
from sessions import agent, attach, do, wait_for

from adk_nb import AdkNbError, LiveSession
from adk_nb.exceptions import SessionClosedError
from adk_nb.live import event_feeds
from adk_nb.wire import protocol


def roll() -> int:
    """Rolls a die."""
    return 4


def rolls(came):
    return [call("roll")] if text_of(came) else [said("Four."), DONE]


def test_a_function_is_called_with_every_event_in_order_until_it_is_undone():
    seen, threads = [], set()

    def look(event):
        threads.add(threading.current_thread())
        seen.append(event.seq)

    with LiveSession(agent(echo)) as live:
        before = len(live.log)
        undo = live.on_event(look)
        live.say("hi")
        wait_for(lambda: seen[-1:] == [len(live.log) - 1])
        assert seen == list(range(before, len(live.log)))
        assert threading.current_thread() not in threads
        undo()
        undo()
        count = len(seen)
        live.say("again")
    assert len(seen) == count


def test_only_the_kinds_that_are_wanted_are_told():
    calls, both = [], []
    live = LiveSession(agent(rolls, roll))
    live.on_event(calls.append, "tool_call")
    live.on_event(both.append, kinds=["tool_call", "tool_result"])
    with live:
        live.say("roll")
    assert [(event.tool, event.turn) for event in calls] == [("roll", 1)]
    assert [event.kind for event in both] == ["tool_call", "tool_result"]
    assert both[1].result == 4


@pytest.mark.parametrize("kinds", ["tool_cal", ["tool_call", "tool_cal"]])
def test_a_kind_that_there_is_not_is_refused_with_the_nearest(kinds):
    live = LiveSession(agent(echo))
    with pytest.raises(AdkNbError, match=r"'tool_cal'. Is it tool_call\?"):
        live.on_event(print, kinds)


def test_a_coroutine_function_runs_on_the_bridges_loop():
    names = []

    async def look(event):
        await asyncio.sleep(0)
        names.append(threading.current_thread().name)

    with LiveSession(agent(echo)) as live:
        live.on_event(look, "turn_complete")
        live.say("hi")
        wait_for(lambda: names)
    assert set(names) == {"adk-nb-bridge"}


def test_what_a_function_raises_is_shown_and_it_is_called_further(caplog):
    seen = []

    def breaks(event):
        seen.append(event.kind)
        raise ValueError("no")

    with LiveSession(agent(echo)) as live:
        page = attach(live)
        live.on_event(breaks, ["user_text", "error"])
        assert live.say("hi").agent_text == "You said hi."
        assert live.say("again").agent_text == "You said again."
        wait_for(lambda: len(seen) == 4)
        # What it raised of the errors was not told to it again.
        assert sorted(seen) == ["error", "error", "user_text", "user_text"]
        assert [error.code for error in page.errors()] == ["callback_failed"] * 2
    assert "The callback breaks failed. ValueError: no" in caplog.text


def test_of_a_closed_session_nothing_is_told():
    with LiveSession(agent(echo)) as live:
        live.say("hi")
    with pytest.raises(SessionClosedError, match=r"events_df\(\)"):
        live.on_event(print)


def test_an_event_is_as_it_was_when_it_was_told():
    events = []
    with LiveSession(agent(echo)) as live:
        live.on_event(events.append, "agent_audio")
        live.say("hi")
        wait_for(lambda: events)
        row = live.log[events[0].seq]
        assert events[0] is not row
        assert events[0].audio_ms <= row.audio_ms


def test_one_that_is_slow_keeps_nobody_waiting_and_misses_the_oldest(monkeypatch):
    monkeypatch.setattr(event_feeds, "_MOST", 2)
    go, seen = threading.Event(), []

    def slow(event):
        go.wait()
        seen.append(event.text)

    with LiveSession(agent(echo)) as live:
        live.on_event(slow, "user_text")
        for text in "abcde":
            live.say(text)
        go.set()
        wait_for(lambda: len(seen) == 3)
    assert seen == ["a", "d", "e"]


async def test_a_loop_gets_every_event_and_ends_with_the_session():
    live = LiveSession(agent(rolls, roll))
    kinds = ["user_text", "tool_call", "turn_ended"]

    async def follow():
        return [event.kind async for event in live.events(kinds)]

    following = asyncio.create_task(follow())
    await asyncio.sleep(0)
    async with live:
        await live.say_async("roll")
    assert await asyncio.wait_for(following, 60) == kinds
    async for _event in live.events():
        pytest.fail("It is closed.")


async def test_a_loop_of_a_session_that_never_started_ends_with_it_too():
    live = LiveSession(agent(echo))
    following = asyncio.ensure_future(anext(live.events(), None))
    await asyncio.sleep(0)
    live.close()
    assert await asyncio.wait_for(following, 60) is None


async def test_a_loop_that_is_left_follows_no_more():
    async with LiveSession(agent(echo)) as live:
        events = live.events("user_text")
        first = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        await live.say_async("hi")
        assert (await first).text == "hi"
        await events.aclose()
        assert live.feeds._feeds == []


def test_say_can_wait_until_it_was_heard():
    def long(came):
        return [audio(600), said("Long."), DONE]

    with LiveSession(agent(long)) as live:
        page = attach(live)
        assert live.say("hi").audio_ms == 600
        done = threading.Event()

        def ask():
            live.say("again", wait="heard")
            done.set()

        asking = threading.Thread(target=ask)
        asking.start()
        wait_for(lambda: len(live.turns) == 2 and live.turns[1].ended)
        do(live, live.pages.playback, protocol.Playback("started", 2, 0.0))
        assert not done.is_set()
        do(live, live.pages.playback, protocol.Playback("drained", 2, 600.0))
        asking.join(60)
        assert done.is_set()
        assert page.audio


def test_without_a_page_nothing_is_waited_for_that_nobody_hears():
    with LiveSession(agent(echo)) as live:
        assert live.say("hi", wait="heard").agent_text == "You said hi."
        with pytest.raises(AdkNbError, match="'text', 'first' or 'heard'"):
            live.say("hi", wait="sounded")
