"""What a dataframe of a session's events costs.

- `model_dump`: ADK's own events to a frame, `pd.DataFrame([e.model_dump() for e in events])`;
- `events_df`: a log of as many rows, of the same conversation, to a frame.

`python benchmarks/frames.py [--events 100000] [--rounds 3] [--largest 1000000]`. The target: at
100,000 events `events_df` takes at most a tenth of the time of `model_dump`, both in one run, and
its time a row at 1,000,000 is at most 1.5 times that at 10,000 and at 100,000.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time

import pandas as pd
from google.adk.events import Event
from google.genai import types

from adk_nb.events import EventLog
from adk_nb.frames import events_df, tools_df, transcript_df, turns_df

ROUNDS = 3
TARGET = 0.1
TURN = 10  # events


def part(**values):
    return types.Content(role="model", parts=[types.Part(**values)])


def said(text, finished, side):
    values = {f"{side}_transcription": types.Transcription(text=text, finished=finished)}
    return Event(author="agent", invocation_id="i", partial=not finished, **values)


def adk_turn(index):
    """One turn as ADK gives it: words both ways, a tool call, sound, usage and the end."""
    call = types.FunctionCall(id=f"c{index}", name="roll_dice", args={"sides": 6, "turn": index})
    result = types.FunctionResponse(id=f"c{index}", name="roll_dice", response={"result": 4})
    sound = types.Blob(data=bytes(480), mime_type="audio/pcm;rate=24000")
    usage = types.GenerateContentResponseUsageMetadata(
        prompt_token_count=100, candidates_token_count=20, total_token_count=120
    )
    agent = {"author": "agent", "invocation_id": "i"}
    return [
        said("roll a", finished=False, side="input"),
        said("roll a die", finished=True, side="input"),
        Event(content=part(function_call=call), **agent),
        Event(content=part(function_response=result), **agent),
        Event(content=part(inline_data=sound), **agent),
        said("It is ", finished=False, side="output"),
        said("a four.", finished=False, side="output"),
        said("It is a four.", finished=True, side="output"),
        Event(usage_metadata=usage, **agent),
        Event(turn_complete=True, **agent),
    ]


def log_turn(log, index):
    """The same turn as a session's log has it."""

    def row(kind, **values):
        log.add("adk", kind, turn=index, author="agent", agent="agent", invocation_id="i", **values)

    tool = {"tool": "roll_dice", "tool_call_id": f"c{index}"}
    log.add("adk", "user_transcript", turn=index, author="user", text="roll a", final=False)
    log.add("adk", "user_transcript", turn=index, author="user", text="roll a die", final=True)
    row("tool_call", args={"sides": 6, "turn": index}, **tool)
    row("tool_result", result=4, **tool)
    row("agent_audio", audio_ms=10.0)
    row("agent_transcript", text="It is ", final=False, audio_ms=10.0)
    row("agent_transcript", text="a four.", final=False, audio_ms=10.0)
    row("agent_transcript", text="It is a four.", final=True, audio_ms=10.0)
    row("usage", prompt_tokens=100, response_tokens=20, total_tokens=120)
    row("turn_complete", turn_complete=True)


def log_of(count):
    log = EventLog("bench")
    for index in range(1, count // TURN + 1):
        log_turn(log, index)
    return log


def seconds(function, *args):
    gc.collect()
    start = time.process_time()
    function(*args)
    return time.process_time() - start


def dumped(events):
    return pd.DataFrame([event.model_dump() for event in events])


def compare(count, rounds):
    """Takes turns between the two, and the best of each."""
    events = [event for index in range(count // TURN) for event in adk_turn(index)]
    log = log_of(count)
    times = [(seconds(dumped, events), seconds(events_df, log)) for _ in range(rounds)]
    theirs, ours = (min(column) for column in zip(*times, strict=True))
    ratio = ours / theirs
    print(f"{count:,} events: model_dump {theirs:.2f} s, events_df {ours:.2f} s, ratio {ratio:.3f}")
    return ratio


def grow(largest, rounds):
    """Prints the time of every frame at growing sizes; returns events_df's µs a row at each."""
    costs = {}
    size = 10_000
    while size <= largest:
        log = log_of(size)
        line = []
        for frame in (events_df, turns_df, tools_df, transcript_df):
            best = min(seconds(frame, log) for _ in range(rounds))
            line.append(f"{frame.__name__} {best:.3f} s")
            if frame is events_df:
                costs[size] = best / size * 1e6
        print(f"{size:>9,} events: {', '.join(line)}; events_df {costs[size]:.2f} µs a row")
        size *= 10
    return costs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--largest", type=int, default=1_000_000)
    options = parser.parse_args()
    ratio = compare(options.events, options.rounds)
    costs = grow(options.largest, options.rounds)
    growth = costs[max(costs)] / min(costs.values())
    print(
        f"ratio {ratio:.3f} (target {TARGET}); the dearest row costs {growth:.2f} times the least"
    )
    return int(ratio > TARGET)


if __name__ == "__main__":
    sys.exit(main())
