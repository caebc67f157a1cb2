"""What of a client's frames is handed to its page, and what is refused."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from adk_nb.serve.reading import read
from adk_nb.wire import protocol

TYPED = ('{"type": "text", "text": "hi"}', '{"mime_type": "text/plain", "data": "hi"}')
OTHER = ('{"type": "mic", "on": true}', '{"mime_type": "audio/pcm"}', "[1]", "hi", "[" * 100_000)


class Bridge:
    """The bridge thread, as far as it is asked; `loop` may be the server's own."""

    def __init__(self, loop):
        self.loop, self.calls = loop, 0

    async def call_async(self, coroutine):
        self.calls += 1
        return await coroutine


class Elsewhere:
    """The loop of another thread, which notes what it is to do."""

    def __init__(self):
        self.handed = 0

    def call_soon_threadsafe(self, do, *args):
        self.handed += 1
        do(*args)


class Client:
    """A client, its page and its visit."""

    def __init__(self):
        self.taken, self.sent = [], []
        self.page = SimpleNamespace(take=self.taken.append, send=self.sent.append)
        self.visit = SimpleNamespace(leaving=False, draining=False)

    async def sends(self, *frames, bridge=None, kept=False):
        """Sends frames until it hangs up; a function among them is called in its place."""
        waiting = iter(frames)

        async def receive():
            for frame in waiting:
                if callable(frame):
                    frame()
                    continue
                kind = "text" if isinstance(frame, str) else "bytes"
                return {"type": "websocket.receive", kind: frame}
            return {"type": "websocket.disconnect", "code": 1000}

        bridge = bridge or Bridge(asyncio.get_running_loop())
        await read(SimpleNamespace(receive=receive), bridge, self.visit, self.page, kept=kept)
        return bridge


@pytest.fixture
def client():
    return Client()


@pytest.mark.parametrize("same", [True, False])
async def test_frames_are_handed_on_in_order_until_it_hangs_up(client, same):
    loop = asyncio.get_running_loop() if same else Elsewhere()
    bridge = await client.sends("one", b"two", "", b"", bridge=Bridge(loop))
    assert client.taken == ["one", b"two", "", b""]
    assert (bridge.calls, client.sent) == (0, [])
    assert same or loop.handed == 4


@pytest.mark.parametrize(("count", "waits"), [(63, 0), (64, 1), (127, 1), (128, 2)])
async def test_of_many_frames_so_many_may_be_on_their_way(client, count, waits):
    bridge = await client.sends(*["x"] * count, bridge=Bridge(Elsewhere()))
    assert (len(client.taken), bridge.calls) == (count, waits)


async def test_on_one_thread_others_get_their_turn(client):
    others = []
    asyncio.get_running_loop().call_soon(others.append, "other")
    at = []
    await client.sends(*["x"] * 64, lambda: at.append(list(others)))
    assert at == [["other"]]


@pytest.mark.parametrize("frame", [*TYPED, *OTHER, b"\0\1"])
async def test_as_the_server_drains_nothing_more_is_typed(client, frame):
    client.visit.draining = True
    await client.sends(frame)
    refused = frame in TYPED
    assert (client.taken == [], bool(client.sent)) == (refused, refused)


@pytest.mark.parametrize("frame", [*TYPED, *OTHER, b"\0\1"])
async def test_when_it_leaves_nothing_is_taken_and_it_is_told_once(client, frame):
    client.visit.leaving = True
    await client.sends(frame, frame)
    assert client.taken == []
    [told] = client.sent
    assert isinstance(told, protocol.Failure)
    assert (told.code, told.message) == ("busy", "The server is about to end.")
    assert told.remedy


async def test_what_was_refused_is_said_again_elsewhere_where_conversations_are_kept(client):
    client.visit.leaving = True
    await client.sends("one", "two", kept=True)
    assert (client.taken, client.sent) == ([], [])


async def test_what_came_before_was_taken(client):
    def leave():
        client.visit.leaving = True

    await client.sends("one", leave, "two")
    assert client.taken == ["one"]
