"""Runs the tools that the model calls, tells it what they return, and ends calls that were cut off.

A tool runs beside the reading of what the model sends, and outlives a lost connection.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from google.genai import types

from adk_nb.adk.told_history import CUT_OFF
from adk_nb.live.tool_runs import ToolRuns
from adk_nb.providers.explain import explain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from google.adk.events import Event

    from adk_nb.adk.request_queue import RequestQueue
    from adk_nb.live.event_reader import EventReader
    from adk_nb.live.history_completion import HistoryCompletion
    from adk_nb.live.model_connection import LiveRun
    from adk_nb.live.reconnection import Reconnection
    from adk_nb.live.turn_builder import Turns
    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.turn import Turn

_CALLED_S = 5.0
"""How long after ADK runs a tool the event of its call may come (s)."""


class ExecutionOwner(Protocol):
    """The exchange with the model whose tools run."""

    closed: bool
    reconnection: Reconnection

    def queue(self) -> RequestQueue:
        """Returns the queue to the model."""

    def run_event(self, event: Event) -> None:
        """Takes an event that came too late for its run."""


class ToolExecution:
    """Runs the tools that the model calls.

    Args:
        owner: The exchange with the model.
        turns: The turns.
        reader: Knows what tools have printed.
        live: ADK's run, and its plugin that sees every call.
        history: Adds what comes too late for a run to ADK's history.

    Attributes:
        runs: The tasks in which they run.
    """

    def __init__(
        self,
        owner: ExecutionOwner,
        turns: Turns,
        reader: EventReader,
        live: LiveRun,
        history: HistoryCompletion,
    ) -> None:
        self._owner = owner
        self._turns = turns
        self._reader = reader
        self._live = live
        self._history = history
        self.runs = ToolRuns(self)
        # The tasks that give calls that were cut off a result.
        self._answering: set[asyncio.Task[None]] = set()

    # What ADK's run asks for, and reports.

    def run(
        self,
        call_ids: list[str],
        running: Coroutine[Any, Any, Event | None],
        add: Callable[[Event], Awaitable[None]],
    ) -> None:
        """Runs a batch of calls in a task."""
        self._owner.reconnection.called(call_ids)
        task = self.runs.start(call_ids, lambda: self._run(call_ids, running), add)
        task.add_done_callback(lambda _: running.close())

    async def _run(
        self, call_ids: list[str], running: Coroutine[Any, Any, Event | None]
    ) -> Event | None:
        """Runs calls when their event has been read, unless their answer was cut off before."""
        called = asyncio.Event()
        self._turns.calls.when_called(call_ids[-1], called.set)
        try:
            async with asyncio.timeout(_CALLED_S):
                await called.wait()
            if any(map(self._turns.calls.is_wanted, call_ids)):
                return await running
            await self.cut_off(set(call_ids))
        except TimeoutError:
            pass  # The connection was lost before: the model will call anew.
        return None

    def began(self, call_id: str, task: asyncio.Task[Any]) -> None:
        """Learns the task in which the tool of a call runs."""
        self._live.calls.began(call_id, task)

    def ran(self, call_id: str, began: float, ended: float) -> None:
        """Learns when the tool of a call ran (s on the monotonic clock)."""
        self._live.calls.times[call_id] = (began, ended)

    def streamed(self, call_id: str, began: float, ended: float) -> None:
        """Learns when a streaming tool ran (s on the monotonic clock)."""
        self._live.calls.times.pop(call_id, None)  # Only how long it took to begin.
        self._turns.calls.tool_ended(call_id, (began, ended))

    # What comes of them.

    async def tools_returned(self, event: Event, *, late: bool) -> None:
        """Takes the event of tools that have returned, and tells the model."""
        if late:
            await self._history.append(event)
            self._owner.run_event(event)
        wanted = [
            part
            for part in (event.content.parts or () if event.content else ())
            if part.function_response
            and self._turns.calls.is_wanted(part.function_response.id or "")
        ]
        reconnection = self._owner.reconnection
        if not wanted or self._owner.closed or not reconnection.connected:
            return  # A connection that is to come is told with all that was done.
        ids = [part.function_response.id or "" for part in wanted if part.function_response]
        if reconnection.knows(ids) and not late:
            self._owner.queue().send_content(types.Content(role="user", parts=wanted))
        else:
            reconnection.go_on(ids)

    def tools_failed(self, error: Exception) -> None:
        """Ends the run: what ADK does around a tool failed."""
        self._live.fail(explain(error))

    def told(self, content: types.Content) -> None:
        """Notes the results in what a model takes."""
        for part in content.parts or ():
            response = part.function_response
            if response is None or response.will_continue:
                continue
            silent = response.scheduling is types.FunctionResponseScheduling.SILENT
            self._turns.calls.tool_told(response.id or "", reacts=not silent)

    # Calls that do not return.

    def turn_ended(self, turn: Turn) -> None:
        """Cancels the calls of a turn that nobody waits for any more."""
        self._live.calls.forget([call.id for call in turn.tool_calls if call.returned])
        unwanted = {
            call.id
            for call in turn.tool_calls
            if not call.returned and not self._turns.calls.is_wanted(call.id)
        }
        if unwanted:
            self.runs.cancel(unwanted)
            task = asyncio.create_task(self._history.answer(self._close_all(unwanted)))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def cut_off(self, call_ids: set[str]) -> None:
        """Ends calls that have not returned, and gives them a result in ADK's history."""
        await self._history.answer(self._close_all(call_ids))

    async def cut_off_turn(self, turn: Turn) -> None:
        """Ends the calls of a turn that have not returned and run no longer."""
        await self.cut_off({call.id for call in turn.tool_calls} - self.runs.running)

    async def run_over(self) -> None:
        """Ends the calls of the newest turns that a run has left open and that run no longer."""
        calls = {call.id for turn in self._turns.all[-3:] for call in turn.tool_calls}
        await self.cut_off(calls - self.runs.running)

    def _close_all(self, call_ids: set[str]) -> list[tuple[Turn, ToolCall]]:
        """Ends calls that have not returned as failed, and returns them."""
        found = [
            (turn, call)
            for turn in self._turns.all
            for call in turn.tool_calls
            if call.id in call_ids and not call.returned and not call.long_running
        ]
        for _, call in found:
            self.close("bridge", call, error=CUT_OFF)
        return found

    def close(
        self, source: str, call: ToolCall, *, result: Any = None, error: str | None = None
    ) -> None:
        """Ends a tool call without an event of ADK's: a cell answered it, or it was cut off."""
        output = self._reader.printed(call.id)
        self._turns.calls.tool_returned(
            call.id, call.name, result, error, source=source, output=output
        )
