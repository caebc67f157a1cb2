"""Converts sound between sample rates: with soxr if it is installed, else with numpy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Samples = npt.NDArray[np.floating[Any]]

_BLOCK_S = 4
"""How much sound `resample` filters at a time (s): the filter needs some hundred times as much."""
_ZERO_CROSSINGS = 32
"""Zero crossings of the windowed sinc to each side: more make it steeper and slower."""
_PASSBAND = 0.93
"""How much of the narrower of the two bands is kept; the rest is the filter's slope."""
_KAISER_BETA = 9.0
"""Side lobes 90 dB down."""


class FloatResampler:
    """Resamples a sound of floats that comes in pieces.

    Args:
        rate: The rate of the input (Hz).
        to_rate: The rate of the output (Hz).
    """

    def __init__(self, rate: int, to_rate: int) -> None:
        self._same, self._piece = rate == to_rate, _BLOCK_S * rate
        self._soxr: Any = None
        try:
            import soxr

            self._soxr = soxr.ResampleStream(rate, to_rate, 1, dtype="float32")
        except (ImportError, OSError):
            self._sinc = Sinc(rate, to_rate)

    def push(self, samples: Samples) -> Samples:
        """Takes samples in and returns those that they complete."""
        if self._same or not samples.size:
            return samples
        if self._soxr is not None:
            return np.asarray(self._soxr.resample_chunk(samples), np.float32)
        pieces = range(0, len(samples), self._piece)
        done = [self._sinc.push(samples[start : start + self._piece]) for start in pieces]
        return np.concatenate(done)

    def rest(self) -> Samples:
        """Returns what is left at the end of the sound, which silence follows."""
        if self._same:
            return np.empty(0, np.float32)
        if self._soxr is None:
            return self._sinc.rest()
        nothing = np.empty(0, np.float32)
        return np.asarray(self._soxr.resample_chunk(nothing, last=True), np.float32)


def resample(samples: npt.NDArray[Any], rate: int, to_rate: int) -> Samples:
    """Returns mono sound at another rate.

    Args:
        samples: The samples, of any type; int16 stays in the range of int16.
        rate: Their rate (Hz).
        to_rate: The new rate (Hz).
    """
    given = samples.astype(np.float32)
    if rate == to_rate or not given.size:
        return given
    stream = FloatResampler(rate, to_rate)
    return np.concatenate([stream.push(given), stream.rest()])


class Resampler:
    """Resamples a mono PCM16 stream while it comes.

    Args:
        rate: The rate of the input (Hz).
        to_rate: The rate of the output (Hz).
    """

    def __init__(self, rate: int, to_rate: int) -> None:
        self._soxr: Any = None
        try:
            import soxr

            self._soxr = soxr.ResampleStream(rate, to_rate, 1, dtype="int16", quality="MQ")
        except (ImportError, OSError):
            self._sinc = Sinc(rate, to_rate)

    def push(self, samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
        """Takes samples in and returns those that they complete, some milliseconds late."""
        if self._soxr is not None:
            return np.asarray(self._soxr.resample_chunk(samples), np.int16)
        resampled = self._sinc.push(samples.astype(np.float32))
        return np.clip(np.rint(resampled), -32768, 32767).astype(np.int16)


class Sinc:
    """A polyphase filter: a Kaiser-windowed sinc, of which each output sample takes one phase.

    Args:
        rate: The rate of the input (Hz).
        to_rate: The rate of the output (Hz).
    """

    def __init__(self, rate: int, to_rate: int) -> None:
        divisor = math.gcd(rate, to_rate)
        # Output sample n lies at n * step / phases, counted in input samples.
        self._step, self._phases = rate // divisor, to_rate // divisor
        cutoff = _PASSBAND * min(1.0, to_rate / rate)
        self._half = math.ceil(_ZERO_CROSSINGS / cutoff)
        self._kernels = _kernels(cutoff, self._half, self._phases)
        self._came = self._gone = 0
        # The oldest samples that are still needed; before the first there was silence.
        self._held = np.zeros(self._half - 1, np.float32)
        self._first = -len(self._held)

    def push(self, samples: Samples) -> Samples:
        """Takes samples in and returns those that they complete."""
        self._came += len(samples)
        # The last sample that is whole lies half a kernel before the last that came.
        last = (self._came - self._half) * self._phases - 1
        return self._filter(samples, last // self._step + 1 - self._gone)

    def rest(self) -> Samples:
        """Returns what is left at the end of the sound, which silence follows."""
        length = -(-self._came * self._phases // self._step)
        return self._filter(np.zeros(self._half, np.float32), length - self._gone)

    def _filter(self, samples: Samples, count: int) -> Samples:
        self._held = np.concatenate([self._held, samples])
        if count <= 0:
            return np.empty(0, np.float32)
        places = np.arange(self._gone, self._gone + count, dtype=np.int64) * self._step
        self._gone += count
        starts = places // self._phases - self._half + 1 - self._first
        windows = np.lib.stride_tricks.sliding_window_view(self._held, 2 * self._half)
        filtered: Samples = np.einsum(
            "ij,ij->i", windows[starts], self._kernels[places % self._phases]
        )
        needed = self._gone * self._step // self._phases - self._half + 1
        self._held = self._held[max(0, needed - self._first) :]
        self._first = max(self._first, needed)
        return filtered


def _kernels(cutoff: float, half: int, phases: int) -> Samples:
    """Returns the filter of each phase, shape `(phases, 2 * half)`.

    Args:
        cutoff: Where it cuts, as a share of half the rate of what comes.
        half: Its length to each side, in samples of what comes.
        phases: How many places between two samples there are.
    """
    offsets = np.arange(1 - half, half + 1)[None] - np.arange(phases)[:, None] / phases
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - np.square(offsets / half), 0, None)))
    kernels: Samples = np.sinc(cutoff * offsets) * window
    # Each phase must pass a constant unchanged, or the differences would be heard.
    kernels /= kernels.sum(axis=1, keepdims=True)
    return kernels.astype(np.float32)
