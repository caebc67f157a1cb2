import sys

import numpy as np
import pytest

from adk_nb.resampling import Resampler, Sinc, resample

RATES = [(48_000, 16_000), (44_100, 16_000), (8_000, 16_000), (16_000, 24_000), (22_051, 16_000)]


@pytest.fixture(params=["soxr", "numpy"])
def library(request, monkeypatch):
    if request.param == "numpy":
        monkeypatch.setitem(sys.modules, "soxr", None)


def tone(rate, hz=440.0, seconds=1.0):
    return np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)


def level_db(samples):
    return 20 * np.log10(np.sqrt(np.mean(np.square(samples))) + 1e-9)


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(("rate", "to_rate"), RATES)
def test_a_tone_is_the_same_tone(rate, to_rate):
    resampled = resample(tone(rate), rate, to_rate)
    assert len(resampled) == pytest.approx(to_rate, abs=1)
    edge = to_rate // 20  # Where the sound begins and ends, no filter can know what is beyond.
    wanted = tone(to_rate)[: len(resampled)]
    assert level_db((resampled - wanted)[edge:-edge]) < level_db(wanted) - 80


@pytest.mark.usefixtures("library")
def test_what_the_lower_rate_cannot_hold_is_gone():
    kept, gone = (resample(tone(48_000, hz), 48_000, 16_000)[800:-800] for hz in (6_800, 8_400))
    assert level_db(kept) == pytest.approx(level_db(tone(48_000)), abs=0.1)
    assert level_db(gone) < -80


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(("rate", "to_rate"), RATES)
def test_a_stream_is_the_whole_in_pieces(rate, to_rate):
    samples = (tone(rate) * 16_000).astype(np.int16)
    stream = Resampler(rate, to_rate)
    frame = rate // 50
    pieces = [stream.push(samples[start : start + frame]) for start in range(0, rate, frame)]
    streamed = np.concatenate(pieces)
    assert streamed.dtype == np.int16
    # The newest few milliseconds wait for what comes next.
    assert 0.95 * to_rate < len(streamed) <= to_rate
    wanted = tone(to_rate)[: len(streamed)] * 16_000
    edge = to_rate // 20
    error = (streamed - wanted)[edge:-edge]
    assert level_db(error) < level_db(wanted) - 60


def test_pieces_of_any_size_give_the_same():
    samples = np.random.default_rng(3).normal(size=5000).astype(np.float32)
    whole, pieces = Sinc(44_100, 16_000), Sinc(44_100, 16_000)
    cuts = np.sort(np.random.default_rng(4).integers(0, 5000, 40))
    streamed = [pieces.push(piece) for piece in np.split(samples, cuts)]
    expected = np.concatenate([whole.push(samples), whole.rest()])
    assert np.concatenate([*streamed, pieces.rest()]) == pytest.approx(expected, abs=1e-5)


@pytest.mark.usefixtures("library")
def test_little_sound_and_none():
    assert resample(np.zeros(0, np.float32), 48_000, 16_000).size == 0
    assert len(resample(np.ones(1, np.float32), 8_000, 16_000)) == 2
    assert resample(np.array([3], np.int16), 16_000, 16_000).tolist() == [3.0]


def test_a_constant_stays_what_it_is():
    kept = Sinc(44_100, 16_000).push(np.full(8000, 0.25, np.float32))
    assert kept[200:] == pytest.approx(0.25, abs=1e-4)


def test_a_full_scale_square_does_not_wrap_around(monkeypatch):
    monkeypatch.setitem(sys.modules, "soxr", None)
    square = np.where(tone(8_000, 100) > 0, 32767, -32768).astype(np.int16)
    resampled = Resampler(8_000, 16_000).push(square).astype(int)
    assert np.abs(np.diff(resampled)).max() < 60_000
    assert resampled.max() == 32767
