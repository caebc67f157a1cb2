"""`Conversation`: the methods that `LiveSession` and `LiveWidget` have in common."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, get_args

from adk_nb.adk.agents import tools_of
from adk_nb.audio import Clip, Sound, joined
from adk_nb.cell_requests import Wait  # noqa: TC001 - ADK reads the types of a tool.
from adk_nb.exceptions import AdkNbError, SessionClosedError
from adk_nb.live.swaps import Wish
from adk_nb.log import turn_sound
from adk_nb.log.gaps import with_gaps
from adk_nb.log.log_row import LogRow
from adk_nb.log.tool_call import ToolCall
from adk_nb.log.turn import Turn
from adk_nb.options import check_choice, checked
from adk_nb.session_state import SessionState
from adk_nb.sound_input import Channel, clip_of

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from google.adk.agents import BaseAgent
    from google.adk.agents.llm_agent import ToolUnion
    from google.adk.models.base_llm import BaseLlm
    from google.adk.sessions import Session
    from google.genai import types

    from adk_nb.adk.agents import Swap
    from adk_nb.data.timeline import Timeline
    from adk_nb.data.tokens import Prices
    from adk_nb.driven_session import DrivenSession
    from adk_nb.live.histories import History

OnTurn: TypeAlias = Callable[[Turn], Any]
Who: TypeAlias = Literal["user", "agent", "both", "heard", "mix", "utterance"]
"""Whose sound `audio` returns."""
_AS_IT_WAS: dict[str, Callable[[Any, Turn], Clip]] = {
    "heard": turn_sound.heard,
    "mix": turn_sound.mix,
    "utterance": turn_sound.utterance,
}
OnEvent: TypeAlias = Callable[[LogRow], Any]
Kinds: TypeAlias = str | Iterable[str] | None
"""Kinds of events; None is all of them."""


def _id_of(call: ToolCall | str) -> str:
    return call.id if isinstance(call, ToolCall) else call


class Conversation:
    """A conversation with an agent, as a cell uses it.

    Methods that wait block the cell; each has an async version that ends in `_async`, which works
    from any event loop. A session that is not started starts with the first of them.

    The calls by task:

    - talk: `say`, `speak`, `prompt`, `interrupt`, `wait_for_turn`
    - change the agent: `swap`, `reload`, `agent`, `tools`, `voice`, `state`, `after_turn`
    - read what was said: `turns`, `turn`, `audio`, `timeline`, `transcript_df`, `turns_df`,
      `tools_df`, `events_df`, `spans_df`, `save`
    - follow it: `on_turn`, `on_event`, `events`
    - answer a tool: `questions`, `confirm`, `respond`, `stop_tool`
    - go back: `histories`, `adk_session`, `artifacts`, `artifact`
    - end it: `close`
    """

    # Names that completion leaves out.
    _unlisted: ClassVar[frozenset[str]] = frozenset({"getdoc"})

    def __dir__(self) -> list[str]:
        """Lists what a cell uses, for completion."""
        names = object.__dir__(self)
        return [name for name in names if name.startswith("_") or name not in self._unlisted]

    def getdoc(self) -> str:
        """Returns what IPython shows for `live?`: what it is, and the calls by task."""
        own = inspect.getdoc(type(self)) or ""
        return f"{own}\n\n{inspect.getdoc(Conversation)}"

    @property
    def session(self) -> DrivenSession:
        """The session itself."""
        raise NotImplementedError

    @property
    def turns(self) -> list[Turn]:
        """The turns so far, oldest first."""
        return self.session.all_turns()

    @checked()
    def turn(self, number: int) -> Turn:
        """Returns a turn by its number, from 1, as the widget and the frames have it.

        Raises:
            AdkNbError: There is no such turn.
        """
        turns = self.turns
        if 1 <= number <= len(turns):
            return turns[number - 1]
        there = f"there are {len(turns)}" if len(turns) != 1 else "there is one"
        raise AdkNbError(
            f"There is no turn {number!r}; {there}.",
            remedy="The first is turn 1; live.turns has them all.",
            code="no_turn",
        )

    def say(self, text: str, timeout: float | None = 60, wait: Wait = "text") -> Turn:
        """Types a turn to the agent and waits for the answer.

        If the agent is still answering an earlier turn, that turn is interrupted. If the model
        fails, the turn's `error` says why. Ctrl-C returns at once and leaves the session running.

        Args:
            text: What to say.
            timeout: How long to wait (s); None waits as long as it takes.
            wait: For what: `"text"` for the end of the turn, when no tool is pending and the model
                has nothing more to say; `"first"` for the first words or sound, which may be a
                filler while a tool runs; `"heard"` for the end of its sound in the page, where
                there is one.

        Returns:
            The turn that the text began.

        Raises:
            SessionClosedError: The session is closed.
            TurnTimeoutError: The answer took longer; the turn goes on.
        """
        return self.session.bridge.call(self.session.requests.say(text, timeout, wait))

    async def say_async(
        self,
        text: str,
        timeout: float | None = 60,  # noqa: ASYNC109
        wait: Wait = "text",
    ) -> Turn:
        """Async version of `say`; works from any event loop."""
        bridge = await self.session.bridge_async()
        return await bridge.call_async(self.session.requests.say(text, timeout, wait))

    def prompt(self, text: str, timeout: float | None = 60) -> Turn:
        """Sends the agent a message that is not the user's, and waits for its answer.

        For a greeting, a reminder, news of a job that has finished: the agent speaks by itself. The
        text is sent when the open turn is over. To the model it is a message like the user's; in
        the log it is a row `prompt`, and the turn has `prompt` and no `user_text`.

        Args:
            text: What the agent is to do, such as "Greet the user in one sentence."
            timeout: How long to wait (s); None waits as long as it takes.

        Returns:
            The turn that the answer is in.

        Raises:
            SessionClosedError: The session is closed.
            TurnTimeoutError: The answer took longer; the turn goes on.
        """
        return self.session.bridge.call(self.session.requests.prompt(text, timeout))

    async def prompt_async(self, text: str, timeout: float | None = 60) -> Turn:  # noqa: ASYNC109
        """Async version of `prompt`; works from any event loop."""
        bridge = await self.session.bridge_async()
        return await bridge.call_async(self.session.requests.prompt(text, timeout))

    def speak(
        self,
        wav_or_pcm: Sound,
        timeout: float | None = 60,
        *,
        rate: int | None = None,
        channel: Channel = None,
    ) -> Turn:
        """Plays a sound to the agent in real time, as if it came from the microphone.

        Args:
            wav_or_pcm: A sound file's path, bytes or open file, PCM16LE mono, a `Clip`, an array,
                tensor or list, `(rate, samples)`, IPython's `Audio`, or an upload; see
                `docs/swapping.md`.
            timeout: How long to wait after the sound's end (s); None
                waits as long as it takes.
            rate: The rate of samples that do not state one (Hz), by default 16,000.
            channel: Which channel: `"left"`, `"right"` or a number from 0; all are mixed by
                default.

        Returns:
            The turn that the last words in the sound began.

        Raises:
            AudioError: The sound cannot be read, or no speech was heard in it.
            LocalModelError: The embedded default cannot hear on this machine.
            SessionClosedError: The session is closed.
            TurnTimeoutError: The answer took longer; the turn goes on.
        """
        clip = clip_of(wav_or_pcm, rate, channel)
        return self.session.bridge.call(self.session.requests.speak(clip, timeout))

    async def speak_async(
        self,
        wav_or_pcm: Sound,
        timeout: float | None = 60,  # noqa: ASYNC109
        *,
        rate: int | None = None,
        channel: Channel = None,
    ) -> Turn:
        """Async version of `speak`; works from any event loop."""
        clip = await asyncio.to_thread(clip_of, wav_or_pcm, rate, channel)
        bridge = await self.session.bridge_async()
        return await bridge.call_async(self.session.requests.speak(clip, timeout))

    def interrupt(self) -> None:
        """Interrupts the agent: the player stops and the rest of the answer is dropped.

        It returns when the page that played has said what was heard, or after a second.

        Raises:
            SessionClosedError: The session is closed.
        """
        self.session.bridge.call(self.session.requests.interrupt())

    async def interrupt_async(self) -> None:
        """Async version of `interrupt`; works from any event loop."""
        bridge = await self.session.bridge_async()
        await bridge.call_async(self.session.requests.interrupt())

    @checked()
    def wait_for_turn(self, timeout: float | None = None) -> Turn:
        """Waits until the user has spoken or typed and the agent has answered.

        A turn that has begun already counts. Ctrl-C returns at once and leaves the session running.

        Args:
            timeout: How long to wait (s); None waits as long as it takes.

        Returns:
            The turn, when the model has completed it.

        Raises:
            SessionClosedError: The session is closed.
            TurnTimeoutError: No turn ended in time.
        """
        return self.session.bridge.call(self.session.requests.wait_for_turn(timeout))

    async def wait_for_turn_async(self, timeout: float | None = None) -> Turn:  # noqa: ASYNC109
        """Async version of `wait_for_turn`; works from any event loop."""
        bridge = await self.session.bridge_async()
        return await bridge.call_async(self.session.requests.wait_for_turn(timeout))

    def on_turn(self, callback: OnTurn, *, remove: bool = False) -> OnTurn:
        """Calls a function with every `Turn` that has ended; also a decorator.

        Calls run one after the other: a function in a worker thread, a coroutine function on the
        bridge's event loop. What it raises is shown in the widget and logged.

        Args:
            callback: The function, or coroutine function.
            remove: Whether to stop calling it, rather than begin.

        Returns:
            The function.

        Raises:
            AdkNbError: It is to be removed, and was not registered or is removed already.
            SessionClosedError: No turn will come any more.
        """
        _check_callable(callback)
        if remove and callback not in self.session.callbacks:
            name = getattr(callback, "__name__", repr(callback))
            raise AdkNbError(
                f"{name} is not called with turns.",
                remedy="It was removed already, or never given to on_turn.",
                code="bad_option",
            )
        if remove:
            self.session.callbacks.remove(callback)
            return callback
        if self.session.status == "closed":
            raise SessionClosedError(
                "This session is closed: no turn will come.",
                remedy="live.turns has those that there were.",
            )
        self.session.callbacks.append(callback)
        return callback

    @checked()
    def on_event(self, callback: OnEvent, kinds: Kinds = None) -> Callable[[], None]:
        """Calls a function with every event from now on, as it comes.

        An event is a row of `events_df`, with its columns as attributes. Sound is one row a
        stretch, told as it begins. Calls run one after the other: a function in a worker thread, a
        coroutine function on the bridge's event loop. What it raises is shown in the widget and
        logged. One that falls 10,000 events behind misses the oldest of them.

        Args:
            callback: The function, or coroutine function.
            kinds: The kinds of events, such as `"tool_call"` or `["tool_call", "tool_result"]`; by
                default all of them.

        Returns:
            A function that ends it.

        Raises:
            AdkNbError: There is no such kind, or it is no function.
            SessionClosedError: The session is closed.
        """
        _check_callable(callback)
        return self.session.feeds.follow(callback, kinds)

    def events(self, kinds: Kinds = None) -> AsyncIterator[LogRow]:
        """Returns every event from now on: `async for event in live.events("tool_call")`.

        It works on any event loop, and ends when the session is closed; see `on_event`.

        Args:
            kinds: The kinds of events; by default all of them.

        Raises:
            AdkNbError: There is no such kind; it is raised when the loop begins.
        """
        return self.session.feeds.stream(kinds)

    def after_turn(self, function: Callable[[], Any]) -> None:
        """Calls a function when the open turn has ended and been heard; at once without one.

        A tool, or a callback of the agent's, does so what it cannot wait for itself: to hang up, to
        hand over to another agent, to let the agent say something more. It returns at once.

            def goodbye() -> str:
                "Ends the conversation."
                live.close()            # the same as live.after_turn(live.close) in a tool
                return "Say goodbye."

            def speak_french() -> str:
                "Changes the language."
                live.after_turn(lambda: live.swap(instruction="Answer in French."))
                return "From now on in French."

        Args:
            function: A function, called in a worker thread, or a coroutine function. What it
                raises is shown in the widget and logged.

        Raises:
            SessionClosedError: The session is closed.
        """
        self.session.bridge.submit(self.session.requests.after_turn(function))

    # The agent, its tools, its history and state.

    @property
    def agent(self) -> BaseAgent:
        """The current agent, with the tools that are switched on; setting it calls `swap`."""
        return self.session.current_agent

    @agent.setter
    def agent(self, agent: BaseAgent) -> None:
        self.swap(agent)

    @property
    def voice(self) -> bool:
        """Whether the agent speaks; it only writes otherwise. Setting it switches that.

        It holds from the next answer on; what sounds then stops at once. The conversation and the
        microphone stay as they are. Where nothing is to be heard, nothing is synthesised; a model
        that can only speak is read from its transcript.

        Raises:
            AdkNbError: It is set to something else than True or False.
            SessionClosedError: It is set, and the session is closed.
        """
        return self.session.voice_on

    @voice.setter
    def voice(self, on: bool) -> None:
        self.session.set_voice(on=on)

    @property
    def tools(self) -> list[ToolUnion]:
        """The agent's tools that are switched on; setting them calls `swap`."""
        return tools_of(self.session.current_agent)

    @tools.setter
    def tools(self, tools: Sequence[ToolUnion]) -> None:
        self.swap(tools=tools)

    @checked(values=False)
    def swap(  # noqa: PLR0913 - what a swap may change, all by name
        self,
        agent: BaseAgent | None = None,
        *,
        tools: Sequence[ToolUnion] | None = None,
        instruction: str | None = None,
        model: str | BaseLlm | None = None,
        history: str = "keep",
        at_turn: int | None = None,
        replace: ToolUnion | Sequence[ToolUnion] | None = None,
        label: str | None = None,
        timeout: float | None = 60,
    ) -> Swap:
        """Changes the agent; the page, the microphone and the transcript stay.

        A turn that has begun is interrupted. If the swap fails, the old agent goes on. Without
        arguments it only connects again, which makes the model read the instruction anew after a
        change of the state.

        Args:
            agent: Another agent.
            tools: Its tools, which replace those that it has.
            instruction: Its instruction.
            model: Its model, or the name of one.
            history: `keep` continues the conversation and its state, `fresh` begins a new one,
                `fork` continues in a copy; the id of one of the `histories` returns to that one.
            at_turn: The last turn that a fork copies; by default the newest.
            replace: Tools that take the places of those of the same names; the others stay.
            label: What the column `variant` of the frames says from now on; by default a short
                name made of agent, instruction, tools and model.
            timeout: How long connecting the new agent may take (s); None for as long as it takes.

        Returns:
            What changed, and how long it took.

        Raises:
            SwapError: The swap failed; the old agent goes on.
            AdkNbError: The label is empty, or too long.
            SessionClosedError: The session is closed.
        """
        wish = Wish(agent, tools, instruction, model, history, at_turn, replace, label)
        return self.session.bridge.call(self.session.requests.swap(wish, timeout))

    @checked(swap, values=False)
    async def swap_async(
        self,
        agent: BaseAgent | None = None,
        *,
        timeout: float | None = 60,  # noqa: ASYNC109
        **changes: Any,
    ) -> Swap:
        """Async version of `swap`; works from any event loop.

        Args:
            agent: Another agent.
            timeout: How long connecting the new agent may take (s); None for as long as it takes.
            **changes: The other arguments of `swap`.
        """
        wish = Wish(agent, **changes)
        bridge = await self.session.bridge_async()
        return await bridge.call_async(self.session.requests.swap(wish, timeout))

    @checked()
    def reload(self, timeout: float | None = 60) -> Swap:
        """Gives the agent what was defined again: tools, instruction, sub-agents, the agent itself.

        What the notebook's names hold is compared with what the agent was made of; what a cell has
        redefined since is swapped in, and the conversation goes on. It does nothing where nothing
        was. The button in the widget does the same, `talk(agent, follow=True)` after each cell.

        Args:
            timeout: How long connecting the agent anew may take (s); None for as long as it
                takes.

        Returns:
            What changed, and how long it took.

        Raises:
            SwapError: A new definition cannot be used; the agent goes on with the old ones.
            SessionClosedError: The session is closed.
        """
        return self.session.bridge.call(self.session.requests.reload(timeout))

    async def reload_async(self, timeout: float | None = 60) -> Swap:  # noqa: ASYNC109
        """Async version of `reload`; works from any event loop."""
        bridge = await self.session.bridge_async()
        return await bridge.call_async(self.session.requests.reload(timeout))

    @property
    def histories(self) -> list[History]:
        """The histories of this conversation: the first one, its forks and fresh ones."""
        return self.session.all_histories.all[:]

    def adk_session(self, history: str | None = None) -> Session | None:
        """Returns ADK's own session, with its events and its state.

        Args:
            history: The id of one of the `histories`; by default the current one.
        """
        return self.session.peek(self.session.all_histories.get(history))

    @property
    def state(self) -> SessionState:
        """ADK's session state; `live.state["key"] = 1` sets a key, `live.state = {...}` several."""
        return SessionState(self.session)

    @state.setter
    def state(self, values: dict[str, Any]) -> None:
        SessionState(self.session).update(values)

    @property
    def artifacts(self) -> list[str]:
        """The names of the artifacts that tools saved."""
        return self.session.peek(self.session.all_histories.artifact_names())

    def artifact(self, name: str, version: int | None = None) -> types.Part | None:
        """Returns an artifact, by default its newest version; None if there is none."""
        return self.session.peek(self.session.all_histories.artifact(name, version))

    # Tool calls that wait.

    @property
    def questions(self) -> list[ToolCall]:
        """The tool calls that wait for a confirmation or a sign-in, oldest first.

        The `sign_in` of one that wants a sign-in is the address; that of others is None.
        """
        return self.session.open_questions

    def confirm(
        self, approved: bool = True, *, call: ToolCall | str | None = None, payload: Any = None
    ) -> None:
        """Answers a tool call that waits for a confirmation or a sign-in, as the widget does.

        Args:
            approved: Whether the tool may run.
            call: The call or its id; by default the one that has waited longest.
            payload: Passed to the tool as `tool_context.tool_confirmation.payload`; for a sign-in
                the address that you were sent to, the code, or the key.

        Raises:
            AdkNbError: No call waits for a confirmation, or a sign-in lacks its answer.
            SessionClosedError: The session is closed.
        """
        self.session.bridge.call(
            self.session.requests.confirm(
                None if call is None else _id_of(call), approved=approved, payload=payload
            )
        )

    async def confirm_async(
        self, approved: bool = True, *, call: ToolCall | str | None = None, payload: Any = None
    ) -> None:
        """Async version of `confirm`; works from any event loop."""
        bridge = await self.session.bridge_async()
        await bridge.call_async(
            self.session.requests.confirm(
                None if call is None else _id_of(call), approved=approved, payload=payload
            )
        )

    def stop_tool(self, call: ToolCall | str) -> None:
        """Stops a tool that runs, as the button beside it does; the model is told that.

        A function that is no coroutine runs on in its thread, and what it returns is thrown away.
        Streaming tools are stopped by the model.

        Args:
            call: The call, its id, or the name of the tool: all calls of it then.

        Raises:
            AdkNbError: No such call runs.
            SessionClosedError: The session is closed.
        """
        self.session.bridge.call(self.session.requests.stop_tool(_id_of(call)))

    async def stop_tool_async(self, call: ToolCall | str) -> None:
        """Async version of `stop_tool`; works from any event loop."""
        bridge = await self.session.bridge_async()
        await bridge.call_async(self.session.requests.stop_tool(_id_of(call)))

    def respond(self, call: ToolCall | str, response: dict[str, Any]) -> None:
        """Gives the agent the result of a long-running tool.

        Args:
            call: The call or its id.
            response: The result.

        Raises:
            AdkNbError: There is no such call.
            SessionClosedError: The session is closed.
        """
        self.session.bridge.call(self.session.requests.respond(_id_of(call), response))

    async def respond_async(self, call: ToolCall | str, response: dict[str, Any]) -> None:
        """Async version of `respond`; works from any event loop."""
        bridge = await self.session.bridge_async()
        await bridge.call_async(self.session.requests.respond(_id_of(call), response))

    # Its data. These work on a session that is not started or closed, too.

    def events_df(
        self, columns: Any = None, *, json: bool = False, naive: bool = False
    ) -> pd.DataFrame:
        """Returns every event as a row; see `adk_nb.events_df`."""
        from adk_nb.data import tables

        return tables.events_df(self.session, columns, json=json, naive=naive)

    def turns_df(
        self,
        columns: Any = None,
        prices: Prices | None = None,
        *,
        json: bool = False,
        naive: bool = False,
    ) -> pd.DataFrame:
        """Returns a row a turn, with its latencies; see `adk_nb.turns_df`."""
        from adk_nb.data import tables

        return tables.turns_df(self.session, columns, prices, json=json, naive=naive)

    def tools_df(
        self, columns: Any = None, *, json: bool = False, naive: bool = False
    ) -> pd.DataFrame:
        """Returns a row a tool call; see `adk_nb.tools_df`."""
        from adk_nb.data import tables

        return tables.tools_df(self.session, columns, json=json, naive=naive)

    def transcript_df(
        self, columns: Any = None, *, json: bool = False, naive: bool = False
    ) -> pd.DataFrame:
        """Returns a row a speaker and turn; see `adk_nb.transcript_df`."""
        from adk_nb.data import tables

        return tables.transcript_df(self.session, columns, json=json, naive=naive)

    def spans_df(self, *, json: bool = False, naive: bool = False) -> pd.DataFrame:
        """Returns ADK's own OpenTelemetry spans; see `adk_nb.spans_df`."""
        from adk_nb.data import spans

        return spans.spans_df(self.session, json=json, naive=naive)

    def timeline(self) -> Timeline:
        """Returns a chart of who spoke when; see `adk_nb.timeline`."""
        from adk_nb.data import timeline

        return timeline.timeline(self.session)

    @checked()
    def audio(self, turn: int, who: Who = "agent", *, gaps: bool = False) -> Clip:
        """Returns the sound of a turn, to play in a cell.

        Args:
            turn: The turn's number, from 1, as the widget shows it.
            who: Whose sound: `user` or `agent` is all that came of one side, `both` the user's
                followed by the agent's; `heard` is the agent's as far as it sounded; `utterance`
                the user's words and 0.3 s around them; `mix` both on one clock as they sounded, in
                stereo with the user left.
            gaps: Whether pauses in which no sound came, as while the microphone was off, are kept
                as silence; `mix` and `utterance` always keep them.

        Raises:
            AdkNbError: `who` is none of these, or there is no such turn.
        """
        check_choice("who", who, get_args(Who))
        one, log = self.turn(turn), self.session.log
        if who in _AS_IT_WAS:
            return _AS_IT_WAS[who](log, one)
        kinds = [f"{side}_audio" for side in ("user", "agent") if who in (side, "both")]
        if gaps:
            return joined(*(with_gaps(log, kind, turn) for kind in kinds))
        return joined(*(log.clip(kind, turn) for kind in kinds))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the session so far as a recording, in a folder of its own below `path`.

        Returns:
            The recording's folder.

        Raises:
            AdkNbError: `path` is no folder's path.
            RecordingError: It cannot be written there.
        """
        from adk_nb.log import recording

        return recording.save(self.session.log, path)


def _check_callable(callback: object) -> None:
    if not callable(callback):
        raise AdkNbError(
            f"{callback!r:.80} is no function.",
            remedy="Give the function itself, without calling it.",
            code="bad_option",
        )
