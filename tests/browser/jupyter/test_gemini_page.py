"""A Gemini Live agent, as far as the API's stand-in goes, in a real JupyterLab."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import time
from urllib.parse import urlsplit

import live_api as live
import numpy as np
import pytest
from speech import silence, speech
from test_talk import errors, log_kinds, recording

QUESTION = "What time is it in Tokyo?"
KEY = "AIzaSy-the-key-of-these-tests-" + "0123456789"
HEADER = 24
RATE = 16_000
STORY = " ".join(f"This is sentence number {n} of a long story." for n in range(1, 31))

AGENT = '''
import os
from google.adk.agents import Agent
from google.adk.tools import google_search
import adk_nb

def get_time(city: str) -> str:
    """Returns the local time in a city."""
    return f"It is noon in {city}."

def reveal() -> str:
    """Returns the key."""
    print("the key is", os.environ["GOOGLE_API_KEY"])
    return os.environ["GOOGLE_API_KEY"]

def make(*tools, model="gemini-3.1-flash-live-preview"):
    return Agent(name="gemini", model=model, tools=list(tools))
'''
SHOW = "live = adk_nb.talk(make({tools}){options})\nlive"


class Studio:
    """One notebook, in which every test has an API and a widget of its own."""

    def __init__(self, lab, key_file):
        self.lab = lab
        self.key_file = key_file
        self.stack = contextlib.ExitStack()
        self.sent, self.received = [], []
        lab.page.on("websocket", self._record)

    def _record(self, socket):
        if urlsplit(socket.url).path == "/":  # Not JupyterLab's own.
            # Playwright takes no builtin method.
            socket.on("framesent", lambda frame: self.sent.append(frame))  # noqa: PLW0108
            socket.on("framereceived", lambda frame: self.received.append(frame))  # noqa: PLW0108

    def talk(self, scenario, tools="get_time", options="", **api_options):
        """Shows a fresh widget of an agent whose model is a fresh stand-in's."""
        api = self.stack.enter_context(live.LiveApi(scenario, **api_options))
        environment = {k: v for k, v in api.environment.items() if k != "GOOGLE_API_KEY"}
        self.lab.kernel.run(f"import os; os.environ.update({environment})")
        # No cell has the key, nor IPython's history.
        self.set_key()
        self.sent.clear()
        self.received.clear()
        return api, self.show(tools, options)

    def set_key(self):
        code = f"os.environ['GOOGLE_API_KEY'] = open({str(self.key_file)!r}).read()"
        self.lab.kernel.run(code)

    def show(self, tools="get_time", options=""):
        self.lab.edit_cell(1, SHOW.format(tools=tools, options=options))
        self.lab.run_cell(1)
        widget = self.lab.widget()
        widget.wait_for_state("ready")
        return widget

    def until(self, holds, timeout=10.0):
        """Waits for what the stand-in is to see, while the page's events come in."""
        end = time.monotonic() + timeout
        while not (value := holds()):
            assert time.monotonic() < end, f"not within {timeout} s"
            self.lab.page.wait_for_timeout(20)
        return value

    def spoken(self):
        """What the page's recorder sent, as it went over the wire."""
        frames = [f for f in self.sent if isinstance(f, bytes) and f[0] == 1]
        assert [int.from_bytes(f[4:8], "little") for f in frames] == list(range(len(frames)))
        assert {int.from_bytes(f[12:16], "little") for f in frames} == {RATE}
        return b"".join(frame[HEADER:] for frame in frames)

    def close(self):
        """Ends the session before its API."""
        self.lab.kernel.run("live.close()")
        self.stack.close()


@pytest.fixture(scope="module")
def lab(open_shared_lab, tmp_path_factory):
    microphone = recording(
        tmp_path_factory.mktemp("g"), speech(QUESTION), silence(4), speech("No, stop."), silence(30)
    )
    lab = open_shared_lab([AGENT, SHOW], microphone)
    # As a user's terminal would: the environment is there before google.genai is imported.
    lab.kernel.run("import os; os.environ['GOOGLE_GENAI_USE_ENTERPRISE'] = 'false'")
    lab.run_cell(0, timeout=60)
    return lab


@pytest.fixture(scope="module")
def shared_studio(lab, tmp_path_factory):
    key_file = tmp_path_factory.mktemp("k") / "key"
    key_file.write_text(KEY)
    return Studio(lab, key_file)


@pytest.fixture
def studio(shared_studio):
    """The notebook, for one test, which leaves nothing red under the widget."""
    yield shared_studio
    shared_studio.close()
    printed = shared_studio.lab.cell(1).locator('[data-mime-type$="stderr"]').all_inner_texts()
    assert printed == []


def envelope(samples):
    """The level of every 20 ms."""
    frames = samples[: samples.size // 320 * 320].reshape(-1, 320).astype(np.float64)
    return np.sqrt((frames**2).mean(axis=1))


def user_audio(lab):
    """What the session keeps of the user's microphone, turn after turn."""
    parts = "b''.join(live.session.log.clip('user_audio', n).pcm for n in range(len(live.turns)+2))"
    return base64.b64decode(lab.kernel.value(f"__import__('base64').b64encode({parts}).decode()"))


# --- speaking ---


def test_a_spoken_question_arrives_sample_by_sample_and_is_answered_aloud(studio):
    api, widget = studio.talk(live.listener([QUESTION], answer="It is noon.", audio_ms=900))
    lab = studio.lab
    widget.tap()
    widget.record_states()
    widget.part("mic").click()
    widget.wait_for_entry("user", r"what time is it in tokyo\?")
    widget.wait_for_entry("agent", "It is noon.")
    widget.wait_for_state("speaking")
    widget.wait_for_state("ready")
    widget.part("mic").click()
    studio.until(lambda: api.connections[0].signals == ["audio_stream_end"])
    states = widget.states
    assert states[:2] == ["ready", "listening"]
    assert states[-2:] == ["speaking", "ready"]
    assert set(states[2:-2]) <= {"listening", "thinking"}

    arrived = api.connections[0].audio
    assert {chunk.mime_type for chunk in api.connections[0].chunks} == {"audio/pcm;rate=16000"}
    assert len(arrived) == 640 * widget.look("(root, adkNb) => adkNb.framesSent")
    assert arrived == studio.spoken()
    assert arrived == user_audio(lab)
    assert lab.kernel.value("live.session.mic_dropped") == 0

    # It is the speech of the WAV, from when the microphone was opened.
    heard, said = (envelope(x) for x in (np.frombuffer(arrived, "<i2"), speech(QUESTION)))
    lags = range(min(50, len(heard) - len(said)))
    alike = [np.corrcoef(heard[lag : lag + len(said)], said)[0, 1] for lag in lags]
    assert max(alike) > 0.9
    loudest = heard[np.argmax(alike) :][: len(said)][said > 500]
    assert 0.3 < np.median(loudest) / np.median(said[said > 500]) < 5

    # 900 ms of a tone without a pause.
    sounded = len(widget.loud) * 128 / widget.look("(root, adkNb) => adkNb.context.sampleRate")
    assert 0.88 < sounded < 0.95
    kinds = log_kinds(lab)
    assert {"mic_on", "mic_off", "playback_started", "playback_drained"} <= set(kinds)
    turns = lab.kernel.value("[[t.user_text, t.agent_text, t.audio.duration_ms, t.error]"
                             " for t in live.turns]")  # fmt: skip
    assert turns == [[QUESTION, "It is noon.", 900, None]]
    assert widget.part("error").is_hidden()


def test_a_tool_is_called_and_its_answer_told(studio):
    api, widget = studio.talk(live.tool_user("get_time", {"city": "Tokyo"}, answer="{result}"))
    widget.type("What time is it?")
    entry = widget.wait_for_entry("tool", r'get_time\(city="Tokyo"\).*It is noon in Tokyo')
    assert " ms" in entry
    widget.wait_for_entry("agent", r"It is noon in Tokyo\.")
    widget.wait_for_state("ready")
    (response,) = api.connections[0].tool_responses
    assert (response.name, response.response) == ("get_time", {"result": "It is noon in Tokyo."})
    assert widget.entries("tool") == [entry]
    assert len(widget.entries("agent")) == 1
    calls = "[[[c.name, c.args, c.result] for c in t.tool_calls] for t in live.turns]"
    result = "It is noon in Tokyo."
    assert studio.lab.kernel.value(calls) == [[["get_time", {"city": "Tokyo"}, result]]]


# --- interrupting ---


async def at_once(call):
    """All of a long answer's audio at once, as the API sends it, and only then silence."""
    await call.setup()
    for heard, answer in ((QUESTION, STORY), ("No, stop.", "Very well.")):
        await call.utterance(timeout=None)
        await call.heard(heard)
        await call.say(answer, 20_000 if answer is STORY else 400)
        if answer is STORY:
            await call.barge_in()
            await call.cut()
        else:
            await call.done()
    await call.hang()


def test_speaking_over_the_agent_silences_it(studio):
    _, widget = studio.talk(at_once)
    lab = studio.lab
    widget.tap()
    widget.note_interruption()
    widget.part("mic").click()
    widget.wait_for_entry("agent", "sentence number 30 ")
    widget.wait_for_state("speaking")
    widget.wait_for_entry("agent", "Very well")
    widget.wait_for_state("ready")
    story, other = widget.entries("agent")
    assert "interrupted" in story
    assert "interrupted" not in other
    first, second = lab.kernel.wait_for(
        "[[t.user_text, t.interrupted, t.agent_text, t.heard_text, t.error] for t in live.turns]",
        accept=lambda turns: len(turns) == 2 and turns[0][3],
    )
    assert first[:3] == [QUESTION, True, STORY]
    assert STORY.startswith(first[3])
    assert 0 < len(first[3]) < len(STORY) / 2
    assert second == ["No, stop.", False, "Very well.", "Very well.", None]
    flushed = "[r.audio_ms for r in live.session.log if r.kind == 'playback_flushed']"
    (played_ms,) = lab.kernel.value(flushed)
    assert 1000 < played_ms < 10_000

    (cut_at,) = widget.look("root => root.cutAt")
    loud = np.array(widget.loud)
    last = loud[loud < cut_at + 0.3].max()
    # The page fell silent this long after it learnt of the interruption.
    assert -0.2 < last - cut_at < 0.1
    assert loud.max() > cut_at + 0.3  # It speaks again.
    assert widget.part("error").is_hidden()


async def storyteller(call):
    """Tells stories in real time, until something is said."""
    await call.setup()
    while True:
        text = await call.text_turn(timeout=None)
        if "story" not in text:
            await call.say(f"You said {text}.")
        elif await call.say_until_interrupted(STORY, 20_000):
            continue
        await call.done()


def test_escape_silences_the_agent_though_it_talks_on(studio):
    api, widget = studio.talk(storyteller)
    lab = studio.lab
    widget.tap()
    widget.note_interruption()
    widget.type("Tell me a story.")
    widget.wait_for_state("speaking")
    widget.wait_for_entry("agent", "sentence number 2 ")
    # As seen from the page: there is no telling when a key that is pressed from here gets there.
    widget.look("""(root, adkNb) => root.addEventListener("keydown", () => {
      root.pressedAt = adkNb.context.currentTime;
    }, {capture: true, once: true})""")
    lab.page.keyboard.press("Escape")
    widget.wait_for_state("ready")
    lab.kernel.wait_for("live.turns[0].interrupted")
    sent = len(api.connections[0].sent)
    lab.page.wait_for_timeout(1000)
    assert len(api.connections[0].sent) > sent + 5  # Nobody told the API, which talks on.
    last = max(widget.loud)
    assert -0.5 < last - widget.look("root => root.pressedAt") < 0.1
    assert widget.look("root => root.cutAt.length") == 1
    assert "interrupted" in widget.entries("agent")[0]
    assert log_kinds(lab).count("playback_flushed") == 1
    assert widget.state == "ready"

    widget.type("hello")
    widget.wait_for_entry("agent", r"You said hello\.")
    widget.wait_for_state("speaking")
    widget.wait_for_state("ready")
    assert len(widget.entries("agent")) == 2
    story, hello = lab.kernel.value(
        "[[t.user_text, t.interrupted, t.agent_text, t.error] for t in live.turns]"
    )
    assert story[:2] == ["Tell me a story.", True]
    assert STORY.startswith(story[2])
    assert hello == ["hello", False, "You said hello.", None]
    assert widget.part("error").is_hidden()


def test_what_is_typed_over_an_answer_is_answered_in_its_own_turn(studio):
    _, widget = studio.talk(storyteller)
    widget.type("Tell me a story.")
    widget.wait_for_state("speaking")
    widget.wait_for_entry("agent", "sentence number 1 ")
    widget.type("hello")
    widget.wait_for_entry("agent", r"You said hello\.")
    widget.wait_for_state("ready")
    turns = studio.lab.kernel.value("[[t.user_text, t.interrupted, t.error] for t in live.turns]")
    assert turns == [["Tell me a story.", True, None], ["hello", False, None]]
    assert studio.lab.kernel.value("live.turns[1].agent_text") == "You said hello."


# --- connections that end ---


def test_a_go_away_goes_unnoticed(studio):
    api, widget = studio.talk(live.long_session(turns=2))
    for n in (1, 2, 3, 4):
        widget.type(f"text {n}")
        widget.wait_for_entry("agent", rf"Turn {n}: text {n}\.")
        widget.wait_for_state("ready")
        if n == 2:
            studio.until(lambda: len(api.connections) == 2)
    assert api.connections[1].handle
    assert widget.part("error").is_hidden()
    assert errors(studio.lab) == []
    assert widget.look("(root, adkNb) => adkNb.socketsDialled") == 1
    assert [len(widget.entries(role)) for role in ("user", "agent")] == [4, 4]


def test_a_dropped_connection_is_shown_and_made_again(studio):
    async def between(call):
        await call.setup()
        await call.resumable()
        await call.say(f"You said {await call.text_turn(timeout=None)}.")
        await call.done()
        await call.resumable()
        await call.sleep(1)
        await call.drop()

    async def before_the_answer(call):
        await call.setup()
        await call.resumable()
        await call.text_turn(timeout=None)
        await call.drop()

    api, widget = studio.talk([between, before_the_answer, live.echo_text])
    widget.record_states()
    widget.type("one")
    widget.wait_for_entry("agent", r"You said one\.")
    studio.until(lambda: "reconnecting" in widget.states)
    widget.wait_for_state("ready")
    assert widget.part("error").is_hidden()  # Nothing was lost.

    widget.record_states()
    widget.type("two")
    widget.wait_for_entry("agent", r"You said two\.")
    widget.wait_for_state("ready")
    assert "reconnecting" in widget.states
    assert widget.part("error").is_hidden()  # It was asked again, and answered.

    widget.type("three")
    widget.wait_for_entry("agent", r"You said three\.")
    widget.wait_for_state("ready")
    assert len(api.connections) == 3
    assert all(connection.handle for connection in api.connections[1:])
    assert widget.look("(root, adkNb) => adkNb.socketsDialled") == 1
    assert [len(widget.entries(role)) for role in ("user", "agent")] == [3, 3]


# --- what is shown of it ---


def test_the_sources_of_a_search_are_links(studio):
    sources = [("yr.no", "https://www.yr.no/oslo"), ("<b>met</b>", "http://met.no/?a=1&b=2")]
    _, widget = studio.talk(live.google_search(sources=sources), "google_search")
    widget.type("Did it rain in Oslo?")
    links = widget.part("sources").locator("a")
    links.nth(1).wait_for()
    widget.wait_for_state("ready")

    def shown():
        entry = widget.wait_for_entry("agent", r"It rained in Oslo\.")
        line = widget.part("sources").inner_text()
        assert entry.endswith(line)
        return line, [
            [link.get_attribute(name) for name in ("href", "target", "rel")] for link in links.all()
        ]

    rel = "noopener noreferrer"
    once = (
        "Sources: yr.no, <b>met</b>",
        [["https://www.yr.no/oslo", "_blank", rel], ["http://met.no/?a=1&b=2", "_blank", rel]],
    )
    assert shown() == once
    studio.lab.screenshot("sources")

    # A page that comes back has them of the history.
    widget.look("root => root.querySelector('[data-adk-nb=\"sources\"]').dataset.old = ''")
    studio.lab.kernel.run(
        "for page in list(live._bridge._connections):\n"
        "    live.session.bridge.loop.call_soon_threadsafe(page.close, 1012, 'again')"
    )
    widget.root.locator("[data-old]").wait_for(state="detached")
    widget.wait_for_state("ready")
    links.nth(1).wait_for()
    assert shown() == once


def test_without_audio_nobody_asks_for_a_microphone(studio):
    studio.lab.page.evaluate(
        """() => {
          const devices = navigator.mediaDevices;
          const ask = devices.getUserMedia;
          window.asked = 0;
          devices.getUserMedia = (...args) => { asked++; return ask.apply(devices, args); };
        }"""
    )
    tools = "get_time, model='gemini-live-2.5-flash-preview'"
    api, widget = studio.talk(live.echo_text, tools, ", audio=False")
    widget.type("hello")
    widget.wait_for_entry("agent", r"You said hello\.")
    widget.wait_for_state("ready")
    assert api.connections[0].setup.generation_config.response_modalities == ["TEXT"]
    mic = widget.part("mic")
    assert mic.is_hidden() or mic.is_disabled()
    widget.root.focus()
    studio.lab.page.keyboard.press("Space", delay=300)
    assert studio.lab.page.evaluate("() => asked") == 0
    assert widget.look("(root, adkNb) => [adkNb.framesSent, adkNb.framesReceived]") == [0, 0]
    assert widget.part("unmute").is_hidden()
    assert widget.part("error").is_hidden()
    assert api.connections[0].audio == b""


# --- the key ---


def test_without_a_key_it_says_which_variable_to_set(studio):
    api, widget = studio.talk(live.echo_text)
    studio.until(lambda: api.connections)
    studio.lab.kernel.run("del os.environ['GOOGLE_API_KEY']")
    widget = studio.show()
    error = widget.part("error")
    error.get_by_text("GOOGLE_API_KEY is not set").wait_for()
    assert error.get_attribute("data-code") == "no_credentials"
    assert "write GOOGLE_API_KEY=... into " in error.inner_text()
    assert "Traceback" not in error.inner_text()
    assert len(api.connections) == 1
    studio.set_key()
    widget = studio.show()
    widget.type("hello")
    widget.wait_for_entry("agent", r"You said hello\.")
    assert widget.part("error").is_hidden()


async def indiscreet(call):
    """Has a tool tell the key, says it, and closes with it."""
    await call.setup()
    await call.text_turn(timeout=None)
    result = await call.tool("reveal")
    await call.say(f"It is {result['result']}.")
    await call.done()
    await call.text_turn(timeout=None)
    await call.close(1007, f"API key {KEY} expired. Please renew it.")


def test_the_key_is_nowhere_to_be_seen(studio):
    lab = studio.lab
    api, widget = studio.talk(indiscreet, "reveal", ", record='recorded'")
    widget.type("hello")
    widget.wait_for_entry("agent", "It is")
    widget.wait_for_state("ready")
    widget.type(f"is it {KEY}?")
    widget.part("error").wait_for()
    assert {connection.key for connection in api.connections} == {KEY}

    # The page, and what came to it.
    assert KEY not in lab.page.content()
    assert KEY not in json.dumps(widget.look("(root, adkNb) => adkNb.entries"))
    assert not [text for text in studio.received if isinstance(text, str) and KEY in text]
    assert KEY not in " ".join(lab.console)
    # It was there to be masked.
    assert "[secret]" in widget.entries("tool")[0]
    assert "[secret]" in widget.entries("agent")[0]
    assert "[secret]" in widget.entries("user")[1]

    # What the cells see.
    frames = ("events_df", "turns_df", "tools_df", "transcript_df", "spans_df")
    seen = ["'\\n'.join(map(repr, live.session.log))", "repr(live)", "repr(live.turns)"]
    seen += [f"live.{frame}().to_csv()" for frame in frames]
    for expression in seen:
        assert not lab.kernel.value(f"os.environ['GOOGLE_API_KEY'] in {expression}"), expression

    # What is kept: the notebook with the widgets' state, the recording, and all else there is.
    lab.kernel.run("live.close()")
    toggle = "'@jupyter-widgets/jupyterlab-manager:saveWidgetState'"
    lab.page.evaluate(f"() => window.jupyterapp.commands.execute({toggle})")
    lab.save()
    lab.page.evaluate(f"() => window.jupyterapp.commands.execute({toggle})")
    notebook = (lab.server.notebooks / lab.path).read_text()
    states = json.loads(notebook)["metadata"]["widgets"].values()
    assert any("agent_name" in json.dumps(state) for state in states)
    assert KEY not in notebook
    (recorded,) = (lab.server.notebooks / "recorded").rglob("events.jsonl")
    assert "[secret]" in recorded.read_text()
    files = [file for file in lab.server.home.rglob("*") if file.is_file()]
    assert recorded in files
    assert [file for file in files if KEY.encode() in file.read_bytes()] == []


# --- the camera ---


def test_the_camera_arrives_as_a_jpeg_a_second(studio):
    arrived = []

    async def watcher(call):
        await call.setup()
        while True:
            await call.next("video", timeout=None)
            arrived.append(time.monotonic())

    api, widget = studio.talk(watcher)
    widget.part("camera").click()
    widget.part("preview").wait_for()
    studio.until(lambda: len(arrived) >= 4)
    pictures = api.connections[0].video[:4]
    assert all(p[:3] == b"\xff\xd8\xff" and p[-2:] == b"\xff\xd9" for p in pictures)
    assert len(set(pictures)) == 4  # The test pattern moves.
    gaps = [after - before for before, after in itertools.pairwise(arrived[1:4])]
    assert all(0.5 < gap < 1.6 for gap in gaps)
    blobs = [m.realtime_input.video for m in api.connections[0].messages if m.realtime_input]
    assert {blob.mime_type for blob in blobs if blob} == {"image/jpeg"}
    widget.part("camera").click()
    widget.part("preview").wait_for(state="detached")
    sent = widget.look("(root, adkNb) => adkNb.imagesSent")
    studio.until(lambda: len(arrived) == sent)
    assert widget.part("error").is_hidden()
