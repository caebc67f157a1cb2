"""The interface that `Conversation` calls; `LiveSession` implements it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from google.adk.agents import BaseAgent

    from adk_nb.bridge_thread import BridgeLoop
    from adk_nb.cell_requests import CellRequests
    from adk_nb.live.event_feeds import EventFeeds
    from adk_nb.live.histories import Histories
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.turn import Turn

T = TypeVar("T")


class DrivenSession(Protocol):
    """A session that a cell calls."""

    @property
    def log(self) -> EventLog:
        """The event log."""

    @property
    def bridge(self) -> BridgeLoop:
        """The bridge thread's loop; asking for it starts a session that is not started.

        Raises:
            SessionClosedError: The session is closed.
        """

    async def bridge_async(self) -> BridgeLoop:
        """Async version of `bridge`; works from any event loop, the bridge's own too."""

    @property
    def status(self) -> str:
        """What it does now, such as `ready`."""

    @property
    def current_agent(self) -> BaseAgent:
        """The current agent, with the tools that are switched on."""

    @property
    def all_histories(self) -> Histories:
        """The ADK sessions behind the conversation."""

    @property
    def open_questions(self) -> list[ToolCall]:
        """The tool calls that wait for the user's confirmation."""

    @property
    def requests(self) -> CellRequests:
        """What a cell asks of it, on the bridge thread."""

    @property
    def callbacks(self) -> list[Callable[[Turn], Any]]:
        """What is called with every turn that has ended."""

    @property
    def feeds(self) -> EventFeeds:
        """Those who follow the log."""

    def all_turns(self) -> list[Turn]:
        """Returns the turns so far, oldest first."""

    def peek(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the bridge thread, even if the session is not started or closed."""

    @property
    def voice_on(self) -> bool:
        """Whether the agent speaks; see `voice`."""

    def set_voice(self, *, on: bool) -> None:
        """Lets the agent speak or only write, from any thread; see `voice`."""
