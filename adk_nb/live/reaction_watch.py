"""Waits for what a model says about a result that it did not wait for: it need not say anything."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.live.turn_builder import Turns

_REACTION_S = 5.0
"""How long a model that did not wait for a result may take to say something about it (s)."""
_CROSSED_S = 1.0
"""How long it may, where what it said when the result came may have been about it (s)."""


class ReactionWatch:
    """Ends turns that stay open for a reaction only, when none has come in time.

    Args:
        turns: The turns.
        ready: Called when the last of them has ended.
    """

    def __init__(self, turns: Turns, ready: Callable[[], None]) -> None:
        self._turns = turns
        self._ready = ready
        self._timer: asyncio.TimerHandle | None = None
        # When ADK's newest event came, on the monotonic clock.
        self._event_at = 0.0

    def event_came(self) -> None:
        """An event of ADK's came: the model goes on with something."""
        self._event_at = time.monotonic()

    def expect(self) -> None:
        """Waits anew, if the model may still say something about a result."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        machine = self._turns.machine
        if machine.told.unreacted:
            wait = _CROSSED_S if machine.told.may_have_reacted else _REACTION_S
            self._timer = asyncio.get_running_loop().call_later(wait, self._none_came)

    def _none_came(self) -> None:
        self._timer = None
        going_on = time.monotonic() - self._event_at < _REACTION_S
        if self._turns.machine.answer.turn is not None and going_on:
            self.expect()
            return
        self._turns.no_reaction()
        if self._turns.current is None:
            self._ready()
