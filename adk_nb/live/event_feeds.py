"""Hands the rows of a log, as they come, to functions and to `async for` loops."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import dataclasses
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from adk_nb.exceptions import AdkNbError, SessionClosedError, nearest
from adk_nb.log.log_row import KINDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from adk_nb.log.log_row import LogRow

_MOST = 10_000
"""How many rows wait for one that is slow; past it the oldest are dropped."""
_LAST_S = 1.0
"""How long a session that ends waits for functions that still have rows to take (s)."""


class _Feed:
    """What one follower is still to get.

    Args:
        kinds: The kinds of rows that it wants.
        on_row: Called when there is a row.
        on_end: Called when there will be no more.
    """

    def __init__(
        self,
        kinds: frozenset[str],
        on_row: Callable[[], None],
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.waiting: deque[LogRow] = deque(maxlen=_MOST)
        self.on_end = on_end
        self._kinds = kinds
        self._on_row = on_row

    def add(self, row: LogRow) -> None:
        """Takes a row, as it is now, if its kind is wanted."""
        if row.kind in self._kinds:
            self.waiting.append(dataclasses.replace(row))
            self._on_row()


class EventFeeds:
    """Follows a log; its methods `row` and `close` run on the bridge thread.

    Args:
        call: Calls a function of the user's with a row, and reports what it raises.
    """

    def __init__(self, call: Callable[[Callable[[LogRow], Any], LogRow], Awaitable[None]]) -> None:
        self._call = call
        self._feeds: list[_Feed] = []
        self._tasks: dict[_Feed, asyncio.Task[None]] = {}
        # The newest row; one that is told again has grown.
        self._newest = -1
        self._closed = False

    def row(self, row: LogRow) -> None:
        """Hands a new row on."""
        if row.seq <= self._newest:
            return
        self._newest = row.seq
        for feed in self._feeds[:]:
            feed.add(row)

    def sound(self, kind: str, turn: int, pcm: bytes, rate: int) -> None:
        """Has no use for sound."""

    def sound_forgotten(self, kind: str, turn: int) -> None:
        """Has no use for sound."""

    def follow(
        self, function: Callable[[LogRow], Any], kinds: str | Iterable[str] | None
    ) -> Callable[[], None]:
        """Calls a function with every row of some kinds; returns what ends that.

        Raises:
            AdkNbError: There is no such kind.
            SessionClosedError: No event will come any more.
        """
        if self._closed:
            raise SessionClosedError(
                "This session is closed: no event will come.",
                remedy="events_df() has those that came.",
            )
        feed = _Feed(_checked(kinds), lambda: self._begin(feed, function))
        self._feeds.append(feed)

        def undo() -> None:
            with contextlib.suppress(ValueError):  # It was undone before.
                self._feeds.remove(feed)
            feed.waiting.clear()
            self._tasks.pop(feed, None)

        return undo

    def _begin(self, feed: _Feed, function: Callable[[LogRow], Any]) -> None:
        task = self._tasks.get(feed)
        if not self._closed and (task is None or task.done()):
            # In no run of ADK's, in which a call of the function's would wait for itself.
            task = asyncio.create_task(self._drain(feed, function), context=contextvars.Context())
            self._tasks[feed] = task

    async def _drain(self, feed: _Feed, function: Callable[[LogRow], Any]) -> None:
        while feed.waiting:
            await self._call(function, feed.waiting.popleft())

    async def stream(self, kinds: str | Iterable[str] | None) -> AsyncIterator[LogRow]:
        """Yields every row of some kinds from now on, on any event loop, until the session ends.

        Raises:
            AdkNbError: There is no such kind.
        """
        loop, came = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # Its loop has ended.
                loop.call_soon_threadsafe(came.set)

        feed = _Feed(_checked(kinds), wake, wake)
        self._feeds.append(feed)
        try:
            while feed.waiting or not self._closed:
                while feed.waiting:
                    yield feed.waiting.popleft()
                if not self._closed:
                    await came.wait()
                    came.clear()
        finally:
            with contextlib.suppress(ValueError):
                self._feeds.remove(feed)

    async def close(self) -> None:
        """Lets functions take their last rows, and ends every loop."""
        running = [task for task in self._tasks.values() if not task.done()]
        if running:
            await asyncio.wait(running, timeout=_LAST_S)
        for task in running:
            task.cancel()
        self.end()

    def end(self) -> None:
        """Ends every loop after its last row, and calls no function any more; from any thread."""
        self._closed = True
        for feed in self._feeds[:]:
            feed.on_end()


def _checked(kinds: str | Iterable[str] | None) -> frozenset[str]:
    if kinds is None:
        return frozenset(KINDS)
    if not isinstance(kinds, Iterable) or not kinds:
        raise AdkNbError(
            f"kinds={kinds!r:.80} names no kind of event.",
            remedy='Give one, such as "tool_call", or several in a list; None is all of them.',
            code="bad_option",
        )
    wanted = frozenset([kinds] if isinstance(kinds, str) else kinds)
    for kind in wanted - set(KINDS):
        raise AdkNbError(
            f"There is no kind of event {kind!r}.",
            remedy=nearest(kind, KINDS),
            code="bad_option",
        )
    return wanted
