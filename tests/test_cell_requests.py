"""What a cell asks, as it is done on the bridge thread; `test_after_turn.py` asks it in tools."""

from __future__ import annotations

import pytest
from scripted import DONE, echo, said, text_of
from sessions import agent, do, kinds, wait_for

from adk_nb import LiveSession
from adk_nb.exceptions import AdkNbError, TurnTimeoutError


def test_empty_text_is_refused():
    with LiveSession(agent(echo)) as session, pytest.raises(AdkNbError, match="nothing to say"):
        session.say("  ")


@pytest.mark.parametrize("method", ["say", "prompt"])
def test_what_is_no_text_is_refused_before_a_turn_begins(method):
    with LiveSession(agent(echo)) as session:
        with pytest.raises(AdkNbError, match="speak\\(\\) takes sound"):
            getattr(session, method)(b"sound")
        assert session.turns == []


def test_what_say_waits_for_is_known():
    with LiveSession(agent(echo)) as session:
        with pytest.raises(AdkNbError, match="wait='never'"):
            session.say("hi", wait="never")
        assert session.turns == []


@pytest.mark.long
def test_an_unanswered_turn_times_out_and_may_still_come():
    def slow(came):
        return [1.0, said("Late.", finished=True), DONE] if text_of(came) else []

    with LiveSession(agent(slow)) as session:
        with pytest.raises(TurnTimeoutError, match=r"0\.2 s"):
            session.say("hi", timeout=0.2)
        wait_for(lambda: session.turns[0].agent_text == "Late.")


def test_the_first_words_end_the_waiting_for_them():
    def slow(came):
        return [said("One", finished=False), 60.0, DONE] if text_of(came) else []

    with LiveSession(agent(slow)) as session:
        turn = session.say("hi", timeout=20, wait="first")
        assert (turn.agent_text, turn.ended) == ("One", False)


def test_nothing_is_inside_a_conversation_but_its_tools_and_callbacks():
    with LiveSession(agent(echo)) as session:
        session.say("hi")
        assert not session.requests.inside
        assert not do(session, lambda: session.requests.inside)


def test_a_state_is_a_copy_and_a_call_that_is_not_there_is_told():
    with LiveSession(agent(echo)) as session:
        session.say("hi")
        session.state["n"] = 1
        assert dict(session.state)["n"] == 1
        with pytest.raises(AdkNbError) as raised:
            session.respond("c9", {"a": 1})
        assert raised.value.message == "There is no tool call 'c9'."
        assert raised.value.code == "no_call"


def test_a_state_that_cannot_be_set_is_told_as_an_error_of_ours():
    with LiveSession(agent(echo)) as session:
        session.say("hi")

        async def refuses(*_):
            raise OSError("the disk is full")

        session.all_histories.append = refuses
        with pytest.raises(AdkNbError, match="the disk is full"):
            session.state["n"] = 1


def test_a_tool_that_does_not_run_cannot_be_stopped():
    with LiveSession(agent(echo)) as session:
        session.say("hi")
        with pytest.raises(AdkNbError):
            session.stop_tool("roll")
        assert "tool_ended" not in kinds(session)
