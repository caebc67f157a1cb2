"""The Vega-Lite specification of a timeline, as a dictionary."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from adk_nb.data.marks import ERRORS, GENERATED, HEARD, LANES, STEPS, USER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adk_nb.data.marks import Layers

Spec = dict[str, Any]

MIME = "application/vnd.vegalite.v5+json"
"""JupyterLab 4 renders this type itself; a newer Vega-Lite would be loaded from the web."""
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_EMBED = {"actions": {"export": True, "source": False, "compiled": False, "editor": False}}

_LANE_HEIGHT = 28
_WIDTH = 700
"""In pixels: with a width of "container" the Vega in JupyterLab 4 never ends its layout."""
_LABELLED_TURNS = 30
"""Above this many turns, their labels would cover each other and are left out."""

# Each has a contrast of 3:1 or more with white and with JupyterLab's dark background.
_GREY, _BLUE, _GREEN, _TEAL = "#808080", "#4c86c6", "#3a9a5c", "#2f8f8f"
_AMBER, _ORANGE, _RED = "#b8860b", "#d9722e", "#d64545"

# Readable on JupyterLab's light and dark backgrounds alike.
_CONFIG: Spec = {
    "background": "transparent",
    "view": {"stroke": None},
    "title": {"color": _GREY, "fontSize": 12, "fontWeight": "normal", "anchor": "start"},
    "legend": {"labelColor": _GREY, "titleColor": _GREY, "orient": "bottom", "labelLimit": 260},
    "axis": {
        "labelColor": _GREY, "titleColor": _GREY, "domainColor": _GREY, "tickColor": _GREY,
        "gridColor": _GREY, "gridOpacity": 0.2, "labelFontSize": 11, "titleFontWeight": "normal",
    },
    "axisY": {"grid": True, "domain": False, "ticks": False},
}  # fmt: skip


def specification(sessions: Sequence[tuple[str, Layers, int]]) -> Spec:
    """Returns the chart of one session, or of several, one below the other.

    Args:
        sessions: For each its id, its marks by layer, and how many marks were left out.
    """
    charts = [_chart(*session, number) for number, session in enumerate(sessions)]
    params = [chart.pop("zoom") for chart in charts]
    whole = charts[0] if len(charts) == 1 else {"vconcat": charts}
    return {
        "$schema": SCHEMA,
        **whole,
        "params": params,
        "config": copy.deepcopy(_CONFIG),
        "datasets": {
            _dataset(name, number): of_layer
            for number, (_, layers, _) in enumerate(sessions)
            for name, of_layer in layers.items()
        },
    }


def mime_bundle(spec: Spec, text: str = "<Timeline>") -> tuple[Spec, Spec]:
    """Returns a chart as JupyterLab displays it without a network: data and metadata by type.

    Args:
        spec: The chart.
        text: Shown if the chart cannot be drawn.
    """
    return {MIME: spec, "text/plain": text}, {MIME: {"embed_options": _EMBED}}


def _chart(session_id: str, layers: Layers, left_out: int, number: int) -> Spec:
    lanes = [*LANES, ERRORS] if layers["errors"] else list(LANES)
    drawn = [_speech(number, lanes)]
    drawn += [draw(number) for name, draw in _DRAW if layers[name]]
    if len(layers["turns"]) <= _LABELLED_TURNS:
        drawn += [draw(number) for name, draw in _LABEL if layers[name]]
    x = _x(layers)
    for layer in drawn:
        layer["encoding"]["x"] = x
    title = f"session {session_id}"
    if left_out:
        title += f", without the {left_out} earliest marks"
    # Numbered: charts in one picture must not share a selection.
    zoom = {"type": "interval", "encodings": ["x"]}
    view = drawn[0]["name"] = f"session_{number}"
    return {
        "zoom": {"name": f"zoom_{number}", "select": zoom, "bind": "scales", "views": [view]},
        "layer": drawn,
        "resolve": {"scale": {"color": "independent"}},
        "width": _WIDTH,
        "height": _LANE_HEIGHT * len(lanes),
        "title": title,
    }


def _dataset(layer: str, number: int) -> str:
    return f"{layer}_{number}"


def _x(layers: Layers) -> Spec:
    """Returns the axis of all layers; Vega warns of layers that it finds empty."""
    starts = [mark["t"] for of_layer in layers.values() for mark in of_layer]
    ends = [mark["end"] for of_layer in layers.values() for mark in of_layer if "end" in mark]
    start, end = min(starts, default=0.0), max([*starts, *ends], default=0.0)
    margin = max(0.02 * (end - start), 0.05)
    domain = [start - margin, end + margin] if starts else [0, 1]
    scale = {"domain": domain, "nice": False}
    return {"field": "t", "type": "quantitative", "title": "t (s)", "scale": scale}


# Its layers.


def _layer(name: str, number: int, mark: Spec, **encoding: Any) -> Spec:
    y = {"field": "lane", "type": "nominal", "title": None}
    return {
        "data": {"name": _dataset(name, number)},
        "mark": mark,
        "encoding": {"y": y, **encoding},
    }


def _number(field: str, title: str, decimals: int | None = None) -> Spec:
    shown = {} if decimals is None else {"format": f".{decimals}f"}
    return {"field": field, "type": "quantitative", "title": title, **shown}


def _about(*fields: str, bar: bool = False) -> list[Spec]:
    """Returns what is shown of a mark where the pointer hovers over it."""
    texts = [{"field": field, "type": "nominal"} for field in fields]
    lasts = [_number("ms", "ms", 0)] if bar else []
    return [_number("turn", "turn"), *texts, _number("t", "t (s)", 3), *lasts]


def _bars(name: str, number: int, colour: Spec, *about: str, height: int = 16) -> Spec:
    mark = {"type": "bar", "height": height, "cornerRadius": 2, "strokeWidth": 2}
    colour = {"type": "nominal", **colour}
    return _layer(
        name, number, mark, x2={"field": "end"}, color=colour, tooltip=_about(*about, bar=True)
    )


def _speech(number: int, lanes: list[str]) -> Spec:
    scale = {"domain": [USER, GENERATED, HEARD], "range": [_BLUE, _GREEN, _TEAL]}
    colour = {"field": "lane", "legend": None, "scale": scale}
    bars = _bars("speech", number, colour, "who", "text")
    bars["encoding"]["y"]["scale"] = {"domain": lanes}
    bars["encoding"]["opacity"] = {"condition": {"test": "datum.late", "value": 0.3}, "value": 1}
    return bars


def _latency(number: int) -> Spec:
    scale = {"domain": list(STEPS), "range": [_AMBER, _ORANGE]}
    colour = {"field": "step", "title": "from the speech's end", "scale": scale}
    return _bars("latency", number, colour, "step", height=8)


def _tools(number: int) -> Spec:
    colour = {"field": "tool", "title": "tool", "scale": {"scheme": "tableau10"}}
    bars = _bars("tools", number, colour, "tool", "args", "result")
    bars["encoding"]["stroke"] = {
        "condition": {"test": "datum.failed", "value": _RED},
        "value": None,
    }
    return bars


def _approvals(number: int) -> Spec:
    """Draws the waiting for the user over the tool that waits: it is no work."""
    look = {"height": 14, "color": "white", "opacity": 0.75, "stroke": _GREY, "strokeDash": [2, 2]}
    tooltip = _about("tool", bar=True)
    return _layer(
        "approvals", number, {"type": "bar", **look}, x2={"field": "end"}, tooltip=tooltip
    )


def _points(name: str, number: int, shape: str, colour: str, *about: str) -> Spec:
    look = {"filled": True, "size": 70, "opacity": 1}
    mark = {"type": "point", "shape": shape, "color": colour, **look}
    return _layer(name, number, mark, tooltip=_about(*about))


def _cut_rules(number: int) -> Spec:
    mark = {"type": "rule", "color": _RED, "strokeDash": [3, 3], "opacity": 0.7}
    rules = _layer("cuts", number, mark)
    del rules["encoding"]["y"]  # They cross all lanes.
    return rules


def _turn_numbers(number: int) -> Spec:
    mark = {"type": "text", "color": _GREY, "fontSize": 11}
    return _layer("turns", number, mark, text={"field": "turn", "type": "quantitative"})


def _latency_numbers(number: int) -> Spec:
    mark = {"type": "text", "align": "left", "dx": 4, "color": _GREY, "fontSize": 10}
    text = {"field": "since_ms", "type": "quantitative", "format": ",.0f"}
    return _layer("waits", number, mark, text=text)


_DRAW = (
    ("latency", _latency),
    ("tools", _tools),
    ("approvals", _approvals),
    ("typed", lambda number: _points("typed", number, "diamond", _BLUE, "text")),
    ("cuts", _cut_rules),
    ("cuts", lambda number: _points("cuts", number, "cross", _RED, "by", "heard")),
    ("errors", lambda number: _points("errors", number, "triangle-up", _RED, "error")),
)
_LABEL = (("turns", _turn_numbers), ("waits", _latency_numbers))
