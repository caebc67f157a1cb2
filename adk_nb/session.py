"""`LiveSession`: one conversation with an agent, on the bridge thread, with or without a page.

It runs ADK's `Runner.run_live`, turns what comes of it into the log's rows, the session's turns and
the pages' messages, and outlives a model that fails: the next turn connects again.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING, Any, Protocol, Self

from google.adk.agents.run_config import RunConfig, ToolThreadPoolConfig
from google.adk.live import CascadeLive
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.genai import types

from adk_nb import protocol
from adk_nb.audio import MICROPHONE_RATE, Clip, SpeechLevel
from adk_nb.conversation import Conversation
from adk_nb.events import EventLog
from adk_nb.exceptions import (
    AdkNbError,
    AudioError,
    ModelError,
    SessionClosedError,
    TurnTimeoutError,
)
from adk_nb.loop import BridgeLoop
from adk_nb.reader import EventReader
from adk_nb.recording import RecordingWriter
from adk_nb.run import LiveRun, RequestQueue
from adk_nb.spans import collect
from adk_nb.turns import Turn, Turns

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from google.adk.agents import BaseAgent
    from google.adk.events import Event
    from google.adk.sessions import BaseSessionService

    from adk_nb.exceptions import RecordingError
    from adk_nb.turns import ToolCall

FRAME_MS = 20
_FRAME_BYTES = MICROPHONE_RATE * FRAME_MS // 1000 * 2
_SILENCE = bytes(_FRAME_BYTES)
_SETTLED_S = 1.0
"""How much silence after a spoken file shows that its last turn has begun."""
_UNHEARD_S = 10.0
"""How long `speak` waits for a turn to begin after its file."""
_HISTORY_TURNS = 200


class Page(Protocol):
    """What takes a session's messages and audio: a connection of the bridge."""

    def send(self, message: protocol.Message) -> None:
        """Takes a message."""

    def send_audio(self, turn: int, rate: int, pcm: bytes) -> None:
        """Takes agent audio, PCM16LE mono."""


class LiveSession(Conversation):
    """A conversation with an agent; `with LiveSession(agent) as s: s.say("hi")`.

    Args:
        agent: The ADK agent.
        run_config: ADK's own; what it leaves open is set for live notebooks: tools run in ADK's
            thread pool, both sides are transcribed.
        sessions: An ADK session service; by default one in memory.
        session_id: The ADK session's id, to go on with it; by default a new one.
        user_id: The ADK session's user.
        voice: The name of a prebuilt voice of the model.
        audio: Whether the agent speaks; False asks the model for text.
        record: A folder for a recording of the session, written as it goes; see
            `docs/recordings.md`.

    Raises:
        RecordingError: The recording cannot be written there.

    Attributes:
        id: The session's id.
        agent: The agent.
        log: The event log.
    """

    def __init__(  # noqa: PLR0913 - the options of a session, all by name
        self,
        agent: BaseAgent,
        *,
        run_config: RunConfig | None = None,
        sessions: BaseSessionService | None = None,
        session_id: str | None = None,
        user_id: str = "user",
        voice: str | None = None,
        audio: bool = True,
        record: str | os.PathLike[str] | None = None,
    ) -> None:
        self.agent = agent
        self.id = session_id or uuid.uuid4().hex[:12]
        self.audio_on = audio
        self.log = EventLog(self.id)
        self._mic_dropped = 0
        self._run_config = _for_notebooks(run_config, voice=voice, audio=audio)
        self._live = LiveRun(
            agent,
            self,
            run_config=self._run_config,
            sessions=sessions or InMemorySessionService(),
            user_id=user_id,
            session_id=self.id,
        )
        self._turns = Turns(
            self._emit, lambda turn: self.log.clip("agent_audio", turn), self.log.redact
        )
        self._turns.agent, self._turns.model = agent.name, model_name(agent)
        self._reader = EventReader(
            self.log, self._turns, self, raised=self._live.raised, audio=audio
        )
        self._reader.cumulative = self._cascaded
        self._state = "connecting"
        self._pages: list[Page] = []
        self._watchers: list[Callable[[protocol.Message], None]] = []
        self._bridge: BridgeLoop | None = None
        self._closed = False
        self._speaker: object | None = None
        self._sounding = 0
        self._played = (0, 0.0, 0.0)
        self._last_nudge = 0.0
        self._level = SpeechLevel()
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
    def state(self) -> str:
        """One of `connecting`, `ready`, `listening`, `thinking`, `speaking`, `closed`."""
        return self._state

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
        return self._mic_dropped + self._live.dropped

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
        self._state = "closed"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return (
            f"<LiveSession {self.id}: {self.agent.name} on {model_name(self.agent)}, "
            f"{self._state}, {len(self._turns.all)} turns>"
        )

    # What pages do, on the bridge thread.

    def watch(self, watcher: Callable[[protocol.Message], None]) -> None:
        """Calls `watcher` with every message that goes to the pages."""
        self._watchers.append(watcher)

    def attach(self, page: Page) -> protocol.Welcome:
        """Adds a page, and returns what it has to know."""
        self._pages.append(page)
        self.log.add("client", "connected")
        return protocol.Welcome(
            session_id=self.id,
            agent=self.agent.name,
            model=model_name(self.agent),
            tools=tool_names(self.agent),
            state=self._state,
            turn=self._turns.index,
            clock=time.monotonic() * 1000,
            history=self._history(),
            audio=self.audio_on,
        )

    def detach(self, page: Page) -> None:
        """Removes a page; its microphone counts as closed."""
        if page in self._pages:
            self._pages.remove(page)
            self.log.add("client", "disconnected")
        if self._speaker is page:
            self._mic(page, on=False)
        if not self._pages:
            self._sounding = 0

    def hear(self, source: object, pcm: bytes) -> None:
        """Takes a microphone frame, PCM16LE mono at 16 kHz, from whoever has the microphone."""
        queue = self._live.queue
        if source is not self._speaker or queue is None:
            self._mic_dropped += 1
            return
        index = self._turns.speech_index
        self.log.add_audio(
            "client", "user_audio", index, pcm, MICROPHONE_RATE, loud=self._level.loud(pcm)
        )
        queue.send_realtime(types.Blob(data=pcm, mime_type="audio/pcm;rate=16000"))

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
        self._played = (report.turn, report.played_ms, time.monotonic())
        if report.event == "started":
            self._sounding = report.turn
        elif report.event in ("drained", "flushed"):
            self._sounding = 0
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
        for page in self._pages:
            page.send_audio(turn.index, rate, pcm)

    def set_state(self, state: str) -> None:
        """Says what the session does now, where that is news."""
        if state != self._state and not self._closed:
            self._state = state
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
        first, before = self._turns.index, self._speaker
        me = object()
        self._mic(me, on=True)
        feed = asyncio.create_task(self._feed(me, clip))
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
            feed.cancel()
            if self._speaker is me:
                self._mic(me, on=False)
                self._speaker = before

    async def run_interrupt(self) -> None:
        """Cuts the agent off; see `interrupt`."""
        self._cut()

    async def _feed(self, source: object, clip: Clip) -> None:
        start = time.monotonic()
        sent = 0
        while True:
            frame = clip.pcm[sent * _FRAME_BYTES : (sent + 1) * _FRAME_BYTES]
            self.hear(source, frame + _SILENCE[len(frame) :])
            sent += 1
            await asyncio.sleep(max(0.0, start + sent * FRAME_MS / 1000 - time.monotonic()))

    async def _finished(self, turn: Turn, timeout: float) -> Turn:  # noqa: ASYNC109
        try:
            await asyncio.wait_for(turn.ended.wait(), timeout)
        except TimeoutError:
            raise TurnTimeoutError(
                f"Turn {turn.index} was not answered within {timeout:g} s; it goes on.",
                remedy="Wait longer with timeout=, or interrupt().",
            ) from None
        return turn

    def _typed(self, text: str, *, cut_in: bool) -> Turn:
        if self._turns.current is not None or (cut_in and self._sounding):
            self._cut()
        queue = self._wanted_queue()
        turn = self._turns.user_typed(text)
        self.log.add("client", "user_text", turn=turn.index, author="user", text=text, final=True)
        self.set_state("thinking")
        queue.send_content(types.Content(role="user", parts=[types.Part(text=text)]))
        return turn

    def _mic(self, source: object, *, on: bool) -> None:
        if on:
            self._speaker = source
            self._wanted_queue()
        elif self._speaker is source:
            self._speaker = None
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

    def _cut(self) -> None:
        turn = self._turns.current
        if turn is None:
            self._silence(self._sounding)
            return
        tool_pending = turn.tool_pending
        if self._turns.interrupted() is None:
            return
        self.log.add("client", "interrupted", turn=turn.index, interrupted=True)
        self.set_state("ready")
        if tool_pending:
            # ADK reads nothing from the model until the tool returns, which it may never do.
            self._live.restart()
        elif self._live.queue is not None:
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
        turn = self._turns.current or self._turns.cut
        if turn is None or not self._pages:
            return None
        index, played_ms, at = self._played
        if index != turn.index:
            return 0.0, turn.audio_ms
        if self._sounding == index:
            played_ms += (time.monotonic() - at) * 1000
        return min(played_ms, turn.audio_ms), turn.audio_ms

    def run_begins(self) -> None:
        """A run with the model begins."""
        self._reader.discarding = False
        collect(self.log)
        self.log.add("bridge", "connected", agent=self.agent.name, model=model_name(self.agent))
        self.set_state("ready" if self._turns.current is None else "thinking")

    def run_event(self, event: Event) -> None:
        """An event of ADK's came."""
        self._reader.read(event)

    def run_failed(self, error: AdkNbError) -> None:
        """The run failed; so does the turn that waits for it."""
        turn = self._turns.failed(self.log.redact(str(error)))
        self.fail(error, turn)

    def run_ended(self) -> Iterable[ToolCall]:
        """The run is over; yields the tool calls that it left open, now failed."""
        if self._live.queue is None and self._turns.current is not None:
            self.run_failed(ModelError("The model ended the conversation.", remedy="Say it again."))
        error = "The call was cut off."
        for turn in self._turns.all[-3:]:
            for call in turn.tool_calls:
                if call.ms is None:
                    self._turns.tool_returned(call.id, call.name, None, error)
                    self.log.add(
                        "bridge",
                        "tool_result",
                        turn=turn.index,
                        tool=call.name,
                        tool_call_id=call.id,
                        error=error,
                    )
                    yield call

    async def _open(self) -> None:
        self._live.start()

    async def _shut(self) -> None:
        await self._live.stop()
        why = "The session was closed."
        turn = self._turns.failed(why)
        if turn is not None:
            self.log.add("bridge", "error", turn=turn.index, error=why)
        self._emit(protocol.State("closed"))
        self._pages.clear()
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
        return isinstance(getattr(self.agent, "model", None), CascadeLive)

    @property
    def _manual(self) -> bool:
        realtime = self._run_config.realtime_input_config
        detection = realtime.automatic_activity_detection if realtime else None
        return bool(detection and detection.disabled)

    def _emit(self, message: protocol.Message) -> None:
        for page in self._pages[:]:
            page.send(message)
        for watcher in self._watchers:
            watcher(message)

    def _history(self) -> list[dict[str, Any]]:
        messages: list[protocol.Message] = []
        for turn in self._turns.all[-_HISTORY_TURNS:]:
            ended = turn.ended.is_set()
            said = protocol.Transcript(turn.index, "user", "user", turn.user_text, ended)
            messages += [said] if turn.user_text else []
            for call in turn.tool_calls:
                messages.append(protocol.ToolCalled(turn.index, call.id, call.name, call.args))
                if call.ms is not None:
                    messages.append(
                        protocol.ToolReturned(
                            turn.index, call.id, call.name, call.ms, call.result, call.error
                        )
                    )
            said = protocol.Transcript(
                turn.index, "agent", turn.agent, turn.agent_text, ended, turn.interrupted
            )
            messages += [said] if turn.agent_text else []
        return [protocol.as_dict(message) for message in messages]


def _for_notebooks(run_config: RunConfig | None, *, voice: str | None, audio: bool) -> RunConfig:
    config = run_config.model_copy() if run_config is not None else RunConfig()
    if config.tool_thread_pool_config is None:
        # On the event loop a sync tool would stall the audio of every session.
        config.tool_thread_pool_config = ToolThreadPoolConfig()
    if config.response_modalities is None:
        config.response_modalities = [types.Modality.AUDIO if audio else types.Modality.TEXT]
    if voice is not None:
        config.speech_config = types.SpeechConfig(
            voice_config=types.VoiceConfig(
                prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name=voice)
            )
        )
    return config


def model_name(agent: BaseAgent) -> str:
    """Returns the name of an agent's model; empty where it has none of its own."""
    model = getattr(agent, "model", "")
    return model if isinstance(model, str) else str(getattr(model, "model", ""))


def tool_names(agent: BaseAgent) -> list[str]:
    """Returns the names of an agent's tools and toolsets."""
    return [
        str(getattr(tool, "name", None) or getattr(tool, "__name__", type(tool).__name__))
        for tool in getattr(agent, "tools", [])
    ]
