"""A model that says nothing: noticed, told, and survived."""

from __future__ import annotations

import asyncio
import threading

import pytest
from google.adk.agents import Agent
from google.adk.live import CascadeLive, LiveEgress
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.genai import types
from live_api import NEW, NEWEST, OLD, THINKING
from scripted import Deaf
from sessions import attach, wait_for

import adk_nb
from adk_nb import LiveSession, Silence
from adk_nb.exceptions import AdkNbError
from adk_nb.live import retries
from adk_nb.live.silence import SilenceWatch, due
from adk_nb.live.turn_state import CallPhase, CallState, Phase, TurnState
from adk_nb.wire import protocol

BOTH = pytest.mark.parametrize("model", [OLD, NEW])
SHORT = Silence(first=0.4, between=0.4, after_tool=0.4)


# --- what is due


def state(phase, *calls, blocks=True, **values):
    made = {str(i): CallState(str(i), blocks, phase=one) for i, one in enumerate(calls)}
    return TurnState(1, phase, calls=made, **values)


@pytest.mark.parametrize(
    ("turn", "what"),
    [
        (state(Phase.SAYING), None),
        (state(Phase.SAYING, worded=True), "first"),
        (state(Phase.ASKED), "first"),
        (state(Phase.ANSWERING, answered=True), "between"),
        (state(Phase.CALLING, CallPhase.RUNNING, answered=True), None),
        (state(Phase.CALLING, CallPhase.RETURNED, answered=True), None),
        (state(Phase.CALLING, CallPhase.TOLD, answered=True), "after_tool"),
        (state(Phase.CALLING, CallPhase.TOLD, answered=True, blocks=False), None),
        (state(Phase.CALLING, CallPhase.TOLD, CallPhase.RUNNING, answered=True), None),
        (state(Phase.ANSWERING, CallPhase.SETTLED, answered=True), "between"),
        (state(Phase.ANSWERING, CallPhase.CANCELLED, answered=True), "between"),
    ],
)
def test_what_of_a_turn_is_due(turn, what):
    assert due(turn) == what


class Watched:
    """A watch with a clock of its own, and all that it tells."""

    def __init__(self, limits):
        self.now = 0.0
        self.open = (state(Phase.ASKED), "first")
        self.told = []
        self.watch = SilenceWatch(limits, self, clock=lambda: self.now)

    def due(self):
        return self.open

    def silence_noticed(self, turn, limit, seconds):
        self.told.append(("noticed", limit, seconds))

    def silence_lasts(self, turn, limit, seconds):
        self.told.append(("lasts", limit, seconds))

    def look(self, at):
        self.now = at
        return self.watch.look()


def test_a_limit_is_told_once_and_twice_over_until_something_is_done():
    watched = Watched(Silence(first=10.0))
    assert [watched.look(at) for at in (1.0, 10.5, 11.0, 15.0)] == [True] * 4
    assert watched.told == [("noticed", "first", 10.0)]
    watched.look(21.0)
    watched.look(21.5)
    assert watched.told[1:] == [("lasts", "first", 20.0), ("lasts", "first", 20.5)]


def test_another_turn_and_what_is_not_due_begin_the_wait_anew():
    watched = Watched(Silence(first=10.0))
    watched.look(0.0)
    watched.look(9.0)
    watched.open = (watched.open[0], None)
    watched.look(9.5)
    watched.open = (watched.open[0], "first")
    watched.look(19.0)
    watched.open = (state(Phase.ASKED), "first")
    watched.look(19.5)
    watched.look(29.0)
    assert watched.told == []
    watched.look(29.5)
    assert watched.told == [("noticed", "first", 10.0)]


def test_without_a_turn_nothing_is_watched_and_no_limit_is_for_ever():
    watched = Watched(Silence(first=None))
    watched.look(0.0)
    assert watched.look(1e6)
    watched.open = None
    assert not watched.look(1e6)
    assert watched.told == []


async def test_what_comes_begins_the_wait_anew():
    watched = Watched(Silence(first=10.0))
    watched.look(0.0)
    watched.now = 9.0
    watched.watch.heard()
    watched.look(18.0)
    assert watched.told == []
    watched.look(19.0)
    assert watched.told == [("noticed", "first", 10.0)]


# --- models that fall silent


def agent(model, *tools):
    return Agent(name="tester", model=model, tools=list(tools))


def roll(sides: int) -> int:
    """Rolls a die."""
    return 4


async def answers(call, text="Hello."):
    await call.text_turn()
    await call.say(text)
    await call.done()


async def says_nothing(call):
    await call.setup()
    await call.text_turn()


async def stops_in_its_answer(call):
    await call.setup()
    await call.text_turn()
    await call.say("It is")


async def says_nothing_of_the_result(call):
    await call.setup()
    await call.text_turn()
    await call.tool("roll", sides=6)


@pytest.mark.long
@BOTH
@pytest.mark.parametrize(
    ("silent", "words"),
    [
        (says_nothing, "The model has said nothing to this for"),
        (stops_in_its_answer, "The model has stopped in its answer, and said nothing for"),
        (says_nothing_of_the_result, "The model has said nothing about the tool's result for"),
    ],
)
def test_a_model_that_falls_silent_is_told_and_the_next_question_is_a_turn_of_its_own(
    serve, model, silent, words
):
    async def scenario(call):
        await silent(call)
        await answers(call)
        await call.hang()

    serve(scenario)
    with LiveSession(agent(model, roll), silence=SHORT) as session:
        page = attach(session)
        turn = session.say("hi", timeout=20)
        assert (str(turn.status), turn.end_reason) == ("failed", "silent")
        assert turn.error.startswith(words)
        (row,) = [row for row in session.log if row.kind == "silence"]
        assert row.text.startswith(words)
        assert (row.turn, row.source) == (1, "bridge")
        (note,) = [m for m in page.messages if isinstance(m, protocol.Note)]
        assert (note.kind, note.turn, note.text) == ("silence", 1, row.text)
        assert "silent" in [m.code for m in page.messages if isinstance(m, protocol.Failure)]
        assert session.status == "ready"
        assert session.say("hello", timeout=20).agent_text == "Hello."
        assert [turn.index for turn in session.turns] == [1, 2]
        frame = session.turns_df()
        assert frame.status.tolist() == ["failed", "complete"]
        assert "silence" in adk_nb.events_df(session).kind.tolist()


@pytest.mark.long
@BOTH
def test_an_answer_that_comes_after_all_is_of_the_turn_that_asked(serve, model):
    async def scenario(call):
        await says_nothing(call)
        await asyncio.to_thread(wait_for, lambda: session.turns[0].ended)
        await call.say("Hello.")
        await call.done()
        await answers(call, "Noon.")
        await call.hang()

    serve(scenario)
    session = LiveSession(agent(model), silence=SHORT)
    with session:
        page = attach(session)
        turn = session.say("hi", timeout=20)
        wait_for(lambda: turn.agent_text == "Hello.")
        assert str(turn.status) == "failed"
        assert session.say("what time is it?", timeout=20).agent_text == "Noon."
        assert len(session.turns) == 2
        states = [m.state for m in page.messages if isinstance(m, protocol.TurnState)]
        assert states[:3] == ["started", "failed", "resumed"]


@BOTH
def test_a_nudge_makes_it_go_on(serve, model):
    async def scenario(call):
        await says_nothing(call)
        assert "go on" in await call.text_turn(timeout=20)
        await call.say("Hello.")
        await call.done()
        await call.hang()

    serve(scenario)
    limits = Silence(first=0.4)
    with LiveSession(agent(model), silence=limits, on_silence="nudge") as session:
        turn = session.say("hi", timeout=20)
        assert (str(turn.status), turn.agent_text) == ("complete", "Hello.")
        assert [turn.user_text for turn in session.turns] == ["hi"]


@pytest.mark.long
@BOTH
def test_a_new_connection_is_asked_again(serve, model):
    async def silent(call):
        await says_nothing(call)
        await call.hang()

    async def second(call):
        await call.setup()
        await call.text_turn(timeout=20)
        await call.say("Hello.")
        await call.done()
        await call.hang()

    api = serve([silent, second])
    limits = Silence(first=3.0)
    with LiveSession(agent(model), silence=limits, on_silence="reconnect") as session:
        turn = session.say("hi", timeout=20)
        assert (str(turn.status), turn.agent_text) == ("complete", "Hello.")
        assert len(session.turns) == 1
        assert len(api.connections) == 2
        assert "disconnected" in [row.kind for row in session.log]


@pytest.mark.long
def test_a_service_that_is_silent_on_every_connection_ends_turns_and_not_the_session(
    serve, monkeypatch
):
    answering = threading.Event()

    async def scenario(call):
        await call.setup()
        await call.text_turn(timeout=20)
        if answering.is_set():
            await call.say("Hello.")
            await call.done()
        await call.hang()

    monkeypatch.setattr(retries, "_BACK_OFF_S", (0.0,) * 2)
    serve(scenario)
    limits = Silence(first=0.3)
    with LiveSession(agent(NEW), silence=limits, on_silence="reconnect") as session:
        for _ in range(2):
            assert str(session.say("hi", timeout=20).status) == "failed"
        answering.set()
        assert session.say("hi", timeout=20).agent_text == "Hello."


@pytest.mark.long
@pytest.mark.parametrize("model", [OLD, NEW, NEWEST])
def test_a_tool_that_runs_is_no_silence(serve, model):
    async def slow(sides: int) -> int:
        """Rolls a die."""
        await asyncio.sleep(1.5)
        return 4

    slow.__name__ = "roll"

    async def scenario(call):
        await call.setup()
        await call.text_turn()
        await call.tool("roll", sides=6)
        await call.say("Four.")
        await call.done()
        await call.hang()

    serve(scenario)
    with LiveSession(agent(model, slow), silence=SHORT) as session:
        assert str(session.say("roll", timeout=20).status) == "complete"
        assert "silence" not in [row.kind for row in session.log]


@pytest.mark.long
def test_a_model_that_says_that_it_thinks_is_only_noted(serve):
    async def scenario(call):
        await call.setup()
        await call.text_turn()
        await call.say("One moment.")
        await call.turn_complete(status="IN_PROGRESS")
        await call.sleep(2)
        await call.say("Noon.")
        await call.turn_complete(status="IDLE")
        await call.hang()

    serve(scenario)
    with LiveSession(agent(THINKING), silence=SHORT) as session:
        turn = session.say("what time is it?", timeout=20)
        assert str(turn.status) == "complete"
        assert turn.agent_text == "One moment. Noon."
        assert [row.kind for row in session.log].count("silence") == 1


class Mute(LiveEgress):
    """Speaks nothing."""

    async def __call__(self, text, *, cancel):
        async for _ in text:
            return
        yield


class Slow(BaseLlm):
    """Answers late, but answers."""

    model: str = "slow"

    async def generate_content_async(self, llm_request, stream=False):
        await asyncio.sleep(1.5)
        part = types.Part(text="Hello.")
        yield LlmResponse(content=types.Content(role="model", parts=[part]))


@pytest.mark.long
def test_a_cascade_is_only_noted():
    model = CascadeLive(model=Slow(), stt=Deaf(), tts=Mute())
    with LiveSession(agent(model), silence=SHORT) as session:
        turn = session.say("hi", timeout=20)
        assert turn.end_reason != "silent"
        assert [row.kind for row in session.log].count("silence") == 1


@pytest.mark.long
def test_nothing_is_watched_where_that_is_said(serve):
    async def scenario(call):
        await says_nothing(call)
        await call.sleep(1)
        await call.say("Hello.")
        await call.done()
        await call.hang()

    serve(scenario)
    with LiveSession(agent(NEW), silence=None) as session:
        assert session.say("hi", timeout=20).agent_text == "Hello."
        assert "silence" not in [row.kind for row in session.log]


def test_what_is_done_on_silence_is_one_of_three():
    with pytest.raises(AdkNbError, match="on_silence"):
        LiveSession(agent(NEW), on_silence="shout")


@pytest.mark.parametrize("limit", [0, -1, True, "x", float("nan")])
def test_what_is_no_limit_is_refused(limit):
    for name in ("first", "between", "after_tool"):
        with pytest.raises(AdkNbError, match=f"{name}=") as raised:
            Silence(**{name: limit})
        assert raised.value.code == "bad_option"
    assert Silence(first=None, between=1, after_tool=float("inf")).between == 1
