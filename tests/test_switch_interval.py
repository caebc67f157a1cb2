import sys
import threading

import pytest

from adk_nb.bridge_thread import BridgeLoop
from adk_nb.switch_interval import SwitchInterval


@pytest.fixture
def switch_interval():
    """Sets Python's switch interval (s); it is as before after the test."""
    before = sys.getswitchinterval()
    yield sys.setswitchinterval
    sys.setswitchinterval(before)


def test_threads_switch_sooner_until_the_last_gives_the_loop_back(switch_interval):
    switch_interval(0.005)
    first, second = BridgeLoop.acquire(), BridgeLoop.acquire()
    assert sys.getswitchinterval() == pytest.approx(0.001)
    first.release()
    assert sys.getswitchinterval() == pytest.approx(0.001)
    second.release()
    assert sys.getswitchinterval() == pytest.approx(0.005)


def test_a_shorter_switch_interval_of_the_users_stays(switch_interval):
    switch_interval(0.0002)
    bridge = BridgeLoop.acquire()
    during = sys.getswitchinterval()
    bridge.release()
    assert during == sys.getswitchinterval() == pytest.approx(0.0002)


@pytest.mark.parametrize("theirs", [0.02, 0.0003])
def test_a_switch_interval_that_was_changed_meanwhile_stays(switch_interval, theirs):
    switch_interval(0.005)
    first, second = BridgeLoop.acquire(), BridgeLoop.acquire()
    switch_interval(theirs)
    first.release()
    third = BridgeLoop.acquire()
    second.release()
    third.release()
    assert sys.getswitchinterval() == pytest.approx(theirs)


def test_the_switch_interval_comes_back_to_the_microsecond(switch_interval):
    held = SwitchInterval(0.000001)
    for microseconds in range(2, 1000):
        switch_interval((microseconds + 0.5) / 1e6)
        before = sys.getswitchinterval()
        held.hold()
        assert sys.getswitchinterval() < before
        held.release()
        assert sys.getswitchinterval() == before


def test_a_thread_that_cannot_start_leaves_the_switch_interval(switch_interval, monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    switch_interval(0.005)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError):
        BridgeLoop.acquire()
    assert sys.getswitchinterval() == pytest.approx(0.005)


def test_many_threads_hold_the_switch_interval_at_once(switch_interval):
    switch_interval(0.005)
    held, ready = SwitchInterval(0.001), threading.Barrier(8)
    seen = set()

    def take_and_give():
        ready.wait(10)
        for _ in range(300):
            held.hold()
            seen.add(round(sys.getswitchinterval(), 6))
            held.release()

    workers = [threading.Thread(target=take_and_give) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert seen == {0.001}
    assert sys.getswitchinterval() == pytest.approx(0.005)
