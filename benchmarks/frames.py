"""What a dataframe of a session's events costs, in CPU time.

- `model_dump`: ADK's own events to a frame, `pd.DataFrame([e.model_dump() for e in events])`;
- `events_df`: the log that a session makes of the same events, to a frame.

The conversation is spoken, with a tool call in each turn; half of its events are pieces of the
agent's audio, 40 ms each, which are one row of the log. `row for row` sets that aside: a log that
has as many rows as there were events.

`python benchmarks/frames.py [--events 100000] [--rounds 5] [--largest 1000000]
[--recordings 1000]`. The targets: at 100,000 events `events_df` takes at most a tenth of the time
of `model_dump`, both in one run, and its time a row at 1,000,000 is at most 1.5 times the least at
any size; there, each of the other frames takes at most 1.5 times as long as it. Of 1,000 recordings
with 320,000 rows each frame takes less than 2 s (of real time, on 2 cores), and no more memory than
itself and 100 MB.
"""

from __future__ import annotations

import argparse
import gc
import resource
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
from google.adk.events import Event
from google.genai import types

from adk_nb.data.tables import events_df, tools_df, transcript_df, turns_df
from adk_nb.live.event_reader import EventReader
from adk_nb.live.tool_calls import ToolCalls
from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog
from adk_nb.log.recording import save

FRAMES = (events_df, turns_df, tools_df, transcript_df)
TARGET = 0.1
GROWTH = 1.5
OTHERS = 1.5
READING_S = 2.0
READING_MB = 100
ROWS = 320
"""Rows of a recording."""
TURN = 20
"""Events a turn."""
SOUND = types.Blob(data=bytes(1920), mime_type="audio/pcm;rate=24000")


class Nobody:
    """Listens to the reader and does nothing."""

    voice = True

    def __getattr__(self, name):
        return lambda *_: None


def part(**values):
    return types.Content(role="model", parts=[types.Part(**values)])


def said(text, finished, side):
    values = {f"{side}_transcription": types.Transcription(text=text, finished=finished)}
    return Event(author="agent", invocation_id="i", partial=not finished, **values)


def adk_turn(index):
    """One turn as ADK gives it: words both ways, a tool call, sound, usage and the end."""
    call = types.FunctionCall(id=f"c{index}", name="roll_dice", args={"sides": 6, "turn": index})
    result = types.FunctionResponse(id=f"c{index}", name="roll_dice", response={"result": 4})
    usage = types.GenerateContentResponseUsageMetadata(
        prompt_token_count=100, candidates_token_count=20, total_token_count=120
    )
    agent = {"author": "agent", "invocation_id": "i"}
    return [
        said("roll ", finished=False, side="input"),
        said("a die", finished=False, side="input"),
        said("roll a die", finished=True, side="input"),
        Event(content=part(function_call=call), **agent),
        Event(content=part(function_response=result), **agent),
        said("It is ", finished=False, side="output"),
        *[Event(content=part(inline_data=SOUND), **agent) for _ in range(10)],
        said("a four.", finished=False, side="output"),
        said("It is a four.", finished=True, side="output"),
        Event(usage_metadata=usage, **agent),
        Event(turn_complete=True, **agent),
    ]


def log_of(events):
    """Returns the log that a session makes of events."""
    log = EventLog("bench")
    turns = Turns(log, lambda _: None)
    reader = EventReader(log, turns, Nobody(), calls=ToolCalls(turns.calls))
    for event in events:
        reader.read(event)
    return log


def log_with(rows):
    """Returns a log of so many rows, of such conversations."""
    turn = list(log_of(adk_turn(1)))
    log = EventLog("bench")
    own = ("seq", "time", "t", "variant")  # The log's own.
    names = [name for name in type(turn[0]).__slots__ if name not in own]
    for place in range(rows):
        values = {name: getattr(turn[place % len(turn)], name) for name in names}
        log.add(**values | {"turn": place // len(turn) + 1})
    return log


def seconds(function, *args):
    gc.collect()
    start = time.process_time()
    function(*args)
    return time.process_time() - start


def dumped(events):
    return pd.DataFrame([event.model_dump() for event in events])


def compare(count, rounds):
    """Lets them take turns, and compares the best of each; returns the ratio."""
    events = [event for index in range(count // TURN) for event in adk_turn(index)]
    same, long = log_of(events), log_with(len(events))
    times = [
        (seconds(dumped, events), seconds(events_df, same), seconds(events_df, long))
        for _ in range(rounds)
    ]
    theirs, ours, rows = (min(column) for column in zip(*times, strict=True))
    print(f"{len(events):,} events: model_dump {theirs:.2f} s")
    print(f"  their log, {len(same):,} rows: events_df {ours:.2f} s, ratio {ours / theirs:.3f}")
    print(f"  row for row, {len(long):,} rows: events_df {rows:.2f} s, ratio {rows / theirs:.3f}")
    return ours / theirs


def grow(largest, rounds):
    """Prints the time of every frame at growing sizes.

    Returns events_df's at each, a row; and how many times as long the slowest other takes at last.
    """
    costs = []
    size = 10_000
    while size <= largest:
        log = log_with(size)
        best = {frame: float("inf") for frame in FRAMES}
        for _ in range(rounds):
            for frame in FRAMES:  # They take turns: other work slows all of them.
                best[frame] = min(best[frame], seconds(frame, log))
        costs.append(best[events_df] / size)
        others = max(best[frame] for frame in FRAMES[1:]) / best[events_df]
        line = ", ".join(f"{frame.__name__} {best[frame]:.2f} s" for frame in FRAMES)
        print(f"{size:>9,} rows: {line}; events_df {costs[-1] * 1e6:.2f} µs a row")
        size *= 10
    return costs, others


def recorded(folder, count):
    """Writes so many recordings."""
    text = (save(log_with(ROWS), folder / "one") / "events.jsonl").read_text("utf-8")
    header, _, rows = text.partition("\n")
    for number in range(count):
        path = folder / "many" / f"{number:04d}-s{number}"
        path.mkdir(parents=True)
        mine = header.replace('"bench"', f'"s{number}"')
        (path / "events.jsonl").write_text(f"{mine}\n{rows}", "utf-8")
    return folder / "many"


def read(name, folder, rounds):
    """Reads a folder; returns the best time (s), and the memory beside the frame's own (MB)."""
    frame = next(frame for frame in FRAMES if frame.__name__ == name)
    frame(log_with(ROWS))  # What is imported and made once is no part of it.
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        made = frame(folder, progress=False)
        best = min(best, time.perf_counter() - start)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    own = made.memory_usage(deep=True).sum() / 1e6
    return best, (most - before) / 1000 - own


def read_all(count, rounds):
    """Prints what reading recordings takes, each frame in a process of its own; the worst."""
    if not count:
        return 0.0, 0.0
    worst = [0.0, 0.0]
    with tempfile.TemporaryDirectory() as name:
        folder = recorded(Path(name), count)
        for frame in FRAMES:
            with get_context("spawn").Pool(1) as pool:
                took, extra = pool.apply(read, (frame.__name__, folder, rounds))
            print(f"  {frame.__name__}: {took:.2f} s, {extra:.0f} MB beside the frame")
            worst = [max(worst[0], took), max(worst[1], extra)]
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--largest", type=int, default=1_000_000)
    parser.add_argument("--recordings", type=int, default=1000)
    options = parser.parse_args()
    ratio = compare(options.events, options.rounds)
    costs, others = grow(options.largest, min(options.rounds, 3))
    growth = costs[-1] / min(costs)
    print(f"{options.recordings:,} recordings, {options.recordings * ROWS:,} rows")
    took, extra = read_all(options.recordings, min(options.rounds, 3))
    print(
        f"ratio {ratio:.3f} (target {TARGET}), growth {growth:.2f} (target {GROWTH}), "
        f"others {others:.2f} (target {OTHERS}), reading {took:.2f} s (target {READING_S}) and "
        f"{extra:.0f} MB (target {READING_MB})"
    )
    slow = ratio > TARGET or growth > GROWTH or others > OTHERS
    return int(slow or took > READING_S or extra > READING_MB)


if __name__ == "__main__":
    sys.exit(main())
