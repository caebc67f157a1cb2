"""`LiveRun`: ADK's `Runner.run_live`, again and again, with a bounded queue to the model."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from google.adk.apps import App
from google.adk.memory.in_memory_memory_service import InMemoryMemoryService
from google.adk.runners import Runner
from google.genai import types

from adk_nb.adk import guard, log_filter
from adk_nb.adk.agents import cascades, live_model, toolsets
from adk_nb.adk.request_queue import RequestQueue
from adk_nb.adk.session_context import SESSION, Knowing
from adk_nb.adk.tool_threads import tool_threads
from adk_nb.adk.user_errors import contained
from adk_nb.exceptions import AdkNbError, LocalModelError, ModelError, together
from adk_nb.live.histories import APP_NAME
from adk_nb.live.tool_output import Streams
from adk_nb.providers import gemini
from adk_nb.providers.explain import explain
from adk_nb.providers.losses import is_loss, is_refused_handle

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    from google.adk.agents import BaseAgent
    from google.adk.agents.run_config import RunConfig
    from google.adk.events import Event
    from google.adk.models.base_llm import BaseLlm
    from google.adk.plugins.base_plugin import BasePlugin
    from google.adk.tools.base_toolset import BaseToolset

    from adk_nb.live.histories import Histories
    from adk_nb.live.tool_calls import ToolCalls

T = TypeVar("T")

logger = logging.getLogger(__name__)
guard.install()

_CLOSE_S = 3.0
"""How long a toolset may take to close its connections."""

_CANCELS = 5
_CANCEL_S = 1.0
"""How often and how long an end is waited for."""
_CONNECT_S = 30.0
"""How long a model may take to be connected: the SDK itself waits for ever."""
_REDIALS = 6
_REDIALS_S = 5.0
"""So many connections in such a time are too many: ADK itself knows no bound."""
_BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""How long each attempt to get a lost connection back waits."""

Configure: TypeAlias = "Callable[[object], RunConfig]"


class RunOwner(Knowing, Protocol):
    """What a `LiveRun` tells its session."""

    def run_begins(self) -> None:
        """A run begins, in the context of the task that makes it."""

    def run_connected(self, *, resumed: bool | None = None) -> None:
        """The model is connected and takes what is sent.

        `resumed` is None the first time. After a loss it says whether the model remembers what was
        said before, or was told of it once more.
        """

    def run_lost(self, error: AdkNbError | None) -> None:
        """The connection is lost, or given up for a newer one, and another will be made."""

    def run_event(self, event: Event) -> None:
        """An event came."""

    def run_streamed(self, content: types.Content) -> None:
        """A streaming tool tells the model something more."""

    def run_failed(self, error: AdkNbError) -> None:
        """The run, or the loading of the model, failed."""

    def run_warned(self, error: AdkNbError) -> None:
        """The run goes on without something that it should have."""

    def run_lacks(self, error: LocalModelError) -> None:
        """Parts of the embedded default are not there; the run goes on without them."""

    async def run_ended(self) -> None:
        """The run is over; what it left open is to be closed before the next one begins."""


class LiveRun:
    """Keeps a conversation with the model, and makes a new one when a turn wants it.

    Its methods run on the bridge thread.

    Args:
        agent: The agent.
        owner: Whom to tell.
        calls: The plugin that sees every tool call.
        configure: Returns ADK's `RunConfig` for a model, or for the name of one.
        histories: The ADK sessions behind the conversation.
        plugins: ADK plugins, which come before our own.

    Attributes:
        agent: The agent that runs.
        queue: The way to the model; None where no run is under way.
        run_config: ADK's configuration of the run.
        loaded: Set when the model's speech parts are loaded, or failed to.
    """

    def __init__(  # noqa: PLR0913 - what a run needs, most by name
        self,
        agent: BaseAgent,
        owner: RunOwner,
        calls: ToolCalls,
        *,
        configure: Configure,
        histories: Histories,
        plugins: Iterable[BasePlugin] = (),
    ) -> None:
        self.agent = agent
        self._owner = owner
        self._configure = configure
        self.run_config = configure(live_model(agent))
        self._histories = histories
        self._plugins = list(plugins)
        self._memory = InMemoryMemoryService()
        self._toolsets: dict[int, BaseToolset] = {}
        self._wanted = asyncio.Event()
        self._open = asyncio.Event()
        self._idle = asyncio.Event()
        self.loaded = asyncio.Event()
        self._main: asyncio.Task[None] | None = None
        self._run: asyncio.Task[bool] | None = None
        self._loading: set[asyncio.Task[Any]] = set()
        self._connecting: asyncio.Future[None] | None = None
        self._warm: dict[int, BaseLlm] = {}
        self._swapping = False
        self._stopping = False
        self._attempts = 0
        self._told_anything = False
        self._dials: list[float] = []
        self._fails_with: AdkNbError | None = None
        self._dropped = 0
        self.queue: RequestQueue | None = None
        self.calls = calls

    @property
    def dropped(self) -> int:
        """How many microphone frames the model did not take."""
        return self._dropped + (self.queue.dropped if self.queue is not None else 0)

    def start(self) -> None:
        """Loads the model and connects, in the background."""
        Streams.install()
        self._open.set()
        self._idle.set()
        self._main = asyncio.create_task(self._live())
        self.want()

    def want(self) -> RequestQueue:
        """Returns the queue of the run, which starts if none is under way."""
        if self.queue is None:
            self.queue = RequestQueue(self)
            self._wanted.set()
        return self.queue

    def restart(self) -> None:
        """Drops the run, whatever it waits for, and begins another on the same history."""
        if self._run is not None:
            self._run.cancel()
        self.queue = None
        self.want()

    async def swap(
        self,
        agent: BaseAgent,
        enter: Callable[[], Awaitable[None]],
        leave: Callable[[], Awaitable[None]],
        speech: Iterable[bytes],
    ) -> None:
        """Puts another agent in place; where that fails the earlier one goes on.

        What is sent meanwhile waits for whichever it is.

        Args:
            agent: The agent.
            enter: Chooses the history, when the earlier run is over.
            leave: Goes back to the earlier history.
            speech: What the user has just said and no model has answered, PCM16LE at 16 kHz.

        Raises:
            AdkNbError: The model cannot be reached.
        """
        before = self.agent
        self._open.clear()
        self._swapping = True
        self.queue = None
        queue = self.want()
        for pcm in speech:
            queue.send_realtime(types.Blob(data=pcm, mime_type="audio/pcm;rate=16000"))
        try:
            await self._end_run()
            await enter()
            self.agent = agent
            self._connecting = asyncio.get_running_loop().create_future()
            self._open.set()
            await self._connecting
        except BaseException:
            self._open.clear()
            self._connecting = None
            await self._end_run()
            self.agent = before
            await leave()
            # The same queue: what came meanwhile is still in it.
            self._wanted.set()
            raise
        finally:
            self._connecting = None
            self._swapping = False
            self._open.set()

    async def stop(self) -> None:
        """Ends the run for good, and the toolsets' connections with it."""
        self._stopping = True
        run = self._run
        for task in (self._main, *self._loading):
            await _ended(task)
        await _ended(run)
        await asyncio.gather(*map(_closed, self._toolsets.values()))
        if self._main is not None:
            Streams.remove()

    async def _end_run(self) -> None:
        await _ended(self._run)
        await self._idle.wait()

    def queue_taken(self, queue: RequestQueue, *, again: bool) -> None:
        """A model is connected and takes what is sent."""
        del queue
        connecting, self._connecting = self._connecting, None
        now = time.monotonic()
        self._dials = [at for at in self._dials if now - at < _REDIALS_S] + [now]
        if again and len(self._dials) > _REDIALS and self._run is not None:
            self._fails_with = ModelError(
                "The model's service ends each connection at once.",
                remedy="Wait a little, and say it again.",
                code="connection_lost",
            )
            self._run.cancel()
        elif again:
            self._owner.run_connected(resumed=True)
        else:
            self._owner.run_connected(resumed=False if self._attempts else None)
        if connecting is not None and not connecting.done():
            connecting.set_result(None)

    def queue_left(self, queue: RequestQueue, error: BaseException | None) -> None:
        """The connection is gone, or what sends to it has failed."""
        run = self._run
        if run is None or run.done() or run.cancelling() or queue is not self.queue:
            return
        if error is None or is_loss(error):
            self._owner.run_lost(None)
        else:
            # ADK looks at the task that sends only when its run ends.
            run.cancel()

    def queue_answered(self, content: types.Content) -> None:
        """A tool's answer is on its way to the model."""
        self._owner.run_streamed(content)

    def _tries_again(self, queue: RequestQueue, error: Exception) -> bool:
        """Whether another connection is to be made, as this one was lost and not refused."""
        lost = is_loss(error) or (queue.used and is_refused_handle(error))
        if self._swapping or self._stopping or not lost or not (queue.used or self._attempts):
            return False
        if self._attempts >= len(_BACK_OFF_S) or self.queue is not queue:
            return False
        self._attempts += 1
        self._owner.run_lost(explain(error))
        return True

    def _failed(self, error: AdkNbError) -> None:
        connecting, self._connecting = self._connecting, None
        if connecting is not None and not connecting.done():
            connecting.set_exception(error)
        elif not self._stopping:
            self._owner.run_failed(error)

    async def _live(self) -> None:
        try:
            await self.warm_up(self.agent)
        except AdkNbError as error:
            self._owner.run_failed(error)
        self.loaded.set()
        while True:
            await self._wanted.wait()
            await self._open.wait()
            self._wanted.clear()
            queue = self.queue
            if queue is None:
                continue
            self._idle.clear()
            self._run = asyncio.create_task(self._run_once(queue))
            limit = asyncio.get_running_loop().call_later(_CONNECT_S, self._overdue, queue)
            try:
                await asyncio.wait([self._run])
            finally:  # A session that is closed would be kept for as long as the timer waits.
                limit.cancel()
            again = not self._run.cancelled() and self._run.result()
            self._run = None
            if self._fails_with is not None:
                failed, self._fails_with = self._fails_with, None
                self._over(queue)
                self._failed(failed)
            queue.reset()
            if again:
                self._wanted.set()
            else:
                self._attempts = 0
                self._dropped += queue.dropped
                self._over(queue)
            self.calls.run_over()
            await self._owner.run_ended()
            self._idle.set()

    def _overdue(self, queue: RequestQueue) -> None:
        if not queue.used and self._run is not None and not self._swapping:
            self._fails_with = ModelError(
                f"The model was not connected within {_CONNECT_S:g} s.",
                remedy="Is its service there? The next turn tries again.",
                code="timeout",
            )
            self._run.cancel()

    def _over(self, queue: RequestQueue) -> None:
        """The run is over, so what is said from now on wants another."""
        if self.queue is queue and not self._swapping:
            self.queue = None

    def _runner(self) -> Runner:
        self._toolsets |= {id(toolset): toolset for toolset in toolsets(self.agent)}
        return Runner(
            app=App(name=APP_NAME, root_agent=self.agent, plugins=[*self._plugins, self.calls]),
            session_service=self._histories.sessions,
            artifact_service=self._histories.artifacts,
            memory_service=self._memory,
            auto_create_session=True,
        )

    async def _run_once(self, queue: RequestQueue) -> bool:
        """Makes one run; returns whether another is to follow, on the same queue."""
        if self._attempts:
            await asyncio.sleep(_BACK_OFF_S[self._attempts - 1])
        self._told_anything = False
        self._owner.run_begins()
        SESSION.set(self._owner)
        log_filter.WARNED.set(self._owner.run_warned)
        try:
            await contained(self._converse(queue))
        except Exception as error:
            logger.debug("The live run failed.", exc_info=True)
            if self._tries_again(queue, error):
                return True
            self._over(queue)
            self._failed(explain(error))
        else:
            if self._connecting is not None or not (queue.used or self._told_anything):
                self._over(queue)
                self._failed(ModelError("The model ended the conversation before it began."))
        return False

    async def _converse(self, queue: RequestQueue) -> None:
        self._prepare(live_model(self.agent))
        events = self._runner().run_live(
            user_id=self._histories.user_id,
            session_id=self._histories.current.id,
            live_request_queue=queue,
            run_config=self.run_config,
        )
        async with contextlib.aclosing(events):
            with tool_threads(self.run_config):
                async for event in events:
                    self._attempts, self._told_anything = 0, True
                    self._owner.run_event(event)

    def _prepare(self, model: object) -> None:
        problem = gemini.problem(model)
        if problem is not None:
            raise problem
        self.run_config = self._configure(model)

    async def warm_up(self, agent: BaseAgent) -> None:
        """Loads what the embedded default needs, off the loop, so that the first turn is quick.

        Speech has to be there before the run begins; the brain, which takes longest, may follow.
        What of the embedded default cannot be loaded is told when all is known, and missing.

        Raises:
            AdkNbError: Other speech parts failed to load.
        """
        models = [model for model in cascades(agent) if id(model) not in self._warm]
        brains = [self._begin(_load(getattr(model, "_llm", None))) for model in models]
        parts = (part for model in models for part in (model.stt, model.tts))
        failures = list(filter(None, await asyncio.gather(*map(_load, parts))))
        self._begin(self._tell_missing(failures[:], brains))
        for failure in failures:
            if not isinstance(failure, LocalModelError):
                raise failure
        self._warm |= {id(model): model for model in models}

    async def _tell_missing(
        self, failures: list[AdkNbError], brains: list[asyncio.Task[AdkNbError | None]]
    ) -> None:
        for brain in brains:
            failure = await brain
            if isinstance(failure, LocalModelError):
                failures.append(failure)
            elif failure is not None:
                self._owner.run_failed(failure)
        missing = [failure for failure in failures if isinstance(failure, LocalModelError)]
        if missing:
            self._owner.run_lacks(together(missing))

    def _begin(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(coroutine)
        self._loading.add(task)
        task.add_done_callback(self._loading.discard)
        return task


async def _closed(toolset: BaseToolset) -> None:
    try:
        async with asyncio.timeout(_CLOSE_S):
            await contained(toolset.close())
    except Exception:
        logger.debug("A toolset did not close.", exc_info=True)


async def _ended(task: asyncio.Task[Any] | None) -> None:
    """Ends a task, patiently: ADK's flow may swallow a cancellation while it connects."""
    for _ in range(_CANCELS):
        if task is None or task.done():
            return
        task.cancel()
        await asyncio.wait([task], timeout=_CANCEL_S)


async def _load(part: object) -> AdkNbError | None:
    """Loads a part of a cascade, off the loop; returns why it could not be loaded."""
    warm_up = getattr(part, "warm_up", None)
    if warm_up is None:
        return None
    try:
        await asyncio.to_thread(warm_up)
    except Exception as error:
        return explain(error)
    return None
