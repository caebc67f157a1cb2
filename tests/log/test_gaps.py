"""Sound with the silence where none came."""

from __future__ import annotations

import numpy as np
import pytest

from adk_nb.log.event_log import EventLog
from adk_nb.log.gaps import clock_offset, with_gaps

RATE = 1_000
ONES = np.ones(100, "<i2").tobytes()  # 100 ms.


def sound(*times):
    """A log with 100 ms of sound at each time (s)."""
    log = EventLog("s")
    for t in times:
        log.sounds.add("user_audio", 1, ONES, RATE)
        log.add("client", "user_audio", t=t, turn=1, audio_ms=100.0)
    return log


def levels(log, kind="user_audio"):
    clip = with_gaps(log, kind, 1)
    return clip.rate, [int(one) for one in np.frombuffer(clip.pcm, "<i2")[::50]]


def test_a_pause_in_which_nothing_came_is_silence():
    assert levels(sound(5.0, 5.3)) == (RATE, [1, 1, 0, 0, 0, 0, 1, 1])


@pytest.mark.parametrize("second", [5.1, 5.0, 4.0])
def test_sound_that_came_in_time_or_earlier_has_none(second):
    assert levels(sound(5.0, second)) == (RATE, [1, 1, 1, 1])


def test_sound_of_which_no_row_tells_follows_at_the_end():
    log = sound(5.0)
    log.sounds.add("user_audio", 1, ONES, RATE)
    assert levels(log) == (RATE, [1, 1, 1, 1])


def test_without_sound_there_is_none():
    assert with_gaps(sound(), "user_audio", 1).pcm == b""


def test_the_clock_at_a_position_is_that_of_the_row_there():
    rows = list(sound(5.0, 7.0))
    assert clock_offset(rows, 0.0) == 5.0
    assert clock_offset(rows, 0.05) == 5.0
    assert clock_offset(rows, 0.1) == pytest.approx(6.9)
    assert clock_offset(rows, 9.0) == pytest.approx(6.9)
