"""The event log of a session: both directions, one clock, append-only.

Rows are written on the bridge thread and may be read from any other. Consecutive audio frames are
one row; their sound is kept beside the rows and found by turn.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any, Protocol

from adk_nb.audio import duration_ms
from adk_nb.log.log_row import LogRow, valid_id
from adk_nb.log.open_texts import PIECES, OpenTexts
from adk_nb.log.redaction import Redactor
from adk_nb.log.sound_store import SoundStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adk_nb.audio import Clip

_PAUSE_S = 1.0
"""Audio frames further apart than this are two rows (s)."""
_SLIP_S = 0.06
"""Stamped frames further apart than this have a gap between them, which is filled (s)."""
_LONGEST_GAP_S = 60.0
"""The longest gap that lost frames leave in the sound (s)."""
_CLOCK_SET_S = 1.0
"""By how much the computer's clock has to be set for a row to say so (s)."""
_REPEATED_S = 60.0
"""An error that a page reports again within this time is counted in its row (s)."""
_MAX_TEXTS = 10
"""So many texts of one kind of error of one page are told apart."""
_MAX_COUNTED = 100
"""How many kinds of errors are counted separately."""
_MASKED = ("text", "error", "args", "result", "output", "author", "tool", "model")
"""What of a row may hold a secret, or something that is no JSON."""
_PARTS_SOUND = {
    "tool_call", "tool_result", "tool_ended", "turn_complete", "interrupted", "answer_disowned",
}  # fmt: skip
"""Kinds of rows after which the agent's audio is another row: it may be another answer."""
_ENDS_TEXTS = {
    "user_text", "prompt", "turn_complete", "interrupted", "turn_ended", "agent_swapped",
    "agent_transfer", "disconnected", "answer_disowned", "withheld",
}  # fmt: skip
"""Kinds of rows that end a text; after any other more pieces of it may follow."""


class Sink(Protocol):
    """Something that follows a log, such as a recording; called on the bridge thread."""

    def row(self, row: LogRow) -> None:
        """A row was added, or an audio row has grown."""

    def sound(self, kind: str, turn: int, pcm: bytes, rate: int) -> None:
        """Sound was added to a turn."""

    def sound_forgotten(self, kind: str, turn: int) -> None:
        """The sound of a turn is to be kept no longer."""


class EventLog:
    """Every event of one session, oldest first; iterate it for the rows.

    It holds plain copies of values (see `adk_nb.plain`), with secrets masked: a row does not change
    with the object that a tool returned, and can be written to a file.
    """

    def __init__(self, session_id: str, mask: Mapping[str, bool] | None = None) -> None:
        self.session_id = session_id
        # A session that is taken up again has another: its turns are numbered from 1 once more.
        self.run_id = f"r{uuid.uuid4().hex[:11]}"
        # What tells the session from others, by name.
        self.tags: dict[str, str] = {}
        self.redact = Redactor(chosen=mask)
        self.sounds = SoundStore()
        self.sinks: list[Sink] = []
        self._rows: list[LogRow] = []
        self._start = time.monotonic()
        # When `t` was 0 (s since the Unix epoch).
        self.started = time.time()
        self._variant: str | None = None
        # By how much the computer's clock was set since then (s).
        self._step = 0.0
        # By kind: the row that new audio is added to, and when it was last.
        self._last_audio: dict[str, tuple[LogRow, float]] = {}
        self._texts = OpenTexts(self.redact.pieces, self._append, self._tell)
        # The newest row of each error, by page and code.
        self._errors: dict[tuple[object, str, str], LogRow] = {}
        # The row of what was lost, by source and turn.
        self._losses: dict[tuple[str, int], LogRow] = {}
        # What the rows say that was masked.
        self._masked: set[str] = set()

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
        """Converts a time on the bridge's clock (ms) to the session's clock (s)."""
        return monotonic_ms / 1000 - self._start

    def is_of(self, variant: str) -> None:
        """Says of which variant of the agent the rows are from now on."""
        self._variant = str(self.redact(variant))

    def keep_secret(self, value: str) -> None:
        """Masks a value, such as a token, in every row from now on."""
        self.redact.add(value)

    def add(self, source: str, kind: str, *, t: float | None = None, **values: Any) -> LogRow:
        """Appends a row, stamped now unless `t` (s on the session's clock) says when."""
        self.redact.refresh()
        self._notice_clock()
        if kind in _PARTS_SOUND:
            self._last_audio.pop("agent_audio", None)
        if kind in PIECES:
            return self._texts.add(source, kind, t, values)
        if kind in _ENDS_TEXTS:
            self._texts.end()
        return self._append(source, kind, t, values)

    def add_error(self, about: object, code: str, error: str) -> bool:
        """Adds an error of a page; one that is repeated is counted in its row.

        Args:
            about: The page.
            code: The kind of error.
            error: What went wrong.

        Returns:
            Whether it is new.
        """
        now, key = self.now(), (about, code, error)
        if key not in self._errors:
            # Further texts of a kind are counted together, and then further kinds.
            if sum(known[:2] == key[:2] for known in self._errors) >= _MAX_TEXTS:
                key = (about, code, "")
            if key not in self._errors and len(self._errors) >= _MAX_COUNTED:
                key = (about, "", "")
        row = self._errors.get(key)
        if row is None or now - row.t > _REPEATED_S:
            self._errors[key] = self.add("client", "error", error=error)
            return True
        row.count += 1
        self._tell(row)
        return False

    def forget(self, about: object) -> None:
        """Forgets the counts of a page that is gone."""
        for key in [key for key in self._errors if key[0] is about]:
            del self._errors[key]

    def settle(self) -> None:
        """Adds the ends of texts that were held back; see `Pieces`."""
        self._texts.end()

    def _notice_clock(self) -> None:
        """Notes that the computer's clock and the log's have parted; `time` goes on as before."""
        step = time.time() - time.monotonic() - (self.started - self._start) - self._step
        if abs(step) < _CLOCK_SET_S:
            return
        self._step += step
        text = (
            f"The computer's clock is {step:+.1f} s from where it was to be: it was set, or the"
            " computer slept. Times here go on as before."
        )
        self._append("bridge", "clock_set", None, {"text": text})

    def _tell(self, row: LogRow) -> None:
        """Tells the sinks of a row that is new or has changed."""
        for sink in self.sinks:
            sink.row(row)

    def _append(self, source: str, kind: str, t: float | None, values: dict[str, Any]) -> LogRow:
        stamp = self.now() if t is None else t
        for name in _MASKED:
            if values.get(name) is not None:
                values[name] = self.redact(values[name])
        if values.get("tool_call_id") is not None:
            values["tool_call_id"] = valid_id(values["tool_call_id"])
        row = LogRow(
            seq=len(self._rows),
            time=self.started + stamp,
            t=stamp,
            source=source,
            kind=kind,
            variant=self._variant,
            **values,
        )
        self._rows.append(row)
        self._tell(row)
        if self.redact.masked != self._masked:
            self._note_masked()
        return row

    def _note_masked(self) -> None:
        """Adds a row for each variable whose value has been masked for the first time."""
        new = self.redact.masked - self._masked
        self._masked = self._masked | new
        for label in sorted(new):
            self._append("bridge", "masked", None, {"text": label[1:-1]})

    def add_audio(  # noqa: PLR0913 - one call a frame: the cheapest form
        self,
        source: str,
        kind: str,
        turn: int,
        pcm: bytes,
        rate: int,
        *,
        at: float | None = None,
        lost: int = 0,
        **begins: Any,
    ) -> None:
        """Adds PCM16LE mono to the turn's sound, and to its row unless there was a pause.

        Args:
            source: Where it came from.
            kind: `user_audio` or `agent_audio`.
            turn: The number of its turn.
            pcm: The samples.
            rate: Samples a second (Hz).
            at: When it began, if that is known (s on the session's clock). A gap between two pieces
                is silence in the sound then.
            lost: How many pieces of this length were lost before it.
            begins: What the row says if this begins one.
        """
        now = self.now()
        ms = duration_ms(len(pcm), rate)
        if lost:
            self._lost(source, turn, lost, lost * ms)
        row, last = self._last_audio.get(kind, (None, 0.0))
        gap = None if at is None or row is None else at - row.t - (row.audio_ms or 0.0) / 1000
        pause = now - last if gap is None else gap
        if row is not None and row.turn == turn and pause < (_LONGEST_GAP_S if lost else _PAUSE_S):
            if gap is not None and gap > (0.0 if lost else _SLIP_S):
                pcm = bytes(round(gap * rate) * 2) + pcm
            row.audio_ms = (row.audio_ms or 0.0) + duration_ms(len(pcm), rate)
        else:
            author = "user" if kind == "user_audio" else None
            t = now if at is None else at
            row = self.add(source, kind, t=t, turn=turn, author=author, audio_ms=ms, **begins)
        self._last_audio[kind] = (row, now)
        self.sounds.add(kind, turn, pcm, rate)
        self._tell(row)
        for sink in self.sinks:
            sink.sound(kind, turn, pcm, rate)

    def audio_dropped(self, turn: int, ms: float) -> None:
        """Counts a piece of the agent's audio that a page could not take."""
        self._lost("bridge", turn, 1, ms)

    def _lost(self, source: str, turn: int, count: int, ms: float) -> None:
        """Counts pieces of audio that were lost, in one row a turn and side."""
        row = self._losses.get((source, turn))
        if row is None:
            values = {"turn": turn, "count": count, "audio_ms": ms}
            self._losses[source, turn] = self.add(source, "audio_lost", **values)
            return
        row.count += count
        row.audio_ms = (row.audio_ms or 0.0) + ms
        self._tell(row)

    def forget_sound(self, kind: str, turn: int) -> None:
        """Forgets the sound of a turn, here and in recordings; its rows stay."""
        self._last_audio.pop(kind, None)
        self.sounds.forget(kind, turn)
        for sink in self.sinks:
            sink.sound_forgotten(kind, turn)

    def clip(self, kind: str, turn: int) -> Clip:
        """Returns the sound of a turn: `kind` is `user_audio` or `agent_audio`."""
        return self.sounds.clip(kind, turn)

    def clip_end(self, kind: str, turn: int, seconds: float) -> Clip:
        """Returns the end of the sound of a turn; a microphone may have been open for hours."""
        return self.sounds.end(kind, turn, seconds)
