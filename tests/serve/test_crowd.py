"""A thousand connections at once."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

CROWD = 1000
MOST = 30


async def tries(host, number, done):
    """Connects as one of the crowd; returns what came of it."""
    url = f"ws://{host}/ws/{number}?is_audio=false"
    try:
        async with connect(url, open_timeout=120, close_timeout=0.5) as socket:
            await socket.send(json.dumps({"mime_type": "text/plain", "data": f"number {number}"}))
            text = ""
            while "turn_complete" not in (message := json.loads(await socket.recv())):
                text += message.get("data", "")
            await done.wait()
            return text
    except InvalidStatus as error:
        return error.response.status_code, error.response.body.decode()


@pytest.mark.long
async def test_each_is_served_or_refused_with_a_reason_and_the_others_unharmed(served):
    one = served(max_sessions=MOST)
    url = f"ws://{one.host}/ws/first?is_audio=false"
    async with connect(url) as first:

        async def speak(text):
            await first.send(json.dumps({"mime_type": "text/plain", "data": text}))
            while "turn_complete" not in json.loads(await first.recv()):
                pass

        await speak("before")
        done = asyncio.Event()
        crowd = [asyncio.create_task(tries(one.host, at, done)) for at in range(CROWD)]
        for at in range(10):
            await speak(f"meanwhile {at}")
        refused = CROWD - (MOST - 1)
        while sum(task.done() for task in crowd) < refused:
            await asyncio.wait(
                [task for task in crowd if not task.done()], return_when=asyncio.FIRST_COMPLETED
            )
        await speak("after")
        done.set()
        came = await asyncio.gather(*crowd)
    answers = [one for one in came if isinstance(one, str)]
    reasons = {one for one in came if not isinstance(one, str)}
    assert len(answers) == MOST - 1
    assert all("You said number" in text for text in answers)
    assert reasons == {(503, f"All {MOST} sessions are taken. Try again in a while.\n")}


async def test_who_says_nothing_costs_no_session(served, monkeypatch):
    from adk_nb.wire import terms

    monkeypatch.setattr(terms, "HELLO_S", 0.2)
    one = served(max_sessions=MOST)

    async def silent():
        url = f"ws://{one.host}/session"
        async with connect(url, subprotocols=["adk-nb.v1"], close_timeout=0.5) as socket:
            try:
                await socket.recv()
            except ConnectionClosed as closed:
                return closed.rcvd.code

    codes = await asyncio.gather(*(silent() for _ in range(200)))
    assert set(codes) == {4400}
    assert len(one.visits) == 0
