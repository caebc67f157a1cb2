"""`LiveRun`: ADK's `Runner.run_live`, again and again, with a bounded queue to the model."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, Protocol

from google.adk.agents.live_request_queue import LiveRequest, LiveRequestQueue
from google.adk.apps import App
from google.adk.artifacts.in_memory_artifact_service import InMemoryArtifactService
from google.adk.events import Event
from google.adk.live import CascadeLive
from google.adk.memory.in_memory_memory_service import InMemoryMemoryService
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.runners import Runner
from google.genai import types

from adk_nb import heard
from adk_nb.exceptions import AdkNbError, ModelError

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterable

    from google.adk.agents import BaseAgent
    from google.adk.agents.run_config import RunConfig
    from google.adk.sessions import BaseSessionService
    from google.adk.tools.base_tool import BaseTool
    from google.adk.tools.tool_context import ToolContext

    from adk_nb.turns import ToolCall

logger = logging.getLogger(__name__)
heard.install()

APP_NAME = "adk_nb"

MAX_WAITING_AUDIO = 250
"""Microphone frames that may wait for the model: 5 s of 20 ms each."""


class _AudioBounded(asyncio.Queue[LiveRequest]):
    """A queue that drops its oldest audio past a bound; text and signals always wait."""

    dropped = 0
    _waiting = 0
    _queue: deque[LiveRequest]

    def _put(self, item: LiveRequest) -> None:
        if item.blob is not None:
            self._waiting += 1
            if self._waiting > MAX_WAITING_AUDIO:
                self._drop_oldest()
        self._queue.append(item)

    def _get(self) -> LiveRequest:
        item = self._queue.popleft()
        if item.blob is not None:
            self._waiting -= 1
        return item

    def _drop_oldest(self) -> None:
        oldest = next(i for i, item in enumerate(self._queue) if item.blob is not None)
        del self._queue[oldest]
        self._waiting -= 1
        self.dropped += 1


class RequestQueue(LiveRequestQueue):
    """ADK's queue to a live agent, with a bound on the audio that waits in it."""

    def __init__(self) -> None:
        super().__init__()
        # ADK's queue has no bound of its own and no way to give it one.
        self._bounded = _AudioBounded()
        self._queue = self._bounded

    @property
    def dropped(self) -> int:
        """How many microphone frames were dropped because the model did not take them."""
        return self._bounded.dropped


class ToolErrors(BasePlugin):
    """Makes a tool that raises an answer to the model, where ADK would end the live run."""

    def __init__(self) -> None:
        super().__init__(name="adk_nb_tool_errors")
        self.raised: dict[str, str] = {}

    async def on_tool_error_callback(
        self,
        *,
        tool: BaseTool,
        tool_args: dict[str, Any],
        tool_context: ToolContext,
        error: BaseException,
    ) -> dict[str, Any] | None:
        """Returns the error as the tool's result, and keeps it by the call's id."""
        del tool_args
        if isinstance(error, asyncio.CancelledError):
            return None
        text = f"{type(error).__name__}: {error}"
        logger.warning("The tool %s failed: %s", tool.name, text, exc_info=error)
        self.raised[tool_context.function_call_id or ""] = text
        return {"error": text}


_REMEDIES = (
    # What the error says, its code here, and what to do.
    ("no module named", "model_failed", "Install what it names, and run the cell again."),
    ("model not found", "model_not_found", "Check the model's name, or use adk_nb.local_model()."),
    ("is not found for api version", "model_not_found",
     "Check the model's name, or use adk_nb.local_model()."),
    ("missing key", "no_credentials",
     "Set GOOGLE_API_KEY in the environment or in a .env file, or use adk_nb.local_model()."),
    ("api key not valid", "bad_credentials", "Check GOOGLE_API_KEY."),
    ("no api_key", "no_credentials",
     "Set GOOGLE_API_KEY in the environment or in a .env file, or use adk_nb.local_model()."),
    ("getaddrinfo", "no_network", "Check the network, or use adk_nb.local_model()."),
    ("name or service not known", "no_network",
     "Check the network, or use adk_nb.local_model()."),
    ("certificate verify failed", "certificate", "Point SSL_CERT_FILE at the right certificates."),
)  # fmt: skip


def explain(error: BaseException) -> AdkNbError:
    """Returns an error of ours for one of a model's or of ADK's, with what to do about it."""
    if isinstance(error, AdkNbError):
        return error
    text = f"{type(error).__name__}: {error}".strip()
    for sign, code, remedy in _REMEDIES:
        if sign in text.lower():
            return ModelError(f"The model cannot be reached. {text}", remedy=remedy, code=code)
    return ModelError(
        f"The conversation with the model failed. {text}",
        remedy="The next turn connects again; if it fails too, check the agent's model.",
    )


class RunOwner(Protocol):
    """What a `LiveRun` tells its session."""

    def run_begins(self) -> None:
        """A run begins."""

    def run_event(self, event: Event) -> None:
        """An event came."""

    def run_failed(self, error: AdkNbError) -> None:
        """The run, or the loading of the model, failed."""

    def position(self) -> tuple[float, float] | None:
        """Returns what has sounded of the turn, and all of it (ms); None without a page."""

    def run_ended(self) -> Iterable[ToolCall]:
        """The run is over; returns the tool calls that it left open."""


class LiveRun:
    """Keeps a conversation with the model, and makes a new one when a turn wants it.

    Its methods run on the bridge thread.

    Args:
        agent: The agent.
        owner: Whom to tell.
        run_config: ADK's.
        sessions: ADK's session service.
        user_id: The ADK session's user.
        session_id: The ADK session's id.

    Attributes:
        queue: The way to the model; None where no run is under way.
        raised: The errors of tools that raised, by the call's id, until the owner takes them.
    """

    def __init__(  # noqa: PLR0913 - what a Runner needs, all by name
        self,
        agent: BaseAgent,
        owner: RunOwner,
        *,
        run_config: RunConfig,
        sessions: BaseSessionService,
        user_id: str,
        session_id: str,
    ) -> None:
        self._agent = agent
        self._owner = owner
        self._run_config = run_config
        self._sessions = sessions
        self._user_id = user_id
        self._session_id = session_id
        self._errors = ToolErrors()
        self._wanted = asyncio.Event()
        self._main: asyncio.Task[None] | None = None
        self._run: asyncio.Task[None] | None = None
        self._loading: asyncio.Task[None] | None = None
        self._dropped = 0
        self.queue: RequestQueue | None = None
        self.raised = self._errors.raised

    @property
    def dropped(self) -> int:
        """How many microphone frames the model did not take."""
        return self._dropped + (self.queue.dropped if self.queue is not None else 0)

    def start(self) -> None:
        """Loads the model and connects, in the background."""
        self._main = asyncio.create_task(self._live())
        self.want()

    def want(self) -> RequestQueue:
        """Returns the queue of the run, which starts if none is under way."""
        if self.queue is None:
            self.queue = RequestQueue()
            self._wanted.set()
        return self.queue

    def restart(self) -> None:
        """Drops the run, whatever it waits for, and begins another on the same history."""
        if self._run is not None:
            self._run.cancel()
        self.queue = None
        self.want()

    async def stop(self) -> None:
        """Ends the run for good."""
        tasks = [task for task in (self._run, self._main, self._loading) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)

    async def _live(self) -> None:
        await self._warm_up()
        runner = Runner(
            app=App(name=APP_NAME, root_agent=self._agent, plugins=[self._errors]),
            session_service=self._sessions,
            artifact_service=InMemoryArtifactService(),
            memory_service=InMemoryMemoryService(),
            auto_create_session=True,
        )
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            queue = self.queue
            if queue is None:
                continue
            self._run = asyncio.create_task(self._run_once(runner, queue))
            await asyncio.wait([self._run])
            self._dropped += queue.dropped
            if self.queue is queue:
                self.queue = None
            for call in self._owner.run_ended():
                await self._answer(call)

    async def _run_once(self, runner: Runner, queue: RequestQueue) -> None:
        self._owner.run_begins()
        heard.POSITION.set(self._owner.position)
        events = runner.run_live(
            user_id=self._user_id,
            session_id=self._session_id,
            live_request_queue=queue,
            run_config=self._run_config,
        )
        try:
            async with contextlib.aclosing(events):
                async for event in events:
                    self._owner.run_event(event)
        except Exception as error:
            logger.debug("The live run failed.", exc_info=True)
            self._owner.run_failed(explain(error))

    async def _warm_up(self) -> None:
        """Loads what the embedded default needs, off the loop, so that the first turn is quick.

        Speech has to be there before the run begins; the brain, which takes longest, may follow.
        """
        model = getattr(self._agent, "model", None)
        if isinstance(model, CascadeLive):
            self._loading = asyncio.create_task(self._load(getattr(model, "_llm", None)))
            await asyncio.gather(self._load(model.stt), self._load(model.tts))

    async def _load(self, part: object) -> None:
        warm_up = getattr(part, "warm_up", None)
        if warm_up is None:
            return
        try:
            await asyncio.to_thread(warm_up)
        except Exception as error:
            self._owner.run_failed(explain(error))

    async def _answer(self, call: ToolCall) -> None:
        """Closes a call in ADK's history, where no model would take one left open."""
        session = await self._sessions.get_session(
            app_name=APP_NAME, user_id=self._user_id, session_id=self._session_id
        )
        if session is None:
            return
        response = types.FunctionResponse(
            id=call.id, name=call.name, response={"error": call.error}
        )
        content = types.Content(role="user", parts=[types.Part(function_response=response)])
        await self._sessions.append_event(session, Event(author=call.author, content=content))
