"""Hands what clients send to their pages, and refuses it where the server is about to end."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from adk_nb.exceptions import BusyError
from adk_nb.serve.visitors import LATER
from adk_nb.wire import protocol
from adk_nb.wire.tutorial import TEXT

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

    from adk_nb.bridge_thread import BridgeLoop
    from adk_nb.page_connection import Connection
    from adk_nb.serve.tutorial_page import TutorialPage
    from adk_nb.serve.visits import Visit

_IN_FLIGHT = 64
"""Frames of a client that may be on their way to the bridge thread."""


async def read(
    socket: WebSocket,
    bridge: BridgeLoop,
    visit: Visit,
    page: Connection | TutorialPage,
    *,
    kept: bool,
) -> None:
    """Hands a client's frames to its page on the bridge thread."""
    taken, same = 0, bridge.loop is asyncio.get_running_loop()
    told = False
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        refused = visit.leaving or (visit.draining and _is_typed(message.get("text")))
        if refused:  # Whoever sent it says it again, at another instance.
            if not (kept or told):  # Where there is none, it is told so once.
                told = True
                await bridge.call_async(_tell_end(page))
            continue
        data = message.get("text")
        data = message["bytes"] if data is None else data
        if same:
            page.take(data)
        else:
            bridge.loop.call_soon_threadsafe(page.take, data)
        taken += 1
        if taken % _IN_FLIGHT == 0:  # Others get their turn, and what waits has a bound.
            await (asyncio.sleep(0) if same else bridge.call_async(_caught_up()))


def _is_typed(text: str | None) -> bool:
    """Returns whether a frame would cut in on the turn that may end yet."""
    try:
        message = json.loads(text or "")
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and (
        message.get("type") == protocol.Text.type or message.get("mime_type") == TEXT
    )


async def _tell_end(page: Connection | TutorialPage) -> None:
    page.send(protocol.Failure(BusyError.code, "The server is about to end.", LATER))


async def _caught_up() -> None:
    """Runs on the bridge thread after all that was handed over before."""
