"""When a connection is made again, how often, and after how long."""

from __future__ import annotations

import asyncio

import pytest
from google.genai.errors import APIError

from adk_nb.adk.request_queue import RequestQueue
from adk_nb.live.retries import Retries

LOST = ConnectionError("It was reset.")
REFUSED = APIError(1008, {"error": {"message": "Requested session is gone."}})


@pytest.mark.parametrize(
    ("error", "used", "attempts", "lost"),
    [
        (LOST, True, 0, True),
        (LOST, False, 0, False),
        (LOST, False, 1, True),
        (ValueError("odd"), True, 1, False),
        (REFUSED, True, 0, True),
        (REFUSED, False, 1, False),
    ],
)
async def test_which_errors_are_losses(error, used, attempts, lost):
    retries, queue = Retries(), RequestQueue()
    retries.attempts = attempts
    queue._sender = asyncio.current_task() if used else None
    assert retries.was_lost(queue, error) is lost


def test_each_attempt_waits_longer_and_there_are_six():
    retries = Retries()
    pauses = [retries.pause_s]
    while retries.another():
        pauses.append(retries.pause_s)
    assert pauses == [0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0]
    assert retries.attempts == 6
    retries.reset()
    assert (retries.attempts, retries.pause_s, retries.another()) == (0, 0.0, True)


def test_the_seventh_connection_in_five_seconds_is_one_too_many():
    retries = Retries()
    assert [retries.too_often(100.0 + at / 2) for at in range(7)] == [False] * 6 + [True]
    assert retries.too_often(105.0)  # The first is five seconds ago; the seven after it count.
    assert not retries.too_often(106.5)


def test_what_is_left_in_a_queue_has_one_more_run():
    retries, first, second = Retries(), RequestQueue(), RequestQueue()
    assert [retries.once_more(one) for one in (first, first, second)] == [True, False, True]
