"""Reads recordings: whatever is in their files, every row that can be read is.

What cannot be read is a `Fault`, with its file and line.
"""

from __future__ import annotations

import codecs
import glob
import os
import warnings
import wave
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adk_nb.audio import Clip, joined
from adk_nb.exceptions import RecordingError
from adk_nb.log.recording import EVENTS, FORMAT, VERSION, wav_files
from adk_nb.log.row_schema import read_header, read_row, read_tags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adk_nb.log.log_row import LogRow

MAX_WARNINGS = 20
"""Faults of a recording that are told one by one; of more, their number."""

_MAX_STRETCHES = 10
"""Stretches of rows that are missing in one place and told one by one."""
_RATES = range(1_000, 1_000_000)
"""Sample rates (Hz) that a WAV of ours may have."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a recording.

    Attributes:
        file: The file; for a recording that cannot be read at all, its path.
        line: The line, from 1; None if it is no line's.
        what: What is wrong, and what came of it.
    """

    file: str
    line: int | None
    what: str

    def __str__(self) -> str:
        line = "" if self.line is None else f", line {self.line}"
        return f"{self.file}{line}: {self.what}."


class RecordedLog:
    """A recording that was read: rows and sound, with the interface of an `EventLog`.

    Attributes:
        path: The recording's folder.
        session_id: The session's id.
        run_id: The id of its sitting; of an older recording its folder's name.
        tags: What tells the session from others, by name.
        faults: What of its events could not be read, by line.
    """

    def __init__(self, path: Path, session_id: str, run_id: str, rows: list[LogRow]) -> None:
        self.path = path
        self.session_id = session_id
        self.run_id = run_id
        self.tags: dict[str, str] = {}
        self.faults: list[Fault] = []
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[LogRow]:
        return iter(self._rows)

    def clip(self, kind: str, turn: int) -> Clip:
        """Returns the sound of a turn: `kind` is `user_audio` or `agent_audio`."""
        return joined(*map(_readable, wav_files(self.path, kind, turn)))


def _readable(file: Path) -> Clip:
    try:
        return _read_wav(file)
    except (wave.Error, EOFError, OSError, RuntimeError) as error:
        why = str(error) or "it is damaged"
        warnings.warn(f"{file}: no sound can be read from it ({why}).", stacklevel=2)
    return Clip(b"")


def _read_wav(file: Path) -> Clip:
    if file.exists() and not file.is_file():
        raise OSError("it is no file")  # A pipe would be waited for.
    with file.open("rb") as opened, wave.open(opened) as wav:
        shape = (wav.getnchannels(), wav.getsampwidth())
        if shape != (1, 2) or wav.getframerate() not in _RATES:
            raise wave.Error("it is not PCM16 mono, as recordings are")
        # A header may promise more than there is, and memory would be taken for all of it.
        there = file.stat().st_size // 2
        pcm = wav.readframes(min(wav.getnframes(), there))
        return Clip(pcm[: len(pcm) // 2 * 2], wav.getframerate())


def find_recordings(path: str | os.PathLike[str]) -> list[Path]:
    """Returns the recordings at a path, oldest first.

    Args:
        path: A recording, its `events.jsonl`, a folder with recordings in it or in folders of it,
            or a pattern of such paths as the shell knows them; `**` stands for folders.

    Raises:
        RecordingError: There is none, or the path cannot be looked at.
    """
    if os.fspath(path) == "":
        raise RecordingError(
            '"" names no recording.', remedy='Give a path; the working folder is ".".'
        )
    root = Path(path).expanduser()
    try:
        found = {one: None for start in _matching(root) for one in _at(start)}
    except (OSError, ValueError) as error:
        raise _unreadable(root, error) from error
    if not found:
        raise RecordingError(
            f"There is no recording in {root}.",
            remedy="Give a folder that talk(agent, record=...) or live.save(...) has written to.",
        )
    # Their names begin with the moment when they were begun, whatever folders they are in.
    return sorted(found, key=lambda one: (one.name, one))


def _matching(path: Path) -> list[Path]:
    """Returns the paths that a pattern matches; a path that is there is no pattern."""
    if not glob.has_magic(str(path)) or path.exists():
        return [path]
    return [Path(one) for one in glob.glob(str(path), recursive=True)]  # noqa: PTH207 - `**` as in shells


def _at(root: Path) -> Iterator[Path]:
    if root.name == EVENTS:
        root = root.parent
    if (root / EVENTS).is_file():
        yield root
        return
    seen = set()
    for folder, inner, _ in os.walk(root, onerror=_refuse, followlinks=True):
        here = os.path.realpath(folder)
        if here in seen:  # A link leads back.
            inner.clear()
        elif (Path(folder) / EVENTS).is_file():
            inner.clear()  # Nothing is recorded within a recording.
            yield Path(folder)
        seen.add(here)


def _refuse(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def _unreadable(path: Path, error: Exception) -> RecordingError:
    return RecordingError(
        f"{path} cannot be read: {error}.",
        remedy="Is it there, and may you read it? Recordings are for the user who made them.",
    )


def warn_of(faults: list[Fault], stacklevel: int) -> None:
    """Warns of the faults of one recording, where the function so many calls up was called."""
    for fault in faults[:MAX_WARNINGS]:
        warnings.warn(str(fault), stacklevel=stacklevel)
    if len(faults) > MAX_WARNINGS:
        more = len(faults) - MAX_WARNINGS
        warnings.warn(f"{faults[0].file}: {more} more lines were skipped.", stacklevel=stacklevel)


def read_folder(folder: Path) -> RecordedLog:
    """Reads the recording in a folder; what cannot be read is in its `faults`.

    Raises:
        RecordingError: It cannot be read, or it is of a later version.
    """
    reading = _Reading(folder / EVENTS)
    rows = reading.rows
    session_id = reading.session_id or _id_in(folder)
    run_id = reading.run_id or _name(folder)
    log = RecordedLog(folder, session_id, run_id, [rows[seq] for seq in sorted(rows)])
    log.tags = reading.tags
    log.faults = reading.faults()
    return log


class _Reading:
    """Reads the lines of one file.

    Attributes:
        session_id: The session's id, if its header has one.
        run_id: The id of its sitting, if the header has one.
        tags: The session's tags.
        rows: The rows by `seq`.
    """

    def __init__(self, file: Path) -> None:
        self.session_id = ""
        self.run_id = ""
        self.tags: dict[str, str] = {}
        self.rows: dict[int, LogRow] = {}
        self._file = file
        self._has_header = False
        # What is to be told of a line, by its number.
        self._told: dict[int, str] = {}
        # Where numbers are left out that no skipped line explains: the line, and both ends.
        self._gaps: list[tuple[int, int, int]] = []
        self._read()

    def faults(self) -> list[Fault]:
        """Returns what is wrong, by line."""
        found = dict(self._told)
        known = sorted(self.rows)
        for number, first, last in self._gaps:
            inside = known[bisect_left(known, first) : bisect_right(known, last)]
            missing = [
                (low + 1, high - 1)
                for low, high in pairwise([first - 1, *inside, last + 1])
                if high - low > 1
            ]
            if missing:
                found[number] = f"{_ranges(missing)} before it"
        return [Fault(str(self._file), number, found[number]) for number in sorted(found)]

    def _read(self) -> None:
        rows, highest, skipped = self.rows, -1, 0
        for number, line in _lines(self._file):
            try:
                header = read_header(line) if number == 1 else {}
                if header.get("format") == FORMAT:
                    self._has_header = True
                    self.session_id = _session_id(header, self._file)
                    self.run_id = header.get("run_id", "")
                    self.tags = read_tags(line)
                    continue
                seq = read_row(line, rows)
                if number == 1:
                    self._told[1] = "there is no header before it"
            except ValueError as error:
                is_header = number == 1 and self._has_header
                self._told[number] = f"{'ignored' if is_header else 'skipped'} ({error})"
                skipped += number > 1
                continue
            if seq > highest:
                if seq - highest - 1 > skipped:
                    self._gaps.append((number, highest + 1, seq - 1))
                highest, skipped = seq, 0
        if not (self._has_header or rows or self._told):
            self._told[1] = "the file is empty"


def _ranges(missing: list[tuple[int, int]]) -> str:
    """Says which rows are missing, by the first and last of each stretch."""
    parts = [
        str(first) if first == last else f"{first} to {last}"
        for first, last in missing[:_MAX_STRETCHES]
    ]
    more = "" if len(missing) <= _MAX_STRETCHES else " and more"
    one = len(missing) == 1 and missing[0][0] == missing[0][1]
    return f"{'row' if one else 'rows'} {', '.join(parts)}{more} {'is' if one else 'are'} missing"


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with file.open("rb") as opened:
            for number, line in enumerate(opened, 1):
                # Editors of some systems put a mark before the first letter.
                yield number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
    except OSError as error:
        raise _unreadable(file, error) from error


def _session_id(header: dict[str, Any], file: Path) -> str:
    version = header.get("version")
    if version is None:
        raise ValueError("version is missing")
    if version > VERSION:
        raise RecordingError(
            f"{file} is of version {version}; this adk_nb reads up to {VERSION}.",
            remedy="Update adk_nb.",
        )
    return str(header.get("session_id", ""))


def _id_in(folder: Path) -> str:
    """Returns the session's id that a recording's folder is named by."""
    name = _name(folder)
    return name.partition("-")[2] or name


def _name(folder: Path) -> str:
    """Returns a folder's name as valid text: it may be no text at all."""
    return os.fsencode(folder.absolute().name).decode("utf-8", "replace")
