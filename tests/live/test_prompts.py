"""What the notebook asks of an agent, and no user: greetings and reminders."""

from __future__ import annotations

import asyncio
import threading

import pytest
from google.adk.agents import Agent
from live_api import NEW, NEWEST, OLD
from scripted import DONE, audio, call, echo, result_of, said, text_of
from sessions import agent, attach, wait_for

from adk_nb import LiveSession, turns_df
from adk_nb.exceptions import AdkNbError
from adk_nb.wire import protocol

MODELS = pytest.mark.parametrize("model", [OLD, NEW, NEWEST])
ROWS = ["turn", "user_text", "prompt", "agent_text", "status"]


def rows(frame):
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


def notes(page):
    return [(m.turn, m.kind, m.text) for m in page.messages if isinstance(m, protocol.Note)]


async def answer(service, asked, text):
    asked.append(await service.text_turn(timeout=20))
    await service.say(text)
    await service.done()


@MODELS
def test_a_greeting_is_a_turn_without_words_of_the_user(serve, model, tmp_path):
    asked = []

    async def scenario(service):
        await service.setup()
        await answer(service, asked, "Good day.")
        await answer(service, asked, "Noon.")
        await service.hang()

    serve(scenario)
    tester = Agent(name="tester", model=model)
    with LiveSession(tester, greet="Say good day.", record=tmp_path / "talk") as session:
        wait_for(lambda: session.turns and session.turns[0].status)
        assert session.say("what time is it?", timeout=20).agent_text == "Noon."
        assert asked == ["Say good day.", "what time is it?"]
        expected = [
            [1, "", "Say good day.", "Good day.", "complete"],
            [2, "what time is it?", None, "Noon.", "complete"],
        ]
        assert rows(session.turns_df(ROWS)) == expected
        (row,) = [row for row in session.log if row.kind == "prompt"]
        assert (row.turn, row.source, row.author, row.text) == (1, "client", None, "Say good day.")
    assert rows(turns_df(tmp_path / "talk", ROWS)) == expected


def test_a_session_greets_by_itself_and_once():
    with LiveSession(agent(echo), greet=True) as session:
        wait_for(lambda: session.turns and session.turns[0].status)
        assert session.turns[0].agent_text.startswith("You said Hello!")
        attach(session)
        session.say("hello", timeout=20)
        assert [turn.user_text for turn in session.turns] == ["", "hello"]


def test_with_a_widget_a_greeting_waits_until_a_page_can_play_it():
    session = LiveSession(agent(echo), greet="Say good day.")
    session.greets_pages = True
    with session:
        wait_for(lambda: session.status == "ready")
        assert session.turns == []
        page = attach(session)
        wait_for(lambda: session.turns and session.turns[0].status)
        assert [turn for turn, *_ in page.audio] == [1]
        assert notes(page) == [(0, "prompt", "Prompt: Say good day.")]
        assert next(m for m in page.messages if isinstance(m, protocol.Transcript)).role == "agent"
        attach(session)
        session.say("hello", timeout=20)
        assert len(session.turns) == 2


def test_a_prompt_waits_for_the_open_turn_and_is_not_what_a_cell_waits_for():
    goes_on = threading.Event()

    async def slow() -> str:
        """Takes its time."""
        await asyncio.to_thread(goes_on.wait, 20)
        return "done"

    def model(came):
        if text_of(came) == "work":
            return [call("slow"), DONE]
        if result_of(came) is not None:
            return [audio(40), said("It is done.", finished=True), DONE]
        return echo(came)

    with LiveSession(agent(model, slow)) as session:
        turns = []
        waiting = threading.Thread(target=lambda: turns.append(session.wait_for_turn(20)))
        prompting = threading.Thread(target=lambda: turns.append(session.prompt("Cheer.", 20)))
        saying = threading.Thread(target=lambda: session.say("work", 20))
        saying.start()
        wait_for(lambda: session.turns and session.turns[0].tool_calls)
        prompting.start()
        wait_for(lambda: len(session.turns) == 2)
        assert session.turns[0].status is None
        goes_on.set()
        prompting.join()
        assert [turn.agent_text for turn in session.turns] == ["It is done.", "You said Cheer.."]
        waiting.start()
        wait_for(lambda: session._listeners._waiting)
        session.prompt("Cheer again.")
        session.say("hello")
        waiting.join()
        saying.join()
        assert [turn.question for turn in turns] == ["Cheer.", "hello"]


@pytest.mark.parametrize("model", [OLD, NEW])
def test_a_prompt_is_asked_again_after_a_lost_connection(serve, model):
    asked = []

    async def lost(service):
        await service.setup()
        asked.append(await service.text_turn(timeout=20))
        await service.drop()

    async def second(service):
        await service.setup()
        await answer(service, asked, "Good day.")
        await service.hang()

    serve([lost, second])
    with LiveSession(Agent(name="tester", model=model)) as session:
        turn = session.prompt("Say good day.", timeout=20)
        assert (turn.agent_text, turn.user_text, len(session.turns)) == ("Good day.", "", 1)
        # A 3.x model has it in its history, and is only told to answer.
        assert len(asked) == 2
        assert ("Say good day." in asked[1]) is (model == OLD)


def test_a_prompt_of_nothing_is_refused_with_what_to_do():
    with LiveSession(agent(echo)) as session, pytest.raises(AdkNbError, match="not empty"):
        session.prompt("  ")


async def test_a_prompt_from_any_event_loop():
    session = LiveSession(agent(echo))
    turn = await session.prompt_async("Cheer.")
    assert (turn.prompt, turn.agent_text) == ("Cheer.", "You said Cheer..")
    await asyncio.to_thread(session.close)
