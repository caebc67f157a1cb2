"""`inspect`: a panel with a session's turns, events and timeline, which follows it live."""

from __future__ import annotations

import dataclasses
import html
import json
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pandas as pd
from itables.widget import ITable

from adk_nb.cells import MadeByCells
from adk_nb.data.sources import logs_of
from adk_nb.data.tables import TURN_COLUMNS, events_df, turns_df
from adk_nb.data.timeline import timeline_spec
from adk_nb.data.vega import mime_bundle
from adk_nb.exceptions import AdkNbError
from adk_nb.log.log_row import KINDS
from adk_nb.plain import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adk_nb.audio import Clip
    from adk_nb.data.sources import Source
    from adk_nb.log.log_row import LogRow
    from adk_nb.log.turns_from_log import Log

logger = logging.getLogger(__name__)

MAX_ROWS = 500
"""How many rows a table has; the newest are shown."""
REFRESH_S = 0.5
"""The least time between two updates (s)."""
REFRESH_SHARE = 0.1
"""The share of a core that updates may take; on a long session they are less frequent."""
CHART_S = 2.0
"""The least time between two updates of the timeline (s)."""
LOOK_S = 1.0
"""How often to check whether the session was closed (s)."""

_TEXT_LIMIT = 160
_EVENTS = ["seq", "t", "source", "kind", "turn", "agent", "text", "audio_ms", "tool", "args",
           "result", "error"]  # fmt: skip
_TURNS = ["turn", "agent", "user_text", "agent_text", "tools", "tool_ms", "first_audio_ms",
          "first_heard_ms", "interrupted", "total_tokens", "error"]  # fmt: skip
_GROUPS = {
    "all": (),
    "what was said": ("user_text", "user_transcript", "agent_text", "agent_transcript"),
    "tools": ("tool_call", "tool_result"),
    "sound": ("user_audio", "agent_audio", "mic_on", "mic_off"),
    "playback": (
        "playback_started",
        "playback_drained",
        "playback_flushed",
        "playback_moved",
        "interrupted",
    ),
    "changes": ("agent_swapped", "agent_transfer", "connected", "disconnected"),
}
_CHOICES = [*_GROUPS.items(), *((kind, (kind,)) for kind in KINDS)]
_CHART_TAB = 2
_SCROLLS = {"display": "block", "overflow": "auto"}
_TEXT = "color:var(--jp-ui-font-color1)"
_CSS = """
.dt-container { --dt-html-background: transparent; color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1); }
.dt-container .dt-layout-table { overflow-x: auto; }
.dt-container td { max-width: 18em; overflow: hidden; text-overflow: ellipsis; cursor: pointer; }
"""

_OPTIONS: dict[str, Any] = {
    "select": {"style": "single", "toggleable": False},
    # Rows stay where they are in the frame when others come: a click names the right one.
    "order": [[0, "desc"]],
    "maxBytes": 0,
    "css": _CSS,
    "classes": "display compact nowrap",
    "style": "width:100%;margin:0",
    "text_in_header_can_be_selected": False,
    "layout": {"topStart": None, "topEnd": None, "bottomStart": "info", "bottomEnd": "paging"},
}
"""Of every table; an update without them would bring the defaults back."""


def inspect(live: Source) -> Inspector:
    """Returns a panel with a session's turns, events and timeline.

    It follows a live session, about twice a second, until the session or the panel is closed or its
    "follow" button is switched off. A click on a row shows everything about it.

    Args:
        live: A widget, a session, closed or not, or the path of one recording.

    Raises:
        AdkNbError: The source has no events, or is not exactly one session.
        RecordingError: There is no recording at a path.
    """
    logs = list(logs_of(live))
    if len(logs) != 1:
        raise AdkNbError(
            f"inspect() shows one session, and these are {len(logs)}.",
            remedy="Give one of them; events_df() and timeline() take several.",
            code="bad_source",
        )
    panel = Inspector(logs[0], getattr(live, "session", None))
    if panel.following:
        _made.add(panel)
    return panel


_made = MadeByCells()


class _Tail:
    """The newest rows of a log, of some kinds or of all, with the interface of a log."""

    def __init__(self, log: Log, kinds: tuple[str, ...]) -> None:
        self.session_id, self.run_id, self.tags = log.session_id, log.run_id, log.tags
        self.clip: Callable[[str, int], Clip] = log.clip
        of_kind: list[LogRow] = [row for row in log if not kinds or row.kind in kinds]
        self.rows = of_kind[-MAX_ROWS:]

    def __iter__(self) -> Iterator[LogRow]:
        return iter(self.rows)


class _Grid:
    """A table in which one row can be selected, and whose rows are replaced in place.

    Args:
        columns: The columns, the first of which has each row's own number.
        on_select: Called when a row was selected.
    """

    def __init__(self, columns: list[str], on_select: Callable[[], None]) -> None:
        self._on_select = on_select
        self._numbers: list[int] = []
        self.table = ITable(pd.DataFrame(columns=columns), **_OPTIONS)
        self.table.observe(lambda _: self._on_select(), "selected_rows")

    @property
    def selected(self) -> int | None:
        """The number of the selected row."""
        rows = [row for row in self.table.selected_rows if row < len(self._numbers)]
        return self._numbers[rows[0]] if rows else None

    def show(self, frame: pd.DataFrame, numbers: list[int]) -> None:
        """Replaces the rows; the selected one stays selected."""
        selected = self.selected
        self._numbers = numbers
        rows = [numbers.index(selected)] if selected in numbers else []
        text = frame.apply(_readable)
        said = [name for name in text if name == text.columns[0] or any(text[name] != "")]
        self.table.update(text[said], selected_rows=rows, **_OPTIONS)


class Inspector(widgets.VBox):  # type: ignore[misc] # ipywidgets has no types
    """The panel that `inspect` returns.

    Attributes:
        kind: The choice of kinds for the event table: one of them, or a group of them.
    """

    def __init__(self, log: Log, session: Any = None) -> None:
        self._log, self._session = log, session
        self._drawing = threading.RLock()
        self._changed, self._stopped = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._head = widgets.HTML()
        self._follow = widgets.ToggleButton(description="follow", icon="refresh")
        self.kind = widgets.Dropdown(options=_CHOICES, value=(), description="kinds")
        self._turns = _Grid(_TURNS, self._show_turn)
        self._events = _Grid(_EVENTS, self._show_event)
        self._chart = widgets.Output(layout={"min_height": "340px"})
        self._detail = widgets.HTML()
        self._tabs = widgets.Tab(
            [
                widgets.Box([self._turns.table], layout=_SCROLLS),
                widgets.VBox([self.kind, widgets.Box([self._events.table], layout=_SCROLLS)]),
                self._chart,
            ],
            titles=["Turns", "Events", "Timeline"],
        )
        super().__init__([widgets.HBox([self._follow, self._head]), self._tabs, self._detail])
        self.add_class("adk-nb-inspector")
        self.kind.observe(lambda _: self.refresh(), "value")
        self._tabs.observe(lambda _: self._turn_to_tab(), "selected_index")
        self._follow.observe(self._follow_or_stop, "value")
        self.refresh()
        if self._live:
            self._follow.value = True
        else:
            self._follow.layout.display = "none"

    @property
    def following(self) -> bool:
        """Whether it follows the session."""
        return self._thread is not None and self._thread.is_alive()

    def refresh(self) -> None:
        """Shows the session as it is now."""
        with self._drawing:
            turns = turns_df(self._log, _TURNS)
            tail = _Tail(self._log, self.kind.value)
            numbers = [row.seq for row in tail.rows]
            self._head.value = self._summary(len(turns))
            match self._tabs.selected_index:
                case 0:
                    turns = turns.tail(MAX_ROWS)
                    self._turns.show(turns, turns["turn"].to_list())
                case 1:
                    self._events.show(events_df(tail, _EVENTS), numbers)
                case 2:
                    data, metadata = mime_bundle(timeline_spec(self._log))
                    output = {"output_type": "display_data", "data": data, "metadata": metadata}
                    self._chart.outputs = (output,)

    def stop(self) -> None:
        """Stops following; the panel stays as it is."""
        sinks = getattr(self._log, "sinks", [])
        if self in sinks:
            sinks.remove(self)
        self._stopped.set()
        self._changed.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(5)

    def close(self) -> None:
        """Stops following, and removes the panel from the page."""
        self.stop()
        inside = [*self.children]
        for widget in inside:
            inside += getattr(widget, "children", ())
            widget.close()
        super().close()

    # Called by the log on the bridge thread, so they do as little as possible.

    def row(self, row: LogRow) -> None:
        """Remembers that there is something new."""
        del row
        self._changed.set()

    def sound(self, kind: str, turn: int, pcm: bytes, rate: int) -> None:
        """Does nothing: the row of the sound is enough."""

    def _follow_or_stop(self, change: dict[str, Any]) -> None:
        if not change["new"]:
            self.stop()
        elif self._live and not self.following:
            self._stopped.clear()
            self._changed.set()
            self._log.sinks.append(self)  # type: ignore[attr-defined] # a live session's log
            self._thread = threading.Thread(target=self._main, name="adk-nb-inspector", daemon=True)
            self._thread.start()

    @property
    def _live(self) -> bool:
        return self._session is not None and self._session.status != "closed"

    def _main(self) -> None:
        try:
            while not self._stopped.is_set():
                changed = self._changed.wait(LOOK_S)
                self._changed.clear()
                live, began = self._live, time.monotonic()
                if changed or not live:
                    self.refresh()
                if not live:
                    break
                chart = self._tabs.selected_index == _CHART_TAB
                took_s = time.monotonic() - began
                self._stopped.wait(max(CHART_S if chart else REFRESH_S, took_s / REFRESH_SHARE))
        except Exception:
            logger.exception("The inspector stopped following.")
        finally:
            self.stop()
            self._follow.value = False
            if not self._live:
                self._follow.layout.display = "none"

    # What the panel shows.

    def _summary(self, turns: int) -> str:
        session = self._session
        state = f"{session.agent.name}, {session.status}" if session is not None else "recorded"
        count = sum(1 for _ in self._log)
        about = f"session {self._log.session_id}: {state}, {turns} turns, {count} events"
        return f'<span style="{_TEXT}">{html.escape(about)}</span>'

    def _turn_to_tab(self) -> None:
        self.refresh()
        if self._tabs.selected_index == 0:
            self._show_turn()
        elif self._tabs.selected_index == 1:
            self._show_event()

    def _show_event(self) -> None:
        seq = self._events.selected
        row = next((row for row in self._log if row.seq == seq), None)
        if row is not None:
            values = {f.name: getattr(row, f.name) for f in dataclasses.fields(row)}
            self._detail.value = _pretty({"session_id": self._log.session_id, **values})

    def _show_turn(self) -> None:
        frame = turns_df(self._log, [TURN_COLUMNS, "spoken"])
        frame = frame[frame["turn"] == self._turns.selected]
        for values in json.loads(frame.to_json(orient="records")):
            # While the user types the microphone may be open too.
            kinds = ("user_audio", "agent_audio") if values["spoken"] else ("agent_audio",)
            clips = [self._log.clip(kind, values["turn"]) for kind in kinds]
            players = "".join(clip._repr_html_() for clip in clips if clip.pcm)
            self._detail.value = players + _pretty(values)


def _pretty(values: dict[str, Any]) -> str:
    text = json.dumps(json.loads(to_json(values)), indent=2, ensure_ascii=False)
    style = f"{_TEXT};white-space:pre-wrap;line-height:1.3;max-height:24em;overflow:auto"
    return f'<pre style="{style}">{html.escape(text)}</pre>'


def _readable(column: pd.Series[Any]) -> pd.Series[Any]:
    """Returns a column as text to read; missing values are empty."""
    if column.dtype.kind == "f":
        digits = 3 if column.name == "t" else 0
        return column.map(lambda value: "" if pd.isna(value) else f"{value:,.{digits}f}")
    if column.dtype.kind in "iu" and not column.hasnans:
        return column
    return column.astype("object").map(_text_of)


def _text_of(value: Any) -> str:
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124 - so is NaN
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    text = value if isinstance(value, str) else to_json(value)
    return text if len(text) <= _TEXT_LIMIT else text[:_TEXT_LIMIT] + "…"
