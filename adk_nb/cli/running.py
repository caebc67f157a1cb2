"""Runs the application with uvicorn, until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from typing import TYPE_CHECKING

import uvicorn

from adk_nb.bridge_thread import BridgeLoop
from adk_nb.wire import message_log, protocol

if TYPE_CHECKING:
    from starlette.applications import Starlette


def show_messages(*, content: bool) -> None:
    """Prints a line for each message between clients and agents; with `content` what is said."""
    printer = logging.StreamHandler(sys.stdout)
    printer.setFormatter(logging.Formatter("%(message)s"))
    message_log.logger.addHandler(printer)
    message_log.logger.propagate = False
    message_log.logger.setLevel(logging.DEBUG if content else logging.INFO)


def serve(app: Starlette, host: str, port: int, drain_s: float) -> int:
    """Serves an application of `adk_nb.serve.app`; returns the exit code.

    Args:
        app: The application.
        host: The address to listen on.
        port: The port; 0 is any.
        drain_s: How long turns may go on after SIGTERM or Ctrl-C (s).
    """
    # On the bridge thread, where sessions are: a frame then waits for no other thread.
    bridge = BridgeLoop.acquire()
    server = _Server(app, host, port, drain_s)

    def told_to_end(*_: object) -> None:
        bridge.loop.call_soon_threadsafe(server.told_to_end)

    before = {one: signal.signal(one, told_to_end) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        bridge.call(server.serve())
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        bridge.release()
    return 0 if server.started else 1


class _Server(uvicorn.Server):
    """Takes no more sessions when it is told to end, and ends when turns have."""

    def __init__(self, app: Starlette, host: str, port: int, drain_s: float) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                ws="websockets-sansio",
                ws_max_size=protocol.MAX_MESSAGE,
                ws_per_message_deflate=False,  # PCM does not compress.
                log_level="warning",
                timeout_graceful_shutdown=5,
            )
        )
        self._visits, self._drain_s = app.state.server.visits, drain_s
        self._draining: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Begins to listen, and says where."""
        with contextlib.suppress(SystemExit):  # It has said why; the bridge's loop goes on.
            await super().startup(sockets)  # type: ignore[arg-type]
        if not self.started:
            self.should_exit = True
            return
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        print(f"Speak to the agent at http://{shown}:{port}/", flush=True)

    def told_to_end(self) -> None:
        """Drains when it is told for the first time, and ends at once for the second."""
        if self._draining is not None or not self.started:
            self.should_exit = True
            return
        print("No more sessions are taken; turns that are under way may end.", flush=True)
        self._draining = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        await self._visits.drain(self._drain_s)
        self.should_exit = True
