"""Turns what the user's code raises into an `Exception`, and what its tools return into copies.

`sys.exit()` in a tool, or a library that panics, would end the run and all that waits for it. And
asyncio cannot pass some errors on: a `StopIteration` in a thread is lost, and a `GeneratorExit`
closes the tasks that wait.

What a tool returns is copied when it returns: the tool may go on changing it.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import importlib
import inspect
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from pydantic import BaseModel

from adk_nb.adk.session_context import SESSION
from adk_nb.adk.stoppable import stoppable
from adk_nb.plain import plain

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

T = TypeVar("T")
_Call: TypeAlias = "Callable[..., Awaitable[Any]]"


class OddError(RuntimeError):
    """Replaces something that was raised and is not an `Exception`; that is its cause."""

    def __init__(self, raised: BaseException) -> None:
        super().__init__(describe(raised))
        self.raised = raised


def original(error: BaseException) -> BaseException:
    """Returns what was raised in the user's code."""
    return error.raised if isinstance(error, OddError) else error


def describe(error: BaseException) -> str:
    """Returns an error in a line, such as `ValueError: no dice`."""
    error = original(error)
    try:
        return f"{type(error).__name__}: {error}".removesuffix(": ")
    except BaseException as odd:  # It is the user's code that says what it is.
        return f"{type(error).__name__}, which cannot be shown: {type(odd).__name__}"


async def contained(running: Awaitable[T]) -> T:
    """Awaits something that runs the user's code; whatever it raises becomes an `Exception`.

    A cancellation that was requested stays a cancellation.
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
    """Returns a function that raises only errors that a future can hold."""

    @functools.wraps(function)
    def invoke(*args: Any, **options: Any) -> T:  # ADK recognises a call by this name.
        try:
            return function(*args, **options)
        except BaseException as error:
            holds = isinstance(error, Exception) and not isinstance(error, StopIteration)
            if holds or _is_adks(error):
                raise
            raise OddError(error) from error

    return invoke


def _is_ended(task: asyncio.Task[Any] | None) -> bool:
    """Returns whether a task is being cancelled or closed."""
    try:
        running = asyncio.current_task()
    except RuntimeError:
        running = None
    return task is None or running is not task or task.cancelling() > 0


def _is_adks(error: BaseException) -> bool:
    """Returns whether it is a signal of ADK's, such as of a workflow that waits for the user."""
    return type(error).__module__.startswith("google.adk.")


def snapshot(result: Any) -> Any:
    """Returns a copy of what a tool returned that models take: plain values.

    ADK makes media of bytes and of its parts, and has its own use for other models of pydantic.
    """
    return plain(result, keep=(bytes, BaseModel))


# Around what ADK calls a tool with.


async def _contained_call(call: _Call, *args: Any, **options: Any) -> Any:
    # Nothing is called before this runs: it may be cancelled before.
    return await contained(call(*args, **options))


def _contains(call: _Call) -> _Call:
    async def contains(tool: Any, args: Any, tool_context: Any) -> Any:
        running = _contained_call(call, tool, args, tool_context)
        result = await stoppable(running, tool_context.function_call_id or "")
        streams = inspect.isasyncgen(result)
        return _stream(result) if streams else snapshot(result)

    return contains


def _contains_run(run: _Call) -> _Call:
    return functools.partial(_contained_call, run)


async def _stream(results: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    async with contextlib.aclosing(results):
        while True:
            try:
                result = await contained(anext(results))
            except StopAsyncIteration:
                return
            yield snapshot(result)


def _contains_in_pool(call: _Call) -> _Call:
    async def contains(tool: Any, args: Any, tool_context: Any, **options: Any) -> Any:
        # It may run in another loop in a thread, so it is contained there.
        inner = copy.copy(tool)
        inner.run_async = _contains_run(tool.run_async)
        running = _contained_call(call, inner, args, tool_context, **options)
        return snapshot(await stoppable(running, tool_context.function_call_id or ""))

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


def _contains_callback(callback: Callable[..., Any]) -> Callable[..., Any]:
    async def run(*args: Any, **options: Any) -> Any:
        try:
            result = callback(*args, **options)
            return await result if inspect.isawaitable(result) else result
        except StopIteration as error:  # No coroutine can raise it.
            raise OddError(error) from error

    @functools.wraps(callback)
    def call(*args: Any, **options: Any) -> Any:
        return contained(run(*args, **options))

    return call


def _contains_callbacks(found: property) -> property:
    def callbacks(agent: Any) -> list[Any]:
        own = found.__get__(agent)
        return own if SESSION.get() is None else list(map(_contains_callback, own))

    return property(callbacks, doc=found.__doc__)


def _contains_plugins(run: _Call) -> _Call:
    @functools.wraps(run)
    async def contains(*args: Any, **options: Any) -> Any:
        return await _contained_call(run, *args, **options)

    return contains


_CALLBACKS = (
    ("google.adk.agents.base_agent", "BaseAgent", ("before_agent", "after_agent")),
    (
        "google.adk.agents.llm_agent",
        "LlmAgent",
        (
            "before_model", "after_model", "on_model_error",
            "before_tool", "after_tool", "on_tool_error",
        ),
    ),
)  # fmt: skip
"""Agents' callbacks: an asyncio error that one raises would look like the end of a connection."""


def install() -> None:
    """Makes ADK call the user's code in this way; what an ADK does not have is left out."""
    for module, name, kinds in _CALLBACKS:
        agent = getattr(importlib.import_module(module), name)
        for kind in kinds:
            with contextlib.suppress(AttributeError):
                found = getattr(agent, f"canonical_{kind}_callbacks")
                setattr(agent, f"canonical_{kind}_callbacks", _contains_callbacks(found))
    with contextlib.suppress(AttributeError):
        manager: Any = importlib.import_module("google.adk.plugins.plugin_manager").PluginManager
        manager._run_callbacks = _contains_plugins(manager._run_callbacks)  # noqa: SLF001
    for module, name, around in _AROUND:
        with contextlib.suppress(ImportError, AttributeError):
            owner = importlib.import_module(module)
            setattr(owner, name, around(getattr(owner, name)))
