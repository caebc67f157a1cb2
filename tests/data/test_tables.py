import math
import warnings

import numpy as np
import pandas as pd
import pytest
from google.adk.agents import Agent
from google.adk.events import Event
from google.genai import types
from hypothesis import example, given, settings, strategies as st
from logs import conversation
from scripted import DONE, Scripted, audio, call, echo, heard, result_of, said, text_of
from sessions import wait_for

import adk_nb
from adk_nb import LiveSession
from adk_nb.data import tables
from adk_nb.data.assembly import Options
from adk_nb.data.event_columns import Events
from adk_nb.data.tables import (
    EVENT_BASE,
    EVENT_COLUMNS,
    EVENT_MORE,
    EVENT_TOKENS,
    TOOL_MORE,
    TURN_BASE,
    TURN_LATENCY,
    TURN_MORE,
    Column,
    events_df,
    tools_df,
    transcript_df,
    turns_df,
)
from adk_nb.exceptions import AdkNbError, RecordingError
from adk_nb.live.event_reader import EventReader
from adk_nb.live.tool_calls import ToolCalls
from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog
from adk_nb.log.recording import EVENTS, save
from adk_nb.log.turns_from_log import logged_turns
from adk_nb.wire import protocol

FRAMES = [events_df, turns_df, tools_df, transcript_df]

EVENT_NAMES = [
    "session_id", "run_id", "seq", "time", "t", "source", "kind", "author", "agent",
    "variant", "invocation_id", "turn", "text", "final", "audio_ms", "tool", "tool_call_id", "args",
    "result",
    "error", "interrupted", "turn_complete", "prompt_tokens", "response_tokens", "total_tokens",
]  # fmt: skip
TURN_NAMES = [
    "session_id", "run_id", "turn", "agent", "model", "variant", "user_text", "agent_text",
    "heard_text", "interrupted", "tools", "tool_ms", "approval_ms", "repeat_calls",
    "user_audio_ms",
    "agent_audio_ms",
    "heard_ms", "level_db", "speech_end_t", "transcript_ms", "first_audio_ms", "first_text_ms",
    "filler_ms", "answer_ms", "first_heard_ms", "total_tokens", "status", "end_reason", "error",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


class Scene:
    """A log written by hand."""

    def __init__(self, session_id="s"):
        self.log = EventLog(session_id)
        self.turn = 1
        self.at(0).bridge("connected", turn=0, agent="dice", model="m")

    def at(self, t):
        self.t = t
        return self

    def add(self, source, kind, **values):
        self.log.add(source, kind, t=self.t, **{"turn": self.turn, **values})
        return self

    def bridge(self, kind, **values):
        return self.add("bridge", kind, **values)

    def user(self, kind, **values):
        return self.add("client", kind, author="user", **values)

    def adk(self, kind, **values):
        return self.add("adk", kind, **{"author": "dice", "agent": "dice", **values})

    def words(self, *pieces, kind="agent_transcript", **values):
        for text, final in pieces:
            self.adk(kind, text=text, final=final, **values)
        return self

    def asked(self, *pieces, **values):
        for text, final in pieces:
            self.add("adk", "user_transcript", author="user", text=text, final=final, **values)
        return self

    def row(self):
        frame = turns_df(self.log)
        assert len(frame) == 1
        return {name: frame[name].iloc[0] for name in frame}


def typed_scene():
    scene = Scene().at(1).user("user_text", text="roll", final=True)
    scene.at(1.2).adk("tool_call", tool="roll_dice", tool_call_id="c1", args={"sides": 6})
    scene.at(1.5).adk("tool_result", tool="roll_dice", tool_call_id="c1", result=4)
    scene.adk("usage", prompt_tokens=100, response_tokens=5, total_tokens=105)
    scene.at(1.7).adk("agent_audio", audio_ms=800.0)
    scene.at(1.8).words(("A four.", True), audio_ms=800.0)
    scene.at(1.85).add("client", "playback_started", audio_ms=0.0, error_ms=2.0)
    scene.at(1.9).adk("usage", prompt_tokens=110, response_tokens=15, total_tokens=125)
    scene.adk("turn_complete", turn_complete=True)
    scene.bridge("turn_ended", status="complete")
    scene.at(2.65).add("client", "playback_drained", audio_ms=800.0)
    return scene


# Names and dtypes.


def test_the_columns_are_those_promised_in_their_order():
    log = typed_scene().log
    assert list(events_df(log)) == EVENT_NAMES
    assert list(turns_df(log)) == TURN_NAMES
    assert list(tools_df(log)) == [
        "session_id", "run_id", "turn", "call", "agent", "variant", "tool", "tool_call_id", "args",
        "result", "error", "t", "ms", "approval_ms",
    ]  # fmt: skip
    assert list(transcript_df(log)) == [
        "session_id", "run_id", "turn", "piece", "t", "role", "author", "variant", "text",
        "heard_text", "interrupted",
    ]  # fmt: skip


def test_dtypes_are_real():
    frame = events_df(typed_scene().log)
    assert frame.dtypes.astype(str).str.replace("[python]", "").to_dict() == {
        "session_id": "string", "run_id": "string", "seq": "Int64",
        "time": "datetime64[us, UTC]", "t": "float64",
        "source": "category", "kind": "category", "author": "string", "agent": "string",
        "variant": "string",
        "invocation_id": "string", "turn": "Int64", "text": "string", "final": "boolean",
        "audio_ms": "float64", "tool": "string", "tool_call_id": "string", "args": "object",
        "result": "object", "error": "string", "interrupted": "bool", "turn_complete": "bool",
        "prompt_tokens": "Int64", "response_tokens": "Int64", "total_tokens": "Int64",
    }  # fmt: skip
    turns = turns_df(typed_scene().log).dtypes.astype(str)
    assert set(turns[[name for name in turns.index if name.endswith("_ms")]]) == {"float64"}
    assert turns["interrupted"] == "bool"
    assert turns["total_tokens"] == turns["turn"] == "Int64"


@pytest.mark.parametrize("frame", FRAMES)
def test_empty_sessions_have_the_columns_and_dtypes_of_full_ones(frame):
    full = frame(typed_scene().log)
    for empty in (EventLog("e"), [], [EventLog("a"), EventLog("b")]):
        made = frame(empty)
        assert len(made) == 0
        pd.testing.assert_series_equal(made.dtypes, full.dtypes)
        both = pd.concat([frame(typed_scene().log), frame(typed_scene().log)])
        pd.testing.assert_series_equal(both.dtypes, full.dtypes)


@pytest.mark.parametrize("frame", FRAMES)
def test_many_sessions_are_one_frame(frame):
    one, two = typed_scene().log, Scene("other").at(1).user("user_text", text="hi").log
    many = frame([one, [EventLog("empty"), two]])
    pd.testing.assert_series_equal(many.dtypes, frame(one).dtypes)
    assert list(many.index) == list(range(len(many)))
    apart = pd.concat([frame(one), frame(two)], ignore_index=True)
    pd.testing.assert_frame_equal(many, apart)


# Events.


def test_events_are_the_rows_of_the_log():
    log = typed_scene().log
    frame = events_df(log)
    assert len(frame) == len(log)
    assert list(frame.seq) == [row.seq for row in log]
    assert list(frame.kind) == [row.kind for row in log]
    assert frame.turn.isna().tolist() == [row.turn == 0 for row in log]
    stamps = [pd.Timestamp(round(row.time * 1e6), unit="us", tz="UTC") for row in log]
    assert list(frame.time) == stamps
    called = frame[frame.kind == "tool_call"].iloc[0]
    assert (called.args, called.result, called.tool) == ({"sides": 6}, None, "roll_dice")
    assert frame[frame.kind == "tool_result"].result.tolist() == [4]
    assert frame.final.sum() == 2
    assert frame.turn_complete.sum() == 1
    assert frame.total_tokens.sum() == 230


def test_every_attribute_of_a_row_can_be_had():
    log = EventLog("s")
    log.add("client", "user_text", turn=2, author="user", text="a", final=True)
    log.add("adk", "usage", prompt_tokens=1, response_tokens=2, total_tokens=3, agent="x")
    events = Events(log)
    for column in EVENT_COLUMNS + EVENT_MORE:
        if column.name not in ("session_id", "run_id", "tags", "turn"):
            wanted = [getattr(row, column.name) for row in log]
            assert events.attribute(column.name) == wanted
    assert events.attribute("session_id") == ["s", "s"]
    assert events.attribute("run_id") == [log.run_id] * 2
    assert events.attribute("turn") == [2, None]


rows = st.fixed_dictionaries(
    {"kind": st.sampled_from(["user_text", "error", "usage", "a_kind_of_tomorrow"])},
    optional={
        "text": st.none() | st.text(max_size=5),
        "final": st.none() | st.booleans(),
        "turn": st.integers(0, 3),
        "audio_ms": st.none() | st.floats(0, 1e6),
        "result": st.none() | st.lists(st.integers(), max_size=2) | st.dictionaries(st.text(max_size=1), st.none(), max_size=1),  # noqa: E501
        "error": st.none() | st.text(max_size=3),
        "interrupted": st.booleans(),
        "total_tokens": st.none() | st.integers(0, 2**60),
    },
)  # fmt: skip


@pytest.mark.long
@given(st.lists(st.lists(rows, max_size=8), max_size=3))
@example([[{"kind": "usage", "total_tokens": 2**53 + 1}, {"kind": "usage"}]])
@settings(max_examples=150)
def test_any_rows_come_back_from_the_frame(logs):
    made = []
    for values in logs:
        log = EventLog("s")
        for row in values:
            log.add("adk", **row)
        made.append(log)
    frame = events_df(made)
    wanted = [row for log in made for row in log]
    for name in ("kind", "text", "final", "audio_ms", "result", "error", "interrupted",
                 "total_tokens"):  # fmt: skip
        got = [None if not isinstance(v, list | dict) and pd.isna(v) else v for v in frame[name]]
        assert got == [getattr(row, name) for row in wanted]
    assert frame.dtypes.drop("kind").equals(events_df([]).dtypes.drop("kind"))
    assert frame.kind.dtype == "category"


def test_results_may_be_anything():
    log = EventLog("s")
    results = [np.arange(3), [1, 2], pd.DataFrame({"a": [1]}), "text", None]
    for result in results:
        log.add("adk", "tool_result", result=result)
    shown = [repr(results[0]), [1, 2], repr(results[2]), "text", None]
    assert events_df(log).result.tolist() == shown


# Columns.


def test_columns_are_chosen_by_name_and_group_and_made_of_functions():
    log = typed_scene().log
    words = Column("n_words", "Int64", lambda e: len(e.text.split()) if e.text else None)
    frame = events_df(log, EVENT_BASE + EVENT_TOKENS + [words])
    assert list(frame)[-4:] == ["prompt_tokens", "response_tokens", "total_tokens", "n_words"]
    assert frame.n_words.dropna().tolist() == [1, 2]
    assert list(events_df(log, "kind")) == ["kind"]
    assert list(events_df(log, words)) == ["n_words"]
    assert list(events_df(log, ["t", EVENT_TOKENS, ["kind", words]])) == [
        "t", "prompt_tokens", "response_tokens", "total_tokens", "kind", "n_words",
    ]  # fmt: skip
    assert list([words] + EVENT_BASE)[0] is words  # noqa: RUF005, RUF015
    assert events_df(log, EVENT_MORE).error_ms.max() == 2.0


def test_a_column_of_ones_own_changes_nothing_that_the_log_holds():
    log = conversation()
    sources = [{"title": "A", "uri": "https://a"}]
    log.add("adk", "agent_text", turn=1, text="", result={"sources": sources})
    before = [(dict(row.args or {}), str(row.result), row.text) for row in log]

    def spoil(row):
        row.text = None
        return row.args and row.args.pop("city")

    own = [
        Column("spoilt", "string", spoil),
        Column("mine", "object", "args"),
        Column("found", "object", "result"),
    ]
    frame = events_df(log, EVENT_BASE + own)
    frame.mine.dropna().map(lambda args: args.clear())
    frame.found.map(lambda found: found.clear() if isinstance(found, dict) else None)
    turns_df(log, ["sources"]).sources.map(lambda found: found[0].clear())
    turns_df(log, [Column("n", "object", lambda turn: turn.tool_calls[0].args.clear())])
    assert frame.spoilt.dropna().tolist() == ["Rome"]
    assert [(dict(row.args or {}), str(row.result), row.text) for row in log] == before


def test_a_later_column_of_the_same_name_takes_the_place_of_the_earlier():
    loud = Column("text", "string", lambda e: e.text and e.text.upper())
    frame = events_df(typed_scene().log, EVENT_COLUMNS + [loud])  # noqa: RUF005
    assert list(frame) == EVENT_NAMES
    assert "ROLL" in set(frame.text.dropna())


def test_columns_of_turns_calls_and_words():
    log = typed_scene().log
    calls = Column("calls", "Int64", lambda turn: len(turn.tool_calls))
    turns = turns_df(log, TURN_BASE + TURN_LATENCY + TURN_MORE + [calls])
    assert turns.calls.tolist() == [1]
    assert turns.clock_error_ms.tolist() == [2.0]
    assert turns.prompt_tokens.tolist() == [210]
    assert turns.spoken.tolist() == [False]
    tools = tools_df(log, ["tool", TOOL_MORE, Column("sides", "Int64", lambda c: c.args["sides"])])
    assert list(tools) == [
        "tool", "time", "model", "invocation_id", "user_text", "output", "tags", "sides",
    ]  # fmt: skip
    assert tools.iloc[0][["tool", "model", "user_text", "sides"]].tolist() == [
        "roll_dice", "m", "roll", 6,
    ]  # fmt: skip
    length = Column("length", "Int64", lambda said: len(said.text))
    assert transcript_df(log, ["role", length]).length.tolist() == [4, 7]


@pytest.mark.parametrize(
    ("dtype", "value", "expected"),
    [
        ("category", lambda e: e.kind[:5], "category"),
        ("datetime64[us, UTC]", lambda e: e.time, "datetime64[us, UTC]"),
        ("datetime64[ns, UTC]", lambda e: pd.Timestamp(e.time, unit="s", tz="UTC"), None),
        ("Int64", lambda e: 2**62 + 1, "Int64"),
        ("Int64", lambda e: pd.NA, "Int64"),
        ("float32", lambda e: None, "float32"),
        ("boolean", lambda e: None if e.seq else True, "boolean"),
        ("object", lambda e: [e.seq], "object"),
    ],
)
def test_dtypes_of_own_columns(dtype, value, expected):
    log = typed_scene().log
    made = events_df(log, Column("mine", dtype, value)).mine
    assert made.dtype == (expected or dtype)
    if dtype.startswith("datetime"):
        assert abs(made.iloc[0].timestamp() - log[0].time) < 1e-5
    elif dtype == "Int64" and made.notna().all():
        assert set(made) == {2**62 + 1}
    empty = events_df([], Column("mine", dtype, value)).mine
    assert empty.dtype.name == made.dtype.name


def test_what_goes_wrong_in_a_column_names_it():
    log = typed_scene().log
    with pytest.raises(AdkNbError, match=r"no column 'texts'.*Did you mean 'text'") as error:
        events_df(log, ["texts"])
    assert error.value.code == "no_column"
    with pytest.raises(AdkNbError, match="A int is no column"):
        events_df(log, [3])
    with pytest.raises(ZeroDivisionError) as failed:
        events_df(log, Column("bad", "Int64", lambda e: 1 / 0))
    assert "'bad'" in failed.value.__notes__[0]
    with pytest.raises((TypeError, ValueError)) as failed:
        events_df(log, Column("half", "Int64", lambda e: 0.5))
    assert "'half'" in failed.value.__notes__[0]


# Sources.


def test_sources(tmp_path):
    log = typed_scene().log
    save(log, tmp_path)
    session = type("Session", (), {"log": log})()
    widget = type("Widget", (), {"session": session})()
    for source in (log, session, widget, tmp_path, str(tmp_path), [log], iter([log]), (widget,)):
        assert len(events_df(source)) == len(log)
    assert len(events_df([widget, tmp_path])) == 2 * len(log)


@pytest.mark.parametrize("bad", [None, 3, b"recordings", pd.DataFrame({"recordings": [1]})])
def test_what_is_no_source_is_refused(bad):
    with pytest.raises(AdkNbError, match=rf"a {type(bad).__name__}.*LiveSession") as error:
        events_df(bad)
    assert error.value.code == "bad_source"


def test_a_path_without_a_recording_is_refused(tmp_path):
    with pytest.raises(RecordingError, match="no recording"):
        turns_df(tmp_path)


# Turns.


def test_a_typed_turn_with_a_tool():
    row = typed_scene().row()
    assert pd.isna(row.pop("variant"))  # Its log is of no agent.
    assert row.pop("run_id").startswith("r")
    for name in ("error", "end_reason"):
        assert row.pop(name) is pd.NA
    for name in ("transcript_ms", "filler_ms", "level_db", "approval_ms"):
        assert math.isnan(row.pop(name))
    assert row == {
        "session_id": "s", "turn": 1, "agent": "dice", "model": "m", "user_text": "roll",
        "agent_text": "A four.", "heard_text": "A four.", "interrupted": False,
        "tools": "roll_dice", "tool_ms": pytest.approx(300), "user_audio_ms": 0.0,
        "agent_audio_ms": 800.0, "heard_ms": 800.0, "speech_end_t": 1.0,
        "first_audio_ms": pytest.approx(700), "first_heard_ms": pytest.approx(850),
        "first_text_ms": pytest.approx(800),
        "answer_ms": pytest.approx(700), "repeat_calls": 0,
        "total_tokens": 230, "status": "complete",
    }  # fmt: skip


def test_latencies_of_a_spoken_turn_count_from_the_last_loud_frame():
    scene = Scene().at(0.5).user("user_audio", audio_ms=2000.0, speech_t=2.0)
    scene.at(1.5).asked(("roll", False)).at(2.3).asked(("roll a die", True))
    scene.at(2.4).adk("agent_audio", audio_ms=400.0).at(2.5).words(("Four.", True), audio_ms=400.0)
    scene.at(2.45).add("client", "playback_started", error_ms=1.5)
    row = scene.row()
    assert (row["speech_end_t"], row["user_audio_ms"]) == (2.0, 2000.0)
    assert row["transcript_ms"] == pytest.approx(300)
    assert row["first_audio_ms"] == pytest.approx(400)
    assert row["first_heard_ms"] == pytest.approx(450)
    assert math.isnan(row["heard_ms"])


@pytest.mark.parametrize(("final", "end"), [(True, 2.0), (False, 2.6)])
def test_without_a_loud_frame_speech_ends_with_the_transcript(final, end):
    scene = Scene().at(1).user("user_audio", audio_ms=100.0)
    scene.at(2).asked(("roll", final)).at(2.6).asked(("", False))
    scene.at(3).adk("agent_audio", audio_ms=10.0)
    row = scene.row()
    assert row["speech_end_t"] == end
    assert row["first_audio_ms"] == pytest.approx((3 - end) * 1000)


@pytest.mark.parametrize(
    ("pieces", "values"),
    [
        ([("It", False), ("It is", False), ("It is noon.", False), ("It is noon.", True)], {}),
        ([("At", False), ("It is", False), ("It is noon.", True)], {"cumulative": True}),
        ([("It ", False), ("is ", False), ("noon.", False), ("It is noon.", True)], {}),
        ([("It ", False), ("is ", False), ("noon.", False), ("", True)], {}),
        ([("It is ", False), ("noon.", False)], {}),
    ],
)
def test_transcripts_of_any_shape_are_one_text(pieces, values):
    scene = Scene().at(1).asked(*pieces, **values).at(2).words(*pieces, audio_ms=1.0, **values)
    row = scene.row()
    assert (row["user_text"], row["agent_text"]) == ("It is noon.", "It is noon.")
    assert transcript_df(scene.log).text.tolist() == ["It is noon."] * 2


def test_a_model_repeats_its_last_words_and_a_user_says_them_again():
    twice = [("It is noon.", True)] * 2
    row = Scene().at(1).asked(*twice).at(2).words(*twice, audio_ms=1.0).row()
    assert row["user_text"] == "It is noon. It is noon."
    assert row["agent_text"] == "It is noon."


def test_text_after_the_end_of_the_turn_is_the_turns():
    scene = Scene().at(1).user("user_text", text="hi").adk("agent_audio", audio_ms=9.0)
    scene.adk("turn_complete", turn_complete=True).words(("Hello ", False), ("there.", False))
    assert scene.row()["agent_text"] == "Hello there."


def test_heard_text_is_what_had_sounded():
    scene = Scene().at(1).user("user_text", text="count")
    scene.at(2).adk("agent_audio", audio_ms=4000.0)
    scene.words(("One two ", False), audio_ms=1000.0)
    scene.words(("three four ", False), audio_ms=2000.0)
    scene.words(("five six", False), audio_ms=4000.0)
    scene.at(3).add("client", "interrupted", interrupted=True)
    assert scene.row()["heard_text"] == "One two three four five six"
    scene.add("client", "playback_flushed", audio_ms=2000.0)
    row = scene.row()
    assert (row["interrupted"], row["heard_ms"]) == (True, 2000.0)
    assert row["heard_text"] == "One two three four"
    said_twice = transcript_df(scene.log)
    assert said_twice.heard_text.tolist() == [pd.NA, "One two three four"]
    assert said_twice.interrupted.tolist() == [False, True]


@given(st.floats(0, 5000), st.integers(1, 8))
@settings(max_examples=50)
def test_heard_text_grows_with_what_was_played(played, pieces):
    def heard_after(ms):
        scene = Scene().at(1).user("user_text", text="count").adk("agent_audio", audio_ms=4000.0)
        for i in range(pieces):
            scene.words((f"word{i} ", False), audio_ms=4000.0 * (i + 1) / pieces)
        scene.add("client", "interrupted", interrupted=True)
        return scene.add("client", "playback_flushed", audio_ms=ms).row()

    row, more = heard_after(played), heard_after(played + 100)
    assert row["agent_text"].startswith(row["heard_text"])
    assert more["heard_text"].startswith(row["heard_text"])
    spoken_ms = 4000 * len(row["heard_text"].split()) / pieces
    assert spoken_ms <= played + 1
    if played < 4000:
        assert played - spoken_ms <= 4000 / pieces + 1


def test_without_a_player_the_cut_transcript_is_what_was_heard():
    scene = Scene().at(1).user("user_text", text="count")
    scene.words(("One two three", False), audio_ms=900.0)
    scene.adk("interrupted", interrupted=True)
    scene.words(("One", True), audio_ms=900.0)
    row = scene.row()
    assert (row["agent_text"], row["heard_text"]) == ("One two three", "One")
    # What a cascade says of an answer whose rest was dropped.
    scene.words(("One two", True))
    assert scene.row()["heard_text"] == "One two"
    assert scene.row()["agent_text"] == "One two three"


def test_a_model_that_says_interrupted_of_nothing_interrupts_nothing():
    scene = Scene().at(1).adk("interrupted", interrupted=True)
    scene.asked(("ro", False)).adk("interrupted", interrupted=True).asked(("roll", True))
    scene.words(("Four.", True), audio_ms=1.0)
    assert not scene.row()["interrupted"]
    assert not turns_df(scene.adk("interrupted", interrupted=True, turn=2).log).interrupted.any()


def test_only_what_was_said_or_done_makes_a_turn():
    scene = typed_scene()
    scene.turn = 2
    scene.user("user_audio", audio_ms=500.0, speech_t=3.0).bridge("error", error="no network")
    scene.add("client", "playback_started").adk("usage", total_tokens=1).user("mic_on", turn=0)
    assert turns_df(scene.log).turn.tolist() == [1]
    # It began with its audio, and the trouble before it was not its own.
    row = turns_df(scene.at(4).asked(("more", True)).log).iloc[1]
    assert (row.turn, row.user_audio_ms, row.speech_end_t) == (2, 500.0, 3.0)
    assert pd.isna(row.error)


def test_all_errors_are_the_turns():
    scene = Scene().at(1).user("user_text", text="hi")
    scene.bridge("error", error="first").bridge("error", error="second")
    assert scene.row()["error"] == "first second"


def test_how_a_turn_ended_and_how_loud_it_was():
    scene = Scene().at(1).user("user_text", text="hi").adk("agent_audio", audio_ms=9.0)
    assert scene.row()["status"] == "open"
    assert scene.row()["heard_text"] is pd.NA
    scene.bridge("turn_ended", status="failed", end_reason="response_rejected", level_db=-20.5)
    row = scene.row()
    assert (row["status"], row["end_reason"], row["level_db"]) == (
        "failed", "response_rejected", -20.5,
    )  # fmt: skip


def test_fillers_answers_and_repeated_calls_are_told_apart():
    scene = Scene().at(1).user("user_text", text="roll")
    for n in range(3):
        args = {"sides": 6 + n // 2}
        scene.at(1.1).adk("tool_call", tool="roll", tool_call_id=f"c{n}", args=args)
    scene.at(1.2).adk("agent_audio", audio_ms=300.0)
    for n in range(3):
        scene.at(2).adk("tool_result", tool="roll", tool_call_id=f"c{n}", result=4)
    scene.at(2.5).adk("agent_audio", audio_ms=300.0)
    row = scene.row()
    waits = [row[name] for name in ("first_audio_ms", "filler_ms", "answer_ms")]
    assert waits == pytest.approx([200, 200, 1500])
    assert row["repeat_calls"] == 1


def test_agent_and_model_are_those_that_answered():
    scene = Scene().at(1).user("user_text", text="a")
    scene.adk("agent_transfer", text="coin").words(("Heads.", True))
    scene.adk("agent_transcript", author="coin", agent="coin", text="Tails.", final=True)
    scene.turn = 2
    scene.at(2).user("user_audio", audio_ms=1.0)
    scene.at(3).bridge("agent_swapped", agent="chef", model="other")
    scene.at(4).user("user_text", text="b")
    frame = turns_df(scene.log)
    assert list(zip(frame.agent, frame.model, strict=True)) == [("coin", "m"), ("chef", "other")]


def test_a_turn_before_the_model_is_known_gets_it_when_it_is():
    log = EventLog("s")
    log.add("client", "user_text", turn=1, text="early")
    assert turns_df(log)[["agent", "model"]].isna().all(axis=None)
    log.add("bridge", "connected", agent="dice", model="m")
    assert turns_df(log)[["agent", "model"]].iloc[0].tolist() == ["dice", "m"]


# Tools.


def test_tool_calls():
    scene = Scene().at(1).user("user_text", text="both")
    scene.adk("tool_call", tool="a", tool_call_id="1", args={"x": [1]})
    scene.adk("tool_call", tool="b", tool_call_id="2", args={})
    scene.at(1.25).adk("tool_result", tool="b", tool_call_id="2", error="ValueError: no")
    scene.at(1.5).adk("tool_result", tool="a", tool_call_id="1", result={"y": 2})
    scene.turn = 2
    scene.at(2).user("user_text", text="again")
    scene.adk("tool_call", tool="a", tool_call_id="1", args=None)
    frame = tools_df(scene.log)
    assert frame.tool.tolist() == ["a", "b", "a"]
    assert frame.turn.tolist() == [1, 1, 2]
    assert frame.args.tolist() == [{"x": [1]}, {}, None]
    assert frame.result.tolist() == [{"y": 2}, None, None]
    assert frame.error.tolist() == [pd.NA, "ValueError: no", pd.NA]
    assert frame.ms.iloc[:2].tolist() == pytest.approx([500, 250])
    assert math.isnan(frame.ms.iloc[2])
    turns = turns_df(scene.log)
    assert turns.tools.tolist() == ["a, b", "a"]
    assert turns.tool_ms[0] == pytest.approx(500)  # They ran side by side.
    assert math.isnan(turns.tool_ms[1])
    assert turns_df(scene.log, "tool_sum_ms").tool_sum_ms[0] == pytest.approx(750)


# The whole way: sessions.


def add_up(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


def answers(came):
    text = text_of(came)
    if text == "sum":
        return [call("add_up", "c1", a=2, b=3), DONE]
    if result_of(came) is not None:
        return [audio(50), said("It is ", finished=False), said("five.", finished=False), DONE]
    if text == "go on":
        one = said("One two three ", finished=False)
        return [audio(500), one, 0.1, audio(500), said("four five six", finished=False), 5, DONE]
    if text:
        return [audio(80), said("Yes", finished=False), said("Yes, I do.", finished=True), DONE]
    if isinstance(came, types.Blob) and came.data[0] == 7:
        whole = heard("Do you hear?", finished=True)
        return [heard("Do you ", finished=False), heard("hear?", finished=False), whole,
                audio(40), said("I do.", finished=True), DONE]  # fmt: skip
    return []


def same(session):
    """Checks that the frame knows the turns as the session does."""
    frame = turns_df(session)
    known = [
        (turn.index, turn.agent, turn.model, turn.user_text, turn.agent_text, turn.heard_text,
         turn.interrupted, ", ".join(call.name for call in turn.tool_calls))
        for turn in session.turns
    ]  # fmt: skip
    names = ["turn", "agent", "model", "user_text", "agent_text", "heard_text", "interrupted"]
    assert list(frame[[*names, "tools"]].itertuples(index=False, name=None)) == known
    audio_ms = [turn.audio_ms for turn in session.turns]
    assert frame.agent_audio_ms.tolist() == pytest.approx(audio_ms)
    return frame


def do(session, function, *args):
    async def called():
        return function(*args)

    return session.bridge.call(called())


def new_session(**options):
    agent = Agent(name="tester", model=Scripted(answers), tools=[add_up])
    return LiveSession(agent, **options)


class Page:
    def send(self, message):
        pass

    def send_audio(self, turn, rate, pcm):
        pass


@pytest.mark.long
def test_a_session_and_its_recording_tell_the_same(tmp_path):
    sound = np.zeros(8000, np.int16)
    sound[4000:4320] = 7 + 256 * 40
    with new_session(record=tmp_path) as session:
        page = Page()
        do(session, session.pages.attach, page)
        session.say("sum")
        session.speak(sound)
        future = session.bridge.submit(session.requests.say("go on", 20))
        wait_for(lambda: session.turns[-1].agent_text.endswith("six"))
        do(session, session.pages.playback, protocol.Playback("started", 3), None)
        session.interrupt()
        future.result(5)
        # The page has not said yet.
        assert turns_df(session).heard_text.isna().tolist() == [False, False, True]
        do(session, session.pages.playback, protocol.Playback("flushed", 3, played_ms=500.0), None)
        live = same(session)
    assert live.interrupted.tolist() == [False, False, True]
    assert live.heard_text.tolist() == ["It is five.", "I do.", "One two three"]
    assert live.agent_text[2] == "One two three four five six"
    assert live.heard_ms[2] == 500.0
    assert live.user_text[1] == "Do you hear?"
    assert live.user_audio_ms[1] >= 260
    assert live.tools.tolist() == ["add_up", "", ""]
    # The answer follows at once when the sound was loud.
    assert 0 <= live.transcript_ms[1] <= live.first_audio_ms[1] < 1000
    assert live.first_heard_ms[2] >= live.first_audio_ms[2] > 0
    (recording,) = tmp_path.iterdir()
    for source in (tmp_path, recording, recording / EVENTS):
        for frame in FRAMES:
            pd.testing.assert_frame_equal(frame(source), frame(session))


def test_a_damaged_recording_warns_and_still_frames(tmp_path):
    path = save(typed_scene().log, tmp_path)
    file = path / EVENTS
    lines = file.read_text().splitlines()
    broken = next(i for i, line in enumerate(lines) if '"usage"' in line)
    lines[broken] = lines[broken][:20]
    file.write_text("\n".join(lines))
    for frame in FRAMES:
        with pytest.warns(UserWarning, match=rf"events\.jsonl, line {broken + 1}: skipped"):
            made = frame(tmp_path)
        assert len(made)
    with pytest.warns(UserWarning, match=f"line {broken + 1}"):
        assert turns_df(path).total_tokens.tolist() == [125]


def test_a_turn_of_a_session_that_failed_has_its_error():
    def dies(came):
        return [said("I am d", finished=False), RuntimeError("boom")] if text_of(came) else []

    with LiveSession(Agent(name="tester", model=Scripted(dies))) as session:
        turn = session.say("die")
        frame = same(session)
        assert frame.error.tolist() == [turn.error]


# Anything that may come, in any order: the log tells the turns as the session keeps them.


class Desk:
    """Does to a log and turns what a session does."""

    voice = True

    def __init__(self):
        self.log = EventLog("s")
        self.turns = Turns(self.log, lambda _: None)
        self.turns.agent, self.turns.model = "dice", "m"
        self.log.add("bridge", "connected", agent="dice", model="m")
        self.reader = EventReader(self.log, self.turns, self, calls=ToolCalls(self.turns.calls))
        self.calls = 0

    def agent_audio(self, turn, rate, pcm):
        pass

    def set_state(self, state):
        pass

    def fail(self, error, turn):
        self.log.add("bridge", "error", turn=turn.index, error=str(error))

    def report(self, error, index):
        self.log.add("bridge", "error", turn=index, error=str(error), status="warning")

    def listens(self):
        return True

    def blocks(self, name):
        return name == "t"

    def still_talking(self):
        pass

    def transferred(self, turn, source, target):
        pass

    def event(self, **values):
        self.reader.read(Event(author="dice", **values))

    def part(self, **values):
        self.event(content=types.Content(role="model", parts=[types.Part(**values)]))

    def typed(self, text, _final):
        self.turns.user_typed(text)

    def heard(self, text, final):
        self.event(input_transcription=types.Transcription(text=text, finished=final))

    def said(self, text, final):
        self.event(output_transcription=types.Transcription(text=text, finished=final))

    def sound(self, text, _final):
        pcm = bytes(480 * (1 + len(text)))
        self.part(inline_data=types.Blob(data=pcm, mime_type="audio/pcm;rate=24000"))

    def called(self, _text, _final):
        self.calls += 1
        self.part(function_call=types.FunctionCall(id=f"c{self.calls}", name="t", args={}))

    def returned(self, _text, _final):
        call_id = f"c{self.calls}"
        response = types.FunctionResponse(id=call_id, name="t", response={"result": 1})
        if self.calls:
            self.part(function_response=response)
            self.turns.calls.tool_told(call_id)

    def done(self, _text, _final):
        self.event(turn_complete=True)

    def model_cut(self, _text, _final):
        self.event(interrupted=True)

    def cut(self, _text, _final):
        self.turns.cut_in()

    def dropped(self, text, _final):
        self.turns.cut_in()
        self.said(text, final=True)
        self.event(interrupted=True)

    def silenced(self, _text, _final):
        turn = self.turns.last
        if turn is not None:
            self.log.add("client", "interrupted", turn=turn.index, interrupted=True)

    def flushed(self, text, _final):
        if self.turns.last is not None:
            index, ms = self.turns.last.index, 10.0 * len(text)
            self.log.add("client", "playback_flushed", turn=index, audio_ms=ms)


acts = st.sampled_from(
    ["typed", "heard", "said", "said", "sound", "sound", "called", "returned", "done", "model_cut",
     "cut", "dropped", "silenced", "flushed"]
)  # fmt: skip
texts = st.sampled_from(["One", "One two", "One two three", " two", " three", "Yes.", ""])


@given(st.lists(st.tuples(acts, texts, st.booleans()), max_size=25))
@settings(max_examples=300)
def test_the_log_tells_the_turns_as_the_session_keeps_them(steps):
    desk = Desk()
    for act, text, final in steps:
        getattr(desk, act)(text, final)
    desk.turns.abandoned("over")
    assert all(turn.ended for turn in desk.turns.all)

    def shown(turn):
        return (turn.index, turn.agent, turn.status, turn.end_reason, turn.error,
                turn.user_text, turn.agent_text, turn.heard_text,
                turn.interrupted, turn.spoken, round(turn.audio_ms, 6),
                [(call.id, call.result) for call in turn.tool_calls])  # fmt: skip

    assert [shown(t) for t in logged_turns(desk.log)] == [shown(t) for t in desk.turns.all]


def test_a_secret_in_pieces_is_masked_in_texts():
    scene = Scene().at(1).user("user_text", text="hi")
    scene.log.keep_secret("swordfish-1234")
    scene.words(("It is sword", False), ("fish-1234", False), audio_ms=1.0)
    row = scene.row()
    assert row["agent_text"] == "It is [secret]"
    row = scene.bridge("turn_ended", status="complete").row()
    assert row["heard_text"] == "It is [secret]"


def test_a_widget_is_its_session():
    live = adk_nb.talk(Agent(name="tester", model=Scripted(echo)))
    try:
        live.say("hi")
        for frame in FRAMES:
            pd.testing.assert_frame_equal(frame(live), frame(live.session))
        pd.testing.assert_frame_equal(live.turns_df(), turns_df(live))
        assert len(adk_nb.timeline(live).to_dict()) > 0
    finally:
        live.close()


def test_prices_make_a_column_of_costs_beside_the_others():
    log = EventLog("s")
    log.add("bridge", "connected", model="m")
    for turn, tokens in enumerate(({"prompt": 2_000_000, "response": 500_000}, None), 1):
        log.add("client", "user_text", turn=turn, text="q")
        log.add("adk", "usage", turn=turn, tokens=tokens)
    frame = turns_df(log, ["turn"], prices={"m": {"prompt": 0.5, "response": 4.0}})
    assert list(frame) == ["turn", "cost"]
    assert frame.cost.dtype == "float64"
    assert frame.cost.fillna(-1).tolist() == [3.0, -1]
    assert list(turns_df(log, prices={})) == [*turns_df(log), "cost"]
    assert "cost" not in turns_df(log)


def test_a_column_plots_with_what_make_lab_installs():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    frame = turns_df([typed_scene().log, typed_scene().log])
    axes = frame.first_audio_ms.plot()
    drawn = axes.lines[0].get_ydata()
    pyplot.close(axes.figure)
    assert list(drawn) == list(frame.first_audio_ms)


@pytest.mark.parametrize("frame", FRAMES)
def test_how_a_frame_is_made_is_handed_on_and_by_default_what_the_documents_say(frame, monkeypatch):
    made = []
    monkeypatch.setattr(tables, "assemble", lambda *args: made.append(args) or "made")
    assert frame("source") == "made"
    given = {"strict": False, "json": True, "naive": True, "workers": 3, "progress": False}
    assert frame("source", ["turn"], **given) == "made"
    assert [(source, options) for source, _, _, options in made] == [
        ("source", Options(strict=True, json=False, naive=False, workers=None, progress=True)),
        ("source", Options(**given)),
    ]
    assert made[1][2] == ["turn"]
    assert made[0][1] is made[1][1]


def test_a_cost_is_a_number_beside_what_was_wanted(monkeypatch):
    made = []
    monkeypatch.setattr(tables, "assemble", lambda *args: made.append(args[2]))
    turns_df("source", prices={"m": {}})
    turns_df("source", ["turn"], {"m": {}})
    turns_df("source", ["turn"])
    [of_all, [name, own], plain] = made
    assert of_all[0] is tables.TURN_COLUMNS
    assert (name, plain) == (["turn"], ["turn"])
    assert [(one.name, one.dtype) for one in (of_all[1], own)] == [("cost", "float64")] * 2


@pytest.mark.parametrize("kind", [tables._TURNS, tables._TOOLS, tables._TRANSCRIPT])
def test_turns_and_their_calls_are_parted_when_their_frame_is_made(kind):
    scene = Scene()
    for turn in (1, 2):
        scene.turn = turn
        scene.add("adk", "tool_call", tool="roll", tool_call_id=f"c{turn}", agent="dice")
        scene.add("adk", "agent_text", text="Four.", agent="dice", final=True)
    items = kind.items_of(scene.log)
    turns = [one if hasattr(one, "tool_calls") else one.turn for one in items.all]
    calls = [call for turn in turns for call in turn.tool_calls]
    assert [call.turn for call in calls] == turns
    items.release()
    assert [call.turn for call in calls] == [None, None]
