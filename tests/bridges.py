"""Sessions on a bridge, and the pages that connect to it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json

from websockets.asyncio.client import connect

from adk_nb.server import Bridge
from adk_nb.wire import protocol

ORIGIN = "http://localhost:8888"


class Opened:
    """A session on a bridge."""

    def __init__(self, session):
        self.session = session
        self.bridge, self.token = session.bridge.call(Bridge.add(session))
        self.bridge.allow(self.token, ORIGIN)
        self.url = self.bridge.url

    def connect(self, **options):
        # Without a limit, as what is not read would keep the closing handshake waiting for 10 s.
        options = {"max_queue": None} | options
        options = {"origin": ORIGIN, "subprotocols": [protocol.SUBPROTOCOL]} | options
        return connect(self.url, **options)

    @contextlib.asynccontextmanager
    async def page(self, **options):
        async with self.connect(**options) as socket:
            await socket.send(json.dumps({"type": "hello", "token": self.token, "clock": 0}))
            welcome = json.loads(await socket.recv())
            assert welcome["type"] == "hello"
            socket.welcome = welcome
            yield socket

    def close(self):
        with contextlib.suppress(Exception):
            self.session.bridge.call(self.bridge.remove(self.token))
        self.session.close()


async def until(socket, kind, **values):
    """Returns the first message of a type with these values."""
    async with asyncio.timeout(60):
        while True:
            data = await socket.recv()
            if isinstance(data, str):
                message = json.loads(data)
                if message["type"] == kind and values.items() <= message.items():
                    return message


async def answers(made):
    """The session is usable: a turn goes through."""
    async with made.page() as socket:
        await socket.send(json.dumps({"type": "text", "text": "still there"}))
        # An earlier turn may still be answered.
        await until(socket, "transcript", role="agent", text="You said still there.")


def break_loop(bridge):
    """Ends a bridge's loop as nothing should, but a tool that closes all file descriptors does."""

    def select(_timeout):
        raise OSError(errno.EBADF, "Bad file descriptor")

    bridge.loop._selector.select = select
    bridge.loop.call_soon_threadsafe(int)
