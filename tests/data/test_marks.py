import numpy as np
import pytest
from logs import conversation, quiet, voice

from adk_nb.data.marks import loud_stretches, marks
from adk_nb.log.event_log import EventLog


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
