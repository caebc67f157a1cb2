"""What makes the sound, with engines in their place that tell what they were asked for."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

from adk_nb.local import voices


def put(monkeypatch, name, **names):
    module = ModuleType(name)
    for key, value in names.items():
        setattr(module, key, value)
    monkeypatch.setitem(sys.modules, name, module)


def test_pico_is_asked_as_it_was_made(monkeypatch):
    class NanoTTS:
        def speak(self, text, **how):
            asked.append((text, how))
            return bytearray(b"\1\0\2\0")

    asked = []
    put(monkeypatch, "py_nanotts", NanoTTS=NanoTTS)
    synth = voices.PicoSynth("de-DE", 0.9, 1.1, 0.4)
    assert (synth.rate, synth.speak("Guten Tag.")) == (16_000, b"\1\0\2\0")
    assert asked == [("Guten Tag.", {"voice": "de-DE", "speed": 0.9, "pitch": 1.1, "volume": 0.4})]
    voices.PicoSynth("en-US").speak("Hi.")
    assert asked[1][1] == {"voice": "en-US", "speed": 1.0, "pitch": 1.0, "volume": 0.5}


@pytest.mark.parametrize(
    ("options", "speed", "samples"),
    [
        ({}, 1.0, [0, 7864, -7864, 32767, -32767]),
        ({"speed": 1.5, "volume": 0.5}, 1.5, [0, 3932, -3932, 32767, -32767]),
    ],
)
def test_hibari_is_as_loud_as_pico_and_never_too_loud(monkeypatch, options, speed, samples):
    class Hibari:
        def __init__(self, **how):
            made.append(how)

        def __call__(self, text, **how):
            asked.append((text, how))
            return np.array([0.0, 0.1, -0.1, 2.0, -2.0], np.float32)

    made, asked = [], []
    put(monkeypatch, "hibari", Hibari=Hibari)
    monkeypatch.setattr(voices, "lexicon", lambda: "words")
    synth = voices.HibariSynth(**options)
    assert synth.rate == 24_000
    assert list(np.frombuffer(synth.speak("Hi."), "<i2")) == samples
    assert made == [{"voice": "heart", "threads": 1, "g2p": "words"}]
    assert asked == [("Hi.", {"speed": speed, "seed": 0})]


def test_what_is_installed_for_a_voice_is_named(monkeypatch):
    pico, hibari = voices.pico("en-GB"), voices.hibari()
    assert [(one.name, one.modules, one.extra) for one in (pico, hibari)] == [
        ("py-nanotts", ("py_nanotts",), "local"), ("hibari-tts", ("hibari",), "local"),
    ]  # fmt: skip
    put(monkeypatch, "py_nanotts", NanoTTS=object)
    put(monkeypatch, "hibari", Hibari=lambda **_how: None)
    monkeypatch.setattr(voices, "lexicon", lambda: "words")
    assert isinstance(pico.load(), voices.PicoSynth)
    assert isinstance(hibari.load(), voices.HibariSynth)
