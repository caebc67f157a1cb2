"""A tool that the user stops, and one that is cancelled with all else."""

from __future__ import annotations

import asyncio

import pytest

from adk_nb.adk.session_context import SESSION
from adk_nb.adk.stoppable import StoppedError, stoppable


class Session:
    def __init__(self):
        self.tools = self
        self.tasks, self.times, self.running = {}, [], asyncio.Event()

    def began(self, call_id, task):
        self.tasks[call_id] = task
        self.running.set()

    def ran(self, call_id, began, ended):
        self.times.append((call_id, began <= ended))


@pytest.fixture
def session():
    session = Session()
    token = SESSION.set(session)
    yield session
    SESSION.reset(token)


async def answer():
    return 42


async def test_outside_a_session_it_is_only_awaited():
    assert await stoppable(answer(), "c") == 42


async def test_what_it_returns_or_raises_passes_and_its_times_are_told(session):
    async def fails():
        raise ValueError("no dice")

    assert await stoppable(answer(), "a") == 42
    with pytest.raises(ValueError, match="no dice"):
        await stoppable(fails(), "b")
    assert session.times == [("a", True), ("b", True)]


async def waits_in(session):
    running = asyncio.create_task(stoppable(asyncio.sleep(3600), "c"))
    await session.running.wait()
    return running


async def test_cancelling_its_task_stops_it_as_an_error(session):
    running = await waits_in(session)
    session.tasks["c"].cancel()
    with pytest.raises(StoppedError, match="The user stopped this call"):
        await running
    assert session.times == [("c", True)]


async def test_cancelling_who_waits_for_it_is_a_cancellation(session):
    running = await waits_in(session)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert session.tasks["c"].cancelled()
