"""The pages of `soak.py`, in a process of their own: they join, leave, stall and lie.

It is told what to do in lines of JSON, and answers each with one: `{"url": …, "tokens": […]}`,
`{"act": true}`, `{"act": false}`, `{"visit": true}`.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import itertools
import json
import random
import struct
import sys
import time
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

sys.path.insert(0, str(Path(__file__).parents[1]))

from adk_nb.wire import protocol

ORIGIN = "http://localhost:8888"
FRAME_S = 0.02
ANSWER_S = 30.0
SILENCE = bytes(640)
TEXTS = ["hello", "tell me a story", "hang", "lose", "end", "half an emoji \ud83d",
         "call raises", "call exits", "call interrupts", "call bytes_of", "call odd_keys",
         "call surrogate", "call not_a_number", "call huge", "call cyclic", "call nothing",
         "call generator", "call frame", "call prints", "call sleeps",
         "call raises_async"]  # fmt: skip
GONE = (OSError, WebSocketException, TimeoutError, asyncio.IncompleteReadError)


class Pages:
    """All pages, acting at random."""

    def __init__(self, at_once: int, seed: int) -> None:
        self.random = random.Random(seed)
        self.at_once = at_once
        self.url = ""
        self.tokens: list[str] = []
        self.counts: collections.Counter[str] = collections.Counter()
        self.waits: list[float] = []
        self.acting: asyncio.Event = asyncio.Event()
        self.numbers = itertools.count(1)
        self.busy: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def joined(self, token=None, **options):
        """A page that has said hello; the bridge's answer is still to be read."""
        token = token or self.random.choice(self.tokens)
        options = {"origin": ORIGIN, "subprotocols": [protocol.SUBPROTOCOL]} | options
        async with connect(self.url, compression=None, max_size=None, **options) as socket:
            await say(socket, "hello", token=token, clock=now())
            yield socket

    async def act(self) -> None:
        """Does one thing after another while the soak runs."""
        ways = [*[self.talk] * 2, *[self.type] * 3, self.leave, self.stall, *[self.lie] * 2,
                self.guess, self.be_silent, self.speak_no_websocket]  # fmt: skip
        while True:
            await self.acting.wait()
            way = self.random.choice(ways)
            with contextlib.suppress(GONE):
                async with asyncio.timeout(90):
                    await way()
            self.counts[way.__name__] += 1
            await asyncio.sleep(self.random.uniform(0, 0.5))

    async def talk(self) -> None:
        """Opens the microphone, speaks, and plays what comes."""
        async with self.joined() as socket:
            playing = asyncio.create_task(play(socket))
            await say(socket, "mic", on=True)
            start = time.monotonic()
            for sent in range(self.random.randint(50, 400)):
                frame = protocol.AudioFrame(protocol.MICROPHONE, sent, 0, 16_000, now(), SILENCE)
                await socket.send(protocol.encode_audio(frame))
                await asyncio.sleep(max(0.0, start + sent * FRAME_S - time.monotonic()))
            await say(socket, "mic", on=False)
            playing.cancel()

    async def type(self) -> None:
        """Types a few turns, and waits for the end of each."""
        async with self.joined() as socket:
            for _ in range(self.random.randint(1, 4)):
                await self.typed(socket, self.random.choice(TEXTS))

    async def typed(self, socket, text: str) -> bool:
        """Types a turn; returns whether it ended in time."""
        number, began = f"#{next(self.numbers)}", time.monotonic()
        await say(socket, "text", text=f"{text} {number}")
        try:
            async with asyncio.timeout(ANSWER_S):
                turn = await turn_of(socket, number)
                if text == "hang":
                    await say(socket, "interrupt")
                await end_of(socket, turn)
        except TimeoutError:
            self.counts["unanswered"] += 1
            self.counts[f"unanswered: {text!a}"] += 1
            return False
        self.waits.append(time.monotonic() - began)
        return True

    async def leave(self) -> None:
        """Goes without a word in the middle of a turn."""
        async with self.joined() as socket:
            await say(socket, "text", text="tell me a story")
            await say(socket, "mic", on=True)
            await asyncio.sleep(self.random.uniform(0, 1))
            socket.transport.abort()

    async def stall(self) -> None:
        """Asks for much and reads nothing."""
        async with self.joined(max_queue=1, close_timeout=0.1) as socket:
            socket.transport.pause_reading()
            for _ in range(self.random.randint(1, 20)):
                await say(socket, "text", text="a long story")
                await asyncio.sleep(0.5)
            socket.transport.abort()

    async def lie(self) -> None:
        """Is let in, and sends what no page would."""
        async with self.joined() as socket:
            reading = asyncio.create_task(play(socket))
            for _ in range(self.random.randint(5, 60)):
                await socket.send(self.lies())
                await asyncio.sleep(self.random.choice([0, 0, 0.05]))
            reading.cancel()

    def lies(self) -> str | bytes:
        """Returns a frame that is wrong, absurd or out of place."""
        dice = self.random
        number = dice.choice([-9, 999, 10**30, -(10**30), 0.5, 1e308, True, None, "1", [], {}])
        event = dice.choice(["started", "progress", "drained", "flushed", "", "x" * 1000, 7])
        header = struct.pack("<BBHIIId", dice.randrange(256), dice.randrange(256), 0,
                             dice.getrandbits(32), dice.getrandbits(32), dice.getrandbits(32),
                             dice.choice([0.0, float("nan"), float("inf"), 1e300]))  # fmt: skip
        return dice.choice([
            lambda: dice.randbytes(dice.randrange(200)),
            lambda: header + dice.randbytes(dice.randrange(1000)),
            lambda: b"\x03\x00" + header[2:] + b"\xff\xd8" + dice.randbytes(2000),
            lambda: bytes((1 << 20) + 2),
            lambda: "{" * dice.randrange(1, 100_000),
            lambda: '{"type": "playback", "event": "started", "turn": NaN}',
            lambda: '{"type": "text", "text": "\\ud800"}',
            lambda: message("playback", event=event, turn=number, played_ms=number, clock=number),
            lambda: message("playback", event="progress", turn=1, played_ms=1e12, underruns=10**15),
            lambda: message("clock", id=number, clock=number),
            lambda: message("clock_offset", offset_ms=number, error_ms=number),
            lambda: message("text", text=number),
            lambda: message("confirm", id=dice.choice(["", "nobody", number]), approved=True),
            lambda: message("tool", name=dice.choice(["nobody", "raises"]), on=dice.random() < 0.5),
            lambda: message("camera", source=dice.choice(["camera", "eye"]), on=True),
            lambda: message("activity_start"),
            lambda: message("activity_end"),
            lambda: message("interrupt"),
            lambda: message("hello", token="x"),
            lambda: message("error", code="x" * 5000, message="y" * 50_000),
            lambda: message("x" * dice.randrange(1000), é="x"),
        ])()  # fmt: skip

    async def guess(self) -> None:
        """Tries a wrong token, a foreign origin, or no hello at all."""
        way = self.random.randrange(3)
        with contextlib.suppress(InvalidStatus):
            if way == 0:
                async with self.joined("x" * self.random.randrange(100)) as socket:
                    await socket.recv()
            elif way == 1:
                async with self.joined(origin="https://example.com") as socket:
                    await socket.recv()
            else:
                async with connect(
                    self.url, origin=ORIGIN, subprotocols=[protocol.SUBPROTOCOL]
                ) as socket:
                    await socket.send(self.lies())
                    await socket.recv()

    async def be_silent(self) -> None:
        """Opens connections and says nothing."""
        async with contextlib.AsyncExitStack() as held:
            for _ in range(self.random.randint(1, 20)):
                _, writer = await self.dial()
                held.callback(writer.close)
            await asyncio.sleep(self.random.uniform(0, 8))

    async def speak_no_websocket(self) -> None:
        """Sends bytes that are no handshake."""
        reader, writer = await self.dial()
        with contextlib.closing(writer), contextlib.suppress(GONE):
            writer.write(self.random.choice([b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01",
                                             b"\r\n" * 99, b"GET /" + b"x" * 100_000]))  # fmt: skip
            await asyncio.wait_for(reader.read(), 5)

    async def dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self.url.removeprefix("ws://").rstrip("/").split(":")
        return await asyncio.open_connection(host, int(port))

    async def visit(self) -> int:
        """Joins every session with a fresh page; returns how many answered it."""
        served = 0
        for token in self.tokens:
            with contextlib.suppress(GONE):
                async with asyncio.timeout(2 * ANSWER_S), self.joined(token) as socket:
                    await say(socket, "interrupt")
                    served += await self.typed(socket, "hello")
        return served

    async def rest(self) -> None:
        """Ends what every page does, as when the browser is closed."""
        self.acting.clear()
        for task in self.busy:
            task.cancel()
        await asyncio.gather(*self.busy, return_exceptions=True)
        self.busy.clear()

    async def obey(self, order: dict) -> dict:
        """Does what a line says; returns what to answer."""
        self.url = order.get("url", self.url)
        self.tokens = order.get("tokens", self.tokens)
        if order.get("act") is True:
            self.acting.set()
            self.busy = {asyncio.create_task(self.act()) for _ in range(self.at_once)}
        elif order.get("act") is False:
            await self.rest()
        if "visit" in order:
            return {"served": await self.visit()}
        return {"counts": self.counts, "waits": sorted(self.waits)}


def now() -> float:
    return time.monotonic() * 1000


def message(kind: str, **values) -> str:
    return json.dumps({"type": kind} | values)


async def say(socket, kind: str, **values) -> None:
    await socket.send(message(kind, **values))


async def messages(socket):
    """Yields the text frames of the bridge."""
    async for data in socket:
        if isinstance(data, str):
            yield json.loads(data)


async def turn_of(socket, number: str) -> int:
    """Returns the turn whose typed text ends with a number."""
    async for found in messages(socket):
        said = found["text"] if found["type"] == "transcript" and found["role"] == "user" else ""
        if said.endswith(number):
            return found["turn"]
    raise ConnectionError


async def end_of(socket, turn: int) -> None:
    """Waits for the end of a turn."""
    async for found in messages(socket):
        if found["type"] == "turn" and found["turn"] == turn and found["state"] != "started":
            return
    raise ConnectionError


async def play(socket) -> None:
    """Reads what comes and reports it as played, as an honest player would."""
    played: dict[int, float] = collections.defaultdict(float)
    with contextlib.suppress(GONE):
        async for data in socket:
            if isinstance(data, str):
                continue
            frame = protocol.decode_audio(data)
            event = "progress" if frame.turn in played else "started"
            played[frame.turn] += len(frame.samples) / 2 / frame.rate * 1000
            await say(socket, "playback", event=event, turn=frame.turn,
                      played_ms=played[frame.turn], clock=now(), underruns=0)  # fmt: skip


async def serve(at_once: int, seed: int) -> None:
    """Obeys the lines on the standard input until it ends."""
    pages = Pages(at_once, seed)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await pages.obey(json.loads(line))), flush=True)
    await pages.rest()
