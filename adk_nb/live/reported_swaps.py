"""Swaps of which the pages are told: that one takes long, and that one failed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from adk_nb.exceptions import AdkNbError, SwapError, session_closed
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from adk_nb.adk.agents import Swap
    from adk_nb.live.coordinator import Exchange

_NEWS_S = 0.3
"""How long a swap may take before the pages show that it is under way (s)."""


async def reported(exchange: Exchange, swap: Callable[[], Coroutine[Any, Any, Swap]]) -> Swap:
    """Does a swap, on the bridge thread, and tells the pages if it takes long or fails.

    Raises:
        SwapError: It failed; what it says has no secret in it.
        SessionClosedError: The session is closed.
    """
    if exchange.closed:
        raise session_closed()
    news = asyncio.get_running_loop().call_later(
        _NEWS_S, exchange.pages.emit, protocol.State("reconnecting", "Changing the agent…")
    )
    try:
        return await swap()
    except AdkNbError as error:
        exchange.report(error)
        message, remedy = exchange.log.redact([error.message, error.remedy])
        if (message, remedy) == (error.message, error.remedy):
            raise
        # Without its cause, whose text would be in the cell as it is.
        raise SwapError(message, remedy=remedy) from None
    finally:
        news.cancel()
        exchange.pages.emit(protocol.State(exchange.status))
