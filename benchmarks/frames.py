"""What a dataframe of a session's events costs, in CPU time.

- `model_dump`: ADK's own events to a frame, `pd.DataFrame([e.model_dump() for e in events])`;
- `events_df`: the log that a session makes of the same events, to a frame.

The conversation is spoken, with a tool call in each turn; half of its events are pieces of the
agent's audio, 40 ms each, which are one row of the log. `row for row` sets that aside: a log that
has as many rows as there were events.

`python benchmarks/frames.py [--events 100000] [--rounds 5] [--largest 1000000]`. The target: at
100,000 events `events_df` takes at most a tenth of the time of `model_dump`, both in one run, and
its time a row at 1,000,000 is at most 1.5 times the least at any size.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time

import pandas as pd
from google.adk.events import Event
from google.genai import types

from adk_nb.data.tables import events_df, tools_df, transcript_df, turns_df
from adk_nb.live.event_reader import EventReader
from adk_nb.live.tool_calls import ToolCalls
from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog

TARGET = 0.1
GROWTH = 1.5
TURN = 20
"""Events a turn."""
SOUND = types.Blob(data=bytes(1920), mime_type="audio/pcm;rate=24000")


class Nobody:
    """Listens to the reader and does nothing."""

    def agent_audio(self, turn, rate, pcm):
        pass

    def set_state(self, state):
        pass

    def fail(self, error):
        pass

    def still_talking(self):
        pass

    def transferred(self, turn, source, target):
        pass


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
    turns = Turns(lambda _: None)
    reader = EventReader(log, turns, Nobody(), calls=ToolCalls(turns), audio=True)
    for event in events:
        reader.read(event)
    return log


def log_with(rows):
    """Returns a log of so many rows, of such conversations."""
    turn = list(log_of(adk_turn(1)))
    log = EventLog("bench")
    names = [name for name in type(turn[0]).__slots__ if name not in ("seq", "time", "t")]
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
    """Prints the time of every frame at growing sizes; returns events_df's at each, a row."""
    costs = []
    size = 10_000
    while size <= largest:
        log = log_with(size)
        line = []
        for frame in (events_df, turns_df, tools_df, transcript_df):
            best = min(seconds(frame, log) for _ in range(rounds))
            line.append(f"{frame.__name__} {best:.2f} s")
            if frame is events_df:
                costs.append(best / size)
        print(f"{size:>9,} rows: {', '.join(line)}; events_df {costs[-1] * 1e6:.2f} µs a row")
        size *= 10
    return costs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--largest", type=int, default=1_000_000)
    options = parser.parse_args()
    ratio = compare(options.events, options.rounds)
    costs = grow(options.largest, min(options.rounds, 3))
    growth = costs[-1] / min(costs)
    print(f"ratio {ratio:.3f} (target {TARGET}), growth {growth:.2f} (target {GROWTH})")
    return int(ratio > TARGET or growth > GROWTH)


if __name__ == "__main__":
    sys.exit(main())
