from __future__ import annotations

import asyncio
import json
import stat
import sys

import numpy as np
import pytest
from google.adk.live._cascade_live_events import AgentSpokenOutput, AudioChunk

from adk_nb.exceptions import LocalModelError
from adk_nb.local import PicoTTS
from adk_nb.local import tts as tts_module
from adk_nb.local.speakable import speakable, split_sentences

pytestmark = [pytest.mark.models, pytest.mark.filterwarnings("ignore:.*CASCADE_LIVE")]


async def pieces(text, size=5):
    for start in range(0, len(text), size):
        await asyncio.sleep(0)
        yield text[start : start + size]


async def speak(text, **options):
    cancel = asyncio.Event()
    return [event async for event in PicoTTS(**options)(pieces(text), cancel=cancel)]


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
    ],
)
def test_text_is_made_speakable(text, words):
    assert speakable(text) == words


# --- sound ---------------------------------------------------------------------------------------


async def test_speaks_sentence_by_sentence():
    text = "The result is 5. Flip coin gives heads,  **really**!\nDone"
    events = await speak(text)
    assert "".join(spoken(events)) == text
    assert len(spoken(events)) >= 3
    assert isinstance(events[0], AudioChunk)
    assert isinstance(events[-1], AgentSpokenOutput)
    chunks = [event.blob for event in events if isinstance(event, AudioChunk)]
    assert {chunk.mime_type for chunk in chunks} == {"audio/pcm;rate=16000"}
    assert max(len(chunk.data) for chunk in chunks) <= 3200
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


# --- macOS ---------------------------------------------------------------------------------------

_FAKE_SAY = '''#!/bin/sh
""":"
exec "{python}" "$0" "$@"
"""
import json, sys, wave
path = sys.argv[sys.argv.index("-o") + 1]
json.dump(sys.argv[1:], open({log!r}, "w"))
if "fail" in sys.argv[-1]:
    sys.exit("Voice not found")
with wave.open(path, "wb") as file:
    file.setnchannels(1); file.setsampwidth(2); file.setframerate(16000)
    file.writeframes(b"\\x00\\x10" * 4000)
'''


@pytest.fixture
def say(monkeypatch, tmp_path):
    program, log = tmp_path / "say", tmp_path / "log.json"
    program.write_text(_FAKE_SAY.format(python=sys.executable, log=str(log)))
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "py_nanotts", None)
    return log


async def test_say_speaks_where_pico_is_missing(say):
    events = await speak("Hello from the fruit company.", voice="en-US", speed=2.0)
    assert len(pcm(events)) == 8000
    command = json.loads(say.read_text())
    assert command[:4] == ["-v", "Samantha", "-r", "350"]
    assert "--data-format=LEI16@16000" in command
    assert command[-2:] == ["--", "Hello from the fruit company."]


async def test_a_failure_of_say_is_told(say):
    with pytest.raises(LocalModelError, match="Voice not found"):
        await speak("Please fail.")


@pytest.mark.usefixtures("say")
async def test_a_voice_that_fails_its_trial_is_none(monkeypatch):
    monkeypatch.setattr(tts_module, "_TRIAL", "Please fail.")
    tts = PicoTTS()
    with pytest.raises(LocalModelError, match="Voice not found"):
        tts.warm_up()
    events = [event async for event in tts(pieces("Hello."), cancel=asyncio.Event())]
    assert (pcm(events), spoken(events)) == (b"", ["Hello."])


def test_no_synthesis_at_all_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "py_nanotts", None)
    with pytest.raises(LocalModelError, match="py-nanotts"):
        PicoTTS().warm_up()


def test_trim_keeps_speech_only():
    quiet, loud = np.zeros(8000, np.int16), np.full(1600, 5000, np.int16)
    trimmed = tts_module._trim(np.concatenate([quiet, loud, quiet]).tobytes())
    assert len(trimmed) // 2 == pytest.approx(320 + 1600 + 4000, abs=2)
    assert tts_module._trim(quiet.tobytes()) == b""
