"""A page of the user's own on a session."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
from google.genai import types
from scripted import CUT, DONE, Scripted, audio, said, text_of
from sessions import Page, agent, do, wait_for

from adk_nb import LiveSession
from adk_nb.exceptions import AdkNbError, AudioError, SessionClosedError
from adk_nb.wire import protocol

LOUD = (9000 * np.sin(np.arange(320) / 5)).astype("<i2").tobytes()


def answer(came):
    if text_of(came) == "story":
        return [audio(3000), said("Once upon a time"), 60.0, DONE]
    if text_of(came):
        return [audio(100), said("You said it.", finished=True), DONE]
    return []


class Broken(Page):
    """A page one of whose methods raises."""

    def __init__(self, method, error):
        super().__init__()
        self.calls = 0

        def raises(*_):
            self.calls += 1
            raise error("hung up")

        setattr(self, method, raises)


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


def test_half_a_sign_that_it_says_is_no_error(session):
    page = Page()
    with session.attach(page) as line:
        line.say("hello \ud800")
        wait_for(lambda: "You said it." in texts(page, "agent"))


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
    assert "audio_lost" not in kinds


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


@pytest.mark.parametrize("method", ["send", "send_audio"])
@pytest.mark.parametrize("error", [RuntimeError, SystemExit, asyncio.CancelledError])
def test_a_page_that_raises_is_taken_off_and_all_others_go_on(session, method, error, caplog):
    broken, whole = Broken(method, error), Page()
    second, first = session.attach(whole), session.attach(broken)
    if method == "send_audio":
        first.receive(protocol.Take())
    second.say("hello")
    wait_for(lambda: "You said it." in texts(whole, "agent"))
    wait_for(lambda: not session.is_in_use or session.turns[0].ended)
    wait_for(whole.errors)
    [failure] = whole.errors()
    assert (failure.code, broken.calls) == ("page_failed", 1)
    assert failure.message.endswith(f"its {method}() raised {error.__name__}: hung up.")
    assert "Broken" in failure.message
    rows = [row.error for row in session.log if row.kind == "error"]
    assert rows == [f"{failure.message} {failure.remedy}"]
    [record] = [one for one in caplog.records if one.levelname == "ERROR"]
    assert failure.message in record.getMessage()
    assert "in raises" in record.getMessage()
    with pytest.raises(SessionClosedError, match=rf"{method}\(\) raised"):
        first.say("anybody there?")
    first.close()


def test_sound_that_a_page_failed_to_take_goes_to_another(session):
    session.attach(Broken("send_audio", RuntimeError))
    whole = Page()
    session.attach(whole).say("hello")
    wait_for(lambda: whole.audio)
    assert sum(len(pcm) for _, _, pcm in whole.audio) == 4800


def test_a_page_alone_that_raises_takes_nothing_with_it(session, caplog):
    session.attach(Broken("send", RuntimeError))
    assert session.say("hello").agent_text == "You said it."
    assert len([one for one in caplog.records if one.levelname == "ERROR"]) == 1


def test_a_session_closes_whose_page_raises_at_its_end(caplog):
    class Last(Page):
        def send(self, message):
            if message == protocol.State("closed"):
                raise RuntimeError("hung up")

    with LiveSession(agent(answer)) as session:
        session.attach(Last())
    assert session.status == "closed"
    assert ["hung up" in one.getMessage() for one in caplog.records if one.levelno > 30] == [True]


def test_plays_may_raise(session):
    class Odd(Page):
        @property
        def plays(self):
            raise KeyError("no idea")

    whole = Page()
    session.attach(whole)
    line = session.attach(Odd())
    line.receive(protocol.Mic(on=True))
    wait_for(whole.errors)
    assert "its plays raised KeyError" in whole.errors()[0].message


def test_a_page_need_not_be_hashable_or_comparable(session):
    class Odd(Page):
        __hash__ = None

        def __eq__(self, other):
            raise RuntimeError("never compared")

    page = Odd()
    with session.attach(page) as line:
        line.say("hello")
        wait_for(lambda: "You said it." in texts(page, "agent"))
    wait_for(lambda: not session.is_in_use)


def test_what_it_says_of_the_failure_is_masked(session):
    session.log.keep_secret("open sesame 123")

    class Broken(Page):
        def send(self, message):
            raise RuntimeError("open sesame 123")

    whole = Page()
    session.attach(whole)
    line = session.attach(Broken())
    session.say("hello")
    wait_for(whole.errors)
    assert "sesame" not in str(whole.errors())
    with pytest.raises(SessionClosedError) as raised:
        line.say("hello")
    assert "sesame" not in str(raised.value)


class Half:
    def send(self, message): ...


class Waiting(Page):
    async def send(self, message): ...


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (object(), "has no send\\(\\) and no send_audio\\(\\)"),
        (Half(), "has no send_audio\\(\\)"),
        (None, "NoneType"),
        (Page, "class"),
        (Waiting(), "send\\(\\) is a coroutine function"),
    ],
)
async def test_what_is_no_page_is_refused(session, page, says):
    with pytest.raises(AdkNbError, match=says) as raised:
        session.attach(page)
    assert raised.value.code == "bad_option"
    assert "send(message)" in raised.value.remedy
    with pytest.raises(AdkNbError, match=says):
        await session.attach_async(page)
    assert not session.is_in_use


@pytest.mark.parametrize("sound", ["x", None, [1, 2], np.zeros(4, "<i2"), b"\0", bytes(641)])
def test_what_is_no_sound_is_refused(session, sound):
    line = session.attach(Page())
    with pytest.raises(AudioError, match="16 kHz") as raised:
        line.hear(sound)
    assert "PCM16LE" in str(raised.value)
    assert "mic_on" not in [row.kind for row in session.log]


def test_sound_is_taken_in_every_kind_of_bytes(session):
    line = session.attach(Page())
    line.hear(bytearray(LOUD))
    line.hear(memoryview(np.frombuffer(LOUD, "<i2")))
    line.hear(b"")
    model = session.current_agent.model
    wait_for(lambda: [b.data for b in model.came if isinstance(b, types.Blob)] == [LOUD, LOUD])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing to say"),
        (" \n", "nothing to say"),
        (None, "is a text"),
        (b"hello", "is a text"),
        ("x" * 100_001, "100,000"),
    ],
)
def test_what_cannot_be_said_is_refused(session, text, says):
    line = session.attach(Page())
    with pytest.raises(AdkNbError, match=says):
        line.say(text)


def test_its_player_reports_what_has_sounded(session):
    page = Page()
    line = session.attach(page)
    line.say("hello")
    wait_for(lambda: page.audio)
    wait_for(lambda: session.turns[0].ended)
    now = time.monotonic() * 1000
    line.receive(protocol.Playback("started", 1, clock=now))
    line.receive(protocol.ClockOffset(-5000.0, 2.0))  # The page's clock is ahead.
    line.receive(protocol.Playback("progress", 1, 50.0, clock=now + 5001.0))
    line.receive(protocol.Playback("flushed", 1, 50.0, clock=now + 5001.0))
    line.receive(protocol.Playback("drained", 1, 100.0))
    wait_for(lambda: "playback_drained" in [row.kind for row in session.log])
    assert session.turns[0].heard_text == "You said it."
    rows = {row.kind: row for row in session.log if row.kind.startswith("playback")}
    started, flushed, drained = (
        rows[f"playback_{how}"] for how in ("started", "flushed", "drained")
    )
    assert 0.0009 < flushed.t - started.t < 0.0011
    assert [row.error_ms for row in (started, flushed, drained)] == [0.0, 2.0, None]


def test_a_report_of_a_turn_that_there_is_not_is_told_to_it(session):
    page = Page()
    line = session.attach(page)
    line.receive(protocol.Playback("started", 7))
    wait_for(page.errors)
    assert page.errors()[0].code == "bad_message"


def test_it_may_ask_for_the_clock(session):
    page = Page()
    before = time.monotonic() * 1000
    session.attach(page).receive(protocol.Clock(3, 10.0))
    wait_for(lambda: [m for m in page.messages if isinstance(m, protocol.Clock)])
    [told] = [m for m in page.messages if isinstance(m, protocol.Clock)]
    assert (told.id, told.clock) == (3, 10.0)
    assert before <= told.bridge_clock <= time.monotonic() * 1000


def test_a_page_that_has_raised_is_told_nothing_more(session):
    calls = []

    class Late(Page):
        def send(self, message):
            if message.type == protocol.Clock.type:
                calls.append(message.id)
                raise RuntimeError("hung up")

    line = session.attach(Late())
    # Both are taken before it is off the conversation.
    do(session, lambda: [line.receive(protocol.Clock(n, 10.0)) for n in (1, 2)])
    wait_for(lambda: not session.is_in_use)
    assert calls == [1]


def test_the_longest_text_is_said(session):
    page = Page()
    with session.attach(page) as line:
        line.say("x" * 100_000)
        wait_for(lambda: "You said it." in texts(page, "agent"))
    assert session.turns[0].user_text == "x" * 100_000


@pytest.mark.parametrize("message", ["interrupt", None, protocol.Interrupt])
def test_what_is_no_message_is_refused(session, message):
    line = session.attach(Page())
    with pytest.raises(AdkNbError, match="protocol") as raised:
        line.receive(message)
    assert raised.value.code == "bad_option"
