"""Decides whether a connection to the model is made again, and after how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adk_nb.providers.losses import is_loss, is_refused_handle

if TYPE_CHECKING:
    from adk_nb.adk.request_queue import RequestQueue

_REDIALS = 6
_REDIALS_S = 5.0
"""More than so many connections in so many seconds end the run; ADK has no limit."""
_BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""How long to wait before each attempt to connect again (s)."""


class Retries:
    """Counts how often a connection was lost, made and made again.

    Attributes:
        attempts: How often the lost connection was tried again.
    """

    def __init__(self) -> None:
        self.attempts = 0
        # When the newest connections were made, on the monotonic clock.
        self._dials: list[float] = []
        # The queue that got a second run, because something was left in it.
        self._asked_again: RequestQueue | None = None

    @property
    def pause_s(self) -> float:
        """How long to wait before the next attempt (s)."""
        return _BACK_OFF_S[self.attempts - 1] if self.attempts else 0.0

    def reset(self) -> None:
        """The model has said something, or nothing is lost any more."""
        self.attempts = 0

    def was_lost(self, queue: RequestQueue, error: Exception) -> bool:
        """Returns whether a connection was lost, not refused."""
        lost = is_loss(error) or (queue.used and is_refused_handle(error))
        return lost and bool(queue.used or self.attempts)

    def another(self) -> bool:
        """Counts another attempt; returns False if it was tried too often without an answer."""
        if self.attempts >= len(_BACK_OFF_S):
            return False
        self.attempts += 1
        return True

    def too_often(self, now: float) -> bool:
        """Counts a connection; returns whether there were too many of late (monotonic clock, s)."""
        self._dials = [at for at in self._dials if now - at < _REDIALS_S] + [now]
        return len(self._dials) > _REDIALS

    def once_more(self, queue: RequestQueue) -> bool:
        """Returns whether what is left in a queue may have a second run: once each."""
        if self._asked_again is queue:
            return False
        self._asked_again = queue
        return True
