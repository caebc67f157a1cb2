"""Waits for the end of a turn, and calls the callbacks of `on_turn`."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
from typing import TYPE_CHECKING, Any

from adk_nb.adk.user_errors import contained, describe, in_thread, original
from adk_nb.exceptions import AdkNbError, SessionClosedError, TurnTimeoutError
from adk_nb.failing import Failing
from adk_nb.log.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from adk_nb.log.turn import Turn

logger = logging.getLogger(__name__)


class TurnListeners:
    """Reports turns that have ended to cells; its methods run on the bridge thread.

    Args:
        report: Called with the error of a callback, and the number of the turn.
        redact: Masks secrets in the kernel's log; by default there are none.
        known: Waits until it is known what was heard of a turn that has ended.
    """

    def __init__(
        self,
        report: Callable[[AdkNbError, int], None],
        redact: Redactor | None = None,
        known: Callable[[Turn], Awaitable[None]] | None = None,
    ) -> None:
        self._report = report
        self._redact = redact if redact is not None else Redactor(())
        self._known = known
        self._failing = Failing()
        self._closed = False
        # Those who wait for the next turn.
        self._waiting: list[asyncio.Future[Turn]] = []
        # Held while a callback runs, so that they run one after the other.
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self.callbacks: list[Callable[[Turn], Any]] = []

    def ended(self, turn: Turn) -> None:
        """Reports a turn that has ended."""
        if self._closed:
            return
        for waiting in self._waiting:
            if not waiting.done() and not turn.prompt:
                waiting.set_result(turn)
        for callback in self.callbacks:
            self.begin(self._call(callback, turn))

    def begin(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Runs something until the session is closed, in no run of ADK's."""
        task = asyncio.create_task(coroutine, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def once(self, function: Callable[[], Any], turn: Turn | None) -> None:
        """Calls a function as a callback is called."""

        def call(_turn: Turn | None) -> Any:
            return function()

        call.__name__ = getattr(function, "__name__", repr(function))
        await self._call(call, turn)

    async def wait(
        self,
        timeout: float | None,  # noqa: ASYNC109
        current: Callable[[], Turn | None] = lambda: None,
    ) -> Turn:
        """Returns the next turn that ends.

        Args:
            timeout: How long to wait (s).
            current: Returns the turn that is open.

        Raises:
            TurnTimeoutError: No turn ended in time (s).
            SessionClosedError: The session was closed meanwhile.
        """
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            ended: Turn = await asyncio.wait_for(waiting, timeout)
        except TimeoutError:
            turn = current()
            open_turn = f" In turn {turn.index}, {waits_for(turn)}." if turn is not None else ""
            raise TurnTimeoutError(
                f"No turn was answered within {timeout:g} s.{open_turn}",
                remedy="Speak or type in the widget, or wait longer with timeout=.",
            ) from None
        finally:
            self._waiting.remove(waiting)
        await self._heard(ended)
        return ended

    async def _heard(self, turn: Turn | None) -> None:
        if turn is not None and self._known is not None:
            await self._known(turn)

    def close(self) -> None:
        """Stops all callbacks, and ends all waiting with an error."""
        self._closed = True
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_exception(
                    SessionClosedError("This session was closed.", remedy="Make a new one.")
                )
        for task in self._tasks:
            task.cancel()

    async def _call(self, callback: Callable[[Any], Any], turn: Turn | None) -> None:
        # One after the other, as a callback may take long.
        async with self._one_at_a_time:
            await self._heard(turn)
            await self.call(callback, turn, turn.index if turn is not None else 0)

    async def call(
        self, callback: Callable[[Any], Any], argument: object, index: int | None
    ) -> None:
        """Calls a function of the user's, in a thread; what it raises is reported.

        Args:
            callback: The function, or coroutine function.
            argument: What it is called with.
            index: The number of the turn that an error belongs to, 0 if none; None only logs it.
        """
        try:
            result = await contained(asyncio.to_thread(in_thread(callback), argument))
            if inspect.isawaitable(result):
                await contained(result)
        except Exception as error:
            name = getattr(callback, "__name__", repr(callback))
            problem = AdkNbError(
                f"The callback {name} failed. {describe(error)}",
                remedy="Mend it, and run its cell again.",
                code="callback_failed",
            )
            self._failing.warn(logger, self._redact, callback, original(error), problem)
            if index is not None:
                self._report(problem, index)


def waits_for(turn: Turn) -> str:
    """Returns what an open turn waits for, as the end of a sentence."""
    asks = next((call for call in turn.tool_calls if call.question is not None), None)
    if asks is not None:
        wanted = "a confirmation" if asks.sign_in is None else "a sign-in"
        return f"{asks.name} waits for {wanted}"
    running = ", ".join(call.name for call in turn.tool_calls if not call.returned)
    if running:
        return f"the model's answer waits for {running}"
    return "the model is still answering" if turn.answered else "nothing has come of the model yet"
