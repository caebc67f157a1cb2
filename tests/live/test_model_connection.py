"""The run of ADK's runner and its connection: begun, lost, made again, replaced and ended.

What ADK does in a run is played by the test; the models of sessions are in `test_session.py`.
"""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace

import pytest
from google.adk.agents import Agent
from google.adk.agents.run_config import RunConfig
from google.adk.plugins.base_plugin import BasePlugin
from google.genai import types
from google.genai.errors import APIError
from played_runner import HISTORIES, PlayedRunner, configure
from scripted import Scripted, echo

from adk_nb.adk.request_queue import RequestQueue
from adk_nb.exceptions import AdkNbError, ModelError, SessionClosedError
from adk_nb.live import adk_runner, model_connection, model_loading, retries
from adk_nb.live.link import Link
from adk_nb.live.model_connection import LiveRun
from adk_nb.live.tool_calls import ToolCalls

LOST = ConnectionError("It was reset.")


class Owner:
    """Keeps what it is told, in its order."""

    def __init__(self):
        self.told = []
        self.awaited = False

    def __getattr__(self, name):
        if not name.startswith("run_"):
            raise AttributeError(name)

        def tell(*args, **options):
            errors = [one.message if isinstance(one, AdkNbError) else one for one in args]
            self.told.append((name.removeprefix("run_"), *errors, *options.values()))

        return tell

    def run_awaited(self):
        return self.awaited

    async def run_ended(self):
        self.told.append(("ended",))

    def take(self):
        told, self.told = self.told, []
        return told


class Run(LiveRun):
    """Its runs are what the test puts into `plays`: functions of the queue."""

    def __init__(self, *plays):
        self.owner = Owner()
        self.plays = list(plays)
        self.ended = 0
        super().__init__(
            Agent(name="first", model=Scripted(echo)),
            self.owner,
            SimpleNamespace(run_over=self.run_over),
            configure=lambda _model: RunConfig(),
            histories=SimpleNamespace(),
        )

    def run_over(self):
        self.ended += 1

    async def _converse(self, queue):
        await self.plays.pop(0)(self, queue)


def connects(then=None, *, answers=False, for_s=0.0):
    """A run in which a model takes from the queue, and that ends with an error or without one."""

    async def play(run, queue):
        sender = asyncio.create_task(_takes(queue))
        await asyncio.sleep(0.01)
        if answers:
            run._retries.attempts, run._told_anything = 0, True
        await asyncio.sleep(for_s)
        sender.cancel()
        if then is not None:
            raise then

    return play


async def _takes(queue):
    while True:
        await queue.get()


async def goes_on(run, queue):
    """A run that goes on until it is cancelled."""
    await connects(for_s=1000)(run, queue)


async def hangs(_run, _queue):
    """A run in which no model is reached."""
    await asyncio.sleep(1000)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(retries, "_BACK_OFF_S", (0.0, 0.0, 0.0))


@pytest.fixture
async def run():
    begun = []

    def begin(*plays):
        begun.append(Run(*plays))
        begun[-1].start()
        return begun[-1]

    yield begin
    for one in begun:
        await one.stop()


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - of many things that have no event
            await asyncio.sleep(0.001)


async def test_a_run_connects_and_is_ended_with_the_session(run):
    one = run(goes_on)
    assert one.link is Link.IDLE
    await one.connected(30)
    assert one.link is Link.CONNECTED
    assert one.loaded.is_set()
    assert one.owner.take() == [("begins",), ("connected", None)]
    await one.stop()
    assert one.link is Link.STOPPED
    assert one.owner.take() == []


async def test_a_run_that_ends_leaves_the_next_turn_to_begin_another(run):
    one = run(connects(), goes_on)
    await until(lambda: one.queue is None)
    await until(lambda: one.link is Link.IDLE)
    assert one.owner.take() == [("begins",), ("connected", None), ("ended",)]
    assert one.ended == 1
    first = one.want()
    assert one.want() is first
    await one.connected(30)
    assert one.owner.take() == [("begins",), ("connected", None)]


async def test_a_lost_connection_is_made_again_on_the_same_queue(run):
    one = run(connects(LOST, answers=True), goes_on)
    queue = one.queue
    await until(lambda: ("connected", False) in one.owner.told)
    assert one.queue is queue
    assert one.link is Link.CONNECTED
    explained = "The connection to the model was lost."
    told = one.owner.take()
    assert [one[0] for one in told] == [
        "begins", "connected", "lost", "ended", "begins", "connected",
    ]  # fmt: skip
    assert (told[1], told[5]) == (("connected", None), ("connected", False))
    assert explained.partition(" ")[0] in told[2][1]


async def test_a_connection_that_is_lost_again_and_again_fails_at_last(run):
    one = run(*[connects(LOST)] * 4)
    await until(lambda: one.queue is None)
    kinds = [told[0] for told in one.owner.take()]
    assert kinds.count("lost") == 3
    assert kinds.count("failed") == 1
    assert one.plays == []


async def test_a_connection_that_was_given_up_is_made_anew_by_the_next_turn(run):
    one = run(*[connects(LOST)] * 4, connects(LOST), goes_on)
    await until(lambda: one.queue is None and one.link is Link.IDLE)
    one.owner.take()
    one.want()
    await until(lambda: not one.plays and one.link is Link.CONNECTED)
    kinds = [told for told in one.owner.take() if told[0] in ("connected", "lost", "failed")]
    assert [kind for kind, *_ in kinds] == ["connected", "lost", "connected"]
    assert (kinds[0], kinds[2]) == (("connected", None), ("connected", False))


async def test_between_two_attempts_it_is_dialing(run):
    one, links = run(connects(LOST, answers=True), goes_on), []

    async def ended():
        links.append(one.link)

    one.owner.run_ended = ended
    await until(lambda: not one.plays and one.link is Link.CONNECTED)
    assert links == [Link.DIALING]


async def test_answers_between_losses_let_it_try_on(run):
    one = run(*[connects(LOST, answers=True)] * 6, goes_on)
    await until(lambda: not one.plays and one.link is Link.CONNECTED)
    kinds = [told[0] for told in one.owner.take()]
    assert kinds.count("lost") == 6
    assert "failed" not in kinds


@pytest.mark.parametrize("error", [ValueError("odd"), RuntimeError("quota")])
async def test_what_is_no_loss_fails_at_once(run, error):
    one = run(connects(error, answers=True))
    await until(lambda: one.queue is None)
    await until(lambda: one.link is Link.IDLE)
    assert [told[0] for told in one.owner.take()] == ["begins", "connected", "failed", "ended"]


async def test_a_refusal_before_anything_was_connected_is_no_loss(run):
    async def refused(_run, _queue):
        raise LOST

    one = run(refused)
    await until(lambda: one.queue is None)
    assert [told[0] for told in one.owner.take()][:2] == ["begins", "failed"]


async def test_a_model_that_ends_before_it_began_has_failed(run):
    async def ends(_run, _queue):
        return

    one = run(ends)
    await until(lambda: one.queue is None)
    assert one.owner.take()[1] == ("failed", "The model ended the conversation before it began.")


async def test_a_run_that_ends_before_it_began_has_failed_whatever_came_before(run):
    async def ends(_run, _queue):
        return

    one = run(connects(answers=True), ends)
    await until(lambda: one.link is Link.IDLE and one.queue is None)
    one.owner.take()
    one.want()
    await until(lambda: ("ended",) in one.owner.told)
    assert [told[0] for told in one.owner.take()] == ["begins", "failed", "ended"]


async def test_what_was_said_as_a_run_ended_is_sent_once_more(run):
    async def leaves(run, queue):
        await connects(answers=True)(run, queue)
        queue.send_text("hello")

    one = Run(leaves, leaves)
    one.owner.awaited = True
    one.start()
    await until(lambda: one.queue is None)
    assert [told[0] for told in one.owner.take()].count("begins") == 2  # And not for ever.
    assert one.plays == []
    await one.stop()


async def test_where_nobody_waits_nothing_is_sent_once_more(run):
    async def leaves(run, queue):
        await connects(answers=True)(run, queue)
        queue.send_text("hello")

    one = run(leaves)
    await until(lambda: one.queue is None)
    assert [told[0] for told in one.owner.take()].count("begins") == 1


async def test_a_model_that_is_not_reached_in_time_is_told(run, monkeypatch):
    monkeypatch.setattr(model_connection, "_CONNECT_S", 0.05)
    one = run(hangs)
    await until(lambda: one.queue is None)
    assert ("failed", "The model was not connected within 0.05 s.") in one.owner.take()
    await until(lambda: one.link is Link.IDLE)


async def test_a_connected_model_is_not_overdue(run, monkeypatch):
    monkeypatch.setattr(model_connection, "_CONNECT_S", 0.05)
    one = run(goes_on)
    await asyncio.sleep(0.2)
    assert one.link is Link.CONNECTED


async def test_who_waits_for_a_connection_has_one_made(run):
    one = run(connects(), goes_on)
    await until(lambda: one.queue is None and one.link is Link.IDLE)
    await one.connected(30)
    assert one.link is Link.CONNECTED


async def test_who_waits_for_a_connection_waits_no_longer_than_they_say(run):
    one = run(hangs)
    began = asyncio.get_running_loop().time()
    await one.connected(0.05)
    assert 0.04 < asyncio.get_running_loop().time() - began < 5
    assert one.link is Link.DIALING


async def test_a_service_that_ends_each_connection_at_once_is_given_up(run):
    dialled = []

    async def dials(run, queue):
        for _ in range(20):
            dialled.append(True)
            await connects()(run, queue)

    one = run(dials)
    await until(lambda: one.queue is None)
    told = one.owner.take()
    assert told.count(("connected", True)) == retries._REDIALS - 1
    assert ("failed", "The model's service ends each connection at once.") in told
    assert len(dialled) < 20  # It was ended, and has not ended by itself.


async def test_a_run_can_be_failed_and_dialled_anew(run):
    one = run(goes_on, goes_on)
    await one.connected(30)
    one.redial(ModelError("It was silent."))
    await until(lambda: ("connected", False) in one.owner.told)
    assert ("lost", "It was silent.") in one.owner.take()
    one.fail(ModelError("Enough."))
    await until(lambda: ("ended",) in one.owner.told)
    assert one.owner.take() == [("failed", "Enough."), ("ended",)]
    one.fail(ModelError("Too late."))
    one.redial(ModelError("Too late."))
    await asyncio.sleep(0.01)
    assert one.owner.take() == []


async def test_a_loss_within_a_run_is_told_and_another_error_ends_it(run):
    one = run(goes_on)
    await one.connected(30)
    one.owner.take()
    one.queue_left(one.queue, LOST)
    one.queue_left(one.queue, None)
    one.queue_left(object(), LOST)  # Of an earlier queue.
    assert one.owner.take() == [("lost", None)] * 2
    one.queue_left(one.queue, ValueError("odd"))
    await until(lambda: one.queue is None)


async def test_what_a_model_takes_and_answers_is_handed_on(run):
    one = run(goes_on)
    await one.connected(30)
    one.owner.take()
    content = types.Content(parts=[])
    one.queue_answered(content)
    one.queue_told(content)
    assert one.owner.take() == [("streamed", content), ("told", content)]


# Another agent.


async def swapped(one, agent, log, speech=(), leave=None):
    async def entered():
        log.append(("enter", one.link))

    async def left():
        log.append(("leave", one.link))

    await one.swap(agent, entered, leave or left, speech)


async def test_an_agent_is_replaced_when_the_earlier_run_has_ended(run):
    one = run(goes_on, goes_on)
    await one.connected(30)
    one.owner.take()
    other, log = Agent(name="other", model=Scripted(echo)), []
    await swapped(one, other, log, [b"\1\0", b"\2\0"])
    assert log == [("enter", Link.LEAVING)]
    assert (one.agent, one.link) == (other, Link.CONNECTED)
    assert one.owner.take() == [("ended",), ("begins",), ("connected", None)]


async def test_what_was_said_waits_for_the_new_agent(run):
    taken = []

    async def takes(run, queue):
        sender = asyncio.create_task(keep(queue))
        await asyncio.sleep(1000)
        sender.cancel()

    async def keep(queue):
        while True:
            request = await queue.get()
            taken.append(request.blob.data if request.blob else request.content.parts[0].text)

    one = run(goes_on, takes)
    await one.connected(30)
    await swapped(one, Agent(name="other", model=Scripted(echo)), [], [b"\1\0", b"\2\0"])
    await until(lambda: len(taken) == 2)
    assert taken == [b"\1\0", b"\2\0"]


async def test_where_the_new_agent_is_not_reached_the_earlier_one_goes_on(run):
    async def refused(_run, _queue):
        raise ValueError("no such model")

    one = run(goes_on, refused, goes_on)
    await one.connected(30)
    first, log = one.agent, []
    with pytest.raises(AdkNbError, match="no such model"):
        await swapped(one, Agent(name="other", model=Scripted(echo)), log)
    assert log == [("enter", Link.LEAVING), ("leave", Link.ROLLING_BACK)]
    assert one.agent is first
    await until(lambda: one.link is Link.CONNECTED)
    assert "failed" not in [told[0] for told in one.owner.take()]


async def test_a_swap_that_is_given_up_lets_the_earlier_agent_go_on(run):
    one = run(goes_on, hangs, goes_on)
    await one.connected(30)
    first, log = one.agent, []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await swapped(one, Agent(name="other", model=Scripted(echo)), log)
    assert (one.agent, log[-1]) == (first, ("leave", Link.ROLLING_BACK))
    await until(lambda: one.link is Link.CONNECTED)


async def test_a_session_that_is_closed_in_a_swap_stays_closed(run):
    one = run(goes_on, hangs)
    await one.connected(30)
    first = one.agent
    swap = asyncio.create_task(swapped(one, Agent(name="other", model=Scripted(echo)), []))
    await until(lambda: one.link is Link.ENTERING)
    await one.stop()
    with pytest.raises(SessionClosedError):
        await swap
    assert (one.link, one.agent) == (Link.STOPPED, first)


# What is loaded, and what is closed.


class Part:
    def __init__(self, error=None):
        self.error, self.loads = error, 0

    def warm_up(self):
        self.loads += 1
        if self.error is not None:
            raise self.error


@pytest.fixture
def cascade(monkeypatch):
    """An agent of a cascade of parts that the test makes."""

    def made(stt, tts, brain=None):
        model = SimpleNamespace(stt=stt, tts=tts)
        monkeypatch.setattr(model_loading, "cascades", lambda _agent: [model])
        monkeypatch.setattr(model_loading, "text_model", lambda _model: brain)
        return model

    return made


async def test_a_model_that_cannot_be_loaded_is_told_and_the_session_begins(cascade, run):
    cascade(Part(ValueError("broken")), Part())
    one = run(goes_on)
    await one.connected(30)
    assert one.owner.take()[0][0] == "failed"
    assert one.loaded.is_set()


async def test_frames_that_earlier_queues_dropped_count(run):
    one = run(connects(), goes_on)
    one.queue._bounded.dropped = 3
    await until(lambda: one.queue is None)
    assert one.dropped == 3
    one.want()._bounded.dropped = 2
    assert one.dropped == 5


# What ADK is asked for.


@pytest.fixture
async def whole(monkeypatch):
    """A run with ADK's runner replaced."""
    monkeypatch.setattr(adk_runner, "Runner", PlayedRunner)
    PlayedRunner.made.clear()
    owner = Owner()
    one = LiveRun(
        Agent(name="first", model=Scripted(echo)),
        owner,
        ToolCalls(owner),
        configure=configure,
        histories=HISTORIES,
        plugins=[BasePlugin(name="mine")],
    )
    one.owner = owner
    yield one
    await one.stop()


async def test_a_run_is_one_of_the_session_and_yields_its_events(whole):
    whole.start()
    await until(lambda: len(whole.owner.told) == 3)
    assert whole.owner.take() == [("begins",), ("event", "first"), ("event", "second")]
    (runner,) = PlayedRunner.made
    assert [plugin.name for plugin in runner.options["app"].plugins] == [
        "mine",
        "adk_nb_tool_calls",
    ]
    assert runner.options["app"].root_agent is whole.agent
    assert runner.asked["live_request_queue"] is whole.queue
    assert runner.knows is whole.owner
    await whole.stop()
    assert runner.closed


async def test_toolsets_are_closed_with_the_session(run, monkeypatch):
    closed = []

    async def close():
        closed.append(one.link)

    one = run(goes_on)
    monkeypatch.setattr(one.runner, "close", close)
    await one.stop()
    assert closed == [Link.STOPPED]


async def test_a_run_that_yields_and_ends_has_begun(whole, monkeypatch):
    monkeypatch.setattr(PlayedRunner, "run_live", lambda *_, **__: _only("first"))
    whole.start()
    await until(lambda: whole.queue is None)
    await until(lambda: ("ended",) in whole.owner.told)
    assert whole.owner.take() == [("begins",), ("event", "first"), ("ended",)]


async def _only(event):
    yield event


async def test_what_is_missing_for_a_model_is_told_before_it_is_asked(whole, monkeypatch):
    problem = ModelError("There is no key.")
    monkeypatch.setattr(adk_runner.gemini, "problem", lambda _model: problem)
    whole.start()
    await until(lambda: whole.queue is None)
    assert whole.owner.take()[:2] == [("begins",), ("failed", "There is no key.")]
    assert PlayedRunner.made == []


async def test_what_adk_ignores_is_told_once_a_session(whole):
    whole.start()
    await until(lambda: len(whole.owner.told) == 3)
    whole.owner.take()
    for _ in range(2):
        whole._warned(AdkNbError("It is ignored.", code="ignored"))
    assert whole.owner.take() == [("warned", "It is ignored.")]


async def test_printing_is_the_processs_own_after_the_session(whole):
    before = sys.stdout
    whole.start()
    assert sys.stdout is not before
    whole.let_go()
    whole.let_go()  # It counts once.
    assert sys.stdout is before


async def test_a_run_that_was_never_started_is_ended_all_the_same():
    one = Run()
    await one.stop()
    assert one.link is Link.STOPPED


# When it is tried again.


REFUSED = APIError(1008, {"error": {"message": "Requested session is gone."}})


@pytest.mark.parametrize(
    ("error", "used", "attempts", "link", "again"),
    [
        (LOST, True, 0, Link.CONNECTED, True),
        (LOST, False, 0, Link.CONNECTED, False),
        (LOST, False, 1, Link.CONNECTED, True),
        (LOST, True, 3, Link.CONNECTED, False),
        (LOST, True, 0, Link.ENTERING, False),
        (LOST, True, 0, Link.STOPPED, False),
        (ValueError("odd"), True, 0, Link.CONNECTED, False),
        (REFUSED, True, 0, Link.CONNECTED, True),
        (REFUSED, False, 1, Link.CONNECTED, False),
    ],
)
async def test_after_which_errors_it_connects_again(error, used, attempts, link, again):
    one = Run()
    queue = one.want()
    queue._sender = asyncio.current_task() if used else None
    one._retries.attempts, one.link = attempts, link
    assert one._tries_again(queue, error) is again
    assert one._retries.attempts == attempts + again
    assert [told[0] for told in one.owner.take()] == ["lost"] * again
    assert not one._tries_again(RequestQueue(), LOST)  # Of a queue that nobody uses any more.


@pytest.mark.parametrize(
    ("why", "missed"),
    [
        ("it waits", True),
        ("nobody waits", False),
        ("only sound", False),
        ("nothing", False),
        ("stopped", False),
        ("another queue", False),
        ("asked before", False),
    ],
)
async def test_what_was_missed_is_a_text_that_somebody_waits_for(why, missed):
    one = Run()
    queue = one.want()
    one.owner.awaited = why != "nobody waits"
    if why == "only sound":
        queue.send_realtime(types.Blob(data=b"\0\0", mime_type="audio/pcm"))
    elif why != "nothing":
        queue.send_text("hello")
    one.link = Link.STOPPED if why == "stopped" else one.link
    one._retries._asked_again = queue if why == "asked before" else None
    if why == "another queue":
        one.queue = RequestQueue()
    assert one._missed_something(queue) is missed
    assert (one._retries._asked_again is queue) is (missed or why == "asked before")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Link.IDLE, Link.CONNECTED),
        (Link.DIALING, Link.CONNECTED),
        (Link.ENTERING, Link.ENTERING),
        (Link.ROLLING_BACK, Link.ROLLING_BACK),
        (Link.STOPPED, Link.STOPPED),
    ],
)
async def test_what_a_connection_makes_of_where_it_was(before, after):
    one = Run()
    one.link = before
    one.queue_taken(one.want(), again=False)
    assert one.link is after


@pytest.mark.parametrize(
    ("waits", "link", "told"),
    [
        ("a swap", Link.ENTERING, []),
        ("nobody", Link.CONNECTED, [("failed", "Gone.")]),
        ("a swap that was given up", Link.CONNECTED, [("failed", "Gone.")]),
        ("nobody", Link.STOPPED, []),
    ],
)
async def test_who_is_told_of_a_failure(waits, link, told):
    one, error = Run(), ModelError("Gone.")
    one.link = link
    if waits != "nobody":
        one._connecting = connecting = asyncio.get_running_loop().create_future()
    if waits == "a swap that was given up":
        connecting.cancel()
    one._failed(error)
    assert (one.owner.take(), one._connecting) == (told, None)
    if waits == "a swap":
        assert connecting.exception() is error


@pytest.mark.parametrize("attempts", [0, 2])
@pytest.mark.parametrize("again", [True, False])
async def test_whether_a_connection_was_resumed_is_told(attempts, again):
    one = Run()
    one._retries.attempts = attempts
    one.queue_taken(one.want(), again=again)
    assert one.owner.take() == [("connected", True if again else False if attempts else None)]


async def test_only_connections_in_a_row_are_too_many(run, monkeypatch):
    one = run(goes_on)
    await one.connected(30)
    one.owner.take()
    now = 1000.0
    monkeypatch.setattr(model_connection.time, "monotonic", lambda: now)
    for _ in range(20):
        now += 1.0
        one.queue_taken(one.queue, again=True)
    assert one.owner.take() == [("connected", True)] * 20


async def test_an_overdue_model_is_none_in_a_swap_and_none_that_has_answered(run):
    one = run(goes_on)
    await one.connected(30)
    one._overdue(one.queue)  # It is connected.
    unused = RequestQueue()
    one.link = Link.ENTERING
    one._overdue(unused)
    assert one._fails_with is None
    one.link = Link.CONNECTED
    one._overdue(unused)
    await until(lambda: one.queue is None)
    assert "was not connected" in str(one.owner.take())


async def test_who_waits_for_a_model_that_cannot_be_reached_does_so_no_longer(run):
    async def refused(_run, _queue):
        raise ValueError("no such model")

    one = run(refused)
    async with asyncio.timeout(30):
        await one.connected(1000)
    assert one.queue is None
