"""What carries frames to a client."""

from __future__ import annotations

import asyncio
import threading

import pytest
from starlette.websockets import WebSocketDisconnect, WebSocketState

from adk_nb.serve.lines import AsgiLine


class Socket:
    """A client's WebSocket, which notes what it is sent, or fails."""

    application_state = WebSocketState.CONNECTED

    def __init__(self, error=None):
        self.sent, self.error = [], error

    async def send_text(self, text):
        assert isinstance(text, str)
        await self._send(text)

    async def send_bytes(self, data):
        assert isinstance(data, bytes)
        await self._send(data)

    async def close(self, code, reason):
        self.sent.append((code, reason))

    async def _send(self, data):
        if self.error is not None:
            raise self.error
        self.sent.append(data)


async def test_frames_are_sent_in_order_and_then_it_is_closed():
    socket = Socket()
    line = AsgiLine(socket)
    for data in ("hello", b"\0\1", "ä"):
        line.write(data)
    line.close(1000, "done")
    assert line.waiting == 8
    await asyncio.wait_for(line.pump(), 10)
    assert socket.sent == ["hello", b"\0\1", "ä", (1000, "done")]
    assert line.waiting == 0


async def test_what_is_written_by_another_thread_wakes_it():
    socket = Socket()
    line = AsgiLine(socket)
    pump = asyncio.ensure_future(line.pump())
    await asyncio.sleep(0)
    thread = threading.Thread(target=lambda: (line.write("one"), line.close(1001, "")))
    thread.start()
    await asyncio.wait_for(pump, 10)
    thread.join()
    assert socket.sent == ["one", (1001, "")]


async def test_only_another_thread_has_to_wake_the_loop(monkeypatch):
    woken = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "call_soon_threadsafe", woken.append)
    line = AsgiLine(Socket())
    line.write("one")
    assert (woken, line._wake.is_set()) == ([], True)
    line._wake.clear()
    thread = threading.Thread(target=line.write, args=("two",))
    thread.start()
    thread.join()
    assert (woken, line._wake.is_set()) == ([line._wake.set], False)


async def test_what_is_written_while_it_waits_is_sent():
    socket = Socket()
    line = AsgiLine(socket)
    pump = asyncio.ensure_future(line.pump())
    for data in ("one", "two"):
        line.write(data)
        for _ in range(5):
            await asyncio.sleep(0)
        assert (socket.sent[-1], line.waiting) == (data, 0)
    line.close(1000, "")
    await asyncio.wait_for(pump, 10)


@pytest.mark.parametrize("error", [WebSocketDisconnect(), RuntimeError("closed"), OSError()])
async def test_after_the_client_has_gone_nothing_is_kept(error):
    line = AsgiLine(Socket(error))
    line.write("one")
    line.write("two")
    await asyncio.wait_for(line.pump(), 10)
    assert not line._frames
    line.write("three")
    line.close(1000, "")
    assert not line._frames


async def test_a_connection_that_is_closed_is_not_closed_again():
    socket = Socket()
    socket.application_state = WebSocketState.DISCONNECTED
    line = AsgiLine(socket)
    line.close(1000, "")
    await asyncio.wait_for(line.pump(), 10)
    assert socket.sent == []


def test_a_server_whose_loop_has_ended_takes_frames_for_nothing():
    async def made():
        return AsgiLine(Socket())

    line = asyncio.run(made())
    thread = threading.Thread(target=line.write, args=("late",))
    thread.start()
    thread.join()
    assert line.waiting == 4
