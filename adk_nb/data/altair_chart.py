"""A timeline as an Altair chart, to change and to save."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import altair as alt

from adk_nb.data.vega import SCHEMA, mime_bundle
from adk_nb.private_files import open_private

if TYPE_CHECKING:
    from adk_nb.data.vega import Spec


class _ForJupyterLab:
    """Shows a chart with JupyterLab's own Vega-Lite."""

    def _repr_mimebundle_(self: Any, *args: Any, **options: Any) -> Any:
        if alt.renderers.active != "default":
            return super()._repr_mimebundle_(*args, **options)  # type: ignore[misc]
        bare = self.copy(deep=False)
        bare.datasets = alt.Undefined  # Validating each value would take most of the time.
        spec = {**bare.to_dict(), "datasets": self.datasets, "$schema": SCHEMA}
        return mime_bundle(spec, f"<{type(self).__name__}>")

    def save(self: Any, fp: Any, *args: Any, **options: Any) -> Any:
        """Writes the chart to a file, which only its owner can read if it is new."""
        if isinstance(fp, str | os.PathLike):
            open_private(Path(fp), "ab").close()
        return super().save(fp, *args, **options)  # type: ignore[misc]


class Timeline(_ForJupyterLab, alt.LayerChart):
    """The chart of one session."""


class Timelines(_ForJupyterLab, alt.VConcatChart):
    """The charts of several sessions, one below the other."""


def altair_chart(spec: Spec) -> Timeline | Timelines:
    """Returns a timeline's specification as an Altair chart."""
    # Piece by piece: Altair's own `from_dict` takes forty times as long.
    params = [
        alt.TopLevelParameter(**param)  # type: ignore[no-untyped-call] # Altair's own has none
        for param in spec["params"]
    ]
    around = {"params": params, "config": spec["config"]}
    if "vconcat" in spec:
        charts = [alt.LayerChart(**_session(chart)) for chart in spec["vconcat"]]
        whole: Timeline | Timelines = Timelines(vconcat=charts, **around)
    else:
        whole = Timeline(**_session(spec), **around)
    # Last: Altair validates all data of a chart at each step.
    whole.datasets = spec["datasets"]
    return whole


def _session(chart: Spec) -> Spec:
    """Returns the arguments of one session's chart."""
    names = ("resolve", "width", "height", "title")
    return {"layer": [_layer(**layer) for layer in chart["layer"]]} | {
        name: chart[name] for name in names
    }


def _layer(data: Spec, encoding: Spec, **rest: Any) -> alt.Chart:
    return alt.Chart(alt.NamedData(**data), encoding=alt.FacetedEncoding(**encoding), **rest)
