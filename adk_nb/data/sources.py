"""What dataframes are made of: sessions, widgets, logs, and recordings by their paths."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import pandas as pd

from adk_nb.exceptions import AdkNbError, RecordingError
from adk_nb.log.recording_reader import Fault, find_recordings, read_folder, warn_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.log.turns_from_log import Log


class HasLog(Protocol):
    """Has a log, as a `LiveSession` has."""

    @property
    def log(self) -> Log:
        """The event log."""


class HasSession(Protocol):
    """Has a session, as a `LiveWidget` has."""

    @property
    def session(self) -> HasLog:
        """The session."""


Source: TypeAlias = (
    "str | os.PathLike[str] | Log | HasLog | HasSession | Iterable[Source] | Mapping[Any, Source]"
)
"""A widget, a session, a log, the path of a recording or of a folder of them, a pattern of paths,
or a list, a dictionary or a Series of these."""


def logs_of(source: Any) -> Iterator[Log]:
    """Yields the logs of a source; warns of what of a recording cannot be read.

    Args:
        source: A widget, a session, a log, the path of a recording or of a folder of them, or
            several of these, as the dataframes take it.

    Yields:
        Each log, with its rows oldest first. Recordings are read one by one.

    Raises:
        AdkNbError: The source has no events.
        RecordingError: There is no recording at a path, or none that can be read.
    """
    for one in found(source):
        if isinstance(one, Path):
            log = read_folder(one)
            warn_of(log.faults, 3)
            yield log
        else:
            yield one


def found(source: Any, failed: Callable[[Fault], None] | None = None) -> Iterator[Log | Path]:
    """Yields the logs of a source, and the folders of its recordings.

    Args:
        source: The source.
        failed: Takes what is wrong with a path; by default it is raised.

    Raises:
        AdkNbError: The source has no events.
        RecordingError: There is no recording at a path.
    """
    if isinstance(source, str | os.PathLike):
        yield from _recordings(source, failed)
        return
    log = None if isinstance(source, _TABLES) else _log_of(source)
    if log is not None:
        yield log
        return
    for one in _members(source):
        yield from found(one, failed)


_TABLES = (pd.Series, pd.DataFrame)
"""Whose labels are attributes of theirs, such as `log`."""


def _log_of(source: Any) -> Log | None:
    if hasattr(source, "session_id") and hasattr(source, "clip"):
        return source  # type: ignore[no-any-return]
    # Before `log`: a widget's own `log` is a logger.
    return getattr(getattr(source, "session", source), "log", None)


def _members(source: Any) -> Iterable[Any]:
    if isinstance(source, Mapping):
        return source.values()
    # Of a frame there would be the names of its columns, of bytes numbers.
    if isinstance(source, Iterable) and not isinstance(source, bytes | bytearray | pd.DataFrame):
        return source
    raise AdkNbError(
        f"There are no events in a {type(source).__name__}.",
        remedy="Give a LiveWidget, a LiveSession, the path of a recording or of a folder of "
        "recordings, or a list, a dictionary or a Series of these.",
        code="bad_source",
    )


def _recordings(path: Any, failed: Callable[[Fault], None] | None) -> list[Path]:
    try:
        return find_recordings(path)
    except RecordingError as error:
        if failed is None:
            raise
        failed(Fault(str(path), None, error.message.rstrip(".")))
        return []
