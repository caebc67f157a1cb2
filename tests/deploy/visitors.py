"""Visitors of a served page, without a browser: they come back and repeat what was not answered."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

LOST = (ConnectionClosed, InvalidHandshake, OSError, TimeoutError, httpx.HTTPError)
AGAIN_S = 0.1


class Visitor:
    """One page of one visitor.

    Attributes:
        finished: What was said and answered to the end.
        cut: Texts whose answer had begun, and was cut off.
        welcome: The newest welcome.
        reached: How often it was let in.
    """

    def __init__(self, url):
        self._http = httpx.AsyncClient(base_url=url, timeout=10)
        self._socket = None
        self._url = url.replace("http", "ws") + "/session"
        self._token = ""
        self._ids = itertools.count()
        self.finished, self.cut = [], []
        self.welcome, self.reached = None, 0

    async def enter(self):
        """Opens a session, or comes back to it."""
        answer = await self._http.post("/open", content=self._token)
        if answer.status_code != 200:
            raise OSError(answer.text)
        self._token = answer.json()["token"]
        await self.connect()

    async def connect(self):
        cookies = "; ".join(f"{name}={value}" for name, value in self._http.cookies.items())
        self._socket = await connect(
            self._url,
            subprotocols=["adk-nb.v1"],
            additional_headers={"Cookie": cookies},
            close_timeout=0.2,
        )
        await self._send({"type": "hello", "token": self._token, "clock": 0})
        self.welcome = await self._next()
        assert self.welcome["type"] == "hello"
        self.reached += 1

    async def back(self):
        """Connects again, as long as it takes."""
        while True:
            with contextlib.suppress(*LOST):
                await self.connect()
                return
            await asyncio.sleep(AGAIN_S)

    async def say(self, text):
        """Says something until it is answered to the end; returns the answer."""
        name = f"{text}-{next(self._ids)}"
        while True:
            pieces = []
            try:
                return await self._said(text, name, pieces)
            except LOST:
                if pieces:
                    self.cut.append(text)
                await self.back()

    async def _said(self, text, name, pieces):
        if self._socket is None:
            await self.back()
        await self._send({"type": "text", "text": text, "id": name})
        while True:
            message = await self._next()
            if message.get("type") == "transcript" and message["role"] == "agent":
                pieces.append(message["text"])
            if message.get("type") == "turn" and message["state"] == "complete":
                self.finished.append(text)
                return pieces[-1]

    async def _send(self, message):
        await self._socket.send(json.dumps(message))

    async def _next(self):
        while True:
            frame = await asyncio.wait_for(self._socket.recv(), 20)
            if isinstance(frame, str):
                return json.loads(frame)

    async def leave(self):
        if self._socket is not None:
            await self._socket.close()
        await self._http.aclose()

    def knows(self):
        """Returns which of what was finished the page was told when it was let in last."""
        told = json.dumps(self.welcome["history"])
        return [text for text in self.finished if text in told]


@contextlib.asynccontextmanager
async def visitors(url, count):
    """So many visitors, each let in."""
    some = [Visitor(url) for _ in range(count)]
    try:
        await asyncio.gather(*(one.enter() for one in some))
        yield some
    finally:
        await asyncio.gather(*(one.leave() for one in some), return_exceptions=True)
