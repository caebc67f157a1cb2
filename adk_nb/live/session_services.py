"""ADK's session services by their URIs, made to take what is said here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from google.adk.sessions.in_memory_session_service import InMemorySessionService

from adk_nb.adk.stored_session import is_of_database_service
from adk_nb.exceptions import AdkNbError
from adk_nb.plain import plain, valid_text

if TYPE_CHECKING:
    from google.adk.events import Event
    from google.adk.sessions import BaseSessionService, Session

_POSTGRESQL = ("postgresql", "postgres")


def service_of(sessions: BaseSessionService | str | None) -> BaseSessionService:
    """Returns ADK's session service for a URI such as `sqlite:///talk.db`; a service as it is.

    A path after three slashes is relative to the working directory, after four absolute, as in
    SQLAlchemy. `postgresql://` and what names a driver, as `mysql+aiomysql://`, are ADK's
    DatabaseSessionService.

    Raises:
        AdkNbError: The scheme is unknown, or what it needs is not installed.
    """
    if sessions is None:
        return InMemorySessionService()
    if not isinstance(sessions, str):
        return sessions
    return _shared(_cleaned(service_at(sessions)))


def service_at(sessions: str) -> BaseSessionService:
    """Returns the ADK session service of a URI.

    Raises:
        AdkNbError: There is none, or it cannot be opened.
    """
    # Here, as it imports parts of a web server.
    from google.adk.cli.service_registry import get_service_registry

    scheme = sessions.partition(":")[0]
    if scheme in _POSTGRESQL:  # ADK needs a driver that does not block.
        sessions = f"postgresql+asyncpg:{sessions.partition(':')[2]}"
        scheme = "postgresql+asyncpg"
    if scheme == "sqlite" and is_of_database_service(urlsplit(sessions).path[1:]):
        raise AdkNbError(
            f"{sessions!r} was made by ADK's DatabaseSessionService, and has other tables.",
            remedy=f"Write sqlite+aiosqlite{sessions.removeprefix(scheme)}",
            code="no_sessions",
        )
    try:
        if "+" in scheme:
            from google.adk.sessions import DatabaseSessionService

            return DatabaseSessionService(sessions)
        service = get_service_registry().create_session_service(sessions)
    except Exception as error:
        raise AdkNbError(
            f"The session service {_without_password(sessions)!r} cannot be opened: {error}",
            remedy='A database needs its driver: pip install "adk-nb[postgresql]" for PostgreSQL.',
            code="no_sessions",
        ) from error
    if service is None:
        raise AdkNbError(
            f"{_without_password(sessions)!r} names no session service.",
            remedy="Use sqlite:///talk.db, postgresql://..., or a service object of ADK's.",
            code="no_sessions",
        )
    return service


def _without_password(uri: str) -> str:
    return re.sub(r"(://[^:/@]*):.*@", r"\1:***@", uri)


def _cleaned(service: BaseSessionService) -> BaseSessionService:
    """Makes a service valid Unicode and JSON of what it is given: a database takes nothing else."""
    append = service.append_event

    async def append_cleaned(session: Session, event: Event) -> Event:
        _clean(event)
        return await append(session, event)

    service.append_event = append_cleaned  # type: ignore[method-assign]
    return service


def _shared(service: BaseSessionService) -> BaseSessionService:
    """Makes a service return the existing session where another process has just made it."""
    create = service.create_session

    async def create_or_get(**options: Any) -> Session:
        try:
            return await create(**options)
        except Exception as error:
            if type(error).__name__ != "AlreadyExistsError":
                raise
            names = {name: options[name] for name in ("app_name", "user_id", "session_id")}
            session = await service.get_session(**names)
            if session is None:
                raise
            return session

    service.create_session = create_or_get  # type: ignore[method-assign]
    return service


def _clean(event: Event) -> None:
    """Replaces, in place, what no database takes: ADK keeps using the same event."""
    for said in (event.input_transcription, event.output_transcription):
        if said is not None and said.text:
            said.text = valid_text(said.text)
    for part in (event.content.parts or ()) if event.content else ():
        if part.text:
            part.text = valid_text(part.text)
        for call in (part.function_call, part.function_response):
            if call is not None:
                call.name = valid_text(call.name or "")
        if part.function_call is not None and part.function_call.args:
            part.function_call.args = plain(part.function_call.args)
    if event.actions.state_delta:
        event.actions.state_delta = plain(event.actions.state_delta)
