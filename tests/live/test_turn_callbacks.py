"""Waiting for turns, and callbacks."""

import subprocess
import sys
import threading
import time

import pytest
from google.adk.agents import Agent
from scripted import Scripted, echo
from sessions import attach, wait_for

from adk_nb import LiveSession
from adk_nb.exceptions import SessionClosedError, TurnTimeoutError
from adk_nb.live.turn_callbacks import TurnListeners, waits_for
from adk_nb.log.tool_call import ToolCall
from adk_nb.log.turn import Turn


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
        ([], 20.0, "the model goes on"),
        ([ToolCall("a", "roll", {}), ToolCall("b", "flip", {})], 0.0,
         "the model's answer waits for roll, flip"),
        ([ToolCall("a", "roll", {}, ms=5.0)], 0.0, "the model goes on"),
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
