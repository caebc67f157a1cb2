"""Tells ADK's `CascadeLive` what the session knows better.

What was heard of an answer that the user cut off: a cascade keeps the words that had sounded in its
history, and estimates them from wall time, "because the client's true position is not observable".
With a page attached it is: the player says. Every cascade that a session runs gets its position
from there, whoever made the model.

And whose turn it is: after a transfer the agent that takes over answers what the user has said, as
with Gemini's live models, where a cascade by itself would wait for the user to say more.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from google.adk.live import _cascade_live
from google.adk.live._cascade_live_connection import CascadeLiveConnection, _now

if TYPE_CHECKING:
    from google.genai import types


class Knowing(Protocol):
    """What a session knows better."""

    def position(self) -> tuple[float, float] | None:
        """Returns what has sounded of the turn, and all of it (ms); None without a page."""

    def taking_over(self) -> bool:
        """Whether an agent takes over from another that handed the turn to it; once."""

    def in_turn(self) -> bool:
        """Whether a turn is under way."""

    def awaits_answer(self, history: list[types.Content]) -> bool:
        """Whether the user waits for an answer to what a history ends with."""


SESSION: ContextVar[Knowing | None] = ContextVar("adk_nb_session", default=None)
"""Whose cascades the current context makes."""


class HeardConnection(CascadeLiveConnection):
    """A cascade's connection that asks the player where it is."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._session = SESSION.get()

    async def send_history(self, history: list[types.Content]) -> None:
        """Takes what was said before, and answers it where that is its turn."""
        await super().send_history(history)
        if self._session is not None and self._session.taking_over():
            self._start_reasoning()

    def _extract_heard_sentences(self, playback_start: float) -> list[str]:
        position = self._session.position() if self._session is not None else None
        if position is not None:
            played_ms, audio_ms = position
            # A turn with a tool call between is two stretches for the cascade; this is the second.
            before_ms = audio_ms - self._turn_audio_ms
            playback_start = _now() - max(0.0, played_ms - before_ms) / 1000
        return super()._extract_heard_sentences(playback_start)


def install() -> None:
    """Makes cascades use it; ADK has no setting for the connection's class."""
    _cascade_live.CascadeLiveConnection = HeardConnection  # type: ignore[attr-defined]
