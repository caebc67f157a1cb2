"""How many sessions one core carries in real time, what one takes, and whether an hour leaves any.

Visitors speak without a pause, and an echo model gives each frame back at once. Server and visitors
each have a process of their own, the server one core. More and more visitors come, until one frame
in a hundred takes longer than 50 ms from a visitor to the model and back. Three servers:

- `binary`: `adk_nb.serve` and the widget's own wire, in frames of 20 ms;
- `protocol`: `adk_nb.serve` and the tutorial's protocol, JSON with base64;
- `tutorial`: the tutorial's own server (tutorial_server.py), with the same frames, and with those
  of 8 ms that its page sends.

`python benchmarks/load.py [--seconds 5] [--only binary]`; `--soak 10` lets visitors come and go for
ten minutes instead, an hour's worth of visits, and ends with 1 if memory, threads or files grow.
Everything is on 127.0.0.1. Visitors offer to compress, as every browser does: the tutorial's
server agrees to that, as uvicorn does by default, and `adk_nb.serve` does not, as sound does not
get shorter. The targets: `binary` carries at least 1.3 times as many as `tutorial` with the same
frames, and 4 times as many as with frames of 8 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import os
import random
import re
import socket
import statistics
import struct
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
from websockets.asyncio.client import connect

sys.path.insert(0, str(Path(__file__).parent))

RATE = 16_000
LIMIT_MS = 50
STAMP = struct.Struct("<d")
MOST = 400
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
"""The first is the server's, the others are the visitors'."""
VISIT_S = 10
"""How long a visitor of the soak stays (s); a tenth of what people do."""


# The server.


def app_of(kind):
    if kind == "tutorial":
        from tutorial_server import app

        return app
    from echo_model import Echo
    from google.adk.agents import Agent

    from adk_nb import serve

    # At the rate that the tutorial's clients expect, so that nothing is resampled.
    model = Echo(mime_type="audio/pcm;rate=24000")
    return serve.app(Agent(name="echo", model=model), max_sessions=MOST)


def serve(kind, core, keep_s):
    """Serves on one core, and prints where."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    app = app_of(kind)
    if kind == "tutorial":
        import uvicorn

        with socket.create_server(("127.0.0.1", 0)) as listener:
            print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
            config = uvicorn.Config(app, log_level="error")
            uvicorn.Server(config).run([listener])
    else:
        from adk_nb.cli import running
        from adk_nb.serve import visits

        visits.KEEP_S = keep_s
        running.serve(app, "127.0.0.1", 0, 1)


@contextlib.contextmanager
def served(kind, keep_s=10.0):
    """A server in a process of its own; yields its port and the process."""
    command = [sys.executable, __file__, "--serve", kind, "--keep", str(keep_s)]
    command += ["--core", str(CORES[0])]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = re.search(r":(\d+)/", server.stdout.readline()).group(1)
        yield int(port), psutil.Process(server.pid)
    finally:
        server.kill()
        server.wait()


# Visitors.


class Json:
    """The tutorial's messages."""

    path = "/ws/{}?is_audio=true"

    def __init__(self, frame_ms):
        # Noise, as loud as a quiet voice: nothing that a compressor makes short work of.
        noise = random.Random(frame_ms)
        samples = RATE * frame_ms // 1000 - STAMP.size // 2
        self.pcm = struct.pack(
            f"<{samples}h", *(noise.randrange(-999, 999) for _ in range(samples))
        )

    @contextlib.asynccontextmanager
    async def joined(self, port, number):
        url = f"ws://127.0.0.1:{port}{self.path.format(number)}"
        async with connect(url, close_timeout=0.2) as socket:
            yield socket

    def encode(self, now):
        data = base64.b64encode(STAMP.pack(now) + self.pcm).decode()
        return json.dumps({"mime_type": "audio/pcm", "data": data})

    def decode(self, data):
        """Returns when a frame was sent; None if it is another message, or sound that was made."""
        found = json.loads(data).get("data")
        return STAMP.unpack_from(base64.b64decode(found[:12]))[0] if found else None


class Binary(Json):
    """The widget's wire."""

    @contextlib.asynccontextmanager
    async def joined(self, port, number):
        from adk_nb.wire.protocol import SUBPROTOCOL

        async with httpx.AsyncClient(timeout=30) as http:
            answer = await http.post(f"http://127.0.0.1:{port}/open")
        options = {"subprotocols": [SUBPROTOCOL], "close_timeout": 0.2}
        async with connect(f"ws://127.0.0.1:{port}/session", **options) as socket:
            hello = {"type": "hello", "token": answer.json()["token"], "clock": 0}
            await socket.send(json.dumps(hello))
            await socket.send(json.dumps({"type": "mic", "on": True}))
            yield socket

    def encode(self, now):
        from adk_nb.wire import protocol

        samples = STAMP.pack(now) + self.pcm
        return protocol.encode_audio(protocol.AudioFrame(1, 0, 0, RATE, now, samples))

    def decode(self, data):
        return STAMP.unpack_from(data, 24)[0] if isinstance(data, bytes) else None


WIRES = {"binary": Binary, "protocol": Json, "tutorial": Json}


async def speak(wire, port, number, frame_s, trips):
    """One visitor, who speaks until it is cancelled."""
    async with wire.joined(port, number) as socket:

        async def listen():
            async for data in socket:
                sent = wire.decode(data)
                if sent is not None:
                    trips.append(time.monotonic() - sent)

        listening = asyncio.create_task(listen())
        start, sent = time.monotonic() + frame_s * (number % 16) / 16, 0
        try:
            while True:
                await asyncio.sleep(max(0, start + sent * frame_s - time.monotonic()))
                await socket.send(wire.encode(time.monotonic()))
                sent += 1
        finally:
            listening.cancel()


async def crowd(kind, frame_ms, count, seconds):
    """Returns the trips (s), the server's CPU (share of a core) and memory a visitor (bytes)."""
    with served(kind) as (port, process):
        wire, trips = WIRES[kind](frame_ms), []
        memory = process.memory_info().rss
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(speak(wire, port, at, frame_ms / 1000, trips))
                for at in range(count)
            ]
            await asyncio.sleep(2 + count / 40)
            trips.clear()
            before, own = process.cpu_times(), time.process_time()
            await asyncio.sleep(seconds)
            after = process.cpu_times()
            own = (time.process_time() - own) / seconds
            memory = (process.memory_info().rss - memory) / count
            for task in tasks:
                task.cancel()
        cpu = (after.user + after.system - before.user - before.system) / seconds
        wanted = count * seconds * 1000 / frame_ms
        return {"trips": sorted(trips), "cpu": cpu, "memory": memory, "own": own,
                "whole": len(trips) / wanted}  # fmt: skip


def p99_ms(found):
    trips = found["trips"]
    # What did not come back in time does not count as quick.
    return trips[int(len(trips) * 0.99)] * 1000 if found["whole"] > 0.95 else float("inf")


async def carried(kind, frame_ms, options):
    """Returns how many visitors a core carries, and what was found with them."""
    low, high, best, step = 0, MOST, None, 16
    count = step
    while high - low > max(2, low // 16):
        found = await crowd(kind, frame_ms, count, options.seconds)
        p99 = p99_ms(found)
        shares = f"server {found['cpu']:.0%}, visitors {found['own']:.0%} of a core"
        print(f"  {kind} {frame_ms} ms: {count} visitors, p99 {p99:.1f} ms, {shares}", flush=True)
        if p99 <= LIMIT_MS:
            low, best = count, found
        else:
            high = count
        count = low * 2 if high == MOST and low else (low + high) // 2
        count = min(count or step, MOST - 1)
    return low, best


def compare(options):
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    runs = [("binary", 20), ("protocol", 20), ("tutorial", 20), ("tutorial", 8)]
    runs = [run for run in runs if options.only in (None, run[0])]
    rows = {run: asyncio.run(carried(*run, options)) for run in runs}
    print(f"{'':18}{'visitors':>9}{'p50':>10}{'CPU each':>11}{'memory each':>14}")
    for (kind, frame_ms), (count, found) in rows.items():
        if found is None:
            print(f"{kind:10}{frame_ms:3} ms   none")
            continue
        p50 = statistics.median(found["trips"]) * 1000
        print(f"{kind:10}{frame_ms:3} ms   {count:6}{p50:9.1f} ms{found['cpu'] / count:10.2%}"
              f"{found['memory'] / 1e6:11.1f} MB")  # fmt: skip
    if not options.only:
        mine = rows["binary", 20][0]
        for run, target in ((("tutorial", 20), 1.3), (("tutorial", 8), 4)):
            ratio = mine / max(rows[run][0], 1)
            print(f"binary / {run[0]} {run[1]} ms: {ratio:.2f} (target {target})")
    print(f"load after: {os.getloadavg()[0]:.1f}")


# The soak.


async def visit(port, number):
    wire = Binary(20) if number % 2 else Json(20)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(VISIT_S):
            await speak(wire, port, number, 0.02, [])


def state_of(process):
    return process.memory_info().rss / 1e6, process.num_threads(), process.num_fds()


async def soak(options):
    """Visitors come and go; returns whether the server is at the end as it was."""
    with served("binary", keep_s=2) as (port, process):
        until = time.monotonic() + options.soak * 60
        seen, visits, going = [], 0, set()
        while time.monotonic() < until:
            minute = time.monotonic() + min(60, options.soak * 6)
            while time.monotonic() < minute:
                while len(going) < options.visitors:
                    visits += 1
                    task = asyncio.create_task(visit(port, visits))
                    going.add(task)
                    task.add_done_callback(going.discard)
                await asyncio.sleep(0.2)
            seen.append(state_of(process))
            print(
                "{} visits: {:.0f} MB, {} threads, {} files".format(visits, *seen[-1]), flush=True
            )
        await asyncio.gather(*going, return_exceptions=True)
    middle, end = seen[len(seen) // 3 : -len(seen) // 3], seen[-len(seen) // 3 :]
    before, after = (tuple(map(max, zip(*part, strict=True))) for part in (middle, end))
    grown = after[0] > before[0] * 1.05 or after[1] > before[1] + 2 or after[2] > before[2] + 4
    print(
        f"highest of the middle third {before}, of the last {after}: {'GROWN' if grown else 'ok'}"
    )
    return not grown


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--only", choices=WIRES)
    parser.add_argument("--soak", type=float, metavar="MINUTES")
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--serve", choices=WIRES, help=argparse.SUPPRESS)
    parser.add_argument("--core", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=float, default=10.0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.core, options.keep)
        return
    if len(CORES) > 1:
        os.sched_setaffinity(0, set(CORES[1:]))
    if options.soak:
        sys.exit(0 if asyncio.run(soak(options)) else 1)
    compare(options)


if __name__ == "__main__":
    main()
