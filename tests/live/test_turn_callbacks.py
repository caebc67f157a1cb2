"""Waiting for turns, and callbacks."""

import asyncio
import contextvars
import subprocess
import sys
import threading
import time

import pytest
from google.adk.agents import Agent
from scripted import DONE, Scripted, audio, echo, said, text_of
from sessions import Page, attach, do, wait_for

from adk_nb import LiveSession
from adk_nb.exceptions import SessionClosedError, TurnTimeoutError
from adk_nb.live.turn_callbacks import TurnListeners, waits_for
from adk_nb.log.redaction import Redactor
from adk_nb.log.tool_call import ToolCall
from adk_nb.log.turn import Turn
from adk_nb.wire import protocol


def session():
    return LiveSession(Agent(name="tester", model=Scripted(echo)))


def say_when_it_waits(live, text):
    wait_for(lambda: live.session._listeners._waiting)
    live.say(text)


def test_a_cell_waits_for_the_next_turn():
    with session() as live:
        threading.Thread(target=say_when_it_waits, args=(live, "hello")).start()
        turn = live.wait_for_turn(timeout=60)
        assert (turn.user_text, turn.agent_text) == ("hello", "You said hello.")
        with pytest.raises(TurnTimeoutError, match=r"No turn was answered within 0\.1 s"):
            live.wait_for_turn(timeout=0.1)
        assert live.say("still there").agent_text == "You said still there."


@pytest.mark.parametrize(
    ("calls", "audio_ms", "what"),
    [
        ([], 0.0, "nothing has come of the model yet"),
        ([], 20.0, "the model is still answering"),
        ([ToolCall("a", "roll", {}), ToolCall("b", "flip", {})], 0.0,
         "the model's answer waits for roll, flip"),
        ([ToolCall("a", "roll", {}, ms=5.0)], 0.0, "the model is still answering"),
        ([ToolCall("a", "roll", {}), ToolCall("b", "delete", {}, question="sure?")], 0.0,
         "delete waits for a confirmation"),
    ],
)  # fmt: skip
def test_what_an_open_turn_waits_for_is_said(calls, audio_ms, what):
    assert waits_for(Turn(1, "dice", tool_calls=calls, audio_ms=audio_ms)) == what


async def test_a_turn_that_is_open_is_named_where_the_wait_is_over():
    turn = Turn(3, "dice")
    listeners = TurnListeners(lambda *_: None)
    with pytest.raises(TurnTimeoutError, match=r"In turn 3, nothing has come of the model yet"):
        await listeners.wait(0.01, lambda: turn)


async def test_the_async_twin():
    live = session().start()
    try:
        threading.Thread(target=say_when_it_waits, args=(live, "hello")).start()
        assert (await live.wait_for_turn_async(60)).user_text == "hello"
    finally:
        live.close()


def test_callbacks_get_every_turn_in_a_thread_of_their_own():
    with session() as live:
        got = []

        @live.on_turn
        def slow(turn):
            time.sleep(0.05)
            got.append((turn.index, threading.current_thread().name))

        async def quick(turn):
            got.append((turn.index, "async"))

        live.on_turn(quick)
        live.say("one")
        live.say("two")
        wait_for(lambda: len(got) == 4)
        assert sorted(index for index, _ in got) == [1, 1, 2, 2]
        assert not any("adk-nb-bridge" in name for _, name in got)
        live.on_turn(slow, remove=True)
        live.on_turn(quick, remove=True)
        last = []
        live.on_turn(last.append)
        live.say("three")
        wait_for(lambda: last)
        assert len(got) == 4


class Player(Page):
    """A page that has played a third of the answer, and says so a while after it is cut off."""

    def __init__(self, live):
        super().__init__()
        self.live = live

    def report(self, event, ms=0.0):
        self.live.pages.playback(protocol.Playback(event, 1, ms), page=self)

    def send_audio(self, turn, rate, pcm):
        super().send_audio(turn, rate, pcm)
        self.report("started")

    def send(self, message):
        super().send(message)
        if isinstance(message, protocol.TurnState) and message.state == "interrupted":
            asyncio.get_running_loop().call_later(0.1, self.report, "flushed", 1000.0)


def counts(came):
    return [audio(3000), said("One two three four five six."), 30, DONE] if text_of(came) else []


def test_what_was_heard_is_known_where_cells_read_it():
    with LiveSession(Agent(name="tester", model=Scripted(counts))) as live:
        do(live, live.pages.attach, Player(live))
        got = []
        live.on_turn(lambda turn: got.append((turn.heard_text, turn.heard_ms)))
        next_turn = live.bridge.submit(live.requests.wait_for_turn(60))
        next_turn.add_done_callback(lambda done: got.append((done.result().heard_text, "waited")))
        said_turn = live.bridge.submit(live.requests.say("count", 60, "heard"))
        said_turn.add_done_callback(lambda done: got.append((done.result().heard_text, "said")))
        wait_for(lambda: live.turns and live.turns[0].agent_text and live.turns[0].heard_t)
        live.interrupt()
        assert (live.turns[-1].heard_text, live.turns[-1].heard_ms) == ("One two", 1000.0)
        wait_for(lambda: len(got) == 3)
        assert sorted(got, key=str) == [
            ("One two", "said"), ("One two", "waited"), ("One two", 1000.0),
        ]  # fmt: skip


@pytest.mark.parametrize(
    "error",
    [ValueError("oops"), SystemExit("oops"), KeyboardInterrupt("oops"), StopIteration("oops")],
    ids=lambda error: type(error).__name__,
)
def test_a_callback_that_fails_is_told_and_the_next_is_called(error):
    with session() as live:
        page = attach(live)
        got = []

        def broken(turn):
            raise error

        live.on_turn(broken)
        live.on_turn(got.append)
        live.say("one")
        wait_for(page.errors)
        assert page.errors()[0].code == "callback_failed"
        assert f"broken failed. {type(error).__name__}: oops" in page.errors()[0].message
        wait_for(lambda: got)
        assert live.say("two").error is None


INTERRUPTED = """
import threading, time, signal, os, sys
sys.path[:0] = {path!r}
signal.signal(signal.SIGINT, signal.default_int_handler)  # A shell's background job ignores it.
from google.adk.agents import Agent
from scripted import Scripted, echo
from adk_nb import LiveSession

def interrupt(waits):
    while not waits():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)

with LiveSession(Agent(name="t", model=Scripted(lambda came: []))) as live:
    waiting = (live.wait_for_turn, lambda: live._listeners._waiting)
    saying = (lambda: live.say("hi", timeout=600), lambda: live.turns)
    for wait, waits in (waiting, saying):
        threading.Thread(target=interrupt, args=(waits,)).start()
        try:
            wait()
        except KeyboardInterrupt:
            print("back")
    live.swap(Agent(name="t", model=Scripted(echo)))
    print(live.say("alive").agent_text)
"""


@pytest.mark.long
def test_ctrl_c_comes_back_at_once_and_leaves_the_session_alive():
    code = INTERRUPTED.format(path=[path for path in sys.path if path])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.stdout.splitlines() == ["back", "back", "You said alive."], done.stderr
    assert done.returncode == 0


def test_nobody_waits_for_a_session_that_is_closed():
    live, other = session(), session()
    with live, other:
        waiting = []

        def wait():
            try:
                live.wait_for_turn()
            except SessionClosedError as error:
                waiting.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        wait_for(lambda: live._listeners._waiting)
        live.close()
        thread.join(5)
        assert "closed" in str(waiting[0])


# --- the listeners alone ---


@pytest.fixture
async def heard():
    """Listeners, and what they report."""
    reported = []
    listeners = TurnListeners(lambda problem, index: reported.append((problem, index)))
    return listeners, reported


async def settled(listeners):
    while listeners._tasks:
        await asyncio.wait(listeners._tasks)


async def test_a_turn_of_the_notebooks_own_is_not_the_next_turn(heard):
    listeners, _ = heard
    waiting = [asyncio.ensure_future(listeners.wait(10)) for _ in range(2)]
    await asyncio.sleep(0)
    listeners.ended(Turn(1, "dice", prompt="Say hello."))
    for index in (2, 3):
        listeners.ended(Turn(index, "dice"))
    assert [(await one).index for one in waiting] == [2, 2]
    assert listeners._waiting == []


async def test_callbacks_are_called_one_after_the_other_in_their_order(heard):
    listeners, reported = heard
    calls = []

    async def slow(turn):
        calls.append(("begin", turn.index))
        await asyncio.sleep(0.01)
        calls.append(("end", turn.index))

    listeners.callbacks += [slow, lambda turn: calls.append(("quick", turn.index))]
    for index in (1, 2):
        listeners.ended(Turn(index, "dice"))
    await settled(listeners)
    assert calls == [
        ("begin", 1), ("end", 1), ("quick", 1), ("begin", 2), ("end", 2), ("quick", 2),
    ]  # fmt: skip
    assert reported == []


async def test_what_fails_is_told_with_its_name_and_its_turn(heard, caplog):
    listeners, reported = heard

    def broken():
        raise ValueError("oops")

    class Odd:
        def __call__(self):
            raise ValueError("odd")

        def __repr__(self):
            return "<Odd>"

    await listeners.once(broken, Turn(4, "dice"))
    await listeners.once(Odd(), None)
    assert [(index, problem.message, problem.code) for problem, index in reported] == [
        (4, "The callback broken failed. ValueError: oops", "callback_failed"),
        (0, "The callback <Odd> failed. ValueError: odd", "callback_failed"),
    ]
    await listeners.call(lambda _: broken(), None, None)
    assert len(reported) == 2  # It is in the log alone.
    assert caplog.text.count("ValueError: oops") >= 2


async def test_a_secret_in_what_fails_is_masked_in_the_log(caplog):
    listeners = TurnListeners(lambda *_: None, Redactor(["hunter2hunter2"]))

    def broken(_turn):
        raise ValueError("hunter2hunter2")

    await listeners.call(broken, None, 1)
    assert "[secret]" in caplog.text
    assert "hunter2" not in caplog.text


async def test_after_the_end_nothing_is_called_any_more(heard):
    listeners, _ = heard
    called, ended = [], []

    async def lasting(turn):
        called.append(turn.index)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append(turn.index)
            raise

    listeners.callbacks.append(lasting)
    listeners.ended(Turn(1, "dice"))
    while not called:  # noqa: ASYNC110 - it is called in a thread first
        await asyncio.sleep(0.001)
    waiting = asyncio.ensure_future(listeners.wait(None))
    await asyncio.sleep(0)
    listeners.close()
    await settled(listeners)
    with pytest.raises(SessionClosedError):
        await waiting
    listeners.ended(Turn(2, "dice"))
    await settled(listeners)
    assert (called, ended) == ([1], [1])


async def test_what_is_begun_is_in_no_context_of_another(heard):
    listeners, _ = heard
    variable = contextvars.ContextVar("of_a_run", default="none")
    variable.set("a run's")
    found = []

    async def work():
        found.append(variable.get())

    listeners.begin(work())
    await settled(listeners)
    assert found == ["none"]


def test_a_call_that_waits_for_a_sign_in_is_said_so():
    asked = ToolCall("b", "mail", {}, question="sign in", sign_in="https://example.org")
    assert waits_for(Turn(1, "dice", tool_calls=[asked])) == "mail waits for a sign-in"
