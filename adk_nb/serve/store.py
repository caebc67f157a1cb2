"""A session store that a server can lose for a while without losing what is said meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from google.adk.sessions import Session
from google.adk.sessions.base_session_service import BaseSessionService

from adk_nb.adk.stored_session import is_stale, read_again, same_revision
from adk_nb.exceptions import AdkNbError
from adk_nb.live.session_services import service_of
from adk_nb.serve.reasons import Reasons

if TYPE_CHECKING:
    from google.adk.events import Event
    from google.adk.sessions.base_session_service import GetSessionConfig, ListSessionsResponse

logger = logging.getLogger(__name__)

ANSWER_S = 3.0
"""How long the store may take for an answer (s); after that it counts as gone."""
RETRY_S = 0.5
"""How often a store that is gone is tried again (s)."""
_LOST_KINDS = frozenset({"OperationalError", "InterfaceError"})
_LOST_STATES = ("08", "53", "57")
"""Classes of SQL states: no connection, no resources, stopped by an administrator."""

Key: TypeAlias = tuple[str, str, str]
"""App, user and id of an ADK session."""


@dataclass(slots=True, eq=False)
class _Kept:
    """A conversation that is open here, as it is in memory.

    Attributes:
        session: All of it; None if the store has no such session yet.
        waiting: Its events that are not written yet, oldest first.
        held: The objects of runs that were added to meanwhile.
        writing: Held while an event is written, so that events stay in order.
        unmade: Whether the store has to make it first, as it was gone when that was due.
        over: Whether it is closed here, and kept for what waits alone.
    """

    session: Session | None = None
    waiting: list[Event] = field(default_factory=list)
    held: list[Session] = field(default_factory=list)
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    unmade: bool = False
    over: bool = False


class Store(BaseSessionService):
    """ADK's session service, with a memory of the conversations that are open here.

    While the service cannot be reached, they go on in memory; what is said is written when it can
    be reached again. What is new to it cannot be opened meanwhile. All runs on the bridge thread.

    Args:
        service: The service, or its URI.
    """

    def __init__(self, service: BaseSessionService | str) -> None:
        self._service = service_of(service)
        self._kept: dict[Key, _Kept] = {}
        self._catching_up: asyncio.Task[None] | None = None
        self._reasons = Reasons()

    @property
    def waiting(self) -> int:
        """How many events wait to be written."""
        return sum(len(kept.waiting) for kept in self._kept.values())

    @property
    def _lost(self) -> bool:
        return self._catching_up is not None

    async def problem(self) -> str:
        """Asks the store for an answer; returns why there is none, or an empty text."""
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._service.list_sessions(app_name="adk_nb", user_id="readyz")
        except Exception as error:
            told = _told(error).message
            # What follows the first line is SQL.
            self._reasons.tell(f"{told} {str(error).partition(chr(10))[0]}")
            return told
        self._reasons.tell("")
        return ""

    async def has_more(self, key: Key) -> bool:
        """Returns whether the store has events of a conversation that were written elsewhere."""
        kept = self._kept.get(key)
        if self._lost or kept is None:
            return False
        known = {event.id for event in kept.session.events} if kept.session is not None else set()
        try:
            stored = await self._stored(key)
        except Exception:
            return False
        return stored is not None and any(event.id not in known for event in stored.events)

    async def settle(self, limit_s: float) -> int:
        """Waits until all is written; returns how many events are not after `limit_s` seconds."""
        if self._catching_up is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await asyncio.shield(self._catching_up)
        return self.waiting

    def forget(self, key: Key) -> None:
        """Keeps a conversation no longer than it takes to write what waits."""
        kept = self._kept.get(key)
        if kept is not None:
            kept.over = True
            if not kept.waiting:
                del self._kept[key]

    # What ADK calls.

    async def get_session(
        self,
        *,
        app_name: str,
        user_id: str,
        session_id: str,
        config: GetSessionConfig | None = None,
    ) -> Session | None:
        """Returns a session; see ADK."""
        key = app_name, user_id, session_id
        kept = self._kept.get(key)
        if kept is not None and self._lost:
            return _copy(kept.session)
        try:
            found = await self._stored(key, config)
        except Exception as error:
            if kept is None or not is_lost(error):
                raise _told(error) from error
            return _copy(kept.session)
        if config is None:
            kept = self._kept.setdefault(key, _Kept())
            kept.session, kept.over = _copy(found), False
        return found

    async def create_session(
        self,
        *,
        app_name: str,
        user_id: str,
        state: dict[str, Any] | None = None,
        session_id: str | None = None,
    ) -> Session:
        """Makes a session; see ADK."""
        kept = self._kept.get((app_name, user_id, session_id or ""))
        names = {"app_name": app_name, "user_id": user_id}
        if kept is None or not self._lost:
            try:
                async with asyncio.timeout(ANSWER_S):
                    made = await self._service.create_session(
                        **names, state=state, session_id=session_id
                    )
            except Exception as error:
                if kept is None or not is_lost(error):
                    raise _told(error) from error
            else:
                kept = self._kept.setdefault((app_name, user_id, made.id), _Kept())
                kept.session = _copy(made)
                return made
        made = Session(
            id=session_id or "", **names, state=state or {}, last_update_time=time.time()
        )
        kept.session, kept.unmade = _copy(made), True
        return made

    async def append_event(self, session: Session, event: Event) -> Event:
        """Adds an event to a session; see ADK."""
        if event.partial:
            return event
        key = session.app_name, session.user_id, session.id
        kept = self._kept.get(key)
        if kept is None or kept.session is None:
            kept = self._kept[key] = _Kept(_copy(session))
        async with kept.writing:
            if not self._lost:
                try:
                    return await self._write(kept, session, event)
                except Exception as error:
                    if not is_lost(error):
                        raise
                    logger.warning("The session store is gone: %s.", type(error).__name__)
            return await self._keep(kept, session, event)

    async def list_sessions(
        self, *, app_name: str, user_id: str | None = None
    ) -> ListSessionsResponse:
        """Lists sessions; see ADK."""
        return await self._service.list_sessions(app_name=app_name, user_id=user_id)

    async def delete_session(self, *, app_name: str, user_id: str, session_id: str) -> None:
        """Deletes a session; see ADK."""
        self._kept.pop((app_name, user_id, session_id), None)
        await self._service.delete_session(
            app_name=app_name, user_id=user_id, session_id=session_id
        )

    async def close(self) -> None:
        """Closes the service."""
        if self._catching_up is not None:
            self._catching_up.cancel()
        close = getattr(self._service, "close", None)
        if close is not None:
            await close()

    # How it is done.

    async def _stored(self, key: Key, config: GetSessionConfig | None = None) -> Session | None:
        app_name, user_id, session_id = key
        async with asyncio.timeout(ANSWER_S):
            return await self._service.get_session(
                app_name=app_name, user_id=user_id, session_id=session_id, config=config
            )

    async def _write(self, kept: _Kept, session: Session, event: Event) -> Event:
        """Writes an event, also where the conversation was elsewhere in between."""
        async with asyncio.timeout(ANSWER_S):
            if kept.unmade:
                same_revision(session, await self._make(session))
                kept.unmade = False
            try:
                written = await self._service.append_event(session, event)
            except ValueError as error:
                if not is_stale(error):
                    raise
                stored = await self._stored((session.app_name, session.user_id, session.id))
                if stored is None:
                    raise
                read_again(session, stored)
                kept.session = _copy(stored)
                written = await self._service.append_event(session, event)
        if kept.session is not None:
            await super().append_event(kept.session, written)
        return written

    async def _make(self, session: Session) -> Session:
        return await self._service.create_session(
            app_name=session.app_name, user_id=session.user_id, session_id=session.id
        )

    async def _keep(self, kept: _Kept, session: Session, event: Event) -> Event:
        """Adds an event in memory, to be written later."""
        event = await super().append_event(session, event)
        if kept.session is not None:
            await super().append_event(kept.session, event)
        kept.waiting.append(event)
        if not any(one is session for one in kept.held):
            kept.held.append(session)
        if self._catching_up is None:
            self._catching_up = asyncio.create_task(self._catch_up())
        return event

    async def _catch_up(self) -> None:
        """Writes what waits as soon as it can be."""
        try:
            while behind := [(key, kept) for key, kept in self._kept.items() if kept.waiting]:
                await asyncio.sleep(RETRY_S)
                try:
                    for key, kept in behind:
                        await self._write_waiting(key, kept)
                except Exception as error:
                    if not is_lost(error):
                        logger.exception("The session store could not be written to.")
        finally:
            self._catching_up = None
        logger.warning("The session store is back, and all is written.")

    async def _write_waiting(self, key: Key, kept: _Kept) -> None:
        stored = await self._stored(key)
        if stored is None and kept.session is not None:
            async with asyncio.timeout(ANSWER_S):
                stored = await self._make(kept.session)
        if stored is None:
            return
        # An answer may have been lost after the event had been written.
        written = {event.id for event in stored.events}
        while kept.waiting:
            event = kept.waiting[0]
            try:
                if event.id not in written:
                    async with asyncio.timeout(ANSWER_S):
                        await self._service.append_event(stored, event)
            except Exception as error:
                if is_lost(error):
                    raise
                # It would keep all that follow from being written.
                logger.exception("An event of the conversation %s is not stored.", key[2])
            kept.waiting.pop(0)
        # From here to the end nothing else runs: no event can come in between.
        for held in kept.held:
            same_revision(held, stored)
        kept.held.clear()
        kept.unmade = False
        if kept.over:
            self._kept.pop(key, None)


def is_lost(error: BaseException) -> bool:
    """Returns whether an error says that a store cannot be reached, rather than that it refuses."""
    if isinstance(error, OSError | TimeoutError):
        return True
    cause = getattr(error, "orig", None)  # SQLAlchemy's errors hold the driver's.
    if type(error).__name__ in _LOST_KINDS or getattr(error, "connection_invalidated", False):
        return True
    state = str(getattr(cause, "sqlstate", "") or getattr(error, "sqlstate", "") or "")
    return state.startswith(_LOST_STATES)


def _told(error: Exception) -> AdkNbError:
    return AdkNbError(
        f"The session store cannot be reached: {type(error).__name__}.",
        remedy="Try again in a while; if that does not help, look at its address and its log.",
        code="sessions_failed",
    )


def _copy(session: Session | None) -> Session | None:
    return session.model_copy(deep=True) if session is not None else None
