"""The sound that the log, a recording and the frames have, against what was said and heard."""

from __future__ import annotations

import numpy as np
import pytest
from google.adk.agents import Agent
from google.adk.models.llm_response import LlmResponse
from google.genai import types
from logs import read_recording
from scripted import DONE, OPENED, Opening, Scripted, call, said, text_of

import adk_nb
from adk_nb import LiveSession
from adk_nb.log.event_log import EventLog
from adk_nb.log.gaps import with_gaps
from adk_nb.log.recording import save


def tone(hz, ms, rate):
    """Returns a tone as PCM16LE."""
    seconds = np.arange(int(rate * ms / 1000)) / rate
    return (8000 * np.sin(2 * np.pi * hz * seconds)).astype("<i2").tobytes()


def pitch(clip, begin_ms, end_ms):
    """Returns the strongest frequency in a part of a clip (Hz)."""
    part = clip.samples[int(begin_ms * clip.rate / 1000) : int(end_ms * clip.rate / 1000)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    return float(np.argmax(spectrum)) * clip.rate / len(part)


def sound(pcm, rate):
    blob = types.Blob(data=pcm, mime_type=f"audio/pcm;rate={rate}")
    return LlmResponse(content=types.Content(role="model", parts=[types.Part(inline_data=blob)]))


@pytest.mark.parametrize("rates", [(24_000, 16_000), (16_000, 24_000), (8_000, 16_000)])
def test_two_voices_of_two_rates_in_one_turn_sound_as_they_were(rates, tmp_path):
    log = EventLog("s")
    for hz, rate in zip((440, 880), rates, strict=True):
        for start in range(0, 500, 100):
            pcm = tone(hz, 500, rate)
            size = rate // 10 * 2
            log.add_audio("adk", "agent_audio", 1, pcm[start // 100 * size :][:size], rate)
    for clip in (
        log.clip("agent_audio", 1),
        read_recording(save(log, tmp_path)).clip("agent_audio", 1),
    ):
        assert clip.rate == max(rates)
        assert clip.duration_ms == pytest.approx(1000, abs=1)
        assert pitch(clip, 50, 450) == pytest.approx(440, abs=3)
        assert pitch(clip, 550, 950) == pytest.approx(880, abs=3)


@pytest.mark.long
def test_a_hand_over_to_an_agent_with_another_rate_and_model(tmp_path):
    """The second voice is as fast as it was, and the turn has the model that answered."""

    def first(came):
        if text_of(came):
            return [
                sound(tone(440, 400, 24_000), 24_000),
                call("transfer_to_agent", agent_name="b"),
            ]
        return []

    def second(came):
        if came is OPENED or text_of(came):
            return [sound(tone(880, 400, 16_000), 16_000), said("Here I am.", finished=True), DONE]
        return []

    helper = Agent(name="b", model=Opening(second, model="second"), description="Helps.")
    root = Agent(name="a", model=Scripted(first, model="first"), sub_agents=[helper])
    with LiveSession(root, record=tmp_path) as session:
        session.say("hi", timeout=20)
        session.say("and now", timeout=20)
        clip = session.audio(1)
    assert clip.duration_ms == pytest.approx(800, abs=2)
    assert pitch(clip, 450, 750) == pytest.approx(880, abs=4)
    for source in (session, tmp_path):
        frame = adk_nb.turns_df(source)
        assert frame.model.tolist() == ["second", "second"]
        assert frame.agent.tolist() == ["b", "b"]


def test_pauses_in_which_the_microphone_was_off_are_kept_on_demand(tmp_path):
    log = EventLog("s")
    frame = tone(440, 20, 16_000)
    for at in (-9.0, -8.98, -5.0, -4.98):
        log.add_audio("client", "user_audio", 1, frame, 16_000, at=at)
    for source in (log, read_recording(save(log, tmp_path))):
        assert source.clip("user_audio", 1).duration_ms == 80
        kept = with_gaps(source, "user_audio", 1)
        assert kept.duration_ms == pytest.approx(4040, abs=1)
        assert kept.pcm[: 4 * 320] == frame * 2
        assert kept.pcm[-4 * 320 :] == frame * 2
        assert not any(kept.pcm[4 * 320 : -4 * 320])
