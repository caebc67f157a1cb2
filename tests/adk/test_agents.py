import os
import re
import subprocess
import sys

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


@pytest.mark.parametrize("model", [5, ["gemini"], object])
def test_what_is_no_model_is_refused(model):
    with pytest.raises(SwapError, match="is no model"):
        agents.changed(one(), model=model)


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


# Variants.


def roll():
    """Rolls."""
    return 1


def test_a_variant_is_the_same_for_the_same_agent_and_another_for_any_change():
    def made(name="a", instruction="x", tools=(roll,), model="m", **more):
        return Agent(name=name, instruction=instruction, tools=list(tools), model=model, **more)

    def roll_again():
        """Rolls."""
        return 2

    roll_again.__name__ = "roll"
    first = agents.variant_of(made())
    assert first == agents.variant_of(made())
    assert re.fullmatch("v[0-9a-f]{8}", first)
    others = [
        made(name="b"),
        made(instruction="y"),
        made(instruction=lambda _context: "x"),
        made(tools=[]),
        made(tools=[roll_again]),
        made(model="n"),
        made(sub_agents=[made(name="child")]),
    ]
    assert len({first, *map(agents.variant_of, others)}) == 1 + len(others)


@pytest.mark.long
def test_a_variant_is_known_in_another_process():
    code = (
        "from google.adk.agents import Agent; from adk_nb.adk.agents import variant_of;"
        "print(variant_of(Agent(name='a', instruction='x', tools=[len, print], model='m')))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1]


def test_tools_are_replaced_by_those_of_the_same_names():
    def roll():
        """Rolls again."""

    other = FunctionTool(roll)
    assert agents.replaced([add, globals()["roll"], subtract], [other]) == [add, other, subtract]
    with pytest.raises(SwapError, match=r"no tool 'subtract' to replace\. There are: add"):
        agents.replaced([add], [subtract])
    with pytest.raises(SwapError, match="3 is no tool"):
        agents.replaced([add], [3])
