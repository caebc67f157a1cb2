"""The keys of the frames are unique, also of a session that was taken up again, and join."""

from __future__ import annotations

import pytest
from google.adk.agents import Agent
from google.adk.sessions import InMemorySessionService
from scripted import DONE, Scripted, audio, call, result_of, said, text_of

import adk_nb
from adk_nb import LiveSession

KEYS = {
    adk_nb.events_df: ["run_id", "seq"],
    adk_nb.turns_df: ["run_id", "turn"],
    adk_nb.tools_df: ["run_id", "call"],
    adk_nb.transcript_df: ["run_id", "turn", "piece"],
}


def roll() -> int:
    """Rolls."""
    return 4


def answer(came):
    if text_of(came):
        return [said("One moment.", finished=True), call("roll", "same id")]
    return [audio(20), said("A four.", finished=True), DONE] if result_of(came) else []


@pytest.fixture(scope="module")
def sittings(tmp_path_factory):
    """Recordings of a session, of the same taken up again with a fork, and of another one."""
    folder, service = tmp_path_factory.mktemp("talks"), InMemorySessionService()

    def talk(session_id):
        agent = Agent(name="a", model=Scripted(answer), tools=[roll])
        return LiveSession(agent, sessions=service, session_id=session_id, record=folder)

    live = []
    for session_id in ("monday", "monday", "tuesday"):
        with talk(session_id) as session:
            session.say("roll")
            session.swap(history="fork")
            session.say("again")
        live.append(session)
    return live, folder


def test_keys_are_unique(sittings):
    live, folder = sittings
    for source in (live, folder):
        for make, key in KEYS.items():
            frame = make(source)
            assert not frame.duplicated(key).any()
            assert frame[key].notna().all(axis=None)
        assert adk_nb.turns_df(source).session_id.nunique() == 2
        assert adk_nb.turns_df(source).run_id.nunique() == 3
        assert all(name[0] == "r" for name in adk_nb.turns_df(source).run_id)


def test_joins_do_not_multiply(sittings):
    _, folder = sittings
    turns, tools = adk_nb.turns_df(folder), adk_nb.tools_df(folder)
    assert (len(turns), len(tools)) == (6, 6)
    key = ["run_id", "turn"]
    assert len(turns.merge(tools, on=key, validate="one_to_many")) == 6
    assert len(turns.merge(adk_nb.transcript_df(folder), on=key, validate="one_to_many")) == 18
    events = adk_nb.events_df(folder).dropna(subset="tool_call_id")
    joined = tools.merge(events, on=[*key, "tool_call_id"], validate="one_to_many")
    assert len(joined) == 12  # A call and a result each.


def test_a_fork_is_another_history(sittings):
    live, folder = sittings
    for source in (live, folder):
        frame = adk_nb.turns_df(source, ["session_id", "run_id", "history"])
        for _, of_run in frame.groupby("run_id"):
            first, second = of_run.history
            assert first == of_run.session_id.iloc[0]
            assert second != first


def test_events_of_adk_are_named(sittings):
    live, _ = sittings
    events = adk_nb.events_df(live[0], ["kind", "event_id"])
    named = events[events.kind.isin(["tool_call", "tool_result", "agent_transcript"])]
    assert named.event_id.notna().all()
