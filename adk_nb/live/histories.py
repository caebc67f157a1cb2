"""The ADK sessions behind one live session: its histories, their forks, their state.

A history is an ADK session; a live session begins with one, and a swap may add others.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from google.adk.apps.app import validate_app_name
from google.adk.memory.in_memory_memory_service import InMemoryMemoryService

from adk_nb.adk.stored_session import is_stale, read_again
from adk_nb.exceptions import AdkNbError, SwapError
from adk_nb.live.history_events import response, text_of, words
from adk_nb.live.session_services import service_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from google.adk.artifacts import BaseArtifactService
    from google.adk.events import Event
    from google.adk.memory.base_memory_service import BaseMemoryService
    from google.adk.sessions import BaseSessionService, Session
    from google.genai import types

    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.turn import Turn

APP_NAME = "adk_nb"
"""ADK's name for what runs here, where nothing else is said."""
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
        said = {event.author == "user" for event in recorded if text_of(event)}
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
