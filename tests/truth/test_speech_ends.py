"""Where speech ends and begins in a sound, against the clips that it was made of."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from speech import RATE, RELIABLE, speech

from adk_nb.live.speech_times import DETECTOR, find, last_utterance

LEAD_S, TAIL_S = 1.0, 1.5
CLICK = np.concatenate([np.zeros(RATE // 2), np.full(80, 12_000.0)])


@functools.cache
def clips():
    """Returns the sound of each text; not made where the tests are only collected."""
    voices = zip(RELIABLE, ["en-GB", "en-US"] * 20, strict=False)
    return [speech(text, voice, lead_s=0.0, tail_s=0.0) for text, voice in voices]


def edges(clip):
    """Returns the first and last frame of 20 ms within 20 dB of a clip's peak (s)."""
    frames = np.lib.stride_tricks.sliding_window_view(clip.astype(float), RATE // 50)[
        :: RATE // 100
    ]
    level_db = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-9)
    loud = np.flatnonzero(level_db >= level_db.max() - 20)
    return loud[0] / 100, loud[-1] / 100 + 0.02


def placed(clip, seed, *, gain_db=0.0, noise_db=-64.0, snr_db=None, after=()):
    """Returns a clip in a room: with silence and noise around it."""
    loud = clip * 10 ** (gain_db / 20)
    if snr_db is not None:
        noise_db = 10 * np.log10(np.mean(loud**2) / 32768**2) - snr_db
    tail = np.zeros(int(TAIL_S * RATE))
    tail[: len(after)] = after
    whole = np.concatenate([np.zeros(int(LEAD_S * RATE)), loud, tail])
    noise = np.random.default_rng(seed).normal(0, 32768 * 10 ** (noise_db / 20), len(whole))
    return np.clip(np.rint(whole + noise), -32768, 32767).astype("<i2")


def errors_ms(search=find, **room):
    """Returns how far off the ends and beginnings are (ms), for every clip."""
    off = []
    for seed, clip in enumerate(clips()):
        found = search(placed(clip, seed, **room))
        speech_found = found[0] if isinstance(found[1], str) else found
        start, end = (LEAD_S + edge for edge in edges(clip))
        off.append((speech_found.end - end, speech_found.start - start))
    return np.abs(off).T * 1000


ROOMS = {
    "a quiet room": ({}, 10, 30),
    "20 dB quieter": ({"gain_db": -20}, 10, 60),
    "26 dB quieter": ({"gain_db": -26}, 20, 100),
    "noise 10 dB below the speech": ({"snr_db": 10}, 30, 130),
    "steady noise at -35 dBFS": ({"noise_db": -35}, 30, 130),
    "a click after the words": ({"after": CLICK}, 10, 30),
}


@functools.cache
def errors_in(name):
    """Returns the same for a room; the tests below ask for each twice."""
    room, *_ = ROOMS[name]
    return errors_ms(**room)


@pytest.mark.long
@pytest.mark.parametrize("name", ROOMS)
def test_where_speech_ends_and_begins(name):
    _, median_ms, most_ms = ROOMS[name]
    ends, starts = errors_in(name)
    assert np.median(ends) <= median_ms
    assert np.percentile(ends, 95) <= most_ms
    assert np.median(starts) <= 60


def test_all_rooms_together_are_within_the_documents_tolerance():
    ends = np.concatenate([errors_in(name)[0] for name in ROOMS])
    assert np.median(ends) <= 30
    assert np.percentile(ends, 95) <= 100


def test_without_a_detector_the_level_decides():
    ends, _ = errors_ms(lambda samples: (last_utterance(samples), "level"))
    assert np.median(ends) <= 10
    assert np.percentile(ends, 95) <= 30


@pytest.mark.parametrize(
    "sound", [np.zeros(0), np.zeros(100), np.zeros(RATE), placed(np.zeros(RATE), 1, noise_db=-35)]
)
def test_where_nobody_speaks_nothing_is_found(sound):
    assert find(sound.astype("<i2"))[0] is None


def test_the_last_utterance_counts_and_pauses_within_it_do_not_part_it():
    first, second = clips()[:2]
    quiet = np.zeros(int(1.2 * RATE))
    start, end = edges(second)
    whole = np.concatenate([first, quiet, second])
    found, by = find(placed(whole, 1))
    before = LEAD_S + (len(first) + len(quiet)) / RATE
    assert (found.end, found.start) == pytest.approx((before + end, LEAD_S), abs=0.1)
    assert by == "vad"
    parted = np.concatenate([first, np.zeros(int(2.5 * RATE)), second])
    found, _ = find(placed(parted, 1))
    assert found.start == pytest.approx(LEAD_S + (len(first) / RATE) + 2.5 + start, abs=0.1)


def test_a_detector_that_cannot_be_loaded_leaves_it_to_the_level(monkeypatch):
    monkeypatch.setattr(DETECTOR, "probabilities", lambda _samples: None)
    found, by = find(placed(clips()[0], 1))
    assert by == "level"
    assert found is not None
