"""`LiveSession`: one conversation with an agent, on the bridge thread, with or without a page.

It runs ADK's `Runner.run_live` and turns its events into the log's rows, the session's turns and
the pages' messages. It survives a model that fails: the next turn connects again.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import uuid
from typing import TYPE_CHECKING, Any, Self, TypeVar

from google.adk.agents import BaseAgent
from google.adk.artifacts.in_memory_artifact_service import InMemoryArtifactService

from adk_nb.adk import run_config as config
from adk_nb.adk.agents import live_model, model_name
from adk_nb.adk.plugins import uncalled
from adk_nb.cell_requests import CellRequests
from adk_nb.conversation import Conversation
from adk_nb.driven_session import DrivenSession
from adk_nb.exceptions import AdkNbError
from adk_nb.live import silence as silence_limits
from adk_nb.live.attached import Attached
from adk_nb.live.coordinator import Exchange
from adk_nb.live.event_feeds import EventFeeds
from adk_nb.live.followed_definitions import FollowedDefinitions
from adk_nb.live.histories import APP_NAME, Histories, checked_app_name
from adk_nb.live.session_pages import SessionPages
from adk_nb.live.switching import Switching
from adk_nb.live.turn_callbacks import TurnListeners
from adk_nb.live.turn_waits import TurnWaits
from adk_nb.log.event_log import EventLog
from adk_nb.log.recording import RecordingWriter, folder_of
from adk_nb.log.tags import checked as checked_tags
from adk_nb.options import check_choice, checked
from adk_nb.plain import valid_text
from adk_nb.session_life import SessionLife, Tasks

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Coroutine, Iterable, Mapping
    from pathlib import Path

    from google.adk.agents.run_config import RunConfig
    from google.adk.artifacts import BaseArtifactService
    from google.adk.memory.base_memory_service import BaseMemoryService
    from google.adk.plugins.base_plugin import BasePlugin
    from google.adk.sessions import BaseSessionService

    from adk_nb.bridge_thread import BridgeLoop
    from adk_nb.live.silence import OnSilence, Silence
    from adk_nb.log.log_row import LogRow
    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.turn import Turn
    from adk_nb.wire import protocol
    from adk_nb.wire.page_hub import Page

T = TypeVar("T")

logger = logging.getLogger(__name__)

_GREETING = "Hello!"
"""What an agent is asked that is to greet."""


class LiveSession(Conversation):
    """A conversation with an agent, without a page: `LiveSession(agent).say("hi")`.

    It starts by itself when it is first used. Close it, or use it as a context manager:
    `with LiveSession(agent) as session: session.say("hi")`, or `async with` and `say_async`.

    Args:
        agent: The ADK agent.
        run_config: ADK's `RunConfig`; fields that it does not set get defaults for notebooks.
            Functions that are tools run in threads, coroutine functions on the bridge's event loop.
        sessions: An ADK session service, or the URI of one, such as `sqlite:///talk.db`; by
            default one in memory.
        session_id: The ADK session's id, to go on with it; by default a new one.
        user_id: The ADK session's user; a number is taken as its text.
        app_name: The ADK app that the conversation belongs to; to `adk web`, `adk run` and
            `adk api_server` it is the name of the agent's folder.
        artifacts: An ADK artifact service; by default one in memory.
        memory: An ADK memory service, for tools such as `load_memory`; by default one in memory.
        plugins: ADK plugins.
        voice: The name of a prebuilt voice of the model; False is the same as `audio=False`.
        language: The language of speech as a BCP-47 code, such as `de-DE`.
        audio: Whether the agent speaks, rather than only writes; `live.voice` changes it. The
            same as `response_modalities` in the `run_config`.
        video: Whether the page may send pictures of a camera or a screen; by default where the
            model may be able to see them.
        transcribe: Whether the speech of both sides is transcribed.
        detection: Where the beginning and end of speech are detected: `server`, in the model's
            service, or `manual`, by the page's push to talk; by default the service decides.
        proactive: Whether the model may stay silent when it is not addressed.
        affective: Whether the model's tone follows the user's.
        compress: Whether the service drops the oldest content when the context is full, which
            removes the limit of a session's length; a number is the threshold in tokens.
        resume: Whether a lost connection is resumed; a text is the handle of a session to resume.
            By default on for Gemini models.
        tools_block: Whether tools that do not say so themselves are declared as blocking; by
            default nothing is declared, and each model does as it does. See `docs/gemini.md`.
        greet: What the agent is asked to say before anybody has spoken; True for a short greeting.
            With a widget it does so when the widget is first shown.
        shared_microphone: Whether the microphone stays open where another widget's is opened in the
            same browser; by default the newer takes it, and the older says so.
        record: A folder for a recording of the session, written as it goes; True is `recordings`
            in the working directory, and the widget says so. See `docs/recordings.md`.
        tags: What tells this session from others, such as `{"arm": "B"}`: the recording and the
            frames' column `tags` have them.
        keep_withheld: Whether the sound of an answer that a callback withheld is kept, in
            recordings too; it is never heard further.
        mask: By the name of an environment variable, or of one in `.env`, whether its value is
            masked in all that is shown and kept; by default where the name says that it is a
            credential. See `docs/recordings.md`.
        silence: How long the model may say nothing before that is told, and the turn fails at
            last; None does not watch it. See `docs/gemini.md`.
        on_silence: What else is done when the model says nothing: with `note` nothing, with `nudge`
            it is asked to go on, with `reconnect` the connection is made again.
        follow: Whether the agent takes over what a cell redefines of its tools, instruction or
            sub-agents when the cell has run; otherwise the widget offers it. See `reload`.

    Raises:
        RecordingError: The recording cannot be written there.
        AdkNbError: There is no such option, no session service of that URI, or an option has a
            value that it cannot have.

    Attributes:
        id: The session's id.
        log: The event log.
        requests: What a cell asks of it, on the bridge thread.
        pages: What its pages do to it, on the bridge thread.
        feeds: Those who follow the log.
        greets_pages: Whether a greeting waits until a page can play it.
    """

    # What the widget, its pages and `Conversation` use.
    _unlisted = Conversation._unlisted.union(dir(DrivenSession)) - {"log", "status"} | {  # noqa: SLF001 - its own
        "greets_pages", "is_in_use", "note_end", "pages", "receive_visitors", "report",
    }  # fmt: skip

    @checked()
    def __init__(  # noqa: PLR0913 - the options of a session, all by name
        self,
        agent: BaseAgent,
        *,
        run_config: RunConfig | None = None,
        sessions: BaseSessionService | str | None = None,
        session_id: str | None = None,
        user_id: str | int = "user",
        app_name: str = APP_NAME,
        artifacts: BaseArtifactService | None = None,
        memory: BaseMemoryService | None = None,
        plugins: Iterable[BasePlugin] = (),
        voice: str | bool | None = None,
        language: str | None = None,
        audio: bool = True,
        video: bool | None = None,
        transcribe: bool = True,
        detection: config.Detection | None = None,
        proactive: bool | None = None,
        affective: bool | None = None,
        compress: bool | int = False,
        resume: bool | str | None = None,
        tools_block: bool | None = None,
        greet: bool | str = False,
        shared_microphone: bool = False,
        record: str | os.PathLike[str] | bool | None = None,
        tags: Mapping[str, str] | None = None,
        keep_withheld: bool = False,
        mask: Mapping[str, bool] | None = None,
        silence: Silence | None = silence_limits.DEFAULT,
        on_silence: OnSilence = "note",
        follow: bool = False,
    ) -> None:
        check_choice("on_silence", on_silence, ("note", "nudge", "reconnect"))
        silence_limits.check(silence)
        if not isinstance(agent, BaseAgent):
            raise AdkNbError(
                f"{agent!r:.80} is no agent of ADK's.",
                remedy='Make one: Agent(name="dice", model=adk_nb.default_model(), tools=[...]).',
                code="bad_option",
            )
        self.id = valid_text(session_id) if session_id else f"s{uuid.uuid4().hex[:11]}"
        if isinstance(voice, bool):
            audio, voice = audio and voice, None
        audio = audio and not config.asks_for_text(run_config)
        # What the agent is still to be asked to say first.
        self._greeting = _GREETING if greet is True else greet or ""
        self.greets_pages = False
        self.log = EventLog(self.id, mask)
        self.log.tags = checked_tags(tags, self.log.redact)
        self.log.redact.on_masked = self._masked
        self._configure = functools.partial(
            config.run_config,
            run_config,
            voice=voice,
            language=language,
            transcribe=transcribe,
            detection=detection,
            proactive=proactive,
            affective=affective,
            compress=compress,
            resume=resume,
        )
        self._histories = Histories(
            sessions,
            artifacts or InMemoryArtifactService(),
            user_id=valid_text(str(user_id)),
            app_name=checked_app_name(app_name),
            first=self.id,
        )
        if memory is not None:
            self._histories.memory = memory
        plugins = list(plugins)
        self._exchange = Exchange(
            agent,
            self.log,
            self._histories,
            configure=self._configured,
            plugins=plugins,
            audio=audio,
            keep_withheld=keep_withheld,
            tools_block=tools_block,
            silence=silence,
            on_silence=on_silence,
        )
        self._exchange.shared_microphone = shared_microphone
        self._exchange.on_turn_end = self._turn_ended
        self._histories.on_shared = self._exchange.report
        self._definitions = FollowedDefinitions(self._exchange, follow=follow)
        waits = TurnWaits(self._exchange)
        self._listeners = TurnListeners(self._exchange.report, self.log.redact, waits.reported)
        self.requests = CellRequests(self._exchange, self._definitions, waits, self._listeners)
        tasks = Tasks()
        self._switching = Switching(
            self._exchange, begin=tasks.begin, after_turn=self.requests.then, voice=audio
        )
        self.pages = SessionPages(
            self._exchange,
            self._definitions,
            self._switching,
            begin=tasks.begin,
            greet=self._greet,
            video=video,
        )
        self.feeds = EventFeeds(self._call_with_row)
        self.log.sinks.append(self.feeds)
        self._life = SessionLife(
            self._exchange,
            definitions=self._definitions,
            listeners=self._listeners,
            feeds=self.feeds,
            pages=self.pages,
            tasks=tasks,
            begun=self._begun,
        )
        folder = folder_of(record)
        if folder is not None:
            self._life.recording = RecordingWriter(folder, self.log, self.report)
        if record is True:
            self._say_that_it_is_recorded()
        unheard = uncalled(plugins)
        if unheard is not None:
            self._exchange.run_warned(unheard)

    # What a cell uses.

    @property
    def session(self) -> LiveSession:
        """The session itself."""
        return self

    @property
    def status(self) -> str:
        """What it does now, such as `ready`; one of the states in `docs/protocol.md`."""
        return self._exchange.status

    @property
    def current_agent(self) -> BaseAgent:
        """The current agent, with the tools that are switched on."""
        return self._exchange.swaps.agent

    @property
    def all_histories(self) -> Histories:
        """The ADK sessions behind the conversation."""
        return self._histories

    def all_turns(self) -> list[Turn]:
        """Returns the turns so far, oldest first."""
        return self._exchange.turns.all[:]

    @property
    def open_questions(self) -> list[ToolCall]:
        """The tool calls that wait for the user's confirmation."""
        turns, asking = self._exchange.turns, self._exchange.live.calls.asking
        found = (turns.calls.find(call_id)[1] for call_id in asking)
        return [call for call in found if call is not None]

    @property
    def recording(self) -> Path | None:
        """The folder of the session's recording; None if it is not recorded."""
        recording = self._life.recording
        return recording.path if recording is not None else None

    @property
    def mic_dropped(self) -> int:
        """How many microphone frames reached no model."""
        return self._exchange.microphone.dropped + self._exchange.live.dropped

    @property
    def masked(self) -> list[str]:
        """The variables whose values were masked so far; `secret` stands for what is of none."""
        return sorted(label[1:-1] for label in self.log.redact.masked)

    def _masked(self, name: str) -> None:
        self._life.soon(self._tell_masked, name)

    def _tell_masked(self, name: str) -> None:
        what = "What looks like a key" if name == "secret" else f"The value of {name}"
        text = f"{what} is shown as [{name}]."
        self._exchange.pages.note(self._exchange.turns.index, "masked", text)

    @property
    def voice_on(self) -> bool:
        """Whether the agent speaks; see `voice`."""
        return self._switching.voice

    def set_voice(self, *, on: bool) -> None:
        """Lets the agent speak or only write, from any thread; see `voice`."""
        if not isinstance(on, bool):
            raise AdkNbError(
                f"voice is True or False, not {on!r}.",
                remedy='Which voice it is, talk(agent, voice="Kore") says.',
                code="bad_option",
            )
        bridge, self._switching.voice = self.bridge, on
        bridge.submit(self._switching.switch_voice())

    # Its life; see `SessionLife`.

    @property
    def bridge(self) -> BridgeLoop:
        """The bridge thread's loop; asking for it starts a session that is not started.

        Raises:
            SessionClosedError: The session is closed.
        """
        return self._life.bridge

    async def bridge_async(self) -> BridgeLoop:
        """Async version of `bridge`; works from any event loop, the bridge's own too."""
        return await self._life.bridge_async()

    def peek(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the bridge thread, even if the session is not started or closed."""
        return self._life.peek(coroutine)

    @property
    def is_in_use(self) -> bool:
        """Whether a page shows it, or a turn is open."""
        return bool(self._exchange.pages.all) or self._exchange.turns.current is not None

    def note_end(self, why: str) -> None:
        """Says why it is closed without being asked, on the bridge thread."""
        turn = len(self._exchange.turns.all)
        self._exchange.pages.note(turn, "closed", f"It was closed. {why}")
        logger.warning("The conversation with %s was closed. %s", self.agent.name, why)

    def start(self) -> Self:
        """Starts the session; its model loads and connects in the background.

        The first `say`, `speak`, `swap` or the like does so too. Idempotent.

        Raises:
            SessionClosedError: It was closed before.
        """
        self._life.start()
        return self

    def close(self) -> None:
        """Ends the session, and the bridge thread with the last one; its data stay readable.

        In a tool or callback of the conversation it does so after the turn.
        """
        if self.requests.inside:
            self.after_turn(self.close)
            return
        self._life.close()

    def _begun(self) -> None:
        if not self.greets_pages:
            self._greet()
        for sentence in config.unsupported(
            live_model(self.agent), self._exchange.live.runner.config, audio=self._switching.voice
        ):
            self._exchange.report(AdkNbError(sentence, code="unsupported"))

    def _greet(self) -> None:
        """Lets the agent speak first, once."""
        greeting, self._greeting = self._greeting, ""
        if greeting and not self._exchange.closed:
            self._exchange.text_input.prompt(greeting)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        await self.bridge_async()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.close)

    def __repr__(self) -> str:
        return (
            f"<LiveSession {self.id}: {self.agent.name} on {model_name(self.agent)}, "
            f"{self._exchange.status}, {len(self._exchange.turns.all)} turns>"
        )

    # Its pages.

    def attach(self, page: Page) -> Attached:
        """Puts a page of your own on the conversation: a telephone, or another server's client.

        Args:
            page: Is told what pages are told; see `adk_nb.Page`. If it raises, it is taken off the
                conversation, which goes on.

        Returns:
            What the page does to the conversation.

        Raises:
            AdkNbError: It is no page.
            SessionClosedError: The conversation is closed.
        """
        return self.bridge.call(self._attached(page).begin())

    async def attach_async(self, page: Page) -> Attached:
        """Async version of `attach`."""
        bridge = await self.bridge_async()
        return await bridge.call_async(self._attached(page).begin())

    def _attached(self, page: Page) -> Attached:
        return Attached(page, self.pages, self._exchange, self.bridge.loop)

    def _say_that_it_is_recorded(self) -> None:
        notes = self._exchange.pages.notes
        if self.recording is not None and all(note.kind != "recording" for note in notes):
            self._exchange.pages.note(0, "recording", f"It is recorded in {self.recording}.")

    def receive_visitors(
        self, shown: Callable[[protocol.Message], protocol.Message | None], tool_failed: str
    ) -> None:
        """Keeps from pages, and from the model, what is not for visitors.

        What tools print then goes to the process's own output too, and pages say whether what is
        said is recorded.

        Args:
            shown: Returns a message as pages get it; None keeps it from them.
            tool_failed: What the model, which may repeat it, is told of what a tool raises.
        """
        self._exchange.pages.shown = shown
        self._exchange.live.calls.failed = tool_failed
        self._say_that_it_is_recorded()

    # Turns that have ended, and rows of the log.

    @property
    def callbacks(self) -> list[Callable[[Turn], Any]]:
        """What is called with every turn that has ended."""
        return self._listeners.callbacks

    async def _call_with_row(self, function: Callable[[LogRow], Any], row: LogRow) -> None:
        # It would be told of its own error, and so on.
        await self._listeners.call(function, row, None if row.kind == "error" else row.turn)

    def _turn_ended(self, turn: Turn) -> None:
        self._listeners.ended(turn)
        if self._exchange.turns.current is None and self._exchange.status == "thinking":
            self._exchange.set_state("ready")

    def _configured(self, model: object, voice: bool) -> RunConfig:
        return self._configure(model=model, audio=voice)

    def report(self, error: AdkNbError) -> bool:
        """Shows an error that ends nothing, from any thread; returns False where it is closed."""
        return self._life.soon(self._exchange.report, error)
