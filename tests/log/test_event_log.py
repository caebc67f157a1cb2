import dataclasses
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from adk_nb import events_df
from adk_nb.log.event_log import EventLog
from adk_nb.log.log_row import KINDS, LogRow
from adk_nb.log.recording import save


def test_rows_are_in_order_on_one_clock():
    log = EventLog("s")
    log.add("client", "user_text", turn=1, text="hi")
    log.add("adk", "turn_complete", turn=1, turn_complete=True)
    assert [(row.seq, row.kind) for row in log] == [(0, "user_text"), (1, "turn_complete")]
    assert log[0].t <= log[1].t <= log.now()
    assert len(log) == 2


def test_a_row_of_an_earlier_moment_has_its_time():
    log = EventLog("s")
    now = log.add("bridge", "connected")
    earlier = log.add("client", "playback_started", t=now.t - 0.5)
    assert earlier.t == now.t - 0.5
    assert now.time - earlier.time == pytest.approx(0.5, abs=0.1)


def test_consecutive_audio_is_one_row_and_its_sound_is_kept():
    log = EventLog("s")
    for _ in range(50):
        log.add_audio("client", "user_audio", 1, bytes(640), 16_000)
        log.add_audio("adk", "agent_audio", 1, b"\x01\x00" * 480, 24_000)
    log.add_audio("adk", "agent_audio", 2, bytes(960), 24_000)
    assert [(r.kind, r.turn, r.audio_ms) for r in log] == [
        ("user_audio", 1, 1000.0),
        ("agent_audio", 1, 1000.0),
        ("agent_audio", 2, 20.0),
    ]
    assert log.clip("agent_audio", 1).pcm == b"\x01\x00" * 24_000
    assert log.clip("agent_audio", 1).rate == 24_000
    assert log.clip("agent_audio", 7).pcm == b""


FRAME = b"\x01\x00" * 320


def stamped(log, at, **values):
    log.add_audio("client", "user_audio", 1, FRAME, 16_000, at=at, **values)


def test_stamped_audio_begins_when_it_was_captured_however_late_it_comes():
    log = EventLog("s")
    for n in range(3):
        stamped(log, -5.0 + n * 0.02)
    assert [(row.t, row.audio_ms) for row in log] == [(-5.0, 60.0)]
    stamped(log, -3.0)  # A pause of nearly two seconds: another row, and no silence in the sound.
    assert [(row.t, row.audio_ms) for row in log] == [(-5.0, 60.0), (-3.0, 20.0)]
    assert log.clip("user_audio", 1).pcm == FRAME * 4


def test_a_short_gap_between_stamps_is_silence_in_the_sound():
    log = EventLog("s")
    stamped(log, -5.0)
    stamped(log, -4.9)
    stamped(log, -4.85)  # Frames jitter.
    assert [row.audio_ms for row in log] == [140.0]
    assert log.clip("user_audio", 1).pcm == FRAME + bytes(640 * 4) + FRAME * 2


def test_lost_frames_are_silence_a_row_and_a_count():
    log = EventLog("s")
    stamped(log, -5.0)
    stamped(log, -3.98, lost=50)
    stamped(log, -3.94, lost=1)
    assert [(r.kind, r.count, r.audio_ms) for r in log] == [
        ("user_audio", 1, 1080.0), ("audio_lost", 51, 1020.0),
    ]  # fmt: skip
    pcm = log.clip("user_audio", 1).pcm
    assert pcm == FRAME + bytes(640 * 50) + FRAME + bytes(640) + FRAME


def test_a_clock_that_is_set_is_noted_and_times_go_on(monkeypatch):
    log = EventLog("s")
    first, real = log.add("client", "mic_on"), time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600)
    second = log.add("client", "mic_off")
    assert [row.kind for row in log] == ["mic_on", "clock_set", "mic_off"]
    assert "+3600.0 s" in log[1].text
    assert second.time - first.time == pytest.approx(second.t - first.t, abs=1e-5)
    assert log.started == pytest.approx(real() - log.now(), abs=1)


class Sink:
    def __init__(self):
        self.rows, self.sounds = [], []

    def row(self, row):
        self.rows.append((row.seq, row.audio_ms))

    def sound(self, *sound):
        self.sounds.append(sound)


def test_a_sink_sees_every_row_and_its_growth():
    log = EventLog("s")
    sink = Sink()
    log.sinks.append(sink)
    log.add("client", "mic_on")
    log.add_audio("adk", "agent_audio", 1, bytes(640), 16_000)
    log.add_audio("adk", "agent_audio", 1, bytes(640), 16_000)
    assert sink.rows == [(0, None), (1, 20.0), (1, 20.0), (1, 40.0)]
    assert sink.sounds == [("agent_audio", 1, bytes(640), 16_000)] * 2


def test_secrets_are_masked(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("MY_SECRET=my-secret-project\nSMALL=yes\n")
    monkeypatch.setenv("SOME_API_KEY", "key-1234567890")
    log = EventLog("s")
    log.keep_secret("the-bridge-token")
    row = log.add(
        "adk",
        "tool_result",
        text="key-1234567890, said yes",
        args={"a": ["the-bridge-token", 3]},
        result=("my-secret-project",),
        error="url?key=key-1234567890",
    )
    assert row.text == "[SOME_API_KEY], said yes"
    assert row.args == {"a": ["[secret]", 3]}
    assert row.result == ["[MY_SECRET]"]
    assert row.error == "url?key=[SOME_API_KEY]"


HOUR = """
import resource
from adk_nb.log.event_log import EventLog

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
log = EventLog("hour")
user, agent = bytes(640), bytes(960)
for frame in range(3600 * 50):
    turn = frame // 500 + 1
    log.add_audio("client", "user_audio", turn, user, 16_000)
    if frame % 500 > 200:
        log.add_audio("adk", "agent_audio", turn, agent, 24_000)
    if frame % 25 == 0:
        log.add("adk", "agent_transcript", turn=turn, author="a", text="so many words to say " * 5)
assert abs(sum(len(log.clip("user_audio", t).pcm) for t in range(1, 361)) - 3600 * 32_000) < 10
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_an_hour_of_conversation_stays_under_200_mb():
    done = subprocess.run([sys.executable, "-c", HOUR], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 200


KEY = "key-1234567890"


@pytest.fixture
def log(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    log = EventLog("s")
    log.keep_secret(KEY)
    return log


def piece(log, text, **values):
    values = {"turn": 1, "author": "a", "final": False} | values
    return log.add("adk", "agent_transcript", text=text, **values)


def texts(log):
    return [row.text for row in log if row.kind == "agent_transcript"]


ENDS = (
    "user_text", "prompt", "turn_complete", "interrupted", "turn_ended", "agent_swapped",
    "agent_transfer", "disconnected", "answer_disowned", "withheld",
)  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
def test_a_secret_in_pieces_is_in_no_row_and_nothing_else_is_lost(log, end):
    for text in ("It is ", KEY[:5], KEY[5:9], KEY[9:], " and ", KEY[:6]):
        piece(log, text)
    log.add("adk", end, turn=1)
    assert "".join(texts(log)) == f"It is [secret] and {KEY[:6]}"
    assert list(log)[-1].kind == end  # What was held back comes before what ended the text.


def test_a_secret_whose_last_piece_is_the_final_one_is_masked(log):
    piece(log, f"It is {KEY[:9]}")
    piece(log, KEY[9:], final=True)
    log.add("adk", "turn_complete", turn=1)
    assert texts(log) == ["It is ", "[secret]"]


def test_what_is_held_back_comes_before_the_final_text(log):
    piece(log, KEY[:5], audio_ms=3.0)
    piece(log, "whole", final=True)
    assert texts(log) == ["", KEY[:5], "whole"]
    assert list(log)[1].audio_ms == 3.0


def test_a_whole_text_so_far_shows_no_beginning_of_a_secret(log):
    piece(log, f"It is {KEY[:9]}", cumulative=True)
    piece(log, f"It is {KEY}", cumulative=True)
    log.settle()
    assert texts(log) == ["It is ", "It is [secret]"]
    piece(log, f"Not {KEY[:9]}", turn=2, cumulative=True)
    log.settle()
    assert texts(log)[-1] == f"Not {KEY[:9]}"


def test_texts_of_two_speakers_do_not_mix(log):
    piece(log, KEY[:5])
    piece(log, "other", author="b")
    piece(log, KEY[5:])
    log.settle()
    assert texts(log) == ["", "other", "[secret]"]


def test_a_row_holds_a_copy_of_what_it_was_told(log):
    cart = {"items": ["milk"]}
    row = log.add("adk", "tool_result", result=cart)
    cart["items"].append("eggs")
    assert row.result == {"items": ["milk"]}


def test_errors_told_over_and_over_are_one_row(log):
    page, other, sink = object(), object(), Sink()
    log.sinks.append(sink)
    assert log.add_error(page, "bad_message", "first")
    assert not any(log.add_error(page, "bad_message", "first") for _ in range(5000))
    assert log.add_error(page, "no_turn", "another")
    assert log.add_error(other, "bad_message", "of another page")
    assert [(row.error, row.count) for row in log] == [
        ("first", 5001), ("another", 1), ("of another page", 1),
    ]  # fmt: skip
    assert len(sink.rows) == 5003
    log.forget(page)
    assert log.add_error(page, "bad_message", "of a page that came again")


def test_ten_texts_of_a_kind_are_told_apart_and_the_rest_counted_together(log):
    told = [log.add_error(1, "bad_message", f"{n}") for n in range(5000)]
    assert told == [True] * 11 + [False] * 4989
    assert [(row.error, row.count) for row in log] == [
        *((f"{n}", 1) for n in range(10)), ("10", 4990),
    ]  # fmt: skip
    assert not log.add_error(1, "bad_message", "3")
    assert log.add_error(1, "no_turn", "of another kind")
    assert log.add_error(2, "bad_message", "of another page")


def test_an_error_is_a_row_again_after_a_minute(log, monkeypatch):
    log.add_error(1, "bad_message", "first")
    monkeypatch.setattr(log, "now", lambda: 61.0)
    assert log.add_error(1, "bad_message", "second")


def test_errors_of_ever_new_kinds_are_bounded(log):
    for number in range(1000):
        log.add_error(1, f"code {number}", "odd")
    assert len(log) == 101


def test_a_pages_time_is_on_the_sessions_clock(log):
    now_ms = time.monotonic() * 1000
    assert log.to_t(now_ms + 500) == pytest.approx(log.now() + 0.5, abs=0.2)
    assert log.to_t(now_ms) <= log.now()


def test_a_text_that_grows_as_it_ends_is_told_to_those_who_follow(log):
    sink = Sink()
    log.sinks.append(sink)
    piece(log, f"It is {KEY[:9]}", cumulative=True)
    log.settle()
    assert [seq for seq, _ in sink.rows] == [0, 0]
    assert texts(log) == [f"It is {KEY[:9]}"]


def test_a_pause_or_another_turn_begins_a_new_row_of_sound(log, monkeypatch):
    now = 10.0
    monkeypatch.setattr(log, "now", lambda: now)
    for t, turn in ((10.0, 1), (10.99, 1), (11.99, 1), (12.0, 1), (12.1, 2)):
        now = t
        log.add_audio("client", "user_audio", turn, bytes(640), 16_000)
    assert [(row.t, row.turn, row.audio_ms) for row in log] == [
        (10.0, 1, 40.0), (11.99, 1, 40.0), (12.1, 2, 20.0),
    ]  # fmt: skip
    assert [row.author for row in log] == ["user"] * 3


def test_an_error_counts_within_a_minute_of_the_first(log, monkeypatch):
    now = 0.0
    monkeypatch.setattr(log, "now", lambda: now)
    told = []
    for t in (0.0, 60.0, 60.5, 120.5, 121.0):
        now = t
        told.append(log.add_error(1, "bad_message", "odd"))
    assert told == [True, False, True, False, True]
    assert [(row.t, row.count) for row in log] == [(0.0, 2), (60.5, 2), (121.0, 1)]


@pytest.mark.parametrize(
    "kind",
    [
        "usage",
        "playback_started",
        "playback_flushed",
        "error",
        "tool_call",
        "agent_audio",
        "mic_on",
    ],
)
def test_reports_that_come_between_do_not_end_a_text(log, kind):
    piece(log, KEY[:5])
    log.add("client", kind, turn=1)
    piece(log, KEY[5:])
    log.settle()
    assert "".join(texts(log)) == "[secret]"


def test_pieces_of_two_turns_do_not_mix(log):
    log.keep_secret("hunter2hunter2")
    for turn in (1, 2):
        log.add(
            "adk", "agent_text", turn=turn, author="a", text=f"turn {turn}: hunter2", final=False
        )
    log.add("adk", "agent_text", turn=1, author="a", text="hunter2", final=False)
    log.settle()
    by_turn = {turn: "".join(row.text for row in log if row.turn == turn) for turn in (1, 2)}
    assert by_turn == {1: "turn 1: [secret]", 2: "turn 2: hunter2"}


def test_the_users_sound_has_an_author_and_the_agents_is_whose_it_says(log):
    log.add_audio("client", "user_audio", 1, b"\0\0", 16_000)
    log.add_audio("adk", "agent_audio", 1, b"\0\0", 24_000, agent="a")
    assert [(row.author, row.agent) for row in log] == [("user", None), (None, "a")]


def test_a_row_says_of_which_variable_a_value_was_masked(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEATHER_TOKEN", "rain-1234567")
    log = EventLog("s")
    for text in ("It is rain-1234567.", "Once more: rain-1234567.", "sk-abcdefghijklmnopqrstuvwx"):
        log.add("client", "user_text", turn=1, text=text)
    save(log, tmp_path / "saved")
    frames = [events_df(source) for source in (log, tmp_path / "saved")]
    for frame in frames:
        assert frame[frame.kind == "masked"].text.tolist() == ["WEATHER_TOKEN", "secret"]


def test_the_kinds_are_those_that_the_documents_name():
    text = (Path(__file__).parents[2] / "docs" / "dataframes.md").read_text("utf-8")
    listed = text.partition("`kind` is one of ")[2].partition("\n")[0]
    while "(" in listed:
        listed = re.sub(r"\([^()]*\)", "", listed)
    assert sorted(re.findall(r"`(\w+)`", listed)) == sorted(KINDS)


def test_what_no_row_says_is_at_its_default():
    silent = (
        *("author", "agent", "invocation_id", "model", "text", "final", "audio_ms", "speech_t"),
        *("tool", "tool_call_id", "args", "result", "error", "prompt_tokens", "total_tokens"),
        *("response_tokens", "tokens", "error_ms", "output", "status", "end_reason", "ms"),
        *("level_db", "by", "underruns", "event_id", "variant"),
    )
    flags = ("cumulative", "interrupted", "turn_complete", "estimated", "ambiguous")
    said = {"seq": 3, "time": 5.0, "t": 1.0, "source": "client", "kind": "mic_on"}
    assert dataclasses.asdict(LogRow(**said)) == {
        **said, **dict.fromkeys(silent), **dict.fromkeys(flags, False), "turn": 0, "count": 1,
    }  # fmt: skip


def test_each_sitting_has_a_name_of_its_own_of_twelve_signs():
    names = {EventLog("s").run_id for _ in range(20)}
    assert len(names) == 20
    assert all(re.fullmatch(r"r[0-9a-f]{11}", name) for name in names)


@pytest.mark.parametrize(
    "name", ["text", "error", "args", "result", "output", "author", "tool", "model"]
)
def test_a_secret_is_masked_wherever_a_row_may_hold_one(log, name):
    row = log.add("adk", "tool_result", **{name: KEY}, tool_call_id=KEY)
    assert getattr(row, name) == "[secret]"
    assert row.tool_call_id == KEY  # Calls would be mixed up.


def test_the_id_of_a_call_is_kept_within_bounds(log):
    ids = ["x" * 1000, "x" * 1001, "a\ud800"]
    rows = [log.add("adk", "tool_call", tool_call_id=one) for one in ids]
    assert [row.tool_call_id for row in rows] == ["x" * 1000, "x" * 1000, "a\ufffd"]


PARTS = ("tool_call", "tool_result", "tool_ended", "turn_complete", "interrupted")


@pytest.mark.parametrize("kind", [*PARTS, "answer_disowned", "usage", "agent_text"])
def test_what_parts_the_agents_sound_leaves_the_users_whole(log, kind):
    for _ in range(2):
        log.add_audio("client", "user_audio", 1, FRAME, 16_000)
        log.add_audio("adk", "agent_audio", 1, FRAME, 16_000)
        log.add("adk", kind, turn=1)
    parted = kind in (*PARTS, "answer_disowned")
    agents = [20.0, 20.0] if parted else [40.0]
    assert [row.audio_ms for row in log if row.kind == "agent_audio"] == agents
    assert [row.audio_ms for row in log if row.kind == "user_audio"] == [40.0]


@pytest.mark.parametrize(("lost", "longest"), [(0, 1.0), (1, 60.0)])
def test_how_long_a_gap_may_be_within_a_row(log, lost, longest):
    for gap, ms in ((longest - 0.02, [20.0 + 1000 * longest]), (longest + 0.02, [20.0, 20.0])):
        log = EventLog("s")
        stamped(log, -90.0)
        stamped(log, -89.98 + gap, lost=lost)
        assert [row.audio_ms for row in log if row.kind == "user_audio"] == pytest.approx(ms)


def test_only_a_gap_longer_than_three_frames_is_filled_where_none_were_lost(log):
    for at, ms in ((-5.0, 20.0), (-4.925, 40.0), (-4.87, 150.0)):
        stamped(log, at)
        assert log[0].audio_ms == pytest.approx(ms), at
    assert len(log) == 1


def test_silence_is_as_long_as_the_gap_at_any_rate(log):
    log.add_audio("client", "user_audio", 1, b"\x01\x00" * 480, 24_000, at=-5.0)
    log.add_audio("client", "user_audio", 1, b"\x01\x00" * 480, 24_000, at=-4.48)
    assert [row.audio_ms for row in log] == [pytest.approx(540.0)]
    assert log.clip("user_audio", 1).pcm == b"\x01\x00" * 480 + bytes(24_000) + b"\x01\x00" * 480


def test_what_a_page_could_not_take_is_counted_by_turn(log):
    sink = Sink()
    log.sinks.append(sink)
    for turn, ms in ((1, 20.0), (1, 30.0), (2, 40.0)):
        log.audio_dropped(turn, ms)
    log.add_audio("client", "user_audio", 1, FRAME, 16_000, lost=2)
    assert [(r.source, r.kind, r.turn, r.count, r.audio_ms) for r in log] == [
        ("bridge", "audio_lost", 1, 2, 50.0),
        ("bridge", "audio_lost", 2, 1, 40.0),
        ("client", "audio_lost", 1, 2, 40.0),
        ("client", "user_audio", 1, 1, 20.0),
    ]
    assert sink.rows[:3] == [(0, 20.0), (0, 50.0), (1, 40.0)]


def test_sound_that_is_forgotten_is_gone_and_more_begins_a_row(log):
    class Forgets(Sink):
        def sound_forgotten(self, *what):
            self.sounds.append(what)

    sink = Forgets()
    log.sinks.append(sink)
    log.add_audio("adk", "agent_audio", 1, FRAME, 16_000)
    log.add_audio("client", "user_audio", 1, FRAME, 16_000)
    log.forget_sound("agent_audio", 1)
    log.forget_sound("agent_audio", 7)  # There is none.
    assert (log.clip("agent_audio", 1).pcm, log.clip("user_audio", 1).pcm) == (b"", FRAME)
    assert sink.sounds[2:] == [("agent_audio", 1), ("agent_audio", 7)]
    log.add_audio("adk", "agent_audio", 1, FRAME, 16_000)
    assert [(row.kind, row.audio_ms) for row in log] == [
        ("agent_audio", 20.0), ("user_audio", 20.0), ("agent_audio", 20.0),
    ]  # fmt: skip
    assert log.clip_end("agent_audio", 1, 0.01).pcm == FRAME[:320]


def test_a_clock_that_is_set_back_and_forth_is_noted_each_time(log, monkeypatch):
    real, steps = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + steps[-1])
    for step in (0.9, -0.9, -1.5, -1.5, -2.4, -3.0, 0.0):
        steps.append(step)
        log.add("client", "mic_on")
    texts = [row.text for row in log if row.kind == "clock_set"]
    assert [float(text.split()[4]) for text in texts] == [-1.5, -1.5, 3.0]
    sources = {row.source for row in log if row.kind == "clock_set"}
    assert (sources, [row.kind for row in log][:4]) == (
        {"bridge"}, ["mic_on", "mic_on", "clock_set", "mic_on"],
    )  # fmt: skip


def test_rows_are_of_the_variant_of_their_time(log):
    log.add("client", "mic_on")
    log.is_of(f"with {KEY}")
    log.add("client", "mic_off")
    assert [(row.kind, row.variant) for row in log] == [
        ("mic_on", None), ("mic_off", "with [secret]"), ("masked", "with [secret]"),
    ]  # fmt: skip


def test_a_secret_that_is_set_later_is_masked_from_then_on(log, monkeypatch):
    monkeypatch.setenv("LATE_API_KEY", "key-0987654321")
    assert log.add("client", "user_text", text="key-0987654321").text == "[LATE_API_KEY]"


def test_the_rest_of_a_text_is_of_the_same_speaker_turn_and_event(log):
    whose = {"agent": "dice", "invocation_id": "e-1", "audio_ms": 40.0}
    piece(log, KEY[:5], **whose)
    log.settle()
    [shown, rest] = [dataclasses.asdict(row) for row in log]
    same = {name: shown[name] for name in shown if name not in ("seq", "time", "t", "text")}
    assert {name: rest[name] for name in same} == same
    assert (rest["source"], rest["kind"], rest["text"], rest["final"]) == (
        "adk", "agent_transcript", KEY[:5], False,
    )  # fmt: skip


def test_a_final_text_that_ends_no_secret_begins_the_next_anew(log):
    piece(log, KEY[:5], final=True)
    piece(log, KEY[5:])
    log.settle()
    assert texts(log) == [KEY[:5], KEY[5:]]


def test_a_piece_may_have_no_words(log):
    for values in ({"text": None}, {"text": None, "final": True}):
        log.add("adk", "agent_text", turn=1, author="a", **values)
    assert [row.text for row in log] == ["", None]
