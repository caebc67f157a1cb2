"""`timeline`: who spoke when, what was heard of it, and what the user waited for, as a chart."""

from __future__ import annotations

import math
import weakref
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np

from adk_nb.data.tables import logs_of
from adk_nb.exceptions import AdkNbError
from adk_nb.log.turns_from_log import logged_turns
from adk_nb.plain import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy.typing as npt

    from adk_nb.data.tables import Source
    from adk_nb.log.event_log import LogRow
    from adk_nb.log.turns_from_log import Log, LoggedTurn

MAX_MARKS = 4000
"""Marks in one session's chart; of a longer session the newest are drawn."""
MAX_SESSIONS = 12
"""Sessions in one picture."""

_TURNS, _USER, _GENERATED, _HEARD = "turn", "user speech", "agent generated", "agent heard"
_LATENCY, _TOOLS, _CUTS, _ERRORS = "latency", "tools", "interruptions", "errors"
_LANES = (_TURNS, _USER, _LATENCY, _GENERATED, _HEARD, _TOOLS, _CUTS)
_STEPS = ("to the first audio in the kernel", "on to the first sample heard")
_LANE_HEIGHT = 28
_WIDTH = 700
"""Pixels; a width of "container" makes the Vega inside JupyterLab 4 lay itself out for ever."""
_TEXT_LIMIT = 300
_LABELLED_TURNS = 30
"""With more turns than these, their numbers and latencies would cover each other."""

# Each has a contrast of 3:1 or more with white and with JupyterLab's dark background.
_GREY, _BLUE, _GREEN, _TEAL = "#808080", "#4c86c6", "#3a9a5c", "#2f8f8f"
_AMBER, _ORANGE, _RED = "#b8860b", "#d9722e", "#d64545"

_MIME = "application/vnd.vegalite.v5+json"
"""What JupyterLab 4 renders by itself; Altair 6 would load a newer Vega-Lite from a network."""
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_EMBED = {"actions": {"export": True, "source": False, "compiled": False, "editor": False}}

Mark = dict[str, Any]
Stretch = tuple[float, float]
Layer = Any
"""A chart: Altair's own methods are not typed."""


class _ForJupyterLab:
    """Makes a chart show itself with the Vega-Lite that JupyterLab has inside."""

    def _repr_mimebundle_(self: Any, *args: Any, **options: Any) -> Any:
        if alt.renderers.active != "default":
            return super()._repr_mimebundle_(*args, **options)  # type: ignore[misc]
        return mime_bundle(self)


class Timeline(_ForJupyterLab, alt.LayerChart):
    """The chart of one session."""


class Timelines(_ForJupyterLab, alt.VConcatChart):
    """The charts of several sessions, one below the other."""


def timeline(source: Source) -> Timeline | Timelines:
    """Returns a chart of who spoke when: zoom with the wheel, pan by dragging, hover for details.

    Its lanes are the user's speech, what the user waited for (from the end of the speech to the
    first audio in the kernel, and on to the first sample that sounded), the agent's speech as it
    was generated, what of it sounded, the tools, and the interruptions. Its axis is in seconds on
    the session's clock.

    Args:
        source: A widget, a session, the path of a recording or of a folder of recordings, or a
            list of these. A closed session will do, and an empty one.

    Returns:
        An Altair chart. JupyterLab renders it without a network; `save("timeline.html")` writes it.

    Raises:
        AdkNbError: The source is none, or holds too many sessions for one picture.
        RecordingError: There is no recording at a path.
    """
    logs = list(logs_of(source))
    if len(logs) > MAX_SESSIONS:
        raise AdkNbError(
            f"{len(logs)} sessions are too many for one timeline.",
            remedy=f"Give {MAX_SESSIONS} of them or fewer, such as one recording's path.",
            code="too_many_sessions",
        )
    layers = [_newest(marks(log)) for log in logs]
    charts = [
        _chart(log, *of_log, n) for n, (log, of_log) in enumerate(zip(logs, layers, strict=True))
    ]
    whole: Timeline | Timelines = _styled(
        charts[0] if len(logs) == 1 else Timelines(vconcat=charts)
    )
    # By name and last: Altair copies and checks all that a chart holds at each step.
    whole.datasets = {
        _data(name, n): of_layer
        for n, (of_log, _) in enumerate(layers)
        for name, of_layer in of_log.items()
    }
    return whole


def mime_bundle(chart: Timeline | Timelines) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns a chart as JupyterLab displays it without a network: data and metadata by type."""
    bare = chart.copy(deep=False)
    bare.datasets = alt.Undefined  # Checking each of its values would take most of the time.
    spec = {**bare.to_dict(), "datasets": chart.datasets, "$schema": _SCHEMA}
    shown = {_MIME: spec, "text/plain": f"<{type(chart).__name__}>"}
    return shown, {_MIME: {"embed_options": _EMBED}}


# What the chart shows, as plain values.


def marks(log: Log) -> dict[str, list[Mark]]:
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
        "cuts": [_cut(row, turns) for row in rows["interrupted"]],
        "errors": [_error(row) for row in rows["error"]],
        "waits": [mark for turn in turns.values() for mark in _wait(turn)],
        "turns": [
            {"lane": _TURNS, "t": min(turn.t, began.get(turn.index, turn.t)), "turn": turn.index}
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


def _user_speech(
    log: Log, rows: dict[str, list[LogRow]], turns: dict[int, LoggedTurn]
) -> Iterator[Mark]:
    for index, of_turn in _by_turn(rows["user_audio"]).items():
        turn = turns.get(index)
        if turn is None or not turn.spoken:
            continue  # The silence after the last words, or a noise that made no turn.
        for start, end in _stretches(log, turn, of_turn):
            yield _bar(_USER, start, end, who="user", turn=index, text=_short(turn.user_text))


def _generated(rows: dict[str, list[LogRow]], turns: dict[int, LoggedTurn]) -> list[Mark]:
    """Returns the agent's audio as if it sounded as it came: a model sends faster than it sounds.

    What was too late to sound comes first, so that later turns are drawn over it.
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
                bars.append(_bar(_GENERATED, start, min(free, cut), **about))
            if free > cut:
                bars.append(_bar(_GENERATED, max(start, cut), free, **about, late=True))
    return sorted(bars, key=lambda bar: "late" not in bar)


def _heard(
    rows: dict[str, list[LogRow]], turns: dict[int, LoggedTurn], now: float
) -> Iterator[Mark]:
    stops = _by_turn([*rows["playback_drained"], *rows["playback_flushed"]])
    for index, started in _by_turn(rows["playback_started"]).items():
        turn = turns.get(index)
        who, text = (turn.agent, _short(turn.heard_text)) if turn else ("", "")
        for row, until in zip(started, [*(row.t for row in started[1:]), math.inf], strict=True):
            end = max((stop.t for stop in stops[index] if row.t <= stop.t <= until), default=now)
            yield _bar(_HEARD, row.t, max(row.t, end), who=who, turn=index, text=text)


def _typed(turn: LoggedTurn) -> Mark:
    return {"lane": _USER, "t": turn.typed_t, "turn": turn.index, "text": _short(turn.user_text)}


def _latency(turn: LoggedTurn) -> Iterator[Mark]:
    moments = (turn.speech_end_t, turn.audio_t, turn.heard_t)
    for (start, end), step in zip(pairwise(moments), _STEPS, strict=True):
        if start is not None and end is not None and end >= start:
            since_ms = (end - (turn.speech_end_t or 0.0)) * 1000
            yield _bar(_LATENCY, start, end, turn=turn.index, step=step, since_ms=since_ms)


def _wait(turn: LoggedTurn) -> Iterator[Mark]:
    last = list(_latency(turn))[-1:]
    yield from ({**mark, "t": mark["end"]} for mark in last)


def _tools(turn: LoggedTurn, now: float) -> Iterator[Mark]:
    for call in turn.tool_calls:
        start = getattr(call, "t", turn.t)
        end = now if call.ms is None else start + call.ms / 1000
        failed = call.error is not None
        outcome = "…" if call.ms is None else call.error if failed else call.result
        yield _bar(
            _TOOLS, start, max(start, end), turn=turn.index, tool=call.name,
            args=_short(call.args), result=_short(outcome), failed=failed,
        )  # fmt: skip


def _cut(row: LogRow, turns: dict[int, LoggedTurn]) -> Mark:
    turn = turns.get(row.turn)
    heard = _short(turn.heard_text if turn else "")
    by = "the user" if row.source == "client" else "the model"
    return {"lane": _CUTS, "t": row.t, "turn": row.turn, "by": by, "heard": heard}


def _error(row: LogRow) -> Mark:
    return {"lane": _ERRORS, "t": row.t, "turn": row.turn, "error": _short(row.error or "")}


# When the user spoke: the microphone is open all the time, so it takes a look at the sound.

_SPOKEN: weakref.WeakKeyDictionary[Log, dict[int, tuple[float, list[Stretch]]]] = (
    weakref.WeakKeyDictionary()
)
_FRAME_S = 0.02
_GAP_S = 0.4
_SHORTEST_S = 0.1


def _stretches(log: Log, turn: LoggedTurn, rows: list[LogRow]) -> list[Stretch]:
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
    """Moves a stretch of a turn's sound (s) to the session's clock, past the pauses between."""
    start, end = stretch
    before = 0.0
    at = rows[0].t
    for row in rows:
        if before <= start:
            at = row.t - before
        before += (row.audio_ms or 0.0) / 1000
    return start + at, end + at


def loud_stretches(samples: npt.NDArray[np.int16], rate: int) -> list[Stretch]:
    """Returns where somebody speaks in a sound, by its level alone (s from its start)."""
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


# How it looks.


def _newest(layers: dict[str, list[Mark]]) -> tuple[dict[str, list[Mark]], int]:
    """Returns the newest `MAX_MARKS` marks, and how many there were before them."""
    moments = sorted(mark["t"] for of_layer in layers.values() for mark in of_layer)
    more = len(moments) - MAX_MARKS
    if more <= 0:
        return layers, 0
    first = moments[more]
    kept = {name: [m for m in of_layer if m["t"] > first] for name, of_layer in layers.items()}
    return kept, len(moments) - sum(map(len, kept.values()))


def _chart(log: Log, layers: dict[str, list[Mark]], left_out: int, number: int) -> Layer:
    lanes = [*_LANES, _ERRORS] if layers["errors"] else list(_LANES)
    drawn = [_speech_bars(number).encode(y=_Y.scale(domain=lanes))]
    drawn += [draw(number) for name, draw in _DRAW if layers[name]]
    if len(layers["turns"]) <= _LABELLED_TURNS:
        drawn += [draw(number) for name, draw in _LABEL if layers[name]]
    x = _x(layers)
    chart: Layer = Timeline(layer=[layer.encode(x=x) for layer in drawn])
    # Numbered, as two charts in one picture must not zoom by the same name.
    zoom = alt.selection_interval(name=f"zoom_{number}", bind="scales", encodings=["x"])
    chart = chart.add_params(zoom).resolve_scale(color="independent")
    title = f"session {log.session_id}"
    if left_out:
        title += f", without the {left_out} earliest marks"
    return chart.properties(width=_WIDTH, height=_LANE_HEIGHT * len(lanes), title=title)


def _x(layers: dict[str, list[Mark]]) -> alt.X:
    """Returns the axis of all layers; Vega warns of layers that it finds empty."""
    starts = [mark["t"] for of_layer in layers.values() for mark in of_layer]
    ends = [mark["end"] for of_layer in layers.values() for mark in of_layer if "end" in mark]
    start, end = min(starts, default=0.0), max([*starts, *ends], default=0.0)
    margin = max(0.02 * (end - start), 0.05)
    domain = [start - margin, end + margin] if starts else [0, 1]
    return alt.X("t:Q", title="t (s)", scale=alt.Scale(domain=domain, nice=False))


def _data(layer: str, number: int) -> str:
    return f"{layer}_{number}"


_Y = alt.Y("lane:N", title=None)
_TURN = alt.Tooltip("turn:Q", title="turn")
_AT = alt.Tooltip("t:Q", title="t (s)", format=".3f")
_MS = alt.Tooltip("ms:Q", title="ms", format=".0f")


def _layer(name: str, number: int) -> Layer:
    return alt.Chart(alt.NamedData(_data(name, number))).encode(y=_Y)


def _bars(layer: Layer, colour: alt.Color, *tooltips: str, height: int = 16) -> Layer:
    about = [_TURN, *map(alt.Tooltip, tooltips), _AT, _MS]
    bars = layer.mark_bar(height=height, cornerRadius=2, strokeWidth=2)
    return bars.encode(x2="end:Q", color=colour, tooltip=about)


def _speech_bars(number: int) -> Layer:
    colour = alt.Color("lane:N", legend=None).scale(
        domain=[_USER, _GENERATED, _HEARD], range=[_BLUE, _GREEN, _TEAL]
    )
    faint = alt.condition("datum.late", alt.value(0.3), alt.value(1))
    return _bars(_layer("speech", number), colour, "who:N", "text:N").encode(opacity=faint)


def _latency_bars(number: int) -> Layer:
    colour = alt.Color("step:N", title="from the speech's end").scale(
        domain=list(_STEPS), range=[_AMBER, _ORANGE]
    )
    return _bars(_layer("latency", number), colour, "step:N", height=8)


def _latency_numbers(number: int) -> Layer:
    numbers = _layer("waits", number).mark_text(align="left", dx=4, color=_GREY, fontSize=10)
    return numbers.encode(text=alt.Text("since_ms:Q", format=",.0f"))


def _tool_bars(number: int) -> Layer:
    colour = alt.Color("tool:N", title="tool").scale(scheme="tableau10")
    outline = alt.condition("datum.failed", alt.value(_RED), alt.value(None))
    bars = _bars(_layer("tools", number), colour, "tool:N", "args:N", "result:N")
    return bars.encode(stroke=outline)


def _points(name: str, shape: str, colour: str, *tooltips: str) -> Callable[[int], Layer]:
    about = [_TURN, *map(alt.Tooltip, tooltips), _AT]

    def draw(number: int) -> Layer:
        layer = _layer(name, number)
        points = layer.mark_point(shape=shape, color=colour, filled=True, size=70, opacity=1)
        return points.encode(tooltip=about)

    return draw


def _cut_rules(number: int) -> Layer:
    rules = alt.Chart(alt.NamedData(_data("cuts", number)))
    return rules.mark_rule(color=_RED, strokeDash=[3, 3], opacity=0.7)


def _turn_numbers(number: int) -> Layer:
    return _layer("turns", number).mark_text(color=_GREY, fontSize=11).encode(text="turn:Q")


_DRAW: tuple[tuple[str, Callable[[int], Layer]], ...] = (
    ("latency", _latency_bars),
    ("tools", _tool_bars),
    ("typed", _points("typed", "diamond", _BLUE, "text:N")),
    ("cuts", _cut_rules),
    ("cuts", _points("cuts", "cross", _RED, "by:N", "heard:N")),
    ("errors", _points("errors", "triangle-up", _RED, "error:N")),
)
_LABEL = (("turns", _turn_numbers), ("waits", _latency_numbers))


def _styled(chart: Any) -> Any:
    """Makes a chart readable on JupyterLab's light and dark backgrounds alike."""
    return (
        chart.configure(background="transparent")
        .configure_view(stroke=None)
        .configure_title(color=_GREY, fontSize=12, fontWeight="normal", anchor="start")
        .configure_legend(labelColor=_GREY, titleColor=_GREY, orient="bottom", labelLimit=260)
        .configure_axis(
            labelColor=_GREY, titleColor=_GREY, domainColor=_GREY, tickColor=_GREY,
            gridColor=_GREY, gridOpacity=0.2, labelFontSize=11, titleFontWeight="normal",
        )
        .configure_axisY(grid=True, domain=False, ticks=False)
    )  # fmt: skip
