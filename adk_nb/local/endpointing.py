"""Where speech starts and how long it has been silent, from one voice probability a window."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
WINDOW_SAMPLES = 512
WINDOW_MS = WINDOW_SAMPLES * 1000 / SAMPLE_RATE

# Between speech and silence lies a band in which the state stays as it was.
_HYSTERESIS = 0.15


def level_dbfs(samples: NDArray[np.int16]) -> float:
    """Returns the RMS level of PCM16 samples in dBFS; -120.0 if there is no sound."""
    if not samples.size:
        return -120.0
    scaled = samples.astype(np.float32) / 32768.0
    power = float(np.mean(scaled * scaled))
    return max(-120.0, 10 * math.log10(power + 1e-12))


def windows_in(duration_ms: float) -> int:
    """Returns how many 32 ms windows cover a duration, at least one."""
    return max(1, math.ceil(duration_ms / WINDOW_MS))


class SpeechDetector:
    """Turns voice probabilities into the start of speech and the silence after it.

    Speech starts where nearly all windows of `onset_ms` are voiced and loud enough: a click is
    too short, noise is not voiced, and what is left of the agent's own voice after the browser's
    echo cancellation is too quiet.

    Attributes:
        speaking: Whether an utterance is going on; its trailing silence is part of it.
        silence_ms: Silence since the last voiced window, in milliseconds.
    """

    def __init__(self, *, threshold: float, onset_ms: float, min_level_dbfs: float) -> None:
        """Starts in silence.

        Args:
            threshold: Voice probability, 0 to 1, from which a window is voiced.
            onset_ms: How long speech must be sustained to count, in milliseconds.
            min_level_dbfs: Level that the sustained windows must reach on average, in dBFS.
        """
        self._threshold = threshold
        self._min_level_dbfs = min_level_dbfs
        self._needed = windows_in(onset_ms)
        self._recent: deque[tuple[bool, float]] = deque(maxlen=self._needed + 1)
        self.speaking = False
        self.silence_ms = 0.0

    def update(self, probability: float, level: float) -> bool:
        """Takes the next window in.

        Args:
            probability: Its voice probability, 0 to 1.
            level: Its level in dBFS.

        Returns:
            Whether speech has just started.
        """
        if self.speaking:
            voiced = probability >= self._threshold - _HYSTERESIS
            self.silence_ms = 0.0 if voiced else self.silence_ms + WINDOW_MS
            return False
        self._recent.append((probability >= self._threshold, level))
        levels = [level for voiced, level in self._recent if voiced]
        if len(levels) < self._needed or not self._recent[-1][0]:
            return False
        if sum(levels) / len(levels) < self._min_level_dbfs:
            return False
        self.speaking = True
        self.silence_ms = 0.0
        return True

    def reset(self) -> None:
        """Ends the utterance."""
        self.speaking = False
        self.silence_ms = 0.0
        self._recent.clear()


def quietest_cut(levels: list[float], *, within: int) -> int:
    """Returns the index after the quietest of the last windows, the best place to cut speech.

    Args:
        levels: Level of each window in dBFS.
        within: How many windows at the end may be cut at.
    """
    first = max(0, len(levels) - within)
    tail = levels[first:]
    return first + tail.index(min(tail)) + 1 if tail else 0
