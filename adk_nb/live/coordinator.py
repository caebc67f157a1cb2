"""The exchange with the model: coordinates the user's actions, ADK's run and the turns.

There is one for each `LiveSession`; all of it runs on the bridge thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adk_nb.adk.agents import model_name
from adk_nb.adk.withheld import guarded
from adk_nb.exceptions import AdkNbError, LocalModelError, ModelError, SessionClosedError
from adk_nb.live.event_reader import EventReader
from adk_nb.live.handover import Handover
from adk_nb.live.history_completion import HistoryCompletion
from adk_nb.live.interruptions import Interruptions
from adk_nb.live.microphone import Microphone
from adk_nb.live.model_capabilities import ModelCapabilities
from adk_nb.live.model_connection import LiveRun
from adk_nb.live.reaction_watch import ReactionWatch
from adk_nb.live.realtime_input import RealtimeInput
from adk_nb.live.reconnection import Reconnection
from adk_nb.live.silence import OnSilence, Silence, SilenceWatch
from adk_nb.live.silence_handling import SilenceHandling
from adk_nb.live.speech_times import SpeechTimes
from adk_nb.live.swaps import Swaps
from adk_nb.live.text_input import TextInput
from adk_nb.live.tool_calls import ToolCalls
from adk_nb.live.tool_declarations import ToolDeclarations
from adk_nb.live.tool_execution import ToolExecution
from adk_nb.live.turn_builder import Turns
from adk_nb.live.withholding import Withholding
from adk_nb.log.span_collector import collect
from adk_nb.log.turn_fold import WARNING
from adk_nb.wire import protocol
from adk_nb.wire.heard import words_messages
from adk_nb.wire.page_hub import Pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from google.adk.agents import BaseAgent
    from google.adk.agents.run_config import RunConfig
    from google.adk.events import Event
    from google.adk.plugins.base_plugin import BasePlugin
    from google.genai import types

    from adk_nb.adk.request_queue import RequestQueue
    from adk_nb.live.histories import Histories
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.turn import Turn

_LASTING = {"recording", "unsupported", "local_model"}
"""Codes of errors that a good answer does not end."""


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
        handover: What another agent takes over.
        capabilities: What is known of its model.
        declarations: How its tools are declared to the model.
        tools: Runs the tools that the model calls.
        text_input: What is typed.
        realtime_input: What is spoken and shown.
        interruptions: How the user interrupts the agent.
        withholding: What a guard withholds.
        reconnection: What is asked again after a connection was lost.
        silence: Watches whether the model says anything.
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
        self.on_turn_end: Callable[[Turn], None] = lambda _turn: None
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
        self.handover = Handover(self)
        self.swaps: Swaps = Swaps(agent, self.handover, self.live, histories)
        log.is_of(self.swaps.variant)
        self.capabilities = ModelCapabilities(self.swaps)
        self._told_audio_use: bool | dict[str, Any] = audio or {"output": False}
        self._make_reading(keep_withheld=keep_withheld)
        # Whether the connection was lost while nobody waited for it.
        self._lost_idle = False
        self.silence = SilenceWatch(silence, SilenceHandling(self, on_silence))
        self._make_tools(tools_block)
        self._make_input()
        self.capabilities.tell(self.turns, self.reader)

    def _make_reading(self, *, keep_withheld: bool) -> None:
        """Makes what follows what comes from the model."""
        log, turns, calls = self.log, self.turns, self.live.calls
        self.reader: EventReader = EventReader(log, turns, self, calls=calls)
        self.withholding = Withholding(log, turns, self.reader, self.pages.emit, keep=keep_withheld)
        self.reconnection = Reconnection(self, turns, self.reader, self.microphone, calls)
        self._reactions = ReactionWatch(turns, lambda: self.set_state("ready"))

    def _make_tools(self, tools_block: bool | None) -> None:
        """Makes what runs the tools."""
        turns, reader, calls = self.turns, self.reader, self.live.calls
        self.declarations = ToolDeclarations(
            turns, self.capabilities, self.report, blocking=tools_block
        )
        self._history = HistoryCompletion(self.histories, turns, reader, calls, self.report)
        self.tools = ToolExecution(self, turns, reader, self.live, self._history)

    def _make_input(self) -> None:
        """Makes what takes what the user does."""
        log, turns, pages, live = self.log, self.turns, self.pages, self.live
        self.interruptions = Interruptions(
            log,
            turns,
            pages,
            live=live,
            reader=self.reader,
            capabilities=self.capabilities,
            ready=lambda: self.set_state("ready"),
        )
        self.text_input = TextInput(self, turns, pages, self.interruptions)
        turns.on_ask = self.text_input.send
        self.realtime_input = RealtimeInput(
            self,
            log,
            turns,
            pages,
            live=live,
            microphone=self.microphone,
            capabilities=self.capabilities,
            interruptions=self.interruptions,
        )

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
        """Interrupts a model again that goes on with an answer that was interrupted."""
        self.interruptions.still_talking()

    def blocks(self, name: str) -> bool:
        """Returns whether the model waits for the result of a tool."""
        return self.declarations.blocks(name)

    # What ADK's run reports, and asks.

    def position(self) -> tuple[float, float] | None:
        """Returns how much of the open turn has sounded, and its length (ms); None if no page."""
        return self.pages.position(self.turns.current or self.turns.cut)

    def guarded(self) -> bool:
        """Returns whether a callback may withhold what the agent says."""
        return guarded(self.live.agent, self._plugins)

    def run_begins(self) -> None:
        """Prepares for a new run."""
        self.withholding.begin()
        self.reconnection.dials()
        self.turns.machine.connection_lost()
        self.tools.runs.run_begins()
        self.reader.begin()
        collect(self.log)

    def run_told(self, content: types.Content) -> None:
        """Notes what a model takes: the results of its calls."""
        self.tools.told(content)
        self.silence.heard()
        self._reactions.expect()

    def _turn_ended(self, turn: Turn) -> None:
        self.tools.turn_ended(turn)
        self.reconnection.turn_ended()
        self.on_turn_end(turn)

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
        self.text_input.expect_words()

    def reconnected(self, text: str) -> None:
        """Shows a line where the connection was lost."""
        self.pages.note(self.turns.last.index if self.turns.last else 0, "reconnected", text)

    def run_event(self, event: Event) -> None:
        """Takes an event of ADK's."""
        self._reactions.event_came()
        self.silence.heard()
        if not self.withholding.read(event):
            self.reader.read(event)
            if event.turn_complete:
                self._reactions.expect()
        elif self.turns.current is None:
            self.set_state("ready")

    def run_streamed(self, content: types.Content) -> None:
        """Takes a tool's response that was sent to the model; a streaming tool's has no event."""
        self.reader.streamed(content)

    def run_failed(self, error: AdkNbError) -> None:
        """Ends the open turn with the error of the run."""
        self.end_turn(error, self.turns.index, lambda: self.turns.failed(error.code))

    def end_turn(self, error: AdkNbError, index: int, end: Callable[[], object]) -> None:
        """Ends a turn with an error, by a function."""
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
        self.tools.runs.run_ends()
        self.reader.streams_end()
        if self.live.queue is None:
            await self.tools.runs.stop()
        await self.tools.run_over()
        await self._history.complete()

    def queue(self) -> RequestQueue:
        """Returns the queue to the model, and connects it if it is not.

        Raises:
            SessionClosedError: The session is closed.
        """
        if self.closed:
            raise SessionClosedError("This session is closed.", remedy="Make a new one.")
        return self.live.want()

    @property
    def audio_use(self) -> bool | dict[str, Any]:
        """Whether a page needs its microphone and its player; see `docs/protocol.md`."""
        use: dict[str, Any] = {} if self.voice else {"output": False}
        if self.shared_microphone:
            use["shared_microphone"] = True
        deaf = self.capabilities.deaf
        if deaf is not None:
            use |= {"input": False, "message": deaf.message, "remedy": deaf.remedy}
        return use or True

    def _tell_audio_use(self) -> None:
        use = self.audio_use
        if use != self._told_audio_use:
            self._told_audio_use = use
            self.pages.emit(protocol.AudioUse(use))
