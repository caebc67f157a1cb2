import asyncio
import contextlib
import json
import logging
import os
import random
import time
import traceback
import urllib.request

import psutil
import pytest
from bridges import ORIGIN, Opened, answers, break_loop, until
from google.adk.agents import Agent
from google.adk.models.llm_response import LlmResponse
from google.adk.tools.base_toolset import BaseToolset
from pydantic import BaseModel
from scripted import DONE, Scripted, audio, call, echo, result_of, said, text_of
from sessions import wait_for
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request
from wire_frames import encode_image

import adk_nb
from adk_nb import LiveSession, page_connection, server
from adk_nb.exceptions import SwapError
from adk_nb.server import Bridge
from adk_nb.wire import protocol, terms


@pytest.fixture
def opened():
    with contextlib.ExitStack() as stack:

        def open_one(answer=echo, tools=()):
            session = LiveSession(
                Agent(name="a", model=Scripted(answer), tools=list(tools))
            ).start()
            made = Opened(session)
            stack.callback(made.close)
            return made

        yield open_one


async def refused(made, first):
    async with made.connect() as socket:
        await socket.send(first)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        return closed.value.rcvd.code


async def test_a_turn_over_the_wire(opened):
    made = opened()
    async with made.page() as socket:
        assert socket.subprotocol == protocol.SUBPROTOCOL
        assert socket.welcome["agent"] == "a"
        await socket.send(json.dumps({"type": "text", "text": "hi"}))
        frames, seen = [], []
        while not seen or seen[-1] != ("turn", "complete"):
            data = await socket.recv()
            if isinstance(data, bytes):
                frames.append(protocol.decode_audio(data))
            else:
                message = json.loads(data)
                seen.append((message["type"], message.get("state")))
        assert [(f.kind, f.seq, f.turn, f.rate) for f in frames] == [(2, 0, 1, 24_000)]
        assert len(frames[0].samples) == 4800
    assert made.session.turns[0].agent_text == "You said hi."


async def test_microphone_frames_reach_the_model_and_come_back(opened):
    made = opened()
    async with made.page() as socket:
        await socket.send(json.dumps({"type": "mic", "on": True}))
        sent = [random.randbytes(640) for _ in range(50)]
        for seq, pcm in enumerate(sent):
            frame = protocol.AudioFrame(protocol.MICROPHONE, seq, 0, 16_000, 1.0, pcm)
            await socket.send(protocol.encode_audio(frame))
        got = []
        async with asyncio.timeout(60):
            while len(got) < 50:
                data = await socket.recv()
                if isinstance(data, bytes):
                    got.append(protocol.decode_audio(data))
    assert [f.samples for f in got] == sent
    assert [f.seq for f in got] == list(range(50))


def picture(source="camera", inside=b"", seq=0):
    jpeg = b"\xff\xd8" + inside + b"\xff\xd9"
    return encode_image(protocol.ImageFrame(source, seq, 1.0, jpeg))


async def test_images_and_what_is_said_of_the_camera_reach_the_session_in_order(
    opened, monkeypatch
):
    made = opened()
    seen, pages = [], made.session.pages
    receive = pages.receive

    def received(page, told):
        seen.append((page, told))
        receive(page, told)

    monkeypatch.setattr(pages, "see", lambda page, jpeg: seen.append((page, jpeg)))
    monkeypatch.setattr(pages, "receive", received)
    async with made.page() as socket:
        await socket.send(json.dumps({"type": "camera", "source": "screen", "on": True}))
        await socket.send(picture("screen", b"one"))
        await socket.send(picture("camera", random.randbytes(500 << 10), seq=1))
        await socket.send(json.dumps({"type": "clock", "id": 1, "clock": 0}))
        await until(socket, "clock")
        (connection,) = made.bridge._connections
        assert [page for page, _ in seen] == [connection] * 3
    told, first, second = (what for _, what in seen)
    assert (told, first) == (protocol.Camera("screen", on=True), b"\xff\xd8one\xff\xd9")
    assert len(second) == (500 << 10) + 4


async def test_long_audio_is_cut_into_frames_of_100_ms(opened):
    def long(came):
        return [audio(1050), said("Long.", finished=True), DONE] if text_of(came) else []

    made = opened(long)
    async with made.page() as socket:
        await socket.send(json.dumps({"type": "text", "text": "hi"}))
        sizes = []
        while sum(sizes) < 2 * 24 * 1050:
            data = await socket.recv()
            if isinstance(data, bytes):
                sizes.append(len(protocol.decode_audio(data).samples))
    assert sizes == [4800] * 10 + [2400]


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
async def test_a_foreign_origin_is_refused(opened, origin):
    made = opened()
    with pytest.raises(InvalidStatus) as refusal:
        async with made.connect(origin=origin):
            pass
    assert refusal.value.response.status_code == 403
    await answers(made)


async def test_without_the_subprotocol_there_is_no_connection(opened):
    made = opened()
    with pytest.raises(InvalidStatus) as refusal:
        async with made.connect(subprotocols=["other"]):
            pass
    assert refusal.value.response.status_code == 400


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('{"type": "hello"}', 4400),
        ('{"type": "text", "text": "hi"}', 4400),
        ("not json", 4400),
        (b"\x01" * 100, 4400),
        ('{"type": "hello", "token": ""}', 4401),
        ('{"type": "hello", "token": "guess"}', 4401),
        ('{"type": "hello", "token": "gu\\u00e9ss"}', 4401),
    ],
)
async def test_who_has_no_token_is_refused(opened, first, code):
    made = opened()
    assert await refused(made, first) == code
    assert "client" not in [row.source for row in made.session.log]
    await answers(made)


async def test_who_says_nothing_is_let_go(opened, monkeypatch):
    monkeypatch.setattr(terms, "HELLO_S", 0.1)
    made = opened()
    async with made.connect() as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd.code == 4400


async def test_a_token_opens_its_own_session_alone(opened):
    one, two = opened(), opened()
    assert one.url == two.url
    assert one.token != two.token
    async with one.page() as first, two.page() as second:
        assert first.welcome["session_id"] == one.session.id
        assert second.welcome["session_id"] == two.session.id


async def test_a_huge_frame_ends_its_connection_alone(opened):
    made = opened()
    async with made.page() as other:
        # Not in a `with`: websockets' client trips over closing a connection that was cut off.
        socket = await made.connect()
        await socket.send(json.dumps({"type": "hello", "token": made.token}))
        with pytest.raises(ConnectionClosed):
            await socket.send(bytes(10 << 20))
            while True:
                await socket.recv()
        # 1006 where the bridge was gone before all of it was sent.
        assert socket.close_code in (1009, 1006)
        await other.send(json.dumps({"type": "text", "text": "hi"}))
        await until(other, "turn", state="complete")
    await asyncio.to_thread(
        wait_for, lambda: any("1 MiB" in (row.error or "") for row in made.session.log)
    )
    errors = [(row.source, row.kind) for row in made.session.log if row.error]
    assert errors == [("client", "error")]


@pytest.mark.parametrize(
    "junk",
    [
        os.urandom(500),
        b"",
        b"\x01",
        protocol.encode_audio(protocol.AudioFrame(2, 0, 0, 16_000, 0.0, b"ab")),
        protocol.encode_audio(protocol.AudioFrame(1, 0, 0, 44_100, 0.0, b"ab")),
        picture()[:20],
        picture() + b"\0",
        picture(inside=bytes(protocol.MAX_JPEG)),
        '{"type": "camera", "source": "attic", "on": true}',
        "not json",
        "[]",
        '{"type": "text", "text": 5}',
        '{"type": "dance"}',
        '{"type": "hello", "token": "again"}',
        "[" * 100_000,
    ],
)
async def test_junk_is_answered_logged_and_forgotten(opened, junk):
    made = opened()
    async with made.page() as socket:
        await socket.send(junk)
        error = await until(socket, "error")
        assert error["code"] == "bad_message"
        await socket.send(json.dumps({"type": "text", "text": "hi"}))
        await until(socket, "turn", state="complete")
    assert [row.kind for row in made.session.log if row.kind == "error"] == ["error"]


async def test_a_page_that_vanishes_in_mid_turn_costs_nothing(opened):
    def slow(came):
        text = text_of(came)
        return (
            [said(f"{text} ", finished=False), 0.3, said("done.", finished=False), DONE]
            if text
            else []
        )

    made = opened(slow)
    async with made.page() as socket:
        await socket.send(json.dumps({"type": "text", "text": "hi"}))
        await until(socket, "transcript", role="agent")
        socket.transport.abort()
    async with made.page() as socket:
        roles = [m["role"] for m in socket.welcome["history"]]
        assert roles[:2] == ["user", "agent"]
        if not made.session.turns[0].ended:
            await until(socket, "turn", state="complete")
    assert made.session.turns[0].agent_text == "hi done."
    await asyncio.to_thread(lambda: made.session.say("more"))


async def test_the_clock_is_answered_and_reports_are_on_the_sessions_clock(opened):
    made = opened()
    await made.session.say_async("hi")
    async with made.page() as socket:
        await socket.send(json.dumps({"type": "clock", "id": 9, "clock": 1234.5}))
        answer = await until(socket, "clock")
        assert (answer["id"], answer["clock"]) == (9, 1234.5)
        offset = answer["bridge_clock"] - 1234.5
        report = {"type": "clock_offset", "offset_ms": offset, "error_ms": 0.5}
        await socket.send(json.dumps(report))
        sounded = {"type": "playback", "event": "started", "turn": 1, "clock": 1234.5}
        await socket.send(json.dumps(sounded | {"estimated": True}))
        await socket.send(json.dumps({"type": "clock", "id": 10, "clock": 0}))
        await until(socket, "clock", id=10)
    row = next(r for r in made.session.log if r.kind == "playback_started")
    assert row.estimated
    assert made.session.turns[0].heard_estimated
    asked = made.session.log.to_t(answer["bridge_clock"])
    assert row.t == pytest.approx(asked)


@pytest.mark.parametrize("what", ["sound", "words"])
async def test_a_page_that_does_not_read_is_bounded(opened, monkeypatch, what):
    monkeypatch.setattr(page_connection, "MAX_WAITING", 200_000)

    def flood(came):
        return [audio(60_000) for _ in range(8)] if text_of(came) else []

    def words(connection):
        for _ in range(8000):  # More than the socket's own buffers hold.
            connection.send(protocol.Transcript(1, "agent", "a", "x" * 1000, final=False))

    made = opened(flood)
    async with made.page() as socket:
        socket.transport.pause_reading()
        (connection,) = made.bridge._connections
        if what == "sound":
            await socket.send(json.dumps({"type": "text", "text": "hi"}))
        else:
            made.session.bridge.loop.call_soon_threadsafe(words, connection)
        await asyncio.to_thread(wait_for, lambda: connection._closing)
        assert connection._line.waiting < 250_000
        socket.transport.resume_reading()
        with pytest.raises(ConnectionClosed):
            while True:
                await asyncio.wait_for(socket.recv(), 10)
        assert socket.close_code == 4001
        if what == "sound":
            await asyncio.to_thread(wait_for, lambda: connection.dropped)
            await asyncio.to_thread(
                wait_for, lambda: any(row.kind == "audio_lost" for row in made.session.log)
            )


async def test_images_that_a_page_has_no_time_to_read_are_left_out(opened):
    made = opened()
    async with made.page(max_size=None) as socket:
        socket.transport.pause_reading()
        (connection,) = made.bridge._connections

        async def show():
            for _ in range(8):
                connection.send(protocol.ToolOutput(1, "c", image="A" * (3 << 20)))

        await made.session.bridge.call_async(show())
        socket.transport.resume_reading()
        shown = [await until(socket, "tool_output") for _ in range(8)]
    assert shown[0]["image"]
    assert "left out" in shown[-1]["text"]
    assert not shown[-1]["image"]


async def test_a_flood_of_switches_is_one_row_and_few_swaps(opened, monkeypatch):
    def tool() -> int:
        """Does nothing."""
        return 1

    made = opened(tools=[tool])
    swaps, sent = made.session._exchange.swaps, asyncio.Event()
    switch = swaps.switch

    async def held(*args, **options):
        await asyncio.to_thread(wait_for, sent.is_set)
        await switch(*args, **options)

    monkeypatch.setattr(swaps, "switch", held)
    async with made.page() as socket:
        for n in range(500):
            await socket.send(json.dumps({"type": "tool", "name": "nope", "on": True}))
            await socket.send(json.dumps({"type": "tool", "name": "tool", "on": n % 2 == 0}))
        await socket.send(json.dumps({"type": "tool", "name": "tool", "on": False}))
        await socket.send(json.dumps({"type": "clock", "id": 1, "clock": 0}))
        await until(socket, "clock", id=1)
        sent.set()
        # The page may have been told of the last switch before.
        off = {"name": "tool", "on": False, "description": "Does nothing."}
        session = made.session
        await asyncio.to_thread(
            wait_for,
            lambda: session._switching._switching.done() and session._exchange.swaps.tools == [off],
        )
    await answers(made)
    rows = [row for row in made.session.log if row.kind == "error"]
    assert [(row.count, "nope" in row.error) for row in rows] == [(500, True)]
    assert len([row for row in made.session.log if row.kind == "agent_swapped"]) <= 2


async def test_a_password_that_is_an_ordinary_word_changes_no_name(opened, monkeypatch):
    monkeypatch.setenv("POSTGRES_PASSWORD", "postgres")
    monkeypatch.setenv("MY_PASSWORD", "complete")

    def query_postgres() -> int:
        """Asks postgres."""
        return 1

    made = opened(tools=[query_postgres])
    async with made.page() as socket:
        (tool,) = socket.welcome["tools"]
        assert (tool["name"], tool["description"]) == (
            "query_postgres", "Asks [POSTGRES_PASSWORD]."
        )  # fmt: skip
        await socket.send(json.dumps({"type": "text", "text": "hi"}))
        assert (await until(socket, "turn", state="complete"))["turn"] == 1


async def test_closing_the_session_says_so_and_stops_the_server(opened):
    made = opened()
    async with made.page() as socket:
        await made.session.bridge.call_async(made.bridge.remove(made.token))
        with pytest.raises(ConnectionClosed):
            while True:
                await socket.recv()
        assert socket.close_code == 4000
    with pytest.raises(OSError):
        async with made.connect():
            pass
    assert Bridge.shared is None


@pytest.mark.parametrize("soon", [False, True])
async def test_closing_a_session_leaves_the_pages_of_others(opened, soon):
    made, other = opened(), opened()
    async with made.page() as gone, other.page() as page:
        if soon:
            made.bridge._loop.call_soon_threadsafe(made.bridge.remove_soon, made.token)
        else:
            await made.session.bridge.call_async(made.bridge.remove(made.token))
        with pytest.raises(ConnectionClosed):
            while True:
                await gone.recv()
        assert gone.close_code == 4000
        await page.send(json.dumps({"type": "text", "text": "hi"}))
        await until(page, "turn", state="complete")
    assert Bridge.shared is other.bridge
    await asyncio.to_thread(wait_for, lambda: not made.bridge._removing)


async def test_the_code_of_a_link_opens_its_session_once(opened):
    made, other = opened(), opened()
    code = other.bridge.link(other.token)
    own = f"http://localhost:{other.bridge.port}"

    async def redeemed(code, origin=own):
        async with made.connect(origin=origin) as socket:
            await socket.send(json.dumps({"type": "redeem", "code": code}))
            try:
                message = json.loads(await socket.recv())
                await socket.wait_closed()
            except ConnectionClosed:
                message = None
            return message, socket.close_code

    assert await redeemed("wrong") == (None, 4401)
    assert await redeemed(code) == ({"type": "admitted", "token": other.token}, 1000)
    assert await redeemed(code) == (None, 4401)
    made.bridge.allow(made.token, "http://made.example")
    foreign = other.bridge.link(other.token)
    assert await redeemed(foreign, "http://made.example") == (None, 4401)
    by_number = f"http://127.0.0.1:{other.bridge.port}"
    assert (await redeemed(other.bridge.link(other.token), by_number))[1] == 1000


def request_with(*headers):
    """A request with these headers."""
    return Request("/", Headers(list(headers)))


@pytest.mark.parametrize(
    ("hosts", "local"),
    [
        (["127.0.0.1:5000"], True),
        (["localhost"], True),
        (["LOCALHOST:1"], True),
        (["[::1]:5000"], True),
        (["127.0.0.1.example"], False),
        (["localhost:5000.example"], False),
        (["hub.example"], False),
        (["hub.example", "localhost"], False),
        (["localhost", "localhost"], False),
        ([], False),
    ],
)
def test_which_hosts_are_this_machine(hosts, local):
    assert server._is_local(request_with(*(("Host", host) for host in hosts))) is local


@pytest.mark.parametrize(
    ("header", "plain"),
    [
        (("Upgrade", "websocket"), True),
        (("upgrade", "w\xe9bsocket"), False),
        (("Connection", "\xff"), False),
        (("Sec-WebSocket-Key", "\xff"), False),
        (("Cookie", "\xff"), True),
        (("Origin", "\xff"), True),
    ],
)
def test_which_headers_have_to_be_plain(header, plain):
    assert server._is_plain(request_with(("Upgrade", "websocket"), header)) is plain


def test_a_request_has_one_origin_or_none():
    one = ("Origin", ORIGIN)
    assert server._origin(request_with(one)) == ORIGIN
    assert server._origin(request_with(one, one)) is None
    assert server._origin(request_with()) is None
    assert server._origin(None) is None


def test_a_token_is_found_among_others():
    assert server._same("b", ["a", "b", "c"]) == "b"
    assert server._same("", ["a"]) is None
    assert server._same("\u00e9", []) is None


async def test_a_server_whose_loop_has_ended_is_replaced(opened):
    first = opened()
    break_loop(first.session.bridge)
    await asyncio.to_thread(wait_for, lambda: not first.session.bridge.alive)
    second = opened()
    assert second.bridge is not first.bridge
    async with second.page() as socket:
        await socket.send(json.dumps({"type": "text", "text": "hi"}))
        await until(socket, "turn", state="complete")
        first.session.close()
        assert Bridge.shared is second.bridge


async def test_health(opened):
    made = opened()
    url = made.url.replace("ws:", "http:") + "healthz"
    body = await asyncio.to_thread(lambda: urllib.request.urlopen(url).read())
    assert body == b"ok\n"


async def test_many_pages_on_one_session_all_hear(opened):
    made = opened()
    async with contextlib.AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(made.page()) for _ in range(5)]
        await pages[0].send(json.dumps({"type": "text", "text": "hi"}))
        for page in pages:
            await until(page, "turn", state="complete")


async def asked(made, **message):
    """Sends a message from a page and returns what answers it."""
    async with made.page() as socket:
        await socket.send(json.dumps(message))
        return await until(socket, "error")


LIES = [
    {"turn": 0}, {"turn": 2}, {"turn": 999}, {"turn": -9}, {"turn": 10**30}, {"turn": True},
    {"turn": 1.0}, {"turn": 1, "event": "danced"}, {"turn": 1, "played_ms": -1},
    {"turn": 1, "played_ms": 1e300}, {"turn": 1, "clock": 1e300}, {"turn": 1, "underruns": -1},
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES, ids=str)
async def test_a_playback_report_is_checked_against_what_can_be(opened, lie):
    made = opened()
    await made.session.say_async("hi")
    report = {"type": "playback", "event": "drained", "played_ms": 1.0, "clock": 1.0} | lie
    assert (await asked(made, **report))["code"] == "bad_message"
    assert made.session.turns_df().heard_ms.isna().all()
    made.session.events_df()
    await answers(made)


async def test_no_page_has_played_more_than_there_was_or_at_a_time_that_is_not_yet(opened):
    made = opened()
    await made.session.say_async("hi")
    async with made.page() as socket:
        for message in (
            {"type": "clock_offset", "offset_ms": 1e13, "error_ms": 1.0},
            {"type": "playback", "event": "flushed", "turn": 1, "played_ms": 9e8, "clock": 1.0},
            {"type": "clock", "id": 1, "clock": 0},
        ):
            await socket.send(json.dumps(message))
        await until(socket, "clock")
    row = next(row for row in made.session.log if row.kind == "playback_flushed")
    assert row.audio_ms == made.session.turns[0].audio_ms == 100
    assert 0 <= row.t <= made.session.log.now()
    assert row.error_ms is None
    made.session.events_df()


HALF = "half \ud83d"


@pytest.mark.parametrize("way", ["typed", "said", "result", "argument", "printed", "raised"])
async def test_text_that_is_no_unicode_locks_nobody_out(opened, way, tmp_path):
    def work(name: str) -> dict:
        if way == "raised":
            raise ValueError(HALF)
        print(HALF)
        return {HALF: [HALF]} if way == "result" else {"name": "plain"}

    def model(came):
        if text_of(came):
            return [call("work", name=HALF if way == "argument" else "n")]
        return [said("Done.", finished=True), DONE] if result_of(came) else []

    session = LiveSession(
        Agent(name="a", model=Scripted(model), tools=[work]), record=tmp_path
    ).start()
    made = Opened(session)
    try:
        if way == "typed":
            async with made.page() as socket:
                await socket.send('{"type": "text", "text": "half \\ud83d"}')
                await until(socket, "turn", state="complete")
        else:
            await session.say_async(HALF if way == "said" else "go")
        async with made.page() as socket:
            assert socket.welcome["history"]
            assert "\\ud83d" not in json.dumps(socket.welcome)
    finally:
        made.close()
    recorded = adk_nb.events_df(session.recording)
    assert len(recorded) == len(session.log)
    text = "half \ufffd" if way in ("typed", "said") else "go"
    assert recorded.text[recorded.kind == "user_text"].tolist() == [text]


async def test_a_surrogate_in_a_hello_is_a_wrong_token(opened, caplog):
    made = opened()
    assert await refused(made, '{"type": "hello", "token": "\\ud83d"}') == 4401
    assert not [record for record in caplog.records if record.exc_info]


async def test_two_origins_are_none(opened, caplog):
    made = opened()
    with pytest.raises(InvalidStatus) as refusal:
        async with made.connect(additional_headers={"Origin": ORIGIN}):
            pass
    assert refusal.value.response.status_code == 403
    assert not [record for record in caplog.records if record.exc_info]
    await answers(made)


def handshake(upgrade=b"websocket", cookie=b""):
    return (
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: %s\r\nUpgrade: %s\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: adk-nb.v1\r\nCookie: %s\r\n\r\n"
    ) % (ORIGIN.encode(), upgrade, cookie)


async def test_a_cookie_of_another_page_may_be_of_any_bytes(opened):
    made = opened()
    reader, writer = await asyncio.open_connection("127.0.0.1", made.bridge.port)
    writer.write(handshake(cookie=b"name=J\xc3\xb6rg\xff"))
    assert b" 101 " in await reader.readline()
    writer.close()


@pytest.mark.parametrize(
    "junk",
    [
        b"\x00\xff\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"x" * 100_000,
        handshake(upgrade=b"websoJ\x86\xc8\xfe`cket"),
        handshake(upgrade=b"none") + b"\xff\xff",  # A broken frame comes with it.
        handshake() + b"\xff\xff",
    ],
)
async def test_who_speaks_no_websocket_is_counted_and_not_traced(opened, caplog, junk):
    made = opened()
    for _ in range(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", made.bridge.port)
        writer.write(junk)
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
    said = [record for record in caplog.records if record.name.startswith("adk_nb")]
    assert 1 <= len(said) < 20
    assert not [record for record in caplog.records if record.exc_info]
    await answers(made)


def test_refusals_are_logged_once_a_second_with_their_number(caplog, monkeypatch):
    now = 100.0
    monkeypatch.setattr(server.time, "monotonic", lambda: now)
    refusals = server.Refusals()
    for _ in range(50):
        refusals.add("wrong")
    now += 0.999
    refusals.add("wrong")
    now += 0.001
    refusals.add("wrong")
    now += 1
    refusals.add("other")
    assert [record.getMessage() for record in caplog.records] == [
        "Refused a connection: wrong.",
        "Refused a connection: wrong (51 since the last time).",
        "Refused a connection: other.",
    ]


@pytest.mark.parametrize(
    ("level", "said", "kept", "refusals"),
    [
        (logging.INFO, "connection open", False, 0),
        (logging.DEBUG, "connection open", False, 0),
        (logging.WARNING, "odd", True, 0),
        (logging.ERROR, "connection handler failed", True, 0),
        (logging.ERROR, "opening handshake failed", False, 1),
        (logging.ERROR, "unexpected internal error", True, 0),
    ],
)
def test_what_of_websockets_own_lines_is_kept(caplog, level, said, kept, refusals):
    shown = server._Handshakes(server.Refusals())
    record = logging.LogRecord("x", level, "", 0, said, None, None)
    assert shown.filter(record) is kept
    assert len(caplog.records) == refusals


async def test_silent_connections_are_few_and_the_honest_page_gets_in(opened):
    made = opened()
    files = psutil.Process().num_fds
    before, silent = files(), []
    for number in range(300):
        reader, writer = await asyncio.open_connection("127.0.0.1", made.bridge.port)
        silent.append((reader, writer))
        if number % 100 == 50:
            await answers(made)
    # Each is one descriptor here, in the same process, and one at the bridge.
    async with asyncio.timeout(60):
        while files() - before >= len(silent) + server.MAX_STRANGERS + 20:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await answers(made)
    for _, writer in silent:
        writer.close()


async def test_a_page_that_is_in_is_no_stranger(opened, monkeypatch):
    monkeypatch.setattr(server, "MAX_STRANGERS", 2)
    made = opened()
    async with made.page() as page:
        for _ in range(10):
            _, writer = await asyncio.open_connection("127.0.0.1", made.bridge.port)
            writer.close()
        await page.send(json.dumps({"type": "text", "text": "hi"}))
        await until(page, "turn", state="complete")


async def test_the_token_of_an_ended_session_is_told_so(opened):
    made, other = opened(), opened()
    await made.session.bridge.call_async(made.bridge.remove(made.token))
    other.bridge.allow(other.token, ORIGIN)
    assert await refused(made, json.dumps({"type": "hello", "token": made.token})) == 4404
    await answers(other)


async def test_an_origin_goes_with_its_widget_and_opens_its_session_alone(opened):
    made, other = opened(), opened()
    made.bridge.allow(made.token, "http://elsewhere.example")
    async with made.page(origin="http://elsewhere.example"):
        pass
    async with other.connect(origin="http://elsewhere.example") as socket:
        await socket.send(json.dumps({"type": "hello", "token": other.token}))
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd.code == 4401
    await made.session.bridge.call_async(made.bridge.remove(made.token))
    with pytest.raises(InvalidStatus):
        async with other.connect(origin="http://elsewhere.example"):
            pass


async def test_a_long_result_is_told_in_pieces_on_demand(opened):
    whole = "\u20ac" * 500_000

    def fetch() -> str:
        return whole

    def model(came):
        if text_of(came):
            return [call("fetch")]
        return [said("Done.", finished=True), DONE] if result_of(came) else []

    session = LiveSession(Agent(name="a", model=Scripted(model), tools=[fetch])).start()
    made = Opened(session)
    try:
        async with made.page() as socket:
            await socket.send(json.dumps({"type": "text", "text": "go"}))
            told = await until(socket, "tool_result")
            text = told["result"]
            assert told["length"] == len(whole)
            assert len(text) < 50_000
            while len(text) < told["length"]:
                wanted = {"type": "more", "id": told["id"], "offset": len(text)}
                await socket.send(json.dumps(wanted))
                more = await until(socket, "tool_more", offset=len(text))
                text += more["text"]
            assert text == whole
            await socket.send(json.dumps({"type": "more", "id": "none", "offset": 0}))
            assert (await until(socket, "error"))["code"] == "bad_message"
        assert session.tools_df().result.tolist() == [whole]
    finally:
        made.close()


async def test_a_text_that_is_too_long_says_what_to_do(opened):
    made = opened()
    error = await asked(made, type="text", text="x" * 100_001)
    assert error["code"] == "text_too_long"
    assert "100,000 characters" in error["remedy"]
    await answers(made)


async def test_a_flood_of_junk_is_a_few_rows(opened):
    made = opened()
    async with made.page() as socket:
        for _ in range(3000):
            await socket.send(os.urandom(random.randint(0, 60)))
        await socket.send(json.dumps({"type": "clock", "id": 1, "clock": 0}))
        kinds = []
        while not kinds or kinds[-1] != "clock":
            kinds.append(json.loads(await socket.recv())["type"])
    rows = [row for row in made.session.log if row.kind == "error"]
    assert kinds.count("error") == len(rows) <= 11
    assert sum(row.count for row in rows) > 2900  # A few of them may be frames by chance.


SECRET = "sk-1234567890abcdef"


class Login(BaseModel):
    key: str


def leak(name: str):
    print(SECRET[:5], end="", flush=True)
    time.sleep(0.2)
    print(SECRET[5:])
    if name == "error":
        raise ValueError(SECRET)
    results = {"model": Login(key=SECRET), "bytes": SECRET.encode()}
    return results.get(name, {SECRET: [SECRET]})


def indiscreet(came):
    text = text_of(came)
    if text == "break":
        return [RuntimeError(f"401 {SECRET}")]
    if text:
        return [call("leak", call_id=text, name=text)]
    if result_of(came):
        return [said(piece) for piece in ("It is ", SECRET[:4], SECRET[4:], ".")] + [DONE]
    return []


@pytest.mark.long
async def test_no_way_leads_a_secret_into_a_page_a_log_or_a_recording(
    opened, tmp_path, monkeypatch, caplog
):
    session = LiveSession(
        Agent(name="a", model=Scripted(indiscreet), tools=[leak]), record=tmp_path
    ).start()
    monkeypatch.setenv("LATE_TOKEN", SECRET)  # It came after the session began.
    made = Opened(session)
    seen = []
    try:
        session.on_turn(lambda turn: int(SECRET))
        async with made.page() as socket:
            for name in ("dict", "model", "bytes", "error", SECRET, "break"):
                await session.say_async(name)
            with contextlib.suppress(TimeoutError):
                while True:
                    seen.append(await asyncio.wait_for(socket.recv(), 1))
        async with made.page() as socket:
            seen.append(json.dumps(socket.welcome))
    finally:
        made.close()
    seen += [repr(turn) + turn._repr_html_() for turn in session.turns]
    seen += [repr(row) for row in session.log]
    seen += [session.turns_df().to_json(), session.tools_df().to_json()]
    seen += [path.read_text() for path in tmp_path.glob("*/events.jsonl")]
    seen += [record.getMessage() for record in caplog.records if "adk_nb" in record.name]
    for text in seen:
        assert SECRET not in str(text)
        assert SECRET[5:] not in str(text)
    assert sum("[LATE_TOKEN]" in str(text) for text in seen) > 10


async def test_the_bridge_listens_on_loopback_alone(opened):
    made = opened()
    addresses = [socket.getsockname()[0] for socket in made.bridge._server.sockets]
    assert addresses == ["127.0.0.1"]


async def test_a_secret_is_masked_before_its_text_is_cut(opened, monkeypatch):
    monkeypatch.setenv("SOME_KEY", SECRET)
    text = "x" * (protocol.MAX_SHOWN - 10) + SECRET + " and more" * 20

    def model(came):
        return [said(text, finished=True), DONE] if text_of(came) else []

    made = opened(model)
    await made.session.say_async("hi")
    async with made.page() as socket:
        assert SECRET[:10] not in json.dumps(socket.welcome)


async def test_an_error_of_a_model_is_bounded(opened):
    def model(came):
        failed = LlmResponse(error_code="E", error_message="M" * 3_000_000)
        return [failed] if text_of(came) else []

    made = opened(model)
    async with made.page() as socket:
        await made.session.say_async("hi")
        error = await until(socket, "error")
    assert len(error["message"]) < 21_000
    assert len(made.session.turns[0].error) < 21_000


async def test_a_failed_swap_tells_no_secret_in_the_cell(opened, monkeypatch):
    class Unreachable(BaseToolset):
        async def get_tools(self, readonly_context=None):
            raise ConnectionError(f"https://mcp/?key={SECRET}")

    monkeypatch.setenv("SOME_KEY", SECRET)
    made = opened()
    with pytest.raises(SwapError) as raised:
        await made.session.swap_async(tools=[Unreachable()])
    shown = "".join(traceback.format_exception(raised.value))
    assert "[SOME_KEY]" in shown
    assert SECRET not in shown


async def test_a_secret_that_a_tool_makes_itself_is_masked(opened, monkeypatch):
    def login() -> str:
        os.environ["LATE_KEY"] = SECRET
        print(SECRET)
        return SECRET

    def model(came):
        if text_of(came):
            return [call("login")]
        return [said("Done.", finished=True), DONE] if result_of(came) is not None else []

    monkeypatch.setenv("LATE_KEY", "")
    session = LiveSession(Agent(name="a", model=Scripted(model), tools=[login])).start()
    made = Opened(session)
    try:
        turn = await session.say_async("go")
        assert SECRET not in repr(turn)
        assert turn.tool_calls[0].result == "[LATE_KEY]"
    finally:
        made.close()
