"""The tasks in which tools run, beside the reading of what the model sends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from adk_nb.adk.user_errors import contained

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from google.adk.events import Event


class RunsOwner(Protocol):
    """Gets what comes of the tools."""

    async def tools_returned(self, event: Event, *, late: bool) -> None:
        """Tools have returned; if `late`, the run that called them is over."""

    def tools_failed(self, error: Exception) -> None:
        """What ADK does around a tool failed: the run cannot go on."""


class ToolRuns:
    """Runs tools in tasks, which outlive a lost connection.

    Args:
        owner: Gets what comes of them.
    """

    def __init__(self, owner: RunsOwner) -> None:
        self._owner = owner
        # The ids of the calls that each task runs.
        self._tasks: dict[asyncio.Task[None], list[str]] = {}
        # Set when the run that goes on now is over.
        self._over: asyncio.Event | None = None

    @property
    def running(self) -> set[str]:
        """The ids of the calls whose results have not been taken."""
        return {call_id for ids in self._tasks.values() for call_id in ids}

    def run_begins(self) -> None:
        """A run of ADK's begins."""
        self.run_ends()
        self._over = asyncio.Event()

    def run_ends(self) -> None:
        """It is over: what tools return from now on cannot be added to it."""
        if self._over is not None:
            self._over.set()

    def start(
        self,
        call_ids: list[str],
        running: Callable[[], Awaitable[Event | None]],
        add: Callable[[Event], Awaitable[None]],
    ) -> asyncio.Task[None]:
        """Runs a batch of calls; returns the task.

        Args:
            call_ids: Their ids.
            running: Runs them, and returns the event of their results.
            add: Adds that to the run.
        """
        task = asyncio.create_task(self._run(running, add, self._over))
        self._tasks[task] = call_ids
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task

    def cancel(self, call_ids: set[str]) -> None:
        """Cancels the tasks of calls; a function in a thread goes on unheard."""
        for task, ids in self._tasks.items():
            if call_ids & set(ids):
                task.cancel()

    async def stop(self) -> None:
        """Cancels all tasks, and waits shortly until they have ended."""
        self.run_ends()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=1.0)

    async def _run(
        self,
        running: Callable[[], Awaitable[Event | None]],
        add: Callable[[Event], Awaitable[None]],
        over: asyncio.Event | None,
    ) -> None:
        try:
            event = await contained(running())
        except Exception as error:
            self._owner.tools_failed(error)
            return
        if event is None:
            return
        late = not await _done_before(add, event, over)
        await self._owner.tools_returned(event, late=late)


async def _done_before(
    add: Callable[[Event], Awaitable[None]], event: Event, over: asyncio.Event | None
) -> bool:
    """Adds an event to a run; returns False if the run is over before it has taken it."""
    if over is None or over.is_set():
        return over is None
    adding, ending = asyncio.ensure_future(add(event)), asyncio.ensure_future(over.wait())
    try:
        await asyncio.wait([adding, ending], return_when=asyncio.FIRST_COMPLETED)
    finally:
        ending.cancel()
        if not adding.done():
            adding.cancel()
    return adding.done() and not adding.cancelled()
