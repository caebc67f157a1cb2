"""A session of ADK's that something else has written to, and a file that another service made."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.adk.sessions import Session


def is_stale(error: BaseException) -> bool:
    """Returns whether a service refused an event because something else has written since."""
    # By its name, as ADK has it in a private module; its services differ in what they say.
    return type(error).__name__ == "StaleSessionError" or "stale session" in str(error)


def read_again(session: Session, stored: Session) -> None:
    """Makes a session object that a run holds what is stored.

    Args:
        session: The object, which is changed.
        stored: The same session as its service has just read it.
    """
    session.events[:] = stored.events
    session.state.update(stored.state)
    same_revision(session, stored)


def same_revision(session: Session, stored: Session) -> None:
    """Lets a session object that a run holds be added to, as what it has is stored now."""
    session.last_update_time = stored.last_update_time
    # By it ADK's DatabaseSessionService knows what was read.
    if hasattr(stored, "_storage_update_marker"):
        session._storage_update_marker = stored._storage_update_marker  # noqa: SLF001


def is_of_database_service(path: str) -> bool:
    """Returns whether an SQLite file was made by ADK's DatabaseSessionService.

    Its SqliteSessionService would write into it, and could not read what is there: tables and
    columns have the same names, and times are dates in the one and seconds in the other.
    """
    if not Path(path).is_file():
        return False
    uri = f"{Path(path).absolute().as_uri()}?mode=ro"
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(uri, uri=True)) as database,
    ):
        columns = database.execute("PRAGMA table_info(sessions)").fetchall()
        return any(name == "update_time" and kind == "DATETIME" for _, name, kind, *_ in columns)
    return False
