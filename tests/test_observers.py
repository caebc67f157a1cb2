import threading

import pytest
import traitlets
from sessions import wait_for

from adk_nb import observers


class Lamp(observers.Observed):
    colour = observers.Unicode("red", read_only=True)
    size = traitlets.Int(1)

    def __init__(self):
        super().__init__()
        self.failures = []

    def turn(self, *colours):
        for colour in colours:
            self.set_trait("colour", colour)

    def _observer_failed(self, observer, trait, error):
        self.failures.append((observers.named(observer, trait), error))


@pytest.fixture
def lamp():
    return Lamp()


def test_observers_are_called_in_order_in_a_thread_that_ends(lamp):
    seen = []
    lamp.observe(lambda c: seen.append((c.new, threading.current_thread())), "colour")
    colours = [str(number) for number in range(50)]
    lamp.turn(*colours)
    wait_for(lambda: len(seen) == 50)
    assert [colour for colour, _ in seen] == colours
    threads = {thread for _, thread in seen}
    assert threading.current_thread() not in threads
    wait_for(lambda: not any(thread.is_alive() for thread in threads))


def test_who_sets_a_trait_waits_for_no_observer(lamp):
    go, seen = threading.Event(), []

    def slow(change):
        go.wait()
        seen.append((change.new, change.owner.colour))

    lamp.observe(slow, "colour")
    lamp.turn("yellow", "green")
    assert (lamp.colour, seen) == ("green", [])
    go.set()
    # Each is told of its change, as if it were the newest.
    wait_for(lambda: seen == [("yellow", "yellow"), ("green", "green")])


@pytest.mark.parametrize("raised", [ZeroDivisionError, SystemExit, StopIteration])
def test_what_one_raises_is_reported_and_keeps_no_other_from_its_change(lamp, raised):
    def breaks(_change):
        raise raised

    seen = []
    lamp.observe(breaks, "colour")
    lamp.observe(lambda c: seen.append(c.new), traitlets.All)
    lamp.turn("yellow", "green")
    wait_for(lambda: seen == ["yellow", "green"])
    assert [name for name, _ in lamp.failures] == ["The observer breaks of colour"] * 2
    assert {type(error) for _, error in lamp.failures} == {raised}


def test_a_link_follows_and_says_what_its_other_end_refuses(lamp):
    class Choice(traitlets.HasTraits):
        colour = traitlets.Enum(["red", "green", "blue"], "red")

    choice, one_way = Choice(), Choice()
    traitlets.link((lamp, "colour"), (choice, "colour"))
    link = traitlets.dlink((lamp, "colour"), (one_way, "colour"))
    lamp.turn("yellow", "green", "blue")
    wait_for(lambda: choice.colour == one_way.colour == "blue")
    assert [name for name, _ in lamp.failures] == ["The link of colour"] * 2
    assert all("yellow" in str(error) for _, error in lamp.failures)
    link.unlink()
    lamp.turn("red")
    wait_for(lambda: choice.colour == "red")
    assert one_way.colour == "blue"


def test_one_that_is_no_longer_wanted_is_not_called(lamp):
    seen = []
    lamp.observe(seen.append, "colour")
    lamp.unobserve(seen.append, "colour")
    lamp.turn("green")
    lamp.observe(seen.append, "colour")
    lamp.unobserve_all()
    lamp.turn("blue")
    called = threading.Event()
    lamp._calls.add(called.set)
    assert called.wait(60)
    assert seen == []


def test_what_the_user_sets_is_observed_at_once(lamp):
    seen = []
    lamp.observe(lambda c: seen.append((c.new, threading.current_thread())), "size")
    lamp.size = 2
    assert seen == [(2, threading.current_thread())]


def test_a_subclass_observes_by_decorator(lamp):
    class Watched(Lamp):
        @traitlets.observe("colour")
        def _look(self, change):
            self.seen = change.new
            raise ValueError

    watched = Watched()
    watched.turn("green")
    wait_for(lambda: watched.failures)
    assert watched.seen == "green"


def test_so_many_calls_wait_at_most(lamp, monkeypatch):
    monkeypatch.setattr(observers, "_MOST", 3)
    line, go, seen = observers.InOrder(), threading.Event(), []
    started = threading.Event()
    line.add(lambda: (started.set(), go.wait()))
    assert started.wait(60)
    for number in range(10):
        line.add(lambda number=number: seen.append(number))
    go.set()
    wait_for(lambda: seen == [7, 8, 9])
