"""Completes ADK's history with what its run does not write down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adk_nb.providers.explain import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from google.adk.events import Event

    from adk_nb.exceptions import AdkNbError
    from adk_nb.live.event_reader import EventReader
    from adk_nb.live.histories import Histories
    from adk_nb.live.tool_calls import ToolCalls
    from adk_nb.live.turn_builder import Turns
    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.turn import Turn


class HistoryCompletion:
    """Adds events to ADK's history, and learns of which turn they are.

    Args:
        histories: The ADK sessions behind the conversation.
        turns: The turns.
        reader: Knows the turns of ADK's events.
        calls: Knows the session of the run.
        report: Takes what goes wrong, which ends nothing.
    """

    def __init__(
        self,
        histories: Histories,
        turns: Turns,
        reader: EventReader,
        calls: ToolCalls,
        report: Callable[[AdkNbError], None],
    ) -> None:
        self._histories = histories
        self._turns = turns
        self._reader = reader
        self._calls = calls
        self._report = report

    async def append(self, event: Event) -> None:
        """Adds an event that came too late for its run."""
        await self._histories.append(event, self._calls.session)

    async def answer(self, calls: Iterable[tuple[Turn, ToolCall]]) -> None:
        """Gives calls that were cut off a result."""
        try:
            for turn, call in calls:
                event = await self._histories.answer(call, self._calls.session)
                if event is not None:
                    self._reader.turn_of[event.id] = turn.index
        except Exception as error:
            self._report(explain(error))

    async def complete(self) -> None:
        """Adds what the newest turns lack after a run, so that the next one can go on from it."""
        turn_of = self._reader.turn_of
        try:
            for turn in self._turns.all[-2:]:
                if turn.ended and turn.index in self._histories.current.turns:
                    said, since = self._turns.said(turn), self._reader.began(turn)
                    others = {name for name, of in turn_of.items() if of != turn.index}
                    for event in await self._histories.complete(said, since, others):
                        turn_of[event.id] = turn.index
        except Exception as error:
            self._report(explain(error))
