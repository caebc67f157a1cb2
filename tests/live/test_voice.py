"""The agent's voice, switched off and on in one conversation."""

from __future__ import annotations

import asyncio
import time

import pytest
from google.adk.agents import Agent
from google.adk.agents.run_config import RunConfig
from google.adk.live import AgentSpokenOutput, AudioChunk, CascadeLive, LiveEgress
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.genai import types
from live_api import NEW, NEWEST, OLD
from scripted import DONE, Deaf, Scripted, audio, call, result_of, said, text_of
from sessions import attach, do, wait_for

from adk_nb import LiveSession
from adk_nb.exceptions import AdkNbError, SessionClosedError
from adk_nb.wire import protocol

HALF = "gemini-live-2.5-flash-preview"
WORDS = ("One. ", "Two. ", "Three.")


def uses(page):
    return [m.audio for m in page.messages if isinstance(m, protocol.AudioUse)]


class Slowly(BaseLlm):
    """Writes a word after the other."""

    model: str = "slowly"
    pause_s: float = 0.0

    async def generate_content_async(self, llm_request, stream=False):
        for word in WORDS:
            await asyncio.sleep(self.pause_s)
            part = types.Part(text=word)
            yield LlmResponse(content=types.Content(role="model", parts=[part]), partial=True)
        part = types.Part(text="".join(WORDS))
        yield LlmResponse(content=types.Content(role="model", parts=[part]), partial=False)


class Voice(LiveEgress):
    """Speaks for half a second whatever it is."""

    def __init__(self):
        self.spoken = []

    async def __call__(self, text, *, cancel):
        async for piece in text:
            self.spoken.append(piece)
            sound = types.Blob(data=b"\1\0" * 12_000, mime_type="audio/pcm;rate=24000")
            yield AudioChunk(blob=sound)
            yield AgentSpokenOutput(text=piece)


def cascade(pause_s=0.0):
    voice = Voice()
    return Agent(name="a", model=CascadeLive(model=Slowly(pause_s=pause_s), stt=Deaf(), tts=voice))


@pytest.mark.long
def test_a_cascade_that_only_writes_synthesises_nothing_and_waits_for_nothing():
    agent = cascade()
    with LiveSession(agent) as session:
        page = attach(session)
        assert session.voice
        turn = session.say("count", timeout=20)
        assert (turn.agent_text, turn.audio_ms) == ("One. Two. Three.", 1500.0)
        spoken = agent.model.tts.spoken[:]
        session.voice = False
        wait_for(lambda: uses(page) == [{"output": False}])
        written = session.say("count", timeout=20)
        assert (written.agent_text, written.audio_ms) == ("One. Two. Three.", 0.0)
        assert agent.model.tts.spoken == spoken
        session.voice = True
        wait_for(lambda: uses(page)[1:] == [True])
        assert session.say("count", timeout=20).audio_ms == 1500.0
        frame = session.turns_df(["first_text_ms", "first_audio_ms", "heard_ms"])
        assert frame.first_text_ms.notna().all()
        assert frame.first_audio_ms.notna().tolist() == [True, False, True]
        assert [row.kind for row in session.log].count("connected") == 2  # The page, the model.


def test_what_is_written_comes_piece_by_piece_and_says_so():
    with LiveSession(cascade(pause_s=0.2), voice=False) as session:
        page = attach(session)
        session.say("count", timeout=20)
        shown = [m for m in page.messages if isinstance(m, protocol.Transcript)]
        agents = [m.text.strip() for m in shown if m.role == "agent" and m.text.strip()]
        assert agents[:3] == ["One.", "Two.", "Three."]
        assert "writing" in page.states()
        assert "speaking" not in page.states()


@pytest.mark.long
def test_a_cut_leaves_in_the_history_what_was_written():
    with LiveSession(cascade(pause_s=0.3), audio=False) as session:
        page = attach(session)
        do(session, session.pages.receive, page, protocol.Text("count"))
        wait_for(lambda: session.turns and "Two." in session.turns[0].agent_text)
        do(session, session.pages.receive, page, protocol.Interrupt())
        turn = session.turns[0]
        assert turn.interrupted
        assert turn.heard_text == "One. Two."
        session.say("more", timeout=20)
        told = [
            said.text
            for event in session.adk_session().events
            if (said := event.output_transcription) is not None
        ]
        assert "One. Two." in told[0]
        assert "Three." not in told[0]


def test_a_page_switches_it_and_all_pages_know():
    with LiveSession(cascade()) as session:
        page, other = attach(session), attach(session)
        do(session, session.pages.receive, page, protocol.Voice(on=False))
        wait_for(lambda: uses(other))
        assert uses(page) == uses(other) == [{"output": False}]
        assert not session.voice
        assert session.say("count", timeout=20).audio_ms == 0.0


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_tool_switches_it_for_its_own_answer(asynchronous):
    def model(came):
        if text_of(came) is not None:
            return [call("whisper"), DONE]
        if result_of(came) is not None:
            return [audio(100), said("Quiet now.", finished=True), DONE]
        return []

    def whisper() -> str:
        """Switches the voice off."""
        session.voice = False
        return "done"

    async def whisper_async() -> str:
        """Switches the voice off."""
        return whisper()

    whisper_async.__name__ = "whisper"
    tool = whisper_async if asynchronous else whisper
    session = LiveSession(Agent(name="a", model=Scripted(model), tools=[tool]))
    with session:
        turn = session.say("hush", timeout=20)
        assert (turn.agent_text, turn.audio_ms) == ("Quiet now.", 0.0)


@pytest.mark.parametrize("model", [OLD, NEW, NEWEST])
@pytest.mark.parametrize(
    "options",
    [
        {"audio": False},
        {"voice": False},
        {"run_config": RunConfig(response_modalities=["TEXT"])},
    ],
)
def test_a_model_that_only_speaks_is_read_from_its_transcript(serve, model, options):
    async def scenario(service):
        await service.setup()
        for _ in range(2):
            await service.text_turn()
            await service.say("Hello.")
            await service.done()
        await service.hang()

    api = serve(scenario)
    with LiveSession(Agent(name="a", model=model), **options) as session:
        page = attach(session)
        turn = session.say("hi", timeout=20)
        assert (turn.agent_text, turn.audio_ms, page.audio) == ("Hello.", 0.0, [])
        session.voice = True
        assert session.say("hi", timeout=20).audio_ms > 0
        assert len(api.connections) == 1
        modalities = api.connections[0].setup.generation_config.response_modalities
        assert modalities == ["AUDIO"]
        assert any("only speaks" in row.error for row in session.log if row.error)


def test_a_model_that_does_one_or_the_other_is_connected_anew(serve):
    async def scenario(service):
        setup = await service.setup()
        await service.text_turn()
        if setup.generation_config.response_modalities == ["TEXT"]:
            await service.text("Written.")
        else:
            await service.say("Spoken.")
        await service.done()
        await service.hang()

    api = serve(scenario)
    with LiveSession(Agent(name="a", model=HALF)) as session:
        assert session.say("hi", timeout=20).agent_text == "Spoken."
        session.voice = False
        wait_for(lambda: len(api.connections) == 2 and session.status == "ready")
        turn = session.say("hi", timeout=20)
        assert (turn.agent_text, turn.audio_ms) == ("Written.", 0.0)
        session.voice = True
        wait_for(lambda: len(api.connections) == 3 and session.status == "ready")
        turn = session.say("hi", timeout=20)
        assert turn.agent_text == "Spoken."
        assert turn.audio_ms > 0
        asked = [one.setup.generation_config.response_modalities for one in api.connections]
        assert asked == [["AUDIO"], ["TEXT"], ["AUDIO"]]


def test_it_is_on_or_off_and_nothing_else():
    with LiveSession(cascade()) as session:
        with pytest.raises(AdkNbError, match='voice="Kore"'):
            session.voice = "Kore"
        for number in range(21):
            session.voice = number % 2 == 1
            assert session.voice is (number % 2 == 1)
        assert session.say("count", timeout=20).audio_ms == 0.0
    with pytest.raises(SessionClosedError):
        session.voice = True


def test_the_last_wish_is_what_it_says_while_an_earlier_one_is_under_way(monkeypatch):
    with LiveSession(cascade()) as session:
        said = []
        monkeypatch.setattr(
            session._exchange, "set_voice", lambda *, on: said.append((on, session.voice))
        )

        async def busy():
            time.sleep(0.2)  # noqa: ASYNC251 - nothing else is to run meanwhile

        session.bridge.submit(busy())
        session.voice = False
        session.voice = True

        async def nothing():
            return None

        session.bridge.call(nothing(), 5)
        assert session.voice
        assert said == []
