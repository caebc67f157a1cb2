import asyncio
import time

from adk_nb.adk.request_queue import RequestQueue
from adk_nb.audio import Clip
from adk_nb.live.microphone import Microphone, feed
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
