"""Session services by their URIs: which there are, what they take, and what is refused."""

from __future__ import annotations

import asyncio

import pytest
from google.adk.agents import Agent
from google.adk.events import Event, EventActions
from google.adk.sessions import InMemorySessionService
from google.genai import types
from scripted import DONE, Scripted, audio, said, text_of

from adk_nb import LiveSession
from adk_nb.exceptions import AdkNbError
from adk_nb.live.histories import APP_NAME, Histories
from adk_nb.live.session_services import service_of

NAMES = {"app_name": "adk_nb", "user_id": "u"}


def yes(came):
    return [audio(20), said("Yes.", finished=True), DONE] if text_of(came) else []


def agent(answer=yes, *tools, name="tester", **options):
    return Agent(name=name, model=Scripted(answer), tools=list(tools), **options)


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("nosuch+driver://ann:secret@host/db", "'nosuch+driver://ann:***@host/db' cannot be"),
        ("nosuch://ann:secret@host/db", "'nosuch://ann:***@host/db' names no"),
    ],
)
def test_a_service_that_is_none_says_so_without_the_password(uri, told):
    with pytest.raises(AdkNbError) as error:
        service_of(uri)
    assert told in error.value.message
    assert "secret" not in error.value.message
    assert error.value.code == "no_sessions"


def test_a_uri_that_names_no_service_is_refused():
    with pytest.raises(AdkNbError, match=r"names no session service.*sqlite:///"):
        LiveSession(agent(), sessions="talk.db")
    with pytest.raises(AdkNbError, match="cannot be opened"):
        service_of("nosuch+driver://host/db")
    service = InMemorySessionService()
    assert service_of(service) is service


def test_a_database_that_cannot_be_read_says_so(tmp_path):
    broken = tmp_path / "broken.db"
    broken.write_text("this is no database, and long enough to be looked at " * 100)
    with pytest.raises(AdkNbError, match="database"):
        LiveSession(agent(), sessions=f"sqlite:////{broken}").start()


def test_a_database_of_adks_other_service_is_refused_with_the_uri_that_opens_it(tmp_path):
    pytest.importorskip("sqlalchemy")
    from google.adk.sessions import DatabaseSessionService

    path = tmp_path / "made by adk.db"
    service = DatabaseSessionService(f"sqlite+aiosqlite:///{path}")

    async def make():
        await service.create_session(app_name=APP_NAME, user_id="user", session_id="s")
        await service.close()

    asyncio.run(make())
    before = path.read_bytes()
    with pytest.raises(AdkNbError, match="DatabaseSessionService") as error:
        LiveSession(agent(), sessions=f"sqlite:///{path}")
    assert error.value.code == "no_sessions"
    assert f"sqlite+aiosqlite:///{path}" in error.value.remedy
    assert path.read_bytes() == before
    with LiveSession(agent(), sessions=f"sqlite+aiosqlite:///{path}", session_id="s") as session:
        assert session.say("hello").status == "complete"


class Service:
    """A session service that notes what it is asked, and fails as it is told."""

    def __init__(self, uri="", error=None, stored=None):
        self.uri, self.error, self.stored = uri, error, stored
        self.asked, self.closed = [], 0

    async def create_session(self, **names):
        if self.error is not None:
            raise self.error

    async def get_session(self, **names):
        self.asked.append(names)
        return self.stored

    async def append_event(self, session, event): ...

    async def close(self):
        self.closed += 1


@pytest.mark.parametrize(
    ("uri", "opened"),
    [
        ("postgresql://host/db", "postgresql+asyncpg://host/db"),
        ("postgres://host/db", "postgresql+asyncpg://host/db"),
        ("mysql+aiomysql://host/db", "mysql+aiomysql://host/db"),
    ],
)
def test_which_database_a_uri_is_of(monkeypatch, uri, opened):
    monkeypatch.setattr("google.adk.sessions.DatabaseSessionService", Service, raising=False)
    assert service_of(uri).uri == opened


@pytest.mark.parametrize("stored", [None, "a session"])
@pytest.mark.parametrize("name", ["AlreadyExistsError", "OperationalError"])
async def test_a_session_that_another_has_made_meanwhile_is_taken(monkeypatch, name, stored):
    error = type(name, (Exception,), {})()
    made = Service(error=error, stored=stored)
    monkeypatch.setattr("adk_nb.live.session_services.service_at", lambda _uri: made)
    service = service_of("memory://")
    if stored and name == "AlreadyExistsError":
        assert await service.create_session(**NAMES, session_id="s", state={}) == stored
        assert made.asked == [{**NAMES, "session_id": "s"}]
    else:
        with pytest.raises(type(error)):
            await service.create_session(**NAMES, session_id="s", state={})


async def test_only_a_service_that_was_made_here_is_closed_here(monkeypatch):
    made, own = Service(), Service()
    monkeypatch.setattr("adk_nb.live.session_services.service_at", lambda _uri: made)
    for sessions in ("memory://", own):
        await Histories(sessions, None, user_id="u", first="s").close()
    assert (made.closed, own.closed) == (1, 0)


async def test_what_no_database_takes_is_cleaned_before_it_is_added(tmp_path):
    service = service_of(f"sqlite:////{tmp_path}/talk.db")
    session = await service.create_session(**NAMES, session_id="s")
    bad = "a\ud800b"
    call = types.FunctionCall(id="c", name=bad, args={"n": float("nan"), "text": bad})
    told = types.FunctionResponse(id="c", name=bad, response={})
    event = Event(
        author="user",
        content=types.Content(
            role="user",
            parts=[
                types.Part(text=bad),
                types.Part(function_call=call),
                types.Part(function_response=told),
            ],
        ),
        input_transcription=types.Transcription(text=bad),
        output_transcription=types.Transcription(text=bad),
        actions=EventActions(state_delta={"x": bad}),
    )
    await service.append_event(session, event)
    stored = await service.get_session(**NAMES, session_id="s")
    (kept,) = stored.events
    good = kept.content.parts[0].text
    assert "\ud800" not in good
    assert (good[0], good[-1]) == ("a", "b")
    assert (kept.input_transcription.text, kept.output_transcription.text) == (good, good)
    (made,), (given,) = kept.get_function_calls(), kept.get_function_responses()
    assert (made.name, given.name, made.args["text"]) == (good, good, good)
    assert stored.state == {"x": good}
    await service.close()
