"""Frames of a running session and of its recording are equal, cell by cell."""

from __future__ import annotations

import asyncio
import json
import threading
import time

import pandas as pd
import pytest
from bridges import Opened
from google.adk.agents import Agent
from google.adk.models.llm_response import LlmResponse
from google.genai import types
from scripted import CUT, DONE, Scripted, audio, call, heard, result_of, said, text_of
from sessions import wait_for
from wire_frames import encode_message

import adk_nb
from adk_nb import LiveSession
from adk_nb.data.sources import logs_of
from adk_nb.data.tables import (
    EVENT_COLUMNS,
    EVENT_MORE,
    TOOL_COLUMNS,
    TOOL_MORE,
    TRANSCRIPT_COLUMNS,
    TURN_COLUMNS,
    TURN_MORE,
    TURN_TOKENS,
)
from adk_nb.wire import protocol

SECRET = "wk-abcdef-0123456789"
COLUMNS = {
    adk_nb.events_df: EVENT_COLUMNS + EVENT_MORE,
    adk_nb.turns_df: TURN_COLUMNS + TURN_MORE + TURN_TOKENS,
    adk_nb.tools_df: TOOL_COLUMNS + TOOL_MORE,
    adk_nb.transcript_df: TRANSCRIPT_COLUMNS,
}


def typed(came):
    return (
        [audio(100), said(f"You said {text_of(came)}.", finished=True), DONE]
        if text_of(came)
        else []
    )


def spoken(came):
    if isinstance(came, types.Blob) and came.data[0] == 7:
        return [heard(f"My key is {SECRET[:9]}"), audio(50), heard(SECRET[9:], finished=True),
                said("Yes.", finished=True), DONE]  # fmt: skip
    return []


def interrupted(came):
    if text_of(came) == "story":
        return [audio(4000), said("Once upon a time there was a fox."), 5.0, DONE]
    return [CUT, audio(20), said("Ok.", finished=True), DONE] if text_of(came) else []


def tools(came):
    if text_of(came):
        parts = [call(name, name).content.parts[0] for name in ("quick", "slow", "broken")]
        return [LlmResponse(content=types.Content(role="model", parts=parts)), DONE]
    return [said("Done.", finished=True), DONE] if result_of(came) is not None else []


def failing(came):
    if text_of(came) == "fail":
        return [said("I am"), LlmResponse(error_code="500", error_message=f"no {SECRET}")]
    return typed(came)


def withheld(came):
    return [said("The number is "), said("42.", finished=True), DONE] if text_of(came) else []


def no_numbers(callback_context, llm_response):
    said_so = llm_response.output_transcription
    if said_so is None or "42" not in (said_so.text or ""):
        return None
    return LlmResponse(content=types.Content(role="model", parts=[types.Part(text="No numbers.")]))


async def quick() -> dict:
    """Is quick."""
    return {"n": 1, "key": SECRET}


async def slow() -> list:
    """Is slow."""
    await asyncio.sleep(0.2)
    return [1, None, {"b": 0.5}]


def broken() -> str:
    """Fails."""
    raise ValueError("no dice")


def say(*texts):
    def use(session):
        for text in texts:
            session.say(text, timeout=20)

    return use


def speaking(session):
    session.speak(bytes([7, 0]) + bytes(16_000))


def cutting_in(session):
    told = threading.Thread(target=session.say, args=("story",))
    told.start()
    wait_for(lambda: session.turns and session.turns[0].agent_text)
    time.sleep(0.1)
    session.interrupt()
    told.join()
    session.say("go on")


SCENES = {
    "typed": (typed, say("hi", "there"), {}),
    "spoken": (spoken, speaking, {}),
    "interrupted": (interrupted, cutting_in, {}),
    "tools side by side": (tools, say("go"), {"tools": [quick, slow, broken]}),
    "failed": (failing, say("fail", "hi"), {}),
    "withheld": (withheld, say("how many?"), {"after_model_callback": no_numbers}),
}


def same(one, other):
    """Frames are equal; where a session still runs, so are those of what it has recorded."""
    for make, columns in COLUMNS.items():
        pd.testing.assert_frame_equal(make(one, columns), make(other, columns))


@pytest.mark.long
@pytest.mark.parametrize("secret", [False, True], ids=["no secrets", "secrets"])
@pytest.mark.parametrize("scene", SCENES)
def test_frames_of_a_session_and_of_its_recording(scene, secret, tmp_path, monkeypatch):
    if secret:
        monkeypatch.setenv("WEATHER_KEY", SECRET)
    answer, use, options = SCENES[scene]
    agent = Agent(name="a", model=Scripted(answer), **options)
    with LiveSession(agent, record=tmp_path / "talk") as session:
        use(session)
        same(session, session.save(tmp_path / "saved"))
    same(session, tmp_path / "talk")
    same(session, session.save(tmp_path / "later"))
    shown = json.dumps(
        [repr(make(session, columns).to_dict()) for make, columns in COLUMNS.items()]
    )
    if secret:
        assert SECRET[9:] not in shown
    elif scene in ("tools side by side", "failed"):
        assert SECRET in shown
    clips = [log.clip(kind, 1) for log in logs_of([session, tmp_path / "talk"])
             for kind in ("user_audio", "agent_audio")]  # fmt: skip
    assert clips[:2] == clips[2:]


async def test_frames_of_a_session_with_a_page(tmp_path):
    agent = Agent(name="a", model=Scripted(typed))
    made = Opened(LiveSession(agent, record=tmp_path).start())
    try:
        async with made.page() as page:
            await page.send(json.dumps({"type": "text", "text": "hi"}))
            await asyncio.to_thread(
                wait_for, lambda: made.session.turns and made.session.turns[0].ended
            )
            for event, ms in (("started", 0.0), ("drained", 100.0)):
                report = protocol.Playback(event, 1, ms, clock=1.0, underruns=2)
                await page.send(encode_message(report))
            rows = made.session.log
            await asyncio.to_thread(
                wait_for, lambda: any(row.kind == "playback_drained" for row in rows)
            )
    finally:
        made.close()
    same(made.session, tmp_path)
    frame = adk_nb.turns_df(tmp_path, ["heard_ms", "underruns"])
    assert frame.to_dict("records") == [{"heard_ms": 100.0, "underruns": 2}]


async def test_frames_of_a_session_that_was_taken_up_again(tmp_path):
    from google.adk.sessions import InMemorySessionService

    service = InMemorySessionService()
    for folder in ("one", "two"):
        agent = Agent(name="a", model=Scripted(typed))
        with LiveSession(
            agent, sessions=service, session_id="s", record=tmp_path / folder
        ) as session:
            await session.say_async(folder)
        same(session, tmp_path / folder)
