import asyncio
import concurrent.futures
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from bridges import break_loop

from adk_nb.bridge_thread import THREAD_NAME, BridgeLoop
from adk_nb.exceptions import BridgeError


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == THREAD_NAME]


async def value(x):
    await asyncio.sleep(0)
    return x


def test_one_thread_for_all_and_none_after_the_last():
    first, second = BridgeLoop.acquire(), BridgeLoop.acquire()
    assert first is second
    assert threads() == [THREAD_NAME]
    first.release()
    assert second.call(value(3)) == 3
    second.release()
    assert threads() == []
    with pytest.raises(BridgeError):
        second.call(value(3))
    third = BridgeLoop.acquire()
    assert third is not first
    assert third.call(value(4)) == 4
    third.release()


def test_a_blocking_call_from_the_thread_itself_is_refused():
    bridge = BridgeLoop.acquire()

    async def inside():
        return bridge.call(value(1))

    try:
        with pytest.raises(BridgeError, match="_async"):
            bridge.call(inside())
    finally:
        bridge.release()


async def test_another_loop_can_await():
    bridge = BridgeLoop.acquire()
    try:
        assert await bridge.call_async(value(5)) == 5
        assert bridge.call(bridge.call_async(value(6))) == 6
    finally:
        bridge.release()


@pytest.fixture
def ctrl_c():
    """Ctrl-C as in a kernel, also where the tests run in the background and ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_comes_back_at_once_and_the_loop_lives(ctrl_c):
    bridge = BridgeLoop.acquire()
    cancelled = threading.Event()

    async def forever():
        interrupting.start()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    main = threading.main_thread().ident
    # Some time after it has begun, and is waited for.
    interrupting = threading.Timer(0.2, lambda: signal.pthread_kill(main, signal.SIGINT))
    # A shell's background job ignores it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            bridge.call(forever())
        assert time.monotonic() - began < 50  # It did not wait for its end.
        assert cancelled.wait(60)
        assert bridge.call(value(7)) == 7
    finally:
        interrupting.join()
        signal.signal(signal.SIGINT, before)
        bridge.release()


def test_a_wait_on_windows_looks_up_for_ctrl_c(monkeypatch, ctrl_c):
    bridge = BridgeLoop.acquire()
    waits = []
    wait = concurrent.futures.wait
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(
        concurrent.futures, "wait", lambda calls, s: waits.append(s) or wait(calls, s)
    )

    async def fails():
        raise TimeoutError("its own")

    try:
        assert bridge.call(value(7)) == 7
        assert bridge.call(asyncio.sleep(0.3, 8)) == 8
        with pytest.raises(TimeoutError, match="its own"):
            bridge.call(fails())
        with pytest.raises(TimeoutError):
            bridge.call(asyncio.sleep(60), timeout=0.25)
        threading.Timer(0.2, signal.raise_signal, (signal.SIGINT,)).start()
        with pytest.raises(KeyboardInterrupt):
            bridge.call(asyncio.sleep(60))
        assert max(waits) <= 0.1
    finally:
        monkeypatch.undo()
        bridge.release()


def test_tasks_left_over_are_cancelled_with_the_thread():
    bridge = BridgeLoop.acquire()
    ended = threading.Event()

    async def lasting():
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    bridge.submit(lasting())
    bridge.call(value(0))
    bridge.release()
    assert ended.is_set()
    assert threads() == []


# What the user's code raises, and what it does to the loop.


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_an_exit_in_a_task_does_not_end_the_loop(kind, caplog):
    bridge = BridgeLoop.acquire()
    going_on = bridge.submit(asyncio.sleep(0.2, "done"))

    async def inner():
        raise kind("enough")

    async def outer():
        await asyncio.gather(inner(), asyncio.sleep(0))

    try:
        with pytest.raises(kind, match="enough"):
            bridge.call(outer(), timeout=10)
        assert going_on.result(10) == "done"
        assert BridgeLoop.acquire() is bridge
        assert bridge.call(value(7), timeout=10) == 7
        bridge.release()
    finally:
        bridge.release()
    assert threads() == []
    (told,) = [r.getMessage() for r in caplog.records if r.name == "adk_nb.bridge_thread"]
    assert f"{kind.__name__}: enough" in told


def test_a_loop_that_a_tool_stops_goes_on():
    bridge = BridgeLoop.acquire()

    async def stop():
        asyncio.get_running_loop().stop()

    try:
        bridge.submit(stop())
        assert bridge.call(value(7), timeout=10) == 7
    finally:
        bridge.release()
    assert threads() == []


def test_a_loop_that_has_ended_is_replaced_and_nobody_waits_for_it(caplog):
    bridge = BridgeLoop.acquire()
    waiting = bridge.submit(asyncio.sleep(60))
    break_loop(bridge)
    with pytest.raises(BridgeError, match="has ended"):
        waiting.result(10)
    assert not bridge.alive
    with pytest.raises(BridgeError, match="has ended"):
        bridge.call(value(1), timeout=10)
    second = BridgeLoop.acquire()
    try:
        assert second is not bridge
        assert second.call(value(2), timeout=10) == 2
        bridge.release()
        assert second.call(value(3), timeout=10) == 3
    finally:
        second.release()
    assert threads() == []
    assert "has ended" in caplog.text


# nest-asyncio2 patches a whole process, so these run in one of their own.

NESTED = """
    import asyncio, nest_asyncio2

    def patch():
        "As %load_ext adk_nb does: on the loop of the main thread."
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        nest_asyncio2.apply(loop)
        return loop
"""


def run_alone(code: str) -> str:
    script = textwrap.dedent(NESTED) + textwrap.dedent(code)
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=200)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


BEFORE = (
    "main = patch()\nfrom adk_nb.bridge_thread import BridgeLoop\nbridge = BridgeLoop.acquire()\n"
)
AFTER = (
    "from adk_nb.bridge_thread import BridgeLoop\nbridge = BridgeLoop.acquire()\nmain = patch()\n"
)
ORDERS = pytest.mark.parametrize("order", [BEFORE, AFTER], ids=["before", "after"])


@ORDERS
def test_nest_asyncio2_does_not_make_the_loop_re_entrant(order):
    code = """
    async def refused(run):
        inner = asyncio.sleep(0)
        try:
            run(inner)
        except RuntimeError as error:
            return "running" in str(error)
        finally:
            inner.close()

    print(main.run_until_complete(main.create_task(asyncio.sleep(0, "nested"))))
    print(bridge.call(refused(bridge.loop.run_until_complete)))
    print(bridge.call(refused(asyncio.run)))
    bridge.release()
    """
    assert run_alone(order + textwrap.dedent(code)).split() == ["nested", "True", "True"]


@ORDERS
def test_asyncio_is_right_on_the_loop_beside_nest_asyncio2(order):
    code = """
    async def check():
        task, future = asyncio.current_task(), asyncio.get_running_loop().create_future()
        # ADK and anyio ask so, and go wrong where the answer is no.
        assert isinstance(task, asyncio.Task) and isinstance(future, asyncio.Future)
        assert task in asyncio.all_tasks()
        try:
            async with asyncio.timeout(0.01):
                await future
        except TimeoutError:
            pass
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(60))
                group.create_task(asyncio.wait_for(asyncio.sleep(60), 0.01))
        except* TimeoutError:
            pass
        return await asyncio.gather(asyncio.to_thread(int, "1"), asyncio.sleep(0, 2))

    bridge.call(asyncio.sleep(0))  # Its task is of the new kind, whichever was first.
    print(bridge.call(check()), main.run_until_complete(bridge.call_async(check())))
    bridge.release()
    """
    assert run_alone(order + textwrap.dedent(code)) == "[1, 2] [1, 2]"


def test_a_tool_that_applies_nest_asyncio2_leaves_the_loop_alone():
    code = """
    async def tool():
        nest_asyncio2.apply()
        try:
            bridge.loop.run_until_complete(asyncio.get_running_loop().create_future())
        except RuntimeError:
            return type(bridge.loop).__dict__["run_forever"] is asyncio.BaseEventLoop.run_forever

    from adk_nb.bridge_thread import BridgeLoop
    bridge = BridgeLoop.acquire()
    print(bridge.call(tool()))
    bridge.release()
    """
    assert run_alone(code) == "True"


def test_a_loop_that_a_policy_chose_is_kept():
    code = """
    class Own(asyncio.SelectorEventLoop): ...
    class Policy(asyncio.DefaultEventLoopPolicy): _loop_factory = Own
    asyncio.set_event_loop_policy(Policy())
    from adk_nb.bridge_thread import BridgeLoop
    print(type(BridgeLoop().loop) is Own)
    """
    assert run_alone(code) == "True"


def test_on_windows_the_loop_has_subprocesses_whatever_the_kernel_chose():
    code = """
    import sys
    class Proactor(asyncio.SelectorEventLoop):
        "What of Windows' own loop the bridge's touches, on this system's selector."
        _self_reading_future = None
        reads = 0

        def _loop_self_reading(self):
            Proactor.reads += 1

        def run_forever(self):
            raise AssertionError("nest-asyncio's")

    asyncio.ProactorEventLoop, sys.platform = Proactor, "win32"
    from adk_nb.bridge_thread import BridgeLoop
    bridge = BridgeLoop.acquire()
    assert type(asyncio.new_event_loop()) is asyncio.SelectorEventLoop
    assert isinstance(bridge.loop, Proactor)
    print(bridge.call(asyncio.sleep(0, 7)), Proactor.reads > 0 or sys.version_info >= (3, 13))
    bridge.release()
    print(bridge.loop.is_closed())
    """
    assert run_alone(code).split() == ["7", "True", "True"]


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_session_in_a_forked_child_says_what_to_do_and_a_new_one_works():
    code = """
import os
from google.adk.agents import Agent
from scripted import Scripted, echo
from adk_nb import LiveSession
from adk_nb.exceptions import BridgeError

def agent():
    return Agent(name="a", model=Scripted(echo))

session = LiveSession(agent()).start()
session.say("hi")
if os.fork() == 0:
    status = 1
    try:
        session.say("hi", timeout=3)
    except BridgeError as error:
        with LiveSession(agent()) as own:
            status = 0 if error.code == "forked" and own.say("hi").agent_text else 2
    os._exit(status)
_, status = os.wait()
assert session.say("again").agent_text == "You said again."
session.close()
raise SystemExit(os.waitstatus_to_exitcode(status))
"""
    tests = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([tests, str(Path(tests).parent)])}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
