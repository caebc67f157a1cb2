"""Blobs of sound of any rate and size, as windows of 16 kHz."""

from __future__ import annotations

import itertools
import logging

import numpy as np
import pytest
from google.genai import types

from adk_nb.local.pcm import WINDOW_SAMPLES, Pcm


def blob(samples, mime_type="audio/pcm;rate=16000"):
    return types.Blob(data=np.asarray(samples, "<i2").tobytes(), mime_type=mime_type)


def test_windows_are_whole_whatever_the_size_of_the_blobs():
    pcm, samples = Pcm(), np.arange(3 * WINDOW_SAMPLES + 7)
    cuts = [0, 1, 5, WINDOW_SAMPLES + 9, 2 * WINDOW_SAMPLES, len(samples)]
    found = [list(pcm.windows(blob(samples[start:end]))) for start, end in itertools.pairwise(cuts)]
    assert list(map(len, found)) == [0, 0, 1, 1, 1]
    whole = np.concatenate([window for windows in found for window in windows])
    assert whole.tolist() == samples[: 3 * WINDOW_SAMPLES].tolist()


@pytest.mark.parametrize("data", [b"", b"\1"])
def test_less_than_a_sample_is_nothing(data):
    assert list(Pcm().windows(types.Blob(data=data, mime_type="audio/pcm"))) == []


@pytest.mark.parametrize(
    ("mime_type", "windows"),
    [
        ("audio/pcm", 60),
        ("", 60),
        ("audio/L16; rate=16000", 60),
        ("audio/pcm;rate=8000", 120),
        ("audio/pcm;rate=48000", 20),
        ("audio/pcm;rate=3999", 0),
        ("audio/pcm;rate=384001", 0),
        ("audio/wav", 0),
    ],
)
def test_sound_of_any_rate_becomes_16_khz(mime_type, windows):
    found = list(Pcm().windows(blob(np.zeros(60 * WINDOW_SAMPLES), mime_type)))
    # A resampler keeps back what it needs of the sound before, some windows at the most.
    kept = 4 if windows in (20, 120) else 0
    assert windows - kept <= len(found) <= windows
    assert {len(window) for window in found} <= {WINDOW_SAMPLES}


def test_what_cannot_be_heard_is_told_once_a_kind(caplog):
    pcm = Pcm()
    with caplog.at_level(logging.WARNING):
        for mime_type in ("audio/ogg", "audio/ogg", "audio/wav"):
            assert list(pcm.windows(blob([0] * 4000, mime_type))) == []
    assert [record.args for record in caplog.records] == [("audio/ogg",), ("audio/wav",)]
