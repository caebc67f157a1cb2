"""The bridge thread: one background event loop a kernel.

The kernel's own loop stops while a cell runs; this one does not, so speech goes on while a cell
trains a model. It starts with the first that needs it and ends with the last.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from adk_nb import switch_interval
from adk_nb.exceptions import BridgeError

if TYPE_CHECKING:
    import concurrent.futures
    from collections.abc import Coroutine

T = TypeVar("T")

THREAD_NAME = "adk-nb-bridge"
_JOIN_S = 5.0


class _PlainLoop(asyncio.SelectorEventLoop):
    """The standard loop, which nest-asyncio leaves as it is.

    nest-asyncio rewrites these methods in the class of the kernel's loop, for every loop of that
    class. They come from the base class, so it does not matter which of the two was first.
    """

    run_forever = asyncio.BaseEventLoop.run_forever
    run_until_complete = asyncio.BaseEventLoop.run_until_complete
    _run_once = asyncio.BaseEventLoop._run_once  # type: ignore[attr-defined]  # noqa: SLF001
    _check_running = asyncio.BaseEventLoop._check_running  # type: ignore[attr-defined]  # noqa: SLF001
    # Says that there is nothing left to patch: a tool may call nest_asyncio.apply() on this loop.
    _nest_patched = True
    # Tasks and futures stay what asyncio says they are, the slower pure Python ones too: libraries
    # ask isinstance(x, asyncio.Future), and ADK and anyio go wrong where the answer is no.


def _new_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    if type(loop) is not asyncio.SelectorEventLoop:  # Windows' own, or what a policy chose.
        return loop
    loop.close()
    return _PlainLoop()


class BridgeLoop:
    """An event loop in a daemon thread, shared and counted: see `acquire` and `release`."""

    _lock = threading.Lock()
    _shared: BridgeLoop | None = None

    def __init__(self) -> None:
        self.users = 0
        self._loop = _new_loop()
        self._thread = threading.Thread(target=self._main, name=THREAD_NAME, daemon=True)
        self._thread.start()

    @classmethod
    def acquire(cls) -> BridgeLoop:
        """Returns the kernel's loop, started if need be; give it back with `release`."""
        with cls._lock:
            shared = cls._shared
            if shared is None or not shared.alive:
                shared = cls._shared = cls()
            shared.users += 1
            switch_interval.short.hold()
            return shared

    def release(self) -> None:
        """Gives the loop back; the last to do so ends the thread."""
        switch_interval.short.release()
        with BridgeLoop._lock:
            self.users -= 1
            if self.users > 0:
                return
            if BridgeLoop._shared is self:
                BridgeLoop._shared = None
        with contextlib.suppress(RuntimeError):  # It may have ended by itself.
            self._loop.call_soon_threadsafe(self._loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_S)

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop itself."""
        return self._loop

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Starts a coroutine on the loop, from any thread."""
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError as error:
            coroutine.close()
            raise BridgeError("The bridge thread has ended.", remedy="Start again.") from error

    def call(self, coroutine: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Runs a coroutine on the loop and waits for its result.

        Ctrl-C comes back at once and cancels the coroutine.

        Args:
            coroutine: What to run.
            timeout: How long to wait (s); None waits as long as it takes.

        Raises:
            BridgeError: It was called from the bridge thread, which would wait for itself.
            TimeoutError: It took longer.
        """
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise BridgeError(
                "A blocking call from the bridge thread would wait for itself.",
                remedy="Await the method's _async twin there.",
            )
        future = self.submit(coroutine)
        try:
            return future.result(timeout)
        except BaseException:
            future.cancel()
            raise

    async def call_async(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the loop from another loop, such as the kernel's."""
        if threading.current_thread() is self._thread:
            return await coroutine
        return await asyncio.wrap_future(self.submit(coroutine))

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            try:
                self._loop.run_until_complete(self._wind_up())
            finally:
                asyncio.set_event_loop(None)
                self._loop.close()

    async def _wind_up(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_JOIN_S / 2)
        await self._loop.shutdown_asyncgens()
        executor = getattr(self._loop, "_default_executor", None)
        if executor is not None:
            # Not shutdown_default_executor(): it waits, for a tool that never returns too.
            executor.shutdown(wait=False, cancel_futures=True)
