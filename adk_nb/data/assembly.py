"""Makes frames of logs, a batch of recordings at a time: memory is bounded by the frame.

A large folder is read by several processes. They are made anew for each frame: the environment and
the working folder are those of now.
"""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import dataclass, field, replace
from functools import partial
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from adk_nb.data.arrays import array, joined
from adk_nb.data.collector import paused, sweep
from adk_nb.data.columns import JsonColumn, chosen, is_ours
from adk_nb.data.sources import found
from adk_nb.exceptions import AdkNbError, RecordingError
from adk_nb.log.recording import EVENTS
from adk_nb.log.recording_reader import Fault, read_folder, warn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from adk_nb.data.columns import Column, ColumnGroup, Columns, Items
    from adk_nb.log.turns_from_log import Log

BATCH = 20_000
"""How many rows of logs are read before they become columns."""
MANY = 200_000_000
"""Bytes of events from which on several processes read them."""
CHUNK = 8_000_000
"""Bytes of events that a process reads at a time."""
DELAY_S = 1.0
"""After how long there is a progress bar (s)."""
FAULTS = {"file": "string", "line": "Int64", "what": "string"}
"""The columns of a frame of faults, and their dtypes."""


class Kind(NamedTuple):
    """A kind of frame.

    Attributes:
        items_of: Returns what a log's frame has rows for.
        columns: Its columns.
        more: Those on demand.
    """

    items_of: Callable[[Log], Items]
    columns: ColumnGroup
    more: ColumnGroup


@dataclass(frozen=True, slots=True)
class Options:
    """How a frame is made; see `events_df`.

    Attributes:
        strict: Whether what cannot be read is warned of and raised, rather than returned.
        json: Whether columns of objects are text, in JSON.
        naive: Whether times are without a zone.
        workers: How many processes read recordings; None if their size decides.
        progress: Whether there is a bar over what takes long.
    """

    strict: bool = True
    json: bool = False
    naive: bool = False
    workers: int | None = None
    progress: bool = True

    def __post_init__(self) -> None:
        is_number = isinstance(self.workers, Integral) and not isinstance(self.workers, bool)
        if self.workers is not None and not (is_number and self.workers > 0):
            raise AdkNbError(
                f"workers={self.workers!r:.100} is no number of processes.",
                remedy="Give 1 or more, or None to have it chosen.",
                code="bad_option",
            )


def assemble(
    source: Any, kind: Kind, columns: Columns | None, options: Options
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the frame of a source; where it is not strict, that and a frame of faults."""
    wanted = chosen(kind.columns if columns is None else columns, kind.columns + kind.more)
    ours = all(map(is_ours, wanted))
    work = _Work(
        kind.items_of,
        [_as(column, options) for column in wanted],
        strict=options.strict,
        ours=ours,
    )
    faults: list[Fault] = []
    failed = None if options.strict else faults.append
    with paused():
        parts = _Parts(work.wanted)
        for made in _made(list(found(source, failed)), work, options):
            for of_log in made.faults:
                if options.strict:
                    warn_of(of_log, 4)
                faults += of_log
            parts.add(made.arrays)
        frame = parts.frame()
    return frame if options.strict else (frame, faults_df(faults))


def faults_df(faults: list[Fault]) -> pd.DataFrame:
    """Returns a frame with a row for each fault."""
    rows = [(fault.file, fault.line, fault.what) for fault in faults]
    return pd.DataFrame(rows, columns=list(FAULTS)).astype(FAULTS)


def _as(column: Column, options: Options) -> Column:
    """Returns a column as the options have it."""
    if options.json and column.dtype == "object":
        return JsonColumn(column.name, "string", column.value)
    if options.naive and column.dtype == "datetime64[us, UTC]":
        return replace(column, dtype="datetime64[us]")
    return column


class _Made(NamedTuple):
    """What was made of some logs: an array for each column, and what is wrong with each log."""

    arrays: list[Any]
    faults: list[list[Fault]]


class _Parts:
    """The parts of a frame, by column."""

    def __init__(self, wanted: list[Column]) -> None:
        self._wanted = wanted
        self._parts: list[list[Any]] = [[] for _ in wanted]

    def add(self, arrays: list[Any]) -> None:
        for parts, one in zip(self._parts, arrays, strict=True):
            parts.append(one)

    def frame(self) -> pd.DataFrame:
        """Returns the frame; the parts of a column are freed as soon as it is whole."""
        whole = {}
        for column in self._wanted:
            parts = self._parts.pop(0) or [array(column, [])]
            whole[column.name] = parts[0] if len(parts) == 1 else joined(column, parts)
        return pd.DataFrame(whole, copy=False)


@dataclass(frozen=True)
class _Work:
    """What is to be made of each log.

    Attributes:
        items_of: Returns what its frame has rows for.
        wanted: The columns.
        strict: Whether a recording that cannot be read is an error.
        ours: Whether all columns are adk_nb's own: no other code has seen the items.
    """

    items_of: Callable[[Log], Items]
    wanted: list[Column]
    strict: bool
    ours: bool

    def arrays(self, items: list[Items]) -> list[Any]:
        """Returns the columns of some items, which are used up."""
        arrays = [array(column, items) for column in self.wanted]
        if self.ours:
            for of_log in items:
                of_log.release()
        return arrays

    def of(self, sources: Iterable[Log | Path]) -> Iterator[_Made]:
        """Yields what is made of them, a batch at a time."""
        batch = _Batch()
        for one in sources:
            if isinstance(one, Path):
                self._read(one, batch)
            else:
                batch.items.append(self.items_of(one))
            if batch.size >= BATCH:
                yield _Made(self.arrays(batch.items), batch.faults)
                batch = _Batch()
                if not self.ours:
                    sweep()
        if batch.items or batch.faults:
            yield _Made(self.arrays(batch.items), batch.faults)

    def _read(self, folder: Path, batch: _Batch) -> None:
        try:
            log = read_folder(folder)
        except RecordingError as error:
            if self.strict:
                remedy = f"{error.remedy} With strict=False the others are read."
                raise RecordingError(error.message, remedy=remedy, code=error.code) from error
            batch.faults.append([Fault(str(folder), None, error.message.rstrip("."))])
            return
        if log.faults:
            batch.faults.append(log.faults)
        batch.items.append(self.items_of(log))
        batch.size += len(log)


@dataclass(slots=True)
class _Batch:
    """Logs that are to become columns together.

    Attributes:
        items: What the frame has rows for, by log.
        faults: What is wrong, by recording.
        size: How many rows of recordings there are.
    """

    items: list[Items] = field(default_factory=list)
    faults: list[list[Fault]] = field(default_factory=list)
    size: int = 0


def _made(sources: list[Log | Path], work: _Work, options: Options) -> Iterator[_Made]:
    """Yields what is made of the sources, in their order, and shows how far it is."""
    sizes = [_size(one) if isinstance(one, Path) else 0 for one in sources]
    folders = [one for one in sources if isinstance(one, Path)]
    total = sum(sizes)
    # How somebody's own function takes to another process is theirs to say.
    workers = options.workers
    if workers is None:
        workers = _processors() if work.ours and total >= MANY else 1
    shown = options.progress and bool(folders)
    with contextlib.closing(_Bar(total, shown=shown)) as bar:
        if workers > 1 and len(folders) == len(sources):
            yield from _by_processes(work, _chunks(folders, sizes), workers, bar)
        else:
            yield from work.of(_counted(sources, sizes, bar))


class _Bar:
    """A progress bar that is only made where the work takes long.

    Args:
        total: How much is to be read (bytes).
        shown: Whether there is one at all.
    """

    def __init__(self, total: int, *, shown: bool) -> None:
        self._total = total
        self._after = time.monotonic() + DELAY_S if shown else math.inf
        self._done = 0
        self._bar: Any = None

    def update(self, size: int) -> None:
        """Takes how much more was read (bytes)."""
        self._done += size
        if self._bar is not None:
            self._bar.update(size)
        elif time.monotonic() >= self._after:
            from tqdm.auto import tqdm  # Takes 30 ms, which few frames need.

            self._bar = tqdm(
                total=self._total, initial=self._done, desc="Recordings", unit="B", unit_scale=True,
                leave=False,
            )  # fmt: skip

    def close(self) -> None:
        """Takes it away."""
        if self._bar is not None:
            self._bar.close()


def _size(folder: Path) -> int:
    try:
        return (folder / EVENTS).stat().st_size
    except OSError:
        return 0  # Whoever reads it tells why.


def _counted(sources: list[Log | Path], sizes: list[int], bar: _Bar) -> Iterator[Log | Path]:
    for one, size in zip(sources, sizes, strict=True):
        yield one
        bar.update(size)


# With several processes.


class _Chunk(NamedTuple):
    """Recordings that one process reads together, and how large they are (bytes)."""

    folders: list[Path]
    size: int


def _chunks(folders: list[Path], sizes: list[int]) -> list[_Chunk]:
    chunks = [_Chunk([], 0)]
    for folder, size in zip(folders, sizes, strict=True):
        last = chunks[-1]
        if last.folders and last.size + size > CHUNK:
            chunks.append(_Chunk([folder], size))
        else:
            last.folders.append(folder)
            chunks[-1] = last._replace(size=last.size + size)
    return chunks


def _processors() -> int:
    """Returns how many processors this process may use."""
    import loky

    return int(loky.cpu_count())


def _by_processes(work: _Work, chunks: list[_Chunk], workers: int, bar: _Bar) -> Iterator[_Made]:
    # Unlike the standard library's, its processes do not run the user's script once more, and take
    # functions that were made in a cell.
    from loky.process_executor import ProcessPoolExecutor

    pool = ProcessPoolExecutor(min(workers, len(chunks)))
    try:
        made = pool.map(partial(_of_chunk, work), [chunk.folders for chunk in chunks])
        for chunk, of_chunk in zip(chunks, made, strict=True):
            yield from of_chunk
            bar.update(chunk.size)
    finally:
        pool.shutdown(kill_workers=True)


def _of_chunk(work: _Work, folders: list[Path]) -> list[_Made]:
    with paused():
        return list(work.of(folders))
