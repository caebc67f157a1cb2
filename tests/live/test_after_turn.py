"""What a tool or a callback does with its own conversation: hang up, hand over, say more."""

from __future__ import annotations

import threading

import pytest
from google.adk.agents import Agent
from scripted import DONE, Scripted, audio, call, echo, result_of, said, text_of
from sessions import attach, do, wait_for

from adk_nb import LiveSession
from adk_nb.exceptions import AdkNbError
from adk_nb.wire import protocol


def model(came):
    """Calls `act` for "act", says what it returned, and repeats everything else."""
    if text_of(came) == "act":
        return [call("act"), DONE]
    if result_of(came) is not None:
        return [audio(40), said(f"It says {result_of(came).get('result')}.", finished=True), DONE]
    return echo(came)


class Acting:
    """A session whose tool does something with the session."""

    def __init__(self, what, *, asynchronous=False, **options):
        def act() -> str:
            """Acts."""
            what(self.session)
            return "done"

        async def act_async() -> str:
            """Acts."""
            return act()

        act_async.__name__ = "act"
        tool = act_async if asynchronous else act
        agent = Agent(name="tester", model=Scripted(model), tools=[tool], **options)
        self.session = LiveSession(agent)


BOTH = pytest.mark.parametrize("asynchronous", [False, True])


@BOTH
def test_a_tool_hangs_up_and_the_good_bye_is_said(asynchronous):
    session = Acting(lambda live: live.close(), asynchronous=asynchronous).session
    turn = session.say("act", timeout=20)
    assert (str(turn.status), turn.agent_text) == ("complete", "It says done.")
    wait_for(lambda: session.status == "closed")
    assert [row.kind for row in session.log].count("error") == 0


def test_a_good_bye_is_heard_before_the_session_ends():
    session = Acting(lambda live: live.close()).session.start()
    page = attach(session)
    session.say("act", timeout=20)
    do(session, session.pages.playback, protocol.Playback("started", 1))
    assert session.status != "closed"
    do(session, session.pages.playback, protocol.Playback("drained", 1, played_ms=40.0))
    wait_for(lambda: session.status == "closed")
    assert page.messages[-1] == protocol.State("closed")


@BOTH
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("say", lambda live: live.say("more")),
        ("prompt", lambda live: live.prompt("more")),
        ("speak", lambda live: live.speak(bytes(3200))),
        ("swap", lambda live: live.swap(instruction="Be brief.")),
        ("wait_for_turn", lambda live: live.wait_for_turn()),
    ],
)
def test_what_would_wait_for_the_tool_itself_is_its_error(name, what, asynchronous):
    with Acting(what, asynchronous=asynchronous).session as session:
        turn = session.say("act", timeout=20)
        error = turn.tool_calls[0].error
        if asynchronous:
            assert "bridge thread would wait for itself" in error
        else:
            assert f"{name}() was called in a tool" in error
            assert "after_turn" in error
        assert str(turn.status) == "complete"
        assert session.say("hello", timeout=20).agent_text == "You said hello."


@pytest.mark.parametrize(
    ("name", "given"), [("say_async", ["x"]), ("speak_async", [bytes(320)]), ("swap_async", [])]
)
def test_nor_can_a_coroutine_wait_for_it(name, given):
    async def act() -> str:
        """Acts."""
        await getattr(session, name)(*given)
        return "done"

    session = LiveSession(Agent(name="tester", model=Scripted(model), tools=[act]))
    with session:
        turn = session.say("act", timeout=20)
        assert "was called in a tool" in turn.tool_calls[0].error


@BOTH
def test_a_tool_hands_over_after_its_turn(asynchronous):
    other = Agent(name="other", model=Scripted(echo))
    what = lambda live: live.after_turn(lambda: live.swap(other))  # noqa: E731
    with Acting(what, asynchronous=asynchronous).session as session:
        turn = session.say("act", timeout=20)
        assert turn.agent_text == "It says done."
        wait_for(lambda: session.agent.name == "other")
        assert session.say("hello", timeout=20).agent == "other"


def test_a_tool_says_more_after_its_turn():
    what = lambda live: live.after_turn(lambda: live.say("more"))  # noqa: E731
    with Acting(what).session as session:
        session.say("act", timeout=20)
        wait_for(lambda: len(session.turns) == 2 and session.turns[1].ended)
        assert session.turns[1].agent_text == "You said more."


def test_a_callback_of_the_agents_hangs_up():
    def before_tool(tool, args, tool_context):
        session.close()

    acting = Acting(lambda _live: None, before_tool_callback=before_tool)
    session = acting.session
    assert session.say("act", timeout=20).agent_text == "It says done."
    wait_for(lambda: session.status == "closed")


def test_without_an_open_turn_it_is_done_at_once_and_may_be_a_coroutine():
    done = threading.Event()

    async def later():
        done.set()

    with LiveSession(Agent(name="tester", model=Scripted(echo))) as session:
        session.after_turn(later)
        assert done.wait(20)


@pytest.mark.long
def test_what_it_raises_is_told():
    def fails():
        raise ValueError("no")

    with Acting(lambda live: live.after_turn(fails)).session as session:
        page = attach(session)
        session.say("act", timeout=20)
        wait_for(lambda: any(isinstance(m, protocol.Failure) for m in page.messages))
        (failure,) = [m for m in page.messages if isinstance(m, protocol.Failure)]
        assert failure.code == "callback_failed"
        assert "fails" in failure.message
        assert "ValueError: no" in failure.message


def test_after_its_turn_a_task_of_a_tools_may_say_something():
    threads = []

    def later(live):
        live.wait_for_turn_of_tool.wait(20)
        threads.append(live.say("later", timeout=20).agent_text)

    def what(live):
        thread = threading.Thread(target=later, args=(live,))
        thread.start()

    session = Acting(what).session
    session.wait_for_turn_of_tool = threading.Event()
    with session:
        session.say("act", timeout=20)
        session.wait_for_turn_of_tool.set()
        wait_for(lambda: threads == ["You said later."])


def test_a_callback_that_is_not_registered_cannot_be_removed():
    session = LiveSession(Agent(name="tester", model=Scripted(echo)))
    session.on_turn(print)
    session.on_turn(print, remove=True)
    with pytest.raises(AdkNbError, match=r"print is not called with turns\. It was removed"):
        session.on_turn(print, remove=True)
