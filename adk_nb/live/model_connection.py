"""`LiveRun`: keeps the model connected, and replaces the agent that runs.

Whether a lost connection is made again is decided in `retries.py`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from enum import Enum, auto
from typing import TYPE_CHECKING

from google.genai import types

from adk_nb.adk import guard, log_filter
from adk_nb.adk.agents import live_model
from adk_nb.adk.request_queue import RequestQueue
from adk_nb.adk.session_context import SESSION
from adk_nb.adk.user_errors import contained
from adk_nb.exceptions import AdkNbError, ModelError, SessionClosedError
from adk_nb.live.adk_runner import AdkRunner
from adk_nb.live.link import Link
from adk_nb.live.model_loading import ModelLoading
from adk_nb.live.retries import Retries
from adk_nb.live.tool_output import Streams
from adk_nb.providers.explain import explain
from adk_nb.providers.losses import is_loss

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from typing import Any

    from google.adk.agents import BaseAgent
    from google.adk.events import Event
    from google.adk.plugins.base_plugin import BasePlugin

    from adk_nb.live.adk_runner import Configure
    from adk_nb.live.histories import Histories
    from adk_nb.live.run_owner import RunOwner
    from adk_nb.live.tool_calls import ToolCalls

logger = logging.getLogger(__name__)
guard.install()

_CANCELS = 5
_CANCEL_S = 1.0
"""How often a task is cancelled, and how long each time it is waited for (s)."""
_LOOK_S = 0.01
"""How often it is looked whether a model is connected (s)."""
_CONNECT_S = 30.0
"""How long connecting a model may take (s); the SDK has no limit."""


_SWAPS = (Link.LEAVING, Link.ENTERING, Link.ROLLING_BACK)


class Outcome(Enum):
    """How a run has ended: whether another begins at once on the same queue."""

    OVER = auto()
    AGAIN = auto()


class LiveRun:
    """Keeps the model connected, and connects again when a turn needs it.

    Its methods run on the bridge thread.

    Args:
        agent: The agent.
        owner: Gets the reports.
        calls: The plugin that sees every tool call.
        configure: Returns ADK's `RunConfig` for a model, or for the name of one.
        histories: The ADK sessions behind the conversation.
        plugins: ADK plugins; they run before our own.

    Attributes:
        agent: The agent that runs.
        queue: The queue to the model; None if no run has begun.
        runner: ADK's.
        loading: Loads models of the embedded default.
        link: Where the connection is.
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
        self.runner = AdkRunner(histories, [*plugins, calls], configure, live_model(agent))
        self.loading = ModelLoading(owner)
        self._retries = Retries()
        self._warned = log_filter.TellOnce(owner.run_warned)
        # Set when a run is to begin.
        self._wanted = asyncio.Event()
        # Set unless a swap holds back the next run.
        self._open = asyncio.Event()
        # Set while no run goes on.
        self._idle = asyncio.Event()
        self.loaded = asyncio.Event()
        self._main: asyncio.Task[None] | None = None
        self._run: asyncio.Task[Outcome] | None = None
        # Done when the agent of a swap is connected, or could not be.
        self._connecting: asyncio.Future[None] | None = None
        self.link = Link.IDLE
        # Whether the run has yielded an event.
        self._told_anything = False
        # Why we cancelled the run, if we did.
        self._fails_with: AdkNbError | None = None
        # Why we cancelled it to make another connection, if we did.
        self._redials_for: AdkNbError | None = None
        # Microphone frames that earlier queues dropped.
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
        """Returns the queue of the run, and starts a run if there is none."""
        if self.queue is None:
            self.queue = RequestQueue(self)
            self._wanted.set()
        return self.queue

    async def connected(self, timeout: float) -> None:  # noqa: ASYNC109
        """Waits until a model is connected, or the attempt has failed, or the time (s) is over."""
        self.want()
        deadline = time.monotonic() + timeout
        while self.link in (Link.IDLE, Link.DIALING) and time.monotonic() < deadline:
            if self.queue is None:  # It could not be reached: what is said tries again.
                return
            await asyncio.sleep(_LOOK_S)

    def fail(self, error: AdkNbError) -> None:
        """Ends the run with an error."""
        if self._run is not None and not self._run.done():
            self._fails_with = error
            self._run.cancel()

    def redial(self, reason: AdkNbError) -> None:
        """Makes another connection, as after a loss."""
        if self._run is not None and not self._run.done():
            self._redials_for = reason
            self._run.cancel()

    async def swap(
        self,
        agent: BaseAgent,
        enter: Callable[[], Awaitable[None]],
        leave: Callable[[], Awaitable[None]],
        speech: Iterable[bytes],
    ) -> None:
        """Replaces the agent; if that fails, the earlier one goes on.

        What is sent meanwhile waits in the queue.

        Args:
            agent: The agent.
            enter: Called when the earlier run has ended, to choose the history.
            leave: Called after a failure, to return to the earlier history.
            speech: What the user has said and no model has answered, PCM16LE at 16 kHz.

        Raises:
            AdkNbError: The model cannot be reached.
        """
        before = self.agent
        self._open.clear()
        self.link = Link.LEAVING
        self.queue = None
        queue = self.want()
        for pcm in speech:
            queue.send_realtime(types.Blob(data=pcm, mime_type="audio/pcm;rate=16000"))
        try:
            await self._end_run()
            await enter()
            self.agent = agent
            self.link = Link.ENTERING
            self._connecting = asyncio.get_running_loop().create_future()
            self._open.set()
            await self._connecting
        except BaseException:
            self._open.clear()
            self._swap_failed()
            self._connecting = None
            await self._end_run()
            self.agent = before
            await leave()
            # The same queue: what came meanwhile is still in it.
            self._wanted.set()
            raise
        finally:
            self._swap_over()
            self._open.set()

    @property
    def _swapping(self) -> bool:
        return self.link in _SWAPS

    @property
    def _stopping(self) -> bool:
        return self.link is Link.STOPPED

    def _swap_failed(self) -> None:
        if not self._stopping:
            self.link = Link.ROLLING_BACK

    def _swap_over(self) -> None:
        """A swap has ended: the new agent is connected, or the earlier one is taken back."""
        if self._swapping:
            self.link = Link.CONNECTED if self.link is Link.ENTERING else Link.DIALING

    async def stop(self) -> None:
        """Ends the run and closes the toolsets; no other run can begin."""
        self.link = Link.STOPPED
        run = self._run
        for task in (self._main, *self.loading.tasks):
            await _ended(task)
        await _ended(run)
        self._give_up_swap()
        await self.runner.close()
        self.let_go()

    def _give_up_swap(self) -> None:
        """Lets go of who waits until another agent is connected."""
        self._idle.set()
        connecting = self._connecting
        if connecting is not None and not connecting.done():
            connecting.set_exception(SessionClosedError("The session was closed meanwhile."))

    def let_go(self) -> None:
        """Restores the process's streams, which is all that can be done once the loop has ended."""
        if self._main is not None:
            self._main = None
            Streams.remove()

    async def _end_run(self) -> None:
        await _ended(self._run)
        await self._idle.wait()

    def queue_taken(self, queue: RequestQueue, *, again: bool) -> None:
        """Reports that a model is connected, or ends the run if that happens too often."""
        del queue
        connecting, self._connecting = self._connecting, None
        too_often = self._retries.too_often(time.monotonic())
        if again and too_often and self._run is not None:
            self._fails_with = ModelError(
                "The model's service ends each connection at once.",
                remedy="Wait a little, and say it again.",
                code="connection_lost",
            )
            self._run.cancel()
        elif again:
            self._is_connected()
            self._owner.run_connected(resumed=True)
        else:
            self._is_connected()
            self._owner.run_connected(resumed=False if self._retries.attempts else None)
        if connecting is not None and not connecting.done():
            connecting.set_result(None)

    def _is_connected(self) -> None:
        if self.link in (Link.IDLE, Link.DIALING):
            self.link = Link.CONNECTED

    def queue_left(self, queue: RequestQueue, error: BaseException | None) -> None:
        """Reports a lost connection, or ends the run if sending failed otherwise."""
        run = self._run
        if run is None or run.done() or run.cancelling() or queue is not self.queue:
            return
        if error is None or is_loss(error):
            self._owner.run_lost(None)
        else:
            # ADK looks at the task that sends only when its run ends.
            run.cancel()

    def queue_answered(self, content: types.Content) -> None:
        """Reports a tool's response that is sent to the model."""
        self._owner.run_streamed(content)

    def queue_told(self, content: types.Content) -> None:
        """Reports what a model takes."""
        self._owner.run_told(content)

    def _tries_again(self, queue: RequestQueue, error: Exception) -> bool:
        """Returns whether to connect again: the connection was lost, not refused."""
        lost = self._retries.was_lost(queue, error)
        if self._swapping or self._stopping or not lost:
            return False
        return self.queue is queue and self._tries_after(explain(error))

    def _tries_after(self, error: AdkNbError) -> bool:
        """Returns whether to connect again; not if it was tried too often without an answer."""
        if not self._retries.another():
            return False
        self._owner.run_lost(error)
        return True

    def _failed(self, error: AdkNbError) -> None:
        connecting, self._connecting = self._connecting, None
        if connecting is not None and not connecting.done():
            connecting.set_exception(error)
        elif not self._stopping:
            self._owner.run_failed(error)

    async def _live(self) -> None:
        try:
            await self.loading.warm_up(self.agent)
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
            if not (self._swapping or self._stopping):
                self.link = Link.DIALING
            self._run = asyncio.create_task(self._run_once(queue))
            limit = asyncio.get_running_loop().call_later(_CONNECT_S, self._overdue, queue)
            try:
                await asyncio.wait([self._run])
            finally:  # A session that is closed would be kept for as long as the timer waits.
                limit.cancel()
            again = not self._run.cancelled() and (
                self._run.result() is Outcome.AGAIN or self._missed_something(queue)
            )
            if self._redials_for is not None:
                reason, self._redials_for = self._redials_for, None
                again = self._tries_after(reason)
            if not (self._swapping or self._stopping):
                self.link = Link.DIALING if again else Link.IDLE
            self._run = None
            if self._fails_with is not None:
                failed, self._fails_with = self._fails_with, None
                self._over(queue)
                self._failed(failed)
            queue.reset()
            if again:
                self._wanted.set()
            else:
                self._retries.reset()
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
        """Forgets the queue of a run that has ended, so that the next turn begins another run."""
        if self.queue is queue and not self._swapping:
            self.queue = None

    async def _run_once(self, queue: RequestQueue) -> Outcome:
        """Runs once; returns whether to run again on the same queue."""
        if self._retries.attempts:
            await asyncio.sleep(self._retries.pause_s)
        self._told_anything = False
        self._owner.run_begins()
        SESSION.set(self._owner)
        log_filter.WARNED.set(self._warned)
        try:
            await contained(self._converse(queue))
        except Exception as error:
            logger.debug("The live run failed.", exc_info=True)
            if self._tries_again(queue, error):
                return Outcome.AGAIN
            self._over(queue)
            self._failed(explain(error))
        else:
            if self._connecting is not None or not (queue.used or self._told_anything):
                self._over(queue)
                self._failed(ModelError("The model ended the conversation before it began."))
        return Outcome.OVER

    def _missed_something(self, queue: RequestQueue) -> bool:
        """Returns whether something was said while the run ended: each queue is tried once more."""
        if self._stopping or self.queue is not queue:
            return False
        waits = self._owner.run_awaited() and any(one.content for one in queue.waiting)
        return waits and self._retries.once_more(queue)

    async def _converse(self, queue: RequestQueue) -> None:
        await self.runner.converse(self.agent, queue, self._take)

    def _take(self, event: Event) -> None:
        self._retries.reset()
        self._told_anything = True
        self._owner.run_event(event)


async def _ended(task: asyncio.Task[Any] | None) -> None:
    """Cancels a task until it ends: ADK may swallow a cancellation while it connects."""
    for _ in range(_CANCELS):
        if task is None or task.done():
            return
        task.cancel()
        await asyncio.wait([task], timeout=_CANCEL_S)
