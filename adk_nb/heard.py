"""Tells ADK's `CascadeLive` what was really heard of an answer that the user cut off.

A cascade keeps in its history the words that had sounded, which it estimates from wall time,
"because the client's true position is not observable". With a page attached it is: the player
says. Every cascade that a session runs gets its position from there, whoever made the model.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from google.adk.live import _cascade_live
from google.adk.live._cascade_live_connection import CascadeLiveConnection, _now

if TYPE_CHECKING:
    from collections.abc import Callable

    Position = Callable[[], tuple[float, float] | None]

POSITION: ContextVar[Position | None] = ContextVar("adk_nb_position", default=None)
"""Returns how much of the turn's audio has sounded, and how much there is (ms); None where no page
plays it."""


class HeardConnection(CascadeLiveConnection):
    """A cascade's connection that asks the player where it is."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._position = POSITION.get()

    def _extract_heard_sentences(self, playback_start: float) -> list[str]:
        position = self._position() if self._position is not None else None
        if position is not None:
            played_ms, audio_ms = position
            # A turn with a tool call between is two stretches for the cascade; this is the second.
            before_ms = audio_ms - self._turn_audio_ms
            playback_start = _now() - max(0.0, played_ms - before_ms) / 1000
        return super()._extract_heard_sentences(playback_start)


def install() -> None:
    """Makes cascades use it; ADK has no setting for the connection's class."""
    _cascade_live.CascadeLiveConnection = HeardConnection  # type: ignore[attr-defined]
