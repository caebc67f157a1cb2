"""The callbacks that an agent has for its tools, asked where ADK would not ask them any more."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.adk.tools.base_tool import BaseTool
    from google.adk.tools.tool_context import ToolContext


async def of_tool_error(
    tool: BaseTool, args: dict[str, Any], context: ToolContext, error: BaseException
) -> Any:
    """Returns what the agent's `on_tool_error_callback` answers in the tool's place, or None.

    ADK asks plugins first, and the agent only where no plugin has an answer.

    Raises:
        Exception: Whatever the callback raises.
    """
    return await _first(
        "canonical_on_tool_error_callbacks",
        context,
        tool=tool,
        args=args,
        tool_context=context,
        error=error,
    )


async def after_tool(
    tool: BaseTool, args: dict[str, Any], context: ToolContext, response: Any
) -> Any:
    """Returns what the agent's `after_tool_callback` makes of a tool's response, or None.

    ADK asks the agent only where no plugin has changed the response.

    Raises:
        Exception: Whatever the callback raises.
    """
    return await _first(
        "canonical_after_tool_callbacks",
        context,
        tool=tool,
        args=args,
        tool_context=context,
        tool_response=response,
    )


async def _first(name: str, context: ToolContext, **options: Any) -> Any:
    for callback in getattr(context.get_invocation_context().agent, name, ()):
        answer = callback(**options)
        answer = await answer if inspect.isawaitable(answer) else answer
        if answer is not None:
            return answer
    return None
