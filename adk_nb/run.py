"""`LiveRun`: ADK's `Runner.run_live`, again and again, with a bounded queue to the model."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, Protocol

from google.adk.agents.live_request_queue import LiveRequest, LiveRequestQueue
from google.adk.apps import App
from google.adk.memory.in_memory_memory_service import InMemoryMemoryService
from google.adk.runners import Runner
from google.adk.utils._sync_runner import (
    _get_tool_thread_pool,
    _use_executor_for_sync_callables,
)
from google.genai import types

from adk_nb import adk_log, heard
from adk_nb.agents import cascades, toolsets
from adk_nb.exceptions import AdkNbError, ModelError
from adk_nb.explain import explain
from adk_nb.histories import APP_NAME
from adk_nb.output import Streams

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Awaitable, Callable, Iterable

    from google.adk.agents import BaseAgent
    from google.adk.agents.run_config import RunConfig
    from google.adk.events import Event
    from google.adk.models.base_llm import BaseLlm
    from google.adk.plugins.base_plugin import BasePlugin
    from google.adk.tools.base_toolset import BaseToolset

    from adk_nb.calls import ToolCalls
    from adk_nb.histories import Histories

logger = logging.getLogger(__name__)
heard.install()
adk_log.listen()

_CLOSE_S = 3.0
"""How long a toolset may take to close its connections."""

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
    """ADK's queue to a live agent, with a bound on the audio that waits in it.

    Args:
        connected: Called when the model is connected, and so the first request is asked for.
        streamed: Called with what a streaming tool tells the model by this queue alone.
        dead: Called when nothing takes from it any more, because of an error.
    """

    def __init__(
        self,
        connected: Callable[[], None] | None = None,
        streamed: Callable[[types.Content], None] | None = None,
        dead: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self._connected = connected
        self._streamed = streamed
        self._dead = dead
        self._sender: asyncio.Task[Any] | None = None
        # ADK's queue has no bound of its own and no way to give it one.
        self._bounded = _AudioBounded()
        self._queue = self._bounded

    @property
    def dropped(self) -> int:
        """How many microphone frames were dropped because the model did not take them."""
        return self._bounded.dropped

    async def get(self) -> LiveRequest:
        """Returns the next request; ADK asks for the first when its model is connected."""
        connected, self._connected = self._connected, None
        if connected is not None:
            connected()
        sender = asyncio.current_task()
        if sender is not None and sender is not self._sender:
            # ADK looks at the task that sends only when its run ends, so a dead one has to end it.
            self._sender = sender
            sender.add_done_callback(self._sender_ended)
        return await super().get()

    def _sender_ended(self, sender: asyncio.Task[Any]) -> None:
        if not sender.cancelled() and sender.exception() is not None and self._dead is not None:
            self._dead()

    def send_content(self, content: types.Content, partial: bool = False) -> None:
        """Sends content; of a streaming tool's there is no event, so it is told here."""
        if self._streamed is not None and content.parts and content.parts[0].function_response:
            self._streamed(content)
        super().send_content(content, partial=partial)


class RunOwner(heard.Knowing, Protocol):
    """What a `LiveRun` tells its session."""

    def run_begins(self) -> None:
        """A run begins, in the context of the task that makes it."""

    def run_connected(self) -> None:
        """The model is connected and takes what is sent."""

    def run_event(self, event: Event) -> None:
        """An event came."""

    def run_streamed(self, content: types.Content) -> None:
        """A streaming tool tells the model something more."""

    def run_failed(self, error: AdkNbError) -> None:
        """The run, or the loading of the model, failed."""

    def run_warned(self, error: AdkNbError) -> None:
        """The run goes on without something that it should have."""

    async def run_ended(self) -> None:
        """The run is over; what it left open is to be closed before the next one begins."""


class LiveRun:
    """Keeps a conversation with the model, and makes a new one when a turn wants it.

    Its methods run on the bridge thread.

    Args:
        agent: The agent.
        owner: Whom to tell.
        calls: The plugin that sees every tool call.
        run_config: ADK's.
        histories: The ADK sessions behind the conversation.
        plugins: ADK plugins, which come before our own.

    Attributes:
        agent: The agent that runs.
        queue: The way to the model; None where no run is under way.
    """

    def __init__(  # noqa: PLR0913 - what a run needs, most by name
        self,
        agent: BaseAgent,
        owner: RunOwner,
        calls: ToolCalls,
        *,
        run_config: RunConfig,
        histories: Histories,
        plugins: Iterable[BasePlugin] = (),
    ) -> None:
        self.agent = agent
        self._owner = owner
        self._run_config = run_config
        self._histories = histories
        self._plugins = list(plugins)
        self._memory = InMemoryMemoryService()
        self._toolsets: dict[int, BaseToolset] = {}
        self._wanted = asyncio.Event()
        self._open = asyncio.Event()
        self._idle = asyncio.Event()
        self._main: asyncio.Task[None] | None = None
        self._run: asyncio.Task[None] | None = None
        self._loading: set[asyncio.Task[None]] = set()
        self._connecting: asyncio.Future[None] | None = None
        self._warm: dict[int, BaseLlm] = {}
        self._swapping = False
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
            self.queue = RequestQueue(self._connected, self._owner.run_streamed, self._sender_died)
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
        tasks = [task for task in (self._run, self._main, *self._loading) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        for toolset in self._toolsets.values():
            try:
                async with asyncio.timeout(_CLOSE_S):
                    await toolset.close()
            except Exception:
                logger.debug("A toolset did not close.", exc_info=True)
        if self._main is not None:
            Streams.remove()

    async def _end_run(self) -> None:
        if self._run is not None:
            self._run.cancel()
        await self._idle.wait()

    def _connected(self) -> None:
        connecting, self._connecting = self._connecting, None
        self._owner.run_connected()
        if connecting is not None and not connecting.done():
            connecting.set_result(None)

    def _sender_died(self) -> None:
        if self._run is not None:
            self._run.cancel()

    def _failed(self, error: AdkNbError) -> None:
        connecting, self._connecting = self._connecting, None
        if connecting is not None and not connecting.done():
            connecting.set_exception(error)
        else:
            self._owner.run_failed(error)

    async def _live(self) -> None:
        try:
            await self.warm_up(self.agent)
        except AdkNbError as error:
            self._owner.run_failed(error)
        while True:
            await self._wanted.wait()
            await self._open.wait()
            self._wanted.clear()
            queue = self.queue
            if queue is None:
                continue
            self._idle.clear()
            self._run = asyncio.create_task(self._run_once(self._runner(), queue))
            await asyncio.wait([self._run])
            self._run = None
            self._dropped += queue.dropped
            self._over(queue)
            self.calls.run_over()
            await self._owner.run_ended()
            self._idle.set()

    def _over(self, queue: RequestQueue) -> None:
        """The run is over, so what is said from now on wants another."""
        if self.queue is queue and not self._swapping:
            self.queue = None

    def _tool_threads(self) -> contextlib.AbstractContextManager[None]:
        """Runs functions that are no coroutines in threads, where they would stall the audio.

        ADK's `tool_thread_pool_config` does so too, but runs all else in a loop of its own for each
        call, which loses what tools keep open: an MCP server would be started for every call.
        """
        if self._run_config.tool_thread_pool_config is not None:
            return contextlib.nullcontext()
        return _use_executor_for_sync_callables(_get_tool_thread_pool())

    def _runner(self) -> Runner:
        self._toolsets |= {id(toolset): toolset for toolset in toolsets(self.agent)}
        return Runner(
            app=App(name=APP_NAME, root_agent=self.agent, plugins=[*self._plugins, self.calls]),
            session_service=self._histories.sessions,
            artifact_service=self._histories.artifacts,
            memory_service=self._memory,
            auto_create_session=True,
        )

    async def _run_once(self, runner: Runner, queue: RequestQueue) -> None:
        self._owner.run_begins()
        heard.SESSION.set(self._owner)
        adk_log.WARNED.set(self._owner.run_warned)
        try:
            events = runner.run_live(
                user_id=self._histories.user_id,
                session_id=self._histories.current.id,
                live_request_queue=queue,
                run_config=self._run_config,
            )
            async with contextlib.aclosing(events):
                with self._tool_threads():
                    async for event in events:
                        self._owner.run_event(event)
        except Exception as error:
            logger.debug("The live run failed.", exc_info=True)
            self._over(queue)
            self._failed(explain(error))
        else:
            if self._connecting is not None:
                self._failed(ModelError("The model ended the conversation before it began."))

    async def warm_up(self, agent: BaseAgent) -> None:
        """Loads what the embedded default needs, off the loop, so that the first turn is quick.

        Speech has to be there before the run begins; the brain, which takes longest, may follow.

        Raises:
            AdkNbError: Its speech parts cannot be loaded.
        """
        models = [model for model in cascades(agent) if id(model) not in self._warm]
        for model in models:
            brain = asyncio.create_task(self._load_brain(getattr(model, "_llm", None)))
            self._loading.add(brain)
            brain.add_done_callback(self._loading.discard)
        await asyncio.gather(*(_load(part) for model in models for part in (model.stt, model.tts)))
        self._warm |= {id(model): model for model in models}

    async def _load_brain(self, brain: object) -> None:
        try:
            await _load(brain)
        except AdkNbError as error:
            self._owner.run_failed(error)


async def _load(part: object) -> None:
    warm_up = getattr(part, "warm_up", None)
    if warm_up is None:
        return
    try:
        await asyncio.to_thread(warm_up)
    except Exception as error:
        raise explain(error) from error
