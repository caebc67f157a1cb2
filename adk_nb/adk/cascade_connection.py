"""A connection for ADK's `CascadeLive` that uses what the session knows.

After an interruption, a cascade keeps the words that had sounded in its history. It estimates them
from the time that has passed, "because the client's true position is not observable". With a page
it is: the player reports it. Every cascade that a session runs gets its position from there.

After a transfer, the agent that takes over answers what the user has said, as with Gemini's live
models; a cascade by itself would wait for the user to say more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.adk.live._cascade_live_connection import CascadeLiveConnection, _now

from adk_nb.adk.session_context import SESSION

if TYPE_CHECKING:
    from google.genai import types


class HeardConnection(CascadeLiveConnection):
    """A cascade's connection that asks the player how much has sounded."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._session = SESSION.get()

    async def send_history(self, history: list[types.Content]) -> None:
        """Takes the history, and answers it if this agent has just taken over."""
        await super().send_history(history)
        if self._session is not None and self._session.taking_over():
            self._start_reasoning()

    def _extract_heard_sentences(self, playback_start: float) -> list[str]:
        position = self._session.position() if self._session is not None else None
        if position is not None:
            played_ms, audio_ms = position
            # To the cascade, the audio after a tool call is a new turn: subtract what came before.
            before_ms = audio_ms - self._turn_audio_ms
            playback_start = _now() - max(0.0, played_ms - before_ms) / 1000
        return super()._extract_heard_sentences(playback_start)
