"""The microphone's blobs, of any rate and size, as windows of 16 kHz."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import numpy as np

from adk_nb.local.endpointing import SAMPLE_RATE, WINDOW_SAMPLES
from adk_nb.resampling import Resampler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.genai import types
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

_logger = logging.getLogger(__name__)


class Pcm:
    """Makes 16 kHz windows of blobs of any rate and size."""

    def __init__(self) -> None:
        self._rate = SAMPLE_RATE
        self._resampler: Resampler | None = None
        self._rest = np.empty(0, np.int16)
        self._refused: set[str] = set()

    def windows(self, blob: types.Blob) -> Iterator[Samples]:
        """Yields the windows that a blob completes."""
        rate = self._rate_of(blob.mime_type or "")
        data = blob.data or b""
        if not rate or len(data) < 2:
            return
        samples = np.frombuffer(data, "<i2", count=len(data) // 2)
        if rate != self._rate:
            self._rate = rate
            self._resampler = None if rate == SAMPLE_RATE else Resampler(rate, SAMPLE_RATE)
        if self._resampler is not None:
            samples = self._resampler.push(samples)
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) - len(samples) % WINDOW_SAMPLES
        self._rest = samples[whole:]
        for start in range(0, whole, WINDOW_SAMPLES):
            yield samples[start : start + WINDOW_SAMPLES]

    def _rate_of(self, mime_type: str) -> int:
        """Returns the samples a second that a MIME type states; 0 if it is not PCM."""
        kind, _, options = mime_type.lower().partition(";")
        stated = re.search(r"rate=(\d+)\s*(?:;|$)", options)
        rate = int(stated[1]) if stated else SAMPLE_RATE
        if kind.strip() in {"", "audio/pcm", "audio/l16"} and 4_000 <= rate <= 384_000:
            return rate
        if mime_type not in self._refused:
            self._refused.add(mime_type)
            _logger.warning("Cannot hear %r: send audio/pcm;rate=16000, 16-bit mono.", mime_type)
        return 0
