"""Cells that redefine what an agent was made of."""

from __future__ import annotations

import importlib
import sys

import pytest
from google.adk.agents import Agent, SequentialAgent
from google.adk.tools import AgentTool, FunctionTool, LongRunningFunctionTool

from adk_nb.live.definitions import Definitions

TIME = 'def get_time(city: str) -> str:\n    "Tells the time."\n    return "12:00"\n'
LATER = TIME.replace("12:00", "13:00")


class Notebook:
    """Cells, run one after the other, and what is known of the agent `agent`."""

    def __init__(self):
        self.names = {"__name__": "__main__", "Agent": Agent, "FunctionTool": FunctionTool}
        self.definitions = Definitions(lambda: self.names)
        self.agent = None

    def run(self, code):
        exec(code, self.names)

    def talk(self, name="agent"):
        self.agent = self.names[name]
        self.definitions.learn(self.agent, anew=True)

    def after(self, code=""):
        """Runs a cell; returns the names that it redefined."""
        self.run(code)
        return self.definitions.renewed(self.agent).names

    def reload(self):
        self.agent = self.definitions.renewed(self.agent).agent
        self.definitions.adopt(self.agent)
        return self.agent


@pytest.fixture
def notebook():
    made = Notebook()
    yield made
    made.definitions.close()


AGENT = 'agent = Agent(name="clock", instruction="Tell the time.", tools=[get_time])\n'


def told(tool):
    return getattr(tool, "func", tool)("x")


def test_a_tool_whose_cell_was_edited_and_run_again(notebook):
    notebook.run(TIME + AGENT)
    notebook.talk()
    assert notebook.after() == []
    assert notebook.after(TIME) == []
    assert notebook.after(LATER) == ["get_time"]
    before = notebook.agent
    after = notebook.reload()
    assert told(after.tools[0]) == "13:00"
    assert told(before.tools[0]) == "12:00"
    assert after.instruction == before.instruction
    assert notebook.after() == []
    assert notebook.after(LATER) == []
    assert notebook.after(TIME) == ["get_time"]
    assert told(notebook.reload().tools[0]) == "12:00"


@pytest.mark.parametrize(
    "code",
    [
        "other = get_time\nother = 3",
        "def another(): pass",
        "del get_time",
        "get_time = 'a text'",
        "get_time = 3",
        "class get_time: pass",
        "agent = Agent(name='other', instruction='Sing.')",
        "agent = 3",
        "instruction = 'Sing.'",
        AGENT,
    ],
)
def test_what_is_no_redefinition(notebook, code):
    notebook.run(TIME + AGENT)
    notebook.talk()
    assert notebook.after(code) == []
    assert notebook.definitions.renewed(notebook.agent).agent is notebook.agent


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        ("FunctionTool(get_time, require_confirmation=True)", FunctionTool),
        ("LongRunningFunctionTool(get_time)", LongRunningFunctionTool),
    ],
)
def test_the_function_of_a_tool_object(notebook, made, kind):
    notebook.names["LongRunningFunctionTool"] = LongRunningFunctionTool
    notebook.run(TIME + f"timer = {made}\ntimer.custom_metadata = {{'a': 1}}\n")
    notebook.run('agent = Agent(name="clock", tools=[timer])')
    notebook.talk()
    assert notebook.after(LATER) == ["get_time"]
    (old,), (new,) = notebook.agent.tools, notebook.reload().tools
    assert (type(new), new.name, new.custom_metadata) == (kind, "get_time", {"a": 1})
    assert new.is_long_running == old.is_long_running
    assert new._require_confirmation == old._require_confirmation
    assert (told(new), told(old)) == ("13:00", "12:00")
    assert notebook.after() == []


def test_a_tool_object_of_that_name(notebook):
    notebook.run(TIME + "timer = FunctionTool(get_time)\nagent = Agent(name='c', tools=[timer])")
    notebook.talk()
    assert notebook.after("timer = FunctionTool(get_time)") == []
    confirms = "timer = FunctionTool(get_time, require_confirmation=1 == {})"
    assert notebook.after(confirms.format(1)) == ["timer"]
    assert notebook.after(confirms.format(0)) == []
    assert notebook.after("def sing(): pass\ntimer = FunctionTool(sing)") == []
    assert notebook.after(LATER + "timer = FunctionTool(get_time)") == ["timer"]
    assert told(notebook.reload().tools[0]) == "13:00"
    assert notebook.after() == []


def test_the_method_of_an_object(notebook):
    kit = "class Kit:\n    city = 'Oslo'\n    def tell(self): return self.city\nkit = Kit()\n"
    notebook.run(kit + "agent = Agent(name='c', tools=[kit.tell])")
    notebook.talk()
    assert notebook.after(kit) == []
    assert notebook.after(kit.replace("Oslo", "Rome")) == ["kit.tell"]
    assert notebook.reload().tools[0]() == "Rome"
    assert notebook.after() == []


def test_an_instruction_in_a_variable(notebook):
    notebook.run("RULES = 'Answer in French.'\nagent = Agent(name='c', instruction=RULES)")
    notebook.talk()
    assert notebook.after("RULES = 'Answer in French.'") == []
    assert notebook.after("RULES = 'Answer in German.'") == ["RULES"]
    assert notebook.reload().instruction == "Answer in German."
    assert notebook.after("RULES = 3") == []


def test_a_variable_that_another_agent_takes_its_instruction_from(notebook):
    notebook.run("text = 'Be a dog.'\nagent = Agent(name='dog', instruction=text)")
    notebook.talk()
    assert notebook.after("text = 'Be a cat.'\ncat = Agent(name='cat', instruction=text)") == []


def test_a_function_that_makes_the_instruction_and_one_that_is_called_back(notebook):
    code = "def rules(context): return 'a'\ndef look(callback_context): pass\n"
    made = "agent = Agent(name='c', instruction=rules, before_agent_callback=look)"
    notebook.run(code + made)
    notebook.talk()
    assert notebook.after(code) == []
    changed = code.replace("'a'", "'b'").replace("pass", "print()")
    assert sorted(notebook.after(changed)) == ["look", "rules"]
    agent = notebook.reload()
    assert agent.instruction is notebook.names["rules"]
    assert agent.before_agent_callback is notebook.names["look"]


def test_the_agent_itself_with_what_a_swap_changed_of_it(notebook):
    notebook.run(TIME + AGENT)
    notebook.talk()
    extra = FunctionTool(lambda: "x")
    notebook.agent = notebook.agent.clone(update={"tools": [*notebook.agent.tools, extra]})
    notebook.definitions.learn(notebook.agent)
    assert notebook.after(AGENT) == []
    assert notebook.after(AGENT.replace("Tell the", "Say the")) == ["agent"]
    agent = notebook.reload()
    assert agent.instruction == "Say the time."
    assert agent.tools[-1] is extra
    assert notebook.after() == []
    # Its tool is new, and so is the agent: the swap's tool stays.
    assert notebook.after(LATER + AGENT.replace("Tell the", "Say the")) == ["get_time"]
    assert notebook.reload().tools[-1] is extra
    assert notebook.after("agent.instruction = 'Shout the time.'") == ["agent"]
    assert notebook.reload().instruction == "Shout the time."
    assert notebook.after() == []


def test_what_a_swap_has_left_out_is_not_missed(notebook):
    notebook.run(TIME + AGENT + "def other(): pass")
    notebook.talk()
    notebook.agent = notebook.agent.clone(update={"tools": [notebook.names["other"]]})
    notebook.definitions.learn(notebook.agent)
    assert notebook.after(LATER) == []


def test_another_model(notebook):
    made = "agent = Agent(name='c', model='{}')"
    notebook.run(made.format("gemini-a"))
    notebook.talk()
    assert notebook.after(made.format("gemini-b")) == ["agent"]
    assert notebook.reload().model == "gemini-b"


BELOW = 'helper = Agent(name="helper", instruction="Help.", tools=[get_time])\n'
ABOVE = 'agent = Agent(name="boss", sub_agents=[helper])\n'


def test_an_agent_below(notebook):
    notebook.run(TIME + BELOW + ABOVE)
    notebook.talk()
    assert notebook.after(TIME + BELOW) == []
    assert notebook.after(BELOW.replace("Help.", "Help well.")) == ["helper"]
    agent = notebook.reload()
    assert agent.sub_agents[0].instruction == "Help well."
    assert agent.sub_agents[0].parent_agent is agent
    assert notebook.names["helper"].parent_agent is None  # The user's own stays as it is.
    assert notebook.after() == []
    assert notebook.after(LATER) == ["get_time"]
    assert told(notebook.reload().sub_agents[0].tools[0]) == "13:00"
    assert notebook.after() == []


def test_agents_that_have_no_name_of_their_own(notebook):
    made = 'agent = Agent(name="boss", sub_agents=[Agent(name="a", instruction="One.")])'
    notebook.run(made)
    notebook.talk()
    assert notebook.after(made) == []
    assert notebook.after(made.replace("One.", "Two.")) == ["a"]
    assert notebook.reload().sub_agents[0].instruction == "Two."
    assert notebook.after() == []
    more = made.replace("sub_agents=[", 'sub_agents=[Agent(name="b"), ').replace("One.", "Two.")
    assert notebook.after(more) == ["agent"]
    assert [one.name for one in notebook.reload().sub_agents] == ["b", "a"]
    assert notebook.after() == []


def test_a_workflow_and_an_agent_that_is_a_tool(notebook):
    notebook.names |= {"SequentialAgent": SequentialAgent, "AgentTool": AgentTool}
    notebook.run(
        TIME + BELOW + "asks = Agent(name='asks', tools=[AgentTool(helper)])\n"
        "agent = SequentialAgent(name='all', sub_agents=[asks])"
    )
    notebook.talk()
    assert notebook.after(TIME + BELOW) == []
    assert notebook.after(LATER) == ["get_time"]
    (tool,) = notebook.reload().sub_agents[0].tools
    assert told(tool.agent.tools[0]) == "13:00"
    assert notebook.after(BELOW.replace("Help.", "Help well.")) == ["helper"]
    (tool,) = notebook.reload().sub_agents[0].tools
    assert tool.agent.instruction == "Help well."
    assert notebook.after() == []


def test_a_tool_that_was_redefined_before_it_was_spoken_to(notebook):
    notebook.run(TIME + AGENT + LATER)
    notebook.talk()
    assert notebook.after() == ["get_time"]
    assert told(notebook.reload().tools[0]) == "13:00"


def test_an_old_tool_that_is_given_on_purpose(notebook):
    notebook.run(TIME + AGENT + "old = get_time")
    notebook.talk()
    assert notebook.after(LATER) == ["get_time"]
    old = notebook.names["old"]
    notebook.definitions.forget([old])
    notebook.definitions.learn(notebook.agent)
    assert notebook.after() == []


def test_two_versions_that_are_spoken_to_side_by_side(notebook):
    notebook.run(TIME + AGENT)
    notebook.talk()
    notebook.run(AGENT.replace("Tell the", "Say the"))
    other = Definitions(lambda: notebook.names)
    other.learn(notebook.names["agent"])
    assert notebook.after() == []
    other.close()
    assert notebook.after() == ["agent"]


def test_tools_of_no_name_are_let_be(notebook):
    notebook.run(
        "def make(n):\n    def roll(): return n\n    return roll\n"
        "def roll(): return 0\n"
        "agent = Agent(name='c', tools=[make(1), lambda: 2])"
    )
    notebook.talk()
    assert notebook.after("def roll(): return 3") == []


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module that the notebook imports, and imports it again as autoreload does."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(code):
        (tmp_path / "clocks.py").write_text(code)
        importlib.invalidate_caches()

    yield write
    sys.modules.pop("clocks", None)


def in_place(function, code):
    """What autoreload does to a function whose file has changed."""
    space = {}
    exec(code, space)
    new = space[function.__name__]
    for name in ("__code__", "__defaults__", "__doc__"):
        setattr(function, name, getattr(new, name))


def test_a_module_that_autoreload_changes_in_place(notebook, module):
    module(TIME)
    notebook.run("import clocks\nagent = Agent(name='c', tools=[clocks.get_time])")
    notebook.talk()
    function = notebook.names["clocks"].get_time
    in_place(function, LATER)
    # It answers with the new one already, and a model needs not be told of it.
    assert told(notebook.agent.tools[0]) == "13:00"
    assert notebook.after() == []
    in_place(function, LATER.replace("Tells", "Says"))
    assert notebook.after() == ["clocks.get_time"]
    tool = notebook.reload().tools[0]
    declaration = FunctionTool(tool)._get_declaration()
    assert declaration.description == "Says the time."
    assert notebook.after() == []
    in_place(function, TIME.replace("12:00", "14:00").replace("Tells", "Says"))
    assert notebook.after() == ["clocks.get_time"]
    assert told(notebook.reload().tools[0]) == "14:00"
    assert notebook.after() == []


@pytest.mark.parametrize("way", ["import clocks", "from clocks import get_time\nimport clocks"])
def test_a_module_that_is_loaded_again(notebook, module, way):
    module(TIME)
    notebook.run(f"{way}\nagent = Agent(name='c', tools=[clocks.get_time])")
    notebook.talk()
    importlib.reload(notebook.names["clocks"])
    assert notebook.after() == []
    module(LATER + "# longer\n")
    importlib.reload(notebook.names["clocks"])
    assert notebook.after() == ["clocks.get_time"]
    assert told(notebook.reload().tools[0]) == "13:00"
    assert notebook.after() == []
