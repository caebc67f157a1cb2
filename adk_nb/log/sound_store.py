"""The sound of a session by turn: the newest in memory, the rest in a temporary file."""

from __future__ import annotations

import contextlib
import itertools
import logging
import tempfile
import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import IO

from adk_nb.audio import Clip, joined

logger = logging.getLogger(__name__)

MAX_MEMORY = 16 << 20
"""Bytes of sound in memory; past it the oldest is moved to the temporary file."""


@dataclass(slots=True)
class _Kept:
    """A stretch of the sound of one kind and turn.

    Attributes:
        rate: Samples a second (Hz).
        tail: What is in memory.
        spans: Where the sound before it is in the temporary file, as start and length (bytes).
    """

    rate: int
    tail: bytearray = field(default_factory=bytearray)
    spans: list[tuple[int, int]] = field(default_factory=list)


class SoundStore:
    """Keeps PCM16 mono by kind and turn; written on one thread, read from any.

    Attributes:
        dropped: Bytes that were lost because the temporary file could not be written.
    """

    def __init__(self) -> None:
        self.dropped = 0
        # The stretches of each kind and turn: a new one begins where the rate changes.
        self._kept: OrderedDict[tuple[str, int], list[_Kept]] = OrderedDict()
        # Bytes of all tails.
        self._in_memory = 0
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()

    def add(self, kind: str, turn: int, pcm: bytes, rate: int) -> None:
        """Appends to a turn's sound."""
        with self._lock:
            stretches = self._kept.setdefault((kind, turn), [])
            if not stretches or stretches[-1].rate != rate:
                stretches.append(_Kept(rate))
            stretches[-1].tail.extend(pcm)
            self._in_memory += len(pcm)
            if self._in_memory > MAX_MEMORY:
                self._spill()

    def clip(self, kind: str, turn: int) -> Clip:
        """Returns a turn's sound, at its highest rate; empty if there is none."""
        return joined(*self._stretches(kind, turn))

    def end(self, kind: str, turn: int, seconds: float) -> Clip:
        """Returns the end of a turn's sound, of its last rate; of a long one no more is read."""
        with self._lock:
            stretches = self._kept.get((kind, turn))
            if not stretches:
                return Clip(b"")
            kept = stretches[-1]
            left = int(seconds * kept.rate) * 2
            parts = [bytes(kept.tail[-left:] if left else b"")]
            for start, length in reversed(kept.spans):
                left -= len(parts[-1])
                if left <= 0:
                    break
                size = min(length, left)
                parts.append(self._read(start + length - size, size))
            return Clip(b"".join(reversed(parts)), kept.rate)

    def forget(self, kind: str, turn: int) -> None:
        """Forgets a turn's sound, and writes silence over what of it is in the temporary file."""
        with self._lock:
            for kept in self._kept.pop((kind, turn), []):
                self._in_memory -= len(kept.tail)
                for start, length in kept.spans:
                    self._blank(start, length)

    def all(self) -> list[tuple[str, int, Clip]]:
        """Returns all sound with its kind and turn, the oldest first; a clip has one rate."""
        return [
            (kind, turn, clip)
            for kind, turn in list(self._kept)
            for clip in self._stretches(kind, turn)
        ]

    def _stretches(self, kind: str, turn: int) -> list[Clip]:
        with self._lock:
            return [
                Clip(
                    b"".join([self._read(*span) for span in kept.spans] + [bytes(kept.tail)]),
                    kept.rate,
                )
                for kept in self._kept.get((kind, turn), ())
            ]

    def _spill(self) -> None:
        """Moves the oldest half of what is in memory to the file."""
        for kept in itertools.chain.from_iterable(self._kept.values()):
            if self._in_memory <= MAX_MEMORY // 2:
                return
            if kept.tail:
                self._in_memory -= len(kept.tail)
                self._write(kept)

    def _write(self, kept: _Kept) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="adk-nb-")  # noqa: SIM115
                # It is closed with the store, so there is no method to call.
                weakref.finalize(self, self._file.close)
            start = self._file.seek(0, 2)
            self._file.write(kept.tail)
            kept.spans.append((start, len(kept.tail)))
        except (OSError, ValueError) as error:
            if not self.dropped:
                logger.warning("Older sound is dropped: the temporary file failed (%s).", error)
            self.dropped += len(kept.tail)
        kept.tail = bytearray()

    def _blank(self, start: int, length: int) -> None:
        assert self._file is not None  # Nothing else makes spans.
        with contextlib.suppress(OSError, ValueError):
            self._file.seek(start)
            self._file.write(bytes(length))

    def _read(self, start: int, length: int) -> bytes:
        assert self._file is not None  # Nothing else makes spans.
        with contextlib.suppress(OSError, ValueError):
            self._file.seek(start)
            return self._file.read(length)
        return b""
