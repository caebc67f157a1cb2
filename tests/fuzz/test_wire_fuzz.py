"""Whatever a page or a stranger sends, the session goes on and a fresh page can join it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random

import pytest
from bridges import ORIGIN, Opened, answers, until
from google.adk.agents import Agent
from hypothesis import given, settings, strategies as st
from mutations import ODD, cases, damaged, odd
from scripted import CUT, Scripted, echo, text_of
from websockets.exceptions import ConnectionClosed
from wire_frames import encode_image, encode_message

import adk_nb
from adk_nb import LiveSession
from adk_nb.exceptions import AdkNbError, ProtocolError
from adk_nb.wire import protocol

MESSAGES = [
    {"type": "hello", "token": "again", "clock": 0.0},
    {"type": "mic", "on": True},
    {"type": "mic", "on": False},
    {"type": "camera", "source": "screen", "on": True},
    {"type": "activity_start"},
    {"type": "activity_end"},
    {"type": "interrupt"},
    {"type": "confirm", "id": "c1", "approved": True},
    {"type": "stop", "id": "c1"},
    {"type": "more", "id": "c1", "offset": 0},
    {"type": "clock", "id": 1, "clock": 1.0},
    {"type": "clock_offset", "offset_ms": 5.0, "error_ms": 1.0},
    {"type": "error", "code": "mic_denied", "message": "no"},
]
PLAYBACK = {"type": "playback", "event": "started", "turn": 1, "played_ms": 1.0, "clock": 1.0}
AUDIO = protocol.encode_audio(protocol.AudioFrame(1, 0, 0, 16_000, 1.0, bytes(640)))
IMAGE = encode_image(protocol.ImageFrame("screen", 0, 1.0, b"\xff\xd8 \xff\xd9"))


def interruptible(came):
    """Repeats what is typed and spoken; a text cuts off what it says, as with every service."""
    return [CUT, *echo(came)] if text_of(came) else echo(came)


@pytest.fixture
def made(caplog):
    """A session whose bridge may log no traceback and lose no exception."""
    session = LiveSession(Agent(name="a", model=Scripted(interruptible))).start()
    made = Opened(session)
    lost = []

    async def listen():
        asyncio.get_running_loop().set_exception_handler(lambda _loop, told: lost.append(told))

    session.bridge.call(listen())
    yield made
    made.close()
    assert lost == []
    assert not [record for record in caplog.get_records("call") if record.exc_info]


def of_a_page(chance):
    """Yields what a page that lies, or has a fault, may send."""
    for number in range(cases(0.5)):
        match chance.randrange(10):
            case 0 | 1:
                yield damaged(chance.choice([AUDIO, IMAGE]), chance)
            case 2:
                yield damaged(json.dumps(chance.choice(MESSAGES)).encode(), chance)
            case 3:
                yield damaged(json.dumps(PLAYBACK).encode(), chance).decode("latin-1")
            case 4 | 5 | 6:
                yield odd(PLAYBACK, chance)
            case _:
                yield odd(chance.choice(MESSAGES), chance)
        if number % 200 == 0:
            yield json.dumps(
                {"type": "text", "text": chance.choice([t for t in ODD if isinstance(t, str)])}
            )


async def survives(made):
    """A fresh page joins and is answered, and every frame can be read."""
    await answers(made)
    for frame in (adk_nb.events_df, adk_nb.turns_df, adk_nb.tools_df, adk_nb.transcript_df):
        frame(made.session)
    made.session.timeline()


async def page_of_lies(made, sent):
    """Sends everything, and waits until the bridge has dealt with it."""
    async with made.page() as socket:
        for number, data in enumerate(sent):
            await socket.send(data)
            if number % 500 == 499:
                await socket.send(json.dumps({"type": "clock", "id": number, "clock": 0}))
                await until(socket, "clock", id=number)
        await socket.send(json.dumps({"type": "clock", "id": 10**9, "clock": 0}))
        await until(socket, "clock", id=10**9)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1, 2])
async def test_what_a_page_sends(made, seed):
    await made.session.say_async("hi")
    chance = random.Random(seed)
    sent = list(of_a_page(chance))
    await page_of_lies(made, sent[: len(sent) // 2] if seed == 1 else sent[len(sent) // 2 :])
    await survives(made)
    # Errors are counted, not piled up.
    assert len([row for row in made.session.log if row.kind == "error"]) < 100


@pytest.mark.timeout(1800)
async def test_what_a_stranger_sends_first(made):
    chance = random.Random(3)
    hello = {"type": "hello", "token": made.token[:-1], "clock": 0.0}
    for number in range(cases(0.02)):
        first = (
            odd(hello, chance)
            if number % 2
            else damaged(json.dumps(hello).encode(), chance).decode("latin-1")
        )
        async with made.connect() as socket:
            with contextlib.suppress(ConnectionClosed):
                await socket.send(first)
                with pytest.raises(ConnectionClosed):
                    await socket.recv()
        assert socket.close_code in (4400, 4401)
    await survives(made)


@pytest.mark.timeout(1800)
async def test_what_comes_instead_of_a_handshake(made):
    chance = random.Random(4)
    request = (
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {ORIGIN}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    for _ in range(cases(0.02)):
        reader, writer = await asyncio.open_connection("127.0.0.1", made.bridge.port)
        writer.write(damaged(request, chance))
        await writer.drain()
        writer.write_eof()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
    await survives(made)


values = st.recursive(
    st.sampled_from(ODD) | st.text() | st.floats() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
names = ["token", "text", "on", "event", "turn", "clock", "id", "played_ms", "source", "offset",
         "offset_ms", "error_ms", "code", "message", "approved", "name", "underruns"]  # fmt: skip


@given(
    st.sampled_from(sorted({m["type"] for m in MESSAGES} | {"text", "tool", "playback"})),
    st.dictionaries(st.sampled_from(names), values, max_size=6),
)
@settings(max_examples=cases(0.1))
def test_any_fields_are_a_message_or_refused(kind, fields):
    with contextlib.suppress(ProtocolError):
        message = protocol.decode_message(json.dumps({"type": kind} | fields))
        encode_message(message).encode()


@given(st.binary(max_size=100))
@settings(max_examples=cases(0.1))
def test_any_bytes_are_a_frame_or_refused(data):
    with contextlib.suppress(AdkNbError):
        protocol.decode_frame(data)
