"""Tools run in tasks: what comes of them, also when their run is over before."""

from __future__ import annotations

import asyncio

import pytest

from adk_nb.live.tool_runs import ToolRuns


class Owner:
    def __init__(self):
        self.returned, self.failed = [], []

    async def tools_returned(self, event, *, late):
        self.returned.append((event, late))

    def tools_failed(self, error):
        self.failed.append(error)


@pytest.fixture
def owner():
    return Owner()


@pytest.fixture
async def runs(owner):
    runs = ToolRuns(owner)
    runs.run_begins()
    yield runs
    await runs.stop()


def giving(value):
    async def running():
        return value

    return running


async def never(*_):
    await asyncio.get_running_loop().create_future()


async def test_what_tools_return_is_added_to_the_run(owner, runs):
    added = []

    async def add(event):
        added.append(event)

    task = runs.start(["a", "b"], giving("event"), add)
    assert runs.running == {"a", "b"}
    await task
    assert (added, owner.returned) == (["event"], [("event", False)])
    assert runs.running == set()


async def test_tools_that_return_nothing_report_nothing(owner, runs):
    await runs.start(["a"], giving(None), never)
    assert owner.returned == owner.failed == []


async def test_after_the_end_of_its_run_a_result_is_late(owner, runs):
    going = asyncio.Event()

    async def running():
        await going.wait()
        return "event"

    task = runs.start(["a"], running, never)
    runs.run_begins()  # Another run: the tool goes on.
    assert runs.running == {"a"}
    going.set()
    await task
    assert owner.returned == [("event", True)]


async def test_a_run_that_ends_while_it_takes_the_result_makes_it_late(owner, runs):
    task = runs.start(["a"], giving("event"), never)
    await asyncio.sleep(0)
    runs.run_ends()
    await task
    assert owner.returned == [("event", True)]


async def test_without_any_run_nothing_is_late(owner):
    runs = ToolRuns(owner)
    await runs.start(["a"], giving("event"), never)
    assert owner.returned == [("event", False)]


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), StopIteration()])
async def test_whatever_is_raised_around_a_tool_is_told_as_an_error(owner, runs, error):
    async def running():
        raise error

    await runs.start(["a"], running, never)
    (failed,) = owner.failed
    assert isinstance(failed, Exception)
    assert owner.returned == []


async def test_only_the_tasks_of_the_named_calls_are_cancelled(owner, runs):
    one, two = runs.start(["a"], never, never), runs.start(["b", "c"], never, never)
    await asyncio.sleep(0)
    runs.cancel({"c", "unknown"})
    await asyncio.wait([two])
    assert two.cancelled()
    assert runs.running == {"a"}
    await runs.stop()
    assert one.cancelled()
    assert owner.returned == owner.failed == []
