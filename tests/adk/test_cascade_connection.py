import asyncio

from google.adk.agents import Agent
from google.adk.live import (
    AgentSpokenOutput,
    AudioChunk,
    CascadeLive,
    LiveEgress,
)
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai import types
from scripted import Deaf
from sessions import attach, do, wait_for

from adk_nb import LiveSession
from adk_nb.wire import protocol

SENTENCES = ["One two three four. ", "Five six seven eight. "]
SENTENCE_MS = 4000


class Speaker(LiveEgress):
    """Speaks each sentence in 4 s of audio that come at once."""

    async def __call__(self, text, *, cancel: asyncio.Event):
        async for sentence in text:
            pcm = bytes(32 * SENTENCE_MS)
            yield AudioChunk(blob=types.Blob(data=pcm, mime_type="audio/pcm;rate=16000"))
            yield AgentSpokenOutput(text=sentence)


class Counter(BaseLlm):
    """Counts for whoever asks, and keeps what it was asked."""

    model: str = "counter"
    asked: list = []

    async def generate_content_async(self, llm_request, stream=False):
        self.asked.append(list(llm_request.contents))
        for sentence in SENTENCES:
            part = types.Part(text=sentence)
            yield LlmResponse(content=types.Content(role="model", parts=[part]), partial=True)


def cascade() -> tuple[LiveSession, Counter]:
    brain = Counter()
    brain.asked = []
    model = CascadeLive(model=brain, stt=Deaf(), tts=Speaker())
    return LiveSession(Agent(name="counter", model=model)), brain


def model_words(contents):
    return [part.text for c in contents if c.role == "model" for part in c.parts if part.text]


def cut_after(session, played_ms):
    """Lets the agent speak to a page whose player is at a position, and cuts it off there."""
    page = attach(session)
    future = session.bridge.submit(session.requests.say("count", 20))
    wait_for(lambda: len(page.audio) == 2)
    if played_ms is not None:
        do(session, session.pages.playback, protocol.Playback("started", 1))
        do(session, session.pages.playback, protocol.Playback("progress", 1, played_ms=played_ms))
    session.interrupt()
    turn = future.result(60)
    do(session, session.pages.playback, protocol.Playback("flushed", 1, played_ms=played_ms or 0.0))
    return turn


def test_the_model_is_told_what_the_player_had_played():
    session, brain = cascade()
    with session:
        turn = cut_after(session, 6100.0)
        assert turn.heard_text == "One two three four. Five six"
        session.bridge.submit(session.requests.say("again", 20))
        wait_for(lambda: len(brain.asked) == 2)
    assert model_words(brain.asked[1]) == ["One two three four. Five six"]


def test_what_never_sounded_is_in_no_history():
    session, brain = cascade()
    with session:
        turn = cut_after(session, None)
        assert turn.heard_text == ""
        session.bridge.submit(session.requests.say("again", 20))
        wait_for(lambda: len(brain.asked) == 2)
    assert model_words(brain.asked[1]) == []


def test_without_a_page_the_wall_clock_is_asked(monkeypatch):
    now = 100.0
    monkeypatch.setattr("google.adk.live._cascade_live_connection._now", lambda: now)
    session, brain = cascade()
    with session:
        future = session.bridge.submit(session.requests.say("count", 20))
        wait_for(lambda: session.turns and session.turns[0].audio_ms == 2 * SENTENCE_MS)
        now += 1.5
        session.interrupt()
        turn = future.result(60)
        session.bridge.submit(session.requests.say("again", 20))
        wait_for(lambda: len(brain.asked) == 2)
    (words,) = model_words(brain.asked[1])
    assert words.startswith("One")
    assert "Five" not in words
    assert turn.heard_text == words
    assert turn.agent_text == "One two three four. Five six seven eight."


async def test_a_run_that_is_no_sessions_is_as_adk_has_it():
    model = CascadeLive(model=Counter(), stt=Deaf(), tts=Speaker())
    called = types.FunctionCall(id="c", name="roll", args={})
    history = [
        types.Content(role="user", parts=[types.Part(text="roll")]),
        types.Content(role="model", parts=[types.Part(function_call=called)]),
    ]
    async with model.connect(LlmRequest()) as connection:
        await connection.send_history(history)
        assert connection._contents == history
        await connection.send_content(types.Content(role="user", parts=[types.Part(text="and?")]))
        assert [content.role for content in connection._contents] == ["user", "model", "user"]
