import contextlib
import contextvars
import gc
import json
import subprocess
import sys
import time
import warnings
import weakref

import pandas as pd
import pytest
from google.adk.agents import Agent
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider, sampling
from scripted import DONE, Scripted, call, result_of, said, text_of

from adk_nb import LiveSession
from adk_nb.data.spans import MAX_TEXT, spans_df
from adk_nb.log.event_log import EventLog
from adk_nb.log.recording import save
from adk_nb.log.span_collector import MAX_SPANS, collect

COLUMNS = [
    "session_id", "run_id", "turn", "variant", "invocation_id", "trace_id", "span_id", "parent_id",
    "name", "start", "t", "ms", "status", "error", "attributes",
]  # fmt: skip


def nap(seconds: float) -> str:
    """Sleeps."""
    with trace.get_tracer("mine").start_as_current_span("inside"):
        time.sleep(seconds)
    return "slept"


def fail() -> str:
    """Fails."""
    raise RuntimeError("out of order")


def answer(came):
    text = text_of(came)
    if text == "fail":
        return [call("fail", "c0"), DONE]
    if text:
        return [call("nap", text, seconds=0.1), DONE]
    return [said("Done.", finished=True), DONE] if result_of(came) is not None else []


def session():
    return LiveSession(Agent(name="dice", model=Scripted(answer), tools=[nap, fail]))


def test_the_spans_of_a_session_and_their_turns():
    with session() as live:
        live.say("one")
        live.say("two")
        live.say("fail")
        before = spans_df(live)
    frame = spans_df(live)
    assert list(frame.columns) == COLUMNS
    tools = frame[frame["name"].str.startswith("execute_tool")]
    assert tools["name"].to_list() == ["execute_tool nap", "execute_tool nap", "execute_tool fail"]
    assert tools["turn"].to_list() == [1, 2, 3]
    assert tools["ms"].iloc[0] >= 100
    # ADK's span of the agent ends with the run.
    assert "invoke_agent dice" not in set(before["name"])
    (root,) = frame[frame["name"] == "invoke_agent dice"].itertuples()
    assert pd.isna(root.parent_id)
    assert set(tools["parent_id"]) == {root.span_id}
    assert set(frame["trace_id"]) == {root.trace_id}
    # What a tool traces is there too, below the tool.
    inside = frame[frame["name"] == "inside"]
    assert inside["parent_id"].to_list() == tools["span_id"].to_list()[:2]
    # One clock, and one invocation, with the log.
    invocations = {row.invocation_id for row in live.log if row.invocation_id}
    assert set(frame["invocation_id"]) == invocations
    called = next(row for row in live.log if row.kind == "tool_call")
    assert tools["t"].iloc[0] == pytest.approx(called.t, abs=0.1)
    assert tools["start"].iloc[0].timestamp() == pytest.approx(called.time, abs=0.2)
    assert str(frame["start"].dtype) == "datetime64[us, UTC]"
    assert str(frame["turn"].dtype) == "Int64"
    assert frame["t"].is_monotonic_increasing
    assert tools["attributes"].iloc[0]["gen_ai.tool.name"] == "nap"


def test_each_session_has_its_own_and_several_make_one_frame():
    with session() as one, session() as two:
        one.say("a")
        two.say("b")
        one.say("c")
    frame = spans_df([one, two])
    tools = frame[frame["name"] == "execute_tool nap"]
    assert tools["session_id"].to_list() == [one.id, one.id, two.id]
    assert tools["turn"].to_list() == [1, 2, 1]
    assert len(frame) == len(spans_df(one)) + len(spans_df(two))


def test_secrets_are_masked():
    with session() as live:
        live.log.keep_secret("hunter2hunter2")
        with trace.get_tracer("mine").start_as_current_span("before"):
            live.say("one")

        async def traced():
            collect(live.log)
            with trace.get_tracer("mine").start_as_current_span("call") as span:
                span.set_attribute("header", "Bearer hunter2hunter2")
                span.set_attribute("many", ["hunter2hunter2", "b"])
                span.set_attribute("long", "x" * 100_000)

        live.bridge.call(traced())
    frame = spans_df(live)
    (attributes,) = frame[frame["name"] == "call"]["attributes"]
    assert "hunter2" not in str(attributes)
    assert attributes["header"] == "Bearer [secret]"
    assert len(attributes["long"]) == MAX_TEXT
    assert "before" not in set(frame["name"])


def test_a_span_that_fails_says_why():
    log = EventLog("s")
    log.add("bridge", "connected", t=0.0)
    traced(log, fails=True)
    (row,) = spans_df(log).itertuples()
    assert row.status == "error"
    assert row.error.startswith("ValueError: invalid literal")
    assert pd.isna(row.turn)
    assert pd.isna(row.invocation_id)


def traced(log, count=1, *, fails=False):
    """Traces something in a run of a log, in a context of its own."""

    def run():
        collect(log)
        for _ in range(count):
            with (
                contextlib.suppress(ValueError),
                trace.get_tracer("mine").start_as_current_span("span"),
            ):
                _ = int("no") if fails else 1

    contextvars.copy_context().run(run)


def test_a_runs_spans_belong_to_its_own_invocation():
    log = EventLog("s")
    traced(log)
    log.add("bridge", "connected", agent="dice", model="m")
    log.add("client", "user_text", turn=1, text="hi", final=True)
    log.add("adk", "agent_text", turn=1, text="Ho.", final=True, invocation_id="first")
    traced(log)
    log.add("bridge", "connected")
    log.add("client", "user_text", turn=2, text="hi", final=True)
    traced(log)
    log.add("bridge", "connected")
    log.add("adk", "agent_text", turn=2, text="Ho.", final=True, invocation_id="second")
    frame = spans_df(log)
    # The second run said nothing of ADK's.
    assert frame["invocation_id"].fillna("").to_list() == ["first", "", "second"]
    assert frame["turn"].to_list() == [1, 1, 2]


def test_the_number_kept_is_bounded():
    log = EventLog("s")
    traced(log, MAX_SPANS + 10)
    assert len(spans_df(log)) == MAX_SPANS


def test_they_go_with_their_log():
    log = EventLog("s")
    traced(log)
    gone = weakref.ref(log)
    del log
    gc.collect()
    assert gone() is None


def test_a_session_that_was_not_collected_and_a_recording_have_none(tmp_path):
    log = EventLog("s")
    log.add("client", "user_text", turn=1, text="hi", final=True)
    for source in (log, save(log, tmp_path), []):
        frame = spans_df(source)
        assert frame.empty
        assert list(frame.columns) == COLUMNS
        assert str(frame["start"].dtype) == "datetime64[us, UTC]"


def test_a_provider_of_the_users_is_used_and_goes_on():
    code = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
from adk_nb.log.event_log import EventLog
from adk_nb.data.spans import spans_df
from adk_nb.log.span_collector import collect
log = EventLog("s")
collect(log)
collect(log)
assert trace.get_tracer_provider() is provider
with trace.get_tracer("mine").start_as_current_span("one"):
    pass
print(len(exporter.get_finished_spans()), len(spans_df(log)))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["1", "1"]


@pytest.mark.long
def test_without_one_there_is_one_that_exports_nothing_and_nothing_is_said():
    collect(EventLog("s"))
    assert isinstance(trace.get_tracer_provider(), TracerProvider)
    code = """
import warnings; warnings.simplefilter("error")
from adk_nb.log.event_log import EventLog
from adk_nb.data.spans import spans_df
from adk_nb.log.span_collector import collect
log = EventLog("s")
collect(log)
from google.adk.telemetry.tracing import tracer
with tracer.start_as_current_span("late"):
    pass
print(len(spans_df(log)))
"""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["1"]


def test_a_provider_that_takes_no_processors_is_left_alone(monkeypatch):
    monkeypatch.setattr(trace, "get_tracer_provider", trace.NoOpTracerProvider)
    log = EventLog("s")
    collect(log)
    with pytest.warns(UserWarning, match=r"no spans of s: .*NoOpTracerProvider, takes no span pro"):
        assert spans_df(log).empty


def test_why_there_are_none_is_said_where_they_are_asked_for(monkeypatch):
    def told(provider):
        monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
        log = EventLog("s")
        contextvars.Context().run(collect, log)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            assert spans_df(log).empty
        return [(str(one.message), one.filename) for one in warned]

    assert told(TracerProvider()) == []
    for sampler in (sampling.ALWAYS_OFF, sampling.DEFAULT_OFF):
        ((why, where),) = told(TracerProvider(sampler=sampler))
        assert "the sampler of the tracer provider" in why
        assert where == __file__
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    ((why, _),) = told(TracerProvider())
    assert "OTEL_SDK_DISABLED" in why


@pytest.mark.long
def test_a_provider_that_is_set_later_gets_the_spans_from_then_on():
    code = """
import contextvars
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from google.adk.telemetry.tracing import tracer
from adk_nb.log.event_log import EventLog
from adk_nb.data.spans import spans_df
from adk_nb.log.span_collector import collect
log = EventLog("s")
collect(log)
with tracer.start_as_current_span("before"):
    pass
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
assert trace.get_tracer_provider() is provider
with tracer.start_as_current_span("outer") as outer:   # in the run that goes on
    assert trace.get_current_span() is outer
    tracer.start_span("inner").end()
collect(log)                                           # and in the next
with tracer.start_as_current_span("next"):
    pass
assert tracer._tracer.id_generator is provider.id_generator
trace.set_tracer_provider(TracerProvider())            # one of the user's stays
assert trace.get_tracer_provider() is provider
names = [span.name for span in exporter.get_finished_spans()]
print(*names, *sorted(spans_df(log).name))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == [
        "inner", "outer", "next", "before", "inner", "next", "outer",
    ]  # fmt: skip
    assert run.stderr.count("Overriding of current TracerProvider") == 1


def test_times_have_the_unit_of_the_other_frames():
    with session() as live:
        live.say("one")
    spans, events = live.spans_df(), live.events_df()
    joined = pd.merge_asof(spans.sort_values("start"), events, left_on="start", right_on="time")
    assert joined.kind.notna().any()
    assert (joined.start >= joined.time)[joined.time.notna()].all()
    naive = live.spans_df(json=True, naive=True)
    assert naive.start.tolist() == [start.tz_localize(None) for start in spans.start]
    assert [json.loads(text) for text in naive.attributes] == spans.attributes.tolist()
    for frame in (spans_df([]), spans_df([], json=True, naive=True)):
        assert frame.empty
    assert frame.dtypes.astype(str)[["start", "attributes"]].tolist() == [
        "datetime64[us]",
        "string",
    ]


def test_a_span_belongs_to_the_newest_turn_of_its_invocation_that_had_begun(monkeypatch):
    log, now = EventLog("s"), 0.0
    monkeypatch.setattr(log, "now", lambda: now)
    first, second = contextvars.copy_context(), contextvars.copy_context()

    def span(run, t):
        nonlocal now
        now = t
        run.run(lambda: trace.get_tracer("mine").start_span("span").end())

    def answer(turn, t, invocation):
        log.add("adk", "agent_text", t=t, turn=turn, text="Ho.", invocation_id=invocation)

    first.run(collect, log)
    log.add("bridge", "connected", t=0.0, agent="dice", model="m")
    span(first, 1.0)
    answer(1, 2.0, "first")
    span(first, 2.0)
    span(first, 3.0)
    answer(2, 4.0, "first")
    second.run(collect, log)
    span(second, 4.5)  # None of its own has begun: it is of the first.
    answer(3, 5.0, "second")
    span(second, 6.0)
    span(first, 9.0)  # The newest turn is of the other.
    frame = spans_df(log)
    assert frame["t"].to_list() == [1.0, 2.0, 3.0, 4.5, 6.0, 9.0]
    assert frame["turn"].to_list() == [1, 1, 1, 3, 3, 2]
    assert frame["invocation_id"].to_list() == [*["first"] * 3, *["second"] * 2, "first"]


def test_the_spans_of_a_connection_belong_to_the_first_turn_that_it_answers():
    with session() as live:
        live.say("one")
        live.swap(instruction="Be brief.")
        live.say("two")
        live.say("three")
    frame = live.spans_df()
    assert frame["turn"].notna().all()
    agents = frame[frame["name"] == "invoke_agent dice"]
    assert agents["turn"].to_list() == [1, 2]
    second = frame[frame["invocation_id"] == agents["invocation_id"].iloc[1]]
    assert second["turn"].value_counts().loc[3] == 2  # The tool's, and what is inside it.
    assert set(second["turn"]) == {2, 3}


def test_a_turn_that_goes_on_in_another_run_keeps_the_spans_of_both():
    log = EventLog("s")
    log.add("client", "user_text", turn=1, text="hi", final=True)
    for invocation in ("first", "second"):
        traced(log)
        log.add("bridge", "connected", agent="dice", model="m")
        log.add("adk", "agent_text", turn=1, text="Ho.", invocation_id=invocation)
    frame = spans_df(log)
    assert frame["invocation_id"].to_list() == ["first", "second"]
    assert frame["turn"].to_list() == [1, 1]


def test_a_connection_that_answered_nothing_has_no_turn():
    log = EventLog("s")
    traced(log)
    log.add("bridge", "connected", agent="dice", model="m")
    assert spans_df(log)["turn"].isna().all()
