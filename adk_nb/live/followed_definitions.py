"""Compares an agent with what the notebook's names hold, after each cell, and tells or follows."""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from adk_nb import cells
from adk_nb.exceptions import AdkNbError
from adk_nb.live.definitions import Definitions
from adk_nb.live.reported_swaps import reported
from adk_nb.live.switching import SWITCH_S
from adk_nb.plain import valid_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.adk.agents import Swap
    from adk_nb.bridge_thread import BridgeLoop
    from adk_nb.live.coordinator import Exchange
    from adk_nb.live.swaps import Wish

logger = logging.getLogger(__name__)

_FOLLOW_S = 10.0
"""How long a cell lasts at most until the agent has followed it (s)."""


class FollowedDefinitions:
    """What one session's agent was made of, and whether a cell has redefined it.

    Args:
        exchange: Whose agent it is.
        follow: Whether the agent takes over what was redefined after each cell, rather than that
            it is offered.
    """

    def __init__(self, exchange: Exchange, *, follow: bool) -> None:
        self._exchange = exchange
        self._follow = follow
        self._definitions = Definitions(cells.namespace)
        self._definitions.learn(exchange.swaps.agent)
        self._bridge: BridgeLoop | None = None
        self._end: Callable[[], None] | None = None
        # What the newest comparison found.
        self._key: tuple[Any, ...] = ()

    def start(self, bridge: BridgeLoop) -> None:
        """Begins to compare after each cell. Idempotent."""
        self._bridge = bridge
        if self._end is None:
            self._end = cells.after_each_cell(self._compare)

    def stop(self) -> None:
        """Compares no more."""
        end, self._end = self._end, None
        if end is not None:
            end()
        self._definitions.close()

    def _compare(self) -> None:
        """Runs after each cell, in the kernel's thread."""
        bridge = self._bridge
        if bridge is None or not bridge.alive:
            return
        renewed = self._definitions.renewed(self._exchange.swaps.whole)
        if renewed.key == self._key:
            return
        self._key = renewed.key
        if not (self._follow and renewed.names):
            bridge.loop.call_soon_threadsafe(self._tell, renewed.names)
            return
        waits = self._exchange.turns.current is None
        following = bridge.submit(self.reload_after_turn())
        if waits:  # So that the next cell finds the agent with it.
            with contextlib.suppress(concurrent.futures.TimeoutError):
                following.result(_FOLLOW_S)

    def _tell(self, names: list[str]) -> None:
        self._exchange.pages.tell_redefined([valid_text(name) for name in names])

    # On the bridge thread.

    async def reload_after_turn(self) -> None:
        """Gives the agent what was redefined, when no turn is open."""
        while (turn := self._exchange.turns.current) is not None:
            await self._exchange.turns.end(turn)
        with contextlib.suppress(AdkNbError):  # The pages are told.
            await reported(self._exchange, lambda: self.reload(SWITCH_S))

    async def reload(self, timeout: float) -> Swap:  # noqa: ASYNC109
        """Gives the agent what was redefined.

        Raises:
            SwapError: It could not be connected with it; the old agent goes on.
        """
        swaps = self._exchange.swaps
        try:
            swap = await swaps.reload(self._definitions.renewed, timeout)
            self._definitions.adopt(swaps.whole)
        finally:
            self._look_again()
        return swap

    def swapped(self, wish: Wish) -> None:
        """Learns of what the user has given the agent in a swap."""
        if wish.agent is not None:
            self._definitions.learn(wish.agent, anew=True)
        if wish.tools is not None:
            self._definitions.forget(wish.tools)
        self._definitions.learn(self._exchange.swaps.whole)
        self._look_again()

    def _look_again(self) -> None:
        renewed = self._definitions.renewed(self._exchange.swaps.whole)
        self._key = renewed.key
        self._tell(renewed.names)
