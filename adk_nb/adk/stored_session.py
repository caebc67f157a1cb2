"""A session of ADK's that something else has written to since it was read."""

from __future__ import annotations

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
