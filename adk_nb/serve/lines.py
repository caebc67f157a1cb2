"""What carries frames to a client of the ASGI server, from the bridge thread to its loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from typing import TYPE_CHECKING

from starlette.websockets import WebSocketDisconnect, WebSocketState

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

_Close = tuple[int, str]


class AsgiLine:
    """A `Line` to a client; made on the server's loop, written to on the bridge thread.

    The two may be one: `python -m adk_nb serve` serves on the bridge thread.
    """

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._frames: deque[str | bytes | _Close] = deque()
        self._wake = asyncio.Event()
        # Bytes that were written, counted on the bridge thread, and sent, counted on the loop.
        self._written = self._sent = 0
        self._closed = False

    @property
    def waiting(self) -> int:
        """Bytes that wait for the client to read them."""
        return self._written - self._sent

    def write(self, data: str | bytes) -> None:
        """Sends a frame, after those that wait."""
        self._written += len(data)
        self._put(data)

    def close(self, code: int, reason: str) -> None:
        """Closes the connection, after the frames that wait."""
        self._put((code, reason))

    def _put(self, frame: str | bytes | _Close) -> None:
        if self._closed:
            return
        self._frames.append(frame)
        if threading.get_ident() == self._thread:
            self._wake.set()
            return
        with contextlib.suppress(RuntimeError):  # The server's loop has ended.
            self._loop.call_soon_threadsafe(self._wake.set)

    async def pump(self) -> None:
        """Sends frames until the connection is closed, by either end."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._frames:
                    frame = self._frames.popleft()
                    if isinstance(frame, tuple):
                        await self._end(*frame)
                        return
                    await self._send(frame)
                    self._sent += len(frame)
        except (WebSocketDisconnect, RuntimeError, OSError):
            return  # The client has gone; the reading end notices too.
        finally:
            self._closed = True
            self._frames.clear()

    async def _send(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            await self._socket.send_text(frame)
        else:
            await self._socket.send_bytes(frame)

    async def _end(self, code: int, reason: str) -> None:
        if self._socket.application_state is WebSocketState.CONNECTED:
            await self._socket.close(code, reason)
