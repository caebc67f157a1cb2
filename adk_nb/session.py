"""`LiveSession`: one conversation with an agent, on the bridge thread, with or without a page.

It runs ADK's `Runner.run_live`, turns what comes of it into the log's rows, the session's turns and
the pages' messages, and outlives a model that fails: the next turn connects again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from typing import TYPE_CHECKING, Any, Self, TypeVar

from google.adk.agents.run_config import RunConfig
from google.adk.artifacts.in_memory_artifact_service import InMemoryArtifactService
from google.genai import types

from adk_nb import protocol
from adk_nb.agents import cascades, model_name
from adk_nb.calls import ToolCalls
from adk_nb.conversation import Conversation
from adk_nb.events import EventLog
from adk_nb.exceptions import (
    AdkNbError,
    AudioError,
    ModelError,
    SessionClosedError,
    TurnTimeoutError,
)
from adk_nb.explain import explain
from adk_nb.histories import Histories, earlier, response, state_change
from adk_nb.listeners import TurnListeners
from adk_nb.loop import BridgeLoop
from adk_nb.microphone import FRAME_MS, Microphone, feed
from adk_nb.pages import Page, Pages
from adk_nb.reader import EventReader
from adk_nb.recording import RecordingWriter
from adk_nb.run import LiveRun, RequestQueue
from adk_nb.spans import collect
from adk_nb.swapping import Swaps
from adk_nb.turns import Turn, Turns

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Coroutine, Iterable
    from pathlib import Path

    from google.adk.agents import BaseAgent
    from google.adk.artifacts import BaseArtifactService
    from google.adk.events import Event
    from google.adk.plugins.base_plugin import BasePlugin
    from google.adk.sessions import BaseSessionService

    from adk_nb.agents import Swap
    from adk_nb.audio import Clip
    from adk_nb.exceptions import RecordingError
    from adk_nb.swapping import Wish
    from adk_nb.turns import ToolCall

T = TypeVar("T")

_SETTLED_S = 1.0
"""How much silence after a spoken file shows that its last turn has begun."""
_UNHEARD_S = 10.0
"""How long `speak` waits for a turn to begin after its file."""
_SETTLE_S = 0.3
"""How long a model that is cut off by a swap may take to say what of its answer was heard."""
_SWITCH_S = 60.0


class LiveSession(Conversation):
    """A conversation with an agent; `with LiveSession(agent) as s: s.say("hi")`.

    Args:
        agent: The ADK agent.
        run_config: ADK's own; what it leaves open is set for live notebooks. Functions that are
            tools run in threads, coroutine functions on the bridge's event loop.
        sessions: An ADK session service, or the URI of one, such as `sqlite:///talk.db`; by
            default one in memory.
        session_id: The ADK session's id, to go on with it; by default a new one.
        user_id: The ADK session's user.
        artifacts: An ADK artifact service; by default one in memory.
        plugins: ADK plugins.
        voice: The name of a prebuilt voice of the model.
        audio: Whether the agent speaks; False asks the model for text.
        record: A folder for a recording of the session, written as it goes; see
            `docs/recordings.md`.

    Raises:
        RecordingError: The recording cannot be written there.
        AdkNbError: There is no session service of that URI.

    Attributes:
        id: The session's id.
        log: The event log.
    """

    def __init__(  # noqa: PLR0913 - the options of a session, all by name
        self,
        agent: BaseAgent,
        *,
        run_config: RunConfig | None = None,
        sessions: BaseSessionService | str | None = None,
        session_id: str | None = None,
        user_id: str = "user",
        artifacts: BaseArtifactService | None = None,
        plugins: Iterable[BasePlugin] = (),
        voice: str | None = None,
        audio: bool = True,
        record: str | os.PathLike[str] | None = None,
    ) -> None:
        self.id = session_id or uuid.uuid4().hex[:12]
        self.audio_on = audio
        self.log = EventLog(self.id)
        self._run_config = _for_notebooks(run_config, voice=voice, audio=audio)
        self._histories = Histories(
            sessions,
            artifacts or InMemoryArtifactService(),
            user_id=user_id,
            first=self.id,
        )
        self._pages = Pages()
        self._turns = Turns(
            self._emit, lambda turn: self.log.clip("agent_audio", turn), self.log.redact
        )
        self._turns.on_made = lambda turn: self._histories.current.turns.append(turn.index)
        self._turns.on_end = self._turn_ended
        self._microphone = Microphone(self.log, self._turns)
        self._live = LiveRun(
            agent,
            self,
            ToolCalls(self._turns),
            run_config=self._run_config,
            histories=self._histories,
            plugins=plugins,
        )
        self._reader = EventReader(self.log, self._turns, self, calls=self._live.calls, audio=audio)
        self._swaps = Swaps(agent, self, self._live, self._histories)
        self._turns.agent, self._turns.model = agent.name, model_name(agent)
        self._reader.cumulative = self._cascaded
        self._status = "connecting"
        self._bridge: BridgeLoop | None = None
        self._closed = False
        self._last_nudge = 0.0
        self._taking_over = False
        self._listeners = TurnListeners(self._report)
        self._tasks: set[asyncio.Task[None]] = set()
        self._recording = (
            RecordingWriter(record, self.log, self._recording_failed)
            if record is not None
            else None
        )

    # What a cell uses.

    @property
    def session(self) -> LiveSession:
        """The session itself."""
        return self

    @property
    def status(self) -> str:
        """One of `connecting`, `ready`, `listening`, `thinking`, `speaking`, `closed`."""
        return self._status

    @property
    def current_agent(self) -> BaseAgent:
        """The agent that answers, with the tools that are on."""
        return self._swaps.agent

    @property
    def offered_tools(self) -> list[dict[str, Any]]:
        """The agent's tools, as `{name, on, description}`."""
        return self._swaps.tools

    @property
    def all_histories(self) -> Histories:
        """The ADK sessions behind the conversation."""
        return self._histories

    @property
    def open_questions(self) -> list[ToolCall]:
        """The tool calls that wait for the user's word."""
        found = (self._turns.call(call_id)[1] for call_id in self._live.calls.asking)
        return [call for call in found if call is not None]

    @property
    def recording(self) -> Path | None:
        """The folder of the session's recording; None where it is not recorded."""
        return self._recording.path if self._recording is not None else None

    @property
    def bridge(self) -> BridgeLoop:
        """The bridge thread's loop.

        Raises:
            SessionClosedError: The session is not started, or closed.
        """
        if self._bridge is None:
            raise SessionClosedError(
                "This session is closed." if self._closed else "This session is not started.",
                remedy="Call talk(agent) or `with LiveSession(agent) as s:` for a new one."
                if self._closed
                else "Use it in `with LiveSession(agent) as s:`, or call start() first.",
            )
        return self._bridge

    @property
    def mic_dropped(self) -> int:
        """How many microphone frames came to no model."""
        return self._microphone.dropped + self._live.dropped

    def peek(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the bridge thread, of a session that is not open too."""
        bridge = BridgeLoop.acquire()
        try:
            result = bridge.call(coroutine)
            if self._bridge is None:
                bridge.call(self._histories.close())
            return result
        finally:
            bridge.release()

    def all_turns(self) -> list[Turn]:
        """Returns the turns so far, oldest first."""
        return self._turns.all[:]

    def start(self) -> Self:
        """Starts the session; its model loads and connects in the background.

        Raises:
            SessionClosedError: It was closed before.
        """
        if self._closed:
            raise SessionClosedError("This session is closed.", remedy="Make a new one.")
        if self._bridge is None:
            self._bridge = BridgeLoop.acquire()
            self._bridge.call(self._open())
        return self

    def close(self) -> None:
        """Ends the session, and the bridge thread if it was its last; what was said can be read."""
        bridge, self._bridge = self._bridge, None
        self._closed = True
        if bridge is not None:
            try:
                bridge.call(self._shut(), timeout=10)
            finally:
                bridge.release()
        self._status = "closed"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return (
            f"<LiveSession {self.id}: {self.agent.name} on {model_name(self.agent)}, "
            f"{self._status}, {len(self._turns.all)} turns>"
        )

    # What pages do, on the bridge thread.

    def watch(self, watcher: Callable[[protocol.Message], None]) -> None:
        """Calls `watcher` with every message that goes to the pages."""
        self._pages.watchers.append(watcher)

    def attach(self, page: Page) -> protocol.Welcome:
        """Adds a page, and returns what it has to know."""
        self._pages.all.append(page)
        self.log.add("client", "connected")
        return protocol.Welcome(
            session_id=self.id,
            agent=self.agent.name,
            model=model_name(self.agent),
            tools=self._swaps.tools,
            state=self._status,
            turn=self._turns.index,
            clock=time.monotonic() * 1000,
            history=self._pages.history(self._turns.all),
            audio=self.audio_on,
            changes=self._swaps.changes,
        )

    def detach(self, page: Page) -> None:
        """Removes a page; its microphone counts as closed."""
        if self._pages.remove(page):
            self.log.add("client", "disconnected")
        if self._microphone.speaker is page:
            self._mic(page, on=False)

    def hear(self, source: object, pcm: bytes) -> None:
        """Takes a microphone frame, PCM16LE mono at 16 kHz, from whoever has the microphone."""
        self._microphone.hear(source, pcm, self._live.queue)

    def receive(self, page: Page, message: protocol.Message) -> None:
        """Does what a page asks."""
        match message:
            case protocol.Text():
                if message.text.strip():
                    self._typed(message.text, cut_in=True)
            case protocol.Mic():
                self._mic(page, on=message.on)
            case protocol.ActivityStart() | protocol.ActivityEnd():
                self._activity(begins=isinstance(message, protocol.ActivityStart))
            case protocol.Interrupt():
                self._cut()
            case protocol.ToolSwitch():
                self._begin(self._switch(message.name, on=message.on))
            case protocol.Confirm():
                with contextlib.suppress(AdkNbError):  # Two pages may answer the same question.
                    self._live.calls.answer(message.id, approved=message.approved)
            case protocol.PageError():
                self.log.add("client", "error", error=f"{message.code}: {message.message}")

    def playback(
        self,
        report: protocol.Playback,
        clock_ms: float | None = None,
        error_ms: float | None = None,
    ) -> None:
        """Takes a player's report.

        Args:
            report: What the player did.
            clock_ms: When, on the bridge's clock (ms); None where the clocks are not compared yet.
            error_ms: How far off that may be (ms).
        """
        t = self.log.to_t(clock_ms) if clock_ms is not None else None
        self._pages.played(report)
        if report.event != "progress":
            self.log.add(
                "client",
                f"playback_{report.event}",
                t=t,
                turn=report.turn,
                audio_ms=report.played_ms,
                error_ms=error_ms,
            )
        if report.event == "flushed":
            self._turns.heard(report.turn, report.played_ms)

    # What the reader of ADK's events tells.

    def agent_audio(self, turn: Turn, rate: int, pcm: bytes) -> None:
        """Passes agent audio on to the pages."""
        self._pages.send_audio(turn.index, rate, pcm)

    def set_state(self, state: str) -> None:
        """Says what the session does now, where that is news."""
        if state != self._status and not self._closed:
            self._status = state
            self._emit(protocol.State(state))

    def fail(self, error: AdkNbError, turn: Turn | None = None) -> None:
        """Says that the model failed, and in which turn; the session is ready for the next."""
        self._report(error, self._turns.index if turn is None else turn.index)
        self.set_state("ready")

    def _report(self, error: AdkNbError, index: int = 0) -> None:
        """Says in the log and in the pages what went wrong, in which turn if in one."""
        self.log.add("bridge", "error", turn=index, error=str(error))
        message = self.log.redact(error.message)
        self._emit(protocol.Failure(error.code, message, error.remedy))

    def transferred(self, turn: Turn | None, source: str, target: str) -> None:
        """One agent handed over to another, which answers from now on."""
        self._taking_over = True
        one = self.agent.root_agent.find_agent(target)
        self._turns.agent = target
        self._turns.model = model_name(one) if one is not None else ""
        if turn is not None:
            turn.model = self._turns.model or turn.model
        self._pages.note(turn.index if turn else 0, "transfer", f"{source} hands over to {target}.")

    def still_talking(self) -> None:
        """Cuts a CascadeLive off again that was between two states when it was first cut off."""
        now = time.monotonic()
        if self._cascaded and self._live.queue is not None and now - self._last_nudge > 0.2:
            self._last_nudge = now
            self._live.queue.send_activity_start()

    # Turns, on the bridge thread.

    async def run_say(self, text: str, timeout: float) -> Turn:  # noqa: ASYNC109
        """Types a turn and waits for its end; see `say`."""
        if not text.strip():
            raise AdkNbError("There is nothing to say.", remedy="Give a text that is not empty.")
        turn = self._typed(text, cut_in=False)
        return await self._finished(turn, timeout)

    async def run_speak(self, clip: Clip, timeout: float) -> Turn:  # noqa: ASYNC109
        """Speaks a clip in real time and waits for its last turn's end; see `speak`."""
        first, before = self._turns.index, self._microphone.speaker
        me = object()
        self._mic(me, on=True)
        speaking = asyncio.create_task(feed(clip, lambda pcm: self.hear(me, pcm)))
        try:
            await asyncio.sleep(clip.duration_ms / 1000)
            await asyncio.sleep(_SETTLED_S)
            deadline = time.monotonic() + min(timeout, _UNHEARD_S)
            while len(self._turns.all) < first:
                if time.monotonic() > deadline:
                    raise AudioError(
                        "No speech was heard in it.",
                        remedy="Play the sound: is it loud enough, and is it speech?",
                        code="no_speech",
                    )
                await asyncio.sleep(FRAME_MS / 1000)
            return await self._finished(self._turns.all[-1], timeout)
        finally:
            speaking.cancel()
            if self._microphone.speaker is me:
                self._mic(me, on=False)
                self._microphone.speaker = before

    async def run_interrupt(self) -> None:
        """Cuts the agent off; see `interrupt`."""
        self._cut()

    async def _finished(self, turn: Turn, timeout: float) -> Turn:  # noqa: ASYNC109
        try:
            await asyncio.wait_for(turn.ended.wait(), timeout)
        except TimeoutError:
            asks = next((call for call in turn.tool_calls if call.question is not None), None)
            raise TurnTimeoutError(
                f"Turn {turn.index} was not answered within {timeout:g} s; it goes on.",
                remedy="Wait longer with timeout=, or interrupt()."
                if asks is None
                else f"{asks.name} waits for a confirmation: use the widget, or confirm(True).",
            ) from None
        return turn

    def _typed(self, text: str, *, cut_in: bool) -> Turn:
        if self._turns.current is not None or (cut_in and self._pages.sounding):
            self._cut()
        queue = self._wanted_queue()
        turn = self._turns.user_typed(text)
        self.log.add("client", "user_text", turn=turn.index, author="user", text=text, final=True)
        self.set_state("thinking")
        queue.send_content(types.Content(role="user", parts=[types.Part(text=text)]))
        return turn

    def _mic(self, source: object, *, on: bool) -> None:
        if on:
            self._microphone.speaker = source
            self._wanted_queue()
        elif self._microphone.speaker is source:
            self._microphone.speaker = None
            if self._live.queue is not None:
                self._live.queue.send_audio_stream_end()
        self.log.add("client", "mic_on" if on else "mic_off")

    def _activity(self, *, begins: bool) -> None:
        queue = self._wanted_queue()
        if begins:
            self._cut()
        if self._cascaded or self._manual:
            queue.send_activity_start() if begins else queue.send_activity_end()
        elif not begins:
            queue.send_audio_stream_end()

    def _cut(self, *, restart: bool = True) -> None:
        turn = self._turns.current
        if turn is None:
            self._silence(self._pages.sounding)
            return
        tool_pending = turn.tool_pending
        if self._turns.interrupted() is None:
            return
        self.log.add("client", "interrupted", turn=turn.index, interrupted=True)
        self.set_state("ready")
        if tool_pending:
            # ADK reads nothing from the model until the tool returns, which it may never do.
            if restart:
                self._live.restart()
        elif self._live.queue is not None and not self._reader.silent:
            self._reader.discarding = True
            if self._cascaded:
                self._last_nudge = time.monotonic()
                self._live.queue.send_activity_start()

    def _silence(self, index: int) -> None:
        """Flushes a turn that is complete but still sounds."""
        if index:
            turn = self._turns.all[index - 1]
            turn.interrupted = True
            self.log.add("client", "interrupted", turn=index, interrupted=True)
            self._emit(protocol.TurnState(index, "interrupted"))

    # What the run tells, and asks.

    def position(self) -> tuple[float, float] | None:
        """Returns what has sounded of the open turn, and all of it (ms); None without a page."""
        return self._pages.position(self._turns.current or self._turns.cut)

    def taking_over(self) -> bool:
        """Whether an agent takes over from another that handed the turn to it; once."""
        taking_over, self._taking_over = self._taking_over, False
        return taking_over

    def run_begins(self) -> None:
        """A run with the model begins."""
        self._taking_over = False
        self._reader.discarding = False
        collect(self.log)

    def run_connected(self) -> None:
        """The model is connected, be it that of an agent that a swap puts in place."""
        self._swaps.connected()
        self.log.add("bridge", "connected", agent=self.agent.name, model=model_name(self.agent))
        self.set_state("ready" if self._turns.current is None else "thinking")

    def run_event(self, event: Event) -> None:
        """An event of ADK's came."""
        self._reader.read(event)

    def run_streamed(self, content: types.Content) -> None:
        """A tool tells the model something; of a streaming one there is no event."""
        self._reader.streamed(content)

    def run_failed(self, error: AdkNbError) -> None:
        """The run failed; so does the turn that waits for it."""
        turn = self._turns.failed(self.log.redact(str(error)))
        self.fail(error, turn)

    def run_warned(self, error: AdkNbError) -> None:
        """The run goes on without something that it should have."""
        self._report(error, self._turns.index)

    async def run_ended(self) -> None:
        """The run is over: closes in ADK's history what the next one could not go on from."""
        if self._live.queue is None and self._turns.current is not None:
            if self._turns.closed() is None:
                error = ModelError("The model ended the conversation.", remedy="Say it again.")
                self.run_failed(error)
            self.set_state("ready")
        try:
            for turn, call in self._cut_off_calls():
                event = await self._histories.answer(call)
                if event is not None:
                    self._reader.turn_of[event.id] = turn.index
            for turn in self._turns.all[-2:]:
                if turn.ended.is_set() and turn.index in self._histories.current.turns:
                    for event in await self._histories.complete(turn):
                        self._reader.turn_of[event.id] = turn.index
        except Exception as error:
            self._report(explain(error))

    def _cut_off_calls(self) -> list[tuple[Turn, ToolCall]]:
        """Returns the tool calls that the run left open, now failed."""
        error = "The call was cut off."
        found = [
            (turn, call)
            for turn in self._turns.all[-3:]
            for call in turn.tool_calls
            if call.ms is None and not call.long_running
        ]
        for turn, call in found:
            output = self._reader.printed(call.id)
            self._turns.tool_returned(call.id, call.name, None, error)
            self.log.add(
                "bridge",
                "tool_result",
                turn=turn.index,
                tool=call.name,
                tool_call_id=call.id,
                error=error,
                output=output,
            )
        return found

    # Swaps.

    async def run_swap(self, wish: Wish, timeout: float) -> Swap:  # noqa: ASYNC109
        """Changes what answers; see `swap`."""
        _ = self.bridge
        news = asyncio.get_running_loop().call_later(
            _SETTLE_S, self._emit, protocol.State("reconnecting", "Changing the agent…")
        )
        try:
            return await self._swaps.swap(wish, timeout)
        except AdkNbError as error:
            self._report(error)
            raise
        finally:
            news.cancel()
            self._emit(protocol.State(self._status))

    async def _switch(self, name: str, *, on: bool) -> None:
        try:
            await self._swaps.switch(name, on=on, timeout=_SWITCH_S)
        except AdkNbError as error:
            self._report(error)

    async def settle(self) -> None:
        """Ends the running turn as an interruption, and lets the model say what was heard."""
        self._cut(restart=False)
        if self._cascaded and self._reader.discarding:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._reader.discarded.wait(), _SETTLE_S)

    def adopted(self, agent: BaseAgent, before: BaseAgent, changes: list[str]) -> None:
        """Another agent is connected: it answers from now on."""
        self._turns.agent, self._turns.model = agent.name, model_name(agent)
        self._reader.cumulative = self._cascaded
        text = " ".join(changes)
        self.log.add(
            "bridge",
            "agent_swapped",
            turn=self._turns.index,
            agent=agent.name,
            model=model_name(agent),
            text=text,
            args={
                "before": before.name,
                "tools": [tool["name"] for tool in self._swaps.tools if tool["on"]],
                "history": self._histories.current.id,
            },
        )
        changed = protocol.AgentChanged(agent.name, model_name(agent), self._swaps.tools, changes)
        self._emit(changed)
        self._pages.note(self._turns.index - 1, "swap", text)

    # State, tools and turns, as a cell asks for them.

    async def run_state(self) -> dict[str, Any]:
        """Returns ADK's session state."""
        session = await self._histories.get()
        return dict(session.state) if session is not None else {}

    async def run_set_state(self, delta: dict[str, Any]) -> None:
        """Changes ADK's session state."""
        await self._histories.append(state_change(delta), self._live.calls.session)

    async def run_confirm(self, call_id: str | None, *, approved: bool, payload: Any) -> None:
        """Answers a tool's question; see `confirm`."""
        self._live.calls.answer(call_id, approved=approved, payload=payload)

    async def run_respond(self, call_id: str, result: dict[str, Any]) -> None:
        """Tells the outcome of a long-running tool; see `respond`."""
        turn, call = self._turns.call(call_id)
        if turn is None or call is None:
            raise AdkNbError(
                f"There is no tool call {call_id!r}.",
                remedy="See live.tools_df() for their ids.",
                code="no_call",
            )
        event = response(call, result)
        queue = self._wanted_queue()
        self._turns.tool_returned(call.id, call.name, result, None)
        self.log.add(
            "client",
            "tool_result",
            turn=turn.index,
            tool=call.name,
            tool_call_id=call.id,
            result=result,
        )
        # ADK passes a response on to the model and keeps no record of it.
        await self._histories.append(event, self._live.calls.session)
        self._reader.turn_of[event.id] = turn.index
        if event.content is not None:
            queue.send_content(event.content)

    async def run_wait_for_turn(self, timeout: float | None) -> Turn:  # noqa: ASYNC109
        """Waits until a turn has ended; see `wait_for_turn`."""
        return await self._listeners.wait(timeout)

    @property
    def callbacks(self) -> list[Callable[[Turn], Any]]:
        """What is called with every turn that has ended."""
        return self._listeners.callbacks

    def _turn_ended(self, turn: Turn) -> None:
        self._listeners.ended(turn)
        if self._turns.current is None and self._status == "thinking":
            self.set_state("ready")

    def unheard(self) -> list[bytes]:
        """Returns the user's speech that no model has answered yet, PCM16LE at 16 kHz."""
        return self._microphone.unanswered()

    def kept_until(self, turn: int | None) -> tuple[Callable[[Event], bool], list[int]]:
        """Returns what tells the events of the turns up to one, and the numbers of those turns."""
        if turn is None:
            return (lambda _: True), [one.index for one in self._turns.all]
        return self._reader.kept_until(turn), list(range(1, turn + 1))

    def _begin(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open(self) -> None:
        try:
            session = await self._histories.get()
        except Exception as error:
            raise explain(error) from error
        if session is not None and session.events:
            self._pages.earlier = earlier(session.events)
            self._pages.note(0, "history", f"The conversation {self.id} goes on.")
        self._live.start()

    async def _shut(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._listeners.close()
        await self._live.stop()
        why = "The session was closed."
        turn = self._turns.failed(why)
        if turn is not None:
            self.log.add("bridge", "error", turn=turn.index, error=why)
        self._emit(protocol.State("closed"))
        self._pages.all.clear()
        await self._histories.close()
        if self._recording is not None:
            await asyncio.to_thread(self._recording.close)

    def _recording_failed(self, error: RecordingError) -> None:
        bridge = self._bridge
        if bridge is not None:
            bridge.loop.call_soon_threadsafe(self._report, error)

    def _wanted_queue(self) -> RequestQueue:
        if self._closed:
            raise SessionClosedError("This session is closed.", remedy="Make a new one.")
        return self._live.want()

    @property
    def _cascaded(self) -> bool:
        return bool(cascades(self.agent))

    @property
    def _manual(self) -> bool:
        realtime = self._run_config.realtime_input_config
        detection = realtime.automatic_activity_detection if realtime else None
        return bool(detection and detection.disabled)

    def _emit(self, message: protocol.Message) -> None:
        self._pages.emit(message)


def _for_notebooks(run_config: RunConfig | None, *, voice: str | None, audio: bool) -> RunConfig:
    config = run_config.model_copy() if run_config is not None else RunConfig()
    if config.response_modalities is None:
        config.response_modalities = [types.Modality.AUDIO if audio else types.Modality.TEXT]
    if voice is not None:
        config.speech_config = types.SpeechConfig(
            voice_config=types.VoiceConfig(
                prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name=voice)
            )
        )
    return config
