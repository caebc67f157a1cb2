"""The event log of a session: both directions, one clock, append-only.

Rows are written on the bridge thread and may be read from any other. Consecutive audio frames are
one row; their sound is kept beside the rows and found by turn.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adk_nb.audio import MICROPHONE_RATE, Clip, duration_ms

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = (
    "user_text", "user_audio", "user_transcript", "agent_text", "agent_audio", "agent_transcript",
    "tool_call", "tool_result", "agent_transfer", "agent_swapped", "turn_complete", "interrupted",
    "playback_started", "playback_drained", "playback_flushed", "mic_on", "mic_off", "connected",
    "disconnected", "usage", "error",
)  # fmt: skip

MAX_SOUND = 64 << 20
"""Bytes of sound that a session keeps in memory; past it the oldest turn's goes."""

_PAUSE_S = 1.0
"""Audio frames further apart than this are two rows."""


@dataclass(slots=True)
class LogRow:
    """One thing that happened.

    Attributes:
        seq: Its place in the log, from 0.
        time: When (s since the Unix epoch).
        t: When, on the session's clock (s since the session was made).
        source: Where it came from: `client`, `bridge` or `adk`.
        kind: What it was, one of `KINDS`.
        turn: The turn it belongs to, from 1; 0 before the first.
        audio_ms: How much sound (ms).
    """

    seq: int
    time: float
    t: float
    source: str
    kind: str
    turn: int = 0
    author: str | None = None
    agent: str | None = None
    invocation_id: str | None = None
    text: str | None = None
    final: bool | None = None
    audio_ms: float | None = None
    tool: str | None = None
    tool_call_id: str | None = None
    args: Any = None
    result: Any = None
    error: str | None = None
    interrupted: bool = False
    turn_complete: bool = False
    prompt_tokens: int | None = None
    response_tokens: int | None = None
    total_tokens: int | None = None


class EventLog:
    """Every event of one session, oldest first; iterate it for the rows."""

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self._rows: list[LogRow] = []
        self._start = time.monotonic()
        self._sound: OrderedDict[tuple[str, int], tuple[bytearray, int]] = OrderedDict()
        self._sound_bytes = 0
        self.sound_dropped = 0
        """Bytes of sound that are no longer kept."""
        self._last_audio: dict[str, tuple[LogRow, float]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[LogRow]:
        return iter(self._rows[:])

    def __getitem__(self, index: int) -> LogRow:
        return self._rows[index]

    def now(self) -> float:
        """Returns the session's clock (s)."""
        return time.monotonic() - self._start

    def to_t(self, monotonic_ms: float) -> float:
        """Returns a moment of the bridge's clock (ms) on the session's clock (s)."""
        return monotonic_ms / 1000 - self._start

    def add(self, source: str, kind: str, *, t: float | None = None, **values: Any) -> LogRow:
        """Appends a row, stamped now unless `t` (s on the session's clock) says when."""
        stamp = self.now() if t is None else t
        row = LogRow(
            seq=len(self._rows),
            time=time.time() if t is None else time.time() - (self.now() - t),
            t=stamp,
            source=source,
            kind=kind,
            **values,
        )
        self._rows.append(row)
        return row

    def add_audio(self, source: str, kind: str, turn: int, pcm: bytes, rate: int) -> None:
        """Adds PCM16LE mono to the turn's sound, and to its row unless there was a pause."""
        now = self.now()
        last = self._last_audio.get(kind)
        ms = duration_ms(len(pcm), rate)
        if last is not None and last[0].turn == turn and now - last[1] < _PAUSE_S:
            row = last[0]
            row.audio_ms = (row.audio_ms or 0.0) + ms
        else:
            row = self.add(source, kind, t=now, turn=turn, audio_ms=ms)
        self._last_audio[kind] = (row, now)
        key = (kind, turn)
        kept = self._sound.get(key)
        if kept is None:
            kept = self._sound[key] = (bytearray(), rate)
        kept[0].extend(pcm)
        self._sound_bytes += len(pcm)
        if self._sound_bytes > MAX_SOUND:
            _, (oldest, _) = self._sound.popitem(last=False)
            self._sound_bytes -= len(oldest)
            self.sound_dropped += len(oldest)

    def clip(self, kind: str, turn: int) -> Clip:
        """Returns the sound of a turn: `kind` is `user_audio` or `agent_audio`."""
        samples, rate = self._sound.get((kind, turn), (b"", MICROPHONE_RATE))
        return Clip(bytes(samples), rate)
