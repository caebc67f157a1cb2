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
    replaced,
    tool_names,
    tools_of,
    variant_of,
)
from adk_nb.exceptions import AdkNbError, SessionClosedError, SwapError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from google.adk.agents import BaseAgent
    from google.adk.agents.llm_agent import ToolUnion
    from google.adk.events import Event
    from google.adk.models.base_llm import BaseLlm

    from adk_nb.live.definitions import Renewed
    from adk_nb.live.histories import Histories, History
    from adk_nb.live.model_connection import LiveRun

_LONGEST_LABEL = 100
"""How long the name of a variant may be (characters)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """The arguments of a swap; None leaves something as it is."""

    agent: BaseAgent | None = None
    tools: Sequence[ToolUnion] | None = None
    instruction: str | None = None
    model: str | BaseLlm | None = None
    history: str = "keep"
    at_turn: int | None = None
    replace: ToolUnion | Sequence[ToolUnion] | None = None
    label: str | None = None
    # Whether an answer that is complete sounds to its end.
    lets_sound: bool = False


class SwapOwner(Protocol):
    """What a swap needs of its session."""

    async def settle(self, *, lets_sound: bool = False) -> None:
        """Interrupts the open turn; if none is, what sounds may be let sound."""

    def unheard(self) -> list[bytes]:
        """Returns the user's speech that no model has answered yet, PCM16LE at 16 kHz."""

    def kept_until(self, turn: int | None) -> tuple[Callable[[Event], bool], list[int]]:
        """Returns a filter for the events up to a turn, and the numbers of those turns."""

    def adopted(
        self, agent: BaseAgent, before: BaseAgent, changes: list[str], variant: str
    ) -> None:
        """Another agent is connected and answers from now on."""


class Swaps:
    """The current agent and its swaps; the methods run on the bridge thread.

    Attributes:
        agent: The current agent, with the tools that are switched on.
        offered: Its tools, including those that are switched off.
        off: The names of the tools that are switched off.
        changes: What the newest swap changed, in sentences.
        variant: What the frames' column `variant` says of the agent.
    """

    def __init__(
        self, agent: BaseAgent, owner: SwapOwner, live: LiveRun, histories: Histories
    ) -> None:
        self.agent = agent
        self.offered: list[Any] = tools_of(agent)
        self.off: set[str] = set()
        self.changes: list[str] = []
        # What the agent is made of, whatever it is called.
        self._made_of = self.variant = variant_of(agent)
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

    @property
    def switches(self) -> dict[str, bool]:
        """Whether each tool is switched on, by name."""
        return {name: name not in self.off for name in named(self.offered)}

    @property
    def whole(self) -> BaseAgent:
        """The current agent, with the tools that are switched off too."""
        return changed(self.agent, tools=self.offered) if self.off else self.agent

    def connected(self) -> None:
        """Makes the agent that a swap waits for the current one: its model is connected."""
        adopt, self._adopt = self._adopt, None
        if adopt is not None:
            adopt()

    async def swap(self, wish: Wish, timeout: float) -> Swap:  # noqa: ASYNC109
        """Changes the agent.

        Raises:
            SwapError: The swap failed; the old agent goes on.
        """
        async with self._one_at_a_time:
            _check_label(wish.label)
            keeps_tools = wish.agent is None and wish.tools is None
            before = self.agent if wish.agent is None else wish.agent
            tools, offered = wish.tools, self.offered
            if wish.replace is not None:
                tools, offered = self._replaced(wish, before)
            agent = changed(before, tools=tools, instruction=wish.instruction, model=wish.model)
            said = changes(self.agent, agent, history=wish.history, at_turn=wish.at_turn)
            off = self.off if keeps_tools else set()
            offers = (offered if keeps_tools else tools_of(agent), off)
            return await self._swap(agent, wish, said, offers, timeout)

    def _replaced(self, wish: Wish, agent: BaseAgent) -> tuple[list[Any], list[Any]]:
        """Returns the tools that are switched on and all that are offered, some replaced."""
        if wish.tools is not None:
            raise SwapError(
                "tools= are all tools there are to be, replace= those that are to be others.",
                remedy="Give one of the two.",
            )
        new = wish.replace if isinstance(wish.replace, list | tuple) else [wish.replace]
        of_agent = self.offered if wish.agent is None else tools_of(agent)
        offered = replaced(of_agent, new)
        off = self.off if wish.agent is None else set()
        return [tool for name, tool in named(offered).items() if name not in off], offered

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

    async def reload(self, renew: Callable[[BaseAgent], Renewed], timeout: float) -> Swap:  # noqa: ASYNC109
        """Changes the agent to what its definitions have become; what is switched off stays so.

        Args:
            renew: Returns an agent with what was redefined.
            timeout: How long connecting it may take (s).

        Raises:
            SwapError: It could not be connected; the old agent goes on.
        """
        async with self._one_at_a_time:
            renewed = renew(self.whole)
            if not renewed.names:
                return self._told("keep", ["Nothing was redefined."], 0.0)
            agent, offered = renewed.agent, tools_of(renewed.agent)
            off = self.off & set(named(offered))
            if off:
                agent = changed(agent, tools=[t for n, t in named(offered).items() if n not in off])
            said = [f"Redefined: {', '.join(renewed.names)}."]
            wish = Wish(lets_sound=True)
            return await self._swap(agent, wish, said, (offered, off), timeout)

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
        made_of = variant_of(agent)
        # What changes nothing of the agent leaves it its label.
        variant = wish.label or (self.variant if made_of == self._made_of else made_of)

        def adopt() -> None:
            self.agent, self.changes = agent, said
            self.variant, self._made_of = variant, made_of
            self.offered, self.off = tools
            self._owner.adopted(agent, before, said, variant)

        try:
            async with asyncio.timeout(timeout):
                enter, leave = self._history(wish)
                await check(agent)
                await self._live.loading.warm_up(agent)
                await self._owner.settle(lets_sound=wish.lets_sound)
                self._adopt = adopt
                await self._live.swap(agent, enter, leave, self._owner.unheard())
        except TimeoutError:
            raise SwapError(
                f"{agent.name} was not connected within {timeout:g} s; {before.name} goes on.",
                remedy="Wait longer with timeout=, or check its model.",
            ) from None
        except SessionClosedError:
            raise
        except AdkNbError as error:
            raise SwapError(
                f"{before.name} goes on. {error.message}", remedy=error.remedy
            ) from error
        finally:
            self._adopt = None
        return self._told(wish.history, said, (time.monotonic() - started) * 1000)

    def _told(self, history: str, said: list[str], ms: float) -> Swap:
        agent = self.agent
        return Swap(
            agent.name,
            model_name(agent),
            tool_names(agent),
            history,
            self._histories.current.id,
            said,
            ms,
            self.variant,
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


def _check_label(label: Any) -> None:
    if label is None or (isinstance(label, str) and 0 < len(label.strip()) <= _LONGEST_LABEL):
        return
    raise AdkNbError(
        f"label={label!r:.120} cannot name a variant.",
        remedy=f"Give a text of at most {_LONGEST_LABEL} characters.",
        code="bad_option",
    )
