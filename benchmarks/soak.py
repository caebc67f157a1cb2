"""A soak: many sessions under pages that join, leave, stall and lie, and tools that misbehave.

An hour's worth of conversations in ten minutes: 30 sessions in one process, half of them recorded,
each closed and made anew several times; their pages are real WebSockets in a process of their own
(`soak_pages.py`), the models are scripted. Memory in use, file descriptors, threads and asyncio
tasks must be at the end as at the beginning, and every session must answer a fresh page.

`python benchmarks/soak.py [--minutes 10] [--sessions 30] [--pages 24] [--seed 1]`. It prints a
table and ends with 1 where a bound is not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import ctypes
import gc
import itertools
import json
import logging
import os
import random
import stat
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

from google.adk.agents import Agent  # noqa: E402
from google.genai import types  # noqa: E402
from scripted import DONE, Scripted, audio, call, heard, result_of, said, text_of  # noqa: E402

import adk_nb  # noqa: E402
from adk_nb.exceptions import AdkNbError  # noqa: E402
from adk_nb.server import Bridge, Connection  # noqa: E402

LIVES = 4
"""How often a session is made anew, in the whole soak."""
SETTLE_S = 30.0
"""How long what is closed may take to be gone: a page that says goodbye and keeps its socket open
is let go with the next ping, within 20 s."""
POOLS = ("asyncio_", "adk_tool_executor")


# Tools that no researcher means to write, and every researcher writes once.


def raises():
    raise ValueError("no")


def exits():
    sys.exit(3)


def interrupts():
    raise KeyboardInterrupt


def bytes_of():
    return b"\xff\xfe" * 1000


def odd_keys():
    return {1: 2, None: {3}, (4, 5): object()}


def surrogate():
    return "\ud83d half an emoji"


def not_a_number():
    return {"value": float("nan"), "more": [float("inf")]}


def huge():
    return "x" * (2 << 20)


def nothing():
    pass


def generator():
    return (number for number in range(3))


def sleeps():
    time.sleep(1)


async def raises_async():
    raise LookupError("\ud800")


def cyclic():
    value = {}
    value["itself"] = value
    return value


def frame():
    import pandas as pd

    return pd.DataFrame({"a": [1, None], "b": ["x", float("nan")]})


def prints():
    for number in range(2000):
        print("\ud800 line", number)


TOOLS = [raises, exits, interrupts, bytes_of, odd_keys, surrogate, not_a_number, huge, nothing,
         generator, sleeps, raises_async, cyclic, frame, prints]  # fmt: skip


def model():
    """Returns a scripted model: it calls what it is told to, and now and then fails."""
    names = {tool.__name__ for tool in TOOLS}
    calls, frames = itertools.count(), itertools.count(1)

    def answer(came):
        if result_of(came) is not None:
            return [audio(100), said("Done."), DONE]
        text = text_of(came)
        if text is None:
            if isinstance(came, types.Blob) and next(frames) % 50 == 0:
                return [heard("something", finished=True), audio(300), said("I heard you."), DONE]
            return []
        kind, _, rest = text.partition(" ")
        name = rest.split(" ")[0]
        if kind == "call" and name in names:
            return [call(name, f"{name}-{next(calls)}")]
        if "long story" in text:
            return [*[audio(20_000)] * 3, said("Once upon a time."), DONE]
        return {
            "hang": [],
            "lose": [ConnectionResetError("lost")],
            "end": [None],
        }.get(kind, [audio(200), said(f"You said {text[:100]}."), DONE])

    return Scripted(answer)


class Trouble(logging.Handler):
    """Everything that nobody took care of: unhandled exceptions and what is logged as an error."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.count = collections.Counter()
        for name in ("asyncio", "adk_nb", "websockets"):
            logging.getLogger(name).addHandler(self)
        sys.unraisablehook = lambda found: self.note(found.exc_value)
        threading.excepthook = lambda found: self.note(found.exc_value)

    def emit(self, record):
        error = record.exc_info[1] if record.exc_info else None
        self.note(error, f"{record.name}: {record.getMessage()}")

    def note(self, error, said=""):
        lines = traceback.format_exception(error) if error is not None else []
        self.count[f"{said[:300]}\n{''.join(lines)[-1500:]}".strip()] += 1


class Figures(NamedTuple):
    """What must be as before."""

    memory_mb: float
    """What the process holds, which its allocators do not give back in small pieces."""
    blocks: int
    """Python's own blocks of memory that are in use (thousands): objects that were not let go."""
    files: int
    descriptors: int
    """Those that are no files."""
    threads: int
    """Those that belong to no pool, which keeps its threads and has its own bound."""
    tasks: int
    objects: int
    """Sessions and connections that have not been let go."""


def bounds(sessions):
    """Returns how much more there may be at the end, with all sessions open and with all closed.

    A log grows for as long as its session lives; once it is large its sound has a file, and the
    two newest turns of a recording have theirs open, for either side. With all closed the process
    holds what its allocators do not give back: Python's gives back only whole arenas. Whether
    anything is still in use, its blocks say; caches of libraries fill up in the first minutes.
    """
    endless = float("inf")
    return {
        "open": Figures(endless, endless, sessions + 4 * (sessions // 2), 0, 0, 0, 0),
        "closed": Figures(endless, 60, 0, 0, 0, 0, 0),
    }


def kept(found, before, allowed):
    """Returns for each figure whether it is within its bound."""
    return [one - first <= more for one, first, more in zip(found, before, allowed, strict=True)]


class Soak:
    """The kernel's side: sessions, and cells that use them."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.random = random.Random(options.seed)
        self.sessions = {}
        self.pages = None
        self.telling = asyncio.Lock()
        self.said = collections.Counter()

    async def tell(self, **order):
        """Tells the pages something; returns their answer."""
        async with self.telling:
            self.pages.stdin.write((json.dumps(order) + "\n").encode())
            await self.pages.stdin.drain()
            return json.loads(await self.pages.stdout.readline())

    async def tell_tokens(self):
        one = next(iter(self.sessions.values()))
        await self.tell(url=one["bridge"].url, tokens=[s["token"] for s in self.sessions.values()])

    def open(self, index):
        """Makes a session: every second is recorded, every fifth keeps its history on disk."""
        options = {"record": self.folder / "recordings"} if index % 2 else {}
        if index % 5 == 0:
            options["sessions"] = f"sqlite:///{self.folder}/history-{index}.db"
        agent = Agent(name="soak", model=model(), tools=TOOLS)
        session = adk_nb.LiveSession(agent, **options).start()
        bridge, token = session.bridge.call(in_bridge(session))
        bridge.allow(token, "http://localhost:8888")
        self.sessions[index] = {"session": session, "bridge": bridge, "token": token}

    def close(self, index):
        """Ends a session as its widget would."""
        found = self.sessions.pop(index)
        session = found["session"]
        session.bridge.call(found["bridge"].remove(found["token"]), timeout=30)
        session.close()

    async def live(self, index, seconds):
        """Uses a session from cells, and makes it anew now and then."""
        lives = [seconds * (life + self.random.random()) / LIVES for life in range(LIVES)]
        began = time.monotonic()
        while (now := time.monotonic() - began) < seconds:
            if lives and now > lives[0]:
                lives.pop(0)
                self.close(index)
                self.open(index)
                await self.tell_tokens()
            with contextlib.suppress(AdkNbError, TimeoutError):
                await self.cell(self.sessions[index]["session"])
            await asyncio.sleep(self.random.uniform(1, 6))

    async def cell(self, session):
        """Does one thing that a cell might do."""
        dice = self.random.randrange(6)
        self.said["cells"] += 1
        if dice < 2:
            await session.say_async(self.random.choice(["hello", "call raises", "hang"]), timeout=3)
        elif dice == 2:
            await session.interrupt_async()
        elif dice == 3:
            await session.swap_async(instruction=f"Be brief. {self.random.random()}")
        elif dice == 4:
            await asyncio.wait_for(session.wait_for_turn_async(), 1)
        else:
            len(session.turns_df()), len(session.events_df()), session.timeline()

    async def act(self, seconds):
        """Lets everybody act for so long, and then rest."""
        await self.tell(act=True)
        hosts = [asyncio.create_task(self.live(index, seconds)) for index in list(self.sessions)]
        watch = asyncio.create_task(self.watch(seconds))
        await asyncio.gather(*hosts)
        watch.cancel()
        return await self.tell(act=False)

    async def watch(self, seconds):
        """Prints a line now and then, so that a leak is seen as it grows."""
        began = time.monotonic()
        while True:
            await asyncio.sleep(max(10.0, seconds / 10))
            found = self.measure()
            figures = (f"{name} {value:,.0f}" for name, value in found._asdict().items())
            print(f"{time.monotonic() - began:6.0f} s: {', '.join(figures)}", flush=True)

    async def visited(self):
        """Lets a fresh page into every session."""
        await self.tell_tokens()
        served = (await self.tell(visit=True))["served"]
        self.said["not served"] += len(self.sessions) - served

    def opened(self):
        for index in range(self.options.sessions):
            self.open(index)

    def closed(self):
        for index in list(self.sessions):
            self.close(index)

    async def settled(self, state, before=None):
        """Returns the figures, once they are within the bounds or had the time to be."""
        deadline = time.monotonic() + (SETTLE_S if before else 3)
        while True:
            await asyncio.sleep(1)
            found = self.measure()
            allowed = bounds(self.options.sessions)[state]
            if time.monotonic() > deadline or (before and all(kept(found, before, allowed))):
                return found

    def measure(self):
        """Returns the figures of now."""
        for _ in range(3):
            gc.collect()
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)
        process = psutil.Process()
        # psutil's own list lacks files that are deleted while they are open.
        files = sum(is_file(int(path.name)) for path in Path("/dev/fd").iterdir())
        tasks = 0
        if self.sessions:
            session = next(iter(self.sessions.values()))["session"]
            tasks = session.bridge.call(count_tasks())
        return Figures(
            memory_mb=process.memory_info().rss / 1e6,
            blocks=sys.getallocatedblocks() // 1000,
            files=files,
            descriptors=process.num_fds() - files,
            threads=sum(not one.name.startswith(POOLS) for one in threading.enumerate()),
            tasks=tasks,
            objects=sum(
                isinstance(one, adk_nb.LiveSession | Connection) for one in gc.get_objects()
            ),
        )

    async def run(self):
        """Runs the soak; returns the figures of its beginning and its end, and what was said."""
        command = [sys.executable, __file__, "--serve-pages", "--pages", str(self.options.pages),
                   "--seed", str(self.options.seed)]  # fmt: skip
        self.pages = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 26
        )
        seconds = self.options.minutes * 60
        try:
            # Once beforehand: what is made once and kept, such as a pool of threads, is there then.
            self.opened()
            await self.tell_tokens()
            await self.act(max(20.0, seconds / 10))
            self.closed()
            before = {"closed": await self.settled("closed")}
            self.opened()
            await self.visited()
            before["open"] = await self.settled("open")
            self.said.clear()
            answer = await self.act(seconds)
            await self.visited()
            after = {"open": await self.settled("open", before["open"])}
            self.closed()
            after["closed"] = await self.settled("closed", before["closed"])
            self.said["recorded turns"] = len(adk_nb.turns_df(self.folder / "recordings"))
            return before, after, answer
        finally:
            self.pages.stdin.close()
            await self.pages.wait()


def is_file(descriptor):
    try:
        return stat.S_ISREG(os.fstat(descriptor).st_mode)
    except OSError:  # What the listing itself had open.
        return False


async def in_bridge(session):
    return await Bridge.add(session)


async def count_tasks():
    return len(asyncio.all_tasks()) - 1


def report(before, after, sessions):
    """Prints the table; returns whether every bound is kept."""
    print(f"{'':24}{'beginning':>12}{'end':>12}{'may grow by':>13}")
    good = True
    for state, allowed in bounds(sessions).items():
        found = kept(after[state], before[state], allowed)
        good = good and all(found)
        for name, *figures, fine in zip(
            Figures._fields, before[state], after[state], allowed, found, strict=True
        ):
            label = f"{state}, {name.replace('_mb', ' (MB)')}"
            first, last, more = figures
            print(
                f"{label:24}{first:12,.0f}{last:12,.0f}{more:13,.0f}{'' if fine else '  <- more'}"
            )
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--serve-pages", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_pages:
        import soak_pages

        asyncio.run(soak_pages.serve(options.pages, options.seed))
        return 0
    logging.basicConfig(level=logging.CRITICAL)
    trouble = Trouble()
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(options, Path(folder))
        before, after, answer = asyncio.run(soak.run())
    waits = answer["waits"]
    print(", ".join(f"{name} {count}" for name, count in sorted(answer["counts"].items())))
    print(", ".join(f"{name} {count}" for name, count in sorted(soak.said.items())))
    middle, last = waits[len(waits) // 2], waits[-1]
    print(f"{len(waits)} typed turns ended, p50 {middle:.2f} s, {last:.2f} s at most")
    good = report(before, after, options.sessions)
    for what, count in trouble.count.most_common(20):
        print(f"{count} times: {what}\n")
    print(f"{sum(trouble.count.values())} errors that nobody took care of")
    good = good and not trouble.count and not soak.said["not served"]
    print("All bounds are kept." if good else "NOT all bounds are kept.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
