"""Timings of a spoken conversation, as another program hears them in its stereo sound.

`hotato` (MIT) measures turn-taking in two channels, the caller's and the agent's, by the energy of
both. It knows nothing of this package.
"""

from __future__ import annotations

import numpy as np
import pytest
from google.adk.agents import Agent
from late import Late
from scripted import Scripted
from speech import RATE
from test_when_spoken import LEAD_S, OFF_MS, QUESTION, Listening, sound

import adk_nb
from adk_nb import LiveSession

hotato = Late("hotato.core")

FRAME_MS = 20.0
"""The length of hotato's frames: its times are their beginnings."""


@pytest.mark.long
def test_the_response_gap_is_first_audio_ms():
    model = Listening()
    with LiveSession(Agent(name="a", model=Scripted(model))) as session:
        session.speak(sound(tail_s=2.0))
        (row,) = [row for row in session.log if row.kind == "user_audio" and row.turn == 1]
        answered = session.log.to_t(model.answered * 1000) - row.t
        frame = adk_nb.turns_df(session, ["first_audio_ms", "speech_start_t", "speech_end_t"])
    # What was played and when it was answered, put side by side without our log of the sound.
    caller = sound(tail_s=2.0)[: int((answered + 0.8) * RATE)]
    agent = np.zeros(len(caller), "<i2")
    began = int(answered * RATE)
    agent[began:] = np.resize(QUESTION, len(agent) - began)
    result = hotato.score_channels((caller / 32768).tolist(), (agent / 32768).tolist(), RATE)
    gap_ms = result.signals["latency"]["response_gap_sec"] * 1000
    assert frame.first_audio_ms[0] == pytest.approx(gap_ms, abs=OFF_MS + FRAME_MS)
    began_ms = (frame.speech_start_t[0] - row.t) * 1000
    assert began_ms == pytest.approx(result.caller_onset_sec * 1000, abs=OFF_MS + FRAME_MS)
    assert result.caller_onset_sec == pytest.approx(LEAD_S, abs=0.2)
