from __future__ import annotations

import asyncio
import subprocess
import sys
import warnings

import numpy as np
import pytest
from google.adk.agents import Agent
from google.adk.agents.live_request_queue import LiveRequestQueue
from google.adk.agents.run_config import RunConfig, ToolThreadPoolConfig
from google.adk.runners import InMemoryRunner
from google.genai import types
from speech import RATE, silence, speech

from adk_nb.exceptions import LocalModelError
from adk_nb.local import LocalLlm, MoonshineSTT, PicoTTS, local_model

pytestmark = pytest.mark.models


def test_its_own_parts_can_be_given():
    brain, stt, tts = LocalLlm(max_tokens=5), MoonshineSTT(silence_ms=500), PicoTTS(voice="de-DE")
    model = local_model(brain, stt=stt, tts=tts)
    assert model._resolve_llm() is brain
    assert model.stt is stt
    assert model.tts is tts


def test_building_it_does_not_warn():
    code = "import adk_nb.local as l; l.local_model()"
    run = subprocess.run(
        [sys.executable, "-W", "default", "-c", code], capture_output=True, text=True, check=True
    )
    assert "CASCADE_LIVE" not in run.stderr


def test_importing_it_loads_no_models():
    code = (
        "import sys, adk_nb.local;"
        "print([m for m in ('moonshine_voice', 'xllamacpp', 'py_nanotts') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# --- all of it in a live session -----------------------------------------------------------------


def get_time(city: str) -> dict:
    """Returns the current time in a city."""
    return {"city": city, "time": "3:05 PM"}


async def live(samples, *, until):
    """Speaks to an agent in real time and returns its events up to the one that is waited for."""
    agent = Agent(name="clock", model=local_model(), instruction="Tell time.", tools=[get_time])
    runner = InMemoryRunner(agent)
    session = await runner.session_service.create_session(app_name=runner.app_name, user_id="u")
    queue = LiveRequestQueue()

    async def feed():
        for start in range(0, len(samples), 320):
            data = samples[start : start + 320].tobytes()
            blob = types.Blob(data=data, mime_type=f"audio/pcm;rate={RATE}")
            queue.send_realtime(blob)
            await asyncio.sleep(0.02)

    feeding = asyncio.create_task(feed())
    config = RunConfig(
        response_modalities=["AUDIO"], tool_thread_pool_config=ToolThreadPoolConfig()
    )
    events = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        async for event in runner.run_live(
            user_id="u", session_id=session.id, live_request_queue=queue, run_config=config
        ):
            events.append(event)
            if until(event):
                break
    queue.close()
    feeding.cancel()
    return events


@pytest.mark.timeout(60)
async def test_a_spoken_question_is_answered_aloud():
    samples = np.concatenate([speech("What time is it in Tokyo?"), silence(20.0)])
    events = await live(samples, until=lambda event: event.turn_complete)
    heard = [e.input_transcription.text for e in events if e.input_transcription]
    said = [e.output_transcription.text for e in events if e.output_transcription]
    parts = [part for e in events if e.content for part in e.content.parts or []]
    assert heard[-1] == "What time is it in Tokyo?"
    assert [part.function_call.args for part in parts if part.function_call] == [{"city": "Tokyo"}]
    assert said[-1] == "The time in Tokyo is 3:05 PM."
    assert sum(len(part.inline_data.data) for part in parts if part.inline_data) > 2 * RATE


@pytest.mark.timeout(60)
async def test_a_word_over_the_agent_interrupts_it():
    question = speech("What time is it in Tokyo?", tail_s=1.5)
    samples = np.concatenate([question, speech("Stop."), silence(20.0)])
    events = await live(samples, until=lambda event: event.interrupted)
    assert events[-1].interrupted


@pytest.mark.parametrize("name", ["ollama/llama3", "nonsense"])
def test_a_brain_of_a_name_that_adk_does_not_know_fails_at_the_call(name):
    with pytest.raises(LocalModelError, match=f"no model of the name '{name}'") as error:
        local_model(brain=name)
    assert "pip install google-adk[extensions]" in error.value.remedy


def test_a_brain_that_is_no_model_fails_at_the_call():
    with pytest.raises(LocalModelError, match="3 is no brain"):
        local_model(brain=3)


@pytest.mark.parametrize("name", ["gemini-3.8-live", "gemini-live-2.5-flash-native-audio"])
def test_a_live_model_is_no_brain(name):
    with pytest.raises(LocalModelError, match=f"{name} is a live model") as error:
        local_model(brain=name)
    assert f'Agent(model="{name}")' in error.value.remedy


def test_a_brain_may_be_a_name_that_adk_knows():
    assert local_model(brain="gemini-2.5-flash").model == "gemini-2.5-flash"
