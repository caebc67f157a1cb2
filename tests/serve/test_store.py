"""A session store that is lost for a while, and what becomes of what is said meanwhile."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from google.adk.events import Event, EventActions
from google.adk.sessions import InMemorySessionService
from google.adk.sessions.base_session_service import GetSessionConfig
from google.genai import types
from late import Late

from adk_nb.exceptions import AdkNbError
from adk_nb.serve import store as store_module
from adk_nb.serve.store import Store, is_lost

services = Late("google.adk.sessions")

NAMES = {"app_name": "app", "user_id": "ada", "session_id": "monday"}
KEY = ("app", "ada", "monday")


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(store_module, "RETRY_S", 0.01)


class Lossy:
    """Makes a service fail while it is lost."""

    def __init__(self, service):
        self.service, self.lost, self.asked = service, False, 0
        for name in (
            "get_session",
            "create_session",
            "append_event",
            "list_sessions",
        ):
            setattr(service, name, self._wrapped(getattr(service, name)))

    def _wrapped(self, function):
        async def call(*args, **options):
            self.asked += 1
            if self.lost:
                raise ConnectionRefusedError("no route")
            return await function(*args, **options)

        return call


@pytest.fixture(params=["memory", "database"])
async def lossy(request, tmp_path):
    if request.param == "memory":
        yield Lossy(InMemorySessionService())
        return
    service = services.DatabaseSessionService(f"sqlite+aiosqlite:///{tmp_path}/talk.db")
    yield Lossy(service)
    await service.close()


def said(text, author="user", **state):
    content = types.Content(role="user", parts=[types.Part(text=text)])
    return Event(author=author, content=content, actions=EventActions(state_delta=state))


def texts(session):
    return [event.content.parts[0].text for event in session.events]


async def stored(lossy):
    return await type(lossy.service).get_session(lossy.service, **NAMES)


async def until_written(store):
    assert await store.settle(60) == 0


async def test_what_is_said_while_the_store_is_gone_is_written_when_it_is_back(lossy):
    store = Store(lossy.service)
    run = await store.create_session(**NAMES)
    await store.append_event(run, said("one"))
    lossy.lost = True
    await store.append_event(run, said("two", colour="red"))
    await store.append_event(run, said("three"))
    assert texts(run) == ["one", "two", "three"]
    again = await store.get_session(**NAMES)  # A run that begins meanwhile.
    assert texts(again) == ["one", "two", "three"]
    assert again.state["colour"] == "red"
    await store.append_event(again, said("four"))
    assert await store.problem()
    lossy.lost = False
    await until_written(store)
    assert await store.problem() == ""
    kept = await stored(lossy)
    assert texts(kept) == ["one", "two", "three", "four"]
    assert kept.state["colour"] == "red"
    await store.append_event(again, said("five"))  # The run goes on with the object that it has.
    assert texts(await stored(lossy))[-1] == "five"


async def test_a_conversation_that_was_new_when_the_store_went(lossy):
    store = Store(lossy.service)
    assert await store.get_session(**NAMES) is None
    lossy.lost = True
    assert await store.get_session(**NAMES) is None
    run = await store.create_session(**NAMES)
    await store.append_event(run, said("one"))
    lossy.lost = False
    await until_written(store)
    assert texts(await stored(lossy)) == ["one"]


async def test_a_conversation_that_was_made_while_the_store_was_gone_for_a_moment(lossy):
    store = Store(lossy.service)
    assert await store.get_session(**NAMES) is None
    lossy.lost = True
    run = await store.create_session(**NAMES)
    lossy.lost = False
    await store.append_event(run, said("one"))
    await store.append_event(run, said("two"))
    assert texts(await stored(lossy)) == ["one", "two"]


@pytest.mark.parametrize("lost", [False, True])
async def test_pieces_that_are_said_again_as_a_whole_are_not_kept(lossy, lost):
    store = Store(lossy.service)
    run = await store.create_session(**NAMES)
    lossy.lost, asked = lost, lossy.asked
    piece = said("on")
    piece.partial = True
    assert await store.append_event(run, piece) is piece
    assert (lossy.asked, store.waiting, run.events) == (asked, 0, [])
    lossy.lost = False
    await store.append_event(run, said("one"))
    assert texts(await stored(lossy)) == ["one"]


async def test_a_run_goes_on_where_it_was_when_the_store_is_back(lossy):
    store = Store(lossy.service)
    run = await store.create_session(**NAMES)
    lossy.lost = True
    for text in ("one", "two"):
        await store.append_event(run, said(text, n=text))
    assert (store.waiting, texts(run), run.state["n"]) == (2, ["one", "two"], "two")
    assert texts(await store.get_session(**NAMES)) == ["one", "two"]
    lossy.lost = False
    await until_written(store)
    before = lossy.asked
    await store.append_event(run, said("three"))
    assert lossy.asked == before + 1  # Nothing had to be read again.
    assert texts(run) == ["one", "two", "three"] == texts(await stored(lossy))


async def test_what_is_not_open_here_cannot_be_opened_while_the_store_is_gone(lossy):
    store = Store(lossy.service)
    lossy.lost = True
    with pytest.raises(AdkNbError, match="ConnectionRefusedError"):
        await store.get_session(**NAMES)
    with pytest.raises(AdkNbError, match="ConnectionRefusedError"):
        await store.create_session(**NAMES)


async def test_an_event_whose_answer_was_lost_is_not_written_twice(lossy):
    store = Store(lossy.service)
    run = await store.create_session(**NAMES)
    write = lossy.service.append_event

    async def unanswered(session, event):
        copy = session.model_copy(deep=True)
        await write(copy, event)
        lossy.service.append_event = write
        raise ConnectionResetError("gone")

    lossy.service.append_event = unanswered
    await store.append_event(run, said("one"))
    await store.append_event(run, said("two"))
    await until_written(store)
    assert texts(await stored(lossy)) == ["one", "two"]


async def test_an_event_that_is_refused_keeps_no_other_from_being_written(lossy, caplog):
    store = Store(lossy.service)
    run = await store.create_session(**NAMES)
    lossy.lost = True
    bad, good = said("bad"), said("good")
    await store.append_event(run, bad)
    await store.append_event(run, good)
    write = lossy.service.append_event

    async def choosy(session, event):
        if event.id == bad.id:
            raise KeyError("no such column")
        return await write(session, event)

    lossy.service.append_event = choosy
    lossy.lost = False
    await until_written(store)
    assert texts(await stored(lossy)) == ["good"]
    assert "monday is not stored" in caplog.text


async def test_a_store_that_does_not_answer_counts_as_gone(monkeypatch):
    monkeypatch.setattr(store_module, "ANSWER_S", 0.05)
    service = InMemorySessionService()
    store = Store(service)
    run = await store.create_session(**NAMES)
    write, silent = service.append_event, asyncio.Event()

    async def waits(session, event):
        await silent.wait()
        return await write(session, event)

    service.append_event = waits
    await store.append_event(run, said("one"))
    assert (texts(run), store.waiting) == (["one"], 1)
    silent.set()
    await until_written(store)


async def test_a_conversation_that_went_on_elsewhere_is_read_again(lossy):
    here, there = Store(lossy.service), Store(lossy.service)
    run = await here.create_session(**NAMES)
    await here.append_event(run, said("one"))
    assert not await here.has_more(KEY)
    other = await there.get_session(**NAMES)
    await there.append_event(other, said("two"))
    assert await here.has_more(KEY)
    await here.append_event(run, said("three"))
    assert texts(await stored(lossy)) == ["one", "two", "three"]


async def test_nothing_overtakes_what_waits_to_be_written(lossy, monkeypatch):
    store = Store(lossy.service)
    run = await store.create_session(**NAMES)
    monkeypatch.setattr(store_module, "RETRY_S", 1000)
    lossy.lost = True
    one, two = said("one"), said("two")
    assert await store.append_event(run, one) is one
    lossy.lost, asked = False, lossy.asked
    assert await store.append_event(run, two) is two
    assert texts(await store.get_session(**NAMES)) == ["one", "two"]
    assert (store.waiting, lossy.asked) == (2, asked)  # It is not asked before its time.
    assert store._kept[KEY].held == [run]
    assert not await store.has_more(KEY)
    await store.close()


async def test_an_open_conversation_outlives_one_loss_after_the_other(lossy):
    store = Store(lossy.service)
    run = await store.create_session(**NAMES)
    for text in ("one", "two"):
        lossy.lost = True
        await store.append_event(run, said(text))
        lossy.lost = False
        await until_written(store)
    lossy.lost = True
    assert texts(await store.get_session(**NAMES)) == ["one", "two"]


async def test_a_part_of_a_session_does_not_take_the_place_of_the_whole(lossy):
    store = Store(lossy.service)
    run = await store.create_session(**NAMES)
    for text in ("one", "two"):
        await store.append_event(run, said(text))
    newest = GetSessionConfig(num_recent_events=1)
    assert texts(await store.get_session(**NAMES, config=newest)) == ["two"]
    lossy.lost = True
    assert texts(await store.get_session(**NAMES)) == ["one", "two"]


async def test_a_conversation_that_is_closed_is_forgotten_when_it_is_written(lossy):
    store = Store(lossy.service)
    run = await store.create_session(**NAMES)
    lossy.lost = True
    await store.append_event(run, said("one"))
    store.forget(KEY)
    lossy.lost = False
    await until_written(store)
    assert store._kept == {}
    asked = lossy.asked
    assert texts(await store.get_session(**NAMES)) == ["one"]
    assert lossy.asked == asked + 1
    store.forget(KEY)
    lossy.lost = True
    with pytest.raises(AdkNbError, match="ConnectionRefusedError"):
        await store.get_session(**NAMES)


@pytest.mark.parametrize("error", [KeyError("no such column"), ValueError("no such author")])
async def test_what_is_refused_is_no_loss(lossy, error):
    store = Store(lossy.service)
    run = await store.create_session(**NAMES)
    asked = []

    async def refuses(session, event):
        asked.append(event)
        raise error

    lossy.service.append_event = refuses
    with pytest.raises(type(error)):
        await store.append_event(run, said("one"))
    assert (store.waiting, len(asked)) == (0, 1)


def failed(name, sqlstate=""):
    error = type(name, (Exception,), {})("no")
    error.orig = SimpleNamespace(sqlstate=sqlstate)
    return error


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (failed("OperationalError"), True),
        (failed("InterfaceError"), True),
        (failed("DBAPIError", "57P03"), True),  # PostgreSQL starts.
        (failed("DBAPIError", "08006"), True),
        (failed("ProgrammingError", "42703"), False),
        (failed("IntegrityError", "23505"), False),
        (ValueError("stale session"), False),
    ],
)
def test_which_errors_say_that_a_store_is_gone(error, lost):
    assert is_lost(error) is lost


async def test_the_rest_of_what_adk_asks(lossy):
    store = Store(lossy.service)
    await store.create_session(**NAMES)
    assert [one.id for one in (await store.list_sessions(app_name="app")).sessions] == ["monday"]
    partial = said("one")
    partial.partial = True
    assert await store.append_event(await store.get_session(**NAMES), partial) is partial
    await store.delete_session(**NAMES)
    assert await store.get_session(**NAMES) is None
    await store.close()
