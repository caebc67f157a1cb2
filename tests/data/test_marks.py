import numpy as np
import pytest
from logs import conversation, quiet, voice

from adk_nb.data.marks import MAX_MARKS, loud_stretches, marks, newest
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


def test_speech_that_leaves_little_silence_is_found_by_that():
    level = [100, 500, 500, 500, 500, 500, 500, 500]  # Of each eighth; the first is the room.
    eighth = 16_000 // 5
    samples = np.concatenate([np.full(eighth, one, np.int16) for one in level])
    (found,) = loud_stretches(samples, 16_000)
    assert found == pytest.approx((0.2, 1.6), abs=0.041)


def test_an_answer_that_came_at_once_has_a_latency_of_nothing():
    log = EventLog("s")
    log.add("client", "user_text", t=1.0, turn=1, text="hi")
    log.add("client", "user_speech", t=1.0, turn=1, speech_t=1.0)
    log.add("adk", "agent_audio", t=2.0, turn=1, audio_ms=10.0)
    log.add("client", "playback_started", t=2.0, turn=1, audio_ms=0.0)
    steps = [(mark["t"], mark["end"]) for mark in marks(log)["latency"]]
    assert (2.0, 2.0) in steps


def test_what_the_microphone_took_that_was_no_speech_is_not_drawn():
    log = EventLog("s")
    log.add("client", "user_audio", t=1.0, turn=1, audio_ms=1000.0)  # A typed turn's.
    log.add("client", "user_text", t=2.0, turn=1, text="hi")
    log.add("client", "user_audio", t=3.0, turn=2, audio_ms=1000.0)  # No turn's.
    assert marks(log)["speech"] == []


def test_sound_of_no_turn_is_not_drawn():
    log = EventLog("s")
    log.add("adk", "agent_audio", t=1.0, turn=0, audio_ms=100.0)
    log.add("client", "playback_started", t=1.0, turn=7)
    shown = marks(log)["speech"]
    assert [(bar["lane"], bar["who"], bar["text"]) for bar in shown] == [("agent heard", "", "")]


def test_sound_that_came_after_the_interruption_is_late_as_a_whole():
    log = EventLog("s")
    log.add("adk", "agent_audio", t=1.0, turn=1, agent="a", audio_ms=500.0)
    log.add("client", "interrupted", t=2.0, turn=1)
    log.add("adk", "agent_audio", t=3.0, turn=1, agent="a", audio_ms=500.0)
    shown = [(bar["t"], bar["end"], bar.get("late", False)) for bar in marks(log)["speech"]]
    assert shown == [(3.0, 3.5, True), (1.0, 1.5, False)]


def test_an_error_and_an_interruption_by_the_model_are_marked():
    log = EventLog("s")
    log.add("client", "user_text", t=0.0, turn=1, text="hi")
    log.add("adk", "agent_text", t=0.5, turn=1, agent="a", text="Ho.", final=True)
    log.add("adk", "interrupted", t=1.0, turn=1)
    log.add("adk", "interrupted", t=1.5, turn=9)
    log.add("bridge", "error", t=2.0, turn=1, error="e" * 400)
    log.add("bridge", "error", t=3.0)
    shown = marks(log)
    assert shown["cuts"] == [
        {"lane": "interruptions", "t": 1.0, "turn": 1, "by": "the model", "heard": "Ho."},
        {"lane": "interruptions", "t": 1.5, "turn": 9, "by": "the model", "heard": ""},
    ]
    assert shown["errors"] == [
        {"lane": "errors", "t": 2.0, "turn": 1, "error": "e" * 300 + "…"},
        {"lane": "errors", "t": 3.0, "turn": 0, "error": ""},
    ]


def test_an_answer_that_came_before_the_question_had_no_latency():
    log = EventLog("s")
    log.add("adk", "agent_audio", t=1.0, turn=1, audio_ms=10.0)
    log.add("client", "user_text", t=2.0, turn=1, text="hi")
    log.add("client", "playback_started", t=1.5, turn=1)
    shown = marks(log)
    assert [(mark["t"], mark["end"]) for mark in shown["latency"]] == [(1.0, 1.5)]
    assert [(mark["t"], mark["end"]) for mark in shown["waits"]] == [(1.5, 1.5)]


def test_a_failed_tool_shows_its_error():
    log = EventLog("s")
    log.add("adk", "tool_call", t=1.0, turn=1, tool="t", tool_call_id="c", args={})
    log.add("adk", "tool_result", t=1.5, turn=1, tool_call_id="c", error="broken")
    (tool,) = marks(log)["tools"]
    assert (tool["result"], tool["failed"], tool["end"]) == ("broken", True, 1.5)


def test_speech_is_looked_for_again_only_when_there_is_more_of_it(monkeypatch):
    log, looked = conversation(), []
    clip = log.clip
    monkeypatch.setattr(log, "clip", lambda *of: looked.append(of) or clip(*of))
    first = marks(log)
    assert marks(log) == first
    assert looked == [("user_audio", 1)]
    log.add("client", "user_audio", t=20.0, turn=1, audio_ms=20.0)
    marks(log)
    assert looked == [("user_audio", 1)] * 2


def test_speech_after_a_pause_of_the_microphone_is_drawn_where_it_was():
    log = EventLog("s")
    sound = np.concatenate([voice(1), quiet(1), voice(1), quiet(1)])
    log.sounds.add("user_audio", 1, sound.tobytes(), 16_000)
    log.add("client", "user_audio", t=1.0, turn=1, audio_ms=2000.0)
    log.add("client", "user_audio", t=10.0, turn=1, audio_ms=2000.0)
    log.add("adk", "user_transcript", t=12.0, turn=1, text="hi", final=True)
    bars = [(bar["t"], bar["end"]) for bar in marks(log)["speech"]]
    assert bars == [pytest.approx((1, 2), abs=0.05), pytest.approx((10, 11), abs=0.05)]


@pytest.mark.parametrize("many", [MAX_MARKS, MAX_MARKS + 1, MAX_MARKS + 500])
def test_of_too_many_marks_the_newest_are_kept(many):
    layers = {"a": [{"t": float(t)} for t in range(many)], "b": []}
    kept, before = newest(layers)
    assert before == (0 if many == MAX_MARKS else many - len(kept["a"]))
    assert kept["a"] == layers["a"][before:]
    assert MAX_MARKS - 1 <= len(kept["a"]) <= MAX_MARKS
    assert kept["b"] == []
