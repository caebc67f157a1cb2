"""How the user interrupts the agent: its sound stops, and what it says no longer counts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.adk.request_queue import RequestQueue
    from adk_nb.live.event_reader import EventReader
    from adk_nb.live.model_capabilities import ModelCapabilities
    from adk_nb.live.model_connection import LiveRun
    from adk_nb.live.turn_builder import Turns
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.turn import Turn
    from adk_nb.wire.page_hub import Pages

_NUDGE_S = 0.2
"""How long a model may go on talking after an interruption before it is told again (s)."""


class Interruptions:
    """Interrupts the agent.

    Args:
        log: The event log.
        turns: The turns.
        pages: The pages that show the session.
        live: ADK's run.
        reader: Reads its events.
        capabilities: What is known of the agent's model.
        ready: Called when the agent was interrupted.
    """

    def __init__(  # noqa: PLR0913 - all that an interruption touches, by name
        self,
        log: EventLog,
        turns: Turns,
        pages: Pages,
        *,
        live: LiveRun,
        reader: EventReader,
        capabilities: ModelCapabilities,
        ready: Callable[[], None],
    ) -> None:
        self._log = log
        self._turns = turns
        self._pages = pages
        self._live = live
        self._reader = reader
        self._capabilities = capabilities
        self._ready = ready
        # When a cascade was last told that it is cut off, on the monotonic clock.
        self._last_nudge = 0.0

    def cut(self) -> None:
        """Interrupts the agent, and takes back a question that was not sent yet."""
        turn = self._turns.current
        if turn is None:
            self.silenced(self._pages.sounding)
            return
        queue = self._live.queue
        unsent = self.take_back(turn)
        if self._turns.cut_in(sent=not unsent) is None:
            return
        self._ready()
        if queue is not None and not unsent:
            self._tell_cascade(queue)

    def make_way(self, queue: RequestQueue) -> None:
        """Makes room for a new question: withdraws the open one, or interrupts its answer."""
        turn = self._turns.current
        if turn is None or not self.take_back(turn):
            # Gemini's models take a text for an interruption by themselves.
            self._tell_cascade(queue)

    def take_back(self, turn: Turn) -> bool:
        """Takes back a question that was not sent yet; returns whether there was one."""
        queue = self._live.queue
        return queue is not None and queue.take_back(self._turns.said(turn).question)

    def silenced(self, index: int) -> None:
        """Flushes the sound of a turn that is complete."""
        if index:
            self._log.add("client", "interrupted", turn=index, interrupted=True)
            self._pages.emit(protocol.TurnState(index, "interrupted"))

    def still_talking(self) -> None:
        """Interrupts a CascadeLive once more: it may miss an interruption between two states."""
        now, queue = time.monotonic(), self._live.queue
        if self._capabilities.cascaded and queue is not None and now - self._last_nudge > _NUDGE_S:
            self._nudge(queue)

    def _tell_cascade(self, queue: RequestQueue) -> None:
        if self._capabilities.cascaded and not self._reader.silent:
            self._nudge(queue)

    def _nudge(self, queue: RequestQueue) -> None:
        """Tells a cascade that it is cut off."""
        self._last_nudge = time.monotonic()
        queue.send_activity_start()
