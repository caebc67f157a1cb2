"""The bridge thread: one background event loop a kernel.

The kernel's own loop stops while a cell runs; this one does not, so speech goes on while a cell
trains a model. It starts with the first session and ends with the last.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

from adk_nb import switch_interval
from adk_nb.exceptions import BridgeError

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")

logger = logging.getLogger(__name__)

THREAD_NAME = "adk-nb-bridge"
_JOIN_S = 5.0
_LOOK_UP_S = 0.1
"""How often a blocking call looks up on Windows, where Ctrl-C does not end a wait for a lock."""

if sys.platform == "win32":
    # Whatever the kernel's own loop is: a selector loop has no subprocesses there, and an MCP
    # server on stdio is one.
    _Standard = asyncio.ProactorEventLoop
else:
    _Standard = asyncio.SelectorEventLoop


class _PlainLoop(_Standard):
    """The standard loop, protected from nest-asyncio.

    nest-asyncio rewrites these methods in the class of the kernel's loop, for every loop of that
    class. Here they are taken from the base class, so it does not matter which came first.
    """

    if sys.platform == "win32" and sys.version_info < (3, 13):

        def run_forever(self) -> None:
            # What ProactorEventLoop does around it, whose own may be nest-asyncio's by now.
            loop: Any = self
            loop.call_soon(loop._loop_self_reading)  # noqa: SLF001
            try:
                asyncio.BaseEventLoop.run_forever(self)
            finally:
                reading, loop._self_reading_future = loop._self_reading_future, None  # noqa: SLF001
                if reading is not None:
                    overlapped = reading._ov  # noqa: SLF001
                    reading.cancel()
                    if overlapped is not None:  # Closing the loop would wait for it.
                        loop._proactor._unregister(overlapped)  # noqa: SLF001
    else:
        run_forever = asyncio.BaseEventLoop.run_forever
    run_until_complete = asyncio.BaseEventLoop.run_until_complete
    _run_once = asyncio.BaseEventLoop._run_once  # type: ignore[attr-defined]  # noqa: SLF001
    _check_running = asyncio.BaseEventLoop._check_running  # type: ignore[attr-defined]  # noqa: SLF001
    # Tells nest-asyncio that this loop is patched: a tool may call nest_asyncio.apply() on it.
    _nest_patched = True
    # Tasks and futures are of asyncio's own classes, even if those are the slower ones in Python:
    # libraries ask isinstance(x, asyncio.Future), and ADK and anyio fail if that is False.


def _new_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    # On Windows a kernel may have chosen the selector loop, for itself.
    if type(loop) not in {asyncio.SelectorEventLoop, _Standard}:  # What a policy chose.
        return loop
    loop.close()
    return _PlainLoop()


class BridgeLoop:
    """An event loop in a daemon thread, shared by all sessions; see `acquire` and `release`.

    Attributes:
        users: How many have acquired it and not released it.
    """

    _lock = threading.Lock()
    _shared: BridgeLoop | None = None

    def __init__(self) -> None:
        self.users = 0
        self._process = os.getpid()
        self._loop = _new_loop()
        self._calls: set[concurrent.futures.Future[Any]] = set()
        self._released = False
        self._ended = False
        self._thread = threading.Thread(target=self._main, name=THREAD_NAME, daemon=True)
        self._thread.start()

    @classmethod
    def acquire(cls) -> BridgeLoop:
        """Returns the kernel's loop, and starts it if it does not run; `release` it afterwards."""
        with cls._lock:
            shared = cls._shared
            if shared is None or not shared.alive:
                shared = cls._shared = cls()
            shared.users += 1
            switch_interval.short.hold()
            return shared

    def release(self) -> None:
        """Releases the loop; the last release ends the thread."""
        switch_interval.short.release()
        with BridgeLoop._lock:
            self.users -= 1
            if self.users > 0:
                return
            if BridgeLoop._shared is self:
                BridgeLoop._shared = None
        with contextlib.suppress(RuntimeError):  # It may have ended by itself.
            self._loop.call_soon_threadsafe(self._begin_to_end)
        if threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_S)

    @classmethod
    def forked(cls) -> None:
        """Forgets the loop in a child process, where its thread is not."""
        cls._lock, cls._shared = threading.Lock(), None

    @property
    def alive(self) -> bool:
        """Whether its loop runs."""
        return self._thread.is_alive() and not self._ended and self._process == os.getpid()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop itself."""
        return self._loop

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Starts a coroutine on the loop, from any thread.

        Raises:
            BridgeError: The loop has ended.
        """
        if os.getpid() != self._process:
            coroutine.close()
            raise BridgeError(
                "This session is another process's: its thread was not copied when this one was "
                "forked.",
                remedy="Make a session of its own here, or use multiprocessing's spawn method.",
                code="forked",
            )
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError as error:
            coroutine.close()
            raise _over() from error
        self._calls.add(future)
        future.add_done_callback(self._calls.discard)
        if self._ended:  # What broke the loop may have kept it from being closed.
            self._let_go()
        return future

    def call(self, coroutine: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Runs a coroutine on the loop and waits for its result.

        Ctrl-C returns at once and cancels the coroutine.

        Args:
            coroutine: What to run.
            timeout: How long to wait (s); None waits as long as it takes.

        Raises:
            BridgeError: It was called from the bridge thread, which would wait for itself, or the
                loop has ended.
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
            return _result(future, timeout)
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
            self._run()
        except BaseException:
            text = "The bridge's loop has ended. Run the agent's cell again."
            logger.critical(text, exc_info=True)
        finally:
            self._ended = True
            asyncio.set_event_loop(None)
            with contextlib.suppress(Exception):  # What ended it may be in its way here too.
                self._loop.close()
            self._let_go()

    def _run(self) -> None:
        """Runs the loop until it is released, whatever a tool or a callback does to it."""
        told: BaseException | None = None
        while not self._released:
            try:
                self._loop.run_forever()
            except (SystemExit, KeyboardInterrupt) as error:
                # asyncio lets these two end the loop; the task that raised them is over, and so on
                # for each task that waits for it.
                if error is not told:
                    text = f"{type(error).__name__}: {error}"
                    logger.warning("%s was raised on the bridge's loop.", text, exc_info=error)
                told = error

    def _let_go(self) -> None:
        """Lets nobody wait for a loop that has ended."""
        for call in list(self._calls):
            with contextlib.suppress(concurrent.futures.InvalidStateError):
                call.set_exception(_over())

    def _begin_to_end(self) -> None:
        ending = self._loop.create_task(self._wind_up())
        ending.add_done_callback(self._end)

    def _end(self, _ending: object) -> None:
        self._released = True
        self._loop.stop()

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


if hasattr(os, "register_at_fork"):  # Not on Windows.
    os.register_at_fork(after_in_child=BridgeLoop.forked)


def _over() -> BridgeError:
    return BridgeError("The bridge thread has ended.", remedy="Run the agent's cell again.")


def _result(future: concurrent.futures.Future[T], timeout: float | None) -> T:
    """Returns a future's result; Ctrl-C comes through on every system."""
    if sys.platform != "win32":
        return future.result(timeout)
    deadline = time.monotonic() + timeout if timeout is not None else None
    while not future.done() and (deadline is None or time.monotonic() < deadline):
        left = _LOOK_UP_S if deadline is None else deadline - time.monotonic()
        concurrent.futures.wait([future], max(0.0, min(_LOOK_UP_S, left)))
    return future.result(0)
