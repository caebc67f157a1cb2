import contextvars
import copy
import gc
from types import SimpleNamespace

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider, sampling

from adk_nb.log import span_collector
from adk_nb.log.event_log import EventLog
from adk_nb.log.span_collector import collect, collected, why_none


@pytest.fixture
def provider(monkeypatch):
    """A tracer provider of the user's, for this test alone."""
    made = TracerProvider()
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: made)
    return made


def in_run(log, *works):
    """Does work in a run of a session's."""

    def run():
        collect(log)
        for work in works:
            work()

    contextvars.Context().run(run)


def spans(provider, *names):
    def work():
        for name in names:
            with provider.get_tracer("test").start_as_current_span(name):
                pass

    return work


def names(log):
    return [kept.span.name for kept in collected(log)]


def test_spans_are_kept_with_the_first_row_of_their_run_and_their_time(provider, monkeypatch):
    log = EventLog("s")
    log.add("bridge", "connected")
    monkeypatch.setattr(log, "now", lambda: 2.5)
    in_run(log, spans(provider, "one", "two"))
    log.add("bridge", "connected")
    in_run(log, spans(provider, "three"))
    assert [(k.first, k.t, k.span.name) for k in collected(log)] == [
        (1, 2.5, "one"), (1, 2.5, "two"), (2, 2.5, "three"),
    ]  # fmt: skip


def test_a_span_is_its_sessions_and_outside_a_run_nobodys(provider):
    one, two = EventLog("1"), EventLog("2")
    in_run(one, spans(provider, "one"))
    in_run(two, spans(provider, "two"))
    contextvars.Context().run(spans(provider, "nobody's"))
    assert (names(one), names(two)) == (["one"], ["two"])
    assert collected(EventLog("3")) == []


def test_each_span_is_kept_once_however_often_it_is_collected(provider):
    log = EventLog("s")
    for name in ("one", "two"):
        in_run(log, spans(provider, name))
    assert names(log) == ["one", "two"]


def test_a_span_that_is_still_open_is_not_kept(provider):
    log = EventLog("s")
    span = []
    in_run(log, lambda: span.append(provider.get_tracer("t").start_span("open")))
    assert names(log) == []
    span[0].end()
    assert names(log) == ["open"]


def test_the_newest_are_kept(provider, monkeypatch):
    monkeypatch.setattr(span_collector, "MAX_SPANS", 2)
    log = EventLog("s")
    in_run(log, spans(provider, "one", "two", "three"))
    assert names(log) == ["two", "three"]
    assert collected(log) is not collected(log)  # A copy, for another thread to read.


def test_they_go_with_their_log(provider):
    log = EventLog("s")
    in_run(log, spans(provider, "one"))
    before = len(span_collector._SPANS)
    del log
    gc.collect()
    assert len(span_collector._SPANS) < before


def test_a_tracer_that_stands_in_can_be_copied():
    tracer = span_collector._Provider().get_tracer("t")
    twin = copy.copy(tracer)
    assert twin.start_span("one").get_span_context() is not None


def test_without_a_provider_one_is_set(monkeypatch):
    now = [trace.ProxyTracerProvider()]
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: now[0])
    monkeypatch.setattr(trace, "set_tracer_provider", lambda one: now.__setitem__(0, one))
    log = EventLog("s")

    def work():
        spans(now[0], "one")()

    in_run(log, work)
    assert isinstance(now[0], TracerProvider)
    assert names(log) == ["one"]


def test_a_provider_without_processors_and_a_span_without_a_context_are_no_matter(monkeypatch):
    class Bare:
        pass

    bare = Bare()
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: bare)
    log = EventLog("s")
    in_run(log)
    span_collector._PROCESSOR.on_end(SimpleNamespace(get_span_context=lambda: None))
    assert collected(log) == []


class Provider(TracerProvider):
    """A provider that keeps the processors that are added to it."""

    def __init__(self):
        super().__init__()
        self.added = []

    def add_span_processor(self, span_processor):
        self.added.append(span_processor)
        super().add_span_processor(span_processor)


def test_a_provider_gets_one_processor_however_often_sessions_begin(monkeypatch):
    made = Provider()
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: made)
    for _ in range(3):
        in_run(EventLog("s"))
    assert len(made.added) == 1


def test_ten_thousand_spans_of_a_session_are_kept(provider):
    log = EventLog("s")
    in_run(log)
    assert span_collector._SPANS[log].maxlen == 10_000


@pytest.fixture
def place(monkeypatch):
    """Where the provider of the process is: none at first."""
    now = [trace.ProxyTracerProvider()]
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: now[0])
    monkeypatch.setattr(trace, "set_tracer_provider", lambda one: now.__setitem__(0, one))
    return now


def test_a_provider_that_is_set_later_makes_the_spans_of_tracers_that_were_given_before(place):
    log, asked = EventLog("s"), []
    in_run(log)
    tracer = place[0].get_tracer("adk", "1.0", schema_url="https://example.org")
    in_run(log, lambda: tracer.start_span("before").end())
    own = place[0]

    class Asked(TracerProvider):
        def get_tracer(self, *args, **values):
            asked.append((args, values))
            return super().get_tracer(*args, **values)

    place[0] = later = Asked()

    def work():
        for name in ("one", "two"):
            with tracer.start_as_current_span(name):
                pass

    in_run(log, work)
    named = ("adk", "1.0"), {"schema_url": "https://example.org"}
    assert asked.count(named) == 1  # Once, however many spans it makes.
    assert names(log) == ["before", "one", "two"]
    assert tracer.id_generator is later.id_generator is not own.id_generator


def test_a_provider_that_is_set_within_a_run_makes_spans_that_are_kept(place):
    log = EventLog("s")

    def work():
        tracer = place[0].get_tracer("adk")
        place[0] = Provider()
        tracer.start_span("one").end()

    in_run(log, work)
    assert names(log) == ["one"]


def test_where_there_is_no_provider_any_more_a_tracer_goes_on_with_its_last(place):
    in_run(EventLog("s"))
    tracer = place[0].get_tracer("adk")
    place[0] = trace.ProxyTracerProvider()
    assert tracer.start_span("one").is_recording()


def test_a_provider_that_only_stands_in_can_be_replaced(monkeypatch):
    once = SimpleNamespace(_done=True)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", once)
    now = [trace.ProxyTracerProvider()]
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: now[0])
    monkeypatch.setattr(trace, "set_tracer_provider", lambda one: now.__setitem__(0, one))
    in_run(EventLog("s"))
    assert once._done is False
    once._done = True
    in_run(EventLog("s"))
    assert once._done is True  # It is set once.


class Bare:
    """A provider that takes no processors."""

    get_tracer = trace.NoOpTracerProvider().get_tracer


class Disabled(TracerProvider):
    def get_tracer(self, *_, **__):
        return trace.NoOpTracer()


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (TracerProvider(), ""),
        (TracerProvider(sampler=sampling.ALWAYS_ON), ""),
        (TracerProvider(sampler=sampling.ALWAYS_OFF), "keeps none"),
        (TracerProvider(sampler=sampling.DEFAULT_OFF), "keeps none"),
        (Disabled(), "OTEL_SDK_DISABLED"),
        (Bare(), f"a {__name__}.Bare, takes no span processors"),
    ],
)
def test_why_a_session_has_no_spans(made, why, monkeypatch):
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: made)
    log = EventLog("s")
    assert why_none(log) == ""  # Not known yet.
    in_run(log)
    assert (why in why_none(log)) if why else (why_none(log) == "")
    assert why_none(EventLog("other")) == ""
    if why == "keeps none":
        assert "a opentelemetry.sdk.trace.TracerProvider, keeps none" in why_none(log)


def test_an_opentelemetry_without_its_flag_costs_nothing(monkeypatch):
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", None)
    now = [trace.ProxyTracerProvider()]
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: now[0])
    monkeypatch.setattr(trace, "set_tracer_provider", lambda one: now.__setitem__(0, one))
    log = EventLog("s")
    in_run(log, lambda: now[0].get_tracer("adk").start_span("one").end())
    assert names(log) == ["one"]
