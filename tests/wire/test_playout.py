import pytest

from adk_nb.wire import protocol
from adk_nb.wire.playout import Playout


class Clock:
    """A clock that a test sets (s)."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def playout(clock):
    playout = Playout(clock)
    playout.sent(1, 1000.0)
    return playout


def reported(playout, event, turn=1, ms=0.0):
    playout.reported(protocol.Playback(event, turn, ms))


def waiting(playout):
    return [(one.turn, one.played_ms) for one in playout.waiting()]


def test_what_has_sounded_since_the_last_report_is_counted(playout, clock):
    reported(playout, "started")
    reported(playout, "progress", ms=200.0)
    clock.now += 0.25
    assert [one.turn for one in playout.stop()] == [1]
    assert waiting(playout) == [(1, 450.0)]
    clock.now += 5
    assert playout.stop() == []
    assert waiting(playout) == [(1, 450.0)]


def test_no_more_sounds_than_there_was(playout, clock):
    reported(playout, "progress", ms=900.0)
    clock.now += 9
    (one,) = playout.stop()
    assert one.played_ms == 1000.0
    assert not one.waits
    assert waiting(playout) == [(1, 1000.0)]  # More of it may come.
    playout.became(1, "complete")
    assert waiting(playout) == []


def test_what_is_sent_while_nobody_is_there_is_not_played_later(playout):
    playout.sent(2, 300.0, lost=True)
    playout.sent(2, 200.0)
    assert waiting(playout) == [(1, 0.0), (2, 300.0)]


@pytest.mark.parametrize(
    ("event", "complete", "left"),
    [("flushed", False, []), ("drained", True, []), ("drained", False, [(1, 700.0)])],
)
def test_what_is_over_does_not_wait(playout, event, complete, left):
    if complete:
        assert playout.became(1, "complete") is None
    reported(playout, event, ms=700.0)
    assert waiting(playout) == left


def test_a_player_owes_a_report_of_what_it_has_not_played(playout):
    assert not playout.owes(7)
    assert playout.owes(1)
    reported(playout, "progress", ms=400.0)
    assert playout.owes(1)
    reported(playout, "drained", ms=1000.0)
    assert not playout.owes(1)
    playout.sent(2, 300.0, lost=True)
    assert not playout.owes(2)


def test_a_turn_that_is_cut_off_returns_what_waited_once(playout):
    assert playout.became(1, "started") is None
    assert playout.became(7, "failed") is None
    assert playout.became(1, "interrupted").turn == 1
    assert playout.became(1, "interrupted") is None
    assert waiting(playout) == []
    assert playout.became(1, "resumed") is None
    playout.sent(1, 500.0)
    assert waiting(playout) == [(1, 0.0)]


def test_what_nobody_expects_any_more_is_not_played(playout, clock):
    clock.now += 61
    assert waiting(playout) == []
    playout.sent(2, 300.0)
    assert waiting(playout) == [(2, 0.0)]


def test_what_stands_in_a_queue_waits_however_long_the_sound_before_it_is(playout, clock):
    playout.sent(2, 300.0)
    clock.now += 300
    reported(playout, "progress", ms=500.0)
    assert waiting(playout) == [(1, 500.0), (2, 0.0)]


def test_of_many_turns_the_newest_are_known(playout):
    for turn in range(2, 40):
        playout.sent(turn, 100.0)
    assert [turn for turn, _ in waiting(playout)] == list(range(24, 40))


@pytest.mark.parametrize(("played_ms", "waits"), [(979.9, True), (980.0, False), (1000.0, False)])
def test_what_is_left_of_a_turn_is_played_unless_it_is_next_to_nothing(playout, played_ms, waits):
    playout.became(1, "complete")
    reported(playout, "progress", ms=played_ms)
    assert [turn for turn, _ in waiting(playout)] == ([1] if waits else [])


@pytest.mark.parametrize(("passed_s", "expected"), [(59.5, [1]), (60.0, [])])
def test_a_turn_is_expected_for_a_minute(playout, clock, passed_s, expected):
    clock.now += passed_s
    assert [turn for turn, _ in waiting(playout)] == expected


def test_a_minute_is_counted_from_when_the_newest_of_it_came_or_sounded(playout, clock):
    clock.now += 50
    playout.sent(1, 100.0)
    clock.now += 50
    assert waiting(playout) == [(1, 0.0)]
    reported(playout, "started")
    clock.now += 50
    playout.sent(1, 100.0)  # The player says how far it is, and it will have sounded by then.
    assert [one.played_ms for one in playout.stop()] == [1200.0]


def test_what_the_player_says_of_what_it_never_got_is_nothing(playout):
    reported(playout, "progress", turn=5, ms=9.0)
    assert waiting(playout) == [(1, 0.0)]


def test_a_report_that_comes_late_takes_nothing_back(playout):
    reported(playout, "progress", ms=500.0)
    reported(playout, "progress", ms=400.0)
    assert waiting(playout) == [(1, 500.0)]
