"""How the calls of one event are parted, and how tools are declared."""

from __future__ import annotations

import pytest
from adk_events import call, content
from google.adk.agents import Agent
from google.adk.models.llm_request import LlmRequest
from google.adk.tools import FunctionTool, ToolContext
from google.genai import types

from adk_nb.adk import background_tools as tools
from adk_nb.adk.session_context import SESSION


def blocking() -> str:
    """Blocks."""
    return "done"


async def streaming():
    """Streams."""
    yield "a"


def with_context(tool_context: ToolContext) -> str:
    """Takes the context."""
    return "done"


TOOLS = {
    "blocking": FunctionTool(blocking),
    "streaming": FunctionTool(streaming),
    "with_context": FunctionTool(with_context),
}


def calls(*names):
    return content(*(call(name, name).content.parts[0] for name in names))


def names(event):
    return [one.name for one in event.get_function_calls()]


def test_streaming_tools_are_parted_from_the_others():
    streams, others = tools._parted(calls("streaming", "blocking", "unknown"), TOOLS)
    assert names(streams) == ["streaming"]
    assert names(others) == ["blocking", "unknown"]
    assert [names(one) for one in tools._parted(content(), TOOLS)] == [[], []]


def test_what_nobody_waits_for_runs_alone_and_the_rest_together(monkeypatch):
    monkeypatch.setattr(tools, "is_non_blocking", lambda tool: tool == "free")
    known = {"a": "free", "b": "blocks", "c": "free", "d": "blocks"}
    batches = tools._batches(calls("a", "b", "c", "d"), known)
    assert [names(one) for one in batches] == [["a"], ["c"], ["b", "d"]]
    assert tools._batches(content(types.Part(text="no call")), known) == []


class Context:
    def __init__(self, agent):
        self.agent = agent


ALONE = Agent(name="alone")
PARENT = Agent(name="parent", sub_agents=[Agent(name="child")])


@pytest.mark.parametrize("agent", [PARENT, PARENT.sub_agents[0]])
def test_beside_other_agents_a_tool_with_the_context_may_change_the_run(agent):
    found = [
        tools._changes_run(types.FunctionCall(name=name), Context(agent), TOOLS)
        for name in ("with_context", "blocking", "unknown", "transfer_to_agent")
    ]
    assert found == [True, False, False, True]


def test_alone_only_adks_own_calls_change_the_run():
    found = [
        tools._changes_run(types.FunctionCall(name=name), Context(ALONE), TOOLS)
        for name in ("with_context", "task_completed", "stop_streaming")
    ]
    assert found == [False, True, True]


def test_a_tool_without_a_signature_takes_no_context():
    assert not tools._takes_context(None)
    tool = FunctionTool(blocking)
    tool.func = 3
    assert not tools._takes_context(tool)


@pytest.mark.parametrize(
    ("blocks", "declared"),
    [
        (True, types.Behavior.BLOCKING),
        (False, types.Behavior.NON_BLOCKING),
        (None, None),
    ],
)
def test_tools_that_do_not_say_are_declared_as_the_session_wants(blocks, declared):
    says = types.FunctionDeclaration(name="says", behavior=types.Behavior.NON_BLOCKING)
    silent = types.FunctionDeclaration(name="silent")
    search = types.Tool(google_search=types.GoogleSearch())
    request = LlmRequest()
    request.config.tools = [types.Tool(function_declarations=[says, silent]), search]
    assert tools._declare(request, blocks) == {"says": False, "silent": blocks}
    assert silent.behavior is declared
    assert says.behavior is types.Behavior.NON_BLOCKING


def test_in_a_session_adk_runs_no_tool_alone(monkeypatch):
    monkeypatch.setattr(tools, "is_non_blocking", lambda tool: True)
    assert tools._never_alone(None)
    token = SESSION.set(object())
    try:
        assert not tools._never_alone(None)
    finally:
        SESSION.reset(token)
