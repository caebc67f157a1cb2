"""Whatever the user's code raises becomes an `Exception`, the only error that ADK expects.

`sys.exit()` in a tool, or a library that panics, would end the run and what waits for it. And some
errors asyncio cannot pass on: of a `StopIteration` in a thread it tells nobody, and a
`GeneratorExit` closes the tasks that wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import importlib
import inspect
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

T = TypeVar("T")
_Call: TypeAlias = "Callable[..., Awaitable[Any]]"


class OddError(RuntimeError):
    """Stands for what was raised and is no `Exception`, which is its cause."""

    def __init__(self, raised: BaseException) -> None:
        super().__init__(describe(raised))
        self.raised = raised


def original(error: BaseException) -> BaseException:
    """Returns what was raised in the user's code."""
    return error.raised if isinstance(error, OddError) else error


def describe(error: BaseException) -> str:
    """Returns an error in a line, such as `ValueError: no dice`."""
    error = original(error)
    return f"{type(error).__name__}: {error}".removesuffix(": ")


async def contained(running: Awaitable[T]) -> T:
    """Awaits what runs the user's code; what it raises is an `Exception`.

    A cancellation stays one where somebody asked for it.
    """
    me = asyncio.current_task()
    try:
        return await running
    except Exception:
        raise
    except BaseException as error:
        asked = isinstance(error, asyncio.CancelledError | GeneratorExit) and _is_ended(me)
        if asked or _is_adks(error):
            raise
        raise OddError(error) from error


def in_thread(function: Callable[..., T]) -> Callable[..., T]:
    """Returns a function whose errors a future can hold."""

    @functools.wraps(function)
    def invoke(*args: Any, **options: Any) -> T:  # ADK knows a call by this name.
        try:
            return function(*args, **options)
        except BaseException as error:
            holds = isinstance(error, Exception) and not isinstance(error, StopIteration)
            if holds or _is_adks(error):
                raise
            raise OddError(error) from error

    return invoke


def _is_ended(task: asyncio.Task[Any] | None) -> bool:
    """Whether a task is cancelled, or closed by whoever gives it up."""
    try:
        running = asyncio.current_task()
    except RuntimeError:
        running = None
    return task is None or running is not task or task.cancelling() > 0


def _is_adks(error: BaseException) -> bool:
    """Whether it is a signal of ADK's own, such as a workflow's that waits for the user."""
    return type(error).__module__.startswith("google.adk.")


# Around what ADK calls a tool with.


def _contains(call: _Call) -> _Call:
    async def contains(*args: Any, **options: Any) -> Any:
        result = await contained(call(*args, **options))
        streams = inspect.isasyncgen(result)
        return _stream(result) if streams else result

    return contains


async def _stream(results: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    async with contextlib.aclosing(results):
        while True:
            try:
                result = await contained(anext(results))
            except StopAsyncIteration:
                return
            yield result


def _contains_in_pool(call: _Call) -> _Call:
    async def contains(tool: Any, *args: Any, **options: Any) -> Any:
        # It may run in a loop of its own in a thread, and has to be contained there.
        inner = copy.copy(tool)
        inner.run_async = _contains(tool.run_async)
        return await contained(call(inner, *args, **options))

    return contains


def _contains_functions(make_runner: Callable[..., _Call]) -> Callable[..., _Call]:
    def make(*args: Any, **options: Any) -> _Call:
        run = make_runner(*args, **options)
        return lambda target, call_args: run(in_thread(target), call_args)

    return make


_TOOLS = "google.adk.flows.llm_flows.tools"
_AROUND: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    (f"{_TOOLS}._caller", "_call_tool_async", _contains),
    (f"{_TOOLS}._live_caller", "_call_tool_async", _contains),
    (f"{_TOOLS}._live_caller", "_call_tool_in_thread_pool", _contains_in_pool),
    ("google.adk.utils._sync_runner", "_make_executor_sync_callable_runner", _contains_functions),
)


def install() -> None:
    """Makes ADK call tools so; what an ADK has no more stays as it is."""
    for module, name, around in _AROUND:
        with contextlib.suppress(ImportError, AttributeError):
            owner = importlib.import_module(module)
            setattr(owner, name, around(getattr(owner, name)))
