"""What a guard withholds of a Gemini Live model, through the API's stand-in, SDK and ADK."""

from __future__ import annotations

import asyncio
import time

import live_api as live
import pytest
from adk_events import content, done, event, said, sound
from desk import Desk, states
from google.adk.agents import Agent
from google.adk.models.llm_response import LlmResponse
from google.genai import types
from sessions import attach, do, wait_for

from adk_nb import LiveSession, turns_df
from adk_nb.wire import protocol

MODELS = ["gemini-2.5-flash-native-audio-preview-12-2025", "gemini-3.1-flash-live-preview"]
REPLACEMENT = "I may not say."


def no_numbers(callback_context, llm_response):
    said = llm_response.output_transcription
    if said is None or "555" not in (said.text or ""):
        return None
    content = types.Content(role="model", parts=[types.Part(text=REPLACEMENT)])
    return LlmResponse(content=content)


async def indiscreet(call):
    await call.setup()
    await call.resumable()
    await call.text_turn(timeout=None)
    for piece in ("My number ", "is ", "555", "0199."):
        await call.audio(500)
        await call.said(piece)
    await call.done()
    await call.hang()


@pytest.mark.parametrize("model", MODELS)
def test_what_is_withheld_is_silenced_and_neither_kept_nor_told(model, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    with live.LiveApi([indiscreet, live.echo_text]) as api:
        for name, value in api.environment.items():
            monkeypatch.setenv(name, value)
        agent = Agent(name="teller", model=model, after_model_callback=no_numbers)
        with LiveSession(agent, record=tmp_path / "recordings") as session:
            page = attach(session)
            turn = session.say("tell")
            assert (turn.agent_text, turn.withheld, turn.error) == (REPLACEMENT, True, None)
            states = [m.state for m in page.messages if isinstance(m, protocol.TurnState)]
            assert states == ["started", "withheld", "complete"]
            do(session, session.pages.playback, protocol.Playback("flushed", 1, played_ms=700.0))
            assert session.say("hi").agent_text == "You said hi."
            live_frame = session.turns_df()
        told = [(content.role, str(content.parts)) for content in api.connections[1].history]
        assert len(api.connections) == 2
    said = " ".join(text for _, text in told)
    assert "tell" in said
    assert REPLACEMENT in said
    assert "number" not in said
    first, second = session.turns
    assert (first.audio.pcm, first.heard_ms) == (b"", 700.0)
    assert second.audio.duration_ms > 0
    assert not list(session.recording.glob("0001-agent.wav"))
    read = turns_df(session.recording)
    for column in ("user_text", "agent_text", "heard_text", "heard_ms", "agent_audio_ms"):
        assert list(read[column].astype(str)) == list(live_frame[column].astype(str)), column
    assert list(turns_df(session.recording, columns=["withheld"]).withheld) == [True, False]
    assert "555" not in str([row.text for row in session.log])


@pytest.mark.parametrize("model", MODELS)
def test_the_pages_are_told_before_adk_has_written_it_down(model, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    written, blocked = [], []

    def guard(callback_context, llm_response):
        replacement = no_numbers(callback_context, llm_response)
        if replacement is not None:
            blocked.append(time.monotonic())
        return replacement

    with live.LiveApi([indiscreet, live.echo_text]) as api:
        for name, value in api.environment.items():
            monkeypatch.setenv(name, value)
        agent = Agent(name="teller", model=model, after_model_callback=guard)
        with LiveSession(agent) as session:
            append = session.session.all_histories.sessions.append_event

            async def slowly(session, event):
                if event.content is not None and REPLACEMENT in str(event.content):
                    await asyncio.sleep(0.3)
                    written.append(time.monotonic())
                return await append(session, event)

            monkeypatch.setattr(session.all_histories.sessions, "append_event", slowly)
            page = attach(session)
            told = []
            session.pages.watch(
                lambda m: (
                    told.append(time.monotonic())
                    if isinstance(m, protocol.TurnState) and m.state == "withheld"
                    else None
                )
            )
            assert session.say("tell").agent_text == REPLACEMENT
            wait_for(lambda: written)
    assert page.audio
    assert blocked[0] <= told[0] < written[0] - 0.2


async def indiscreet_in_writing(call):
    await call.setup()
    for piece in ("My number ", "is ", "555", "0199."):
        if piece == "My number ":
            await call.text_turn(timeout=None)
        await call.text(piece)
    await call.done()
    await call.hang()


def test_an_answer_in_writing_is_shown_to_the_callbacks_too(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    with live.LiveApi([indiscreet_in_writing, live.echo_text]) as api:
        for name, value in api.environment.items():
            monkeypatch.setenv(name, value)
        model = "gemini-live-2.5-flash-preview"
        agent = Agent(name="teller", model=model, after_model_callback=no_numbers)
        with LiveSession(agent, audio=False) as session:
            page = attach(session)
            turn = session.say("tell")
            assert (turn.agent_text, turn.withheld, turn.error) == (REPLACEMENT, True, None)
            assert not any("555" in str(message) for message in page.messages)
            assert session.say("hi").agent_text == "You said hi."
            assert session.say("ho").agent_text == "You said ho."
        told = str(api.connections[1].history)
    assert REPLACEMENT in told
    assert "number" not in told


# --- event by event ---


@pytest.fixture
async def desk():
    return Desk().connect()


def told_states(desk):
    return states(desk.page.messages)


def answer(desk, *events):
    """The user asks, and the agent's answer begins."""
    return desk.type("tell me")(*events)


@pytest.mark.parametrize(("keep", "forgotten"), [(False, True), (True, False)])
async def test_the_sound_of_what_is_withheld_is_forgotten_unless_it_is_kept(keep, forgotten):
    desk = Desk(keep_withheld=keep).connect()
    answer(desk, sound(), said("The key is", final=False))
    guard = said("No.")
    assert desk.exchange.withholding.tell(guard.id, begun=False) is forgotten
    assert told_states(desk) == [(1, "started"), (1, "withheld")]
    desk(guard)
    assert (desk.log.clip("agent_audio", 1).pcm == b"") is forgotten
    assert (desk.turn.agent_text, desk.turn.withheld) == ("No.", True)


@pytest.mark.parametrize("begun", [True, False])
async def test_a_guard_that_looks_at_what_was_begun_leaves_what_was_not(desk, begun):
    desk.type("tell me")
    guard = said("No.")
    assert desk.exchange.withholding.tell(guard.id, begun=begun) is not begun
    desk(guard)
    assert (desk.turn.agent_text, desk.turn.withheld) == ("No.", not begun)


async def test_a_guard_that_looks_at_what_was_begun_leaves_a_turn_that_is_over(desk):
    answer(desk, said("A four."), done())
    guard = said("No.")
    assert desk.exchange.withholding.tell(guard.id, begun=True) is False
    assert told_states(desk) == [(1, "started"), (1, "complete")]


async def test_what_the_user_has_cut_off_before_is_dropped(desk):
    answer(desk, sound(), said("The key is", final=False))
    desk.cut()
    guard = said("No.")
    assert desk.exchange.withholding.tell(guard.id, begun=True) is False
    assert desk.exchange.withholding.tell(guard.id, begun=False) is True
    desk(guard)
    assert (desk.turn.agent_text, desk.turn.withheld) == ("The key is", False)
    # It is dropped once, and the next answer is the next question's.
    desk.type("and now")(said("Fine."), done())
    assert [turn.agent_text for turn in desk.exchange.turns.all] == ["The key is", "Fine."]
    assert "withheld" not in [state for _, state in told_states(desk)]


async def test_a_new_run_knows_nothing_of_what_was_to_come(desk):
    answer(desk, sound(), said("The key is", final=False))
    guard = said("No.")
    desk.exchange.withholding.tell(guard.id, begun=True)
    desk.exchange.withholding.words_first(40.0)
    desk.connect()
    desk(guard)
    assert not desk.turn.withheld
    desk(said("So", final=False))
    assert desk.log[len(desk.log) - 1].audio_ms == desk.turn.audio_ms


async def test_words_before_their_sound_count_with_it(desk):
    for ms in (40.0, 60.0):
        desk.exchange.withholding.words_first(ms)
    answer(desk, said("One", final=False), sound(), said(" two", final=False))
    desk(said(" three", final=False))
    rows = [row.audio_ms for row in desk.log if row.kind == "agent_transcript"]
    assert rows == [40.0, 70.0, 10.0]


async def test_words_that_are_withheld_are_waited_for_no_longer(desk):
    answer(desk, sound())
    for ms in (40.0, 60.0):
        desk.exchange.withholding.words_first(ms)
    guard = said("No.")
    desk.exchange.withholding.tell(guard.id, begun=False)
    desk(said("One", final=False), said(" two", final=False))
    rows = [row.audio_ms for row in desk.log if row.kind == "agent_transcript"]
    assert rows == [50.0, 10.0]


async def test_a_guards_words_are_its_text_or_else_what_it_says(desk):
    for number, (guard, words) in enumerate(
        [
            (content(types.Part(text="I may"), types.Part(text=" not.")), "I may not."),
            (content(types.Part(text="Hm.", thought=True), types.Part(text="No.")), "No."),
            (said(" Never. "), "Never."),
            (event(), ""),
        ]
    ):
        answer(desk, said("The key is", final=False))
        desk.exchange.withholding.tell(guard.id, begun=True)
        desk(guard)
        assert (len(desk.exchange.turns.all), desk.turn.agent_text) == (number + 1, words)
