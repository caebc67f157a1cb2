"""What makes sound of a sentence: hibari, or SVOX Pico."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from adk_nb.local.parts import Part
from adk_nb.local.sounds import lexicon

if TYPE_CHECKING:
    from numpy.typing import NDArray

PICO_VOICES = ("en-GB", "en-US", "de-DE", "es-ES", "fr-FR", "it-IT")

_FULL_SCALE = 32767.0
# Makes it as loud as Pico; its loudest samples stay below full scale.
_HIBARI_GAIN = 2.4
_SEED = 0


class Synth(Protocol):
    """Makes sound of a sentence.

    Attributes:
        rate: Samples a second.
    """

    rate: int

    def speak(self, text: str) -> bytes:
        """Returns PCM16LE mono of a speakable sentence; blocks."""


class PicoSynth:
    """SVOX Pico through py-nanotts; 5 to 40 ms a sentence."""

    rate = 16_000

    def __init__(
        self, voice: str, speed: float = 1.0, pitch: float = 1.0, volume: float = 0.5
    ) -> None:
        """Loads the engine; see `PicoTTS` for the arguments."""
        from py_nanotts import NanoTTS

        self._engine = NanoTTS()
        self._voice, self._speed, self._pitch, self._volume = voice, speed, pitch, volume

    def speak(self, text: str) -> bytes:
        """Returns 16 kHz PCM16LE mono of a speakable sentence; blocks."""
        pcm = self._engine.speak(
            text, voice=self._voice, speed=self._speed, pitch=self._pitch, volume=self._volume
        )
        return bytes(pcm)


class HibariSynth:
    """Hibari's American voice that lies in its wheel; the others are downloads and not used."""

    rate = 24_000

    def __init__(self, speed: float = 1.0, volume: float = 1.0) -> None:
        """Loads the model, which takes 0.75 s; see `HibariTTS` for the arguments."""
        from hibari import Hibari

        self._hibari = Hibari(voice="heart", threads=1, g2p=lexicon())
        self._speed, self._volume = speed, volume * _HIBARI_GAIN

    def speak(self, text: str) -> bytes:
        """Returns 24 kHz PCM16LE mono of a speakable sentence, always the same; blocks."""
        samples: NDArray[np.float32] = self._hibari(text, speed=self._speed, seed=_SEED)
        scaled = np.clip(samples * self._volume, -1.0, 1.0) * _FULL_SCALE
        return bytes(scaled.astype("<i2").tobytes())


def pico(voice: str, speed: float = 1.0, pitch: float = 1.0, volume: float = 0.5) -> Part[Synth]:
    """Returns Pico as a part; see `PicoTTS` for the arguments."""
    load = partial(PicoSynth, voice, speed, pitch, volume)
    return Part("py-nanotts", ("py_nanotts",), "local", load)


def hibari(speed: float = 1.0, volume: float = 1.0) -> Part[Synth]:
    """Returns hibari as a part; see `HibariTTS` for the arguments."""
    load = partial(HibariSynth, speed, volume)
    return Part("hibari-tts", ("hibari",), "local", load)
