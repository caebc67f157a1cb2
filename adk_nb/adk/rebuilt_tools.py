"""Tools and agents made anew around another function, agent or tool, with all else as it was."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from google.adk.tools.function_tool import FunctionTool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from google.adk.agents import BaseAgent
    from google.adk.tools.agent_tool import AgentTool

CONFIRMS = "_require_confirmation"
"""Where a tool keeps whether it asks for a confirmation."""
_KEPT = ("is_long_running", "custom_metadata", "behavior", "response_scheduling")


def with_function(tool: FunctionTool, function: Callable[..., Any]) -> FunctionTool:
    """Returns a copy of a tool that calls another function."""
    made = copy.copy(tool)
    confirms = getattr(tool, CONFIRMS, False)
    FunctionTool.__init__(made, function, require_confirmation=confirms)
    for name in _KEPT:
        if hasattr(tool, name):
            setattr(made, name, getattr(tool, name))
    if tool.name != getattr(tool.func, "__name__", tool.name):
        made.name = tool.name  # It was given one of its own.
    return made


def with_agent(tool: AgentTool, agent: BaseAgent) -> AgentTool:
    """Returns a copy of a tool that asks another agent."""
    made = copy.copy(tool)
    made.agent = agent
    made.name, made.description = agent.name, agent.description
    return made


def with_fields(
    agent: BaseAgent, fields: dict[str, Any], sub_agents: Sequence[BaseAgent] | None
) -> BaseAgent:
    """Returns a copy of an agent with other values; its sub-agents are copied too, if given."""
    update = dict(fields)
    if sub_agents is not None:
        update["sub_agents"] = [one.clone() for one in sub_agents]
    return agent.clone(update=update)
