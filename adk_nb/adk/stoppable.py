"""Around what runs for a call of a tool: the user can stop it, and the session learns its times.

A function in a thread cannot be ended: it runs on unheard, and what it returns is thrown away.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeVar

from adk_nb.adk.session_context import SESSION

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")
STOPPED = "The user stopped this call."


class StoppedError(Exception):
    """The user stopped a tool."""

    def __init__(self) -> None:
        super().__init__(STOPPED)


async def stoppable(running: Coroutine[Any, Any, T], call_id: str) -> T:
    """Awaits what runs for a call of a tool.

    Raises:
        StoppedError: The user stopped it.
    """
    session = SESSION.get()
    if session is None:
        return await running
    task = asyncio.create_task(running)
    session.tools.began(call_id, task)
    began = time.monotonic()
    try:
        return await task
    except asyncio.CancelledError:
        me = asyncio.current_task()
        if task.cancelled() and me is not None and not me.cancelling():
            raise StoppedError from None
        raise
    finally:
        session.tools.ran(call_id, began, time.monotonic())
