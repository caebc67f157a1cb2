"""Turns what the user's code raises into an `Exception`, and what its tools return into copies.

`sys.exit()` in a tool, or a library that panics, would end the run and all that waits for it. And
asyncio cannot pass some errors on: a `StopIteration` in a thread is lost, and a `GeneratorExit`
closes the tasks that wait.

What a tool returns, or a callback in its place, is copied when it returns: it may go on changing.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import importlib
import inspect
import time
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
    """Returns a copy of what a tool returned, or a callback in its place.

    It has plain values, bytes (ADK makes media of them) and copies of models of pydantic.
    """
    return _as_result(result, plain(result, keep=_MODELS, kept=_copied_model))


def told(result: Any) -> Any:
    """Returns a copy of a result as the model is told it, and as ADK's history keeps it.

    Of models of pydantic only those are left that ADK itself has a use for, such as its parts.
    """
    return _as_result(result, plain(result, keep=_MODELS, kept=_dumped_model))


def _as_result(result: Any, copied: Any) -> Any:
    """Returns a copy as ADK tells it: the fields of a model are not the result's own keys."""
    dumped = isinstance(result, BaseModel) and not isinstance(copied, BaseModel)
    return {"result": copied} if dumped else copied


_MODELS = (bytes, BaseModel)


def _copied_model(value: Any) -> Any:
    """Returns a copy of a model; plain values if it has none, or is being changed meanwhile."""
    if isinstance(value, bytes):
        return value
    try:
        return value.model_copy(deep=True)
    except Exception:
        return value if _is_googles(value) else plain(value)


def _dumped_model(value: Any) -> Any:
    return _copied_model(value) if isinstance(value, bytes) or _is_googles(value) else plain(value)


def _is_googles(value: Any) -> bool:
    """Returns whether a model is ADK's or google-genai's own, or derived from one of theirs."""
    return any(one.__module__.startswith(_GOOGLES) for one in type(value).__mro__)


_GOOGLES = ("google.adk.", "google.genai.")


async def _contained_snapshot(result: Any) -> Any:
    """Copies a result; whatever the result's own code raises meanwhile is the tool's error."""

    async def copied() -> Any:
        return snapshot(result)

    return await contained(copied())


# Around what ADK calls a tool with.


async def _contained_call(call: _Call, *args: Any, **options: Any) -> Any:
    # The call is made here and not by the caller: a task that is cancelled first calls nothing.
    return await contained(call(*args, **options))


def _contains(call: _Call) -> _Call:
    async def contains(tool: Any, args: Any, tool_context: Any) -> Any:
        call_id = tool_context.function_call_id or ""
        streams = inspect.isasyncgenfunction(getattr(tool, "func", None))
        began, gives = time.monotonic(), False
        try:
            result = await stoppable(_contained_call(call, tool, args, tool_context), call_id)
            gives = inspect.isasyncgen(result)
        finally:
            if streams and not gives:  # It failed, or something refused it.
                _has_streamed(call_id, began)
        return _stream(result, call_id) if gives else await _contained_snapshot(result)

    return contains


def _has_streamed(call_id: str, began: float) -> None:
    session = SESSION.get()
    if session is not None:
        session.tools.streamed(call_id, began, time.monotonic())


def _contains_run(run: _Call) -> _Call:
    return functools.partial(_contained_call, run)


async def _stream(
    results: AsyncGenerator[Any, None], call_id: str = ""
) -> AsyncGenerator[Any, None]:
    began = time.monotonic()
    try:
        async with contextlib.aclosing(results):
            while True:
                try:
                    result = await contained(anext(results))
                except StopAsyncIteration:
                    return
                yield await _contained_snapshot(result)
    finally:
        _has_streamed(call_id, began)


def _contains_in_pool(call: _Call) -> _Call:
    async def contains(tool: Any, args: Any, tool_context: Any, **options: Any) -> Any:
        # It may run in another loop in a thread, so it is contained there.
        inner = copy.copy(tool)
        inner.run_async = _contains_run(tool.run_async)
        running = _contained_call(call, inner, args, tool_context, **options)
        result = await stoppable(running, tool_context.function_call_id or "")
        return await _contained_snapshot(result)

    return contains


def _contains_functions(make_runner: Callable[..., _Call]) -> Callable[..., _Call]:
    def make(*args: Any, **options: Any) -> _Call:
        run = make_runner(*args, **options)
        return lambda target, call_args: run(in_thread(target), call_args)

    return make


def _tells(build: Callable[..., Any]) -> Callable[..., Any]:
    """Copies a result for the last time: callbacks have had it, and may keep what they had."""

    @functools.wraps(build)
    def tell(tool: Any, function_result: Any, *args: Any, **options: Any) -> Any:
        if SESSION.get() is None:
            return build(tool, function_result, *args, **options)
        try:
            result = told(function_result)
        except BaseException as error:  # The code of a model of the user's, as it is dumped.
            result = {"error": describe(error)}
        return build(tool, result, *args, **options)

    return tell


_TOOLS = "google.adk.flows.llm_flows.tools"
_AROUND: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    (f"{_TOOLS}._caller", "_call_tool_async", _contains),
    (f"{_TOOLS}._caller", "_build_function_response_content", _tells),
    (f"{_TOOLS}._live_caller", "_build_function_response_content", _tells),
    (f"{_TOOLS}._live_caller", "_call_tool_async", _contains),
    (f"{_TOOLS}._live_caller", "_call_tool_in_thread_pool", _contains_in_pool),
    ("google.adk.utils._sync_runner", "_make_executor_sync_callable_runner", _contains_functions),
)


_IN_PLACE = {"before_tool", "on_tool_error", "before_tool_callback", "on_tool_error_callback"}
"""Callbacks that answer a call in the tool's place, as agents name them and as plugins do."""


def _contains_callback(callback: Callable[..., Any], *, in_place: bool) -> Callable[..., Any]:
    async def run(*args: Any, **options: Any) -> Any:
        try:
            result = callback(*args, **options)
            result = await result if inspect.isawaitable(result) else result
            return snapshot(result) if in_place else result
        except StopIteration as error:  # No coroutine can raise it.
            raise OddError(error) from error

    @functools.wraps(callback)
    def call(*args: Any, **options: Any) -> Any:
        return contained(run(*args, **options))

    return call


def _contains_callbacks(found: property, kind: str) -> property:
    def callbacks(agent: Any) -> list[Any]:
        own: list[Any] = found.__get__(agent)
        if SESSION.get() is None:
            return own
        return [_contains_callback(callback, in_place=kind in _IN_PLACE) for callback in own]

    return property(callbacks, doc=found.__doc__)


def _contains_plugins(run: _Call) -> _Call:
    @functools.wraps(run)
    async def contains(plugins: Any, callback_name: str, **options: Any) -> Any:
        result = await _contained_call(run, plugins, callback_name, **options)
        return await _contained_snapshot(result) if callback_name in _IN_PLACE else result

    return contains


CALLBACKS = (
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
    for module, name, kinds in CALLBACKS:
        agent = getattr(importlib.import_module(module), name)
        for kind in kinds:
            with contextlib.suppress(AttributeError):
                found = getattr(agent, f"canonical_{kind}_callbacks")
                setattr(agent, f"canonical_{kind}_callbacks", _contains_callbacks(found, kind))
    with contextlib.suppress(ImportError, AttributeError):
        manager: Any = importlib.import_module("google.adk.plugins.plugin_manager").PluginManager
        manager._run_callbacks = _contains_plugins(manager._run_callbacks)  # noqa: SLF001
    for module, name, around in _AROUND:
        with contextlib.suppress(ImportError, AttributeError):
            owner = importlib.import_module(module)
            setattr(owner, name, around(getattr(owner, name)))
