import pytest
from google.adk.agents import Agent, SequentialAgent
from google.adk.tools import FunctionTool
from scripted import Scripted, echo

from adk_nb.adk import agents
from adk_nb.adk.agents import Swap
from adk_nb.exceptions import SwapError


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


def subtract(a: int, b: int) -> int:
    return a - b


def one(name="one", *tools, **options):
    return Agent(name=name, model=Scripted(echo), tools=list(tools), **options)


def test_names():
    agent = one("calc", add, FunctionTool(subtract))
    assert agents.tool_names(agent) == ["add", "subtract"]
    assert agents.model_name(agent) == "scripted"
    assert agents.model_name(Agent(name="a", model="gemini-x")) == "gemini-x"
    whole = SequentialAgent(name="both", sub_agents=[agent])
    assert (agents.model_name(whole), agents.tool_names(whole)) == ("", [])
    assert [a.name for a in agents.family(whole)] == ["both", "calc"]


def test_tools_as_the_wire_has_them():
    assert agents.described([add, subtract], {"subtract"}) == [
        {"name": "add", "on": True, "description": "Adds two numbers."},
        {"name": "subtract", "on": False, "description": ""},
    ]


def test_a_changed_agent_is_a_copy():
    agent = one("calc", add, instruction="Add.")
    assert agents.changed(agent) is agent
    other = agents.changed(agent, tools=[subtract], instruction="")
    assert (other.tools, other.instruction) == ([subtract], "")
    assert (agent.tools, agent.instruction) == ([add], "Add.")
    with pytest.raises(SwapError, match="'add' is no tool"):
        agents.changed(agent, tools=["add"])


def test_what_changed_is_said_in_sentences():
    before = one("calc", add)

    def added(a: int) -> int:
        return a

    added.__name__ = "add"
    after = Agent(name="new", model="gemini-x", tools=[added, subtract], instruction="Be brief.")
    assert agents.changes(before, after, history="fork", at_turn=2) == [
        "new answers in place of calc.",
        "Its model is gemini-x, not scripted.",
        "Added: subtract.",
        "Redefined: add.",
        "Its instruction is another.",
        "A copy of the conversation goes on from the end of turn 2.",
    ]
    said = agents.changes(before, before, history="keep", at_turn=None)
    assert said == ["The same agent, connected anew."]
    for history, words in {
        "fresh": "new conversation",
        "fork": "from here",
        "s1": "s1 goes on",
    }.items():
        assert words in agents.changes(before, before, history=history, at_turn=None)[0]
    assert repr(Swap("a", "m", [], "keep", "s", ["Added: x."], 3.2)) == "<Swap in 3 ms: Added: x.>"


async def test_a_tool_that_cannot_be_declared_is_named():
    class Odd:
        pass

    def odd(thing: Odd) -> str:
        """Takes what no model can send."""

    await agents.check(one("fine", add))
    with pytest.raises(SwapError, match="The tool 'odd' cannot be given to the model"):
        await agents.check(SequentialAgent(name="both", sub_agents=[one("a", odd)]))
