"""What the bridge costs beside its floor: CPU per microphone frame, and the round trip.

Four servers, each in a process of its own, echo the microphone of the same real-time sessions:

- `bare`: websockets alone, bytes back as they came;
- `adk`: ADK's `run_live` in process with an echo model, no network;
- `bridge`: adk_nb's bridge with that echo model;
- `fastapi`: the same model behind a FastAPI server that speaks JSON with base64, as ADK's tutorial
  does.

`python benchmarks/bridge.py [--sessions 20] [--seconds 10] [--frame-ms 20] [--rounds 3]`. The
target: the bridge's CPU per frame is at most 1.35 times that of `bare` and `adk` together, and its
median round trip within 1 ms of `bare`'s.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import statistics
import struct
import subprocess
import sys
import time
from pathlib import Path

import psutil
from websockets.asyncio.client import connect

sys.path.insert(0, str(Path(__file__).parent))

RATE = 16_000
ORIGIN = "http://localhost"
STAMP = struct.Struct("<d")


# Servers. Each prints one line of JSON once it is up, and runs until it is killed.


def announce(**values):
    print(json.dumps(values), flush=True)


def echo_agent():
    from echo_model import Echo
    from google.adk.agents import Agent

    return Agent(name="echo", model=Echo())


async def serve_bare(_options):
    from websockets.asyncio.server import serve

    async def echo(socket):
        async for data in socket:
            await socket.send(data)

    async with serve(echo, "127.0.0.1", 0, compression=None) as server:
        announce(port=server.sockets[0].getsockname()[1])
        await asyncio.Future()


async def serve_adk(options):
    """No network: feeds itself in real time, and prints its own figures at the end."""
    from google.adk.agents.live_request_queue import LiveRequestQueue
    from google.adk.runners import InMemoryRunner
    from google.genai import types

    trips, frames, stop, live = [], [0], asyncio.Event(), [False]
    pcm = bytes(RATE * options.frame_ms // 1000 * 2 - STAMP.size)

    async def session(index):
        runner = InMemoryRunner(agent=echo_agent(), app_name="bench")
        adk = await runner.session_service.create_session(app_name="bench", user_id="u")
        queue = LiveRequestQueue()

        async def feed():
            start = time.monotonic() + index * options.frame_ms / 1000 / options.sessions
            sent = 0
            while not stop.is_set():
                await asyncio.sleep(
                    max(0, start + sent * options.frame_ms / 1000 - time.monotonic())
                )
                stamped = STAMP.pack(time.monotonic()) + pcm
                blob = types.Blob(data=stamped, mime_type="audio/pcm;rate=16000")
                if live[0]:
                    queue.send_realtime(blob)
                sent += 1

        feeding = asyncio.create_task(feed())
        events = runner.run_live(user_id="u", session_id=adk.id, live_request_queue=queue)
        async with contextlib.aclosing(events):
            async for event in events:
                data = event.content.parts[0].inline_data.data
                trips.append(time.monotonic() - STAMP.unpack_from(data)[0])
                frames[0] += 1
                if stop.is_set():
                    break
        feeding.cancel()

    async def used():
        cpu = time.process_time()
        await asyncio.sleep(options.seconds)
        return time.process_time() - cpu

    tasks = [asyncio.create_task(session(i)) for i in range(options.sessions)]
    await asyncio.sleep(2)
    # What the pacing itself costs is the client's in the other three, so it is taken off here.
    pacing = await used()
    live[0] = True
    await asyncio.sleep(1)
    trips.clear()
    frames[0] = 0
    busy = await used()
    announce(cpu_us=(busy - pacing) / frames[0] * 1e6, trips=trips)
    stop.set()
    await asyncio.wait(tasks, timeout=5)


async def serve_bridge(options):
    from adk_nb import LiveSession
    from adk_nb.server import Bridge

    sessions = [LiveSession(echo_agent()).start() for _ in range(options.sessions)]
    tokens = []
    for session in sessions:
        bridge, token = await session.bridge.call_async(Bridge.add(session))
        bridge.allow(token, ORIGIN)
        tokens.append(token)
    announce(port=bridge.port, tokens=tokens)
    await asyncio.Future()


async def serve_fastapi(_options):
    import socket

    import uvicorn
    from fastapi import FastAPI
    from google.adk.agents.live_request_queue import LiveRequestQueue
    from google.adk.runners import InMemoryRunner
    from google.genai import types
    from starlette.routing import WebSocketRoute

    app = FastAPI()

    async def ws(websocket):
        await websocket.accept()
        runner = InMemoryRunner(agent=echo_agent(), app_name="bench")
        adk = await runner.session_service.create_session(app_name="bench", user_id="u")
        queue = LiveRequestQueue()

        async def to_client():
            events = runner.run_live(user_id="u", session_id=adk.id, live_request_queue=queue)
            async with contextlib.aclosing(events):
                async for event in events:
                    part = event.content.parts[0]
                    data = base64.b64encode(part.inline_data.data).decode()
                    await websocket.send_text(json.dumps({"mime_type": "audio/pcm", "data": data}))

        async def to_agent():
            while True:
                message = json.loads(await websocket.receive_text())
                data = base64.b64decode(message["data"])
                queue.send_realtime(types.Blob(data=data, mime_type="audio/pcm;rate=16000"))

        tasks = [asyncio.create_task(to_client()), asyncio.create_task(to_agent())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()

    app.router.routes.append(WebSocketRoute("/ws", ws))
    # asyncio switches Nagle's delay off only where the socket says that it is TCP.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(100)
    announce(port=listener.getsockname()[1])
    config = uvicorn.Config(app, log_level="error")
    await uvicorn.Server(config).serve([listener])


# The client: the same real-time microphones for every server.


class Binary:
    """Frames as bytes, stamped in their samples."""

    def __init__(self, frame_ms):
        self.pcm = bytes(RATE * frame_ms // 1000 * 2 - STAMP.size)

    def encode(self, now):
        return STAMP.pack(now) + self.pcm

    def decode(self, data):
        return STAMP.unpack_from(data)[0]


class Framed(Binary):
    """adk_nb's frames."""

    def encode(self, now):
        from adk_nb.wire import protocol

        samples = super().encode(now)
        return protocol.encode_audio(protocol.AudioFrame(1, 0, 0, RATE, now, samples))

    def decode(self, data):
        return STAMP.unpack_from(data, 24)[0] if isinstance(data, bytes) else None


class Json(Binary):
    """The tutorial's messages."""

    def encode(self, now):
        data = base64.b64encode(super().encode(now)).decode()
        return json.dumps({"mime_type": "audio/pcm", "data": data})

    def decode(self, data):
        return STAMP.unpack_from(base64.b64decode(json.loads(data)["data"]))[0]


async def microphone(socket, wire, index, options, trips):
    async def receive():
        async for data in socket:
            sent = wire.decode(data)
            if sent is not None:
                trips.append(time.monotonic() - sent)

    receiving = asyncio.create_task(receive())
    frame_s = options.frame_ms / 1000
    start = time.monotonic() + index * frame_s / options.sessions
    for sent in range(int((options.seconds + 4) / frame_s)):
        await asyncio.sleep(max(0, start + sent * frame_s - time.monotonic()))
        await socket.send(wire.encode(time.monotonic()))
    receiving.cancel()


async def drive(kind, info, process, options):
    from adk_nb.wire.protocol import SUBPROTOCOL

    wire = {"bare": Binary, "bridge": Framed, "fastapi": Json}[kind](options.frame_ms)
    path = "/ws" if kind == "fastapi" else "/"
    extra = {"origin": ORIGIN, "subprotocols": [SUBPROTOCOL]} if kind == "bridge" else {}
    trips = []
    async with contextlib.AsyncExitStack() as stack:
        tasks = []
        for index in range(options.sessions):
            url = f"ws://127.0.0.1:{info['port']}{path}"
            socket = await stack.enter_async_context(connect(url, compression=None, **extra))
            if kind == "bridge":
                hello = {"type": "hello", "token": info["tokens"][index]}
                await socket.send(json.dumps(hello))
                await socket.send(json.dumps({"type": "mic", "on": True}))
            tasks.append(asyncio.create_task(microphone(socket, wire, index, options, trips)))
        await asyncio.sleep(2)
        trips.clear()
        before = process.cpu_times()
        await asyncio.sleep(options.seconds)
        after = process.cpu_times()
        measured = trips[:]
        for task in tasks:
            task.cancel()
    used = after.user + after.system - before.user - before.system
    return {"cpu_us": used / len(measured) * 1e6, "trips": measured}


def measure(kind, options):
    command = [sys.executable, __file__, "--serve", kind, "--sessions", str(options.sessions),
               "--seconds", str(options.seconds), "--frame-ms", str(options.frame_ms)]  # fmt: skip
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        info = json.loads(server.stdout.readline())
        if kind == "adk":
            return info
        return asyncio.run(drive(kind, info, psutil.Process(server.pid), options))
    finally:
        server.kill()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--frame-ms", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", choices=["bare", "adk", "bridge", "fastapi"])
    options = parser.parse_args()
    if options.serve:
        asyncio.run(globals()[f"serve_{options.serve}"](options))
        return
    print(f"{options.sessions} sessions, {options.frame_ms} ms frames, {options.seconds:g} s, "
          f"median of {options.rounds} rounds")  # fmt: skip
    print(f"{'':10}{'CPU/frame':>12}{'p50':>10}{'p99':>10}{'frames':>9}")
    kinds = ["bare", "adk", "bridge", "fastapi"]
    rounds = [{kind: measure(kind, options) for kind in kinds} for _ in range(options.rounds)]
    rows = {}
    for kind in kinds:
        figures = [
            (found["cpu_us"], *(q * 1000 for q in quantiles(found["trips"])), len(found["trips"]))
            for found in (r[kind] for r in rounds)
        ]
        rows[kind] = [statistics.median(column) for column in zip(*figures, strict=True)]
        cpu, p50, p99, frames = rows[kind]
        print(f"{kind:10}{cpu:9.0f} µs{p50:7.2f} ms{p99:7.2f} ms{frames:9.0f}")
    ratios = [r["bridge"]["cpu_us"] / (r["bare"]["cpu_us"] + r["adk"]["cpu_us"]) for r in rounds]
    print(f"bridge / (bare + adk): {statistics.median(ratios):.2f} (target 1.35)")
    print(f"p50 bridge - bare: {rows['bridge'][1] - rows['bare'][1]:.2f} ms (target 1)")
    print(f"fastapi / bridge: {rows['fastapi'][0] / rows['bridge'][0]:.2f}")


def quantiles(trips):
    ordered = sorted(trips)
    return ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]


if __name__ == "__main__":
    main()
