"""The data of a timeline as plain values: each mark has a lane and a start."""

from __future__ import annotations

import math
import weakref
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from adk_nb.log.gaps import clock_offset
from adk_nb.log.turns_from_log import logged_turns
from adk_nb.log.waits import end_of, length_s, within
from adk_nb.plain import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from adk_nb.log.log_row import LogRow
    from adk_nb.log.turn import Turn
    from adk_nb.log.turns_from_log import Log

MAX_MARKS = 4000
"""How many marks a session's chart has; of a longer session the newest are drawn."""

TURNS, USER, GENERATED, HEARD = "turn", "user speech", "agent generated", "agent heard"
LATENCY, TOOLS, CUTS, ERRORS = "latency", "tools", "interruptions", "errors"
LANES = (TURNS, USER, LATENCY, GENERATED, HEARD, TOOLS, CUTS)
STEPS = ("to the first audio in the kernel", "on to the first sample heard")
_TEXT_LIMIT = 300

Mark = dict[str, Any]
Layers = dict[str, list[Mark]]
Stretch = tuple[float, float]


def marks(log: Log) -> Layers:
    """Returns what a log's chart shows, by layer: each mark has a lane and a start `t` (s)."""
    turns = {turn.index: turn for turn in logged_turns(log)}
    rows: dict[str, list[LogRow]] = defaultdict(list)
    end = 0.0
    for row in log:
        rows[row.kind].append(row)
        end = max(end, row.t)
    spoken = list(_user_speech(log, rows, turns))
    began = {mark["turn"]: mark["t"] for mark in reversed(spoken)}
    return {
        "speech": [*spoken, *_generated(rows, turns), *_heard(rows, turns, end)],
        "typed": [_typed(turn) for turn in turns.values() if turn.typed_t is not None],
        "latency": [mark for turn in turns.values() for mark in _latency(turn)],
        "tools": [mark for turn in turns.values() for mark in _tools(turn, end)],
        "approvals": [mark for turn in turns.values() for mark in _approvals(turn)],
        "cuts": [_cut(row, turns) for row in rows["interrupted"]],
        "errors": [_error(row) for row in rows["error"]],
        "waits": [mark for turn in turns.values() for mark in _wait(turn)],
        "turns": [
            {"lane": TURNS, "t": min(turn.t, began.get(turn.index, turn.t)), "turn": turn.index}
            for turn in turns.values()
        ],
    }


def _bar(lane: str, start: float, end: float, **values: Any) -> Mark:
    return {"lane": lane, "t": start, "end": end, "ms": (end - start) * 1000, **values}


def _short(text: Any) -> str:
    text = text if isinstance(text, str) else to_json(text)
    return str(text) if len(text) <= _TEXT_LIMIT else text[:_TEXT_LIMIT] + "…"


def _by_turn(rows: Iterable[LogRow]) -> dict[int, list[LogRow]]:
    found: dict[int, list[LogRow]] = defaultdict(list)
    for row in rows:
        found[row.turn].append(row)
    return found


def _user_speech(log: Log, rows: dict[str, list[LogRow]], turns: dict[int, Turn]) -> Iterator[Mark]:
    for index, of_turn in _by_turn(rows["user_audio"]).items():
        turn = turns.get(index)
        if turn is None or not turn.spoken:
            continue  # Silence after the last words, or noise.
        for start, end in _stretches(log, turn, of_turn):
            yield _bar(USER, start, end, who="user", turn=index, text=_short(turn.user_text))


def _generated(rows: dict[str, list[LogRow]], turns: dict[int, Turn]) -> list[Mark]:
    """Returns the agent's audio as it would sound if played when it came, without pauses.

    Audio that came after an interruption is drawn first, so that later turns cover it.
    """
    cuts = {row.turn: row.t for row in reversed(rows["interrupted"])}
    bars = []
    for index, of_turn in _by_turn(rows["agent_audio"]).items():
        if index not in turns:
            continue  # Of no turn; a damaged recording may say so.
        turn, cut, free = turns[index], cuts.get(index, math.inf), 0.0
        about = {"who": turn.agent, "turn": index, "text": _short(turn.agent_text)}
        for row in of_turn:
            start = max(row.t, free)
            free = start + (row.audio_ms or 0.0) / 1000
            if start < cut:
                bars.append(_bar(GENERATED, start, min(free, cut), **about))
            if free > cut:
                bars.append(_bar(GENERATED, max(start, cut), free, **about, late=True))
    return sorted(bars, key=lambda bar: "late" not in bar)


def _heard(rows: dict[str, list[LogRow]], turns: dict[int, Turn], now: float) -> Iterator[Mark]:
    ended = ("playback_drained", "playback_flushed", "playback_moved")
    stops = _by_turn(row for kind in ended for row in rows[kind])
    for index, started in _by_turn(rows["playback_started"]).items():
        turn = turns.get(index)
        who, text = (turn.agent, _short(turn.heard_text)) if turn else ("", "")
        for row, until in zip(started, [*(row.t for row in started[1:]), math.inf], strict=True):
            end = max((stop.t for stop in stops[index] if row.t <= stop.t <= until), default=now)
            yield _bar(HEARD, row.t, max(row.t, end), who=who, turn=index, text=text)


def _typed(turn: Turn) -> Mark:
    return {"lane": USER, "t": turn.typed_t, "turn": turn.index, "text": _short(turn.question)}


def _latency(turn: Turn) -> Iterator[Mark]:
    moments = (turn.speech_end_t, turn.audio_t, turn.heard_t)
    waits = [wait for call in turn.tool_calls for wait in call.waits]
    for (start, end), step in zip(pairwise(moments), STEPS, strict=True):
        if start is not None and end is not None and end >= start:
            asked = turn.speech_end_t or 0.0
            waited_s = length_s(within(waits, asked, end))
            since_ms = (end - asked - waited_s) * 1000
            yield _bar(LATENCY, start, end, turn=turn.index, step=step, since_ms=since_ms)


def _wait(turn: Turn) -> Iterator[Mark]:
    last = list(_latency(turn))[-1:]
    yield from ({**mark, "t": mark["end"]} for mark in last)


def _tools(turn: Turn, now: float) -> Iterator[Mark]:
    for call in turn.tool_calls:
        start = call.began_t or call.t
        end = now if call.ms is None else end_of(start, call.ms / 1000, call.waits)
        failed = call.error is not None
        outcome = "…" if not call.returned else call.error if failed else call.result
        yield _bar(
            TOOLS, start, max(start, end), turn=turn.index, tool=call.name,
            args=_short(call.args), result=_short(outcome), failed=failed,
        )  # fmt: skip


def _approvals(turn: Turn) -> Iterator[Mark]:
    for call in turn.tool_calls:
        for start, end in call.waits:
            yield _bar(TOOLS, start, end, turn=turn.index, tool=call.name)


def _cut(row: LogRow, turns: dict[int, Turn]) -> Mark:
    turn = turns.get(row.turn)
    heard = _short(turn.heard_text if turn and turn.heard_known else "")
    by = "the user" if row.source == "client" else "the model"
    return {"lane": CUTS, "t": row.t, "turn": row.turn, "by": by, "heard": heard}


def _error(row: LogRow) -> Mark:
    return {"lane": ERRORS, "t": row.t, "turn": row.turn, "error": _short(row.error or "")}


# When the user spoke. The microphone is open all the time, so the level of the sound decides.

_SPOKEN: weakref.WeakKeyDictionary[Log, dict[int, tuple[float, list[Stretch]]]] = (
    weakref.WeakKeyDictionary()
)
_FRAME_S = 0.02
_GAP_S = 0.4
_SHORTEST_S = 0.1


def _stretches(log: Log, turn: Turn, rows: list[LogRow]) -> list[Stretch]:
    """Returns when the user spoke in a turn (s on the session's clock)."""
    known = _SPOKEN.setdefault(log, {})
    total_ms = turn.user_audio_ms
    if turn.index not in known or known[turn.index][0] != total_ms:
        clip = log.clip("user_audio", turn.index)
        loud = loud_stretches(clip.samples, clip.rate)
        known[turn.index] = (total_ms, [_on_clock(stretch, rows) for stretch in loud])
    found = known[turn.index][1]
    if found:
        return found
    end = turn.speech_end_t if turn.speech_end_t is not None else turn.t
    return [(min(turn.t, end), max(turn.t, end))]


def _on_clock(stretch: Stretch, rows: list[LogRow]) -> Stretch:
    """Converts a stretch of a turn's sound (s) to the session's clock, pauses included."""
    start, end = stretch
    offset = clock_offset(rows, start)
    return start + offset, end + offset


def loud_stretches(samples: npt.NDArray[np.int16], rate: int) -> list[Stretch]:
    """Returns where there is speech in a sound, by its level alone (s from its start)."""
    size = int(rate * _FRAME_S)
    frames = samples[: len(samples) // size * size].reshape(-1, size).astype(np.float32)
    if not len(frames):
        return []
    level_db = 10 * np.log10(np.mean(np.square(frames), axis=1) / 32768**2 + 1e-12)
    floor_db = np.clip(np.percentile(level_db, 10), -50, -35)
    loud = np.flatnonzero(level_db > floor_db + 12)
    if not len(loud):
        return []
    breaks = np.flatnonzero(np.diff(loud) > _GAP_S / _FRAME_S)
    starts = loud[np.concatenate([[0], breaks + 1])]
    ends = loud[np.concatenate([breaks, [len(loud) - 1]])] + 1
    found = [(float(a) * _FRAME_S, float(b) * _FRAME_S) for a, b in zip(starts, ends, strict=True)]
    return [(a, b) for a, b in found if b - a >= _SHORTEST_S]


def newest(layers: Layers) -> tuple[Layers, int]:
    """Returns the newest `MAX_MARKS` marks, and how many there were before them."""
    moments = sorted(mark["t"] for of_layer in layers.values() for mark in of_layer)
    more = len(moments) - MAX_MARKS
    if more <= 0:
        return layers, 0
    first = moments[more]
    kept = {name: [m for m in of_layer if m["t"] > first] for name, of_layer in layers.items()}
    return kept, len(moments) - sum(map(len, kept.values()))
