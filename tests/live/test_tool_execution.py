"""Tools that run, what the model is told of them, and calls that are cut off."""

from __future__ import annotations

import asyncio

import pytest
from adk_events import call, content, done, result, sound
from desk import calling, connected, taken
from google.genai import types


@pytest.fixture
def desk():
    return connected()


async def test_a_batch_of_calls_runs_when_its_last_was_read(desk):
    ran, added = [], []

    async def running():
        ran.append(True)
        return result({"result": 1}, call_id="b")

    async def add(event):
        added.append(event)

    desk.type("roll").take()
    desk.exchange.tools.run(["a", "b"], running(), add)
    desk(call(call_id="a"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert ran == []
    desk(call(call_id="b"))
    await asyncio.gather(*desk.exchange.tools.runs._tasks)
    assert (ran, len(added)) == ([True], 1)


async def test_a_call_of_an_answer_that_was_cut_off_does_not_run(desk):
    ran, added = [], []

    async def running():
        ran.append(True)

    async def add(event):
        added.append(event)

    desk.type("roll").take()
    desk(sound())
    desk.exchange.tools.run(["c"], running(), add)
    desk.cut()
    desk(call())
    await asyncio.gather(*desk.exchange.tools.runs._tasks)
    assert (ran, added) == ([], [])
    assert [one.error for one in desk.turn.tool_calls] == ["The call was cut off."]


async def test_the_task_of_a_call_is_stopped_with_it(desk):
    task = asyncio.create_task(asyncio.sleep(60))
    desk.exchange.tools.began("c", task)
    desk.exchange.live.calls.stop("c")
    with pytest.raises(asyncio.CancelledError):
        await task
    desk.exchange.tools.ran("c", 1.0, 2.5)
    assert desk.exchange.live.calls.times == {"c": (1.0, 2.5)}


async def test_results_that_are_not_late_are_told_and_not_read_twice(desk):
    desk.type("roll").take()
    desk.exchange.reconnection.called(["c"])
    desk(call())
    event = result({"result": 4})
    await desk.exchange.tools.tools_returned(event, late=False)
    assert [row.kind for row in desk.log][-1] == "tool_call"  # ADK adds it, and its event comes.
    assert await desk.exchange.histories.get() is None
    (told,) = desk.exchange.live.queue.waiting
    assert [part.function_response.id for part in told.content.parts] == ["c"]


async def test_a_result_that_a_lost_connection_did_not_take_is_told_in_words(desk):
    desk.exchange.reader.resumable = True
    desk.type("roll").take()
    desk.exchange.reconnection.called(["c"])
    desk(call())
    event = result({"result": 4})
    await desk.exchange.tools.tools_returned(event, late=False)
    desk(event)
    desk.exchange.run_lost(None)
    desk.exchange.run_connected(resumed=False)
    (told,) = desk.exchange.live.queue.waiting  # The other connection knows no call by its id.
    assert told.content.parts[0].function_response is None
    assert "4" in told.content.parts[0].text


async def test_late_results_are_added_and_read_here(desk):
    desk.type("roll").take()
    desk(call())
    await desk.exchange.tools.tools_returned(result({"result": 4}), late=True)
    assert desk.turn.tool_calls[0].result == 4
    events = (await desk.exchange.histories.get()).events
    assert [one.id for event in events for one in event.get_function_responses()] == ["c"]


@pytest.mark.parametrize("why", ["cut off", "closed", "not connected", "no result"])
async def test_results_that_nobody_waits_for_are_not_told(desk, why):
    desk.type("roll").take()
    desk.exchange.reconnection.called(["c"])
    desk(call())
    event = result({"result": 4})
    if why == "cut off":
        desk.cut()
    elif why == "closed":
        desk.exchange.closed = True
    elif why == "not connected":
        desk.exchange.reconnection.connected = False
    else:
        event = content(types.Part(text="no result"))
    before = desk.sent()
    await desk.exchange.tools.tools_returned(event, late=False)
    assert desk.sent() == before


def response(**values):
    return types.Part(function_response=types.FunctionResponse(id="c", name="roll", **values))


@pytest.mark.parametrize(
    ("part", "phase"),
    [
        (response(response={}), "told"),
        (response(response={}, will_continue=True), "running"),
        (response(response={}, scheduling="SILENT"), "settled"),
        (types.Part(text="go"), "running"),
    ],
    ids=["a result", "one of several", "silent", "a text"],
)
async def test_what_a_model_takes_tells_it_results(desk, part, phase):
    desk.type("roll").take()
    desk(call())
    desk.exchange.run_told(types.Content(parts=[part]))
    assert desk.exchange.turns.machine.call("c")[1].phase == phase


async def test_a_result_among_other_parts_is_found(desk):
    desk.type("roll").take()
    desk(call())
    parts = [
        types.Part(text="go"),
        response(response={}, will_continue=True),
        response(response={}),
    ]
    desk.exchange.run_told(types.Content(parts=parts))
    assert desk.exchange.turns.machine.call("c")[1].phase == "told"


async def test_a_result_that_comes_after_its_run_is_told_in_words(desk):
    desk.type("roll").take()
    desk.exchange.reconnection.called(["c"])
    desk(call())
    await desk.exchange.tools.tools_returned(result({"result": 4}), late=True)
    (told,) = desk.exchange.live.queue.waiting
    assert told.content.parts[0].function_response is None


async def test_what_tools_return_after_a_run_is_not_added_to_it(desk, monkeypatch):
    ends = []
    monkeypatch.setattr(desk.exchange.tools.runs, "run_ends", lambda: ends.append(True))
    await desk.exchange.run_ended()
    assert ends == [True]


async def test_a_tool_that_does_not_return_is_left_behind_and_its_run_goes_on(monkeypatch):
    desk, answered = calling(), []

    async def answer(call, _running):
        answered.append(call.id)

    monkeypatch.setattr(desk.exchange.histories, "answer", answer)
    queue = desk.exchange.live.queue
    desk.cut()
    assert desk.exchange.live.queue is queue
    (one,) = desk.turn.tool_calls
    assert (one.error, desk.turn.status) == ("The call was cut off.", "interrupted")
    assert not desk.exchange.turns.calls.is_wanted("c")
    await asyncio.gather(*desk.exchange.tools._answering)
    assert answered == ["c"]
    await asyncio.sleep(0)
    assert not desk.exchange.tools._answering  # Nothing is kept of what is over.


async def test_calls_that_a_run_leaves_open_are_cut_off_and_those_that_go_on_are_not():
    desk = taken()(call(call_id="a"), call(call_id="b", long=True))
    await desk.exchange.run_ended()
    assert [(c.id, c.error) for c in desk.turn.tool_calls] == [
        ("a", "The call was cut off."), ("b", None),
    ]  # fmt: skip
    row = desk.log[-1]
    assert (row.source, row.kind, row.turn, row.tool, row.tool_call_id, row.error) == (
        "bridge", "tool_result", 1, "roll", "a", "The call was cut off.",
    )  # fmt: skip


async def test_calls_of_older_turns_than_three_are_left_alone(desk):
    for number in range(4):
        desk.type("roll").take()
        desk(call(call_id=f"c{number}"))
        desk.exchange.turns.calls.tool_deferred(f"c{number}")
        desk(done())
    await desk.exchange.run_ended()
    errors = [one.error for turn in desk.exchange.turns.all for one in turn.tool_calls]
    assert errors == [None, *["The call was cut off."] * 3]


async def test_calls_of_a_turn_that_do_not_run_any_more_are_cut_off(desk, monkeypatch):
    desk.type("roll").take()
    desk(call(call_id="a"), call(call_id="b"))
    monkeypatch.setattr(type(desk.exchange.tools.runs), "running", {"b"})
    await desk.exchange.tools.cut_off_turn(desk.turn)
    assert [one.error for one in desk.turn.tool_calls] == ["The call was cut off.", None]


def test_what_fails_around_a_tool_ends_the_run(desk, monkeypatch):
    failed = []
    monkeypatch.setattr(desk.exchange.live, "fail", failed.append)
    desk.exchange.tools.tools_failed(ValueError("no such event"))
    assert ["no such event" in str(error) for error in failed] == [True]
