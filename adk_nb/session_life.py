"""`SessionLife`: opens a session on the bridge thread, and ends it there, from any thread."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

from adk_nb.bridge_thread import BridgeLoop
from adk_nb.exceptions import session_closed
from adk_nb.live.history_events import earlier
from adk_nb.log import masked_logs
from adk_nb.providers.explain import explain
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from adk_nb.live.coordinator import Exchange
    from adk_nb.live.event_feeds import EventFeeds
    from adk_nb.live.followed_definitions import FollowedDefinitions
    from adk_nb.live.session_pages import SessionPages
    from adk_nb.live.turn_callbacks import TurnListeners
    from adk_nb.log.recording import RecordingWriter

T = TypeVar("T")

logger = logging.getLogger(__name__)

_CLOSE_S = 10.0
"""How long `close` waits until all of a session has ended (s)."""


class Tasks:
    """Tasks that end with a session, on the bridge thread."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begins a task."""
        task = asyncio.create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def cancel(self) -> None:
        """Ends those that run."""
        for task in self._running:
            task.cancel()


class SessionLife:
    """Opens the parts of a session, and ends them in their order.

    Args:
        exchange: The exchange with the model.
        definitions: What the agent was made of; looked at from the start to the end.
        listeners: Those who are told of turns that have ended.
        feeds: Those who follow the log.
        pages: The pages of the session.
        tasks: What else runs until the end.
        begun: Called on the bridge thread when the model begins to load.

    Attributes:
        recording: Writes the session's recording, if there is one; it ends last.
    """

    def __init__(  # noqa: PLR0913 - the parts that begin and end, by name
        self,
        exchange: Exchange,
        *,
        definitions: FollowedDefinitions,
        listeners: TurnListeners,
        feeds: EventFeeds,
        pages: SessionPages,
        tasks: Tasks,
        begun: Callable[[], None],
    ) -> None:
        self._exchange = exchange
        self._definitions = definitions
        self._listeners = listeners
        self._feeds = feeds
        self._pages = pages
        self._tasks = tasks
        self._begun = begun
        self.recording: RecordingWriter | None = None
        self._bridge: BridgeLoop | None = None
        # Held while the session opens, so that it opens once.
        self._opening = asyncio.Lock()

    # From any thread.

    @property
    def bridge(self) -> BridgeLoop:
        """The bridge thread's loop; asking for it opens a session that is not open.

        Raises:
            SessionClosedError: The session is closed.
        """
        bridge = self._bridge
        return bridge if bridge is not None else self._opened()

    async def bridge_async(self) -> BridgeLoop:
        """Async version of `bridge`; works from any event loop, the bridge's own too."""
        bridge = self._bridge
        return bridge if bridge is not None else await asyncio.to_thread(self._opened)

    def _opened(self) -> BridgeLoop:
        self.start()
        bridge = self._bridge
        if bridge is None:  # It was closed by another thread meanwhile.
            raise session_closed()
        return bridge

    def start(self) -> None:
        """Opens the session; its model loads and connects in the background. Idempotent.

        Raises:
            SessionClosedError: It was closed before.
        """
        if self._exchange.closed:
            raise session_closed()
        if self._bridge is None:
            bridge = BridgeLoop.acquire()
            try:
                opened = bridge.call(self._open(bridge))
            except BaseException:
                self._bridge = None
                bridge.release()
                raise
            if not opened:
                bridge.release()
            self._definitions.start(bridge)

    def close(self) -> None:
        """Ends the session, and the bridge thread with the last one. Idempotent."""
        bridge, self._bridge = self._bridge, None
        self._exchange.closed = True
        self._definitions.stop()
        try:
            if bridge is not None and bridge.alive:
                self._shut_on(bridge)
            elif bridge is not None:
                self._let_go()
                bridge.release()
        finally:
            self._exchange.status = "closed"
            self._feeds.end()

    def peek(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the bridge thread, even if the session is not open or closed."""
        bridge = BridgeLoop.acquire()
        try:
            result = bridge.call(coroutine)
            if self._bridge is None:
                bridge.call(self._exchange.histories.close())
            return result
        finally:
            bridge.release()

    def soon(self, do: Callable[..., object], *args: object) -> bool:
        """Calls a function on the bridge thread; returns False where the session is not open."""
        bridge = self._bridge
        if bridge is None or not bridge.alive:
            return False
        bridge.loop.call_soon_threadsafe(do, *args)
        return True

    def _shut_on(self, bridge: BridgeLoop) -> None:
        shutting = bridge.submit(self._shut())
        try:
            shutting.result(_CLOSE_S)
        except TimeoutError:  # It goes on; whoever waits has waited long enough.
            session_id = self._exchange.log.session_id
            logger.warning("The session %s is still being closed after %g s.", session_id, _CLOSE_S)
        finally:
            if shutting.done():
                bridge.release()
            else:
                shutting.add_done_callback(lambda _: bridge.release())

    def _let_go(self) -> None:
        """Closes what can be closed where the loop has ended."""
        masked_logs.remove(self._exchange.log.redact)
        self._exchange.live.let_go()
        if self.recording is not None:
            self.recording.close()

    # On the bridge thread.

    async def _open(self, bridge: BridgeLoop) -> bool:
        """Opens the session; returns False where another thread has."""
        async with self._opening:
            if self._bridge is not None:
                return False
            masked_logs.install(self._exchange.log.redact)
            await self._connect()
            self._bridge = bridge
            return True

    async def _connect(self) -> None:
        exchange = self._exchange
        try:
            session = await exchange.histories.get()
        except Exception as error:
            raise explain(error) from error
        if session is not None and session.events:
            exchange.pages.earlier = earlier(session.events)
            exchange.pages.note(
                0, "history", f"The conversation {exchange.log.session_id} goes on."
            )
        exchange.live.start()
        self._begun()

    async def _shut(self) -> None:
        try:
            await self._end()
        finally:
            masked_logs.remove(self._exchange.log.redact)

    async def _end(self) -> None:
        exchange = self._exchange
        self._tasks.cancel()
        self._listeners.close()
        self._pages.close()
        await exchange.live.stop()
        await exchange.tools.runs.stop()
        turn = exchange.turns.current
        if turn is not None:
            why = "The session was closed."
            exchange.log.add("bridge", "error", turn=turn.index, error=why)
            # Whoever waits for the turn gets it with what became of its calls.
            await exchange.tools.cut_off_turn(turn)
            exchange.turns.abandoned("session_closed")
        # An unfinished answer is kept too: the conversation may be resumed later.
        await exchange.run_ended()
        await exchange.speech.known()
        exchange.log.settle()
        await self._feeds.close()
        exchange.pages.emit(protocol.State("closed"))
        exchange.pages.all.clear()
        await exchange.histories.close()
        if self.recording is not None:
            await asyncio.to_thread(self.recording.close)
