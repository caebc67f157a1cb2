"""The event log of a session: both directions, one clock, append-only.

Rows are written on the bridge thread and may be read from any other. Consecutive audio frames are
one row; their sound is kept beside the rows and found by turn.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from adk_nb.audio import duration_ms
from adk_nb.log.redaction import Pieces, Redactor
from adk_nb.log.sound_store import SoundStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adk_nb.audio import Clip

KINDS = (
    "user_text", "user_audio", "user_transcript", "agent_text", "agent_audio", "agent_transcript",
    "tool_call", "tool_result", "agent_transfer", "agent_swapped", "turn_complete", "interrupted",
    "playback_started", "playback_drained", "playback_flushed", "mic_on", "mic_off", "connected",
    "disconnected", "usage", "error",
)  # fmt: skip

_PAUSE_S = 1.0
"""Audio frames further apart than this are two rows."""
_REPEATED_S = 60.0
"""An error told again within this time is counted in its row."""
_MAX_COUNTED = 100
"""Kinds of errors that are counted by themselves."""
_PIECES = {"agent_text", "agent_transcript", "user_transcript"}
"""Kinds whose text comes in pieces."""
_GOES_ON = {"usage", "playback_started", "playback_drained", "playback_flushed"}
"""Kinds in the midst of which a text may go on."""


@dataclass(slots=True)
class LogRow:
    """One thing that happened.

    Attributes:
        seq: Its place in the log, from 0.
        time: When (s since the Unix epoch).
        t: When, on the session's clock (s since the session was made).
        source: Where it came from: `client` (the page, or a cell in its place), `bridge` or `adk`.
        kind: What it was, one of `KINDS`.
        turn: The turn it belongs to, from 1; the one to come where none is open.
        author: Who: `user`, or the agent's name.
        agent: The agent; empty where it was the user.
        model: The agent's model, where a run with it began or it changed.
        text: What was said or typed, as it came: a piece, or the whole so far.
        final: Whether that text was the speaker's last of this utterance.
        cumulative: Whether that text replaces the one before, where it is not `final`.
        audio_ms: How much sound (ms): in this row of audio; of this turn before this piece of the
            agent's transcript; of this turn that had sounded, by the player's report.
        speech_t: In a row of the user's audio, when it was last loud (s on the session's clock).
        error_ms: How far the page's clock may be off in this row (ms), where it stems from it.
        output: What the tool had printed when it returned.
        count: How often it happened; what is told over and over, such as a page's errors, is one
            row.
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
    model: str | None = None
    text: str | None = None
    final: bool | None = None
    cumulative: bool = False
    audio_ms: float | None = None
    speech_t: float | None = None
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
    error_ms: float | None = None
    output: str | None = None
    count: int = 1


class Sink(Protocol):
    """What follows a log, such as a recording on disk; called on the bridge thread."""

    def row(self, row: LogRow) -> None:
        """A row was added, or an audio row has grown."""

    def sound(self, kind: str, turn: int, pcm: bytes, rate: int) -> None:
        """Sound was added to a turn."""


@dataclass(slots=True)
class _Open:
    """A text that comes in pieces.

    Attributes:
        pieces: What masks it.
        row: Its newest row.
    """

    pieces: Pieces
    row: LogRow | None = None


class EventLog:
    """Every event of one session, oldest first; iterate it for the rows.

    What it holds is a plain copy of what it was told (see `adk_nb.plain`), with secrets masked: no
    one can change a row afterwards, and whatever a tool returned can be written to a file.
    """

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self.sounds = SoundStore()
        self.sinks: list[Sink] = []
        self._rows: list[LogRow] = []
        self._start = time.monotonic()
        self._epoch = time.time()
        self._last_audio: dict[str, tuple[LogRow, float]] = {}
        self._open: dict[tuple[str, int, str | None], _Open] = {}
        self._errors: dict[tuple[object, str], LogRow] = {}
        self.redact = Redactor()

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

    def keep_secret(self, value: str) -> None:
        """Sees to it that a value, such as a token, is in no row from now on."""
        self.redact.add(value)

    def add(self, source: str, kind: str, *, t: float | None = None, **values: Any) -> LogRow:
        """Appends a row, stamped now unless `t` (s on the session's clock) says when."""
        self.redact.refresh()
        if kind in _PIECES:
            return self._piece(source, kind, t, values)
        if kind not in _GOES_ON:
            self._end_texts()
        return self._append(source, kind, t, values)

    def add_error(self, about: object, code: str, error: str) -> bool:
        """Adds what went wrong with a page; what is told over and over is counted in one row.

        Args:
            about: Whose error it is.
            code: What kind of error it is.
            error: What went wrong.

        Returns:
            Whether it is new.
        """
        now = self.now()
        if len(self._errors) >= _MAX_COUNTED and (about, code) not in self._errors:
            code = ""  # Of so many kinds of errors the last are one.
        row = self._errors.get((about, code))
        if row is None or now - row.t > _REPEATED_S:
            self._errors[about, code] = self.add("client", "error", error=error)
            return True
        row.count += 1
        for sink in self.sinks:
            sink.row(row)
        return False

    def forget(self, about: object) -> None:
        """Forgets a page whose errors it counts."""
        for key in [key for key in self._errors if key[0] is about]:
            del self._errors[key]

    def settle(self) -> None:
        """Writes down what was held back of texts that may have gone on."""
        self._end_texts()

    def _piece(self, source: str, kind: str, t: float | None, values: dict[str, Any]) -> LogRow:
        """Adds a piece of a text, but for an end that may be the start of a secret."""
        key = (kind, values.get("turn", 0), values.get("author"))
        if values.get("final"):
            self._end_text(key)
            return self._append(source, kind, t, values)
        text = self._open.get(key)
        if text is None:
            text = self._open[key] = _Open(self.redact.pieces())
        values["text"] = text.pieces.add(
            values.get("text") or "", whole=bool(values.get("cumulative"))
        )
        text.row = self._append(source, kind, t, values)
        return text.row

    def _end_texts(self) -> None:
        for key in list(self._open):
            self._end_text(key)

    def _end_text(self, key: tuple[str, int, str | None]) -> None:
        text = self._open.pop(key, None)
        rest = text.pieces.end() if text is not None else ""
        if not rest or text is None or text.row is None:
            return
        row = text.row
        if row.cumulative:
            row.text = (row.text or "") + rest
            for sink in self.sinks:
                sink.row(row)
            return
        same = ("turn", "author", "agent", "invocation_id", "final", "audio_ms")
        values = {name: getattr(row, name) for name in same}
        self._append(row.source, row.kind, None, values | {"text": rest})

    def _append(self, source: str, kind: str, t: float | None, values: dict[str, Any]) -> LogRow:
        stamp = self.now() if t is None else t
        for name in ("text", "error", "args", "result", "output", "author", "tool", "tool_call_id"):
            if values.get(name) is not None:
                values[name] = self.redact(values[name])
        row = LogRow(
            seq=len(self._rows),
            time=self._epoch + stamp,
            t=stamp,
            source=source,
            kind=kind,
            **values,
        )
        self._rows.append(row)
        for sink in self.sinks:
            sink.row(row)
        return row

    def add_audio(  # noqa: PLR0913 - one call a frame: the cheapest form
        self, source: str, kind: str, turn: int, pcm: bytes, rate: int, *, loud: bool = False
    ) -> None:
        """Adds PCM16LE mono to the turn's sound, and to its row unless there was a pause."""
        now = self.now()
        last = self._last_audio.get(kind)
        ms = duration_ms(len(pcm), rate)
        if last is not None and last[0].turn == turn and now - last[1] < _PAUSE_S:
            row = last[0]
            row.audio_ms = (row.audio_ms or 0.0) + ms
        else:
            author = "user" if kind == "user_audio" else None
            row = self.add(source, kind, t=now, turn=turn, author=author, audio_ms=ms)
        if loud:
            row.speech_t = now
        self._last_audio[kind] = (row, now)
        self.sounds.add(kind, turn, pcm, rate)
        for sink in self.sinks:
            sink.row(row)
            sink.sound(kind, turn, pcm, rate)

    def clip(self, kind: str, turn: int) -> Clip:
        """Returns the sound of a turn: `kind` is `user_audio` or `agent_audio`."""
        return self.sounds.clip(kind, turn)
