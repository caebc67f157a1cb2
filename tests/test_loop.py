import asyncio
import signal
import threading
import time

import pytest

from adk_nb.exceptions import BridgeError
from adk_nb.loop import THREAD_NAME, BridgeLoop


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


def test_ctrl_c_comes_back_at_once_and_the_loop_lives():
    bridge = BridgeLoop.acquire()
    cancelled = threading.Event()

    async def forever():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    main = threading.main_thread().ident
    timer = threading.Timer(0.2, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            bridge.call(forever())
        assert time.monotonic() - began < 10
        assert cancelled.wait(10)
        assert bridge.call(value(7)) == 7
    finally:
        timer.join()
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
