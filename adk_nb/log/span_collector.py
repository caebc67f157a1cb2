"""Keeps ADK's own OpenTelemetry spans of a session beside its log.

ADK makes OpenTelemetry spans of its agents and tools, which are lost unless a processor takes them.
Here they are kept in memory. No exporter is needed, and one that the user has set up still works.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span

    from adk_nb.log.event_log import EventLog

MAX_SPANS = 10_000
"""How many spans of a session are kept; past it the oldest are dropped."""


class KeptSpan(NamedTuple):
    """A finished span, with the number of its run's first row and the time it began (s)."""

    first: int
    t: float
    span: ReadableSpan


@dataclass(slots=True, eq=False)
class _Run:
    """One run of a session; for ADK it is one invocation.

    Attributes:
        log: The session's log.
        first: The number of its first row in the log.
        spans: The session's finished spans.
    """

    log: EventLog
    first: int
    spans: deque[KeptSpan] = field(repr=False)


_RUN: ContextVar[_Run | None] = ContextVar("adk_nb_run", default=None)
_SPANS: weakref.WeakKeyDictionary[EventLog, deque[KeptSpan]] = weakref.WeakKeyDictionary()


class _SessionSpans(SpanProcessor):
    """Keeps each finished span with the session in whose run it started."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[_Run, float]] = {}

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Remembers the run and the time on the session's clock."""
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
            run.spans.append(KeptSpan(run.first, t, span))


_PROCESSOR = _SessionSpans()
_PROVIDERS: weakref.WeakSet[Any] = weakref.WeakSet()
_LOCK = threading.Lock()


def collect(log: EventLog) -> None:
    """Keeps the spans that the current task makes from now on, with a session's log.

    Call it in the task of each `Runner.run_live`, before the run's first row. If OpenTelemetry has
    no tracer provider yet, it gets one without an exporter; to use your own, set it before the
    first session, or add your span processor to this one.
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


def collected(log: object) -> list[KeptSpan]:
    """Returns the finished spans of a session, by its log; none of a recording."""
    return list(_SPANS.get(log, ()))  # type: ignore[call-overload]
