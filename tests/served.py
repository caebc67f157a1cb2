"""Applications on a real port, with clients that know nothing of the package."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from types import SimpleNamespace

import httpx
import uvicorn
from google.adk.agents import Agent
from scripted import DONE, Scripted, audio, said, text_of
from websockets.sync.client import connect

from adk_nb import serve
from adk_nb.wire import protocol


def echo(came):
    text = text_of(came)
    if text is None:
        return []
    return [said("You said "), audio(100), said(f"{text}."), DONE]


class Served:
    """An application of `serve.app`."""

    def __init__(self, answer, agent=None, port=0, **options):
        self.model = Scripted(answer)
        made = agent(self.model) if agent is not None else Agent(name="a", model=self.model)
        self.app = serve.app(made, **options)
        self.visits = self.app.state.server.visits
        config = uvicorn.Config(
            self.app, port=port, log_level="error", ws="websockets-sansio", ws_max_size=1 << 20
        )
        self._server = uvicorn.Server(config)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        deadline = time.monotonic() + 60
        while not self._server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.host = f"127.0.0.1:{port}"

    def _run(self):
        self.loop.run_until_complete(self._server.serve())
        self.loop.close()

    def http(self, path, method="GET", **options):
        return httpx.request(method, f"http://{self.host}{path}", timeout=60, **options)

    def socket(self, path, **options):
        # What is not read keeps the closing handshake waiting.
        return connect(f"ws://{self.host}{path}", close_timeout=0.3, **options)

    @contextlib.contextmanager
    def tutorial(self, user="1", *, audio=False, query="", **options):
        path = f"/ws/{user}?is_audio={str(audio).lower()}{query}"
        with self.socket(path, **options) as socket:
            yield Client(socket)

    @contextlib.contextmanager
    def page(self, token, **options):
        """Joins a session as the widget's page does."""
        options = {"subprotocols": [protocol.SUBPROTOCOL]} | options
        with self.socket("/session", **options) as socket:
            socket.send(json.dumps({"type": "hello", "token": token, "clock": 0}))
            yield Client(socket)

    def close(self):
        self._server.should_exit = True
        self._thread.join(60)
        assert not self._thread.is_alive()


class Client:
    """Speaks JSON."""

    def __init__(self, socket):
        self.socket = socket

    def send(self, kind, data):
        self.socket.send(json.dumps({"mime_type": kind, "data": data}))

    def until(self, accept):
        """Returns the JSON messages up to the first that is accepted."""
        found = []
        while not found or not accept(found[-1]):
            frame = self.socket.recv(60)
            if isinstance(frame, str):
                found.append(json.loads(frame))
        return found

    def turn(self):
        """Returns what came up to a turn's end: its text, its bytes of audio, and the end."""
        *pieces, end = self.until(lambda one: "turn_complete" in one)
        text = "".join(one["data"] for one in pieces if one.get("mime_type") == "text/plain")
        sound = [one["data"] for one in pieces if one.get("mime_type") == "audio/pcm"]
        return SimpleNamespace(text=text, sound=sound, end=end, pieces=pieces)
