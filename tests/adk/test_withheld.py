"""A guard's callback: known for certain, and with a cascade asked before anything sounds."""

from __future__ import annotations

import asyncio

from google.adk.agents import Agent
from google.adk.live import AgentSpokenOutput, AudioChunk, CascadeLive, LiveEgress
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.adk.plugins.base_plugin import BasePlugin
from google.genai import types
from scripted import DONE, Deaf, Scripted, audio, echo, said, text_of
from sessions import attach, do, wait_for

from adk_nb import LiveSession
from adk_nb.adk.withheld import guarded
from adk_nb.audio import duration_ms
from adk_nb.log.turns_from_log import logged_turns
from adk_nb.wire import protocol

SENTENCE_MS = 400


def response(text):
    content = types.Content(role="model", parts=[types.Part(text=text)])
    return LlmResponse(content=content)


class Speaker(LiveEgress):
    """Speaks each piece of text in two chunks; the embedded default yields them in this order."""

    async def __call__(self, text, *, cancel: asyncio.Event):
        async for sentence in text:
            for _ in range(2):
                pcm = b"\x01\x00" * (16 * SENTENCE_MS // 2)
                yield AudioChunk(blob=types.Blob(data=pcm, mime_type="audio/pcm;rate=16000"))
            yield AgentSpokenOutput(text=sentence)


class Teller(BaseLlm):
    """Tells its sentences, and keeps what it was asked."""

    model: str = "teller"
    sentences: list = []
    asked: list = []

    async def generate_content_async(self, llm_request, stream=False):
        self.asked.append(list(llm_request.contents))
        for sentence in self.sentences:
            part = types.Part(text=sentence)
            yield LlmResponse(content=types.Content(role="model", parts=[part]), partial=True)


def no_numbers(callback_context, llm_response):
    spoken = llm_response.output_transcription
    return response("I may not say.") if spoken and "555" in (spoken.text or "") else None


class Guard(BasePlugin):
    async def after_model_callback(self, *, callback_context, llm_response):
        return no_numbers(callback_context, llm_response)


def cascade(*sentences, plugins=(), **options):
    brain = Teller(sentences=list(sentences))
    brain.asked = []
    model = CascadeLive(model=brain, stt=Deaf(), tts=Speaker())
    return LiveSession(Agent(name="teller", model=model, **options), plugins=plugins), brain


def sounded_ms(page):
    return sum(duration_ms(len(pcm), rate) for _, rate, pcm in page.audio)


def order(page):
    """What a page got of the agent, sound and words, in the order in which it came."""
    return [one if isinstance(one, str) else "sound" for one in page.came]


def watched(session):
    page = attach(session)
    page.came = []
    send_audio, send = page.send_audio, page.send
    page.send_audio = lambda turn, rate, pcm: (page.came.append(0), send_audio(turn, rate, pcm))

    def kept(message):
        send(message)
        if isinstance(message, protocol.Transcript) and message.role == "agent":
            page.came.append(message.text)

    page.send = kept
    return page


def test_who_is_guarded():
    plain = Agent(name="a", model="m")
    own = Agent(name="b", model="m", after_model_callback=no_numbers)
    assert not guarded(plain)
    assert not guarded(plain, [BasePlugin(name="none")])
    assert guarded(plain, [Guard(name="guard")])
    assert guarded(own)
    assert guarded(Agent(name="c", model="m", sub_agents=[own]))


def test_of_a_cascade_nothing_sounds_before_the_callbacks_have_passed_it():
    for options in ({"after_model_callback": no_numbers}, {"plugins": [Guard(name="guard")]}):
        session, brain = cascade("Hello. ", "Call 555. ", "Bye.", **options)
        with session:
            page = watched(session)
            turn = session.say("tell")
            assert (turn.agent_text, turn.withheld, turn.error) == ("I may not say.", True, None)
            assert sounded_ms(page) == SENTENCE_MS  # "Hello." alone.
            assert not any("555" in str(said) for said in page.messages)
            session.say("more")
        told = str(brain.asked[1])
        assert "555" not in told
        assert "Hello" not in told
        assert "I may not say." in told


def test_a_guarded_cascade_says_the_words_before_the_sound_and_is_heard_as_before():
    session, _ = cascade("One two. ", "Three four.", after_model_callback=no_numbers)
    with session:
        page = watched(session)
        turn = session.say("count")
        sentences = (["One two."], [" Three four."])
        assert order(page)[:6] == [*sentences[0], *["sound"] * 2, *sentences[1], *["sound"] * 2]
        for text in (turn, logged_turns(session.log)[0]):
            assert text.agent_text == "One two. Three four."
            assert text.heard_at(SENTENCE_MS) == "One two."
            assert text.heard_at(SENTENCE_MS * 1.6) == "One two. Three"


def test_without_callbacks_a_cascades_sound_waits_for_nothing():
    session, _ = cascade("One two.")
    with session:
        page = watched(session)
        session.say("count")
        assert order(page)[:3] == ["sound", "sound", "One two."]


def test_an_answer_that_has_begun_is_silenced_and_its_sound_forgotten(tmp_path):
    def answer(came):
        if text_of(came) != "tell":
            return echo(came)
        return [audio(500), said("It is "), audio(500), said("555"), audio(3000), DONE]

    agent = Agent(name="teller", model=Scripted(answer), after_model_callback=no_numbers)
    with LiveSession(agent, record=tmp_path) as session:
        page = attach(session)
        turn = session.say("tell")
        assert (turn.agent_text, turn.heard_text, turn.withheld) == (("I may not say.",) * 2) + (
            True,
        )
        states = [(m.turn, m.state) for m in page.messages if isinstance(m, protocol.TurnState)]
        assert states == [(1, "started"), (1, "withheld"), (1, "complete")]
        last = [m for m in page.messages if isinstance(m, protocol.Transcript)][-1]
        assert (last.text, last.withheld, last.final) == ("I may not say.", True, True)
        do(session, session.pages.playback, protocol.Playback("flushed", 1, played_ms=250.0))
        assert (turn.heard_ms, turn.heard_text) == (250.0, "I may not say.")
        assert turn.audio.pcm == session.audio(1).pcm == b""
        assert "withheld" in turn._repr_html_()
        newcomer = do(session, session.pages.attach, page)
        shown = [m for m in newcomer.history if m["type"] == "transcript" and m["role"] == "agent"]
        assert [(m["text"], m["withheld"]) for m in shown] == [("I may not say.", True)]

        assert session.say("hi").agent_text == "You said hi."
        assert session.audio(2).duration_ms == 100
    (row,) = [row for row in session.log if row.kind == "withheld"]
    assert (row.turn, row.text, row.audio_ms, row.agent) == (1, "I may not say.", 1000, "teller")
    read = logged_turns(session.log)[0]
    assert (read.agent_text, read.withheld, read.heard_ms) == ("I may not say.", True, 250.0)
    assert [file.name for file in sorted(session.recording.glob("*-agent.wav"))] == [
        "0002-agent.wav"
    ]
    assert "555" not in str(agent.model.histories)


def test_what_is_withheld_can_be_kept():
    agent = Agent(
        name="teller",
        model=Scripted(lambda came: [audio(500), said("555"), DONE]),
        after_model_callback=no_numbers,
    )
    with LiveSession(agent, keep_withheld=True) as session:
        turn = session.say("tell")
        assert (turn.agent_text, turn.audio.duration_ms) == ("I may not say.", 500)


def test_what_was_cut_off_before_is_not_brought_back_by_a_guard():
    gate = asyncio.Event()

    async def slow(callback_context, llm_response):
        spoken = llm_response.output_transcription
        if spoken and "555" in spoken.text:
            await gate.wait()
            return response("I may not say.")
        return None

    agent = Agent(
        name="teller",
        model=Scripted(
            lambda came: (
                [audio(500), said("It is "), said("555"), DONE]
                if text_of(came) == "tell"
                else echo(came)
            )
        ),
        after_model_callback=slow,
    )
    with LiveSession(agent) as session:
        future = session.bridge.submit(session.requests.say("tell", 20))
        wait_for(lambda: session.turns and session.turns[0].agent_text)
        session.interrupt()
        turn = future.result(20)
        session.bridge.loop.call_soon_threadsafe(gate.set)
        wait_for(lambda: len(agent.model.connects) == 2)
        assert session.say("hi").agent_text == "You said hi."
    assert "555" not in turn.agent_text
    assert len(session.turns) == 2
