"""The exchange with the model: coordinates the user's actions, ADK's run and the turns.

There is one for each `LiveSession`; all of it runs on the bridge thread.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from google.genai import types

from adk_nb.adk.agents import cascades, live_model, model_name
from adk_nb.adk.run_config import is_gemini
from adk_nb.adk.told_history import CUT_OFF
from adk_nb.adk.withheld import guarded
from adk_nb.exceptions import AdkNbError, LocalModelError, ModelError, SessionClosedError
from adk_nb.live.event_reader import EventReader
from adk_nb.live.microphone import Microphone
from adk_nb.live.model_connection import Link, LiveRun
from adk_nb.live.reconnection import Reconnection
from adk_nb.live.silence import Limit, OnSilence, Silence, SilenceWatch, due, silence_text
from adk_nb.live.speech_times import SpeechTimes
from adk_nb.live.swaps import Swaps
from adk_nb.live.tool_calls import ToolCalls
from adk_nb.live.tool_runs import ToolRuns
from adk_nb.live.turn_builder import Turns
from adk_nb.live.turn_state import Phase
from adk_nb.live.withholding import Withholding
from adk_nb.log.span_collector import collect
from adk_nb.log.turn_fold import WARNING
from adk_nb.plain import valid_text
from adk_nb.providers.explain import explain
from adk_nb.wire import protocol
from adk_nb.wire.heard import words_messages
from adk_nb.wire.page_hub import Pages

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    from google.adk.agents import BaseAgent
    from google.adk.agents.run_config import RunConfig
    from google.adk.events import Event
    from google.adk.plugins.base_plugin import BasePlugin

    from adk_nb.adk.request_queue import RequestQueue
    from adk_nb.live.histories import Histories
    from adk_nb.live.turn_state import TurnState
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.turn import Turn

_SETTLE_S = 0.3
"""How long a swap waits for the model to report what was heard of its answer (s)."""
_AGAIN_S = 3.0
"""How long speech does not make a connection again after it was refused (s)."""
_NUDGE_S = 0.2
"""How long a model may go on talking after an interruption before it is told again (s)."""
_REACTION_S = 5.0
"""How long a model that did not wait for a result may take to say something about it (s)."""
_CROSSED_S = 1.0
"""How long it may, where what it said when the result came may have been about it (s)."""
_CALLED_S = 5.0
"""How long after ADK runs a tool the event of its call may come (s)."""
_LASTING = {"recording", "unsupported", "local_model"}
"""Codes of errors that a good answer does not end."""
_WORDLESS_S = 5.0
"""How long after it was sent speech may stay without words before a typed text overtakes it (s)."""


class Exchange:
    """Coordinates the user's actions, ADK's run and the turns.

    Args:
        agent: The agent.
        log: The event log.
        histories: The ADK sessions behind the conversation.
        configure: Returns ADK's `RunConfig` for a model, and for whether the agent speaks.
        plugins: ADK plugins.
        audio: Whether the agent speaks.
        keep_withheld: Whether the sound of what a guard withholds is kept.
        tools_block: Whether tools that do not say so themselves are declared as blocking; None
            leaves them as they are.
        silence: How long the model may say nothing; None does not watch that.
        on_silence: What is done then.

    Attributes:
        status: One of `connecting`, `ready`, `listening`, `thinking`, `speaking`, `writing`,
            `reconnecting`, `closed`.
        voice: Whether the agent speaks; it only writes otherwise.
        closed: Whether the session was closed.
        turns: The turns.
        pages: The pages that show the session.
        microphone: Who has the microphone, and what was said into it.
        live: ADK's run.
        reader: Reads its events.
        swaps: The current agent, and its swaps.
    """

    def __init__(  # noqa: PLR0913 - what a session is made of, by name
        self,
        agent: BaseAgent,
        log: EventLog,
        histories: Histories,
        *,
        configure: Callable[[object, bool], RunConfig],
        plugins: Iterable[BasePlugin],
        audio: bool,
        keep_withheld: bool = False,
        tools_block: bool | None = None,
        silence: Silence | None = None,
        on_silence: OnSilence = "note",
    ) -> None:
        self._tools_block = tools_block
        # The models for which the user was told that they wait for no tool.
        self._told_blocking = set[str]()
        self._on_silence = on_silence
        self.silence = SilenceWatch(silence, self)
        self.log = log
        self.histories = histories
        self.status = "connecting"
        self.closed = False
        self.shared_microphone = False
        self.pages = Pages(log.redact, self._sound_of, self._words_of)
        self.turns = Turns(log, self.pages.emit)
        self.turns.agent, self.turns.model = agent.name, model_name(agent)
        self.turns.on_made = lambda turn: histories.current.turns.append(turn.index)
        self.turns.on_end = self._turn_ended
        self.turns.on_ask = self._send_text
        self.on_turn_end: Callable[[Turn], None] = lambda _turn: None
        self.tool_runs = ToolRuns(self)
        self.microphone = Microphone(log, self.turns)
        self.speech = SpeechTimes(log)
        self._plugins = list(plugins)
        self.voice = audio
        self.live = LiveRun(
            agent,
            self,
            ToolCalls(self.turns.calls, log.redact),
            configure=lambda model: configure(model, self.voice),
            histories=histories,
            plugins=self._plugins,
        )
        self.swaps: Swaps = Swaps(agent, self, self.live, histories)
        log.is_of(self.swaps.variant)
        self._told_audio_use: bool | dict[str, Any] = audio or {"output": False}
        self.reader = EventReader(log, self.turns, self, calls=self.live.calls)
        self.withholding = Withholding(
            log, self.turns, self.reader, self.pages.emit, keep=keep_withheld
        )
        # When a cascade was last told that it is cut off, on the monotonic clock.
        self._last_nudge = 0.0
        # When speech last made a connection, on the monotonic clock.
        self._wanted_at = 0.0
        self.reconnection = Reconnection(
            self, self.turns, self.reader, self.microphone, self.live.calls
        )
        # How the tools of the run are declared, by name: whether as blocking; None if not at all.
        self._declared: dict[str, bool | None] = {}
        # When ADK's newest event came, on the monotonic clock.
        self._event_at = 0.0
        # Whether the connection was lost while nobody waited for it.
        self._lost_idle = False
        self._reaction: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._learn_model()

    # What the reader of ADK's events reports.

    def agent_audio(self, turn: Turn, rate: int, pcm: bytes) -> None:
        """Passes agent audio on to the pages."""
        self.pages.send_audio(turn.index, rate, pcm)

    def _sound_of(self, index: int) -> tuple[int, bytes]:
        clip = self.log.clip("agent_audio", index)
        return clip.rate, clip.pcm

    def _words_of(self, index: int) -> list[protocol.Words]:
        return words_messages(index, self.turns.all[index - 1].piece_words())

    def set_voice(self, *, on: bool) -> None:
        """Lets the agent speak, or only write, from its next answer on; sound stops at once."""
        self.voice = on
        self._tell_audio_use()

    def set_state(self, state: str) -> None:
        """Tells the pages what the session does, if that has changed."""
        if state != self.status and not self.closed:
            self.status = state
            self.pages.emit(protocol.State(state))

    def fail(self, error: AdkNbError, turn: Turn | None = None) -> None:
        """Reports that the model failed, and in which turn; the session is ready for the next."""
        index = self.turns.index if turn is None else turn.index
        self.log.add("bridge", "error", turn=index, error=str(error))
        self._tell(error)
        self.set_state("ready")

    def report(self, error: AdkNbError, index: int = 0) -> None:
        """Reports an error that ends nothing; `index` is its turn, 0 if none."""
        self.log.add("bridge", "error", turn=index, error=str(error), status=WARNING)
        self._tell(error)

    def _tell(self, error: AdkNbError) -> None:
        message, remedy = self.log.redact([error.message, error.remedy])
        lasts = error.code in _LASTING
        self.pages.emit(protocol.Failure(error.code, message, remedy, lasts=lasts))

    def transferred(self, turn: Turn | None, source: str, target: str) -> str:
        """Makes another agent the current one, after a transfer; returns its model's name."""
        self.reconnection.dial.taking_over = True
        self.reader.resumable = False  # The new agent's connection has its own handle.
        one = self.swaps.agent.root_agent.find_agent(target)
        self.turns.agent = target
        self.turns.model = model_name(one) if one is not None else ""
        self.pages.note(turn.index if turn else 0, "transfer", f"{source} hands over to {target}.")
        return self.turns.model

    def listens(self) -> bool:
        """Returns whether a page, or a call of `speak`, has the microphone."""
        return self.microphone.speaker is not None

    def still_talking(self) -> None:
        """Interrupts a CascadeLive once more: it may miss an interruption between two states."""
        now = time.monotonic()
        if self._cascaded and self.live.queue is not None and now - self._last_nudge > _NUDGE_S:
            self._nudge(self.live.queue)

    # The model's silence.

    def due(self) -> tuple[TurnState, Limit | None] | None:
        """Returns the open turn, and what of it is due from the model; None without a turn."""
        turn = self.turns.machine.current
        if turn is None:
            return None
        sounds = self.pages.sounding or self.microphone.speaks
        connected = self.live.link is Link.CONNECTED and self.reconnection.connected
        return turn, due(turn) if connected and not sounds else None

    def silence_noticed(self, turn: TurnState, limit: Limit, seconds: float) -> None:
        """Tells that the model says nothing, and asks it to go on if that is wanted."""
        text = silence_text(limit, seconds)
        self.log.add("bridge", "silence", turn=turn.index, text=text)
        self.pages.note(turn.index, "silence", text)
        if self._on_silence == "nudge":
            self.queue().send_text("Please go on: the user waits for your answer.")
        elif self._on_silence == "reconnect":
            self.live.redial(ModelError(text, code="silent"))

    def silence_lasts(self, turn: TurnState, limit: Limit, seconds: float) -> None:
        """Ends the turn, unless the answer is sure to come."""
        if self._cascaded or turn.busy:
            return
        text = silence_text(limit, seconds)
        error = ModelError(text, remedy="Say it again, or in other words.", code="silent")
        self._end_turn(error, turn.index, self.turns.silent)

    # What the user does.

    def typed(self, text: str, *, cut_in: bool) -> Turn:
        """Begins a typed turn; with `cut_in`, an answer that still sounds is interrupted."""
        text = valid_text(text)
        queue = self.queue()
        current = self.turns.machine.current
        if current is not None and current.phase is Phase.SAYING and not current.worded:
            # What was said before it waits for a connection, or for its words: one after the other.
            turn = self.turns.user_typed(text, wait=True)
            if self.reconnection.connected:
                self._expect_words()
            self.set_state("thinking")
            return turn
        if current is not None:
            self._make_way(queue)
        elif cut_in and self.pages.sounding:
            self.silenced(self.pages.sounding)
        turn = self.turns.user_typed(text)
        self._send_text(turn, text)
        return turn

    def prompt(self, text: str) -> Turn:
        """Sends the model a message that is not the user's, when the open turn is over."""
        text = valid_text(text)
        self.queue()
        current = self.turns.machine.current
        turn = self.turns.user_typed(text, wait=current is not None, prompt=True)
        self.pages.note(turn.index - 1, "prompt", f"Prompt: {text}")
        if current is None:
            self._send_text(turn, text)
        elif self.reconnection.connected:
            self._expect_words()
        return turn

    def _send_text(self, turn: Turn, text: str) -> None:
        del turn
        self.set_state("thinking")
        self.silence.heard()
        self.queue().send_text(text)

    def _make_way(self, queue: RequestQueue) -> None:
        """Makes room for a new question: withdraws the open one, or interrupts its answer."""
        turn = self.turns.current
        unsent = turn is not None and self.take_back(turn)
        if self._cascaded and not unsent and not self.reader.silent:
            # Gemini's models take a text for an interruption by themselves.
            self._nudge(queue)

    def take_back(self, turn: Turn) -> bool:
        """Takes back a question that was not sent yet; returns whether there was one."""
        queue = self.live.queue
        return queue is not None and queue.take_back(self.turns.said(turn).question)

    def _nudge(self, queue: RequestQueue) -> None:
        """Tells a cascade that it is cut off."""
        self._last_nudge = time.monotonic()
        queue.send_activity_start()

    def open_microphone(self, source: object, *, on: bool) -> None:
        """Opens or closes the microphone for a page or for `speak`."""
        page = next((one for one in self.pages.all if one is source), None)
        if on:
            self.microphone.speaker = source
            self.queue()
        elif self.microphone.speaker is source:
            self.microphone.speaker = None
            if self.live.queue is not None:
                self.live.queue.send_audio_stream_end()
        elif page is not None:
            return  # Another page has taken it meanwhile.
        if page is not None:
            self.pages.hears(page if on else None)
        self.log.add("client", "mic_on" if on else "mic_off")

    def hear(
        self, source: object, pcm: bytes, captured_ms: float | None = None, lost: int = 0
    ) -> None:
        """Takes a microphone frame; connects again if it is speech and there is no connection."""
        began = self.microphone.hear(source, pcm, self.live.queue, captured_ms, lost)
        now = time.monotonic()
        if began:
            self.turns.machine.utterances.speech_began()
            if self.live.queue is not None and not self.live.queue.used:
                self.turns.machine.utterances.spoke_unheard()
        if (
            self.live.queue is None
            and self.microphone.speaker is source
            and not self.closed
            and self.microphone.is_loud(pcm)
            and now - self._wanted_at > _AGAIN_S
        ):
            self._wanted_at = now
            self.queue()

    def see(self, jpeg: bytes) -> bool:
        """Sends a picture; returns whether a model is connected."""
        queue = self.live.queue
        if queue is None:
            return False
        # ADK forwards only image/* to the newer Live models.
        queue.send_realtime(types.Blob(data=jpeg, mime_type="image/jpeg"))
        return True

    def activity(self, *, begins: bool) -> None:
        """Passes on that push-to-talk was pressed or released."""
        if begins:
            self.cut()
        index = self.turns.speech_index
        text = "ACTIVITY_START" if begins else "ACTIVITY_END"
        self.log.add("client", "voice_activity", turn=index, author="user", text=text)
        queue = self.queue()
        if self._cascaded or self._manual:
            queue.send_activity_start() if begins else queue.send_activity_end()
        elif not begins:
            queue.send_audio_stream_end()

    def cut(self) -> None:
        """Interrupts the agent, and takes back a question that was not sent yet."""
        turn = self.turns.current
        if turn is None:
            self.silenced(self.pages.sounding)
            return
        queue = self.live.queue
        unsent = self.take_back(turn)
        if self.turns.cut_in(sent=not unsent) is None:
            return
        self.set_state("ready")
        if self._cascaded and queue is not None and not self.reader.silent and not unsent:
            self._nudge(queue)

    def silenced(self, index: int) -> None:
        """Flushes the sound of a turn that is complete."""
        if index:
            self.log.add("client", "interrupted", turn=index, interrupted=True)
            self.pages.emit(protocol.TurnState(index, "interrupted"))

    # What ADK's run reports, and asks.

    def position(self) -> tuple[float, float] | None:
        """Returns how much of the open turn has sounded, and its length (ms); None if no page."""
        return self.pages.position(self.turns.current or self.turns.cut)

    def taking_over(self) -> bool:
        """Returns whether a transfer has just made this agent the current one; resets itself."""
        return self.reconnection.taking_over()

    def awaits_answer(self, history: list[types.Content]) -> bool:
        """Returns whether the user waits for an answer to the last words of a history."""
        return self.reconnection.awaits_answer(history)

    def withheld(self, event_id: str, *, begun: bool) -> bool:
        """Silences an answer that a callback replaced; returns whether its sound is forgotten."""
        return self.withholding.tell(event_id, begun=begun)

    def guarded(self) -> bool:
        """Returns whether a callback may withhold what the agent says."""
        return guarded(self.live.agent, self._plugins)

    def words_first(self, ms: float) -> None:
        """Learns that the next words arrive before their sound, of which there is so much (ms)."""
        self.withholding.words_first(ms)

    def run_begins(self) -> None:
        """Prepares for a new run."""
        self.withholding.begin()
        self.reconnection.dials()
        self.turns.machine.connection_lost()
        self.tool_runs.run_begins()
        self.reader.begin()
        collect(self.log)

    def run_tools(
        self,
        call_ids: list[str],
        running: Coroutine[Any, Any, Event | None],
        add: Callable[[Event], Awaitable[None]],
    ) -> None:
        """Runs a batch of calls in a task."""
        self.reconnection.called(call_ids)
        task = self.tool_runs.start(call_ids, lambda: self._run_tools(call_ids, running), add)
        task.add_done_callback(lambda _: running.close())

    async def _run_tools(
        self, call_ids: list[str], running: Coroutine[Any, Any, Event | None]
    ) -> Event | None:
        """Runs calls when their event has been read, unless their answer was cut off before."""
        called = asyncio.Event()
        self.turns.calls.when_called(call_ids[-1], called.set)
        try:
            async with asyncio.timeout(_CALLED_S):
                await called.wait()
            if any(map(self.turns.calls.is_wanted, call_ids)):
                return await running
            await self._answer(self._cut_off_calls(set(call_ids)))
        except TimeoutError:
            pass  # The connection was lost before: the model will call anew.
        return None

    def tool_began(self, call_id: str, task: asyncio.Task[Any]) -> None:
        """Learns the task in which the tool of a call runs."""
        self.live.calls.began(call_id, task)

    def tool_ran(self, call_id: str, began: float, ended: float) -> None:
        """Learns when the tool of a call ran (s on the monotonic clock)."""
        self.live.calls.times[call_id] = (began, ended)

    def tool_streamed(self, call_id: str, began: float, ended: float) -> None:
        """Learns when a streaming tool ran (s on the monotonic clock)."""
        self.live.calls.times.pop(call_id, None)  # Only how long it took to begin.
        self.turns.calls.tool_ended(call_id, (began, ended))

    def tools_declared(self, declared: dict[str, bool | None]) -> None:
        """Learns how tools are declared to the model: whether as blocking, by name."""
        self._declared = declared
        blocking = [name for name, blocks in declared.items() if blocks]
        model = self.turns.model
        if blocking and _waits_for_none(model) and model not in self._told_blocking:
            self._told_blocking.add(model)
            self.report(
                AdkNbError(
                    f"{model} waits for no tool, and may refuse what is declared as BLOCKING: "
                    f"{', '.join(blocking)}.",
                    remedy="Declare them as NON_BLOCKING, or leave tools_block out.",
                    code="unsupported",
                )
            )

    def blocks(self, name: str) -> bool:
        """Returns whether the model waits for the result of a tool."""
        declared = self._declared.get(name)
        if self._cascaded:
            return True
        if declared is None:
            return not waits_for_no_tool(self.turns.model)
        return declared

    async def tools_returned(self, event: Event, *, late: bool) -> None:
        """Takes the event of tools that have returned, and tells the model."""
        if late:
            await self.histories.append(event, self.live.calls.session)
            self.run_event(event)
        wanted = [
            part
            for part in (event.content.parts or () if event.content else ())
            if part.function_response
            and self.turns.calls.is_wanted(part.function_response.id or "")
        ]
        if not wanted or self.closed or not self.reconnection.connected:
            return  # A connection that is to come is told with all that was done.
        ids = [part.function_response.id or "" for part in wanted if part.function_response]
        if self.reconnection.knows(ids) and not late:
            self.queue().send_content(types.Content(role="user", parts=wanted))
        else:
            self.reconnection.go_on(ids)

    def tools_failed(self, error: Exception) -> None:
        """Ends the run: what ADK does around a tool failed."""
        self.live.fail(explain(error))

    def run_told(self, content: types.Content) -> None:
        """Notes what a model takes: the results of its calls."""
        for part in content.parts or ():
            response = part.function_response
            if response is None or response.will_continue:
                continue
            silent = response.scheduling is types.FunctionResponseScheduling.SILENT
            self.turns.calls.tool_told(response.id or "", reacts=not silent)
        self.silence.heard()
        self._expect_reaction()

    def _expect_reaction(self) -> None:
        if self._reaction is not None:
            self._reaction.cancel()
            self._reaction = None
        if self.turns.machine.told.unreacted:
            loop = asyncio.get_running_loop()
            wait = _CROSSED_S if self.turns.machine.told.may_have_reacted else _REACTION_S
            self._reaction = loop.call_later(wait, self._no_reaction)

    def _no_reaction(self) -> None:
        self._reaction = None
        going_on = time.monotonic() - self._event_at < _REACTION_S
        if self.turns.machine.answer.turn is not None and going_on:
            self._expect_reaction()
            return
        self.turns.no_reaction()
        if self.turns.current is None:
            self.set_state("ready")

    def _turn_ended(self, turn: Turn) -> None:
        self.live.calls.forget([call.id for call in turn.tool_calls if call.returned])
        unwanted = {
            call.id
            for call in turn.tool_calls
            if not call.returned and not self.turns.calls.is_wanted(call.id)
        }
        if unwanted:
            self.tool_runs.cancel(unwanted)
            task = asyncio.create_task(self._answer(self._cut_off_calls(unwanted)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.reconnection.turn_ended()
        self.on_turn_end(turn)

    async def _answer(self, calls: list[tuple[Turn, ToolCall]]) -> None:
        """Gives calls that were cut off a result in ADK's history."""
        try:
            for turn, call in calls:
                event = await self.histories.answer(call, self.live.calls.session)
                if event is not None:
                    self.reader.turn_of[event.id] = turn.index
        except Exception as error:
            self.report(explain(error))

    def in_turn(self) -> bool:
        """Returns whether a turn is open, or an answer still sounds."""
        return self.turns.current is not None or bool(self.pages.sounding)

    def run_lost(self, error: AdkNbError | None) -> None:
        """Reports that the connection is lost or being replaced; another will be made."""
        if error is None and not self.reader.resumable:
            return  # A transfer.
        index = self.turns.current.index if self.turns.current is not None else 0
        text = error.message if error is not None else None
        twice = self.reconnection.lost()
        if self.live.queue is not None:
            self.live.queue.drop_results()  # The next connection is told them in words.
        self.log.add("bridge", "disconnected", turn=index, error=text)
        self._lost_idle = error is not None and not index
        if twice:
            self.reconnection.lost_twice()
        self.set_state("reconnecting")

    def run_connected(self, *, resumed: bool | None = None) -> None:
        """Handles a new connection; `resumed` as in `RunOwner.run_connected`."""
        resumed = self.reconnection.made(resumed=resumed)
        self.silence.heard()
        if self._lost_idle:
            self._lost_idle = False
            self.reconnected("The connection to the model was lost, and made again.")
        self.swaps.connected()
        # After a transfer it is not the root that answers.
        self.log.add("bridge", "connected", agent=self.turns.agent, model=self.turns.model)
        self._tell_audio_use()
        self.set_state("ready" if self.turns.current is None else "thinking")
        if resumed is not None:
            self.reconnection.ask_again(resumed=resumed)
        self._expect_words()

    def _expect_words(self) -> None:
        """Ends speech that no words come of, if something typed waits for its answer."""
        current = self.turns.machine.current
        saying = current is not None and current.phase is Phase.SAYING and not current.worded
        if current is None or not saying or not self.turns.machine.waits:
            return

        def overtake() -> None:
            if current is self.turns.machine.current and not (current.worded or current.answered):
                self.turns.failed("no_words", unanswered=True)

        asyncio.get_running_loop().call_later(_WORDLESS_S, overtake)

    def reconnected(self, text: str) -> None:
        """Shows a line where the connection was lost."""
        self.pages.note(self.turns.last.index if self.turns.last else 0, "reconnected", text)

    def run_event(self, event: Event) -> None:
        """Takes an event of ADK's."""
        self._event_at = time.monotonic()
        self.silence.heard()
        if not self.withholding.read(event):
            self.reader.read(event)
            if event.turn_complete:
                self._expect_reaction()
        elif self.turns.current is None:
            self.set_state("ready")

    def run_streamed(self, content: types.Content) -> None:
        """Takes a tool's response that was sent to the model; a streaming tool's has no event."""
        self.reader.streamed(content)

    def run_failed(self, error: AdkNbError) -> None:
        """Ends the open turn with the error of the run."""
        self._end_turn(error, self.turns.index, lambda: self.turns.failed(error.code))

    def _end_turn(self, error: AdkNbError, index: int, end: Callable[[], object]) -> None:
        self.log.add("bridge", "error", turn=index, error=str(error))
        end()
        # Whoever is told may speak at once: that is the next turn.
        self.set_state("ready")
        self._tell(error)

    def run_warned(self, error: AdkNbError) -> None:
        """Reports a problem that does not end the run."""
        if error.code != "ignored":
            self.report(error, self.turns.index)
            return
        # Nothing fails for it; a page that is opened later is to know of it too.
        self.log.add("bridge", "error", turn=self.turns.index, error=str(error), status=WARNING)
        last = self.turns.last
        self.pages.note(last.index if last is not None else 0, "ignored", str(error))

    def run_lacks(self, error: LocalModelError) -> None:
        """Parts of the embedded default are not there; no turn fails for that."""
        self.report(error)
        self._tell_audio_use()

    def run_awaited(self) -> bool:
        """Returns whether the current turn has no answer yet."""
        turn = self.turns.current
        return turn is not None and not turn.answered

    async def run_ended(self) -> None:
        """Completes ADK's history after a run, so that the next one can continue from it."""
        if self.live.queue is None and self.turns.current is not None:
            if self.turns.closed() is None:
                error = ModelError("The model ended the conversation.", remedy="Say it again.")
                self.run_failed(error)
            self.set_state("ready")
        self.tool_runs.run_ends()
        self.reader.streams_end()
        if self.live.queue is None:
            await self.tool_runs.stop()
        open_calls = {call.id for turn in self.turns.all[-3:] for call in turn.tool_calls}
        await self._answer(self._cut_off_calls(open_calls - self.tool_runs.running))
        try:
            for turn in self.turns.all[-2:]:
                if turn.ended and turn.index in self.histories.current.turns:
                    said, since = self.turns.said(turn), self.reader.began(turn)
                    others = {name for name, of in self.reader.turn_of.items() if of != turn.index}
                    for event in await self.histories.complete(said, since, others):
                        self.reader.turn_of[event.id] = turn.index
        except Exception as error:
            self.report(explain(error))

    async def cut_off(self, turn: Turn) -> None:
        """Ends the calls of a turn that have not returned and run no longer."""
        call_ids = {call.id for call in turn.tool_calls} - self.tool_runs.running
        await self._answer(self._cut_off_calls(call_ids))

    def _cut_off_calls(self, call_ids: set[str]) -> list[tuple[Turn, ToolCall]]:
        """Ends calls that have not returned as failed, and returns them."""
        found = [
            (turn, call)
            for turn in self.turns.all
            for call in turn.tool_calls
            if call.id in call_ids and not call.returned and not call.long_running
        ]
        for turn, call in found:
            self.call_closed("bridge", turn, call, error=CUT_OFF)
        return found

    def call_closed(
        self,
        source: str,
        turn: Turn,
        call: ToolCall,
        *,
        result: Any = None,
        error: str | None = None,
    ) -> None:
        """Ends a tool call without an event of ADK's: a cell answered it, or it was cut off."""
        del turn
        output = self.reader.printed(call.id)
        self.turns.calls.tool_returned(
            call.id, call.name, result, error, source=source, output=output
        )

    async def settle(self, *, lets_sound: bool = False) -> None:
        """Interrupts the open turn, and waits shortly for what the model says was heard.

        Where no turn is open, `lets_sound` lets an answer that is complete sound to its end.
        """
        current = self.turns.machine.current
        if current is None and lets_sound:
            pass
        elif current is None or current.answered or current.final:
            self.cut()  # What is being said is said again to the new agent.
        deadline = time.monotonic() + _SETTLE_S
        machine = self.turns.machine
        while self._cascaded and machine.answer.dropping and time.monotonic() < deadline:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(_SETTLE_S / 30)
        self.turns.machine.answer.dropped()
        await self.tool_runs.stop()

    def adopted(
        self, agent: BaseAgent, before: BaseAgent, changes: list[str], variant: str
    ) -> None:
        """Takes over another agent that is connected now, and tells the log and the pages."""
        self.turns.agent, self.turns.model = agent.name, model_name(agent)
        self._learn_model()
        self.log.is_of(variant)
        text = " ".join(changes)
        self.log.add(
            "bridge",
            "agent_swapped",
            turn=self.turns.index,
            agent=agent.name,
            model=model_name(agent),
            text=text,
            args={
                "before": before.name,
                "tools": [tool["name"] for tool in self.swaps.tools if tool["on"]],
                "history": self.histories.current.id,
            },
        )
        changed = protocol.AgentChanged(
            agent.name, model_name(agent), self.swaps.tools, changes, self.sees
        )
        self.pages.emit(changed)
        self.pages.note(self.turns.index - 1, "swap", text)

    def unheard(self) -> list[bytes]:
        """Returns the user's speech that no model has answered yet, PCM16LE at 16 kHz."""
        return self.microphone.unanswered()

    def kept_until(self, turn: int | None) -> tuple[Callable[[Event], bool], list[int]]:
        """Returns a filter for the events up to a turn, and the numbers of those turns."""
        if turn is None:
            return (lambda _: True), [one.index for one in self.turns.all]
        return self.reader.kept_until(turn), list(range(1, turn + 1))

    def queue(self) -> RequestQueue:
        """Returns the queue to the model, and connects it if it is not.

        Raises:
            SessionClosedError: The session is closed.
        """
        if self.closed:
            raise SessionClosedError("This session is closed.", remedy="Make a new one.")
        return self.live.want()

    @property
    def deaf(self) -> LocalModelError | None:
        """Why the model cannot hear; None if it can, as far as is known before it loads."""
        speech_to_text = getattr(live_model(self.swaps.agent), "stt", None)
        problem = getattr(speech_to_text, "problem", None)
        return problem if isinstance(problem, LocalModelError) else None

    @property
    def audio_use(self) -> bool | dict[str, Any]:
        """Whether a page needs its microphone and its player; see `docs/protocol.md`."""
        use: dict[str, Any] = {} if self.voice else {"output": False}
        if self.shared_microphone:
            use["shared_microphone"] = True
        deaf = self.deaf
        if deaf is not None:
            use |= {"input": False, "message": deaf.message, "remedy": deaf.remedy}
        return use or True

    def _tell_audio_use(self) -> None:
        use = self.audio_use
        if use != self._told_audio_use:
            self._told_audio_use = use
            self.pages.emit(protocol.AudioUse(use))

    def _learn_model(self) -> None:
        """Learns what the agent's model does."""
        model = live_model(self.swaps.agent)
        gemini = is_gemini(model)
        self.reader.cumulative = self._cascaded
        self.turns.transcripts.deltas = self._cascaded or gemini
        # For Gemini ADK itself makes a final text when the turn is over, and more may follow.
        self.turns.transcripts.ends_with_final = not gemini
        newer = gemini and "gemini-3" in model_name(self.swaps.agent)
        self.turns.machine.calls.completes_calls = not (self._cascaded or newer)

    @property
    def sees(self) -> bool:
        """Whether the model may be able to see pictures; a cascade is not."""
        return not self._cascaded

    @property
    def _cascaded(self) -> bool:
        return bool(cascades(self.swaps.agent))

    def declared_blocking(self) -> bool | None:
        """Returns whether tools are to be declared as blocking; None leaves them as they are."""
        return self._tools_block

    @property
    def _manual(self) -> bool:
        realtime = self.live.run_config.realtime_input_config
        detection = realtime.automatic_activity_detection if realtime else None
        return bool(detection and detection.disabled)


def waits_for_no_tool(model: str) -> bool:
    """Returns whether a model speaks on while a tool runs, unless it is declared as blocking.

    https://ai.google.dev/gemini-api/docs/models/gemini-3.8-live says so of 3.8.
    """
    return model.rsplit("/", 1)[-1].startswith("gemini-3.8-live")


def _waits_for_none(model: str) -> bool:
    """Returns whether a model treats every tool as NON_BLOCKING."""
    return waits_for_no_tool(model) and "extended-thinking" in model
