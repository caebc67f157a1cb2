"""What is due from the model, and what is done when it says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from adk_nb.exceptions import ModelError
from adk_nb.live.link import Link
from adk_nb.live.silence import due, silence_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.adk.request_queue import RequestQueue
    from adk_nb.exceptions import AdkNbError
    from adk_nb.live.microphone import Microphone
    from adk_nb.live.model_capabilities import ModelCapabilities
    from adk_nb.live.model_connection import LiveRun
    from adk_nb.live.reconnection import Reconnection
    from adk_nb.live.silence import Limit, OnSilence
    from adk_nb.live.turn_builder import Turns
    from adk_nb.live.turn_state import TurnState
    from adk_nb.log.event_log import EventLog
    from adk_nb.wire.page_hub import Pages


class SilentOwner(Protocol):
    """The exchange with the model that is silent."""

    log: EventLog
    turns: Turns
    pages: Pages
    microphone: Microphone
    live: LiveRun
    reconnection: Reconnection
    capabilities: ModelCapabilities

    def queue(self) -> RequestQueue:
        """Returns the queue to the model."""

    def end_turn(self, error: AdkNbError, index: int, end: Callable[[], object]) -> None:
        """Ends a turn with an error."""


class SilenceHandling:
    """Tells that the model says nothing, does what the user wants then, and ends the turn at last.

    Args:
        owner: The exchange with the model.
        on_silence: What is done when a limit is reached.
    """

    def __init__(self, owner: SilentOwner, on_silence: OnSilence) -> None:
        self._owner = owner
        self._on_silence = on_silence

    def due(self) -> tuple[TurnState, Limit | None] | None:
        """Returns the open turn, and what of it is due from the model; None without a turn."""
        owner = self._owner
        turn = owner.turns.machine.current
        if turn is None:
            return None
        sounds = owner.pages.sounding or owner.microphone.speaks
        connected = owner.live.link is Link.CONNECTED and owner.reconnection.connected
        return turn, due(turn) if connected and not sounds else None

    def silence_noticed(self, turn: TurnState, limit: Limit, seconds: float) -> None:
        """Tells that the model says nothing, and asks it to go on if that is wanted."""
        text = silence_text(limit, seconds)
        self._owner.log.add("bridge", "silence", turn=turn.index, text=text)
        self._owner.pages.note(turn.index, "silence", text)
        if self._on_silence == "nudge":
            self._owner.queue().send_text("Please go on: the user waits for your answer.")
        elif self._on_silence == "reconnect":
            self._owner.live.redial(ModelError(text, code="silent"))

    def silence_lasts(self, turn: TurnState, limit: Limit, seconds: float) -> None:
        """Ends the turn, unless the answer is sure to come."""
        if self._owner.capabilities.cascaded or turn.busy:
            return
        text = silence_text(limit, seconds)
        error = ModelError(text, remedy="Say it again, or in other words.", code="silent")
        self._owner.end_turn(error, turn.index, self._owner.turns.silent)
