"""Runs tools beside the reading of what the model sends, in every live run of a session.

ADK's live flow waits for a tool, unless it is declared NON_BLOCKING, and reads nothing from the
model meanwhile: not that the user speaks, nor that the service does not want the result any more.
Here each batch of calls runs in a task. Its event goes through ADK as that of a non-blocking tool
does, and the session decides how the model is told.
"""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

from google.adk.flows.llm_flows.tools import _agent_tools, _functions, _live_caller
from google.genai import types

from adk_nb.adk.session_context import SESSION

if TYPE_CHECKING:
    from google.adk.agents.invocation_context import InvocationContext
    from google.adk.events import Event
    from google.adk.models.llm_request import LlmRequest
    from google.adk.tools.base_tool import BaseTool

_ON_PATH = {"transfer_to_agent", "task_completed", "stop_streaming"}
"""Calls that change the run itself; they return at once."""

_BLOCKS = {types.Behavior.BLOCKING: True, types.Behavior.NON_BLOCKING: False}

is_non_blocking = _live_caller._is_non_blocking_tool  # noqa: SLF001 - before it is replaced


def install() -> None:
    """Has ADK's live flow start tasks for tools where it would wait for them."""
    handle = _functions.handle_function_calls_live

    @functools.wraps(handle)
    async def handle_in_session(
        invocation_context: InvocationContext,
        function_call_event: Event,
        tools_dict: dict[str, BaseTool],
    ) -> Event | None:
        session = SESSION.get()
        calls = function_call_event.get_function_calls()
        changing = any(_changes_run(call, invocation_context, tools_dict) for call in calls)
        if session is None or changing:
            return await handle(invocation_context, function_call_event, tools_dict)
        streams, others = _parted(function_call_event, tools_dict)
        for batch in _batches(others, tools_dict):
            session.tools.run(
                [call.id or "" for call in batch.get_function_calls()],
                handle(invocation_context, batch, tools_dict),
                functools.partial(_add, invocation_context),
            )
        # A streaming tool returns at once that it has begun, which is told before its results.
        if not streams.get_function_calls():
            return None
        return await handle(invocation_context, streams, tools_dict)

    mark = _agent_tools.mark_live_async_tools_non_blocking

    @functools.wraps(mark)
    def mark_in_session(llm_request: LlmRequest) -> None:
        mark(llm_request)
        session = SESSION.get()
        if session is not None:
            session.declarations.declared(_declare(llm_request, session.declarations.blocking))

    _agent_tools.mark_live_async_tools_non_blocking = mark_in_session
    _functions.handle_function_calls_live = handle_in_session
    _live_caller._is_non_blocking_tool = _never_alone  # noqa: SLF001 - see `_batches`


def _declare(request: LlmRequest, blocking: bool | None) -> dict[str, bool | None]:
    """Declares how tools behave that do not say so; returns what is declared, by name."""
    declared: dict[str, bool | None] = {}
    for tool in request.config.tools or ():
        for one in getattr(tool, "function_declarations", None) or ():
            if one.behavior is None and blocking is not None:
                one.behavior = types.Behavior.BLOCKING if blocking else types.Behavior.NON_BLOCKING
            declared[one.name or ""] = _BLOCKS.get(one.behavior)
    return declared


def _never_alone(tool: BaseTool | None) -> bool:
    """Replaces ADK's `_is_non_blocking_tool`: in a session no tool gets a task of ADK's."""
    return SESSION.get() is None and is_non_blocking(tool)


def _changes_run(
    call: types.FunctionCall, context: InvocationContext, tools: dict[str, BaseTool]
) -> bool:
    """Returns whether a call may change which agent runs, so that the run has to wait for it.

    Where there are other agents, every tool that takes a `tool_context` can ask for a transfer.
    """
    if call.name in _ON_PATH:
        return True
    agent = context.agent
    others = getattr(agent, "sub_agents", None) or getattr(agent, "parent_agent", None)
    return bool(others) and _takes_context(tools.get(call.name or ""))


def _takes_context(tool: Any) -> bool:
    function = getattr(tool, "func", None)
    try:
        return "tool_context" in inspect.signature(function).parameters if function else False
    except (TypeError, ValueError):
        return False


def _parted(event: Event, tools: dict[str, BaseTool]) -> tuple[Event, Event]:
    """Returns an event with the calls of streaming tools, and one with all others."""
    parts = (event.content.parts or []) if event.content else []
    streams: list[types.Part] = []
    others: list[types.Part] = []
    for part in parts:
        tool = tools.get(part.function_call.name or "") if part.function_call else None
        streaming = inspect.isasyncgenfunction(getattr(tool, "func", None))
        (streams if streaming else others).append(part)
    return _with(event, streams), _with(event, others)


def _with(event: Event, parts: list[types.Part]) -> Event:
    return event.model_copy(update={"content": types.Content(role="model", parts=parts)})


def _batches(event: Event, tools: dict[str, BaseTool]) -> list[Event]:
    """Returns an event for each batch: each call that nobody waits for alone, all others in one."""
    parts = (event.content.parts or []) if event.content else []
    calls = [part for part in parts if part.function_call]
    alone = [
        part
        for part in calls
        if part.function_call and is_non_blocking(tools.get(part.function_call.name or ""))
    ]
    together = [part for part in calls if part not in alone]
    batches = [[part] for part in alone] + ([together] if together else [])
    return [_with(event, batch) for batch in batches]


async def _add(context: InvocationContext, event: Event) -> None:
    """Adds an event to a run: ADK's session keeps it, and the run yields it."""
    await context._enqueue_event(event)  # noqa: SLF001 - as ADK does for a non-blocking tool
