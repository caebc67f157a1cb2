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
import inspect
from typing import TYPE_CHECKING, Any, TypeVar

from google.adk.flows.llm_flows.tools import _caller, _live_caller, _thread_pool
from google.adk.utils import _sync_runner
from google.adk.workflow._errors import NodeInterruptedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from concurrent.futures import ThreadPoolExecutor

    from google.adk.tools.base_tool import BaseTool
    from google.adk.tools.tool_context import ToolContext

T = TypeVar("T")

_call_tool_in_thread_pool = _thread_pool._call_tool_in_thread_pool  # noqa: SLF001
_make_runner = _sync_runner._make_executor_sync_callable_runner  # noqa: SLF001


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

    A cancellation stays one where somebody asked for it, and so does ADK's own interruption of a
    workflow.
    """
    me = asyncio.current_task()
    try:
        return await running
    except (Exception, NodeInterruptedError):
        raise
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError | GeneratorExit) and _is_ended(me):
            raise
        raise OddError(error) from error


def in_thread(function: Callable[..., T]) -> Callable[..., T]:
    """Returns a function whose errors a future can hold."""

    @functools.wraps(function)
    def invoke(*args: Any, **options: Any) -> T:  # ADK knows a call by this name.
        try:
            return function(*args, **options)
        except NodeInterruptedError:
            raise
        except BaseException as error:
            if isinstance(error, Exception) and not isinstance(error, StopIteration):
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


async def _call_tool(tool: BaseTool, args: dict[str, Any], tool_context: ToolContext) -> object:
    result: Any = await contained(tool.run_async(args=args, tool_context=tool_context))
    streams = inspect.isasyncgen(result)
    return _stream(result) if streams else result


async def _stream(results: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    async with contextlib.aclosing(results):
        while True:
            try:
                result = await contained(anext(results))
            except StopAsyncIteration:
                return
            yield result


async def _call_in_pool(tool: BaseTool, **options: Any) -> object:
    async def run_async(**call: Any) -> Any:
        return await contained(tool.run_async(**call))

    # It may run in a loop of its own in a thread: contained there, as asyncio passes it on.
    inner = copy.copy(tool)
    inner.run_async = run_async  # type: ignore[method-assign]
    return await contained(_call_tool_in_thread_pool(inner, **options))


def _runner(executor: ThreadPoolExecutor) -> Callable[..., Awaitable[Any]]:
    run = _make_runner(executor)
    return lambda target, call_args: run(in_thread(target), call_args)


def install() -> None:
    """Makes ADK call tools so; it has no setting for that."""
    modules: Any = (_caller, _live_caller)
    for module in modules:
        module._call_tool_async = _call_tool  # noqa: SLF001
    modules[1]._call_tool_in_thread_pool = _call_in_pool  # noqa: SLF001
    _sync_runner._make_executor_sync_callable_runner = _runner  # noqa: SLF001
