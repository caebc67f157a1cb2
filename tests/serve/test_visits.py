"""Who has a session of a server, for how long, and how it ends: with sessions that only note it."""

from __future__ import annotations

import asyncio
import re
import threading
from types import SimpleNamespace

import pytest
from google.adk.agents import Agent

from adk_nb.exceptions import AgentError, BusyError
from adk_nb.serve import visits as module
from adk_nb.serve.passes import Pass, Passes
from adk_nb.serve.visitors import MODEL_TOLD, for_visitors
from adk_nb.serve.visits import Visit, Visits
from adk_nb.wire import protocol

AGENT = Agent(name="a", model="m")
SECRET = "one secret that all the instances share"


class Session:
    """A session that notes what it is told."""

    made: list[Session]

    def __init__(self, agent, *, user_id="u", session_id="s", app_name="app", **options):
        self.agent, self.options, self.id = agent, options, session_id
        self.all_histories = SimpleNamespace(app_name=app_name, user_id=user_id)
        self.secrets, self.visitors, self.watchers, self.dismissed = [], [], [], []
        self.log = SimpleNamespace(keep_secret=self.secrets.append)
        self.pages = SimpleNamespace(watch=self.watchers.append, detach=self.dismissed.append)
        self.turns, self.status, self.started = [], "ready", False
        Session.made.append(self)

    def receive_visitors(self, *how):
        self.visitors.append(how)

    def start(self):
        self.started = True
        return self

    def close(self):
        self.status = "closed"


class Line:
    def __init__(self):
        self.closed = []

    def close(self, *why):
        self.closed.append(why)


class Store:
    """A store that notes what it is asked; `more` is whether a conversation went on elsewhere."""

    def __init__(self):
        self.more, self.left, self.forgotten, self.ended = False, 0, [], []

    async def has_more(self, key):
        self.ended.append(("asked", key))
        return self.more

    def forget(self, key):
        self.forgotten.append(key)

    async def settle(self, limit_s):
        self.ended.append(("settle", limit_s))
        return self.left

    async def close(self):
        self.ended.append("close")


class Clock:
    now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
async def make(monkeypatch):
    """`make(most=2, **options)` makes the visits of a server; they end with the test."""
    monkeypatch.setattr(module, "LiveSession", Session)
    monkeypatch.setattr(Session, "made", [], raising=False)
    made = []

    def make(agent=AGENT, *, most=3, store=None, **options):
        counted = []
        metrics = SimpleNamespace(follow=counted.append)
        one = Visits(agent, options, most=most, metrics=metrics, passes=Passes(SECRET), store=store)
        one.counted = counted
        made.append(one)
        return one

    yield make
    for one in made:
        await one.drain(0)


def turn(*, ended):
    return SimpleNamespace(ended=ended)


@pytest.mark.parametrize(("reached", "keep_s"), [(False, 15.0), (True, 60.0)])
def test_how_long_a_page_is_waited_for(clock, reached, keep_s):
    visit = Visit(Session(AGENT), ("app", "u", "s"), left_at=clock.now, reached=reached)
    clock.now += keep_s
    assert not visit.is_left
    clock.now += 0.001
    assert visit.is_left
    visit.pages[Line()] = "page"
    assert not visit.is_left


@pytest.fixture(autouse=True)
def _no_sessions(monkeypatch):
    monkeypatch.setattr(Session, "made", [], raising=False)


@pytest.mark.parametrize(
    ("turns", "status", "speaks"),
    [
        ([], "ready", False),
        ([], "speaking", True),
        ([turn(ended=True)], "ready", False),
        ([turn(ended=True)], "speaking", True),
        ([turn(ended=False)], "ready", True),
        ([turn(ended=False), turn(ended=True)], "ready", False),
    ],
)
def test_a_turn_is_under_way_where_somebody_looks_at_it(turns, status, speaks):
    session = Session(AGENT)
    session.turns, session.status = turns, status
    visit = Visit(session, ("app", "u", "s"))
    assert visit.speaks is False
    visit.pages[Line()] = "page"
    assert visit.speaks is speaks


async def test_a_session_is_opened_with_the_options_and_counted(make):
    visits = make(voice="Puck", app_name="dice")
    visit = await visits.open(user_id="ada", session_id="monday")
    [session] = Session.made
    assert visit.session is session
    assert (visit.key, session.options) == (("dice", "ada", "monday"), {"voice": "Puck"})
    assert (session.agent, session.started) == (AGENT, True)
    assert session.visitors == [(for_visitors, MODEL_TOLD)]
    assert (visits.counted, len(visits), visits.kept) == ([session], 1, False)


async def test_no_more_sessions_are_opened_than_there_may_be(make, monkeypatch):
    visits = make(most=2)
    assert visits.why_not == ""
    starting, go = threading.Event(), threading.Event()
    started = Session.start

    def start(self):
        starting.set()
        assert go.wait(60)
        return started(self)

    monkeypatch.setattr(Session, "start", start)
    first = asyncio.ensure_future(visits.open())
    await asyncio.to_thread(starting.wait, 60)
    assert (len(visits), visits.why_not) == (1, "")  # One that is being opened counts.
    second = asyncio.ensure_future(visits.open())
    await asyncio.sleep(0)
    assert visits.why_not == "All 2 sessions are taken."
    with pytest.raises(BusyError, match="All 2 sessions are taken") as error:
        await visits.open()
    assert error.value.remedy
    go.set()
    await visits.close(await first)
    await second
    assert (len(visits), visits.why_not) == (1, "")


async def test_a_session_that_cannot_be_opened_takes_no_place(make, caplog):
    def make_none():
        raise LookupError("secret words")

    visits = make(make_none)
    with pytest.raises(AgentError):
        await visits.open()
    assert len(visits) == 0
    assert [one.getMessage() for one in caplog.records] == [
        "The agent cannot be made: LookupError."
    ]
    assert "secret words" in caplog.text


async def test_a_page_comes_back_to_its_session_with_its_pass(make):
    visits = make()
    visit, shown = await visits.open_for_page()
    assert re.fullmatch(r"visitor-[0-9a-f]{16}", visit.key[1])
    assert re.fullmatch(r"[0-9a-f]{32}", visit.key[2])
    assert Passes(SECRET).read(shown) == Pass(*visit.key[1:])
    assert visit.session.secrets == [shown.partition(".")[2]]
    assert await visits.find(shown) is visit
    assert await visits.open_for_page(shown) == (visit, shown)
    assert await visits.find("x.y") is None
    other, fresh = await visits.open_for_page("x.y")
    assert other is not visit
    assert fresh != shown
    assert len(visits) == 2


async def test_a_user_that_the_options_name_has_all_sessions(make):
    visit, shown = await make(user_id="ada").open_for_page()
    assert visit.key[1] == Passes(SECRET).read(shown).user == "ada"


async def test_without_a_store_a_conversation_that_is_closed_is_gone(make):
    visits = make()
    visit, shown = await visits.open_for_page()
    await visits.close(visit)
    await visits.close(visit)  # Once.
    assert visit.session.status == "closed"
    assert await visits.find(shown) is None
    assert len(visits) == 0


async def test_from_a_store_a_conversation_is_opened_once_however_many_come(make):
    visits = make(store=Store())
    shown = Passes(SECRET).make(Pass("ada", "monday"))
    found = await asyncio.gather(*(visits.find(shown) for _ in range(3)))
    assert found == [found[0]] * 3
    assert (found[0].key, len(Session.made)) == (("app", "ada", "monday"), 1)
    assert await visits.find(shown) is found[0]
    assert visits.kept


async def test_a_conversation_that_went_on_elsewhere_is_opened_anew(make):
    store = Store()
    visits = make(store=store)
    visit, shown = await visits.open_for_page()
    visit.pages[Line()] = "page"
    store.more = True
    assert await visits.find(shown) is visit  # Somebody looks at it.
    visit.pages.clear()
    again = await visits.find(shown)
    assert again is not visit
    assert (again.key, visit.session.status) == (visit.key, "closed")
    await asyncio.wrap_future(
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), visits.bridge.loop)
    )
    assert store.forgotten == [visit.key]
    assert store.ended == [("asked", visit.key)]
    assert await visits._is_elsewhere(again)


async def test_a_visit_is_kept_while_one_of_its_connections_is_open(make, clock):
    visits = make()
    visit = await visits.open()
    lines = Line(), Line()
    with visits.connected(visit, lines[0], "one"):
        assert visit.reached
        with visits.connected(visit, lines[1], "two"):
            assert list(visit.pages.values()) == ["one", "two"]
        clock.now += 5
        assert list(visit.pages.values()) == ["one"]
    assert (visit.pages, visit.left_at) == ({}, 1005.0)


async def test_who_is_gone_and_what_has_ended_is_closed(make, clock, monkeypatch):
    monkeypatch.setattr(module, "_SWEEP_S", 0.001)
    visits = make()
    gone, ended, stays = [await visits.open(session_id=str(n)) for n in range(3)]
    gone.left_at, ended.left_at, stays.left_at = clock.now - 16, clock.now, clock.now
    ended.session.status = "closed"
    while len(visits) > 1:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    assert [one.session.status for one in (gone, ended, stays)] == ["closed", "closed", "ready"]
    stays.left_at -= 16
    while visits._sweeper is not None:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    assert len(visits) == 0
    assert (await visits.open()).session.status == "ready"
    assert visits._sweeper is not None


async def test_one_sweeper_is_enough_and_it_ends_with_the_server(make):
    visits = make()
    first = await visits.open()
    sweeper = visits._sweeper
    second = await visits.open()
    assert visits._sweeper is sweeper
    assert [(one.reached, one.draining, one.leaving) for one in (first, second)] == [
        (False, False, False)
    ] * 2
    await visits.drain(1)
    await asyncio.wait([sweeper])
    assert sweeper.cancelled()


# --- the end of a server


async def test_a_server_that_ends_closes_idle_sessions_and_sends_their_pages_elsewhere(make):
    store = Store()
    visits = make(store=store)
    visit = await visits.open()
    line = Line()
    visit.pages[line] = "page"
    bridge = visits.bridge
    await visits.drain(30)
    assert (visit.draining, visit.leaving) == (True, True)
    assert visit.session.dismissed == ["page"]
    assert visit.session.status == "closed"
    assert line.closed == [(1012, "the server is about to end")]
    assert store.ended == [("settle", 5.0), "close"]
    assert visits.why_not == "The server is about to end."
    with pytest.raises(BusyError, match="about to end"):
        await visits.open()
    assert visits.bridge is not bridge or not bridge.alive


@pytest.mark.parametrize("ends", [True, False])
async def test_a_turn_under_way_may_end_within_the_limit(make, clock, monkeypatch, ends):
    monkeypatch.setattr(module, "_POLL_S", 0.001)
    visits = make()
    visit = await visits.open()
    line = Line()
    visit.pages[line] = "page"
    visit.session.turns = [turn(ended=False)]
    draining = asyncio.ensure_future(visits.drain(30))
    while not visit.session.watchers:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.01)
    assert (visit.draining, visit.leaving, draining.done()) == (True, False, False)
    [told] = visit.session.watchers
    told(protocol.TurnState(1, "started"))
    told(protocol.State("ready"))
    assert not visit.leaving
    if ends:
        visit.session.turns[-1].ended = True
        told(protocol.State("ready"))
        assert not visit.leaving
        told(protocol.TurnState(1, "complete"))
        assert visit.leaving
    else:
        clock.now += 30
    await asyncio.wait_for(draining, 60)
    assert (visit.session.status, len(line.closed)) == ("closed", 1)


async def test_a_turn_that_what_was_read_before_begins_may_end_too(make, monkeypatch):
    monkeypatch.setattr(module, "_POLL_S", 0.001)
    visits, caught = make(), []
    visit = await visits.open()
    visit.pages[Line()] = "page"

    async def caught_up():
        caught.append(visit.session.status)
        if len(caught) == 1:
            visit.session.turns = [turn(ended=False)]

    monkeypatch.setattr(module, "_caught_up", caught_up)
    draining = asyncio.ensure_future(visits.drain(60))
    while not visit.session.turns:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.01)
    assert (caught, draining.done()) == (["ready"], False)
    visit.session.turns[-1].ended = True
    await asyncio.wait_for(draining, 60)
    assert caught == ["ready", "ready"]


async def test_what_is_left_unwritten_is_in_the_log(make, caplog):
    store = Store()
    visits = make(store=store)
    await visits.open()
    store.left = 3
    await visits.drain(1)
    assert "The session store is gone: 3 events are not written." in caplog.messages


async def test_plugins_are_closed_at_the_end_and_one_that_fails_is_named(make, caplog):
    closed = []

    class Plugin:
        def __init__(self, name):
            self.name = name

        async def close(self):
            closed.append(self.name)
            if self.name == "bad":
                raise RuntimeError("no")

    def agent():
        return AGENT

    agent.plugins = [Plugin("bad"), Plugin("good")]
    visits = make(agent)
    await visits.drain(1)
    assert closed == []  # Nothing was opened, so nothing runs.
    _ = visits.bridge
    await visits.drain(1)
    assert closed == ["bad", "good"]
    assert caplog.messages == ["The plugin 'bad' could not be closed."]
