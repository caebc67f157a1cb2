"""Where speech starts and how long it has been silent, by the probabilities of a voice."""

from __future__ import annotations

import numpy as np
import pytest

from adk_nb.local.endpointing import SpeechDetector, level_dbfs, quietest_cut, windows_in


def detector(**options):
    return SpeechDetector(**{"threshold": 0.5, "onset_ms": 128, "min_level_dbfs": -45, **options})


def test_speech_starts_after_it_was_sustained():
    it = detector()
    assert [it.update(0.9, -20) for _ in range(5)] == [False, False, False, True, False]
    assert it.speaking


def test_one_unvoiced_window_does_not_delay_the_start():
    it = detector()
    assert [it.update(p, -20) for p in (0.9, 0.9, 0.1, 0.9, 0.9)][-1]


@pytest.mark.parametrize(
    ("probabilities", "level"),
    [([0.9, 0.1] * 10, -20), ([0.4] * 20, -20), ([0.9] * 20, -60), ([0.9, 0.9, 0.9, 0.0] * 5, -60)],
)
def test_short_uncertain_or_quiet_sounds_are_no_speech(probabilities, level):
    it = detector()
    assert not any(it.update(probability, level) for probability in probabilities)


def test_silence_is_counted_from_the_last_voiced_window():
    it = detector()
    for probability in [0.9] * 5 + [0.1] * 3:
        it.update(probability, -20)
    assert it.silence_ms == pytest.approx(96)
    it.update(0.4, -20)
    assert it.silence_ms == 0
    it.reset()
    assert not it.speaking


def test_levels_and_cuts():
    assert level_dbfs(np.zeros(512, np.int16)) == -120
    assert level_dbfs(np.empty(0, np.int16)) == -120
    assert level_dbfs(np.full(512, -32768, np.int16)) == pytest.approx(0, abs=0.01)
    assert quietest_cut([-10, -50, -20, -40, -30], within=3) == 4
    assert quietest_cut([], within=3) == 0
    assert windows_in(1) == 1
