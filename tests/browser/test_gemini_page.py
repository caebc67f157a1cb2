"""A Gemini Live agent, as far as the API's stand-in goes, in a real browser."""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from urllib.parse import urlsplit

import live_api as live
import numpy as np
import pytest
from driver import screenshot
from google.adk.agents import Agent
from google.adk.tools import google_search
from speech import microphone, silence, speech

import adk_nb

pytestmark = pytest.mark.browser

QUESTION = "What time is it in Tokyo?"
HEADER = 24
RATE = 16_000
STORY = " ".join(f"This is sentence number {n} of a long story." for n in range(1, 31))


def get_time(city: str) -> str:
    """Returns the local time in a city."""
    return f"It is noon in {city}."


class Studio:
    """An API's stand-in, and a widget whose agent speaks with it."""

    def __init__(self, show, monkeypatch):
        self._show = show
        self._monkeypatch = monkeypatch
        self.stack = contextlib.ExitStack()
        self.sent = []
        """What the page sent, as it went over the wire."""

    def serve(self, scenario):
        """Starts the stand-in, of which the environment tells."""
        api = self.stack.enter_context(live.LiveApi(scenario))
        for name, value in api.environment.items():
            self._monkeypatch.setenv(name, value)
        return api

    def talk(self, scenario, tool=get_time, model="gemini-3.1-flash-live-preview", **options):
        """Shows a widget of an agent whose model is a fresh stand-in's."""
        api = self.serve(scenario)
        return api, self.show(tool, model, **options)

    def show(
        self, tool=get_time, model="gemini-3.1-flash-live-preview", microphone=None, **options
    ):
        widget = self._show(
            adk_nb.talk(Agent(name="gemini", model=model, tools=[tool]), **options),
            microphone,
            prepare=lambda page: page.on("websocket", self._record),
        )
        self.stack.callback(widget.live.close)  # The session ends before its API.
        widget.wait_for_state("ready")
        return widget

    def _record(self, socket):
        if urlsplit(socket.url).path == "/":
            # Playwright takes no builtin method.
            socket.on("framesent", lambda frame: self.sent.append(frame))  # noqa: PLW0108

    def spoken(self):
        """What the page's recorder sent."""
        frames = [f for f in self.sent if isinstance(f, bytes) and f[0] == 1]
        assert [int.from_bytes(f[4:8], "little") for f in frames] == list(range(len(frames)))
        assert {int.from_bytes(f[12:16], "little") for f in frames} == {RATE}
        return b"".join(frame[HEADER:] for frame in frames)


@pytest.fixture
def studio(show, monkeypatch, tmp_path, caplog, capfd):
    """A stand-in and a page for one test, which leaves nothing that would be red under the cell."""
    monkeypatch.chdir(tmp_path)  # Away from any .env.
    for name in ("GEMINI_API_KEY", "GOOGLE_CLOUD_PROJECT", "GOOGLE_GENAI_USE_VERTEXAI"):
        monkeypatch.delenv(name, raising=False)
    studio = Studio(show, monkeypatch)
    yield studio
    studio.stack.close()
    warned = [r.getMessage() for r in caplog.get_records("call") if r.levelno >= logging.WARNING]
    assert warned == []
    assert capfd.readouterr().err == ""


def envelope(samples):
    """The level of every 20 ms."""
    frames = samples[: samples.size // 320 * 320].reshape(-1, 320).astype(np.float64)
    return np.sqrt((frames**2).mean(axis=1))


def user_audio(session):
    """What the session keeps of the user's microphone, turn after turn."""
    turns = range(len(session.turns) + 2)
    return b"".join(session.log.clip("user_audio", turn).pcm for turn in turns)


def told(widget):
    """What there is of each turn."""
    return [(t.user_text, t.interrupted, t.agent_text, t.error) for t in widget.live.turns]


# --- speaking ---


def test_a_spoken_question_arrives_sample_by_sample_and_is_answered_aloud(studio, tmp_path):
    wav = microphone(tmp_path, speech(QUESTION), silence(60))
    heard = live.listener([QUESTION], answer="It is noon.", audio_ms=900)
    api, widget = studio.talk(heard, microphone=wav)
    widget.tap()
    widget.record_states()
    widget.part("mic").click()
    widget.wait_for_entry("user", r"what time is it in tokyo\?")
    widget.wait_for_entry("agent", "It is noon.")
    widget.until(lambda: "speaking" in widget.states)  # It may be over by now.
    widget.wait_for_state("ready")
    widget.part("mic").click()
    widget.until(lambda: api.connections[0].signals == ["audio_stream_end"])
    states = widget.states
    assert states[:2] == ["ready", "listening"]
    # On a busy machine it may wait for more of the sound in between.
    assert [one for one in states if one != "thinking"][-2:] == ["speaking", "ready"]
    assert set(states[2:-2]) <= {"listening", "thinking"}

    session = widget.live.session
    arrived = api.connections[0].audio
    assert {chunk.mime_type for chunk in api.connections[0].chunks} == {"audio/pcm;rate=16000"}
    assert len(arrived) == 640 * widget.look("(root, adkNb) => adkNb.framesSent")
    assert arrived == studio.spoken()
    assert arrived == user_audio(session)
    assert session.mic_dropped == 0

    # It is the speech of the WAV, from when the microphone was opened: its beginning may be missed.
    heard, said = (envelope(x) for x in (np.frombuffer(arrived, "<i2"), speech(QUESTION)))
    lost = len(said) // 3
    padded, whole = np.concatenate([np.zeros(lost), heard]), len(said) - lost
    lags = range(min(lost + 50, len(padded) - len(said)))
    alike = [np.corrcoef(padded[lag + lost :][:whole], said[lost:])[0, 1] for lag in lags]
    assert max(alike) > 0.9
    loudest = padded[np.argmax(alike) + lost :][:whole][said[lost:] > 500]
    assert 0.3 < np.median(loudest) / np.median(said[lost:][said[lost:] > 500]) < 5

    # 900 ms of a tone without a pause.
    sounded = len(widget.loud) * 128 / widget.look("(root, adkNb) => adkNb.context.sampleRate")
    assert 0.88 < sounded < 0.95
    assert {"mic_on", "mic_off", "playback_started", "playback_drained"} <= set(widget.kinds)
    assert told(widget) == [(QUESTION, False, "It is noon.", None)]
    assert widget.live.turns[0].audio.duration_ms == 900
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
    ((one,),) = [turn.tool_calls for turn in widget.live.turns]
    assert (one.name, one.args, one.result) == (
        "get_time", {"city": "Tokyo"}, "It is noon in Tokyo.",
    )  # fmt: skip


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
    widget.tap()
    widget.note_interruption()
    widget.part("mic").click()
    widget.wait_for_state("listening")
    widget.speak(speech(QUESTION))
    widget.wait_for_entry("agent", "sentence number 30 ")
    widget.wait_for_played(1000)
    widget.speak(speech("No, stop."))
    widget.wait_for_entry("agent", "Very well")
    widget.wait_for_state("ready")
    story, other = widget.entries("agent")
    assert "interrupted" in story
    assert "interrupted" not in other
    widget.until(lambda: len(widget.live.turns) == 2 and widget.live.turns[0].heard_text)
    first, second = widget.live.turns
    assert (first.user_text, first.interrupted, first.agent_text) == (QUESTION, True, STORY)
    assert STORY.startswith(first.heard_text)
    assert 0 < len(first.heard_text) < len(STORY)
    assert told(widget)[1] == ("No, stop.", False, "Very well.", None)
    assert second.heard_text == "Very well."
    log = widget.live.session.log
    (played_ms,) = [row.audio_ms for row in log if row.kind == "playback_flushed"]
    assert 1000 < played_ms < 20_000

    # The page fell silent this long after it learnt of the interruption.
    (cut_at,) = widget.look("root => root.cutAt")
    loud = widget.loud
    assert widget.sounded_after(cut_at) < 0.1
    assert any(cut_at - 0.5 < began <= cut_at for began in loud)  # It was not silent before.
    assert loud[-1] > cut_at + 0.1  # It speaks again.
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
    widget.tap()
    widget.note_interruption()
    widget.type("Tell me a story.")
    widget.wait_for_state("speaking")
    widget.wait_for_entry("agent", "sentence number 2 ")
    # As seen from the page: there is no telling when a key that is pressed from here gets there.
    widget.look("""(root, adkNb) => root.addEventListener("keydown", () => {
      root.pressedAt = adkNb.context.currentTime;
    }, {capture: true, once: true})""")
    widget.page.keyboard.press("Escape")
    widget.wait_for_state("ready")
    widget.until(lambda: widget.live.turns[0].interrupted)
    sent = len(api.connections[0].sent)
    # Nobody told the API, which talks on.
    widget.until(lambda: len(api.connections[0].sent) > sent + 5)
    last = max(widget.loud)
    assert -0.5 < last - widget.look("root => root.pressedAt") < 0.1
    assert widget.look("root => root.cutAt.length") == 1
    assert "interrupted" in widget.entries("agent")[0]
    assert widget.kinds.count("playback_flushed") == 1
    assert widget.state == "ready"

    widget.type("hello")
    widget.wait_for_entry("agent", r"You said hello\.")
    widget.wait_for_state("speaking")
    widget.wait_for_state("ready")
    assert len(widget.entries("agent")) == 2
    story, hello = told(widget)
    assert story[:2] == ("Tell me a story.", True)
    assert STORY.startswith(story[2])
    assert hello == ("hello", False, "You said hello.", None)
    assert widget.part("error").is_hidden()


def test_what_is_typed_over_an_answer_is_answered_in_its_own_turn(studio):
    _, widget = studio.talk(storyteller)
    widget.type("Tell me a story.")
    widget.wait_for_state("speaking")
    widget.wait_for_entry("agent", "sentence number 1 ")
    widget.type("hello")
    widget.wait_for_entry("agent", r"You said hello\.")
    widget.wait_for_state("ready")
    story, hello = told(widget)
    assert (*story[:2], story[3]) == ("Tell me a story.", True, None)
    assert hello == ("hello", False, "You said hello.", None)


# --- connections that end ---


def test_a_go_away_goes_unnoticed(studio):
    api, widget = studio.talk(live.long_session(turns=2))
    for n in (1, 2, 3, 4):
        widget.type(f"text {n}")
        widget.wait_for_entry("agent", rf"Turn {n}: text {n}\.")
        widget.wait_for_state("ready")
        if n == 2:
            widget.until(lambda: len(api.connections) == 2)
    assert api.connections[1].handle
    assert widget.part("error").is_hidden()
    assert widget.errors == []
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
    widget.until(lambda: "reconnecting" in widget.states)
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
    _, widget = studio.talk(live.google_search(sources=sources), google_search)
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
    screenshot(widget.page, "sources")

    # A page that comes back has them of the history.
    widget.look("root => root.querySelector('[data-adk-nb=\"sources\"]').dataset.old = ''")
    widget.cut_off()
    widget.root.locator("[data-old]").wait_for(state="detached")
    widget.wait_for_state("ready")
    links.nth(1).wait_for()
    assert shown() == once


def test_an_agent_that_only_writes_is_read_and_may_be_spoken_to(studio):
    api, widget = studio.talk(live.echo_text, model="gemini-live-2.5-flash-preview", audio=False)
    widget.page.evaluate(
        """() => {
          const devices = navigator.mediaDevices;
          const ask = devices.getUserMedia;
          window.asked = 0;
          devices.getUserMedia = (...args) => { asked++; return ask.apply(devices, args); };
        }"""
    )
    widget.type("hello")
    widget.wait_for_entry("agent", r"You said hello\.")
    widget.wait_for_state("ready")
    assert api.connections[0].setup.generation_config.response_modalities == ["TEXT"]
    assert widget.part("voice").get_attribute("aria-pressed") == "false"
    assert widget.page.evaluate("() => asked") == 0
    assert widget.look("(root, adkNb) => [adkNb.framesSent, adkNb.framesReceived]") == [0, 0]
    assert widget.part("unmute").is_hidden()
    assert widget.part("error").is_hidden()
    assert api.connections[0].audio == b""
    widget.part("mic").click()
    widget.until(lambda: api.connections[0].audio)
    assert widget.page.evaluate("() => asked") == 1


def test_without_a_key_it_says_which_variable_to_set(studio, monkeypatch):
    api = studio.serve(live.echo_text)
    monkeypatch.delenv("GOOGLE_API_KEY")
    widget = studio.show()
    error = widget.part("error")
    error.get_by_text("GOOGLE_API_KEY is not set").wait_for()
    assert error.get_attribute("data-code") == "no_credentials"
    assert "write GOOGLE_API_KEY=... into " in error.inner_text()
    assert "Traceback" not in error.inner_text()
    assert api.connections == []
    monkeypatch.setenv("GOOGLE_API_KEY", api.environment["GOOGLE_API_KEY"])
    widget = studio.show()
    widget.type("hello")
    widget.wait_for_entry("agent", r"You said hello\.")
    assert widget.part("error").is_hidden()


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
    widget.until(lambda: len(arrived) >= 4)
    pictures = api.connections[0].video[:4]
    assert all(p[:3] == b"\xff\xd8\xff" and p[-2:] == b"\xff\xd9" for p in pictures)
    assert len(set(pictures)) == 4  # The test pattern moves.
    # A busy machine is late, and never early.
    gaps = [after - before for before, after in itertools.pairwise(arrived[1:4])]
    assert sum(gaps) > 0.8 * len(gaps)
    blobs = [m.realtime_input.video for m in api.connections[0].messages if m.realtime_input]
    assert {blob.mime_type for blob in blobs if blob} == {"image/jpeg"}
    widget.part("camera").click()
    widget.part("preview").wait_for(state="detached")
    sent = widget.look("(root, adkNb) => adkNb.imagesSent")
    widget.until(lambda: len(arrived) == sent)
    assert widget.part("error").is_hidden()
