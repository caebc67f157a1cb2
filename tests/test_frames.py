import warnings

import pandas as pd
import pytest
from google.adk.agents import Agent
from scripted import DONE, Scripted, audio, call, echo, heard, result_of, said, text_of
from test_session import attach, do, wait_for

from adk_nb import LiveSession, events_df, protocol, tools_df, transcript_df, turns_df
from adk_nb.events import EventLog
from adk_nb.exceptions import AdkNbError, RecordingError
from adk_nb.frames import EVENT_BASE, EVENT_TOKENS, TURN_BASE, Column
from adk_nb.recording import EVENTS, save

EVENT_NAMES = [
    "session_id",
    "seq",
    "time",
    "t",
    "source",
    "kind",
    "author",
    "agent",
    "invocation_id",
    "turn",
    "text",
    "final",
    "audio_ms",
    "tool",
    "tool_call_id",
    "args",
    "result",
    "error",
    "interrupted",
    "turn_complete",
    "prompt_tokens",
    "response_tokens",
    "total_tokens",
]
TURN_NAMES = [
    "session_id",
    "turn",
    "agent",
    "model",
    "user_text",
    "agent_text",
    "heard_text",
    "interrupted",
    "tools",
    "tool_ms",
    "user_audio_ms",
    "agent_audio_ms",
    "heard_ms",
    "speech_end_t",
    "transcript_ms",
    "first_audio_ms",
    "first_heard_ms",
    "total_tokens",
    "error",
]
FRAMES = (events_df, turns_df, tools_df, transcript_df)


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error", category=FutureWarning)
        warnings.simplefilter("error", category=pd.errors.PerformanceWarning)
        yield


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


def session_of(answer, *tools) -> LiveSession:
    return LiveSession(Agent(name="tester", model=Scripted(answer), tools=list(tools)))


def with_tool(came):
    if text_of(came):
        return [call("add", "c1", a=2, b=3), DONE]
    if result_of(came) is not None:
        return [audio(500), said("It is five.", finished=True), DONE]
    return []


def test_the_columns_are_the_designs():
    assert list(events_df(EventLog("s")).columns) == EVENT_NAMES
    assert list(turns_df(EventLog("s")).columns) == TURN_NAMES


def test_an_empty_session_has_empty_frames_of_the_right_dtypes():
    with session_of(with_tool, add) as session:
        session.say("sum")
        for frame in FRAMES:
            full, empty = frame(session), frame(LiveSession(session.agent))
            assert len(empty) == 0
            assert list(empty.dtypes) == list(full.dtypes)
            assert len(full) > 0


def test_dtypes():
    log = EventLog("s")
    log.add("client", "user_text", turn=1, text="hi", total_tokens=3)
    frame = events_df(log)
    assert str(frame.time.dtype).startswith("datetime64[")
    assert str(frame.time.dt.tz) == "UTC"
    assert str(frame.kind.dtype) == str(frame.source.dtype) == "category"
    assert str(frame.turn.dtype) == str(frame.total_tokens.dtype) == "Int64"
    assert str(frame.final.dtype) == "boolean"
    assert frame.interrupted.dtype == bool
    assert frame.time[0].timestamp() == pytest.approx(log[0].time, abs=1e-5)


def test_a_turn_with_a_tool():
    with session_of(with_tool, add) as session:
        session.say("sum")
        turn = session.turns_df().iloc[0]
        tool = session.tools_df().iloc[0]
    assert (turn.user_text, turn.agent_text, turn.heard_text) == ("sum", *["It is five."] * 2)
    assert (turn.tools, turn.model, turn.agent) == ("add", "scripted", "tester")
    assert turn.agent_audio_ms == 500
    assert 0 <= turn.tool_ms <= turn.first_audio_ms
    assert (tool.tool, tool.args, tool.result, tool.turn) == ("add", {"a": 2, "b": 3}, 5, 1)
    assert tool.ms == pytest.approx(turn.tool_ms)


SHAPES = {
    "cumulative": [heard("What"), heard("What time"), said("It"), said("It is noon."), DONE],
    "incremental": [heard("What "), heard("time"), said("It is "), said("noon."), DONE],
    "finished": [
        heard("What "), heard("What time", finished=True), said("It "), said("is noon."),
        said("It is noon.", finished=True), DONE,
    ],
    "late": [heard("What time"), audio(20), DONE, said("It is "), said("noon.", finished=False)],
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_transcript_is_one_right_text(shape):
    def answer(came):
        return SHAPES[shape] if getattr(came, "data", None) else []

    with session_of(answer) as session:
        page = attach(session)
        do(session, session.receive, page, protocol.Mic(on=True))
        do(session, session.hear, page, bytes(640))
        wait_for(lambda: session.turns and session.turns[0].agent_text == "It is noon.")
        wait_for(session.turns[0].ended.is_set)
        (turn,) = session.turns_df().to_dict("records")
        texts = session.transcript_df()
    assert (turn["user_text"], turn["agent_text"]) == ("What time", "It is noon.")
    assert texts.text.tolist() == ["What time", "It is noon."]
    assert texts.role.tolist() == ["user", "agent"]


def spoken_and_cut() -> EventLog:
    """A spoken turn that was cut off after 1.5 of its 2 s, by a player that began 80 ms late."""
    log = EventLog("cut")
    log.add("bridge", "connected", t=0.0, agent="a", model="m")
    row = log.add("client", "user_audio", t=0.1, turn=1, author="user", audio_ms=900.0)
    row.speech_t = 1.0
    log.add("adk", "user_transcript", t=1.3, turn=1, author="user", text="Go on", final=True)
    log.add("adk", "agent_audio", t=1.5, turn=1, author="a", agent="a", audio_ms=2000.0)
    log.add("client", "playback_started", t=1.58, turn=1, audio_ms=0.0)
    log.add(
        "adk", "agent_transcript", t=1.6, turn=1, author="a", agent="a",
        text="One two three four five six seven eight.", final=False, audio_ms=2000.0,
    )  # fmt: skip
    log.add("adk", "interrupted", t=3.0, turn=1, author="a", agent="a", interrupted=True)
    log.add("client", "playback_flushed", t=3.08, turn=1, audio_ms=1500.0)
    log.add("client", "user_audio", t=3.1, turn=2, author="user", audio_ms=500.0)
    return log


def test_latencies_and_what_was_heard():
    (turn,) = turns_df(spoken_and_cut()).to_dict("records")
    assert turn["speech_end_t"] == 1.0
    assert turn["transcript_ms"] == pytest.approx(300)
    assert turn["first_audio_ms"] == pytest.approx(500)
    assert turn["first_heard_ms"] == pytest.approx(580)
    assert turn["heard_ms"] == 1500
    assert turn["interrupted"]
    assert turn["heard_text"] == "One two three four five six"


def test_a_turn_that_never_came_is_no_row():
    assert turns_df(spoken_and_cut()).turn.tolist() == [1]


def test_the_frame_and_the_sessions_turns_agree():
    with session_of(echo) as session:
        for text in ("one", "two", "three"):
            session.say(text)
        frame = session.turns_df()
    for turn, row in zip(session.turns, frame.itertuples(), strict=True):
        assert (turn.index, turn.user_text, turn.agent_text) == (
            row.turn, row.user_text, row.agent_text,
        )  # fmt: skip
        assert (turn.heard_text, turn.interrupted) == (row.heard_text, row.interrupted)


def test_a_recording_gives_the_same_frames(tmp_path):
    with session_of(with_tool, add) as session:
        session.say("sum")
        path = session.save(tmp_path)
    for frame in FRAMES:
        pd.testing.assert_frame_equal(frame(path), frame(session))


def test_many_sessions_are_one_frame(tmp_path):
    logs = [spoken_and_cut(), EventLog("empty"), spoken_and_cut()]
    for log in logs:
        save(log, tmp_path)
    both = [events_df(logs), events_df(tmp_path)]
    for frame in both:
        assert len(frame) == 2 * len(logs[0])
        assert list(frame.dtypes) == list(events_df(logs[0]).dtypes)
    assert len(turns_df([tmp_path, logs[0]])) == 3


def test_a_damaged_recording_gives_what_it_has(tmp_path):
    path = save(spoken_and_cut(), tmp_path)
    with (path / EVENTS).open("a") as file:
        file.write('{"seq": 99, "ki')
    with pytest.warns(UserWarning, match=rf"{EVENTS}, line 11"):
        assert len(turns_df(path)) == 1


def test_columns_are_chosen_and_added():
    words = Column("n", "Int64", lambda row: len(row.text.split()) if row.text else None)
    frame = events_df(spoken_and_cut(), [EVENT_BASE, "turn", words, EVENT_TOKENS])
    assert list(frame.columns) == [
        *EVENT_NAMES[:6], "turn", "n", "prompt_tokens", "response_tokens", "total_tokens",
    ]  # fmt: skip
    assert frame.n.dropna().tolist() == [2, 8]
    turns = turns_df(spoken_and_cut(), [*TURN_BASE, Column("long", "bool", lambda t: t.index > 9)])
    assert turns.long.tolist() == [False]
    with pytest.raises(AdkNbError, match="Did you mean 'kind'"):
        events_df(EventLog("s"), ["kin"])


@pytest.mark.parametrize("source", [3, None, object()])
def test_what_is_no_source_is_told(source):
    with pytest.raises(AdkNbError, match="no events in"):
        events_df(source)


def test_a_path_without_a_recording_is_told(tmp_path):
    with pytest.raises(RecordingError, match="no recording"):
        turns_df(tmp_path)
