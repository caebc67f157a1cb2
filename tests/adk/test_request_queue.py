"""The queue to the model: bounded sound, one picture, and who takes from it."""

from __future__ import annotations

import asyncio

import pytest
from google.adk.agents.live_request_queue import LiveRequest
from google.genai import types

from adk_nb.adk.request_queue import MAX_WAITING_MS, RequestQueue

FRAMES = MAX_WAITING_MS // 20


def frame(number: int) -> types.Blob:
    """A microphone's frame of 20 ms."""
    return types.Blob(data=number.to_bytes(640, "little"), mime_type="audio/pcm;rate=16000")


def picture(name: bytes) -> types.Blob:
    return types.Blob(data=name, mime_type="image/jpeg")


def text(said: str) -> types.Content:
    return types.Content(role="user", parts=[types.Part(text=said)])


def answer(call_id: str) -> types.Content:
    response = types.FunctionResponse(id=call_id, name="f", response={})
    return types.Content(role="user", parts=[types.Part(function_response=response)])


def waiting(queue):
    """What waits, as short as it can be said."""
    return [
        request.content.parts[0].text or "answer"
        if request.content is not None
        else request.blob.data
        if request.blob is not None
        else "signal"
        for request in queue.waiting
    ]


class User:
    """Takes note of what the queue tells."""

    def __init__(self):
        self.told = []

    def queue_taken(self, queue, *, again):
        self.told.append(("taken", again))

    def queue_left(self, queue, error):
        self.told.append(("left", error if error is None else str(error)))

    def queue_told(self, content):
        pass

    def queue_answered(self, content):
        self.told.append(("answered", content.parts[0].function_response.id))


def test_the_oldest_sound_is_dropped_and_counted_past_the_bound():
    queue = RequestQueue()
    queue.send_content(text("first"))
    for number in range(FRAMES + 3):
        queue.send_realtime(frame(number))
    queue.send_activity_start()
    found = waiting(queue)
    assert queue.dropped == 3
    assert found[0] == "first"
    assert found[1] == frame(3).data
    assert found[-2:] == [frame(FRAMES + 2).data, "signal"]
    assert len(found) == FRAMES + 2


@pytest.mark.parametrize("ms", [1, 20, 1000, 30_000])
def test_what_waits_is_five_seconds_however_it_is_cut_into_frames(ms):
    queue = RequestQueue()
    for _ in range(40_000 // ms):
        queue.send_realtime(types.Blob(data=bytes(32 * ms), mime_type="audio/pcm;rate=16000"))
    assert sum(len(data) for data in waiting(queue)) == (0 if ms > 5000 else 32 * 5000)
    assert queue.dropped == 40_000 // ms - 5000 // ms


async def test_what_was_taken_makes_room():
    queue = RequestQueue()
    for number in range(FRAMES):
        queue.send_realtime(frame(number))
    assert (await queue.get()).blob == frame(0)
    queue.send_realtime(frame(FRAMES))
    assert queue.dropped == 0
    queue.send_realtime(frame(FRAMES + 1))
    assert queue.dropped == 1
    assert waiting(queue)[0] == frame(2).data


def test_of_pictures_the_newest_waits_and_costs_no_sound():
    queue = RequestQueue()
    queue.send_realtime(picture(b"one"))
    for number in range(FRAMES):
        queue.send_realtime(frame(number))
    queue.send_realtime(picture(b"two"))
    assert queue.dropped == 0
    assert waiting(queue)[0] == frame(0).data
    assert waiting(queue)[-1] == b"two"
    assert len(waiting(queue)) == FRAMES + 1


async def test_a_picture_that_is_taken_makes_no_room_for_sound():
    queue = RequestQueue()
    queue.send_realtime(picture(b"one"))
    for number in range(FRAMES):
        queue.send_realtime(frame(number))
    await queue.get()
    queue.send_realtime(frame(FRAMES))
    assert queue.dropped == 1


def test_a_text_that_no_model_got_can_be_taken_back():
    queue = RequestQueue()
    queue.send_content(text("one"))
    queue.send_realtime(frame(1))
    queue.send_content(text("two"))
    assert not queue.take_back("three")
    assert queue.take_back("one")
    assert waiting(queue) == [frame(1).data, "two"]
    assert not queue.take_back("one")


def test_what_is_sent_first_comes_before_all_that_waits_in_its_order():
    queue = RequestQueue()
    queue.send_content(text("later"))
    queue.send_first([LiveRequest(content=text("a")), LiveRequest(blob=frame(1))])
    assert waiting(queue) == ["a", frame(1).data, "later"]
    queue.send_first([LiveRequest(content=text("only"))], instead=True)
    assert waiting(queue) == ["only"]


async def test_each_connection_that_takes_from_it_is_told_once():
    user = User()
    queue = RequestQueue(user)
    assert not queue.used
    for number in range(4):
        queue.send_realtime(frame(number))

    async def connection():
        await queue.get()
        await queue.get()

    await asyncio.create_task(connection())
    assert queue.used
    await asyncio.create_task(connection())
    await asyncio.sleep(0)
    assert user.told == [("taken", False), ("left", None), ("taken", True), ("left", None)]
    queue.reset()
    assert not queue.used


async def test_a_sender_that_fails_is_told_with_its_error():
    user = User()
    queue = RequestQueue(user)
    queue.send_content(text("hi"))

    async def connection():
        await queue.get()
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        await asyncio.create_task(connection())
    await asyncio.sleep(0)
    assert user.told == [("taken", False), ("left", "gone")]


async def test_a_cancelled_sender_has_no_error_and_an_earlier_one_says_nothing_any_more():
    user = User()
    queue = RequestQueue(user)

    async def connection():
        await queue.get()

    first = asyncio.create_task(connection())
    await asyncio.sleep(0)
    second = asyncio.create_task(connection())
    await asyncio.sleep(0)
    for task in (first, second):
        task.cancel()
    await asyncio.wait([first, second])
    await asyncio.sleep(0)
    assert user.told == [("taken", False), ("taken", True), ("left", None)]


def test_a_tools_answer_is_told_and_sent():
    user = User()
    queue = RequestQueue(user)
    queue.send_content(answer("c1"))
    queue.send_content(text("hi"))
    assert user.told == [("answered", "c1")]
    assert waiting(queue) == ["answer", "hi"]
