"""`spans_df`: ADK's own OpenTelemetry spans of a session, as a dataframe.

ADK times its agents and tools with OpenTelemetry, whose spans go nowhere unless somebody takes
them. `collect` keeps those of a session beside its log, in memory; no exporter is needed, and one
that the user has set up goes on as before.
"""

from __future__ import annotations

import threading
import weakref
from bisect import bisect_right
from collections import deque
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

from adk_nb.log.turns_from_log import logged_turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span

    from adk_nb.data.tables import Source
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.turns_from_log import Log

MAX_SPANS = 10_000
"""Spans kept of one session; past it the oldest go."""
MAX_TEXT = 10_000
"""Characters of one attribute in the frame."""

_INVOCATION = "gcp.vertex.agent.invocation_id"
_DTYPES = {
    "session_id": "string",
    "turn": "Int64",
    "invocation_id": "string",
    "trace_id": "string",
    "span_id": "string",
    "parent_id": "string",
    "name": "string",
    "start": "datetime64[ns, UTC]",
    "t": "float64",
    "ms": "float64",
    "status": "string",
    "error": "string",
    "attributes": "object",
}


class _Kept(NamedTuple):
    """A finished span, with the row that its run and the moment (s) that it itself began with."""

    first: int
    t: float
    span: ReadableSpan


@dataclass(slots=True, eq=False)
class _Run:
    """One run of a session with its model, which is one invocation for ADK.

    Attributes:
        log: The session's log.
        first: The number of the log's row that it began with.
        spans: The session's finished spans.
    """

    log: EventLog
    first: int
    spans: deque[_Kept] = field(repr=False)


_RUN: ContextVar[_Run | None] = ContextVar("adk_nb_run", default=None)
_SPANS: weakref.WeakKeyDictionary[EventLog, deque[_Kept]] = weakref.WeakKeyDictionary()


class _SessionSpans(SpanProcessor):
    """Keeps each finished span with the session in whose run it started."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[_Run, float]] = {}

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Takes note of the run and of the session's clock."""
        del parent_context
        run = _RUN.get()
        if run is not None:
            self._open[span.get_span_context().span_id] = (run, run.log.now())

    def on_end(self, span: ReadableSpan) -> None:
        """Keeps the span."""
        context = span.get_span_context()
        opened = self._open.pop(context.span_id, None) if context is not None else None
        if opened is not None:
            run, t = opened
            run.spans.append(_Kept(run.first, t, span))


_PROCESSOR = _SessionSpans()
_PROVIDERS: weakref.WeakSet[Any] = weakref.WeakSet()
_LOCK = threading.Lock()


def collect(log: EventLog) -> None:
    """Keeps the spans of what the current task does from now on with a session's log.

    Call it in the task of each `Runner.run_live`, just before the row that says so. Where
    OpenTelemetry has no tracer provider yet, it gets one without an exporter; to have your own,
    set it before the first session, or add your span processor to this one.
    """
    provider: Any = trace.get_tracer_provider()
    with _LOCK:
        if isinstance(provider, trace.ProxyTracerProvider):
            trace.set_tracer_provider(TracerProvider())
            provider = trace.get_tracer_provider()
        if provider not in _PROVIDERS and hasattr(provider, "add_span_processor"):
            provider.add_span_processor(_PROCESSOR)
            _PROVIDERS.add(provider)
    spans = _SPANS.setdefault(log, deque(maxlen=MAX_SPANS))
    _RUN.set(_Run(log, len(log), spans))


def spans_df(source: Source) -> pd.DataFrame:
    """Returns a frame with one row a finished OpenTelemetry span of ADK's, by when they began.

    It has what else is traced while the agent works too, such as the requests of a tool. A span
    belongs to the turn that was open when it began. The span of the agent itself ends, and
    so appears, with the session: a live run is one invocation over many turns.

    Args:
        source: A widget or a session, or a list of these. Recordings keep no spans.

    Returns:
        The frame: `session_id`, `turn`, `invocation_id`, `trace_id`, `span_id`, `parent_id`,
        `name`, `start` (UTC), `t` (s on the session's clock), `ms` (how long it took),
        `status` (`unset`, `ok` or `error`), `error`, and `attributes` (a dict, secrets masked).

    Raises:
        AdkNbError: The source is none.
        RecordingError: There is no recording at a path.
    """
    import pandas as pd

    from adk_nb.data.tables import logs_of

    rows = [row for log in logs_of(source) for row in _rows(log)]
    frame = pd.DataFrame(rows, columns=list(_DTYPES))
    frame["start"] = pd.to_datetime(frame["start"], unit="ns", utc=True)
    return frame.astype(_DTYPES)


def _rows(log: Any) -> Iterator[dict[str, Any]]:
    kept = _SPANS.get(log)
    if not kept:
        return
    kept = kept.copy()
    turns = _TurnsOf(log, (one.first for one in kept))
    for first, t, span in sorted(kept, key=lambda one: one.t):
        attributes = {
            name: _shown(log.redact(value)) for name, value in (span.attributes or {}).items()
        }
        invocation = attributes.get(_INVOCATION) or turns.invocation(first)
        yield {
            "session_id": log.session_id,
            "turn": turns.open_at(t, invocation),
            "invocation_id": invocation,
            **_ids(span),
            "name": span.name,
            "start": span.start_time,
            "t": t,
            "ms": ((span.end_time or 0) - (span.start_time or 0)) / 1e6,
            "status": span.status.status_code.name.lower(),
            "error": log.redact(span.status.description),
            "attributes": attributes,
        }


def _ids(span: ReadableSpan) -> dict[str, str | None]:
    context = span.get_span_context()
    return {
        "trace_id": f"{context.trace_id:032x}" if context is not None else None,
        "span_id": f"{context.span_id:016x}" if context is not None else None,
        "parent_id": f"{span.parent.span_id:016x}" if span.parent is not None else None,
    }


def _shown(value: Any) -> Any:
    return value[:MAX_TEXT] if isinstance(value, str) else value


class _TurnsOf:
    """Finds the turn and the invocation of a moment in a log.

    Args:
        log: The log.
        firsts: The numbers of the rows that its runs began with.
    """

    def __init__(self, log: Log, firsts: Iterable[int]) -> None:
        self._firsts = sorted(set(firsts))
        self._turns = logged_turns(log)
        self._starts = [turn.t for turn in self._turns]
        self._rows = list(log)
        self._invocations: dict[int, str | None] = {}

    def invocation(self, first: int) -> str | None:
        """Returns the invocation of the run that began with a row of that number."""
        if first not in self._invocations:
            self._invocations[first] = self._found(first)
        return self._invocations[first]

    def _found(self, first: int) -> str | None:
        # Until another run begins: the first row of a run may be what was typed meanwhile.
        end = next((other for other in self._firsts if other > first), None)
        return next((row.invocation_id for row in self._rows[first:end] if row.invocation_id), None)

    def open_at(self, t: float, invocation: str | None) -> int | None:
        """Returns the invocation's newest turn that had begun then; None before the first."""
        for turn in reversed(self._turns[: bisect_right(self._starts, t)]):
            if invocation is None or turn.invocation_id in (None, invocation):
                return turn.index
        return None
