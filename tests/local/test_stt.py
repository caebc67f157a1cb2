from __future__ import annotations

import asyncio
import random
from contextlib import aclosing

import numpy as np
import pytest
from google.adk.live._cascade_live_events import (
    PartialTranscript,
    UserSpeechStarted,
    UserTurnFinished,
)
from google.genai import types
from speech import RATE, cough, noise, silence, speech

from adk_nb.local import MoonshineSTT, stt as stt_module

pytestmark = [pytest.mark.models, pytest.mark.filterwarnings("ignore:.*CASCADE_LIVE")]


async def blobs(samples, rate=RATE, frame_ms=20, *, real_time=False, mime_type=None):
    size = rate * frame_ms // 1000
    for start in range(0, len(samples), size):
        await asyncio.sleep(frame_ms / 1000 if real_time else 0)
        data = samples[start : start + size].tobytes()
        yield types.Blob(data=data, mime_type=mime_type or f"audio/pcm;rate={rate}")


async def hear(audio, **options):
    return [event async for event in MoonshineSTT(**options)(audio)]


def turns(events):
    return [event.text for event in events if isinstance(event, UserTurnFinished)]


# --- hearing -------------------------------------------------------------------------------------


async def test_hears_a_question_and_says_so_in_order():
    events = await hear(blobs(speech("What time is it in Tokyo?")))
    assert isinstance(events[0], UserSpeechStarted)
    assert turns(events) == ["What time is it in Tokyo?"]
    assert isinstance(events[-1], UserTurnFinished)
    assert any(isinstance(event, PartialTranscript) for event in events)


async def test_hears_partial_transcripts_while_the_user_speaks():
    samples = speech("Tell me a long story.")
    events = await hear(blobs(samples, real_time=True))
    partials = [event.text for event in events if isinstance(event, PartialTranscript)]
    assert partials
    assert len(set(partials)) == len(partials)
    assert turns(events) == ["Tell me a long story."]


async def test_hears_several_turns_in_one_stream():
    samples = np.concatenate([speech("Good morning."), speech("Please flip a coin.")])
    heard = turns(await hear(blobs(samples)))
    assert [text.rstrip(".") for text in heard] == ["Good morning", "Please flip a coin"]


async def test_the_end_of_the_stream_ends_the_turn():
    samples = speech("What is your name?", tail_s=0.0)
    assert turns(await hear(blobs(samples))) == ["What is your name?"]


@pytest.mark.parametrize("rate", [8_000, 24_000, 44_100, 48_000])
async def test_hears_at_other_rates(rate):
    samples = speech("What time is it in Tokyo?", rate=rate)
    heard = turns(await hear(blobs(samples, rate)))
    assert len(heard) == 1
    assert "time is it" in heard[0]


async def test_hears_frames_of_any_size():
    data = speech("What is the capital of France?").tobytes()
    sizes = random.Random(3)

    async def audio():
        start = 0
        while start < len(data):
            size = 2 * sizes.randrange(1, 3000)
            yield types.Blob(data=data[start : start + size], mime_type="audio/pcm")
            start += size
            await asyncio.sleep(0)

    assert turns(await hear(audio())) == ["What is the capital of France?"]


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(3 * RATE, np.int16),
        silence(3.0),
        noise(2.0),
        np.concatenate([silence(0.5), cough(), silence(0.1), cough(), silence(0.6)]),
        (speech("What time is it in Tokyo?") * 0.01).astype(np.int16),
    ],
    ids=["zeros", "room", "white noise", "cough", "residual echo"],
)
async def test_sounds_that_are_no_words_are_not_heard(samples):
    assert await hear(blobs(samples)) == []


async def test_a_long_speech_is_heard_in_pieces():
    sentence = speech("What is the capital of France?", tail_s=0.15, lead_s=0.0)
    samples = np.concatenate([sentence] * 6 + [silence(1.0)])
    heard = turns(await hear(blobs(samples), max_piece_s=5.0))
    assert len(heard) == 1
    assert heard[0].lower().count("capital of france") >= 4


async def test_a_hesitation_is_waited_for():
    first = speech("Show me the list of", tail_s=0.5)
    samples = np.concatenate([first, speech("the files.", lead_s=0.0)])
    assert len(turns(await hear(blobs(samples, real_time=True)))) == 1


# --- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "blob",
    [
        types.Blob(data=b"", mime_type="audio/pcm;rate=16000"),
        types.Blob(data=b"\x01", mime_type="audio/pcm;rate=16000"),
        types.Blob(data=b"\x01\x02\x03", mime_type="audio/pcm;rate=16000"),
        types.Blob(data=b"\x01\x02" * 99, mime_type="audio/pcm;rate=0"),
        types.Blob(data=b"\x01\x02" * 99, mime_type="audio/pcm;rate=99999999"),
        types.Blob(data=b"\x01\x02" * 99, mime_type="audio/pcm;rate=fast"),
        types.Blob(data=b"\x01\x02" * 99, mime_type="audio/webm;codecs=opus"),
        types.Blob(data=b"\x01\x02" * 99, mime_type=""),
        types.Blob(),
        types.Blob(data=random.Random(1).randbytes(9999), mime_type="audio/pcm;rate=8000"),
    ],
)
async def test_odd_blobs_are_survived(blob):
    async def audio():
        yield blob
        async for each in blobs(speech("What is your name?")):
            yield each

    assert turns(await hear(audio())) == ["What is your name?"]


async def test_a_stream_that_is_closed_midway_leaves_nothing_behind():
    tasks = asyncio.all_tasks()
    idle = len(stt_module._idle_vads)
    async with aclosing(MoonshineSTT()(blobs(speech("Tell me a joke.")))) as events:
        async for _ in events:
            break
    assert asyncio.all_tasks() == tasks
    assert len(stt_module._idle_vads) >= min(idle, 1)


async def test_a_stream_that_fails_says_so():
    async def audio():
        yield types.Blob(data=b"\0\0" * 320, mime_type="audio/pcm;rate=16000")
        raise OSError("the microphone is gone")

    with pytest.raises(OSError, match="gone"):
        await hear(audio())


async def test_sessions_share_the_models():
    heard = await asyncio.gather(
        *(
            hear(blobs(speech(text)))
            for text in ("What time is it in Tokyo?", "What is your name?", "Please stop.")
        )
    )
    assert [text for events in heard for text in turns(events)] == [
        "What time is it in Tokyo?",
        "What is your name?",
        "Please stop.",
    ]


def test_warm_up_can_be_repeated():
    stt = MoonshineSTT()
    stt.warm_up()
    stt.warm_up()
