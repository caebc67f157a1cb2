"""What the frames say of speech, against when its samples were sent."""

from __future__ import annotations

import asyncio
import json
import time

import numpy as np
import pytest
from bridges import Opened
from google.adk.agents import Agent
from google.genai import types
from scripted import DONE, Scripted, audio, heard, said
from sessions import wait_for
from speech import RATE, speech
from test_speech_ends import edges

import adk_nb
from adk_nb import LiveSession
from adk_nb.wire import protocol

OFF_MS = 60.0
"""How far a time may be off that a busy machine measures (ms)."""
QUESTION = speech("Please flip a coin.", lead_s=0.0, tail_s=0.0)
LEAD_S = 0.5
FRAME = RATE // 50
START_S, END_S = edges(QUESTION)
COLUMNS = ["speech_start_t", "speech_end_t", "speech_end_by", "first_audio_ms", "transcript_ms",
           "mic_lost_ms", "spoken"]  # fmt: skip


class Listening:
    """Answers when it has been quiet for 0.4 s after speech, and notes when it did."""

    def __init__(self):
        self.quiet = None
        self.answered = 0.0

    def __call__(self, came):
        if not isinstance(came, types.Blob):
            return []
        loud = np.abs(np.frombuffer(came.data, "<i2").astype(int)).max() > 1500
        if loud:
            self.quiet = 0
        elif self.quiet is not None:
            self.quiet += 1
            if self.quiet == 20:
                self.answered = time.monotonic()
                text = heard("Please flip a coin.", finished=True)
                return [text, audio(200), said("Heads.", finished=True), DONE]
        return []


def sound(tail_s=1.0):
    """Returns the question with silence around it."""
    rng = np.random.default_rng(3)
    parts = [np.zeros(int(LEAD_S * RATE)), QUESTION, np.zeros(int(tail_s * RATE))]
    whole = np.concatenate(parts)
    return (whole + rng.normal(0, 15, len(whole))).astype("<i2")


class Told:
    """Notes when a session tells of the answer's sound and of what was heard."""

    def __init__(self, session):
        self.at = []
        session.on_event(
            lambda _: self.at.append(time.monotonic()), ["agent_audio", "user_transcript"]
        )

    def last_t(self, log):
        """When it told of both (s on the session's clock)."""
        wait_for(lambda: len(self.at) > 1)
        return log.to_t(max(self.at[:2]) * 1000)


def check(frame, start_t, end_t, answered, by):
    """Holds a turn's row against when it happened (s on the session's clock).

    `answered` is when the model gave its answer, and when the session told of it.
    """
    assert frame.speech_end_by.tolist() == [by]
    assert (frame.speech_end_t[0] - end_t) * 1000 == pytest.approx(0, abs=OFF_MS)
    assert (frame.speech_start_t[0] - start_t) * 1000 == pytest.approx(0, abs=OFF_MS)
    # The answer came after the model gave it, and before it was told of: a busy machine takes long.
    ended_t = frame.speech_end_t[0]
    earliest, latest = ((at - ended_t) * 1000 for at in answered)
    assert earliest <= frame.first_audio_ms[0] <= latest
    assert earliest <= frame.transcript_ms[0] <= latest


@pytest.mark.long
def test_a_file_that_is_spoken(tmp_path):
    model = Listening()
    with LiveSession(Agent(name="a", model=Scripted(model)), record=tmp_path) as session:
        told = Told(session)
        session.speak(sound())
        (row,) = [row for row in session.log if row.kind == "user_audio" and row.turn == 1]
        times = session.log.to_t(model.answered * 1000), told.last_t(session.log)
    for source in (session, tmp_path):
        frame = adk_nb.turns_df(source, COLUMNS)
        check(frame, row.t + LEAD_S + START_S, row.t + LEAD_S + END_S, times, "file")


class Talker:
    """A page that sends frames stamped by its own clock, which is a day ahead."""

    AHEAD_MS = 86_400_000.0

    def __init__(self, socket):
        self.socket = socket
        self.seq = 0

    async def begin(self):
        offset = {"type": "clock_offset", "offset_ms": -self.AHEAD_MS, "error_ms": 0.5}
        await self.socket.send(json.dumps(offset))
        await self.socket.send(json.dumps({"type": "mic", "on": True}))

    def frame(self, samples, captured):
        """Returns the bytes of a frame whose last sample was captured at a monotonic time (s)."""
        clock = captured * 1000 + self.AHEAD_MS
        seq, self.seq = self.seq, self.seq + 1
        pcm = samples.tobytes()
        return protocol.encode_audio(protocol.AudioFrame(1, seq, 0, RATE, clock, pcm))


async def talk(page, held_s=0.0, lost=range(0)):
    """Speaks the question in real time; returns when its sound began (monotonic, s)."""
    talker, samples = Talker(page), sound()
    await talker.begin()
    began = time.monotonic()
    for number in range(len(samples) // FRAME):
        captured = began + (number + 1) * FRAME / RATE
        frame = talker.frame(samples[number * FRAME : (number + 1) * FRAME], captured)
        await asyncio.sleep(max(0.0, captured + held_s - time.monotonic()))
        if number not in lost:
            await page.send(frame)
    return began


@pytest.mark.long
@pytest.mark.parametrize("held_s", [0.0, 0.8], ids=["at once", "held back by 800 ms"])
async def test_a_page_whose_frames_come(held_s, tmp_path):
    model = Listening()
    made = Opened(LiveSession(Agent(name="a", model=Scripted(model)), record=tmp_path).start())
    try:
        async with made.page() as page:
            told = Told(made.session)
            began = await talk(page, held_s)
            await asyncio.to_thread(wait_for, lambda: made.session.turns[0].ended)
            told_t = await asyncio.to_thread(told.last_t, made.session.log)
    finally:
        made.close()
    log = made.session.log
    for source in (made.session, tmp_path):
        check(
            adk_nb.turns_df(source, COLUMNS),
            log.to_t((began + LEAD_S + START_S) * 1000),
            log.to_t((began + LEAD_S + END_S) * 1000),
            (log.to_t(model.answered * 1000), told_t),
            "vad",
        )


@pytest.mark.long
async def test_a_page_that_loses_frames(tmp_path):
    model = Listening()
    made = Opened(LiveSession(Agent(name="a", model=Scripted(model)), record=tmp_path).start())
    lost = range(30, 45)  # 300 ms amid the words.
    try:
        async with made.page() as page:
            began = await talk(page, lost=lost)
            await asyncio.to_thread(wait_for, lambda: made.session.turns[0].ended)
    finally:
        made.close()
    log = made.session.log
    end_t = log.to_t((began + LEAD_S + END_S) * 1000)
    for source in (made.session, tmp_path):
        frame = adk_nb.turns_df(source, COLUMNS)
        assert frame.mic_lost_ms[0] == 300.0
        assert (frame.speech_end_t[0] - end_t) * 1000 == pytest.approx(0, abs=OFF_MS)
    (row,) = [row for row in log if row.kind == "audio_lost"]
    assert (row.count, row.audio_ms) == (15, 300.0)
    pcm = log.clip("user_audio", 1).samples
    first = 30 * FRAME
    assert not pcm[first : first + 15 * FRAME].any()
    assert np.array_equal(pcm[first + 15 * FRAME :][: 20 * FRAME], sound()[45 * FRAME : 65 * FRAME])
