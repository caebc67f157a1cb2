"""Agents of agents, and what else an agent may have, in a live session."""

from __future__ import annotations

import pytest
from google.adk.agents import Agent, LoopAgent, ParallelAgent, SequentialAgent
from google.adk.code_executors import UnsafeLocalCodeExecutor
from google.adk.planners import PlanReActPlanner
from google.adk.sessions import InMemorySessionService
from google.adk.tools import ToolContext
from scripted import DONE, Scripted, text_of
from scripts import Eager, calls, declared, finished, parts, response
from sessions import kinds, wait_for

from adk_nb import LiveSession
from adk_nb.exceptions import TurnTimeoutError
from adk_nb.wire import protocol

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated in favor of Workflow")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr("google.adk.live._live_llm_flow.DEFAULT_TASK_COMPLETION_DELAY", 0.01)


# --- workflow agents -----------------------------------------------------------------------------


def worker(name, model=Eager) -> Agent:
    done = calls(task_completed={})

    def answer(came):
        return done(came) if text_of(came) == "task_completed" else finished(came, f"{name} heard")

    return Agent(name=name, model=model(answer))


def sequence(model=Eager) -> SequentialAgent:
    return SequentialAgent(name="both", sub_agents=[worker("one", model), worker("two", model)])


def test_a_sequence_goes_on_when_an_agent_says_that_it_is_done():
    agent = sequence()
    one, two = agent.sub_agents
    with LiveSession(agent) as session:
        assert session.say("hi").agent_text == "one heard hi."
        assert set(declared(one)) == {"task_completed"}
        handed = session.say("task_completed")
        assert handed.tool_calls[0].author == "one"
        assert (handed.agent, handed.error) == ("two", None)
        assert handed.agent_text.startswith("two heard ")
        assert session.say("more").agent_text == "two heard more."
        assert ("user", "hi") in parts(two.model.histories[0])
    frame = session.events_df()
    assert {"one", "two"} <= set(frame.agent.dropna())


def test_a_sequence_that_is_over_begins_anew():
    with LiveSession(sequence()) as session:
        session.say("hi")
        session.say("task_completed")
        assert session.say("task_completed").tool_calls[0].author == "two"
        again = session.say("again")
        assert (again.agent, again.error) == ("one", None)


def test_the_end_of_a_sequence_is_no_error():
    with LiveSession(sequence()) as session:
        session.say("hi")
        session.say("task_completed")
        assert session.say("task_completed").error is None


def test_a_model_that_leaves_a_tools_result_uncommented_can_be_spoken_to():
    with LiveSession(sequence(Scripted)) as session:
        with pytest.raises(TurnTimeoutError):
            session.say("task_completed", timeout=0.5)
        assert session.say("hi").agent_text == "two heard hi."


@pytest.mark.parametrize("kind", [LoopAgent, ParallelAgent])
def test_what_adk_cannot_run_live_is_said(kind):
    with LiveSession(kind(name="many", sub_agents=[worker("one")])) as session:
        wait_for(lambda: "error" in kinds(session))
        for _ in range(2):
            turn = session.say("hi")
            assert f"not supported yet for {kind.__name__}" in turn.error
            assert turn.agent_text == ""


def test_what_is_said_just_as_a_run_fails_is_not_lost():
    agent = Agent(name="tester", model=Scripted(finished, refusals=[OSError("no line")]))
    session = LiveSession(agent)

    def answer(message):
        if isinstance(message, protocol.Failure) and not session.turns:
            session.pages.receive(None, protocol.Text("hi"))

    session.pages.watch(answer)
    with session:
        wait_for(lambda: session.turns and session.turns[0].ended)
        assert session.turns[0].agent_text == "You said hi."


# --- options of an agent -------------------------------------------------------------------------


def test_an_output_key_keeps_text_but_no_transcript():
    def peek(tool_context: ToolContext) -> str:
        """Looks at the state."""
        return str(tool_context.state.get("said"))

    asked = calls(peek={})

    def answer(came):
        if text_of(came) == "write":
            return [response("In writing."), DONE]
        return asked(came)

    agent = Agent(name="tester", model=Scripted(answer), tools=[peek], output_key="said")
    with LiveSession(agent) as session:
        session.say("hi")
        assert session.say("peek").tool_calls[0].result == "None"
        session.say("write")
        assert session.say("peek").tool_calls[0].result == "In writing."


@pytest.mark.parametrize(("include", "known"), [("default", True), ("none", False)])
def test_an_agent_may_do_without_contents(include, known):
    sessions = InMemorySessionService()
    model = Scripted(finished)
    agent = Agent(name="tester", model=model, include_contents=include)
    with LiveSession(agent, sessions=sessions, session_id="one") as session:
        session.say("first")
        session.say("second")
    with LiveSession(agent, sessions=sessions, session_id="one") as session:
        session.say("third")
    (history,) = model.histories
    assert (("user", "first") in parts(history)) == known
    assert ("user", "second") in parts(history)


def test_a_planners_thoughts_are_not_said():
    def answer(came):
        plan = "/*PLANNING*/Think hard./*FINAL_ANSWER*/It is seven."
        return [response(plan), DONE] if text_of(came) else []

    agent = Agent(name="tester", model=Scripted(answer), planner=PlanReActPlanner())
    with LiveSession(agent) as session:
        turn = session.say("hi")
    assert "/*PLANNING*/" in str(agent.model.connects[0].config.system_instruction)
    assert turn.agent_text == "It is seven."


def test_code_is_run_and_its_result_is_in_the_history():
    def answer(came):
        if text_of(came) == "compute":
            return [response("Let me see:\n```python\nprint(6 * 7)\n```"), DONE]
        return finished(came)

    sessions = InMemorySessionService()
    agent = Agent(name="tester", model=Scripted(answer), code_executor=UnsafeLocalCodeExecutor())
    with LiveSession(agent, sessions=sessions, session_id="one") as session:
        turn = session.say("compute")
        assert (turn.agent_text, turn.error) == ("Let me see:", None)
    with LiveSession(agent, sessions=sessions, session_id="one") as session:
        session.say("hi")
    said = " ".join(words for _, words in parts(agent.model.histories[0]))
    assert "print(6 * 7)" in said
    assert "42" in said
