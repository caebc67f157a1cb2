"""Keeps ADK's own OpenTelemetry spans of a session beside its log.

ADK makes OpenTelemetry spans of its agents and tools, which are lost unless a processor takes them.
Here they are kept in memory. No exporter is needed, and one that the user has set up still works,
whether before the first session or after it.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider, sampling

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
# Why a session has no spans, by its log, where that is known.
_WHY: weakref.WeakKeyDictionary[EventLog, str] = weakref.WeakKeyDictionary()


class _Provider(TracerProvider):
    """What is set where there is no provider: it gives its place to one that is set later.

    ADK keeps the tracers that it got here for ever. So they ask at each span who the provider is.
    """

    def get_tracer(self, *args: Any, **values: Any) -> trace.Tracer:
        """Returns a tracer of the provider of the moment."""
        return _Tracer(self, super().get_tracer(*args, **values), args, values)


class _Tracer(trace.Tracer):
    """Makes spans with the provider of the moment.

    Args:
        provider: The provider that gave it.
        own: The tracer of that.
        args: What it was asked for by, for another provider.
        values: The same, by name.
    """

    def __init__(
        self, provider: _Provider, own: trace.Tracer, args: tuple[Any, ...], values: dict[str, Any]
    ) -> None:
        self._asked = (args, values)
        # The provider of the moment, and its tracer.
        self._current: tuple[Any, trace.Tracer] = (provider, own)

    def start_span(self, *args: Any, **values: Any) -> trace.Span:
        """Begins a span."""
        return self._tracer().start_span(*args, **values)

    def start_as_current_span(self, *args: Any, **values: Any) -> Any:
        """Begins a span for as long as a `with` statement runs."""
        return self._tracer().start_as_current_span(*args, **values)

    def __getattr__(self, name: str) -> Any:
        # Instrumentations look for more than the interface has, such as `id_generator`.
        if name == "_current":
            raise AttributeError(name)  # Not made yet, as in a copy that is being made.
        return getattr(self._tracer(), name)

    def _tracer(self) -> trace.Tracer:
        provider = trace.get_tracer_provider()
        if provider is not self._current[0] and not isinstance(provider, trace.ProxyTracerProvider):
            _add_to(provider)
            args, values = self._asked
            self._current = (provider, provider.get_tracer(*args, **values))
        return self._current[1]


def _set_provider() -> None:
    """Sets a provider that another may replace, as if none had been set."""
    trace.set_tracer_provider(_Provider())
    # The API takes a provider once, and has no word for one that only stands in. This flag is what
    # OpenTelemetry's own tests reset; without it, one that is set later is refused with a warning.
    once: Any = getattr(trace, "_TRACER_PROVIDER_SET_ONCE", None)
    if hasattr(once, "_done"):
        once._done = False  # noqa: SLF001


def _add_to(provider: Any) -> None:
    with _LOCK:
        if provider not in _PROVIDERS and hasattr(provider, "add_span_processor"):
            provider.add_span_processor(_PROCESSOR)
            _PROVIDERS.add(provider)


def collect(log: EventLog) -> None:
    """Keeps the spans that the current task makes from now on, with a session's log.

    Call it in the task of each `Runner.run_live`, before the run's first row. If OpenTelemetry has
    no tracer provider yet, it gets one without an exporter, in whose place another can be set.
    """
    with _LOCK:
        if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
            _set_provider()
    provider = trace.get_tracer_provider()
    _add_to(provider)
    _WHY[log] = _why_none(provider)
    spans = _SPANS.setdefault(log, deque(maxlen=MAX_SPANS))
    _RUN.set(_Run(log, len(log), spans))


def _why_none(provider: Any) -> str:
    """Returns why a provider's spans cannot be kept; empty if they can."""
    name = f"{type(provider).__module__}.{type(provider).__qualname__}"
    if not hasattr(provider, "add_span_processor"):
        return f"the tracer provider, a {name}, takes no span processors"
    if isinstance(provider.get_tracer("adk_nb"), trace.NoOpTracer):
        return "OpenTelemetry is disabled (OTEL_SDK_DISABLED)"
    if getattr(provider, "sampler", None) in (sampling.ALWAYS_OFF, sampling.DEFAULT_OFF):
        return f"the sampler of the tracer provider, a {name}, keeps none"
    return ""


def collected(log: object) -> list[KeptSpan]:
    """Returns the finished spans of a session, by its log; none of a recording."""
    return list(_SPANS.get(log, ()))  # type: ignore[call-overload]


def why_none(log: object) -> str:
    """Returns why a session has no spans, by its log; empty if that is not known."""
    why: str = _WHY.get(log, "")  # type: ignore[call-overload]
    return why
