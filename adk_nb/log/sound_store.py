"""The sound of a session by turn: the newest in memory, the rest in a temporary file."""

from __future__ import annotations

import contextlib
import logging
import tempfile
import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import IO

from adk_nb.audio import MICROPHONE_RATE, Clip

logger = logging.getLogger(__name__)

MAX_MEMORY = 16 << 20
"""Bytes of sound in memory; past it the oldest is moved to the temporary file."""


@dataclass(slots=True)
class _Kept:
    """The sound of one kind and turn.

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
        self._kept: OrderedDict[tuple[str, int], _Kept] = OrderedDict()
        # Bytes of all tails.
        self._in_memory = 0
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()

    def add(self, kind: str, turn: int, pcm: bytes, rate: int) -> None:
        """Appends to a turn's sound."""
        with self._lock:
            kept = self._kept.get((kind, turn))
            if kept is None:
                kept = self._kept[kind, turn] = _Kept(rate)
            kept.tail.extend(pcm)
            self._in_memory += len(pcm)
            if self._in_memory > MAX_MEMORY:
                self._spill()

    def clip(self, kind: str, turn: int) -> Clip:
        """Returns a turn's sound; empty if there is none."""
        with self._lock:
            kept = self._kept.get((kind, turn))
            if kept is None:
                return Clip(b"", MICROPHONE_RATE)
            parts = [self._read(*span) for span in kept.spans]
            return Clip(b"".join([*parts, bytes(kept.tail)]), kept.rate)

    def forget(self, kind: str, turn: int) -> None:
        """Forgets a turn's sound, and writes silence over what of it is in the temporary file."""
        with self._lock:
            kept = self._kept.pop((kind, turn), None)
            if kept is None:
                return
            self._in_memory -= len(kept.tail)
            for start, length in kept.spans:
                self._blank(start, length)

    def all(self) -> list[tuple[str, int, Clip]]:
        """Returns every turn's sound with its kind and turn, the oldest first."""
        return [(kind, turn, self.clip(kind, turn)) for kind, turn in list(self._kept)]

    def _spill(self) -> None:
        """Moves the oldest half of what is in memory to the file."""
        for kept in self._kept.values():
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
