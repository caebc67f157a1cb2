"""What another agent takes over in a swap: the turn under way, the user's speech, the history."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

from adk_nb.adk.agents import model_name
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.adk.agents import BaseAgent
    from google.adk.events import Event

    from adk_nb.live.event_reader import EventReader
    from adk_nb.live.histories import Histories
    from adk_nb.live.interruptions import Interruptions
    from adk_nb.live.microphone import Microphone
    from adk_nb.live.model_capabilities import ModelCapabilities
    from adk_nb.live.swaps import Swaps
    from adk_nb.live.tool_execution import ToolExecution
    from adk_nb.live.turn_builder import Turns
    from adk_nb.log.event_log import EventLog
    from adk_nb.wire.page_hub import Pages

_SETTLE_S = 0.3
"""How long a swap waits for the model to report what was heard of its answer (s)."""


class HandoverOwner(Protocol):
    """The exchange with the model whose agent is swapped."""

    log: EventLog
    turns: Turns
    pages: Pages
    microphone: Microphone
    reader: EventReader
    histories: Histories
    swaps: Swaps
    capabilities: ModelCapabilities
    interruptions: Interruptions
    tools: ToolExecution


class Handover:
    """Hands a conversation over to another agent; see `adk_nb.live.swaps.SwapOwner`.

    Args:
        owner: The exchange with the model.
    """

    def __init__(self, owner: HandoverOwner) -> None:
        self._owner = owner

    async def settle(self, *, lets_sound: bool = False) -> None:
        """Interrupts the open turn, and waits shortly for what the model says was heard.

        Where no turn is open, `lets_sound` lets an answer that is complete sound to its end.
        """
        machine, cascaded = self._owner.turns.machine, self._owner.capabilities.cascaded
        current = machine.current
        if current is None and lets_sound:
            pass
        elif current is None or current.answered or current.final:
            self._owner.interruptions.cut()  # What is being said is said again to the new agent.
        deadline = time.monotonic() + _SETTLE_S
        while cascaded and machine.answer.dropping and time.monotonic() < deadline:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(_SETTLE_S / 30)
        machine.answer.dropped()
        await self._owner.tools.runs.stop()

    def adopted(
        self, agent: BaseAgent, before: BaseAgent, changes: list[str], variant: str
    ) -> None:
        """Takes over another agent that is connected now, and tells the log and the pages."""
        log, turns, pages = self._owner.log, self._owner.turns, self._owner.pages
        capabilities, tools = self._owner.capabilities, self._owner.swaps.tools
        turns.agent, turns.model = agent.name, model_name(agent)
        capabilities.tell(turns, self._owner.reader)
        log.is_of(variant)
        text = " ".join(changes)
        log.add(
            "bridge",
            "agent_swapped",
            turn=turns.index,
            agent=agent.name,
            model=model_name(agent),
            text=text,
            args={
                "before": before.name,
                "tools": [tool["name"] for tool in tools if tool["on"]],
                "history": self._owner.histories.current.id,
            },
        )
        sees = capabilities.sees
        pages.emit(protocol.AgentChanged(agent.name, model_name(agent), tools, changes, sees))
        pages.note(turns.index - 1, "swap", text)

    def unheard(self) -> list[bytes]:
        """Returns the user's speech that no model has answered yet, PCM16LE at 16 kHz."""
        return self._owner.microphone.unanswered()

    def kept_until(self, turn: int | None) -> tuple[Callable[[Event], bool], list[int]]:
        """Returns a filter for the events up to a turn, and the numbers of those turns."""
        if turn is None:
            return (lambda _: True), [one.index for one in self._owner.turns.all]
        return self._owner.reader.kept_until(turn), list(range(1, turn + 1))
