import json
import subprocess
import sys

import altair as alt
import numpy as np
import pytest
from google.adk.agents import Agent
from logs import conversation, quiet, voice
from scripted import DONE, Scripted, audio, call, result_of, said, text_of

from adk_nb import LiveSession
from adk_nb.data.timeline import (
    MAX_MARKS,
    MAX_SESSIONS,
    Timelines,
    loud_stretches,
    marks,
    mime_bundle,
    timeline,
)
from adk_nb.exceptions import AdkNbError
from adk_nb.log.event_log import EventLog
from adk_nb.log.recording import save

MIME = "application/vnd.vegalite.v5+json"


def test_the_marks_of_a_spoken_turn_that_was_cut_off():
    shown = marks(conversation())
    bars = {bar["lane"]: bar for bar in shown["speech"] if "late" not in bar}
    user, generated, heard = (
        bars[lane] for lane in ("user speech", "agent generated", "agent heard")
    )
    # The microphone was open for longer than the user spoke.
    assert (user["t"], user["end"]) == pytest.approx((8.5, 9.5), abs=0.05)
    assert user["text"] == "What time is it?"
    assert (generated["t"], generated["end"]) == pytest.approx((10.5, 12.6))
    (late,) = (bar for bar in shown["speech"] if "late" in bar)
    assert (late["lane"], late["t"], late["end"]) == ("agent generated", 12.6, 14.5)
    assert (heard["t"], heard["end"]) == pytest.approx((10.6, 12.62))
    assert generated["text"].startswith(heard["text"])
    assert len(heard["text"]) < len(generated["text"])
    first, second = shown["latency"]
    assert (first["t"], first["end"], first["since_ms"]) == pytest.approx((9.5, 10.5, 1000))
    assert (second["t"], second["end"], second["since_ms"]) == pytest.approx((10.5, 10.6, 1100))
    (tool,) = shown["tools"]
    assert (tool["tool"], tool["args"], tool["result"]) == ("get_time", '{"city": "Rome"}', "noon")
    assert (tool["t"], tool["ms"], tool["failed"]) == (10.0, pytest.approx(400), False)
    (cut,) = shown["cuts"]
    assert (cut["t"], cut["by"], cut["heard"]) == (12.6, "the user", heard["text"])
    assert shown["turns"] == [{"lane": "turn", "t": user["t"], "turn": 1}]


def test_audio_that_comes_faster_than_it_sounds_is_drawn_end_to_end():
    log = EventLog("s")
    for t in (1.0, 2.5):
        log.add("adk", "agent_audio", t=t, turn=1, audio_ms=4000.0)
    bars = marks(log)["speech"]
    assert [(bar["t"], bar["end"]) for bar in bars] == [(1.0, 5.0), (5.0, 9.0)]


def test_speech_whose_sound_is_gone_is_drawn_from_its_words():
    log = EventLog("s")
    log.add("client", "user_audio", t=1.0, turn=1, audio_ms=3000.0, speech_t=3.0)
    log.add("adk", "user_transcript", t=2.0, turn=1, text="Hello", final=False)
    (bar,) = marks(log)["speech"]
    assert (bar["t"], bar["end"]) == (2.0, 3.0)


def test_what_still_goes_on_is_drawn_up_to_the_newest_event():
    log = EventLog("s")
    log.add("client", "user_text", t=1.0, turn=1, text="hi", final=True)
    log.add("adk", "tool_call", t=2.0, turn=1, tool="slow", tool_call_id="c", args={})
    log.add("adk", "agent_audio", t=3.0, turn=1, audio_ms=100.0)
    log.add("client", "playback_started", t=3.5, turn=1, audio_ms=0.0)
    log.add("client", "mic_on", t=9.0)
    shown = marks(log)
    assert shown["tools"][0]["end"] == 9.0
    assert shown["speech"][-1]["end"] == 9.0
    assert shown["typed"][0]["text"] == "hi"


def test_errors_have_a_lane_of_their_own_where_there_are_any():
    log = conversation()
    assert "errors" not in json.dumps(timeline(log).to_dict()["layer"])
    log.add("bridge", "error", t=13.0, turn=1, error="The model ended the conversation.")
    spec = timeline(log).to_dict()
    assert "errors" in json.dumps(spec["layer"])
    assert spec["datasets"]["errors_0"][0]["error"] == "The model ended the conversation."


def test_jupyterlab_gets_the_vega_lite_that_it_has():
    chart = timeline(conversation())
    data, metadata = chart._repr_mimebundle_()
    assert set(data) == {MIME, "text/plain"}
    assert data[MIME]["$schema"].endswith("/v5.json")
    assert metadata[MIME]["embed_options"]["actions"]["editor"] is False
    text = json.dumps(data)
    assert "NaN" not in text
    assert "container" not in text
    # Altair's own checks pass, and what it makes of the chart is what is displayed.
    whole = chart.to_dict()
    assert whole["datasets"] == data[MIME]["datasets"]
    assert whole["config"]["background"] == "transparent"


def test_another_renderer_of_altairs_is_left_alone():
    with alt.renderers.enable("mimetype"):
        bundle = timeline(conversation())._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert MIME not in data or alt.SCHEMA_VERSION.startswith("v5")


def test_a_chart_can_be_changed_and_still_shows_itself():
    changed = timeline(conversation()).properties(width=300)
    data, _ = changed._repr_mimebundle_()
    assert data[MIME]["width"] == 300
    assert data[MIME]["datasets"]["speech_0"]


def test_an_empty_session_has_empty_lanes():
    spec = mime_bundle(timeline(EventLog("empty")))[0][MIME]
    assert not any(spec["datasets"].values())
    assert len(spec["layer"]) == 1


def test_several_sessions_are_below_each_other_and_too_many_are_refused(tmp_path):
    logs = [conversation(1, f"s{n}") for n in range(3)]
    chart = timeline(logs)
    assert isinstance(chart, Timelines)
    spec = chart.to_dict()
    assert [one["title"] for one in spec["vconcat"]] == [f"session s{n}" for n in range(3)]
    assert len({param["name"] for param in spec["params"]}) == 3
    with pytest.raises(AdkNbError, match="too many"):
        timeline([EventLog(str(n)) for n in range(MAX_SESSIONS + 1)])


def test_a_recording_gives_the_same_chart(tmp_path):
    log = conversation()
    path = save(log, tmp_path)
    mine, read = (mime_bundle(timeline(source))[0][MIME]["datasets"] for source in (log, path))
    assert read == json.loads(json.dumps(mine))


@pytest.mark.timeout(60)
def test_of_a_long_session_the_newest_is_drawn():
    log = conversation(turns=1200)
    chart = timeline(log)
    spec = chart.to_dict()
    drawn = sum(map(len, spec["datasets"].values()))
    assert MAX_MARKS * 0.99 <= drawn <= MAX_MARKS
    assert "earliest marks" in spec["title"]
    assert spec["datasets"]["speech_0"][-1]["turn"] == 1200
    assert len(json.dumps(spec)) < 2_000_000


def test_texts_in_tooltips_are_bounded():
    log = EventLog("s")
    log.add("client", "user_text", t=1.0, turn=1, text="x" * 10_000, final=True)
    assert len(marks(log)["typed"][0]["text"]) <= 301


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], []),
        ([quiet(1)], []),
        ([np.zeros(16_000, np.int16)], []),
        ([quiet(0.5), voice(1), quiet(0.5)], [(0.5, 1.5)]),
        ([voice(1)], [(0, 1)]),
        ([quiet(0.5), voice(0.5), quiet(0.2), voice(0.5), quiet(1)], [(0.5, 1.7)]),
        ([quiet(0.5), voice(0.5), quiet(1), voice(0.5), quiet(1)], [(0.5, 1), (2, 2.5)]),
        ([quiet(0.5), voice(0.04), quiet(1)], []),
    ],
    ids=["none", "quiet", "digital silence", "one", "all of it", "a gap", "a pause", "a click"],
)
def test_loud_stretches(parts, expected):
    samples = np.concatenate([np.zeros(0, np.int16), *parts])
    found = loud_stretches(samples, 16_000)
    assert [pytest.approx(pair, abs=0.041) for pair in expected] == found


def test_a_live_session_with_a_tool():
    def roll() -> int:
        """Rolls."""
        return 4

    def answer(came):
        if text_of(came):
            return [call("roll"), DONE]
        return [audio(200), said("Four.", finished=True), DONE] if result_of(came) else []

    agent = Agent(name="dice", model=Scripted(answer), tools=[roll])
    with LiveSession(agent) as session:
        session.say("roll")
        while_open = mime_bundle(timeline(session))[0][MIME]["datasets"]
    assert while_open["tools_0"][0]["tool"] == "roll"
    assert mime_bundle(timeline(session))[0][MIME]["datasets"]["tools_0"] == while_open["tools_0"]


def test_importing_it_is_left_to_its_use():
    code = "import sys, adk_nb; print([m for m in ('altair', 'itables') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
