"""`CellRequests`: what a cell asks of a conversation, as it is done on the bridge thread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from adk_nb.adk.session_context import SESSION
from adk_nb.exceptions import AdkNbError
from adk_nb.live.attached import check_text
from adk_nb.live.history_events import response, state_change
from adk_nb.live.reported_swaps import reported
from adk_nb.options import check_choice, seconds
from adk_nb.plain import plain
from adk_nb.providers.explain import explain

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.adk.agents import Swap
    from adk_nb.audio import Clip
    from adk_nb.live.coordinator import Exchange
    from adk_nb.live.followed_definitions import FollowedDefinitions
    from adk_nb.live.swaps import Wish
    from adk_nb.live.turn_callbacks import TurnListeners
    from adk_nb.live.turn_waits import TurnWaits
    from adk_nb.log.turn import Turn

Wait: TypeAlias = Literal["text", "first", "heard"]
"""For what `say` waits."""
_ELSEWHERE = "speak() takes sound, respond() a tool's result."


class CellRequests:
    """What the methods of `Conversation` do, on the bridge thread.

    Args:
        exchange: The exchange with the model.
        definitions: What the agent was made of.
        waits: Waits for turns that a cell began.
        listeners: Those who are told of turns that have ended.
    """

    def __init__(
        self,
        exchange: Exchange,
        definitions: FollowedDefinitions,
        waits: TurnWaits,
        listeners: TurnListeners,
    ) -> None:
        self._exchange = exchange
        self._definitions = definitions
        self._waits = waits
        self._listeners = listeners

    @property
    def inside(self) -> bool:
        """Whether it is asked in a tool or callback of this conversation, while a turn is open."""
        open_turn = self._exchange.turns.current is not None
        return open_turn and SESSION.get() is self._exchange

    def _refuse_inside(self, name: str) -> None:
        """Raises an error where a call would wait for the tool or callback that made it."""
        if self.inside:
            raise AdkNbError(
                f"{name}() was called in a tool or callback of the same conversation, which it"
                " would wait for.",
                remedy=f"Do it after the turn: live.after_turn(lambda: live.{name}(...)).",
                code="inside_turn",
            )

    # Turns.

    async def say(
        self,
        text: str,
        timeout: float | None,  # noqa: ASYNC109
        wait: Wait = "text",
    ) -> Turn:
        """Types a turn and waits for its end, or its first words; see `Conversation.say`."""
        self._refuse_inside("say")
        check_text(text, _ELSEWHERE)
        check_choice("wait", wait, ("text", "first", "heard"))
        limit_s = seconds(timeout)
        turn = self._exchange.text_input.typed(text, cut_in=False)
        if wait == "first":
            return await self._waits.answering(turn, limit_s)
        deadline = time.monotonic() + limit_s
        await self._waits.finished(turn, limit_s)
        if wait == "heard":
            await self._waits.heard(turn, deadline - time.monotonic(), limit_s)
        return turn

    async def prompt(self, text: str, timeout: float | None) -> Turn:  # noqa: ASYNC109
        """Sends a message that is not the user's, and waits for the answer."""
        self._refuse_inside("prompt")
        check_text(text, _ELSEWHERE)
        limit_s = seconds(timeout)
        return await self._waits.finished(self._exchange.text_input.prompt(text), limit_s)

    async def speak(self, clip: Clip, timeout: float | None) -> Turn:  # noqa: ASYNC109
        """Plays a clip to the model in real time and waits for its last turn."""
        self._refuse_inside("speak")
        return await self._waits.speak(clip, seconds(timeout))

    async def interrupt(self) -> None:
        """Cuts the agent off, and waits until the page has said what was heard."""
        turns, inside = self._exchange.turns, self.inside
        sounding = self._exchange.pages.sounding
        turn = turns.current or (turns.all[sounding - 1] if sounding else None)
        self._exchange.interruptions.cut()
        if turn is not None and not inside:  # A tool that cuts its own turn off is not held.
            await self._waits.reported(turn)

    async def wait_for_turn(self, timeout: float | None) -> Turn:  # noqa: ASYNC109
        """Waits until a turn has ended."""
        self._refuse_inside("wait_for_turn")
        return await self._listeners.wait(timeout, lambda: self._exchange.turns.current)

    async def after_turn(self, function: Callable[[], Any]) -> None:
        """Calls a function after the open turn."""
        self.then(function)

    def then(self, function: Callable[[], Any]) -> None:
        """Calls a function after the open turn; returns at once."""
        self._listeners.begin(self._after(self._exchange.turns.current, function))

    async def _after(self, turn: Turn | None, function: Callable[[], Any]) -> None:
        if turn is not None:
            await self._exchange.turns.end(turn)
            await self._waits.sounded(turn)
        await self._listeners.once(function, turn)

    # The agent, and its state.

    async def swap(self, wish: Wish, timeout: float | None) -> Swap:  # noqa: ASYNC109
        """Changes what answers."""
        self._refuse_inside("swap")
        limit_s = seconds(timeout)
        swap = await reported(self._exchange, lambda: self._exchange.swaps.swap(wish, limit_s))
        self._definitions.swapped(wish)
        return swap

    async def reload(self, timeout: float | None) -> Swap:  # noqa: ASYNC109
        """Gives the agent what was redefined."""
        self._refuse_inside("reload")
        limit_s = seconds(timeout)
        return await reported(self._exchange, lambda: self._definitions.reload(limit_s))

    async def state(self) -> dict[str, Any]:
        """Returns ADK's session state."""
        session = await self._exchange.histories.get()
        return dict(session.state) if session is not None else {}

    async def set_state(self, delta: dict[str, Any]) -> None:
        """Changes ADK's session state."""
        running = self._exchange.live.calls.session
        try:
            await self._exchange.histories.append(state_change(delta), running)
        except Exception as error:
            raise explain(error) from error

    # Tool calls that wait.

    async def confirm(self, call_id: str | None, *, approved: bool, payload: Any) -> None:
        """Answers a tool's question."""
        self._exchange.live.calls.answer(call_id, approved=approved, payload=payload)

    async def stop_tool(self, call: str) -> None:
        """Stops a tool call, by its id or its tool's name."""
        running = [
            one.id
            for turn in self._exchange.turns.all
            for one in turn.tool_calls
            if not one.returned and one.name == call
        ]
        for call_id in running or [call]:
            self._exchange.live.calls.stop(call_id)

    async def respond(self, call_id: str, result: dict[str, Any]) -> None:
        """Tells the outcome of a long-running tool."""
        turn, call = self._exchange.turns.calls.find(call_id)
        if turn is None or call is None:
            raise AdkNbError(
                f"There is no tool call {call_id!r}.",
                remedy="See live.tools_df() for their ids.",
                code="no_call",
            )
        result = plain(result)
        histories = self._exchange.histories
        running = self._exchange.live.calls.session
        session = running or await histories.get()
        event = response(call, result, session.events if session is not None else ())
        queue = self._exchange.queue()
        self._exchange.tools.close("client", call, result=result)
        # ADK forwards a response to the model and does not record it.
        await histories.append(event, self._exchange.live.calls.session)
        self._exchange.reader.turn_of[event.id] = turn.index
        if event.content is not None:
            queue.send_content(event.content)
