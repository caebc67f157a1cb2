"""The session behind a run, for the connections that ADK makes in it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Coroutine

    from google.adk.events import Event
    from google.genai import types


class Executing(Protocol):
    """What runs the tools of a session."""

    def run(
        self,
        call_ids: list[str],
        running: Coroutine[Any, Any, Event | None],
        add: Callable[[Event], Awaitable[None]],
    ) -> None:
        """Runs tools in a task; see `adk_nb.live.tool_runs.ToolRuns.start`."""

    def began(self, call_id: str, task: asyncio.Task[Any]) -> None:
        """Learns the task in which the tool of a call runs; cancelling it stops the tool."""

    def ran(self, call_id: str, began: float, ended: float) -> None:
        """Learns when the tool of a call ran (s on the monotonic clock)."""

    def streamed(self, call_id: str, began: float, ended: float) -> None:
        """Learns when a streaming tool ran (s on the monotonic clock): it has ended."""


class Declaring(Protocol):
    """What decides how the tools of a session are declared.

    Attributes:
        blocking: Whether tools are to be declared as blocking; None leaves them as they are.
    """

    blocking: bool | None

    def declared(self, declared: dict[str, bool | None]) -> None:
        """Learns how tools are declared to the model: whether as blocking, by name."""


class Reconnecting(Protocol):
    """What knows the connection that is made, and those that were lost."""

    def taking_over(self) -> bool:
        """Returns whether a transfer has just made this agent the current one; resets itself."""

    def awaits_answer(self, history: list[types.Content]) -> bool:
        """Returns whether the user waits for an answer to the last words of a history."""


class Withholding(Protocol):
    """What puts a guard's words in the place of an answer."""

    def tell(self, event_id: str, *, begun: bool) -> bool:
        """A callback replaced an answer; the event of that id has what stands in its place.

        Args:
            event_id: The event's id.
            begun: Whether this withholds only an answer that the user has begun to get.

        Returns:
            Whether the sound of it is to be forgotten.
        """

    def words_first(self, ms: float) -> None:
        """Learns that the next words arrive before their sound, of which there is so much (ms)."""


class Knowing(Protocol):
    """What a connection asks of its session.

    Attributes:
        voice: Whether the agent speaks; it only writes otherwise.
    """

    voice: bool

    @property
    def tools(self) -> Executing:
        """Runs the tools."""

    @property
    def declarations(self) -> Declaring:
        """Decides how they are declared."""

    @property
    def reconnection(self) -> Reconnecting:
        """Knows the connection."""

    @property
    def withholding(self) -> Withholding:
        """Knows what a guard withholds."""

    def position(self) -> tuple[float, float] | None:
        """Returns how much of the turn has sounded, and how much there is (ms); None if no page."""

    def in_turn(self) -> bool:
        """Returns whether a turn has begun and not ended."""

    def guarded(self) -> bool:
        """Returns whether a callback may withhold what the agent says."""


SESSION: ContextVar[Knowing | None] = ContextVar("adk_nb_session", default=None)
"""The session whose run this is; None in a run that is not a session's."""
