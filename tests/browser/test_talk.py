"""A researcher, a microphone and an agent, in a real JupyterLab."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from lab import ROOT
from speech import silence, speech

TESTS = Path(__file__).parents[1]
RATE = 48_000

LOCAL_AGENT = '''
import time
from google.adk.agents import Agent
import adk_nb

STORY = " ".join(f"This is sentence number {n} of a long and quiet story." for n in range(1, 31))

def get_time(city: str) -> str:
    """Returns the local time in a city."""
    return f"It is noon in {city}."

def tell_story() -> str:
    """Tells a long story."""
    return STORY

agent = Agent(name="clock", model=adk_nb.local_model(), tools=[get_time, tell_story])
'''
SHOW = "live = adk_nb.talk(agent)\nlive"

SCRIPTED_AGENT = f'''
import sys, threading, time
sys.path.insert(0, {str(TESTS)!r})
from scripted import CUT, DONE, Scripted, audio, call, result_of, said, text_of
from google.adk.agents import Agent
import adk_nb

def broken(depth: int) -> str:
    """Fails."""
    raise ValueError("the tool is out of order")

def slow() -> str:
    """Takes five seconds."""
    time.sleep(5)
    return "at last"

def answer(came):
    text, result = text_of(came), result_of(came)
    if result is not None:
        return [audio(200), said(f"It came back with {{result}}."), DONE]
    if text is None:
        return []
    if text == "break":
        return [call("broken", depth=3)]
    if text == "wait":
        return [call("slow")]
    if text == "long":
        return [said("This takes long."), audio(20_000), DONE]
    if text == "pieces":
        return [said("Piece by piece."), *[x for n in range(20) for x in (audio(200), 0.2)], DONE]
    return [audio(300), said(f"You said {{text}}."), DONE]

def make(refusals=()):
    return Agent(name="script", model=Scripted(answer, refusals), tools=[broken, slow])

agent = make()
'''


def recording(folder: Path, *parts: np.ndarray) -> Path:
    """Writes a WAV of 16 kHz parts for Chromium's microphone, one after the other."""
    import soxr

    path = folder / "microphone.wav"
    samples = soxr.resample(np.concatenate(parts), 16_000, RATE)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return path


@pytest.fixture(scope="module")
def question(tmp_path_factory):
    return recording(tmp_path_factory.mktemp("q"), speech("What time is it in Tokyo?"), silence(30))


@pytest.fixture(scope="module")
def story_then_question(tmp_path_factory):
    return recording(
        tmp_path_factory.mktemp("s"),
        speech("Tell me a long story."),
        silence(9),
        speech("Wait, what time is it in Paris?"),
        silence(30),
    )


@pytest.fixture(scope="module")
def local_lab(open_shared_lab, question):
    """The embedded model, loaded, behind a microphone that asks for the time in Tokyo."""
    lab = open_shared_lab([LOCAL_AGENT, SHOW, "live.say('What time is it in Rome?')"], question)
    lab.run_all(timeout=60)
    lab.widget().wait_for_state("ready")
    return lab


@pytest.fixture
def local(local_lab):
    """The widget of the embedded model, at rest."""
    widget = local_lab.widget()
    yield widget
    if widget.part("mic").get_attribute("aria-pressed") == "true":
        widget.part("mic").click()
    widget.wait_for_state("ready")


@pytest.fixture
def scripted(open_lab):
    """Opens the widget of a scripted model; more cells may follow."""

    def open_(*cells, microphone=None, show=SHOW):
        lab = open_lab([SCRIPTED_AGENT, show, *cells], microphone)
        lab.run_cell(0)
        lab.run_cell(1)
        widget = lab.widget()
        widget.wait_for_state("ready")
        return widget

    return open_


def log_kinds(lab):
    return lab.kernel.value("[row.kind for row in live.session.log]")


# --- speaking ---


def test_a_spoken_question_is_heard_and_answered_aloud(local):
    before = local.lab.kernel.value("len(live.turns)")
    local.tap()
    local.record_states()
    local.part("mic").click()
    local.wait_for_entry("user", r"what time is it in tokyo\?")
    local.wait_for_entry("tool", r"get_time\(city=\"Tokyo\"\).*It is noon in Tokyo")
    local.wait_for_entry("agent", r"It is noon in Tokyo")
    local.wait_for_state("speaking")
    local.wait_for_state("listening")
    assert local.states == ["ready", "listening", "thinking", "speaking", "listening"]
    turn = local.lab.kernel.wait_for(
        f"[[t.user_text, [[c.name, c.args] for c in t.tool_calls], t.agent_text, t.audio.duration_ms]"
        f" for t in live.turns[{before}:]]"
    )
    assert len(turn) == 1
    user_text, calls, agent_text, audio_ms = turn[0]
    assert user_text == "What time is it in Tokyo?"
    assert calls == [["get_time", {"city": "Tokyo"}]]
    assert agent_text == "It is noon in Tokyo."
    # Every sample that was sent has sounded, but for the pauses inside it.
    assert local.look("(root, adkNb) => adkNb.samplesPlayed") > 0
    assert 0.5 * audio_ms < len(local.loud) * 128 / RATE * 1000 < 1.3 * audio_ms
    local.part("mic").click()
    local.wait_for_state("ready")
    assert local.look("(root, adkNb) => adkNb.tracks.length") == 0


def test_a_typed_question_is_answered(local):
    local.type("What time is it in Oslo?")
    local.wait_for_entry("user", r"what time is it in oslo")
    local.wait_for_entry("agent", r"It is noon in Oslo")
    assert local.part("text").input_value() == ""
    local.wait_for_state("speaking")
    local.wait_for_state("ready")


def test_what_a_cell_says_shows_in_the_page(local):
    index = local.lab.add_cell("live.say('What time is it in Lima?').agent_text")
    local.lab.run_cell(index)
    assert "It is noon in Lima." in local.lab.output(index)
    local.wait_for_entry("user", r"what time is it in lima")
    local.wait_for_entry("agent", r"It is noon in Lima")
    local.wait_for_state("ready")


@pytest.mark.parametrize(
    "busy",
    ["time.sleep(20)", "end = time.time() + 20\nwhile time.time() < end: pass"],
    ids=["sleeping", "computing"],
)
def test_a_spoken_turn_completes_while_a_cell_runs(local, busy):
    lab = local.lab
    answers = len(local.entries("agent"))
    index = lab.add_cell(f"started = time.time()\n{busy}")
    lab.run_cell(index, wait=False)
    local.tap()
    local.part("mic").click()
    lab.page.wait_for_function(
        "([root, count]) => document.querySelectorAll(root + ' [data-role=agent]').length > count",
        arg=[ROOT, answers],
        timeout=18_000,
    )
    local.wait_for_state("speaking", timeout=18_000)
    local.wait_for_state("listening", timeout=18_000)
    still_running = lab.page.evaluate(
        "i => window.jupyterapp.shell.currentWidget.content.widgets[i].model.executionCount", index
    )
    assert still_running is None
    assert local.loud
    lab.kernel.run("pass")


def test_speaking_over_the_agent_interrupts_it(open_lab, story_then_question):
    lab = open_lab([LOCAL_AGENT, SHOW, "live.say('hello')"], story_then_question)
    lab.run_all(timeout=60)
    widget = lab.widget()
    widget.wait_for_state("ready")
    widget.tap()
    widget.note_interruption()
    widget.record_states()
    widget.part("mic").click()
    widget.wait_for_entry("agent", "sentence number 1 ")
    widget.wait_for_state("speaking")
    widget.wait_for_entry("user", r"what time is it in paris")
    widget.wait_for_entry("agent", "It is noon in Paris")
    widget.wait_for_state("listening")

    story, paris = lab.kernel.value(
        "[[t.user_text, t.interrupted, t.agent_text, t.heard_text] for t in live.turns[-2:]]"
    )
    assert story[1]
    assert 0 < len(story[3]) < len(story[2])
    assert story[2].startswith(story[3])
    assert not paris[1]
    assert paris[2] == "It is noon in Paris."
    kinds = log_kinds(lab)
    assert "interrupted" in kinds
    assert "playback_flushed" in kinds

    (cut_at,) = widget.look("root => root.cutAt")
    loud = np.array(widget.loud)
    until = loud[loud < cut_at + 1.0]
    # A render quantum lasts 2.7 ms: the last one with any sound began this long after the news.
    assert until.max() - cut_at < 0.030
    assert until.max() > cut_at - 2.0
    assert loud.max() > cut_at + 1.0
