"""The interface that `Conversation` calls; `LiveSession` implements it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from google.adk.agents import BaseAgent

    from adk_nb.adk.agents import Swap
    from adk_nb.audio import Clip
    from adk_nb.bridge_thread import BridgeLoop
    from adk_nb.live.event_feeds import EventFeeds
    from adk_nb.live.histories import Histories
    from adk_nb.live.swaps import Wish
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.turn import Turn

T = TypeVar("T")


class DrivenSession(Protocol):
    """A session that a cell calls. Methods that begin with `run_` run on the bridge thread."""

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
    def callbacks(self) -> list[Callable[[Turn], Any]]:
        """What is called with every turn that has ended."""

    @property
    def feeds(self) -> EventFeeds:
        """Those who follow the log."""

    def all_turns(self) -> list[Turn]:
        """Returns the turns so far, oldest first."""

    def peek(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the bridge thread, even if the session is not started or closed."""

    async def run_after_turn(self, function: Callable[[], Any]) -> None:
        """Calls a function after the open turn."""

    @property
    def voice_on(self) -> bool:
        """Whether the agent speaks; see `voice`."""

    def set_voice(self, *, on: bool) -> None:
        """Lets the agent speak or only write, from any thread; see `voice`."""

    async def run_prompt(self, text: str, timeout: float) -> Turn:  # noqa: ASYNC109
        """Sends a message that is not the user's, and waits for the answer; see `prompt`."""

    async def run_say(
        self,
        text: str,
        timeout: float,  # noqa: ASYNC109
        wait: Literal["text", "first", "heard"] = "text",
    ) -> Turn:
        """Types a turn and waits for its end, or its first words."""

    async def run_speak(self, clip: Clip, timeout: float) -> Turn:  # noqa: ASYNC109
        """Plays a clip to the model in real time and waits for its last turn."""

    async def run_interrupt(self) -> None:
        """Cuts the agent off."""

    async def run_swap(self, wish: Wish, timeout: float) -> Swap:  # noqa: ASYNC109
        """Changes the agent."""

    async def run_reload(self, timeout: float) -> Swap:  # noqa: ASYNC109
        """Gives the agent what was redefined."""

    async def run_state(self) -> dict[str, Any]:
        """Returns ADK's session state."""

    async def run_set_state(self, delta: dict[str, Any]) -> None:
        """Changes ADK's session state."""

    async def run_confirm(self, call_id: str | None, *, approved: bool, payload: Any) -> None:
        """Answers a tool's question."""

    async def run_stop_tool(self, call: str) -> None:
        """Stops a tool call, by its id or its tool's name."""

    async def run_respond(self, call_id: str, result: dict[str, Any]) -> None:
        """Tells the outcome of a long-running tool."""

    async def run_wait_for_turn(self, timeout: float | None) -> Turn:  # noqa: ASYNC109
        """Waits until a turn has ended."""
