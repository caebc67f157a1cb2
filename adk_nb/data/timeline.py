"""`timeline`: a chart of who spoke when, what was heard of it, and what the user waited for."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any, TypeAlias

from adk_nb.data.marks import marks, newest
from adk_nb.data.sources import logs_of
from adk_nb.data.vega import mime_bundle, specification
from adk_nb.exceptions import AdkNbError

if TYPE_CHECKING:
    import altair as alt

    from adk_nb.data.sources import Source
    from adk_nb.data.vega import Spec

    Timeline: TypeAlias = "Chart | alt.LayerChart | alt.VConcatChart"

MAX_SESSIONS = 12
"""How many sessions one picture may have."""


class Chart:
    """A Vega-Lite chart that shows itself in JupyterLab; where Altair is installed, so is more.

    Attributes:
        spec: The chart as a Vega-Lite specification.
    """

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

    def to_dict(self) -> Spec:
        """Returns the chart as a Vega-Lite specification."""
        return self.spec

    def __repr__(self) -> str:
        return "<Timeline>"

    def _repr_mimebundle_(self, *_: Any, **__: Any) -> tuple[Spec, Spec]:
        return mime_bundle(self.spec, repr(self))

    def __getattr__(self, name: str) -> Any:
        # Only what Altair's charts have: whatever a front end looks for is simply not there.
        hint = "" if name.startswith("_") else f" {_INSTALL}"
        raise AttributeError(f"A timeline has no {name!r} here.{hint}")


_INSTALL = (
    "It is a whole Altair chart, which can be changed and saved, where Altair is installed: run "
    "pip install 'adk-nb[plots]', and then this cell again."
)


def timeline(source: Source) -> Timeline:
    """Returns a chart of who spoke when: zoom with the wheel, pan by dragging, hover for details.

    Its lanes are the user's speech, what the user waited for (from the end of the speech to the
    first audio in the kernel, and on to the first sample that sounded), the agent's speech as it
    was generated, what of it sounded, the tools, and the interruptions. Its axis is in seconds on
    the session's clock.

    Args:
        source: A widget, a session, the path of a recording or of a folder of recordings, or a
            list of these. A closed session will do, and an empty one.

    Returns:
        An Altair chart, where Altair is installed: `save("timeline.html")` writes it. Else a
        `Chart`, which only shows itself. JupyterLab renders both without a network.

    Raises:
        AdkNbError: The source has no events, or too many sessions for one picture.
        RecordingError: There is no recording at a path.
    """
    spec = timeline_spec(source)
    if importlib.util.find_spec("altair") is None:
        return Chart(spec)
    from adk_nb.data.altair_chart import altair_chart

    return altair_chart(spec)


def timeline_spec(source: Source) -> Spec:
    """Returns the chart of `timeline` as a Vega-Lite specification: Altair takes far longer."""
    logs = list(logs_of(source))
    if len(logs) > MAX_SESSIONS:
        raise AdkNbError(
            f"{len(logs)} sessions are too many for one timeline.",
            remedy=f"Give {MAX_SESSIONS} of them or fewer, such as one recording's path.",
            code="too_many_sessions",
        )
    return specification([(log.session_id, *newest(marks(log))) for log in logs])
