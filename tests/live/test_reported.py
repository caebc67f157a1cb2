"""What live models are reported to do, through the real SDK: one question is one row.

The stand-in plays the service. The models are of three generations: before Gemini 3 they complete
after a tool call and after the answer, 3.1 completes once, 3.8 does not wait for a tool that does
not say that it blocks.
"""

from __future__ import annotations

import asyncio
import threading
import time

import live_api as live
import numpy as np
import pandas as pd
import pytest
from google.adk.agents import Agent
from google.adk.tools import google_search
from live_api import NEW, NEWEST, OLD, THINKING
from scripted import Scripted, echo
from sessions import attach, do, kinds, wait_for

import adk_nb
from adk_nb import LiveSession
from adk_nb.live import bookings
from adk_nb.wire import protocol

BOTH = pytest.mark.parametrize("model", [OLD, NEW])
ALL = pytest.mark.parametrize("model", [OLD, NEW, NEWEST])


class Roll:
    """A tool that counts how often it runs, and returns when it is let."""

    def __init__(self, *, held=False):
        self.runs = []
        self.let = threading.Event()
        if not held:
            self.let.set()

        def roll(sides: int) -> int:
            """Rolls a die."""
            self.runs.append(sides)
            self.let.wait(30)
            return 4

        self.tool = roll


def agent(model, *tools):
    return Agent(name="tester", model=model, tools=list(tools))


def rows(session):
    return [
        (turn.user_text, turn.agent_text, str(turn.status), len(turn.tool_calls))
        for turn in session.turns
    ]


# --- tools that the model does not wait for


@pytest.mark.long
@pytest.mark.parametrize("model", [NEWEST, THINKING])
def test_a_model_that_speaks_on_while_a_tool_runs(serve, model):
    roll = Roll(held=True)

    async def scenario(call):
        await call.setup()
        await call.text_turn()
        await call.tool_call(("roll", {"sides": 6}))
        await call.say("One moment. ")
        await call.turn_complete(status="IN_PROGRESS" if model == THINKING else "")
        await call.tool_response()
        await call.say("You rolled four.")
        await call.turn_complete(status="IDLE" if model == THINKING else "")
        await call.hang()

    serve(scenario)
    with LiveSession(agent(model, roll.tool)) as session:
        first = session.say("roll", wait="first")
        assert first.agent_text in ("", "One", "One moment.")
        assert first.status is None
        wait_for(lambda: first.agent_text == "One moment.")
        roll.let.set()
        wait_for(lambda: first.ended)
        assert rows(session) == [("roll", "One moment. You rolled four.", "complete", 1)]
        assert first.tool_calls[0].result == 4
        (row,) = session.turns_df().itertuples()
        assert row.first_audio_ms == row.filler_ms < row.answer_ms
        said = session.transcript_df()
        assert said.text.tolist() == ["roll", "One moment.", "You rolled four."]
    assert roll.runs == [6]


@pytest.mark.long
def test_say_returns_with_the_answer_and_not_with_the_filler(serve):
    roll = Roll()

    async def scenario(call):
        await call.setup()
        await call.text_turn()
        await call.tool_call(("roll", {"sides": 6}))
        await call.say("One moment. ")
        await call.turn_complete()
        await call.tool_response()
        await call.sleep(0.2)
        await call.say("You rolled four.")
        await call.turn_complete()
        await call.hang()

    serve(scenario)
    with LiveSession(agent(NEWEST, roll.tool)) as session:
        assert session.say("roll").agent_text == "One moment. You rolled four."


def test_a_late_answer_is_booked_on_the_turn_that_asked(serve):
    roll = Roll(held=True)

    async def scenario(call):
        await call.setup()
        await call.text_turn()
        await call.tool_call(("roll", {"sides": 6}))
        await call.say("One moment. ")
        await call.turn_complete()
        await call.text_turn()
        await call.say("It is noon.")
        await call.turn_complete()
        await call.tool_response()
        await call.say("You rolled four.")
        await call.turn_complete()
        await call.hang()

    serve(scenario)
    with LiveSession(agent(NEWEST, roll.tool)) as session:
        first = session.say("roll", wait="first")
        wait_for(lambda: first.agent_text == "One moment.")
        wait_for(lambda: session.turns_df().agent_audio_ms.sum() >= 300)
        time.sleep(0.2)
        assert session.say("what time is it?").agent_text == "It is noon."
        roll.let.set()
        wait_for(lambda: "four" in first.agent_text)
        assert [row[:2] for row in rows(session)] == [
            ("roll", "One moment. You rolled four."), ("what time is it?", "It is noon."),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("block", "declared"), [(True, "BLOCKING"), (False, "NON_BLOCKING"), (None, None)]
)
def test_what_is_declared_of_tools_can_be_chosen(serve, block, declared):
    roll = Roll()
    api = serve(live.echo_text)
    with LiveSession(agent(NEWEST, roll.tool), tools_block=block) as session:
        session.say("hi")
    (function,) = api.connections[0].setup.tools[0].function_declarations
    assert (function.behavior and function.behavior.value) == declared


def test_a_tool_that_returns_nothing_is_told_as_done(serve):
    def forget(word: str) -> None:
        """Forgets."""

    async def scenario(call):
        await call.setup()
        await call.text_turn()
        await call.tool_call(("forget", {"word": "x"}))
        response = await call.tool_response()
        assert response.response == {"status": "It is done; there is no result."}
        await call.say("Done.")
        await call.turn_complete()
        await call.hang()

    api = serve(scenario)
    with LiveSession(agent(NEW, forget)) as session:
        turn = session.say("forget x")
        assert (turn.agent_text, turn.tool_calls[0].result, turn.tool_calls[0].error) == (
            "Done.", None, None,
        )  # fmt: skip
    assert api.errors == []


# --- turns that would not end


@BOTH
def test_a_model_that_says_nothing_after_a_tool(serve, model):
    roll = Roll()

    async def scenario(call):
        await call.setup()
        await call.text_turn()
        await call.tool_call(("roll", {"sides": 6}))
        await call.tool_response()
        await call.turn_complete()
        for n in (2, 3, 4):
            await call.text_turn()
            await call.say(f"a{n}")
            await call.done()
        await call.hang()

    serve(scenario)
    with LiveSession(agent(model, roll.tool)) as session:
        for n in (1, 2, 3, 4):
            session.say(f"u{n}", timeout=10)
        assert rows(session) == [
            ("u1", "", "complete", 1), ("u2", "a2", "complete", 0),
            ("u3", "a3", "complete", 0), ("u4", "a4", "complete", 0),
        ]  # fmt: skip


@ALL
@pytest.mark.parametrize(
    ("reason", "code"), [("RESPONSE_REJECTED", "response_rejected"), ("", "empty")]
)
def test_a_completion_without_an_answer_is_an_error(serve, model, reason, code):
    async def scenario(call):
        await call.setup()
        await call.text_turn()
        await call.turn_complete(reason=reason)
        await call.text_turn()
        await call.say("Hello.")
        await call.done()
        await call.hang()

    serve(scenario)
    with LiveSession(agent(model)) as session:
        turn = session.say("hi")
        assert (str(turn.status), turn.end_reason) == ("failed", code)
        assert turn.error
        assert session.say("hello").agent_text == "Hello."
        assert session.turns_df().end_reason.tolist()[0] == code


def test_an_answer_that_nobody_can_hear_says_so(serve, tmp_path):
    async def scenario(call):
        await call.setup()
        await call.text_turn()
        await call.audio(pcm=bytes(9600))
        await call.said("Hello.")
        await call.done()
        await call.hang()

    serve(scenario)
    with LiveSession(agent(NEW), record=tmp_path) as session:
        turn = session.say("hi")
        assert (str(turn.status), turn.end_reason, turn.level_db) == ("failed", "inaudible", -120)
        wait_for(lambda: turn.error)
        assert "nobody can hear" in turn.error
    pd.testing.assert_frame_equal(adk_nb.turns_df(tmp_path), session.turns_df())


# --- connections that break around a tool


@pytest.mark.long
@BOTH
@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.parametrize(
    "moment",
    ["it runs", "it returns before the next", "its result was told", "the answer was begun"],
)
def test_a_tool_runs_once_though_the_connection_breaks(serve, model, resume, moment):
    running = moment in ("it runs", "it returns before the next")
    roll = Roll(held=running)

    async def first(call):
        await call.setup()
        if resume:
            await call.resumable()
        await call.text_turn()
        await call.tool_call(("roll", {"sides": 6}))
        if not running:
            await call.tool_response()
        if moment == "the answer was begun":
            await call.say("You ")
        await call.sleep(0.2)
        await call.drop()

    async def second(call):
        if moment == "it returns before the next":
            roll.let.set()
            await asyncio.to_thread(wait_for, lambda: "tool_result" in kinds(session))
        await call.setup()
        if moment == "it runs":
            roll.let.set()
        while True:
            kind = await call.text_turn(timeout=20)
            if kind == ".":
                kind = " ".join(text for _, text in call.connection.turns)
            await call.say("You rolled four.")
            await call.done()

    api = serve([first, second])
    with LiveSession(agent(model, roll.tool), resume=resume) as session:
        turn = session.say("roll", timeout=25)
        assert turn.agent_text.endswith("You rolled four.")
        assert str(turn.status) == "complete"
        assert turn.tool_calls[0].result == 4
        assert len(session.turns) == 1
    assert roll.runs == [6]
    told = " ".join(text for _, text in api.connections[-1].turns)
    assert "roll(sides=6)" in told
    assert api.errors == []


def test_what_an_earlier_tool_returns_does_not_displace_the_question_that_stands(serve):
    roll = Roll(held=True)
    texts = []

    async def first(call):
        await call.setup()
        await call.text_turn()
        await call.tool_call(("roll", {"sides": 6}))
        await call.say("One moment.")
        await call.turn_complete()
        await call.text_turn()
        await call.drop()

    async def second(call):
        await call.setup()
        await call.text_turn(timeout=20)
        roll.let.set()
        await asyncio.to_thread(wait_for, lambda: "tool_result" in kinds(session))
        await call.sleep(0.2)
        texts.extend(call.connection.texts)
        await call.say("It is noon.")
        await call.done()
        texts.append(await call.text_turn())
        await call.say("You rolled four.")
        await call.done()
        await call.hang()

    serve([first, second])
    with LiveSession(agent(NEWEST, roll.tool), resume=False) as session:
        asked = session.say("roll", wait="first")
        wait_for(lambda: "turn_complete" in kinds(session))
        assert session.say("what time is it?", timeout=25).agent_text == "It is noon."
        wait_for(lambda: "four" in asked.agent_text)
        assert [row[:2] for row in rows(session)] == [
            ("roll", "One moment. You rolled four."), ("what time is it?", "It is noon."),
        ]  # fmt: skip
    assert "roll(sides=6)" in texts.pop()
    assert "roll(sides=6)" not in " ".join(texts)


@BOTH
def test_a_call_that_is_made_once_more_after_a_loss_is_answered_with_its_result(serve, model):
    roll = Roll()

    async def first(call):
        await call.setup()
        await call.text_turn()
        await call.tool_call(("roll", {"sides": 6}))
        await call.tool_response()
        await call.drop()

    async def second(call):
        await call.setup()
        await call.text_turn(timeout=20)
        assert await call.tool("roll", sides=6) == {"result": 4}
        await call.say("You rolled four.")
        await call.done()
        await call.hang()

    serve([first, second])
    with LiveSession(agent(model, roll.tool), resume=False) as session:
        turn = session.say("roll", timeout=25)
        assert turn.agent_text == "You rolled four."
        assert turn.repeat_calls == 1
    assert roll.runs == [6]


def test_a_tool_whose_author_says_so_may_run_again(serve):
    roll = Roll()

    async def first(call):
        await call.setup()
        await call.text_turn()
        await call.tool_call(("roll", {"sides": 6}))
        await call.tool_response()
        await call.drop()

    async def second(call):
        await call.setup()
        await call.text_turn(timeout=20)
        await call.tool("roll", sides=6)
        await call.say("You rolled four.")
        await call.done()
        await call.hang()

    serve([first, second])
    with LiveSession(agent(NEW, adk_nb.retriable(roll.tool)), resume=False) as session:
        assert session.say("roll", timeout=25).agent_text == "You rolled four."
    assert roll.runs == [6, 6]


@BOTH
def test_a_connection_that_is_lost_twice_is_not_asked_a_third_time(serve, model):
    async def lost(call):
        await call.setup()
        await call.text_turn(timeout=20)
        await call.drop()

    api = serve([lost, lost, live.echo_text])
    with LiveSession(agent(model), resume=False) as session:
        turn = session.say("one", timeout=25)
        assert str(turn.status) == "failed"
        assert turn.error.count("lost") >= 2
        assert session.say("two", timeout=25).agent_text == "You said two."
        assert len(session.turns) == 2
    assert "You said one." not in str(api.connections[-1].sent)


@ALL
def test_a_tool_that_is_called_for_a_question_that_was_taken_back_does_not_run(serve, model):
    roll = Roll()
    cut = threading.Event()

    async def scenario(call):
        await call.setup()
        await call.text_turn()
        await asyncio.to_thread(cut.wait, 10)
        await call.tool_call(("roll", {"sides": 6}))
        if model == NEWEST:
            await call.say("One moment.")
            await call.turn_complete()
        await call.text_turn()
        await call.say("It is noon.")
        await call.done()
        await call.hang()

    api = serve(scenario)
    with LiveSession(agent(model, roll.tool)) as session:
        page = attach(session)
        do(session, session.pages.receive, page, protocol.Text("roll"))
        wait_for(lambda: api.connections and api.connections[0].texts)
        session.interrupt()
        cut.set()
        wait_for(lambda: "tool_result" in kinds(session))
        answer = session._exchange.turns.machine.answer
        # What the newest says beside the call would be taken for the next answer.
        wait_for(lambda: model != NEWEST or answer.unwanted is None)
        assert session.say("what time is it?").agent_text == "It is noon."
        assert rows(session) == [
            ("roll", "", "unanswered", 1), ("what time is it?", "It is noon.", "complete", 0),
        ]  # fmt: skip
        assert "cut off" in session.turns[0].tool_calls[0].error
        answered = [
            response.id
            for event in session.adk_session().events
            for response in event.get_function_responses()
        ]
        assert answered == [session.turns[0].tool_calls[0].id]
    assert roll.runs == []
    assert api.connections[0].tool_responses == []


@pytest.mark.long
def test_speak_returns_the_turn_of_its_own_sound_though_somebody_types_after_it(serve):
    async def scenario(call):
        await call.setup()
        await call.utterance()
        await call.heard("u1")
        await call.say("a1.")
        await call.done()
        await call.text_turn()
        await call.say("a2.")
        await call.done()
        await call.hang()

    serve(scenario)
    with LiveSession(agent(NEW)) as session:
        page = attach(session)

        def then(turn):
            if turn.index == 1:
                do(session, session.pages.receive, page, protocol.Text("u2"))

        session.on_turn(then)
        loud = np.tile(np.array([6000, -6000], np.int16), 4000)
        turn = session.speak(np.concatenate([loud, np.zeros(6400, np.int16)]), timeout=20)
        assert (turn.user_text, turn.agent_text) == ("u1", "a1.")


# --- histories


@pytest.mark.long
@ALL
def test_a_conversation_with_a_tool_call_can_be_swapped(serve, model):
    roll = Roll()
    api = serve([live.tool_user("roll", {"sides": 6}), live.echo_text])
    with LiveSession(agent(model, roll.tool)) as session:
        session.say("roll")
        session.swap(instruction="Be brief.")
        assert session.say("hi").agent_text == "You said hi."
    assert api.errors == []
    told = " ".join(text for _, text in api.connections[1].turns)
    assert "(called roll(sides=6))" in told


@BOTH
def test_what_a_long_running_tool_is_told_later_is_kept(serve, model):
    from google.adk.tools import LongRunningFunctionTool

    def apply(days: int) -> dict:
        """Asks the boss."""
        return {"status": "pending"}

    async def scenario(call):
        await call.setup()
        await call.text_turn()
        await call.tool_call(("apply", {"days": 3}))
        await call.tool_response()
        await call.say("It is pending. ")
        await call.done()
        await call.tool_response()
        await call.say("It is approved.")
        await call.done()
        await call.hang()

    serve(scenario, session_ids=True)
    with LiveSession(agent(model, LongRunningFunctionTool(apply))) as session:
        turn = session.say("three days off")
        session.respond(turn.tool_calls[0], {"status": "approved"})
        wait_for(lambda: "approved" in turn.agent_text)
        kept = [
            response.response
            for event in session.adk_session().events
            for response in event.get_function_responses()
        ]
        assert kept == [{"status": "pending"}, {"status": "approved"}]


# --- what is said and what is shown of it


@BOTH
def test_what_is_masked_for_the_eye_goes_to_the_model_as_it_was_said(serve, model, monkeypatch):
    monkeypatch.setenv("CITY_SECRET", "San Francisco")
    question = "What is the weather in San Francisco?"

    async def lost(call):
        await call.setup()
        await call.text_turn()
        await call.drop()

    api = serve([lost, live.echo_text])
    with LiveSession(agent(model), resume=False) as session:
        turn = session.say(question, timeout=25)
        assert "San Francisco" not in turn.user_text
    assert question in [text for _, text in api.connections[1].turns]


# --- words that come late


@BOTH
def test_the_last_words_of_an_answer_that_come_after_it(serve, model, monkeypatch):
    # A busy machine may read them long after they have come.
    monkeypatch.setattr(bookings, "CROSSING_S", 10.0)

    async def scenario(call):
        await call.setup()
        await call.text_turn()
        await call.say("It is sunny and ")
        await call.turn_complete()
        await call.sleep(0.05)
        await call.said("warm.")
        await call.text_turn()
        await call.say("It is noon.")
        await call.done()
        await call.hang()

    serve(scenario)
    with LiveSession(agent(model)) as session:
        first = session.say("weather?")
        second = session.say("time?")
        assert (first.agent_text, second.agent_text) == ("It is sunny and warm.", "It is noon.")


@BOTH
def test_answers_whose_words_come_before_their_sound_and_end_without_a_full_stop(serve, model):
    answers = ["The number is 42", "Bergen", "धन्यवाद।"]

    async def scenario(call):
        await call.setup()
        for answer in answers:
            await call.text_turn()
            await call.sleep(0.4)
            await call.said(answer)
            await call.audio(100)
            await call.done()
        await call.hang()

    serve(scenario)
    with LiveSession(agent(model)) as session:
        assert [session.say(f"q{number}").agent_text for number in range(3)] == answers
        assert [turn.agent_text for turn in session.turns] == answers


# --- the service's own view


def test_when_the_service_hears_the_user_is_in_the_log(serve):
    async def scenario(call):
        await call.setup()
        await call.voice_activity("ACTIVITY_START")
        await call.voice_activity("ACTIVITY_END")
        await call.text_turn()
        await call.say("Hello.")
        await call.turn_complete(status="IDLE")
        await call.hang()

    serve(scenario)
    with LiveSession(agent(NEWEST)) as session:
        session.say("hi")
        frame = session.events_df(["kind", "text", "status"])
        assert frame.text[frame.kind == "voice_activity"].tolist() == [
            "ACTIVITY_START", "ACTIVITY_END",
        ]  # fmt: skip
        assert frame.status[frame.kind == "turn_complete"].tolist() == ["IDLE"]


# --- a connection that is closed for a reason that is not named


@pytest.mark.parametrize("handle", [True, False])
def test_a_close_over_something_that_is_not_named_is_a_loss(serve, handle):
    async def closes(call):
        await call.setup()
        if handle:
            await call.resumable()
        await call.text_turn()
        await call.say("It is")
        await call.close(1008, "Operation is not implemented, or supported, or enabled.")

    api = serve([closes, live.echo_text])
    with LiveSession(agent(NEW)) as session:
        turn = session.say("what time is it?")
        assert (turn.error, str(turn.status)) == (None, "complete")
        assert turn.agent_text.endswith("You said what time is it?.")
        assert len(session.turns) == 1
    assert [bool(connection.handle) for connection in api.connections] == [False, handle]


def test_a_setup_that_is_refused_without_a_reason_is_not_tried_again(serve):
    async def refuses(call):
        await call.close(1008, "Operation is not implemented, or supported, or enabled.")

    api = serve(refuses)
    with LiveSession(agent(NEW)) as session:
        turn = session.say("hi")
        assert "does not say over what" in turn.error
        assert "parameters" not in turn.error
    assert len(api.connections) <= 2


# --- what a model will refuse is told before the first word


@pytest.mark.parametrize(
    ("model", "block", "told"), [(THINKING, True, 1), (THINKING, None, 0), (NEWEST, True, 0)]
)
def test_a_blocking_function_on_a_model_that_waits_for_none(serve, model, block, told):
    serve(live.echo_text)
    with LiveSession(agent(model, Roll().tool), tools_block=block) as session:
        session.say("hi")
        session.swap()
        hints = [row.error for row in session.log if "waits for no tool" in (row.error or "")]
        assert len(hints) == told
        assert all("BLOCKING: roll." in hint for hint in hints)


def test_a_tool_of_geminis_own_says_that_it_needs_a_key():
    searcher = Agent(name="searcher", model=Scripted(echo), tools=[google_search])
    with LiveSession(searcher) as session:
        error = session.say("what is new?").error
    assert "Google search tool is not supported" in error
    assert "GOOGLE_API_KEY" in error
    assert "not to blame" not in error
