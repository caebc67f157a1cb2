import pytest

from adk_nb import events
from adk_nb.events import EventLog


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


def test_sound_is_bounded_and_what_goes_is_counted(monkeypatch):
    monkeypatch.setattr(events, "MAX_SOUND", 10_000)
    log = EventLog("s")
    for turn in range(1, 6):
        log.add_audio("adk", "agent_audio", turn, bytes(4_000), 16_000)
    assert log.clip("agent_audio", 5).pcm == bytes(4_000)
    assert log.clip("agent_audio", 1).pcm == b""
    assert log.sound_dropped == 12_000
    assert [row.audio_ms for row in log] == [125.0] * 5


def test_one_endless_turn_stays_bounded_too(monkeypatch):
    monkeypatch.setattr(events, "MAX_SOUND", 10_000)
    log = EventLog("s")
    for _ in range(100):
        log.add_audio("client", "user_audio", 1, bytes(640), 16_000)
    assert len(log.clip("user_audio", 1).pcm) <= 10_000
    assert log.sound_dropped + len(log.clip("user_audio", 1).pcm) == 64_000
