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
from google.adk.live._cascade_live import CascadeLive
from google.adk.runners import InMemoryRunner
from google.genai import types
from speech import RATE, silence, speech

from adk_nb.local import LocalLlm, MoonshineSTT, PicoTTS, default_model, local_model

NAMES = [
    "GOOGLE_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_GENAI_USE_VERTEXAI",
    "GOOGLE_GENAI_USE_ENTERPRISE",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "ADK_NB_MODEL",
]


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    for name in NAMES:
        # Set before it is deleted, so that what the code under test sets is taken back.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_credentials_the_model_is_local():
    model = default_model()
    assert isinstance(model, CascadeLive)
    assert model.model == "adk-nb-local"
    assert isinstance(model.stt, MoonshineSTT)
    assert isinstance(model.tts, PicoTTS)


@pytest.mark.parametrize(
    ("variables", "start"),
    [
        ({"GOOGLE_API_KEY": "k"}, "gemini-3"),
        ({"GEMINI_API_KEY": "k"}, "gemini-3"),
        ({"GOOGLE_GENAI_USE_VERTEXAI": "TRUE", "GOOGLE_CLOUD_PROJECT": "p"}, "gemini-live"),
        ({"GOOGLE_GENAI_USE_ENTERPRISE": "1", "GOOGLE_CLOUD_PROJECT": "p"}, "gemini-live"),
        ({"GOOGLE_GENAI_USE_VERTEXAI": "1", "GOOGLE_API_KEY": "k"}, "gemini-live"),
        ({"GOOGLE_GENAI_USE_VERTEXAI": "0", "GOOGLE_API_KEY": "k"}, "gemini-3"),
        (
            {
                "GOOGLE_GENAI_USE_ENTERPRISE": "0",
                "GOOGLE_GENAI_USE_VERTEXAI": "1",
                "GOOGLE_API_KEY": "k",
            },
            "gemini-3",
        ),
        ({"ADK_NB_MODEL": "my-live-model", "GOOGLE_API_KEY": "k"}, "my-live-model"),
    ],
)
def test_credentials_choose_a_live_model(monkeypatch, variables, start):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    model = default_model()
    assert isinstance(model, str)
    assert model.startswith(start)


@pytest.mark.parametrize(
    "variables",
    [
        {"ADK_NB_MODEL": "local", "GOOGLE_API_KEY": "k"},
        {"GOOGLE_GENAI_USE_VERTEXAI": "1"},
        {"GOOGLE_CLOUD_PROJECT": "p"},
        {"GOOGLE_API_KEY": ""},
    ],
)
def test_what_is_no_credential(monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert isinstance(default_model(), CascadeLive)


def test_a_dotenv_above_the_folder_is_read(clean, monkeypatch):
    import os

    (clean / ".env").write_text("GOOGLE_API_KEY=from-file\nUNRELATED_SECRET=x\n")
    below = clean / "notebooks"
    below.mkdir()
    monkeypatch.chdir(below)
    assert isinstance(default_model(), str)
    assert os.environ["GOOGLE_API_KEY"] == "from-file"
    assert "UNRELATED_SECRET" not in os.environ


def test_a_dotenv_never_overrides(clean, monkeypatch):
    (clean / ".env").write_text("ADK_NB_MODEL=from-file\n")
    monkeypatch.setenv("ADK_NB_MODEL", "from-environment")
    assert default_model() == "from-environment"


def test_its_own_parts_can_be_given():
    brain, stt, tts = LocalLlm(max_tokens=5), MoonshineSTT(silence_ms=500), PicoTTS(voice="de-DE")
    model = local_model(brain, stt=stt, tts=tts)
    assert model._resolve_llm() is brain
    assert model.stt is stt
    assert model.tts is tts
    assert local_model("gemini-2.5-flash").model == "gemini-2.5-flash"


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
