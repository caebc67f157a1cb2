from __future__ import annotations

import asyncio
import sys

import numpy as np
import pytest
from google.adk.live._cascade_live_events import AgentSpokenOutput, AudioChunk

from adk_nb.exceptions import LocalModelError
from adk_nb.local import HibariTTS, PicoTTS, tts as tts_module
from adk_nb.local.parts import Part
from adk_nb.local.speakable import speakable, split_sentences
from adk_nb.local.tts import SpokenText

pytestmark = [pytest.mark.models, pytest.mark.filterwarnings("ignore:.*CASCADE_LIVE")]


async def pieces(text, size=5):
    for start in range(0, len(text), size):
        await asyncio.sleep(0)
        yield text[start : start + size]


async def speak(text, engine=PicoTTS, **options):
    cancel = asyncio.Event()
    return [event async for event in engine(**options)(pieces(text), cancel=cancel)]


def rates(events):
    return {event.blob.mime_type for event in events if isinstance(event, AudioChunk)}


def spoken(events):
    return [event.text for event in events if isinstance(event, AgentSpokenOutput)]


def pcm(events):
    return b"".join(event.blob.data for event in events if isinstance(event, AudioChunk))


# --- text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentences", "rest"),
    [
        ("It is 3.5 km. Really", ["It is 3.5 km. "], "Really"),
        ("Eat fruit, e.g. apples. Yes! ", ["Eat fruit, e.g. apples. ", "Yes! "], ""),
        ("Dr. Who met Mr. Bean. And", ["Dr. Who met Mr. Bean. "], "And"),
        ("Wait... what? No.", ["Wait... ", "what? "], "No."),
        ("1. First\n2. Second", ["1. First\n"], "2. Second"),
        ('He said "no." Then left. ', ['He said "no." ', "Then left. "], ""),
        ("no end yet", [], "no end yet"),
        ("", [], ""),
    ],
)
def test_sentences_are_split_where_they_end(text, sentences, rest):
    assert split_sentences(text, longest=100) == (sentences, rest)


def test_a_long_sentence_is_split_at_a_clause():
    text = "This is a rather long beginning of it, and it goes on and on without an end"
    sentences, rest = split_sentences(text, longest=50)
    assert sentences == ["This is a rather long beginning of it, "]
    assert "".join(sentences) + rest == text


def test_text_without_spaces_is_not_split():
    assert split_sentences("a" * 500, longest=50) == ([], "a" * 500)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("**Bold** and _italic_ `code`", "Bold and italic code"),
        ("# Heading\n- one\n* two", "Heading one two"),
        ("[a link](https://example.org/x?y=1)", "a link"),
        ("See https://www.example.org/some/path now", "See example.org now"),
        ("<speed level='300'>fast</speed>", "fast"),
        ("1 < 2 & 3 > 2", "1 less than 2 and 3 greater than 2"),
        ("snake_case at 21\u00b0C", "snake case at 21 degrees Celsius"),
        ("```python\nprint(1)\n```", ""),
        ("\U0001f600 hi \u2019tis", "hi 'tis"),
        ("[[rate 300]] hello", "rate 300 hello"),
        ("...", ""),
        ("\x00\x07", ""),
        ("Your code is B3R7K9.", "Your code is B 3 R 7 K 9."),
        ("Order #W549 on BA-117", "Order W 5 4 9 on B A 1 1 7"),
        ("Call 0170 555", "Call 0 1 7 0 555"),
        ("At 10 in 2026, 0.015 of USA at 07:30", "At 10 in 2026, 0.015 of USA at 07:30"),
    ],
)
def test_text_is_made_speakable(text, words):
    assert speakable(text) == words


# --- sound ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("engine", "rate"), [(HibariTTS, 24_000), (PicoTTS, 16_000)])
async def test_speaks_sentence_by_sentence(engine, rate):
    text = "The result is 5. Flip coin gives heads,  **really**!\nDone"
    events = await speak(text, engine)
    assert "".join(spoken(events)) == text
    assert len(spoken(events)) >= 3
    assert isinstance(events[0], AudioChunk)
    assert isinstance(events[-1], AgentSpokenOutput)
    chunks = [event.blob for event in events if isinstance(event, AudioChunk)]
    assert rates(events) == {f"audio/pcm;rate={rate}"}
    assert max(len(chunk.data) for chunk in chunks) <= rate // 10 * 2
    assert all(len(chunk.data) % 2 == 0 for chunk in chunks)


async def test_the_first_sentence_does_not_wait_for_the_second():
    more = asyncio.Event()

    async def text():
        yield "The first one. And"
        await more.wait()
        yield " the second."

    speech = PicoTTS()(text(), cancel=asyncio.Event())
    events = [await anext(speech)]
    while not spoken(events):
        events.append(await anext(speech))
    assert spoken(events) == ["The first one. "]
    more.set()
    assert spoken([event async for event in speech]) == ["And the second."]


async def test_the_first_clause_does_not_wait_for_the_rest_of_its_sentence():
    more = asyncio.Event()

    async def text():
        yield "The sky is so blue, because"
        await more.wait()
        yield " of the light."

    speech = HibariTTS()(text(), cancel=asyncio.Event())
    events = [await anext(speech)]
    while not spoken(events):
        events.append(await anext(speech))
    assert spoken(events) == ["The sky is so blue, "]
    more.set()
    assert spoken([event async for event in speech]) == ["because of the light."]


async def test_hibari_says_the_same_each_time_and_survives_any_text():
    assert pcm(await speak("Hello.", HibariTTS)) == pcm(await speak("Hello.", HibariTTS))
    assert pcm(await speak("\ud800", HibariTTS)) == b""


async def test_there_is_little_silence_before_the_first_word():
    samples = np.frombuffer(pcm(await speak("Hello.")), np.int16).astype(np.int32)
    assert np.flatnonzero(np.abs(samples) > 200)[0] <= 16_000 * 0.03


async def test_cancel_stops_at_once():
    cancel = asyncio.Event()
    events = []
    async for event in PicoTTS()(pieces("One sentence here. " * 20), cancel=cancel):
        events.append(event)
        if len(events) == 3:
            cancel.set()
    assert len(events) == 3


async def test_closing_midway_closes_the_text():
    closed = asyncio.Event()

    async def text():
        try:
            while True:
                yield "Over and over. "
        finally:
            closed.set()

    words = text()
    speech = PicoTTS()(words, cancel=asyncio.Event())
    await anext(speech)
    await speech.aclose()
    await words.aclose()
    assert closed.is_set()


@pytest.mark.parametrize("text", ["", "   ", "...", "\U0001f600", "<b></b>"])
async def test_nothing_to_say_is_silent_but_kept(text):
    events = await speak(text)
    assert pcm(events) == b""
    assert "".join(spoken(events)) == text


@pytest.mark.parametrize("voice", ["en-GB", "en-US", "de-DE", "es-ES", "fr-FR", "it-IT"])
async def test_voices(voice):
    assert len(pcm(await speak("Paris, Berlin.", voice=voice))) > 16_000


async def test_speed_and_unknown_voices():
    slow = pcm(await speak("Hello there, how are you?", speed=0.7))
    fast = pcm(await speak("Hello there, how are you?", speed=1.6))
    assert len(slow) > 1.5 * len(fast)
    with pytest.raises(LocalModelError, match="en-GB"):
        PicoTTS(voice="xx-XX")


# --- where one is missing ------------------------------------------------------------------------


class Failing:
    rate = 16_000

    def speak(self, text):
        raise LocalModelError("It lost its voice.")


async def test_a_voice_that_fails_its_trial_is_none():
    tts = SpokenText(Part("Failing", (), "local", Failing))
    with pytest.raises(LocalModelError, match="lost its voice"):
        tts.warm_up()
    events = [event async for event in tts(pieces("Hello."), cancel=asyncio.Event())]
    assert (pcm(events), spoken(events)) == (b"", ["Hello."])


async def test_pico_speaks_where_hibari_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "hibari", None)
    events = await speak("Hello.", HibariTTS)
    assert rates(events) == {"audio/pcm;rate=16000"}


def test_no_synthesis_at_all_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "py_nanotts", None)
    monkeypatch.setitem(sys.modules, "hibari", None)
    with pytest.raises(LocalModelError, match="no voice, and answers in text: py-nanotts"):
        PicoTTS().warm_up()
    with pytest.raises(LocalModelError, match="hibari-tts is not installed"):
        HibariTTS().warm_up()


def test_trim_keeps_speech_only():
    quiet, loud = np.zeros(8000, np.int16), np.full(1600, 5000, np.int16)
    trimmed = tts_module._trim(np.concatenate([quiet, loud, quiet]).tobytes(), 16_000)
    assert len(trimmed) // 2 == pytest.approx(320 + 1600 + 4000, abs=2)
    assert tts_module._trim(quiet.tobytes(), 16_000) == b""
