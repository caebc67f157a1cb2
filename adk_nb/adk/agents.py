"""What a session needs of ADK agents: names, tools, and copies with changes."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.adk.agents import BaseAgent, LlmAgent
from google.adk.live import CascadeLive
from google.adk.models.base_llm import BaseLlm
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.base_toolset import BaseToolset
from google.adk.tools.function_tool import FunctionTool

from adk_nb.adk.rebuilt_tools import with_function
from adk_nb.exceptions import SwapError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from google.adk.agents.llm_agent import ToolUnion

_DESCRIPTION = 300
"""How much of a tool's description a page shows (characters)."""


@dataclass(frozen=True, slots=True)
class Swap:
    """What a swap changed; `swap` returns it.

    Attributes:
        agent: The name of the agent that answers from now on.
        model: Its model.
        tools: The names of its tools.
        history: `keep`, `fresh`, `fork`, or the id of the history that it returned to.
        history_id: The id of the ADK session in which the conversation continues.
        changes: What changed, in sentences.
        ms: How long the swap took until the new agent was connected (ms).
        variant: What the frames' column `variant` says from now on.
    """

    agent: str
    model: str
    tools: list[str]
    history: str
    history_id: str
    changes: list[str]
    ms: float
    variant: str = ""

    def __repr__(self) -> str:
        return f"<Swap in {self.ms:.0f} ms: {' '.join(self.changes)}>"


def model_name(agent: BaseAgent) -> str:
    """Returns the name of an agent's model; empty if it has none of its own."""
    model = getattr(agent, "model", "")
    return model if isinstance(model, str) else str(getattr(model, "model", ""))


def live_model(agent: BaseAgent) -> object:
    """Returns the model, or its name, of an agent or of the first below it that has one."""
    return next((model for one in family(agent) if (model := getattr(one, "model", None))), None)


def tool_name(tool: Any) -> str:
    """Returns the name of a tool or toolset."""
    return str(getattr(tool, "name", None) or getattr(tool, "__name__", type(tool).__name__))


def named(tools: Iterable[Any]) -> dict[str, Any]:
    """Returns tools by name; if several share a name, the later ones get a number."""
    found: dict[str, Any] = {}
    for tool in tools:
        name, number = tool_name(tool), 1
        while (key := name if number == 1 else f"{name} {number}") in found:
            number += 1
        found[key] = tool
    return found


def tools_of(agent: BaseAgent) -> list[Any]:
    """Returns an agent's tools and toolsets; none if it is not an LLM agent."""
    return list(getattr(agent, "tools", ()))


def variant_of(agent: BaseAgent) -> str:
    """Returns a short name of what an agent is, the same in every kernel.

    It rests on the names, instructions, tools and models of the agent and of all below it; of what
    is a function, on its source.
    """
    made_of = [
        [
            one.name,
            model_name(one),
            _said_by(getattr(one, "instruction", "")),
            [[name, _said_by(tool)] for name, tool in named(tools_of(one)).items()],
        ]
        for one in family(agent)
    ]
    return "v" + hashlib.blake2s(json.dumps(made_of).encode(), digest_size=4).hexdigest()


def _said_by(one: Any) -> str:
    """Returns a text, the source of a function, or what a tool says that it does."""
    if isinstance(one, str):
        return one
    with contextlib.suppress(OSError, TypeError):  # It is no function, or was made by exec.
        return inspect.getsource(getattr(one, "func", one))
    return _description(one)


def replaced(tools: Sequence[Any], new: Sequence[Any]) -> list[Any]:
    """Returns tools with some of them replaced by others of the same names.

    A function that replaces a tool is called by a copy of that, which asks for a confirmation as
    before.

    Raises:
        SwapError: One of the others is no tool, or has no other's name.
    """
    by_name = {tool_name(_checked(tool)): tool for tool in new}
    known = named(tools)
    for name in by_name:
        if name not in known:
            raise SwapError(
                f"There is no tool {name!r} to replace.",
                remedy=f"There are: {', '.join(known) or 'none'}. swap(tools=[...]) adds one.",
            )
    return [_in_place_of(tool, by_name.get(name, tool)) for name, tool in known.items()]


def _in_place_of(tool: Any, new: Any) -> Any:
    is_tool = isinstance(new, BaseTool | BaseToolset)
    return with_function(tool, new) if isinstance(tool, FunctionTool) and not is_tool else new


def tool_names(agent: BaseAgent) -> list[str]:
    """Returns the names of an agent's tools and toolsets."""
    return [tool_name(tool) for tool in tools_of(agent)]


def described(tools: Iterable[Any], off: Iterable[str]) -> list[dict[str, Any]]:
    """Returns the tools as messages state them: name, whether switched on, description."""
    off = set(off)
    return [
        {"name": name, "on": name not in off, "description": _description(tool)}
        for name, tool in named(tools).items()
    ]


def _description(tool: Any) -> str:
    text = getattr(tool, "description", None)
    if not isinstance(text, str):
        text = None if isinstance(tool, BaseToolset) else getattr(tool, "__doc__", None)
    return (text or "").strip()[:_DESCRIPTION]


def changed(
    agent: BaseAgent,
    *,
    tools: Sequence[ToolUnion] | None = None,
    instruction: str | None = None,
    model: str | BaseLlm | None = None,
) -> BaseAgent:
    """Returns a copy of an agent with changes; the agent itself if there are none.

    Raises:
        SwapError: It is no agent, or no LLM agent, or something is not a tool.
    """
    if not isinstance(agent, BaseAgent):
        raise SwapError(
            f"{agent!r:.80} is no agent.",
            remedy='Give the agent itself: swap(agent), or swap(model="...") for another model.',
        )
    if instruction is not None and not (isinstance(instruction, str) or callable(instruction)):
        raise SwapError(
            f"instruction={instruction!r:.80} is no text.",
            remedy="Give a text, or a function that makes one, as ADK takes it.",
        )
    if model is not None and not isinstance(model, str | BaseLlm):
        raise SwapError(
            f"model={model!r:.80} is no model.",
            remedy="Give a model's name, such as those of adk_nb.models(), or a model of ADK's.",
        )
    update = {
        name: value
        for name, value in (("tools", tools), ("instruction", instruction), ("model", model))
        if value is not None
    }
    if not update:
        return agent
    if not isinstance(agent, LlmAgent):
        raise SwapError(
            f"The {type(agent).__name__} {agent.name!r} has no {' or '.join(update)} of its own.",
            remedy="Change its sub-agents, and swap(agent=...) the whole.",
        )
    if tools is not None:
        update["tools"] = [_checked(tool) for tool in tools]
    return agent.clone(update=update)


def _checked(tool: Any) -> Any:
    if callable(tool) or isinstance(tool, BaseTool | BaseToolset):
        return tool
    raise SwapError(
        f"{tool!r:.80} is no tool.",
        remedy="Give functions, ADK tools or toolsets: swap(tools=[roll_dice]).",
    )


async def check(agent: BaseAgent) -> None:
    """Checks that every tool can be declared to the model, before anything is changed.

    Raises:
        SwapError: A tool's signature cannot be declared, or a toolset does not answer.
    """
    for one in family(agent):
        if not isinstance(one, LlmAgent):
            continue
        name = ""
        try:
            for toolset in tools_of(one):
                if isinstance(toolset, BaseToolset):
                    # ADK would only warn if a toolset does not load.
                    await toolset.get_tools_with_prefix()
            for tool in await one.canonical_tools():
                name = tool.name
                tool._get_declaration()  # noqa: SLF001 - ADK's own way for a tool to describe itself
        except Exception as error:
            what = f"The tool {name!r}" if name else f"A tool of {one.name!r}"
            raise SwapError(
                f"{what} cannot be given to the model. {type(error).__name__}: {error}",
                remedy="Annotate its parameters with types that JSON has, or start its server.",
            ) from error


def family(agent: BaseAgent) -> Iterator[BaseAgent]:
    """Yields an agent and all agents below it."""
    yield agent
    for child in getattr(agent, "sub_agents", ()):
        yield from family(child)


def cascades(agent: BaseAgent) -> list[CascadeLive]:
    """Returns the cascades among the models of an agent and of all agents below it."""
    models = (getattr(one, "model", None) for one in family(agent))
    return [model for model in models if isinstance(model, CascadeLive)]


def toolsets(agent: BaseAgent) -> list[BaseToolset]:
    """Returns the toolsets of an agent and of all agents below it."""
    return [
        tool for one in family(agent) for tool in tools_of(one) if isinstance(tool, BaseToolset)
    ]


def changes(before: BaseAgent, after: BaseAgent, *, history: str, at_turn: int | None) -> list[str]:
    """Returns what a swap changes, in sentences."""
    said = []
    if after.name != before.name:
        said.append(f"{after.name} answers in place of {before.name}.")
    if model_name(after) != model_name(before):
        said.append(
            f"Its model is {model_name(after) or 'none'}, not {model_name(before) or 'none'}."
        )
    said += _tool_changes(before, after)
    if getattr(after, "instruction", "") != getattr(before, "instruction", ""):
        said.append("Its instruction is another.")
    said.append(_history_change(history, at_turn))
    return [sentence for sentence in said if sentence] or ["The same agent, connected anew."]


def _tool_changes(before: BaseAgent, after: BaseAgent) -> list[str]:
    old, new = named(tools_of(before)), named(tools_of(after))
    added = [name for name in new if name not in old]
    removed = [name for name in old if name not in new]
    redefined = [name for name in new if name in old and new[name] is not old[name]]
    return [
        f"{verb}: {', '.join(names)}."
        for verb, names in (("Added", added), ("Removed", removed), ("Redefined", redefined))
        if names
    ]


def _history_change(history: str, at_turn: int | None) -> str:
    match history:
        case "keep":
            return ""
        case "fresh":
            return "A new conversation begins."
        case "fork":
            where = "here" if at_turn is None else f"the end of turn {at_turn}"
            return f"A copy of the conversation goes on from {where}."
    return f"The conversation {history} goes on."
