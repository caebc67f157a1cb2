"""The exchange with the model: coordinates the user's actions, ADK's run and the turns.

There is one for each `LiveSession`; all of it runs on the bridge thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

from google.adk.agents.live_request_queue import LiveRequest
from google.genai import types

from adk_nb.adk.agents import cascades, live_model, model_name
from adk_nb.exceptions import AdkNbError, LocalModelError, ModelError, SessionClosedError
from adk_nb.live.event_reader import EventReader
from adk_nb.live.microphone import Microphone, blob
from adk_nb.live.model_connection import LiveRun
from adk_nb.live.swaps import Swaps
from adk_nb.live.tool_calls import ToolCalls
from adk_nb.live.turn_builder import Turns
from adk_nb.log.span_collector import collect
from adk_nb.plain import valid_text
from adk_nb.providers.explain import explain
from adk_nb.wire import protocol
from adk_nb.wire.page_hub import Pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from google.adk.agents import BaseAgent
    from google.adk.events import Event
    from google.adk.plugins.base_plugin import BasePlugin

    from adk_nb.adk.request_queue import RequestQueue
    from adk_nb.live.histories import Histories
    from adk_nb.live.model_connection import Configure
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.turn import ToolCall, Turn

_SETTLE_S = 0.3
"""How long a swap waits for the model to report what was heard of its answer (s)."""
_AGAIN_S = 3.0
"""How long speech does not make a connection again after it was refused (s)."""
_NUDGE_S = 0.2
"""How long a model may go on talking after an interruption before it is told again (s)."""


class Exchange:
    """Coordinates the user's actions, ADK's run and the turns.

    Args:
        agent: The agent.
        log: The event log.
        histories: The ADK sessions behind the conversation.
        configure: Returns ADK's `RunConfig` for a model.
        plugins: ADK plugins.
        audio: Whether the agent speaks.

    Attributes:
        status: One of `connecting`, `ready`, `listening`, `thinking`, `speaking`, `reconnecting`,
            `closed`.
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
        configure: Configure,
        plugins: Iterable[BasePlugin],
        audio: bool,
    ) -> None:
        self.log = log
        self.histories = histories
        self.status = "connecting"
        self.closed = False
        self.pages = Pages(log.redact)
        self.turns = Turns(self.pages.emit, lambda turn: log.clip("agent_audio", turn), log.redact)
        self.turns.agent, self.turns.model = agent.name, log.redact(model_name(agent))
        self.turns.on_made = lambda turn: histories.current.turns.append(turn.index)
        self.microphone = Microphone(log, self.turns)
        self.live = LiveRun(
            agent,
            self,
            ToolCalls(self.turns, log.redact),
            configure=configure,
            histories=histories,
            plugins=plugins,
        )
        self.swaps = Swaps(agent, self, self.live, histories)
        self._audio = audio
        self._told_audio_use: bool | dict[str, Any] = audio
        self.reader = EventReader(log, self.turns, self, calls=self.live.calls, audio=audio)
        self.reader.cumulative = self._cascaded
        # When a cascade was last told that it is cut off, on the monotonic clock.
        self._last_nudge = 0.0
        # When speech last made a connection, on the monotonic clock.
        self._wanted_at = 0.0
        # Whether a transfer has just made another agent the current one.
        self._taking_over = False
        # Whether the history that was sent ends with the open turn's question.
        self._asked_by_history = False
        # Whether the history was sent to the connection that is being made.
        self._told_history = False

    # What the reader of ADK's events reports.

    def agent_audio(self, turn: Turn, rate: int, pcm: bytes) -> None:
        """Passes agent audio on to the pages."""
        self.pages.send_audio(turn.index, rate, pcm)

    def set_state(self, state: str) -> None:
        """Tells the pages what the session does, if that has changed."""
        if state != self.status and not self.closed:
            self.status = state
            self.pages.emit(protocol.State(state))

    def fail(self, error: AdkNbError, turn: Turn | None = None) -> None:
        """Reports that the model failed, and in which turn; the session is ready for the next."""
        self.report(error, self.turns.index if turn is None else turn.index)
        self.set_state("ready")

    def report(self, error: AdkNbError, index: int = 0) -> None:
        """Reports an error to the log and the pages; `index` is its turn, 0 if none."""
        self.log.add("bridge", "error", turn=index, error=str(error))
        message, remedy = self.log.redact([error.message, error.remedy])
        self.pages.emit(protocol.Failure(error.code, message, remedy))

    def transferred(self, turn: Turn | None, source: str, target: str) -> None:
        """Makes another agent the current one, after a transfer."""
        self._taking_over = True
        self.reader.resumable = False  # The new agent's connection has its own handle.
        one = self.swaps.agent.root_agent.find_agent(target)
        self.turns.agent = target
        self.turns.model = model_name(one) if one is not None else ""
        if turn is not None:
            turn.model = self.turns.model or turn.model
        self.pages.note(turn.index if turn else 0, "transfer", f"{source} hands over to {target}.")

    def still_talking(self) -> None:
        """Interrupts a CascadeLive again: between two of its states it misses an interruption."""
        now = time.monotonic()
        if self._cascaded and self.live.queue is not None and now - self._last_nudge > _NUDGE_S:
            self._last_nudge = now
            self.live.queue.send_activity_start()

    # What the user does.

    def typed(self, text: str, *, cut_in: bool) -> Turn:
        """Begins a typed turn; with `cut_in`, an answer that still sounds is interrupted."""
        text = valid_text(text)
        if self.turns.current is not None or (cut_in and self.pages.sounding):
            self.cut()
        queue = self.queue()
        turn = self.turns.user_typed(text)
        self.log.add("client", "user_text", turn=turn.index, author="user", text=text, final=True)
        self.set_state("thinking")
        queue.send_content(types.Content(role="user", parts=[types.Part(text=text)]))
        return turn

    def open_microphone(self, source: object, *, on: bool) -> None:
        """Opens or closes the microphone for a page or for `speak`."""
        if on:
            self.microphone.speaker = source
            self.queue()
        elif self.microphone.speaker is source:
            self.microphone.speaker = None
            if self.live.queue is not None:
                self.live.queue.send_audio_stream_end()
        self.log.add("client", "mic_on" if on else "mic_off")

    def hear(self, source: object, pcm: bytes) -> None:
        """Takes a microphone frame; connects again if it is speech and there is no connection."""
        self.microphone.hear(source, pcm, self.live.queue)
        now = time.monotonic()
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
        """Handles that push-to-talk is pressed or released."""
        if begins:
            self.cut()
        queue = self.queue()
        if self._cascaded or self._manual:
            queue.send_activity_start() if begins else queue.send_activity_end()
        elif not begins:
            queue.send_audio_stream_end()

    def cut(self, *, restart: bool = True) -> None:
        """Interrupts the agent; with `restart` also a tool call that does not return."""
        turn = self.turns.current
        if turn is None:
            self._silence(self.pages.sounding)
            return
        tool_pending = turn.tool_pending
        unsent = self.live.queue is not None and self.live.queue.take_back(turn.user_text)
        if self.turns.interrupted() is None:
            return
        self.log.add("client", "interrupted", turn=turn.index, interrupted=True)
        self.set_state("ready")
        if tool_pending:
            # ADK does not read from the model until the tool returns, which may be never.
            if restart:
                self.live.restart()
        elif self.live.queue is not None and not self.reader.silent and not unsent:
            self.reader.discarding = True
            if self._cascaded:
                self._last_nudge = time.monotonic()
                self.live.queue.send_activity_start()

    def _silence(self, index: int) -> None:
        """Flushes the sound of a turn that is complete."""
        if index:
            turn = self.turns.all[index - 1]
            turn.interrupted = True
            self.log.add("client", "interrupted", turn=index, interrupted=True)
            self.pages.emit(protocol.TurnState(index, "interrupted"))

    # What ADK's run reports, and asks.

    def position(self) -> tuple[float, float] | None:
        """Returns how much of the open turn has sounded, and its length (ms); None if no page."""
        return self.pages.position(self.turns.current or self.turns.cut)

    def taking_over(self) -> bool:
        """Returns whether a transfer has just made this agent the current one; resets itself."""
        taking_over, self._taking_over = self._taking_over, False
        return taking_over

    def run_begins(self) -> None:
        """Prepares for a new run."""
        self._taking_over = False
        self._asked_by_history = False
        self._told_history = False
        self.reader.begin()
        collect(self.log)

    def in_turn(self) -> bool:
        """Returns whether a turn is open, or an answer still sounds."""
        return self.turns.current is not None or bool(self.pages.sounding)

    def awaits_answer(self, history: list[types.Content]) -> bool:
        """Returns whether the user waits for an answer to the last words of a history."""
        self._told_history = True
        turn = self.turns.current
        if turn is None or not turn.user_text:
            return False
        last = next((content for content in reversed(history) if content.role == "user"), None)
        words = " ".join(part.text or "" for part in (last.parts or ())) if last else ""
        self._asked_by_history = last is history[-1] and turn.user_text in words
        return self._asked_by_history

    def run_lost(self, error: AdkNbError | None) -> None:
        """Reports that the connection is lost or being replaced; another will be made."""
        if error is None and not self.reader.resumable:
            return  # A transfer.
        turn = self.turns.current
        text = error.message if error is not None else None
        self.log.add("bridge", "disconnected", turn=turn.index if turn else 0, error=text)
        self.set_state("reconnecting")

    def _ask_again(self, *, resumed: bool) -> None:
        """Sends again what was lost with a connection, at most once in each turn."""
        turn, asked = self.turns.current, self._asked_by_history
        self._asked_by_history = False
        if turn is None:
            self._say_again(self.microphone.unanswered())
            return
        if turn.retried:
            lost = "The connection to the model was lost twice in this turn."
            self.run_failed(ModelError(lost, remedy="Say it again.", code="connection_lost"))
            return
        if any(one.content for one in self.queue().waiting):
            return  # It was typed without a connection and still waits.
        turn.retried = True
        said = "The connection to the model was lost in mid-turn; it was asked again."
        self.report(ModelError(said, code="connection_lost"), turn.index)
        if turn.spoken:
            self._say_again([] if asked and not resumed else self.microphone.again(turn.index))
        elif resumed or not asked:
            content = types.Content(role="user", parts=[types.Part(text=turn.user_text)])
            self.queue().send_first([LiveRequest(content=content)])

    def _say_again(self, speech: list[bytes]) -> None:
        """Sends speech again, except what still waits to be sent for the first time."""
        queue = self.queue()
        waiting = sum(len(one.blob.data or b"") for one in queue.waiting if one.blob is not None)
        while speech and waiting > 0:
            newest = speech.pop()
            if len(newest) > waiting:
                speech.append(newest[:-waiting])
            waiting -= len(newest)
        queue.send_first(LiveRequest(blob=blob(pcm)) for pcm in speech)

    def run_connected(self, *, resumed: bool | None = None) -> None:
        """Handles a new connection; `resumed` as in `RunOwner.run_connected`."""
        told, self._told_history = self._told_history, False
        if resumed and (told or not self.reader.resumable):
            resumed = None  # A transfer within one run.
        self.swaps.connected()
        agent = self.swaps.agent
        self.log.add("bridge", "connected", agent=agent.name, model=model_name(agent))
        self._tell_audio_use()
        self.set_state("ready" if self.turns.current is None else "thinking")
        if resumed is not None:
            self._ask_again(resumed=resumed)

    def run_event(self, event: Event) -> None:
        """Takes an event of ADK's."""
        self.reader.read(event)

    def run_streamed(self, content: types.Content) -> None:
        """Takes a tool's response that was sent to the model; a streaming tool's has no event."""
        self.reader.streamed(content)

    def run_failed(self, error: AdkNbError) -> None:
        """Ends the open turn with the error of the run."""
        turn = self.turns.failed(str(error))
        self.fail(error, turn)

    def run_warned(self, error: AdkNbError) -> None:
        """Reports a problem that does not end the run."""
        self.report(error, self.turns.index)

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
        try:
            for turn, call in self._cut_off_calls():
                event = await self.histories.answer(call)
                if event is not None:
                    self.reader.turn_of[event.id] = turn.index
            for turn in self.turns.all[-2:]:
                if turn.ended.is_set() and turn.index in self.histories.current.turns:
                    for event in await self.histories.complete(turn):
                        self.reader.turn_of[event.id] = turn.index
        except Exception as error:
            self.report(explain(error))

    def _cut_off_calls(self) -> list[tuple[Turn, ToolCall]]:
        """Ends the tool calls that the run left open as failed, and returns them."""
        error = "The call was cut off."
        found = [
            (turn, call)
            for turn in self.turns.all[-3:]
            for call in turn.tool_calls
            if call.ms is None and not call.long_running
        ]
        for turn, call in found:
            self.call_closed("bridge", turn, call, error=error)
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
        output = self.reader.printed(call.id)
        self.turns.tool_returned(call.id, call.name, result, error)
        self.log.add(
            source,
            "tool_result",
            turn=turn.index,
            tool=call.name,
            tool_call_id=call.id,
            result=result,
            error=error,
            output=output,
        )

    async def settle(self) -> None:
        """Interrupts the open turn, and waits shortly for what the model says was heard."""
        self.cut(restart=False)
        if self._cascaded and self.reader.discarding:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.reader.discarded.wait(), _SETTLE_S)

    def adopted(self, agent: BaseAgent, before: BaseAgent, changes: list[str]) -> None:
        """Takes over another agent that is connected now, and tells the log and the pages."""
        self.turns.agent, self.turns.model = agent.name, model_name(agent)
        self.reader.cumulative = self._cascaded
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
        """Of what use microphone and player are to a page; see `docs/protocol.md`."""
        deaf = self.deaf
        if deaf is None or not self._audio:
            return self._audio
        return {"input": False, "message": deaf.message, "remedy": deaf.remedy}

    def _tell_audio_use(self) -> None:
        use = self.audio_use
        if use != self._told_audio_use:
            self._told_audio_use = use
            self.pages.emit(protocol.AudioUse(use))

    @property
    def sees(self) -> bool:
        """Whether the model may be able to see pictures; a cascade is not."""
        return not self._cascaded

    @property
    def _cascaded(self) -> bool:
        return bool(cascades(self.swaps.agent))

    @property
    def _manual(self) -> bool:
        realtime = self.live.run_config.realtime_input_config
        detection = realtime.automatic_activity_detection if realtime else None
        return bool(detection and detection.disabled)
