"""The current agent of a session, and how it is changed between two turns."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from adk_nb.adk.agents import (
    Swap,
    changed,
    changes,
    check,
    described,
    model_name,
    named,
    tool_names,
    tools_of,
)
from adk_nb.exceptions import AdkNbError, SwapError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from google.adk.agents import BaseAgent
    from google.adk.agents.llm_agent import ToolUnion
    from google.adk.events import Event
    from google.adk.models.base_llm import BaseLlm

    from adk_nb.live.histories import Histories, History
    from adk_nb.live.model_connection import LiveRun


@dataclass(frozen=True, slots=True)
class Wish:
    """The arguments of a swap; None leaves something as it is."""

    agent: BaseAgent | None = None
    tools: Sequence[ToolUnion] | None = None
    instruction: str | None = None
    model: str | BaseLlm | None = None
    history: str = "keep"
    at_turn: int | None = None


class SwapOwner(Protocol):
    """What a swap needs of its session."""

    async def settle(self) -> None:
        """Interrupts the open turn."""

    def unheard(self) -> list[bytes]:
        """Returns the user's speech that no model has answered yet, PCM16LE at 16 kHz."""

    def kept_until(self, turn: int | None) -> tuple[Callable[[Event], bool], list[int]]:
        """Returns a filter for the events up to a turn, and the numbers of those turns."""

    def adopted(self, agent: BaseAgent, before: BaseAgent, changes: list[str]) -> None:
        """Another agent is connected and answers from now on."""


class Swaps:
    """The current agent and its swaps; the methods run on the bridge thread.

    Attributes:
        agent: The current agent, with the tools that are switched on.
        offered: Its tools, including those that are switched off.
        off: The names of the tools that are switched off.
        changes: What the newest swap changed, in sentences.
    """

    def __init__(
        self, agent: BaseAgent, owner: SwapOwner, live: LiveRun, histories: Histories
    ) -> None:
        self.agent = agent
        self.offered: list[Any] = tools_of(agent)
        self.off: set[str] = set()
        self.changes: list[str] = []
        self._owner = owner
        self._live = live
        self._histories = histories
        # Held during a swap.
        self._one_at_a_time = asyncio.Lock()
        # Takes over the new agent of a swap, once it is connected.
        self._adopt: Callable[[], None] | None = None

    @property
    def tools(self) -> list[dict[str, Any]]:
        """The tools as messages state them."""
        return described(self.offered, self.off)

    def connected(self) -> None:
        """Takes over the agent that a swap waits for, if one does: its model is connected."""
        adopt, self._adopt = self._adopt, None
        if adopt is not None:
            adopt()

    async def swap(self, wish: Wish, timeout: float) -> Swap:  # noqa: ASYNC109
        """Changes the agent.

        Raises:
            SwapError: The swap failed; the old agent goes on.
        """
        async with self._one_at_a_time:
            agent = changed(
                wish.agent if wish.agent is not None else self.agent,
                tools=wish.tools,
                instruction=wish.instruction,
                model=wish.model,
            )
            said = changes(self.agent, agent, history=wish.history, at_turn=wish.at_turn)
            keeps_tools = wish.agent is None and wish.tools is None
            offered = self.offered if keeps_tools else tools_of(agent)
            off = self.off if keeps_tools else set()
            return await self._swap(agent, wish, said, (offered, off), timeout)

    async def switch(self, name: str, *, on: bool, timeout: float) -> Swap:  # noqa: ASYNC109
        """Switches one of the tools on or off.

        Raises:
            SwapError: There is no such tool, or the agent could not be connected with it.
        """
        async with self._one_at_a_time:
            names = named(self.offered)
            if name not in names:
                raise SwapError(
                    f"There is no tool {name!r}.",
                    remedy=f"There are: {', '.join(names) or 'none'}.",
                )
            off = self.off - {name} if on else self.off | {name}
            wish = Wish(tools=[tool for known, tool in names.items() if known not in off])
            agent = changed(self.agent, tools=wish.tools)
            said = [f"Switched {'on' if on else 'off'}: {name}."]
            return await self._swap(agent, wish, said, (self.offered, off), timeout)

    async def _swap(
        self,
        agent: BaseAgent,
        wish: Wish,
        said: list[str],
        tools: tuple[list[Any], set[str]],
        timeout: float,  # noqa: ASYNC109
    ) -> Swap:
        started = time.monotonic()
        before = self.agent

        def adopt() -> None:
            self.agent, self.changes = agent, said
            self.offered, self.off = tools
            self._owner.adopted(agent, before, said)

        try:
            async with asyncio.timeout(timeout):
                enter, leave = self._history(wish)
                await check(agent)
                await self._live.warm_up(agent)
                await self._owner.settle()
                self._adopt = adopt
                await self._live.swap(agent, enter, leave, self._owner.unheard())
        except TimeoutError:
            raise SwapError(
                f"{agent.name} was not connected within {timeout:g} s; {before.name} goes on.",
                remedy="Wait longer with timeout=, or check its model.",
            ) from None
        except AdkNbError as error:
            raise SwapError(
                f"{before.name} goes on. {error.message}", remedy=error.remedy
            ) from error
        finally:
            self._adopt = None
        return Swap(
            agent.name,
            model_name(agent),
            tool_names(agent),
            wish.history,
            self._histories.current.id,
            said,
            (time.monotonic() - started) * 1000,
        )

    def _history(
        self, wish: Wish
    ) -> tuple[Callable[[], Awaitable[None]], Callable[[], Awaitable[None]]]:
        """Returns a function that enters the history of a swap, and one that goes back."""
        histories = self._histories
        before = histories.current
        source = before if wish.at_turn is None else histories.of_turn(wish.at_turn)
        if wish.at_turn is not None and wish.history != "fork":
            raise SwapError("at_turn is where a fork begins.", remedy='Add history="fork".')
        target: History | None = None
        if wish.history not in ("keep", "fresh", "fork"):
            histories.named(wish.history)

        async def enter() -> None:
            nonlocal target
            if wish.history == "fresh":
                target = histories.fresh()
            elif wish.history == "fork":
                keep, turns = self._owner.kept_until(wish.at_turn)
                turns = [turn for turn in turns if turn in source.turns]
                target = await histories.fork(source, keep, turns)
            elif wish.history != "keep":
                histories.enter(histories.named(wish.history))
            if target is not None:
                histories.enter(target)

        async def leave() -> None:
            histories.enter(before)
            if target is not None:
                await histories.drop(target)

        return enter, leave
