import io
import wave

import numpy as np
import pytest

from adk_nb.audio import Clip, mono
from adk_nb.log.event_log import EventLog
from adk_nb.log.turn_sound import heard, mix, utterance
from adk_nb.log.turns_from_log import logged_turns

RATE = 16_000


def tone(value, ms, rate=RATE):
    return np.full(int(ms * rate / 1000), value, "<i2").tobytes()


@pytest.fixture
def log():
    """A question from 10.0 to 11.4 s in 20 s of sound, and an answer of 3 s that was cut at 2 s."""
    log = EventLog("s")
    log.add_audio("client", "user_audio", 1, tone(1, 20_000), RATE, at=0.0)
    log.add("adk", "user_transcript", turn=1, text="What?", final=True)
    log.add("bridge", "user_speech", turn=1, t=10.0, speech_t=11.4, by="vad")
    log.add_audio("adk", "agent_audio", 1, tone(5, 3000, 24_000), 24_000)
    log.add("adk", "agent_transcript", turn=1, text="One two three.", final=True, audio_ms=3000.0)
    log.add("client", "playback_started", turn=1, t=12.0, audio_ms=0.0)
    log.add("client", "interrupted", turn=1, interrupted=True)
    log.add("client", "playback_flushed", turn=1, t=14.0, audio_ms=2000.0)
    return log


def turn(log):
    (one,) = logged_turns(log)
    return one


def test_the_words_and_a_little_around_them(log):
    clip = utterance(log, turn(log))
    assert clip.duration_ms == pytest.approx(2000, abs=1)
    assert set(clip.samples) == {1}


def test_the_agent_as_far_as_it_sounded(log):
    assert heard(log, turn(log)).duration_ms == 2000
    assert log.clip("agent_audio", 1).duration_ms == 3000


def test_both_sides_on_one_clock(log):
    clip = mix(log, turn(log))
    assert (clip.channels, clip.rate) == (2, 24_000)
    user, agent = clip.samples.T
    sounds = np.flatnonzero(agent) / clip.rate
    # From 0.3 s before the words, which began at 10.0 s, to the end of what sounded.
    assert sounds[0] == pytest.approx(12.0 - 9.7, abs=0.001)
    assert sounds[-1] == pytest.approx(14.0 - 9.7, abs=0.001)
    assert user[10] != 0
    assert clip.duration_ms == pytest.approx(20_000 - 9700, abs=1)
    assert mono(clip).channels == 1
    assert mono(clip).samples.max() >= 5
    with wave.open(io.BytesIO(clip.wav())) as file:
        assert file.getnchannels() == 2
    assert "stereo" in repr(clip)


def test_a_pause_in_what_sounded_is_kept(log):
    log.add("client", "playback_started", turn=1, t=15.0, audio_ms=1500.0)
    sounds = np.flatnonzero(mix(log, turn(log)).samples[:, 1]) / 24_000 + 9.7
    assert sounds[-1] == pytest.approx(15.5, abs=0.001)
    assert np.diff(sounds).max() == pytest.approx(1.5, abs=0.001)


def test_without_a_page_all_that_came(log):
    other = EventLog("s")
    other.add("client", "user_text", turn=1, text="hi", final=True)
    other.add_audio("adk", "agent_audio", 1, tone(5, 1000), RATE)
    assert utterance(other, turn(other)).pcm == b""
    clip = mix(other, turn(other))
    assert clip.duration_ms == pytest.approx(1000, abs=1)
    assert not clip.samples[:, 0].any()


def test_of_a_turn_without_sound_there_is_none():
    log = EventLog("s")
    log.add("client", "user_text", turn=1, text="hi", final=True)
    assert mix(log, turn(log)) == Clip(b"", channels=2)
    log.add_audio("client", "user_audio", 1, tone(1, 500), RATE)
    one = turn(log)
    one.spoken = True
    assert utterance(log, one).duration_ms == 500  # When the words were is not known.


def test_sound_that_came_before_or_after_the_words_is_no_part_of_them():
    log = EventLog("s")
    for value, t in ((1, 0.0), (2, 10.0), (3, 20.0)):
        log.sounds.add("user_audio", 1, tone(value, 1000), RATE)
        log.add("client", "user_audio", t=t, turn=1, audio_ms=1000.0)
    log.add("adk", "user_transcript", turn=1, text="What?", final=True)
    log.add("bridge", "user_speech", turn=1, t=10.4, speech_t=10.6, by="vad")
    clip = utterance(log, turn(log))
    assert (set(clip.samples), clip.duration_ms) == ({2}, pytest.approx(800, abs=1))
    left = mix(log, turn(log)).samples[:, 0]  # From the words on, also what came after them.
    assert [np.count_nonzero(left == value) for value in (1, 2, 3)] == [0, 14_400, 16_000]
