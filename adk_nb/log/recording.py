"""Recordings: a session's log and sound on disk, written as it goes on.

A recording is a folder: `events.jsonl`, one JSON object a line, and a WAV for each turn and side.
`docs/recordings.md` states the format. A line with the `seq` of an earlier line updates that row:
the file is only appended to, and can be read after a crash.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import re
import threading
import wave
from collections import deque
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from adk_nb.exceptions import AdkNbError, RecordingError
from adk_nb.log.log_row import LogRow
from adk_nb.plain import to_json
from adk_nb.private_files import make_folder, open_private

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.log.event_log import EventLog

logger = logging.getLogger(__name__)

FORMAT = "adk-nb.recording"
VERSION = 1
EVENTS = "events.jsonl"
FLUSH_S = 0.5
"""How often new rows and sound are written (s)."""
MAX_WAITING = 64 << 20
"""Bytes of sound that may wait for a slow disk; past it sound is dropped and reported."""

_NO_FILE_NAME = re.compile(r"[^\w.@+=-]")
_LONGEST_NAME = 100
"""Characters of a session's id in the name of its recording's folder."""
_SIDES = {"user_audio": "user", "agent_audio": "agent"}
_DEFAULTS = {f.name: f.default for f in fields(LogRow) if f.default is not MISSING}
_FIELDS = {f.name for f in fields(LogRow)}


def checked_folder(folder: Any, option: str, remedy: str) -> str | os.PathLike[str]:
    """Returns what names a folder.

    Args:
        folder: What a cell gave.
        option: By what name, such as `record=`.
        remedy: What to do where it is none.

    Raises:
        AdkNbError: It is none: an empty text would be the working folder.
    """
    if (
        isinstance(folder, str | os.PathLike)
        and isinstance(os.fspath(folder), str)
        and folder != ""
    ):
        return folder
    shown = json.dumps(folder) if isinstance(folder, str) else repr(folder)
    message = f"{option}{shown:.100} names no folder."
    raise AdkNbError(message, remedy=remedy, code="bad_option")


def folder_of(record: Any) -> str | os.PathLike[str] | None:
    """Returns the folder that the option `record` names; None if nothing is recorded.

    Raises:
        AdkNbError: It names none.
    """
    if record is None or record is False:
        return None
    if record is True:
        return "recordings"
    return checked_folder(record, "record=", "Give a folder, or True for one named recordings.")


def _line(row: LogRow) -> str:
    # `is not` first: a result may be an array, which `!=` compares element by element.
    values = {
        name: value
        for name in _FIELDS
        if (value := getattr(row, name)) is not (default := _DEFAULTS.get(name, MISSING))
        and (default is None or value != default)
    }
    return to_json(dict(sorted(values.items(), key=lambda item: item[0] != "seq"))) + "\n"


class RecordingWriter:
    """Writes a log to disk in a background thread; it is a `Sink` of the log.

    Args:
        folder: The folder of recordings; this one is a new folder in it.
        log: The log; the rows that it has already are written too.
        on_error: Called in the writer's thread with what cannot be written.

    Attributes:
        path: The recording's folder.
        error: Why the recording stopped; None if it did not.

    Raises:
        RecordingError: The folder cannot be made.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        log: EventLog,
        on_error: Callable[[RecordingError], object] | None = None,
    ) -> None:
        # To the microsecond, so that a session saved twice makes two recordings, in order.
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        self.path = Path(folder).expanduser() / f"{stamp}-{_file_name(log.session_id)}"
        self.error: RecordingError | None = None
        self._on_error = on_error
        self._log = log
        # What waits to be written: rows by number, and pieces of sound with their size in bytes.
        self._rows: dict[int, LogRow] = {}
        self._sounds: deque[tuple[str, int, bytes, int]] = deque()
        self._waiting = 0
        # Sound files that are to go again, by kind and turn.
        self._forgotten: set[tuple[str, int]] = set()
        # Bytes of sound that were dropped and not reported yet.
        self._dropped = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        # How many sound files there are of each kind and turn: one a rate.
        self._stretches: dict[tuple[str, int], int] = {}
        # The sound files that are open, by kind and turn.
        self._wavs: dict[tuple[str, int], tuple[IO[bytes], wave.Wave_write]] = {}
        try:
            make_folder(self.path)
            self._events = open_private(self.path / EVENTS, "a", encoding="utf-8")
            self._write_header(log)
        except OSError as error:
            raise RecordingError(
                f"The recording cannot be written to {self.path}: {error}.",
                remedy="Give record= a folder that can be written to.",
            ) from error
        for row in log:
            self.row(row)
        for kind, turn, clip in log.sounds.all():
            self.sound(kind, turn, clip.pcm, clip.rate)
        log.sinks.append(self)
        self._thread = threading.Thread(target=self._main, name="adk-nb-recorder", daemon=True)
        self._thread.start()

    def row(self, row: LogRow) -> None:
        """Takes a row that was added or changed."""
        with self._lock:
            self._rows[row.seq] = row

    def sound(self, kind: str, turn: int, pcm: bytes, rate: int) -> None:
        """Takes sound to write."""
        if self.error is not None:
            return
        with self._lock:
            if self._waiting > MAX_WAITING:
                self._dropped += len(pcm)
                return
            self._waiting += len(pcm)
            self._sounds.append((kind, turn, pcm, rate))

    def sound_forgotten(self, kind: str, turn: int) -> None:
        """Takes out sound that waits to be written, and removes what was."""
        with self._lock:
            kept = [one for one in self._sounds if one[:2] != (kind, turn)]
            self._sounds = deque(kept)
            self._waiting = sum(len(pcm) for _, _, pcm, _ in kept)
            self._forgotten.add((kind, turn))

    def close(self) -> None:
        """Writes what is left and closes the files."""
        if self in self._log.sinks:
            self._log.sinks.remove(self)
        self._closing.set()
        self._thread.join(10)

    def _write_header(self, log: EventLog) -> None:
        header = {
            "format": FORMAT,
            "version": VERSION,
            "session_id": log.session_id,
            "run_id": log.run_id,
            "started": log.started,
        }
        if log.tags:
            header["tags"] = log.tags
        self._events.write(to_json(header) + "\n")
        self._events.flush()

    def _main(self) -> None:
        while True:
            last = self._closing.wait(FLUSH_S)
            try:
                self._flush()
            except Exception as error:
                # The conversation must go on, whatever the error.
                self._fail(error)
            if last or self.error is not None:
                break
        for _, wav in self._wavs.values():
            with contextlib.suppress(OSError):
                wav.close()
        with contextlib.suppress(OSError):
            self._events.close()
        for file, _ in self._wavs.values():
            with contextlib.suppress(OSError):
                file.close()

    def _flush(self) -> None:
        with self._lock:
            rows, self._rows = self._rows, {}
            sounds, self._sounds = self._sounds, deque()
            forgotten, self._forgotten = self._forgotten, set()
            dropped, self._dropped = self._dropped, 0
            self._waiting = 0
        for key in forgotten:
            self._remove(*key)
        # Rows first: they are small, and the sound is of little use without them.
        if rows:
            self._events.writelines(_line(rows[seq]) for seq in sorted(rows))
            self._events.flush()
        for kind, turn, pcm, rate in sounds:
            self._wav(kind, turn, rate).writeframesraw(pcm)
        touched = {(kind, turn) for kind, turn, _, _ in sounds}
        for key in touched:
            file, wav = self._wavs[key]
            wav.writeframes(b"")  # Brings the header up to date.
            file.flush()
        self._close_older(touched)
        if dropped:
            self._tell(f"{dropped} bytes of sound were not recorded: the disk is too slow.")

    def _remove(self, kind: str, turn: int) -> None:
        """Removes a turn's sound file, which is emptied first: it may have another name too."""
        opened = self._wavs.pop((kind, turn), None)
        if opened is not None:
            opened[1].close()
            opened[0].close()
        with contextlib.suppress(FileNotFoundError):
            for path in wav_files(self.path, kind, turn):
                os.truncate(path, 0)
                path.unlink()
        self._stretches.pop((kind, turn), None)

    def _tell(self, what: str) -> None:
        error = RecordingError(what, remedy="live.save(path) writes all of it elsewhere.")
        logger.warning("%s", error)
        if self._on_error is not None:
            self._on_error(error)

    def _wav(self, kind: str, turn: int, rate: int) -> wave.Wave_write:
        opened = self._wavs.get((kind, turn))
        if opened is not None and opened[1].getframerate() != rate:
            self._close(kind, turn)  # Another agent's voice has another rate, and another file.
            opened = None
        if opened is None:
            number = self._stretches[kind, turn] = self._stretches.get((kind, turn), 0) + 1
            file = open_private(self.path / wav_name(kind, turn, number), "w+b")
            wav = wave.open(file, "wb")  # noqa: SIM115 - open as long as its turn goes on
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(rate)
            opened = self._wavs[kind, turn] = (file, wav)
        return opened[1]

    def _close_older(self, touched: set[tuple[str, int]]) -> None:
        """Closes the files of turns that get no more sound: those before the last two."""
        newest = max((turn for _, turn in touched), default=0)
        for key in [key for key in self._wavs if key[1] < newest - 1]:
            self._close(*key)

    def _close(self, kind: str, turn: int) -> None:
        file, wav = self._wavs.pop((kind, turn))
        wav.close()
        file.close()

    def _fail(self, error: Exception) -> None:
        self.error = RecordingError(
            f"The recording in {self.path} stopped: {error}.",
            remedy="Free some space; what was written opens, and live.save(path) writes the rest.",
        )
        logger.warning("%s", self.error)
        if self._on_error is not None:
            self._on_error(self.error)


def _file_name(session_id: str) -> str:
    """Returns a session's id as every system takes it in a file's name."""
    return _NO_FILE_NAME.sub("_", session_id)[:_LONGEST_NAME].rstrip(".")


def wav_name(kind: str, turn: int, number: int = 1) -> str:
    """Returns the name of a turn's sound file.

    Args:
        kind: `user_audio` or `agent_audio`.
        turn: The turn's number.
        number: From 1; a turn has a further file where its rate changes.
    """
    return f"{turn:04d}-{_SIDES[kind]}{f'-{number}' if number > 1 else ''}.wav"


def wav_files(folder: Path, kind: str, turn: int) -> list[Path]:
    """Returns the sound files of a turn that there are, in order."""
    named = (folder / wav_name(kind, turn, number) for number in itertools.count(1))
    return list(itertools.takewhile(os.path.lexists, named))


def save(log: EventLog, folder: str | os.PathLike[str]) -> Path:
    """Writes what a log holds as a recording, in a folder of its own, and returns that folder.

    Raises:
        AdkNbError: It is no folder's path.
        RecordingError: It cannot be written there.
    """
    writer = RecordingWriter(checked_folder(folder, "", "Give a folder's path."), log)
    writer.close()
    if writer.error is not None:
        raise writer.error
    return writer.path
