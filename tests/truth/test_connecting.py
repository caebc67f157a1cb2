"""What the frames say of connecting, against a service that takes its time."""

from __future__ import annotations

import time

import live_api as live
import pytest
from google.adk.agents import Agent
from speech import speech

from adk_nb import LiveSession, turns_df

SLOW_S = 0.6
"""How long the service takes to connect (s)."""
OFF_MS = 150.0
"""How much longer a busy machine may need (ms)."""
COLUMNS = ["cold", "connect_ms", "first_audio_ms"]


def test_a_turn_that_waits_for_the_connection_is_cold_and_says_for_how_long(serve, tmp_path):
    ready = []

    async def slowly(call):
        await call.sleep(SLOW_S)
        await call.setup()
        ready.append(time.monotonic())
        await call.text_turn()
        await call.say("One.")
        await call.done()
        await call.text_turn()
        await call.say("Two.")
        await call.done()
        await call.hang()

    serve(slowly)
    agent = Agent(name="tester", model=live.NEW)
    with LiveSession(agent, record=tmp_path / "talk") as session:
        asked = time.monotonic()
        session.say("one", timeout=20)
        session.say("two", timeout=20)
    took_ms = (ready[0] - asked) * 1000
    for source in (session, tmp_path / "talk"):
        frame = turns_df(source, COLUMNS)
        assert frame.cold.tolist() == [True, False]
        # On a busy machine the text may be on its way for a while before the turn begins.
        assert SLOW_S * 1000 - OFF_MS < frame.connect_ms[0] < took_ms + OFF_MS
        assert frame.first_audio_ms[0] > frame.connect_ms[0]
        assert frame.connect_ms.isna().tolist() == [False, True]


@pytest.mark.long
def test_speech_waits_until_somebody_hears_it(serve):
    async def scenario(call):
        await call.sleep(SLOW_S)
        await call.setup()
        await call.utterance()
        await call.heard("hello")
        await call.say("Hello.")
        await call.done()
        await call.hang()

    serve(scenario)
    began = time.monotonic()
    with LiveSession(Agent(name="tester", model=live.NEW)) as session:
        turn = session.speak(speech("Stop.", lead_s=0.0), timeout=20)
        assert time.monotonic() - began > SLOW_S
        assert (turn.agent_text, turn.cold, turn.connect_ms) == ("Hello.", False, None)
        # The service ends an utterance after 300 ms of silence.
        assert turn.first_audio_ms == pytest.approx(300, abs=OFF_MS + 100)
