import asyncio
import time
from types import SimpleNamespace

import pytest

from adk_nb.adk.request_queue import RequestQueue
from adk_nb.audio import Clip
from adk_nb.live import microphone as module
from adk_nb.live.microphone import Microphone, Playing, feed
from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog

LOUD = b"\x00\x40" * 320
QUIET = bytes(640)


def microphone():
    log = EventLog("s")
    return Microphone(log, Turns(log, lambda _: None)), log


async def test_only_whoever_has_it_is_heard():
    one, log = microphone()
    queue = RequestQueue()
    one.hear("page", QUIET, queue)
    one.speaker = "page"
    one.hear("page", QUIET, None)
    assert one.dropped == 2
    one.hear("page", LOUD, queue)
    assert log.clip("user_audio", 1).pcm == LOUD
    assert (await queue.get()).blob.mime_type == "audio/pcm;rate=16000"


async def test_speech_under_way_is_kept_for_another_model():
    one, _ = microphone()
    queue = RequestQueue()
    assert one.unanswered() == []
    one.speaker = "page"
    for _ in range(100):
        one.hear("page", QUIET, queue)
    assert one.unanswered() == []  # Nobody speaks.
    for _ in range(10):
        one.hear("page", LOUD, queue)
    again = b"".join(one.unanswered())
    assert len(again) == 48_000  # The last 1.5 s.
    assert again.endswith(LOUD * 10)
    one._turns.transcripts.user_said("What is", final=False)
    assert b"".join(one.unanswered()) == QUIET * 100 + LOUD * 10
    assert one._turns.current.user_text == ""
    assert str(one._turns.said(one._turns.current).user) == ""
    one.speaker = None
    assert one.unanswered() == []


async def test_a_clip_is_fed_in_real_time_and_silence_after_it():
    got = []
    began = time.monotonic()
    feeding = asyncio.create_task(feed(Clip(LOUD * 2 + b"\1\0"), got.append))
    while len(got) < 8:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    assert len(got) <= (time.monotonic() - began) / 0.02 + 1
    feeding.cancel()
    assert got[:2] == [LOUD, LOUD]
    assert got[2] == b"\1\0" + bytes(638)
    assert got[3] == QUIET


class Heard:
    """A microphone that a page has, on a clock that the test sets (s)."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        self.one, self.log = microphone()
        self.queue = RequestQueue()
        self.one.speaker = "page"
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(self.log, "now", lambda: self.now)
        monkeypatch.setattr(self.log, "to_t", lambda ms: ms / 1000)

    def __call__(self, pcm, count=1, **values):
        """Hears frames, one each 20 ms; returns with which of them speech began."""
        began = []
        for number in range(count):
            if self.one.hear(self.one.speaker, pcm, self.queue, **values):
                began.append(number)
            self.now += 0.02
        return began

    def rows(self, kind="user_audio"):
        return [row for row in self.log if row.kind == kind]


@pytest.fixture
async def heard(monkeypatch):
    return Heard(monkeypatch)


async def test_speech_begins_with_the_fifth_loud_frame_since_a_pause(heard):
    assert heard(QUIET, 10) == []
    assert heard(LOUD, 20) == [4]
    assert heard(QUIET, 29) == []  # As long as words are apart.
    assert heard(LOUD, 10) == []
    assert heard(QUIET, 31) == []
    assert heard(LOUD, 3) == []
    assert heard(QUIET, 5) == []
    assert heard(LOUD, 20) == [1]


async def test_who_spoke_a_moment_ago_still_speaks(heard):
    assert not heard.one.speaks
    heard(LOUD, 4)
    assert not heard.one.speaks
    heard(LOUD)
    assert heard.one.speaks
    heard.now += 0.57
    assert heard.one.speaks
    heard.now += 0.02
    assert not heard.one.speaks


async def test_whether_a_frame_that_is_dropped_is_loud(heard):
    assert [heard.one.is_loud(pcm) for pcm in (QUIET, LOUD)] == [False, True]


@pytest.mark.parametrize(
    ("now", "captured", "began"),
    [
        (100.0, 99.5, 99.48),
        (100.0, 100.04, 100.02),
        (100.0, 100.06, 100.0),  # It cannot have been captured so far ahead,
        (100.0, 40.01, 39.99),
        (100.0, 39.99, 100.0),  # nor so long ago.
        (5.0, 0.01, 0.0),
    ],
)
async def test_a_frame_began_when_it_was_captured_if_that_can_be(heard, now, captured, began):
    heard.now = now
    heard(LOUD, captured_ms=captured * 1000)
    assert [row.t for row in heard.rows()] == [pytest.approx(began)]


async def test_half_a_frame_began_half_as_long_ago(heard):
    heard(LOUD[:320], captured_ms=99_500.0)
    assert heard.rows()[0].t == pytest.approx(99.49)


async def test_the_sound_of_a_file_says_so_and_lost_frames_are_counted(heard):
    heard(LOUD, lost=3)
    heard.one.speaker = Playing()
    heard.now += 5
    heard(LOUD)
    assert [row.by for row in heard.rows()] == [None, "file"]
    assert [(row.count, row.audio_ms) for row in heard.rows("audio_lost")] == [(3, 60.0)]
    assert heard.one.dropped == 0
    assert {row.source for row in heard.log} == {"client"}


async def test_only_of_speech_half_a_second_ago_the_end_is_sent_again(heard):
    heard(LOUD, 100)
    heard.now += 0.47
    assert len(b"".join(heard.one.unanswered())) == 48_000
    heard.now += 0.02
    assert heard.one.unanswered() == []


async def test_eight_seconds_of_words_are_sent_again_five_frames_at_a_time(heard):
    heard(QUIET, 50)
    heard(LOUD, 400)
    heard.one._turns.transcripts.user_said("Once", final=False)
    heard.now += 60
    pieces = heard.one.unanswered()
    assert [len(piece) for piece in pieces] == [3200] * 80
    assert b"".join(pieces) == LOUD * 400
    assert [len(piece) for piece in heard.one.again(1, 0.11)] == [3200, 320]


async def test_a_typed_turn_is_no_speech_that_waits(heard):
    heard(LOUD, 10)
    heard.now += 1
    heard.one._turns.user_typed("hi")
    assert heard.one.unanswered() == []
