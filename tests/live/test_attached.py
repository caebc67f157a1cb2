"""A page of the user's own on a session."""

from __future__ import annotations

import numpy as np
import pytest
from google.genai import types
from scripted import CUT, DONE, Scripted, audio, said, text_of
from sessions import Page, agent, wait_for

from adk_nb import LiveSession
from adk_nb.exceptions import SessionClosedError
from adk_nb.wire import protocol

LOUD = (9000 * np.sin(np.arange(320) / 5)).astype("<i2").tobytes()


def answer(came):
    if text_of(came) == "story":
        return [audio(3000), said("Once upon a time"), 60.0, DONE]
    if text_of(came):
        return [audio(100), said("You said it.", finished=True), DONE]
    return []


def texts(page, role):
    return [m.text for m in page.messages if isinstance(m, protocol.Transcript) and m.role == role]


@pytest.fixture
def session():
    with LiveSession(agent(answer)) as session:
        yield session


def test_what_it_says_is_answered_to_it(session):
    page = Page()
    with session.attach(page) as line:
        assert (line.welcome.agent, line.welcome.history) == ("tester", [])
        line.say("hello")
        wait_for(lambda: "You said it." in texts(page, "agent"))
        wait_for(lambda: page.audio)
    wait_for(lambda: not session.is_in_use)
    with session.attach(Page()) as line:
        assert "You said it." in str(line.welcome.history)


def test_what_it_hears_opens_the_microphone_and_goes_to_the_model_in_frames(session):
    page = Page()
    line = session.attach(page)
    line.hear(LOUD + LOUD + LOUD[:100])
    model = session.current_agent.model
    assert isinstance(model, Scripted)

    def came():
        return [len(one.data) for one in model.came if isinstance(one, types.Blob)]

    wait_for(lambda: came() == [640, 640, 100])
    line.receive(protocol.Mic(on=False))
    line.hear(LOUD)
    wait_for(lambda: came() == [640, 640, 100, 640])
    kinds = [row.kind for row in session.log]
    assert (kinds.count("mic_on"), kinds.count("mic_off")) == (2, 1)


def test_it_cuts_in():
    def cut(came):
        return [CUT] if text_of(came) == "enough" else answer(came)

    with LiveSession(agent(cut)) as session:
        page = Page()
        line = session.attach(page)
        line.say("story")
        wait_for(lambda: texts(page, "agent"))
        line.interrupt()
        wait_for(lambda: session.turns and session.turns[0].ended)
        assert session.turns[0].interrupted


def test_after_its_end_nothing_more_is_taken(session):
    line = session.attach(Page())
    line.close()
    line.close()
    for call in (lambda: line.say("hello"), lambda: line.hear(LOUD), line.interrupt):
        with pytest.raises(SessionClosedError, match="no longer"):
            call()
    other = session.attach(Page())
    session.close()
    with pytest.raises(SessionClosedError):
        other.say("hello")
    other.close()
    with pytest.raises(SessionClosedError):
        session.attach(Page())


async def test_secrets_are_masked_in_what_it_is_told(session):
    session.log.keep_secret("open sesame 123")
    page = Page()
    line = await session.attach_async(page)
    line.say("open sesame 123")
    wait_for(lambda: texts(page, "user"))
    assert "sesame" not in str(texts(page, "user"))
    again = await session.attach_async(Page())
    assert "sesame" not in str(again.welcome.history)
