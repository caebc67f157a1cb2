"""ADK's session services that keep a conversation on disk."""

from __future__ import annotations

import asyncio
import threading

import pytest
from google.adk.agents import Agent
from google.adk.sessions import InMemorySessionService
from google.adk.sessions.sqlite_session_service import SqliteSessionService
from late import Late
from scripted import DONE, Scripted, call, result_of, said, text_of
from scripts import calls, parts
from sessions import agent, kinds, wait_for

from adk_nb import AdkNbError, LiveSession

services = Late("google.adk.sessions")


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@pytest.fixture(params=["database", "sqlite"])
def service(request, tmp_path):
    """Makes services on one file."""
    path = tmp_path / "talk.db"

    made = []

    def make(*, read_only=False):
        if request.param == "database":
            mode = "ro" if read_only else "rwc"
            url = f"sqlite+aiosqlite:///file:{path}?mode={mode}&uri=true"
            made.append(services.DatabaseSessionService(url))
        else:
            path_or_url = f"sqlite:///{path}?mode=ro" if read_only else str(path)
            made.append(SqliteSessionService(path_or_url))
        return made[-1]

    yield make
    for one in made:
        asyncio.run(one.close())


def live(sessions, *, session_id="one", user_id="ada") -> LiveSession:
    model = Scripted(calls(add={"a": 2, "b": 3}))
    agent = Agent(name="tester", model=model, tools=[add])
    return LiveSession(agent, sessions=sessions, session_id=session_id, user_id=user_id)


def histories(session):
    return [parts(history) for history in session.agent.model.histories]


@pytest.mark.parametrize("same", [True, False], ids=["one service", "a service each"])
def test_a_conversation_goes_on_in_another_session(service, same):
    sessions = service()
    with live(sessions) as first:
        first.say("hi")
        first.say("add")
    assert histories(first) == []
    with live(sessions if same else service()) as second:
        assert second.say("more").agent_text == "You said more."
    (history,) = histories(second)
    assert history[:2] == [("user", "hi"), ("model", "You said hi.")]
    called = [p for c in second.agent.model.histories[0] for p in c.parts if p.function_response]
    assert called[0].function_response.response == {"result": 5}


@pytest.mark.parametrize("other", [{"user_id": "bob"}, {"session_id": "two"}], ids=str)
def test_a_conversation_is_its_users_and_sessions_own(service, other):
    with live(service()) as first:
        first.say("hi")
    with live(service(), **other) as second:
        assert second.say("hello").agent_text == "You said hello."
    assert histories(second) == []


def test_a_new_conversation_that_cannot_be_kept_says_so(service):
    with live(service()) as first:
        first.say("hi")
    with live(service(read_only=True), session_id="two") as session:
        for _ in range(2):
            assert "readonly database" in session.say("hi").error
    assert "error" in kinds(session)
    assert "readonly database" in next(row.error for row in session.log if row.kind == "error")


def test_an_old_conversation_that_cannot_be_kept_says_so(service):
    with live(service()) as first:
        first.say("hi")
    with live(service(read_only=True)) as session:
        for _ in range(2):
            assert "readonly database" in session.say("hi").error


class Failing(InMemorySessionService):
    """A service whose disk is full for a while."""

    full = False

    async def append_event(self, session, event):
        if self.full:
            raise OSError("disk full")
        return await super().append_event(session, event)


def test_a_session_outlives_a_full_disk():
    sessions = Failing()
    with live(sessions) as session:
        session.say("hi")
        sessions.full = True
        assert "disk full" in session.say("more").error
        sessions.full = False
        assert session.say("again").agent_text == "You said again."


def test_a_session_outlives_a_full_disk_when_a_call_is_cut_off():
    release = threading.Event()

    def stuck() -> None:
        """Sticks."""
        release.wait(30)

    sessions = Failing()
    agent = Agent(name="tester", model=Scripted(calls(stuck={})), tools=[stuck])
    try:
        with LiveSession(agent, sessions=sessions) as session:
            future = session.bridge.submit(session.requests.say("stuck", 20))
            wait_for(lambda: "tool_call" in kinds(session))
            sessions.full = True
            session.interrupt()
            assert future.result(5).interrupted
            wait_for(lambda: session.turns[0].tool_calls[0].error)
            release.set()
            sessions.full = False
            assert session.say("hi").agent_text == "You said hi."
    finally:
        release.set()


def test_what_no_database_takes_is_replaced_on_its_way_there(tmp_path):
    half = "half \ud83d"

    def keep(note: str, tool_context) -> str:
        tool_context.state["kept"] = half
        return "kept"

    def model(came):
        if text_of(came) == "keep":
            return [call("keep", note=half)]
        if result_of(came) is not None:
            return [said(f"I kept {half}.", finished=True), DONE]
        return [said(half, finished=True), DONE] if text_of(came) else []

    uri = f"sqlite:///{tmp_path / 'talk.db'}"
    with LiveSession(agent(model, keep), sessions=uri, session_id="s") as session:
        assert session.say("hello").error is None
        turn = session.say("keep")
        assert (turn.error, turn.agent_text) == (None, "I kept half \ufffd.")
        session.state["mine"] = half
        assert session.state["mine"] == "half \ufffd"


def test_a_password_in_a_uri_is_not_told():
    with pytest.raises(AdkNbError) as raised:
        LiveSession(agent(lambda _: []), sessions="nonsense://user:hunter2hunter2@host/x")
    assert "hunter2" not in str(raised.value)
