"""When the user spoke, by the level of made sounds, and when that is looked for."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from adk_nb.exceptions import LocalModelError
from adk_nb.live import speech_times
from adk_nb.live.speech_times import Detector, Speech, SpeechTimes, last_utterance
from adk_nb.log.event_log import EventLog


def made(*parts):
    """A tone at 16 kHz of parts: their length (s) and level (dBFS)."""
    pieces = []
    for seconds, level_db in parts:
        n = round(seconds * 16_000)
        wave = np.sin(2 * np.pi * 400 * np.arange(n) / 16_000) * np.sqrt(2)
        pieces.append(32768 * wave * 10 ** (level_db / 20))
    return np.concatenate(pieces).astype(np.int16)


QUIET, NOISE, LOUD = -90, -28, -12


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([(0.0, QUIET)], None),
        ([(0.015, LOUD)], None),
        ([(1.0, QUIET)], None),
        ([(0.5, QUIET), (1.0, LOUD), (0.5, QUIET)], (0.49, 1.51)),
        ([(0.5, QUIET), (1.0, LOUD)], (0.49, 1.5)),
        ([(0.5, -200), (1.0, LOUD), (0.5, -200)], (0.49, 1.51)),  # Between nothing at all.
        # A pause of less than two seconds is in an utterance.
        ([(0.5, LOUD), (1.9, QUIET), (0.5, LOUD), (0.1, QUIET)], (0.0, 2.91)),
        ([(0.5, LOUD), (2.2, QUIET), (0.5, LOUD), (0.1, QUIET)], (2.69, 3.21)),
        # What is 20 dB quieter than the peak is none of it.
        ([(0.5, QUIET), (0.5, LOUD), (0.5, LOUD - 15), (0.5, QUIET)], (0.49, 1.51)),
        ([(0.5, QUIET), (0.5, LOUD), (0.5, LOUD - 25), (0.5, QUIET)], (0.49, 1.01)),
        # In noise it is what stands out of it.
        ([(0.5, NOISE), (0.5, LOUD), (0.5, NOISE)], (0.49, 1.01)),
        ([(1.0, NOISE)], None),
    ],
)
def test_the_last_utterance_by_its_level(parts, found):
    speech = last_utterance(made(*parts))
    assert (speech and tuple(round(at, 3) for at in speech)) == found


def windows(seconds, *voiced):
    """The probability of a voice in each window of 32 ms: 0.9 in some times (s), 0.05 otherwise."""
    at = np.arange(int(seconds * 16_000 / 512)) * 0.032
    inside = [(at >= start) & (at < end) for start, end in voiced]
    return np.where(np.any(inside, axis=0) if inside else np.zeros(len(at), bool), 0.9, 0.05)


@pytest.mark.parametrize(
    ("parts", "voiced", "found"),
    [
        ([(0.5, QUIET), (1.0, LOUD), (0.5, QUIET)], [(0.5, 1.6)], (0.49, 1.51)),
        # The loudest is no voice.
        ([(0.5, LOUD), (0.5, QUIET), (0.5, -20), (0.5, QUIET)], [(1.0, 1.6)], (0.99, 1.51)),
        ([(2.0, LOUD)], [], None),
        # Where noise is as loud, half-way between the level's end and the detector's.
        ([(0.5, NOISE), (0.5, LOUD), (1.0, NOISE)], [(0.5, 1.1)], (0.49, 1.02)),
    ],
)
def test_the_last_utterance_by_a_detector(parts, voiced, found):
    sound = made(*parts)
    speech = last_utterance(sound, windows(len(sound) / 16_000, *voiced))
    assert (speech and tuple(round(at, 3) for at in speech)) == found


def lasts(parts, probabilities=None):
    speech = last_utterance(made(*parts), probabilities)
    return speech and tuple(round(at, 3) for at in speech)


def test_a_voice_throughout_a_sound_is_all_of_it():
    assert lasts([(1.0, LOUD)], windows(1.0, (0.0, 1.0))) == (0.0, 1.0)


@pytest.mark.parametrize("louder_db", [0, 2])
def test_a_voice_that_stands_out_of_no_noise_is_where_the_detector_hears_it(louder_db):
    parts = [(0.512, NOISE), (0.512, NOISE + louder_db), (0.512, NOISE)]
    assert lasts(parts, windows(1.536, (0.512, 1.024))) == (0.5, 0.93)
    twice = windows(4.5, (0.512, 1.024), (3.584, 4.096))
    assert lasts([(4.5, NOISE)], twice) == (3.57, 4.0)  # The last of two, from its first frame.
    brief = np.where(np.arange(48) == 16, 0.9, 0.05)
    assert lasts(parts, brief) == (0.5, 0.5)


def test_a_loud_sound_that_stands_out_of_no_noise_is_one_by_its_level():
    assert lasts([(1.0, -23.5), (0.5, -22), (0.5, -23.5)]) == (0.99, 1.51)


def test_what_is_a_little_louder_than_the_noise_stands_out_of_it():
    parts = [(0.512, NOISE), (0.512, NOISE + 4.5), (0.512, NOISE)]
    assert lasts(parts, windows(1.536, (0.512, 1.12))) == (0.51, 1.03)


def test_what_may_be_a_voice_counts_as_no_noise():
    parts = [(0.512, -60), (0.512, -34), (0.512, LOUD), (0.512, -60)]
    sound = windows(2.048, (1.024, 1.536))
    sound[16:32] = 0.3  # Loud, and perhaps a voice: of the noise it says nothing.
    assert lasts(parts, sound) == (1.01, 1.55)
    sound[:] = np.where(sound == 0.05, 0.2, sound)
    assert lasts(parts, sound) == (1.01, 1.55)


def test_what_sounds_a_tenth_of_a_second_beside_a_voice_may_be_part_of_it():
    voiced = windows(3.0, (1.024, 1.504))
    for apart_s, found in ((0.07, (0.91, 1.6)), (0.15, (0.99, 1.51))):
        beside, pause = (0.3 - apart_s, LOUD), (apart_s, QUIET)
        parts = [(0.7, QUIET), beside, pause, (0.5, LOUD), pause, beside, (1.2, QUIET)]
        assert lasts(parts, voiced) == found


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([(0.3, -58), (1.7, -42)], (0.29, 2.0)),  # Its quietest tenth tells.
        ([(0.15, -58), (1.85, -42)], None),
        ([(1.0, QUIET), (0.5, -51)], None),  # No floor is lower than this,
        ([(1.0, QUIET), (0.5, -49)], (0.99, 1.5)),
        ([(1.0, -30), (0.5, -22), (0.5, -30)], (0.99, 1.51)),  # nor higher than this.
        ([(1.0, -30), (0.5, -24), (0.5, -30)], None),
    ],
)
def test_what_is_a_voice_by_its_level(parts, found):
    assert lasts(parts) == found


def test_without_any_window_the_level_decides():
    sound = made((0.2, QUIET), (0.5, LOUD), (0.2, QUIET))
    assert last_utterance(sound, np.zeros(0)) == last_utterance(sound)


class Vad:
    def __init__(self):
        self.resets, self.windows = 0, []

    def reset(self):
        self.resets += 1

    def probability(self, window):
        self.windows.append(window.tolist())
        return len(self.windows) / 10


def test_a_detector_hears_whole_windows_and_begins_anew_each_time():
    vad, loaded = Vad(), []
    detector = Detector(lambda: loaded.append(1) or vad)
    samples = np.arange(1100, dtype=np.int16)
    assert detector.probabilities(samples).tolist() == [0.1, 0.2]
    assert vad.windows == [samples[:512].tolist(), samples[512:1024].tolist()]
    detector.probabilities(samples)
    assert (vad.resets, loaded) == (2, [1])


def test_without_a_detector_the_level_decides_and_that_is_said(monkeypatch):
    def missing():
        raise LocalModelError("no Silero")

    monkeypatch.setattr(speech_times, "DETECTOR", Detector(missing))
    sound = made((0.2, QUIET), (0.5, LOUD), (0.2, QUIET))
    assert speech_times.find(sound) == (last_utterance(sound), "level")
    monkeypatch.setattr(speech_times, "DETECTOR", Detector(Vad))
    assert speech_times.find(sound)[1] == "vad"


# --- when it is looked for


class Find:
    """Finds what the test says, and keeps what it was given."""

    def __init__(self):
        self.heard, self.speech = [], Speech(0.1, 0.3)

    def __call__(self, samples):
        self.heard.append(len(samples))
        return self.speech, "vad"


@pytest.fixture
def find():
    return Find()


@pytest.fixture
def log():
    return EventLog("s")


@pytest.fixture
async def times(log, find):
    return SpeechTimes(log, find)


def speaks(log, turn=1, seconds=0.5, **values):
    log.add_audio("client", "user_audio", turn, bytes(round(seconds * 32_000)), 16_000, **values)


def hears(log, turn=1):
    log.add("adk", "user_transcript", turn=turn, author="user", text="Hi", final=True)


def found(log):
    return [
        (row.turn, round(row.t, 3), round(row.speech_t, 3), row.by)
        for row in log
        if row.kind == "user_speech"
    ]


@pytest.mark.parametrize(
    "kind", ["agent_audio", "agent_transcript", "agent_text", "tool_call", "turn_ended"]
)
async def test_what_was_spoken_is_looked_for_when_it_is_answered(log, times, find, kind):
    speaks(log, at=2.0)
    hears(log)
    await times.known()
    assert find.heard == []
    log.add("adk", kind, turn=1)
    await times.known()
    assert (find.heard, found(log)) == ([8000], [(1, 2.1, 2.3, "vad")])


async def test_what_has_no_words_no_sound_or_no_answer_is_not_looked_for(log, times, find):
    speaks(log)
    log.add("adk", "agent_text", turn=1)  # Nothing was heard in it.
    hears(log, turn=2)
    log.add("adk", "agent_text", turn=2)  # It was typed.
    speaks(log, turn=3)
    hears(log, turn=3)
    log.add("adk", "usage", turn=3)
    await times.known()
    assert find.heard == []


async def test_it_is_looked_for_again_only_in_other_sound(log, times, find):
    speaks(log, at=2.0)
    hears(log)
    for _ in range(2):
        log.add("adk", "agent_text", turn=1)
        await times.known()
    assert find.heard == [8000]
    speaks(log, at=2.5)
    log.add("adk", "turn_ended", turn=1)
    await times.known()
    assert (find.heard, len(found(log))) == ([8000, 16_000], 1)  # It is where it was.
    speaks(log, at=3.0)
    find.speech = Speech(0.1, 1.2)
    log.add("adk", "turn_ended", turn=1)
    await times.known()
    assert found(log)[1:] == [(1, 2.1, 3.2, "vad")]


async def test_one_search_a_turn_at_a_time(log, times, find):
    speaks(log)
    hears(log)
    log.add("adk", "agent_text", turn=1)
    speaks(log)
    log.add("adk", "turn_ended", turn=1)
    await times.known([2])
    await times.known([1, 2])
    assert len(find.heard) == 1
    await asyncio.sleep(0)
    assert times._searches == {}


async def test_where_no_voice_is_found_there_is_no_row(log, times, find):
    find.speech = None
    speaks(log)
    hears(log)
    log.add("adk", "agent_text", turn=1)
    await times.known()
    assert (len(find.heard), found(log)) == (1, [])


async def test_the_times_of_a_file_are_said_to_be_so_and_pauses_count(log, times, find):
    speaks(log, at=2.0, by="file")
    speaks(log, at=7.5, by="file")
    find.speech = Speech(0.1, 0.7)
    hears(log)
    log.add("adk", "agent_text", turn=1)
    await times.known()
    assert found(log) == [(1, 2.1, 7.7, "file")]


async def test_of_long_speech_the_end_is_looked_at(log, times, find, monkeypatch):
    monkeypatch.setattr(speech_times, "_LONGEST_S", 1.0)
    speaks(log, seconds=3.0, at=2.0)
    hears(log)
    log.add("adk", "agent_text", turn=1)
    await times.known()
    assert (find.heard, found(log)) == ([16_000], [(1, 4.1, 4.3, "vad")])


async def test_of_old_turns_nothing_is_kept(log, times):
    for turn in range(1, 31):
        speaks(log, turn)
    assert list(times._heard) == list(range(11, 31))
