"""An agent's callbacks, in a live session."""

from __future__ import annotations

import asyncio
import threading

import pytest
from google.adk.agents import Agent
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.tool_context import ToolContext
from google.genai import types
from scripted import DONE, Scripted, audio, echo, heard, said, text_of
from scripts import calls, finished, response, text
from sessions import kinds, wait_for

from adk_nb import LiveSession
from adk_nb.audio import Clip
from adk_nb.live.model_connection import LiveRun


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


def agent(answer=None, **callbacks) -> Agent:
    model = Scripted(answer or calls(add={"a": 2, "b": 3}))
    return Agent(name="tester", model=model, tools=[add], **callbacks)


def rows(session, kind):
    return [row for row in session.log if row.kind == kind]


# --- around the agent ----------------------------------------------------------------------------


def test_an_agent_begins_and_ends_with_the_connection():
    told = []
    callbacks = {
        "before_agent_callback": lambda callback_context: told.append("before"),
        "after_agent_callback": lambda callback_context: told.append("after"),
    }
    with LiveSession(agent(**callbacks)) as session:
        assert session.say("hi").agent_text == "You said hi."
        session.say("more")
        assert told == ["before"]
    wait_for(lambda: told == ["before", "after"])


def test_before_agent_may_answer_in_the_agents_place():
    with LiveSession(agent(before_agent_callback=lambda callback_context: text("Closed."))) as one:
        assert one.say("hi").agent_text == "Closed."
        assert one.say("hello").agent_text == "Closed."
        assert one.agent.model.connects == []


def test_what_is_typed_while_the_answer_of_before_agent_ends_the_run_is_answered_too():
    released = threading.Event()

    class Lasting(BasePlugin):
        async def after_run_callback(self, *, invocation_context):
            await asyncio.to_thread(released.wait, 60)

    closed = agent(before_agent_callback=lambda callback_context: text("Closed."))
    with LiveSession(closed, plugins=[Lasting(name="lasting")]) as one:
        wait_for(lambda: rows(one, "agent_text"))  # Before anybody has said anything.
        saying = one.bridge.submit(one.requests.say("hi", 60))
        wait_for(lambda: one.turns and one.turns[-1].user_text)
        released.set()
        turn = saying.result(60)
        assert (turn.agent_text, turn.error) == ("Closed.", None)


def test_what_is_typed_in_the_moment_in_which_a_run_ends_is_answered_too(monkeypatch):
    closed = agent(before_agent_callback=lambda callback_context: text("Closed."))
    one, run_once, typed = LiveSession(closed), LiveRun._run_once, []

    async def ended(run, queue):
        outcome = await run_once(run, queue)
        if not typed:
            typed.append("hi")
            # It runs when this has ended, before who waits for that goes on.
            loop = asyncio.get_running_loop()
            loop.call_soon(lambda: one._exchange.text_input.typed("hi", cut_in=False))
        return outcome

    monkeypatch.setattr(LiveRun, "_run_once", ended)
    with one:
        wait_for(lambda: any(turn.user_text and turn.ended for turn in one.turns))
        turn = one.turns[-1]
        assert (turn.user_text, turn.agent_text, turn.error) == ("hi", "Closed.", None)


def test_an_answer_of_before_agent_is_no_error():
    with LiveSession(agent(before_agent_callback=lambda callback_context: text("Closed."))) as one:
        assert one.say("hi").error is None
    assert "error" not in kinds(one)


def test_before_agent_that_raises_is_the_turns_error():
    def broken(callback_context):
        if len(failures) < 2:
            failures.append(1)
            raise RuntimeError("no permit")

    failures = []
    with LiveSession(agent(before_agent_callback=broken)) as session:
        wait_for(lambda: rows(session, "error"))
        assert "no permit" in session.say("hi").error
        assert session.say("hi").agent_text == "You said hi."
    assert all("no permit" in row.error for row in rows(session, "error"))


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize(
    "which", ["before_agent_callback", "before_model_callback", "before_tool_callback"]
)
def test_a_callback_that_exits_is_the_turns_error(which, kind):
    def leaves(*_args, **_options):
        if not failures:
            failures.append(1)
            raise kind("enough")

    failures = []
    with LiveSession(agent(**{which: leaves})) as session:
        session.say("add", timeout=20)
        wait_for(lambda: rows(session, "error"))
        assert "enough" in rows(session, "error")[0].error
        assert session.say("hi", timeout=20).agent_text == "You said hi."


# --- around a tool -------------------------------------------------------------------------------


def test_before_tool_changes_the_arguments():
    def ten(tool, args, tool_context):
        args["a"] = 10

    with LiveSession(agent(before_tool_callback=ten)) as session:
        turn = session.say("add")
    (tool,) = turn.tool_calls
    assert (tool.args, tool.result) == ({"a": 2, "b": 3}, 13)  # What the model asked, what it got.


def test_before_tool_answers_in_its_place():
    def no(tool, args, tool_context):
        return {"result": f"{tool.name} is off"}

    with LiveSession(agent(before_tool_callback=no)) as session:
        turn = session.say("add")
    assert turn.tool_calls[0].result == "add is off"
    assert "add is off" in turn.agent_text
    assert rows(session, "tool_result")[0].result == "add is off"


def test_after_tool_changes_the_result():
    def in_cents(tool, args, tool_context, tool_response):
        return {"result": tool_response * 100}

    with LiveSession(agent(after_tool_callback=in_cents)) as session:
        turn = session.say("add")
    assert turn.tool_calls[0].result == 500
    assert "500" in turn.agent_text


def boom(a: int, b: int) -> int:
    """Fails."""
    raise ValueError("boom")


def nothing(a: int, b: int) -> None:
    """Does something."""


def test_an_agents_callback_answers_for_a_tool_that_raises():
    asked = []

    def stand_in(tool, args, tool_context, error):
        asked.append((tool.name, args, str(error)))
        return {"result": "none today"}

    tester = agent(calls(boom={"a": 2, "b": 3}), on_tool_error_callback=stand_in)
    tester.tools = [boom]
    with LiveSession(tester) as session:
        turn = session.say("boom")
    assert asked == [("boom", {"a": 2, "b": 3}, "boom")]
    assert (turn.tool_calls[0].result, turn.tool_calls[0].error) == ("none today", None)
    assert "none today" in turn.agent_text


@pytest.mark.parametrize("answer", ["declines", "raises"])
def test_an_agents_callback_that_has_no_answer_for_a_tools_error(answer):
    async def no_answer(tool, args, tool_context, error):
        if answer == "raises":
            raise RuntimeError("no stand-in")

    tester = agent(calls(boom={"a": 2, "b": 3}), on_tool_error_callback=no_answer)
    tester.tools = [boom]
    with LiveSession(tester) as session:
        turn = session.say("boom")
        assert session.say("hi").agent_text == "You said hi."
    expected = {"declines": "ValueError: boom", "raises": "RuntimeError: no stand-in"}[answer]
    assert turn.tool_calls[0].error == expected


def test_after_tool_is_asked_about_a_tool_that_returned_nothing():
    asked = []

    def count(tool, args, tool_context, tool_response):
        asked.append(tool_response)
        return {"result": f"{len(asked)} done"}

    tester = agent(calls(nothing={"a": 2, "b": 3}), after_tool_callback=count)
    tester.tools = [nothing]
    with LiveSession(tester) as session:
        turn = session.say("nothing")
    assert asked == [None]
    assert turn.tool_calls[0].result == "1 done"


def test_after_tool_is_asked_about_what_an_approved_tool_returned():
    asked = []

    def in_cents(tool, args, tool_context, tool_response):
        asked.append(tool_response)
        return {"result": tool_response["result"] * 100}

    def book(a: int, b: int, tool_context: ToolContext) -> dict:
        """Books."""
        if tool_context.tool_confirmation is None:
            tool_context.request_confirmation(hint="Sure?")
            return {"status": "asking"}
        return {"result": a + b}

    tester = agent(calls(book={"a": 2, "b": 3}), after_tool_callback=in_cents)
    tester.tools = [book]
    with LiveSession(tester) as session:
        saying = session.bridge.submit(session.requests.say("book", 60))
        wait_for(lambda: session.questions)
        session.confirm()
        turn = saying.result(60)
    assert asked == [{"result": 5}]
    assert turn.tool_calls[0].result == 500


@pytest.mark.parametrize("which", ["before_tool_callback", "after_tool_callback"])
def test_a_tools_callback_that_raises_ends_its_turn_only(which):
    def broken(tool, args, tool_context, tool_response=None):
        raise RuntimeError("no permit")

    with LiveSession(agent(**{which: broken})) as session:
        turn = session.say("add")
        assert "no permit" in turn.error
        assert turn.tool_calls[0].error
        assert session.say("hi").agent_text == "You said hi."
    assert "no permit" in rows(session, "error")[0].error


# --- around the model ----------------------------------------------------------------------------


def no_bombs(callback_context, llm_request):
    last = llm_request.contents[-1].parts[0].text if llm_request.contents else ""
    return response("I will not.") if "bomb" in (last or "") else None


def test_before_model_blocks_what_is_typed():
    with LiveSession(agent(before_model_callback=no_bombs)) as session:
        blocked = session.say("build a bomb")
        assert (blocked.agent_text, blocked.error) == ("I will not.", None)
        assert session.say("hi").agent_text == "You said hi."
    assert [text_of(came) for came in session.agent.model.came] == ["hi"]
    assert len(session.agent.model.connects) == 1
    assert [(row.turn, row.text) for row in rows(session, "agent_text")] == [(1, "I will not.")]


def test_before_model_blocks_what_is_spoken():
    def answer(came):
        if isinstance(came, types.Blob) and max(came.data):
            return [heard("Build a bomb.", finished=True), said("First, "), audio(50), DONE]
        return finished(came)

    with LiveSession(agent(answer, before_model_callback=no_bombs)) as session:
        blocked = session.speak(Clip(b"\x07\x00" * 320))
        assert (blocked.user_text, blocked.agent_text) == ("Build a bomb.", "I will not.")
        assert session.say("hi").agent_text == "You said hi."
    assert len(session.agent.model.connects) == 2  # ADK drops the answer with the connection.


def test_before_model_that_raises_is_the_turns_error():
    def broken(callback_context, llm_request):
        raise RuntimeError("no permit")

    with LiveSession(agent(before_model_callback=broken)) as session:
        assert "no permit" in session.say("hi").error


def test_after_model_blocks_what_the_agent_says():
    def answer(came):
        if text_of(came) == "tell":
            return [audio(50), said("The code is "), said("swordfish"), said(", sir."), DONE]
        return finished(came)

    def no_codes(callback_context, llm_response):
        spoken = llm_response.output_transcription
        return response("[censored]") if spoken and "swordfish" in spoken.text else None

    with LiveSession(agent(answer, after_model_callback=no_codes)) as session:
        blocked = session.say("tell")
        assert (blocked.agent_text, blocked.withheld) == ("[censored]", True)
        assert session.say("hi").agent_text == "You said hi."
    assert len(session.agent.model.connects) == 2  # ADK drops the rest with the connection.
    assert "swordfish" not in str(session.transcript_df())


ODD = [
    asyncio.CancelledError("x"),
    SystemExit(3),
    KeyboardInterrupt(),
    GeneratorExit(),
    StopIteration(),
]


@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        "before_agent_callback", "before_model_callback", "after_model_callback",
        "before_tool_callback", "after_tool_callback",
    ],
)  # fmt: skip
def test_whatever_a_callback_raises_is_an_error_that_names_it_and_the_next_turn_works(
    name, asynchronous, error
):
    raised = []

    def once(*_args, **_options):
        if not raised:
            raised.append(error)
            raise error

    async def once_async(*_args, **_options):
        once()

    adding = calls(add={"a": 2, "b": 3})

    def answer(came):
        # In words that are not final yet, which ADK asks the callbacks about.
        return adding(came) if text_of(came) in (None, "add") else echo(came)

    callback = once_async if asynchronous else once
    tester = agent(answer, **{name: callback})
    with LiveSession(tester) as session:
        turns = [session.say("add", timeout=20), session.say("again", timeout=20)]
        assert raised
        told = " ".join(row.error for row in session.log if row.error)
        assert type(error).__name__ in told
        assert session.say("once more", timeout=20).agent_text == "You said once more."
        assert all(turn.ended for turn in turns)


@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)
def test_whatever_a_plugin_raises_ends_the_turn_with_an_error(error):
    class Odd(BasePlugin):
        raised = False

        async def before_model_callback(self, *, callback_context, llm_request):
            if not self.raised:
                self.raised = True
                raise error

    with LiveSession(agent(calls()), plugins=[Odd("odd")]) as session:
        assert type(error).__name__ in session.say("hello", timeout=20).error
        assert session.say("again", timeout=20).agent_text == "You said again."
