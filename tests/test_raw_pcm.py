"""Which bytes are taken for raw PCM16, and which are refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from adk_nb.exceptions import AudioError
from adk_nb.raw_pcm import pcm16_samples


def pcm(samples):
    return np.round(np.asarray(samples) * 32767).astype("<i2").tobytes()


def sine(level, cycles=50, length=8000):
    return level * np.sin(2 * np.pi * cycles * np.arange(length) / length)


def test_samples_are_parts_of_the_full_range():
    data = np.array([0, 1, -1, 16384, 32767, -32768], "<i2").tobytes()
    expected = [0, 1 / 32768, -1 / 32768, 0.5, 32767 / 32768, -1]
    samples = pcm16_samples(data, asked=True)
    assert samples.tolist() == expected
    assert samples.dtype == np.float32
    assert pcm16_samples(b"", asked=False).tolist() == []
    assert pcm16_samples(b"\x00\x40", asked=False).tolist() == [0.5]  # One says nothing of noise.


@pytest.mark.parametrize("asked", [True, False])
def test_half_a_sample_is_none(asked):
    with pytest.raises(AudioError, match=r"two bytes a sample.*Give PCM16LE mono at 16 kHz"):
        pcm16_samples(pcm(sine(0.3)) + b"\x00", asked=asked)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(100),
        sine(0.01),
        sine(0.3),
        sine(1.0),  # Its power is 0.71 of a square's at full scale.
        sine(0.2) + 0.09,  # A cheap sound card is off zero a little.
        np.tile([0.25, -0.25], 500),  # As steep as can be, and not loud.
    ],
    ids=["silence", "quiet", "a tone", "at full scale", "off zero", "steep"],
)
def test_what_moves_like_sound_is_sound(samples):
    data = pcm(samples)
    assert pcm16_samples(data, asked=False).tobytes() == pcm16_samples(data, asked=True).tobytes()


@pytest.mark.parametrize(
    "samples",
    [
        np.random.default_rng(0).uniform(-1, 1, 8000),
        np.tile([0.4, -0.4], 500),
        np.tile([0.8, 0.8, -0.8, -0.8], 500),
        sine(0.2) + 0.11,
        sine(0.2) - 0.11,
    ],
    ids=["compressed", "steep and loud", "louder than a tone can be", "above zero", "below zero"],
)
def test_what_does_not_is_refused_unless_it_is_asked_for(samples):
    data = pcm(samples)
    with pytest.raises(AudioError, match=r"as PCM16LE they would be noise.*rate=16000"):
        pcm16_samples(data, asked=False)
    assert len(pcm16_samples(data, asked=True)) == len(samples)


@pytest.mark.parametrize(
    ("begins", "kind"),
    [
        (b"\x89PNG\r\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"GIF89a", "GIF"),
        (b"PK\x03\x04", "ZIP"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"%PDF-1.7", "PDF"),
        (b"\x80\x04\x95", "pickle"),
        (b"\x93NUMPY\x01", "NumPy's format"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"\x7fELF", "ELF"),
        (b"PAR1", "Parquet"),
        (b"What time is it?", "text"),
        (b"\xef\xbb\xbfWhat time is it?", "text"),
        (b"\x00" * 44 + b"RIFF\x00\x00\x00\x00WAVEfmt ", "a WAV file that begins 44 bytes in"),
    ],
)
def test_what_is_another_kind_of_file_is_named(begins, kind):
    data = begins + bytes(8000)  # However quiet the rest of it is.
    with pytest.raises(AudioError, match=f"no sound: they look like {kind}") as refused:
        pcm16_samples(data, asked=False)
    assert refused.value.remedy.startswith("Give the path of a sound file")
    assert len(pcm16_samples(data[: len(data) // 2 * 2], asked=True)) == len(data) // 2


def test_a_few_signs_of_text_may_be_samples():
    assert len(pcm16_samples(b"What time is it" + bytes(8001), asked=False)) == 4008


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_samples_or_refused(data, asked):
    try:
        samples = pcm16_samples(data, asked=asked)
    except AudioError:
        return
    assert len(samples) == len(data) / 2
    assert np.abs(samples).max(initial=0) <= 1
