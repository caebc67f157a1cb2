import subprocess
import sys
import time

import pytest

from adk_nb import events_df
from adk_nb.log.event_log import EventLog
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


@pytest.mark.parametrize("end", ["turn_complete", "interrupted", "turn_ended", "agent_swapped"])
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
