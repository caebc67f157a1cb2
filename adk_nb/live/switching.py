"""Switches tools and the agent's voice, as pages and cells ask; the last wish counts."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from adk_nb.adk import run_config as config
from adk_nb.adk.agents import live_model
from adk_nb.exceptions import AdkNbError
from adk_nb.live.swaps import Wish
from adk_nb.wire import protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine
    from typing import Any

    from adk_nb.live.coordinator import Exchange
    from adk_nb.wire.page_hub import Page

SWITCH_S = 60.0
"""How long switching a tool on or off in the page may take (s)."""


class Switching:
    """What pages and cells want switched.

    Args:
        exchange: Whose agent it is.
        begin: Begins a task that ends with the session.
        after_turn: Calls a function when the open turn is over.
        voice: Whether the agent speaks at first.

    Attributes:
        voice: Whether the agent is to speak, as was asked last.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        begin: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        after_turn: Callable[[Callable[[], Any]], None],
        voice: bool,
    ) -> None:
        self._exchange = exchange
        self._begin = begin
        self._after_turn = after_turn
        self.voice = voice
        # The tools that pages want switched, and which way.
        self._switches: dict[str, bool] = {}
        self._switching: asyncio.Task[None] | None = None

    def want_tool(self, page: Page, name: str, *, on: bool) -> None:
        """Switches a tool; of what a page wants meanwhile the last counts."""
        if name not in self._exchange.swaps.switches:
            error = AdkNbError(f"There is no tool {name!r:.100}.", code="swap_failed")
            if self._exchange.log.add_error(page, error.code, str(error)):
                page.send(protocol.Failure(error.code, error.message, error.remedy))
            return
        self._switches[name] = on
        if self._switching is None or self._switching.done():
            self._switching = self._begin(self._switch_all())

    async def _switch_all(self) -> None:
        while self._switches:
            name, on = self._switches.popitem()
            if self._exchange.swaps.switches.get(name, on) != on:
                await self._switch(name, on=on)

    async def _switch(self, name: str, *, on: bool) -> None:
        try:
            await self._exchange.swaps.switch(name, on=on, timeout=SWITCH_S)
        except AdkNbError as error:
            self._exchange.report(error)

    def want_voice(self, *, on: bool) -> None:
        """Lets the agent speak or only write, on the bridge thread."""
        self.voice = on
        self._begin(self.switch_voice())

    async def switch_voice(self) -> None:
        """Does what was asked last about the voice."""
        # What is wanted may have changed since this was begun; the last wish counts.
        if self.voice == self._exchange.voice:
            return
        self._exchange.set_voice(on=self.voice)
        if config.writes_instead(live_model(self._exchange.swaps.agent)):
            # Its connection is made for one of the two.
            again = functools.partial(self._exchange.swaps.swap, Wish(), SWITCH_S)
            self._after_turn(again)
