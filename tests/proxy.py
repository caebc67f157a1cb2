"""A TCP proxy that a test holds: it cuts, delays, stops and slows what goes through it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import Any


class Proxy:
    """Passes bytes on to a port of 127.0.0.1, from a thread of its own.

    Attributes:
        port: The proxy's own.
        delay_s: How long each piece takes, each way.
        rate: Bytes a second, each way; None is as fast as can be.
        stopped: Whether nothing goes through, though the connection stands.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self.delay_s = 0.0
        self.rate: int | None = None
        self.stopped = False
        self._ends: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 14))
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Breaks every connection, with what is on its way."""

        async def cut() -> None:
            for end in self._ends:
                end.transport.abort()

        self._run(cut())

    def close(self) -> None:
        """Ends all of it."""
        self.cut()
        self._server.close()
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @staticmethod
    async def _end() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._to, limit=1 << 14)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, back}
        try:
            await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        finally:
            for end in (writer, back):
                end.transport.abort()
                self._ends.discard(end)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # What comes meanwhile is on its way already: a delay makes nothing slower.
        way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=1000)
        writing = asyncio.ensure_future(self._write(way, writer))
        with contextlib.suppress(OSError):
            while piece := await reader.read(1 << 13):
                await way.put((self._loop.time() + self.delay_s, piece))
        await way.put((self._loop.time() + self.delay_s, b""))
        await writing

    async def _write(
        self, way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        while True:
            due, piece = await way.get()
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            while self.stopped:  # noqa: ASYNC110 - set by another thread
                await asyncio.sleep(0.01)
            if not piece:
                writer.transport.abort()
                return
            if self.rate is not None:
                await asyncio.sleep(len(piece) / self.rate)
            if not writer.is_closing():
                with contextlib.suppress(OSError):
                    writer.write(piece)
                    await writer.drain()
