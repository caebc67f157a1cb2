"""A researcher, a microphone and an agent, in a real JupyterLab."""

from __future__ import annotations

import socket
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
        speech("What time is it in London?"),
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


@pytest.fixture(scope="module")
def scripted_lab(open_shared_lab):
    """A kernel with a scripted model; which test shows what in its second cell is its own."""
    lab = open_shared_lab([SCRIPTED_AGENT, SHOW])
    lab.run_cell(0)
    return lab


@pytest.fixture
def scripted(scripted_lab):
    """A fresh widget of the scripted model."""
    return shown(scripted_lab)


def shown(lab, code=SHOW):
    """Runs the second cell with this code, which closes the widget that it showed before."""
    lab.edit_cell(1, code)
    lab.run_cell(1)
    widget = lab.widget()
    widget.wait_for_state("ready")
    return widget


def opened(lab):
    """The first widget of a notebook that was just opened."""
    lab.run_cell(0)
    return shown(lab)


def log_kinds(lab):
    return lab.kernel.value("[row.kind for row in live.session.log]")


def errors(lab):
    return lab.kernel.value("[row.error for row in live.session.log if row.error]")


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
    local.wait_for_state("ready")
    assert local.states == ["ready", "listening", "thinking", "speaking", "ready"]
    turn = local.lab.kernel.value(
        "[[t.user_text, [[c.name, c.args] for c in t.tool_calls], t.agent_text,"
        f" t.audio.duration_ms] for t in live.turns[{before}:]]"
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
    ["time.sleep(60)", "end = time.time() + 60\nwhile time.time() < end: pass"],
    ids=["sleeping", "computing"],
)
def test_a_spoken_turn_completes_while_a_cell_runs(local, busy):
    lab = local.lab
    answers = len(local.entries("agent"))
    index = lab.add_cell(busy)
    lab.run_cell(index, wait=False)
    local.tap()
    local.part("mic").click()
    lab.page.wait_for_function(
        "([root, count]) => document.querySelectorAll(root + ' [data-role=agent]').length > count",
        arg=[ROOT, answers],
    )
    local.wait_for_state("speaking")
    local.wait_for_state("ready")
    assert local.loud
    assert lab.is_running(index)
    lab.interrupt_kernel()


def test_speaking_over_the_agent_interrupts_it(open_lab, story_then_question):
    lab = open_lab([LOCAL_AGENT, SHOW, "live.say('hello')"], story_then_question)
    lab.run_all(timeout=60)
    widget = lab.widget()
    widget.wait_for_state("ready")
    widget.tap()
    widget.note_interruption()
    widget.part("mic").click()
    widget.wait_for_entry("agent", "sentence number 1 ")
    widget.wait_for_state("speaking")
    widget.wait_for_entry("agent", "It is noon in London")
    widget.wait_for_state("ready")

    turns = lab.kernel.value(
        "[[t.user_text, t.interrupted, t.agent_text, t.heard_text] for t in live.turns]"
    )
    _, interrupted, said, heard = next(turn for turn in turns if "story" in turn[0])
    assert interrupted
    assert said.startswith(heard)
    assert 0 < len(heard) < len(said)
    user_text, interrupted, said, _ = turns[-1]
    assert user_text == "What time is it in London?"
    assert not interrupted
    assert said == "It is noon in London."
    kinds = log_kinds(lab)
    assert "interrupted" in kinds
    assert "playback_flushed" in kinds

    cut_at = widget.look("root => root.cutAt[0]")
    loud = np.array(widget.loud)
    last = loud[loud < cut_at + 0.5].max()
    # The page fell silent this long after it learnt of the interruption (a quantum is 2.7 ms).
    assert last - cut_at < 0.030
    assert last > cut_at - 2.0  # and it did not fall silent long before
    assert loud.max() > cut_at + 0.5  # and speaks again


# --- the keyboard ---


def test_holding_space_talks_and_escape_interrupts(local):
    widget, lab = local, local.lab
    cells = lab.page.locator(".jp-Notebook .jp-Cell").count()
    asked = len(widget.entries("user"))
    widget.root.focus()
    lab.page.keyboard.down("Space")
    widget.wait_for_state("listening")
    lab.page.wait_for_function(
        """([root, count]) => {
          const said = [...document.querySelectorAll(root + " [data-role=user]")].slice(count);
          return said.some((entry) => /tokyo/i.test(entry.textContent));
        }""",
        arg=[ROOT, asked],
    )
    lab.page.keyboard.up("Space")
    widget.wait_for_state("speaking")
    widget.wait_for_state("ready")
    assert lab.kernel.value("live.turns[-1].agent_text") == "It is noon in Tokyo."
    assert widget.look("(root, adkNb) => adkNb.tracks.length") == 0
    assert {"mic_on", "mic_off"} <= set(log_kinds(lab))

    widget.type("Tell me a long story.")
    widget.wait_for_state("speaking")
    widget.tap()
    lab.page.wait_for_function("root => document.querySelector(root).tapped.length > 0", arg=ROOT)
    lab.page.keyboard.press("Escape")
    widget.wait_for_state("ready")
    assert lab.kernel.wait_for("live.turns[-1].interrupted")
    # No shortcut of the notebook's has taken any of these keys.
    assert lab.page.locator(".jp-Notebook .jp-Cell").count() == cells


def test_shift_enter_in_the_text_box_is_a_line_break(scripted):
    widget = scripted
    box = widget.part("text")
    box.click()
    widget.lab.page.keyboard.type("dd")
    widget.lab.page.keyboard.press("Shift+Enter")
    widget.lab.page.keyboard.type("two")
    assert box.input_value() == "dd\ntwo"
    widget.lab.page.keyboard.press("Enter")
    widget.wait_for_entry("agent", r"You said dd\s+two")
    widget.lab.set_theme("Dark")
    widget.lab.screenshot("dark")
    widget.lab.set_theme("Light")
    widget.lab.screenshot("light")


# --- what goes wrong ---


def test_a_refused_microphone_says_how_to_allow_it(open_lab):
    widget = opened(open_lab([SCRIPTED_AGENT, SHOW], "denied"))
    widget.part("mic").click()
    error = widget.part("error")
    error.get_by_text("Allow the microphone").wait_for()
    assert error.get_attribute("data-code") == "mic_denied"
    assert widget.part("mic").get_attribute("aria-pressed") == "false"
    assert any("mic_denied" in text for text in errors(widget.lab))
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")


def test_a_missing_microphone_leaves_typing(open_lab):
    widget = opened(open_lab([SCRIPTED_AGENT, SHOW], "none"))
    widget.part("mic").click()
    widget.part("error").get_by_text("No microphone was found").wait_for()
    assert widget.part("error").get_attribute("data-code") == "mic_missing"
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")
    widget.wait_for_state("ready")


def test_a_tool_that_raises_is_shown_and_the_next_turn_works(scripted):
    widget = scripted
    widget.type("break")
    widget.wait_for_entry("tool", "broken\\(depth=3\\).*out of order")
    widget.wait_for_state("ready")
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")


def test_a_slow_tool_does_not_stop_the_page(scripted):
    widget = scripted
    widget.record_states()
    widget.type("wait")
    widget.wait_for_entry("tool", r"slow\(\)")
    widget.wait_for_state("thinking")
    widget.wait_for_entry("tool", "at last")
    widget.wait_for_entry("agent", "It came back with")
    widget.wait_for_state("ready")
    assert widget.states[:2] == ["ready", "thinking"]
    assert widget.states[-2:] == ["speaking", "ready"]


def test_a_model_that_cannot_be_reached_is_shown_and_tried_again(scripted_lab):
    # It fails when the session starts and once more when the turn wants it.
    refusals = "[OSError('no route to the model'), OSError('no route to the model')]"
    widget = shown(scripted_lab, f"live = adk_nb.talk(make({refusals}))\nlive")
    widget.type("hello")
    widget.part("error").get_by_text("no route to the model").wait_for()
    widget.wait_for_state("ready")
    widget.type("hello again")
    widget.wait_for_entry("agent", "You said hello again")
    assert any("no route to the model" in text for text in errors(scripted_lab))


def test_a_page_that_vanishes_leaves_the_session_and_finds_it_again(open_lab):
    lab = open_lab([SCRIPTED_AGENT, SHOW])
    widget = opened(lab)
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")
    widget.type("long")
    widget.wait_for_state("speaking")
    lab.save()
    lab.page.goto("about:blank")
    assert lab.kernel.wait_for("not live.session._exchange.pages.all")
    assert lab.kernel.value("live.say('anyone there?').agent_text") == "You said anyone there?."
    lab.load()
    widget = lab.widget()
    widget.wait_for_state("ready")
    said = [text.split()[-1] for text in widget.entries("user")]
    assert said == ["hello", "long", "there?"]
    widget.type("back again")
    widget.wait_for_entry("agent", "You said back again")


def test_five_widgets_at_once(scripted_lab):
    make = "\n".join(f"w{n} = adk_nb.talk(make()); display(w{n})" for n in range(5))
    widget = shown(scripted_lab, make)
    widgets = [widget.lab.widget(n) for n in range(5)]
    for one in widgets:
        one.wait_for_state("ready")
    for n, one in enumerate(widgets):
        one.type(f"number {n}")
    for n, one in enumerate(widgets):
        one.wait_for_entry("agent", f"You said number {n}")
        assert len(one.entries("user")) == 1
    for one in widgets:
        one.wait_for_state("ready")


def test_running_the_cell_again_closes_the_earlier_widget(scripted):
    widget = scripted
    lab = widget.lab
    lab.kernel.run("first = live")
    lab.run_cell(1)
    widget = lab.widget()
    widget.wait_for_state("ready")
    assert lab.page.locator(ROOT).count() == 1
    assert lab.kernel.value("[first.session.status, live.session.status]") == ["closed", "ready"]
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")
    assert lab.kernel.value("[len(first.turns), len(live.turns)]") == [0, 1]


def test_closing_leaves_nothing_behind(open_lab, question):
    widget = opened(open_lab([SCRIPTED_AGENT, SHOW], question))
    widget.part("mic").click()
    widget.lab.page.wait_for_function(
        "root => document.querySelector(root).adkNb.framesSent > 10", arg=ROOT
    )
    widget.look("(root, adkNb) => { root.kept = adkNb.tracks; root.graph = adkNb.context; }")
    kernel = widget.lab.kernel
    assert kernel.value("[t.name for t in threading.enumerate() if 'adk' in t.name.lower()]")
    port = kernel.value("int(live._bridge.url.rstrip('/').rpartition(':')[2])")
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    kernel.run("live.close()")
    widget.wait_for_state("closed")
    assert widget.look("root => root.kept.map(track => track.readyState)") == ["ended"]
    assert widget.look("(root, adkNb) => adkNb.sockets") == 0
    assert widget.look("root => root.graph.state") == "closed"
    assert widget.part("text").is_disabled()
    assert widget.part("mic").is_disabled()
    left = "[t.name for t in threading.enumerate() if 'adk' in t.name.lower()]"
    kernel.wait_for(left, accept=lambda names: not names)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_restarted_kernel_leaves_a_clear_state(open_lab):
    widget = opened(open_lab([SCRIPTED_AGENT, SHOW]))
    widget.lab.restart_kernel()
    widget.wait_for_state("closed", "reconnecting")
    widget.part("error").get_by_text("Re-run the cell").wait_for()
    widget.lab.run_cell(0)
    widget.lab.run_cell(1)
    widget = widget.lab.widget()
    widget.wait_for_state("ready")
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")


def test_a_model_that_failed_before_the_page_came_is_told_in_it(open_lab):
    failing = "live = adk_nb.talk(make([ValueError('Model not found: nope')]))\ntime.sleep(1)\nlive"
    lab = open_lab([SCRIPTED_AGENT, failing])
    lab.run_all(timeout=60)
    widget = lab.widget()
    widget.part("error").get_by_text("Model not found: nope").wait_for()
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")
    assert lab.kernel.value("live.error") == {}
