"""The ADK sessions behind one live session: its histories, their forks, their state.

A history is an ADK session; a live session begins with one, and a swap may add others.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from google.adk.apps.app import validate_app_name
from google.adk.events import Event, EventActions
from google.adk.memory.in_memory_memory_service import InMemoryMemoryService
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.genai import types

from adk_nb.adk.stored_session import is_of_database_service, is_stale, read_again
from adk_nb.exceptions import AdkNbError, SwapError
from adk_nb.log.word_boundaries import joined
from adk_nb.plain import plain, valid_text
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from google.adk.artifacts import BaseArtifactService
    from google.adk.memory.base_memory_service import BaseMemoryService
    from google.adk.sessions import BaseSessionService, Session

    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.turn import Turn

APP_NAME = "adk_nb"
"""ADK's name for what runs here, where nothing else is said."""
_POSTGRESQL = ("postgresql", "postgres")
_SHARED = ("app:", "user:", "temp:")


@dataclass(slots=True)
class History:
    """One history of a live session.

    Attributes:
        id: The ADK session's id.
        origin: The id of the history that it was forked from; empty if it was not.
        turns: The numbers of its turns, including those copied from its origin.
        current: Whether the conversation continues in it.
    """

    id: str
    origin: str = ""
    turns: list[int] = field(default_factory=list)
    current: bool = False


def checked_app_name(name: str) -> str:
    """Returns a name of an ADK app.

    Raises:
        AdkNbError: ADK takes no such name.
    """
    try:
        validate_app_name(name)
    except ValueError as error:
        # "Invalid app name 'x': must start with ...", or a sentence of its own.
        _, invalid, rule = str(error).partition(f"{name}': ")
        why = f"it {rule}" if invalid else str(error)
        raise AdkNbError(
            f"ADK 2 refuses the app name {name!r}: {why}",
            remedy="Give the name of the agent's folder, as `adk web` does.",
            code="bad_option",
        ) from error
    return name


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


class Histories:
    """Makes, forks and reads the histories of one live session, on the bridge thread.

    Args:
        sessions: ADK's session service, or the URI of one.
        artifacts: ADK's artifact service.
        user_id: The ADK user.
        app_name: The ADK app's name.
        first: The id of the history that the conversation begins in.
    """

    def __init__(
        self,
        sessions: BaseSessionService | str | None,
        artifacts: BaseArtifactService,
        *,
        user_id: str,
        first: str,
        app_name: str = APP_NAME,
    ) -> None:
        # Whether the service was made here, from a URI, and has to be closed here.
        self._owned = isinstance(sessions, str)
        self.sessions = service_of(sessions)
        self._append = self.sessions.append_event
        if self._owned:  # ADK's runs append to it too.
            self.sessions.append_event = self._append_shared  # type: ignore[method-assign]
        # Called once if something else writes to the conversation too.
        self.on_shared: Callable[[AdkNbError], None] = lambda _: None
        self._shared = False
        self.artifacts = artifacts
        # What tools such as `load_memory` ask.
        self.memory: BaseMemoryService = InMemoryMemoryService()
        self.user_id = user_id
        self.app_name = app_name
        self.all = [History(first, current=True)]

    @property
    def current(self) -> History:
        """The history in which the conversation continues."""
        return next(history for history in self.all if history.current)

    def of_turn(self, index: int) -> History:
        """Returns the history in which a turn took place.

        Raises:
            SwapError: There is no such turn.
        """
        # The earliest that has the turn; later ones are copies.
        for history in self.all:
            if index in history.turns:
                return history
        raise SwapError(f"There is no turn {index} to fork from.", remedy="See live.turns.")

    def named(self, history_id: str) -> History:
        """Returns a history by its id.

        Raises:
            SwapError: There is no history of that id.
        """
        for history in self.all:
            if history.id == history_id:
                return history
        known = ", ".join(repr(history.id) for history in self.all)
        raise SwapError(
            f"There is no history {history_id!r}.",
            remedy=f'Use "keep", "fresh", "fork" or one of {known}.',
        )

    async def close(self) -> None:
        """Closes a service that was made from a URI; it opens again when it is used."""
        close = getattr(self.sessions, "close", None)
        if self._owned and close is not None:
            await close()

    def enter(self, history: History) -> None:
        """Makes a history the current one."""
        if history not in self.all:
            self.all.append(history)
        for one in self.all:
            one.current = one is history

    async def get(self, history_id: str | None = None) -> Session | None:
        """Returns ADK's session of a history, by default of the current one."""
        return await self.sessions.get_session(
            app_name=self.app_name, user_id=self.user_id, session_id=history_id or self.current.id
        )

    async def drop(self, history: History) -> None:
        """Deletes the history of a swap that failed."""
        self.all.remove(history)
        await self.sessions.delete_session(
            app_name=self.app_name, user_id=self.user_id, session_id=history.id
        )

    def fresh(self) -> History:
        """Returns an empty history; ADK makes its session when it is first used."""
        return History(self._new_id())

    async def fork(
        self, source: History, keep: Callable[[Event], bool], turns: list[int]
    ) -> History:
        """Copies the events of a history that `keep` returns True for, with their state."""
        session = await self.get(source.id)
        fork = History(self._new_id(), source.id, turns)
        if session is None:
            return fork
        later = {key for event in session.events for key in event.actions.state_delta}
        given = {
            key: value
            for key, value in session.state.items()
            if key not in later and not key.startswith(_SHARED)
        }
        copy = await self.sessions.create_session(
            app_name=self.app_name, user_id=self.user_id, session_id=fork.id, state=given
        )
        for event in session.events:
            if keep(event):
                await self.sessions.append_event(copy, event.model_copy(deep=True))
        await self._copy_artifacts(source.id, fork.id)
        return fork

    async def _copy_artifacts(self, source: str, target: str) -> None:
        for name in await self.artifact_names(source):
            artifact = await self.artifact(name, session_id=source)
            if artifact is not None and not name.startswith("user:"):
                await self.artifacts.save_artifact(
                    app_name=self.app_name,
                    user_id=self.user_id,
                    session_id=target,
                    filename=name,
                    artifact=artifact,
                )

    async def artifact_names(self, session_id: str | None = None) -> list[str]:
        """Returns the names of a history's artifacts, by default the current one's."""
        return await self.artifacts.list_artifact_keys(
            app_name=self.app_name, user_id=self.user_id, session_id=session_id or self.current.id
        )

    async def artifact(
        self, name: str, version: int | None = None, session_id: str | None = None
    ) -> types.Part | None:
        """Returns an artifact of a history, by default its newest version."""
        return await self.artifacts.load_artifact(
            app_name=self.app_name,
            user_id=self.user_id,
            session_id=session_id or self.current.id,
            filename=name,
            version=version,
        )

    async def append(self, event: Event, session: Session | None = None) -> None:
        """Adds an event to the current history.

        Args:
            event: The event.
            session: The session object of the current run, if there is one: services refuse events
                that a stale object adds, and tools read the state of that object.
        """
        if session is None:
            session = await self.get()
        if session is None:
            session = await self.sessions.create_session(
                app_name=self.app_name, user_id=self.user_id, session_id=self.current.id
            )
        await self._append_shared(session, event)

    async def _append_shared(self, session: Session, event: Event) -> Event:
        """Adds an event; if something else has written meanwhile, that is read, and it tries again.

        Raises:
            AdkNbError: Something else has written once more.
        """
        try:
            return await self._append(session, event)
        except ValueError as error:
            if not is_stale(error):
                raise
        if not self._shared:
            self._shared = True
            self.on_shared(self._open_elsewhere("What was written there was read."))
        stored = await self.get(session.id)
        if stored is not None:
            read_again(session, stored)
        try:
            return await self._append(session, event)
        except ValueError as error:
            if not is_stale(error):
                raise
            raise self._open_elsewhere("What was said here could not be added.") from error

    def _open_elsewhere(self, outcome: str) -> AdkNbError:
        return AdkNbError(
            f"The conversation {self.current.id!r} is open elsewhere too, in another session or "
            f"program. {outcome}",
            remedy="Close it there, or take another session_id. swap() tells the model what was "
            "said there.",
            code="shared_session",
        )

    async def complete(self, turn: Turn, since: float, others: Collection[str] = ()) -> list[Event]:
        """Adds the words of a turn that ADK has not recorded: the run ended before they were final.

        Args:
            turn: The turn, as it was said.
            since: When it began (s since the Unix epoch).
            others: The ids of events that are known to be of other turns.

        Returns:
            The events that were added.
        """
        session = await self.get()
        if session is None:
            return []
        missing = []
        later = (event for event in session.events if event.timestamp >= since)
        recorded = [event for event in later if event.id not in others]
        said = {event.author == "user" for event in recorded if _text_of(event)}
        if turn.user_text and True not in said:
            missing.append(words("user", turn.user_text))
        if turn.heard_text and False not in said:
            missing.append(words(turn.agent, turn.heard_text))
        for event in missing:
            await self.append(event, session)
        return missing

    async def answer(self, call: ToolCall, running: Session | None = None) -> Event | None:
        """Adds the response of a call that was cut off: models refuse a history without one.

        `running` is the session object of the current run, if there is one.
        """
        session = running or await self.get()
        if session is None:
            return None
        event = response(call, {"error": call.error}, session.events)
        await self.append(event, session)
        return event

    def _new_id(self) -> str:
        # Not a count: the forks of a resumed conversation are not known here.
        return f"{self.all[0].id}-{uuid.uuid4().hex[:6]}"


def words(author: str, text: str) -> Event:
    """Returns an event in which someone says something."""
    role = "user" if author == "user" else "model"
    content = types.Content(role=role, parts=[types.Part(text=text)])
    return Event(author=author, content=content)


def response(call: ToolCall, result: dict[str, Any], events: Sequence[Event] = ()) -> Event:
    """Returns the event of a tool's response.

    Args:
        call: The call.
        result: What it returned.
        events: Those of ADK's session. ADK drops a response that is not of the invocation and the
            live session of its call.
    """
    part = types.FunctionResponse(id=call.id, name=call.name, response=result)
    content = types.Content(role="user", parts=[types.Part(function_response=part)])
    event = Event(author=call.author, content=content)
    made = next((one for one in reversed(events) if _calls(one, call.id)), None)
    if made is not None:
        event.author, event.branch = made.author, made.branch
        event.invocation_id, event.live_session_id = made.invocation_id, made.live_session_id
    return event


def _calls(event: Event, call_id: str) -> bool:
    return any(call.id == call_id for call in event.get_function_calls())


def state_change(delta: dict[str, Any]) -> Event:
    """Returns the event of a change to ADK's session state."""
    return Event(author="user", actions=EventActions(state_delta=delta))


def earlier(events: Sequence[Event]) -> list[protocol.Message]:
    """Returns what was said in a conversation that is resumed, for a page to show.

    Its turns have numbers below 1, so that this session's own begin at 1.
    """
    turns: list[list[tuple[str, str]]] = []
    for event in events:
        text = _text_of(event)
        if not text:
            continue
        if event.author == "user" or not turns:
            turns.append([])
        turns[-1].append((event.author, text))
    messages: list[protocol.Message] = []
    for index, turn in enumerate(turns, 1 - len(turns)):
        by_author: dict[str, str] = {}
        for author, text in turn:
            by_author[author] = joined([by_author.get(author, ""), text])
        messages += [
            protocol.Transcript(
                index, "user" if author == "user" else "agent", author, text, final=True
            )
            for author, text in by_author.items()
        ]
    return messages


def _text_of(event: Event) -> str:
    said = event.input_transcription or event.output_transcription
    if said is not None and said.text:
        return said.text
    parts = (event.content.parts or ()) if event.content else ()
    return joined(part.text for part in parts if part.text and not part.thought)
