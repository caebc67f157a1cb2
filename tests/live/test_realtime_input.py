"""The microphone, the camera and push-to-talk."""

from __future__ import annotations

import pytest
from adk_events import done, said, sound
from desk import LOUD, MANUAL, QUIET, Desk, cascade, connected
from sessions import Page, enter

from adk_nb.live import realtime_input
from adk_nb.wire import protocol


@pytest.fixture
def desk():
    return connected()


@pytest.mark.parametrize(
    ("source", "pcm", "closed", "connects"),
    [
        (1, LOUD, False, True),
        (1, QUIET, False, False),
        (2, LOUD, False, False),
        (1, LOUD, True, False),
    ],
    ids=["speech", "a quiet room", "somebody else", "closed"],
)
def test_what_connects_a_session_that_is_not(source, pcm, closed, connects):
    desk = Desk()
    desk.exchange.realtime_input.open_microphone(1, on=True)
    desk.exchange.live.queue, desk.exchange.closed = None, closed
    desk.exchange.realtime_input.hear(source, pcm)
    assert (desk.exchange.live.queue is not None) is connects


def test_speech_connects_again_but_not_at_once_after_a_refusal(monkeypatch):
    desk, now = Desk(), 1000.0
    monkeypatch.setattr(realtime_input.time, "monotonic", lambda: now)
    exchange = desk.exchange
    exchange.realtime_input.open_microphone(1, on=True)
    exchange.live.queue = None  # It was refused.
    for _ in range(100):
        exchange.realtime_input.hear(1, QUIET)
    assert exchange.live.queue is None
    exchange.realtime_input.hear(2, LOUD)  # Somebody else.
    assert exchange.live.queue is None
    exchange.realtime_input.hear(1, LOUD)
    assert exchange.live.queue is not None
    for later, connects in ((3.0, False), (3.1, True)):
        exchange.live.queue = None
        now = 1000.0 + later
        exchange.realtime_input.hear(1, LOUD)
        assert (exchange.live.queue is not None) is connects


def test_a_closed_session_hears_nothing():
    desk = Desk()
    desk.exchange.realtime_input.open_microphone(1, on=True)
    desk.exchange.live.queue, desk.exchange.closed = None, True
    desk.exchange.realtime_input.hear(1, LOUD)
    assert desk.exchange.live.queue is None


def test_only_who_has_the_microphone_can_close_it(desk):
    desk.exchange.realtime_input.open_microphone(1, on=True)
    desk.exchange.realtime_input.open_microphone(2, on=False)
    assert desk.exchange.microphone.speaker == 1
    assert desk.sent() == []
    desk.exchange.live.queue = None
    desk.exchange.realtime_input.open_microphone(1, on=False)
    assert desk.exchange.microphone.speaker is None
    assert desk.sent() == []


def test_pages_are_told_which_of_them_has_the_microphone(desk):
    other, exchange = Page(), desk.exchange
    enter(exchange.pages, other)

    def told():
        return [
            [m.microphone for m in page.messages if isinstance(m, protocol.Place)][-1:]
            for page in (desk.page, other)
        ]

    exchange.realtime_input.open_microphone(desk.page, on=True)
    assert told() == [["here"], ["elsewhere"]]
    exchange.realtime_input.open_microphone("speak", on=True)
    exchange.realtime_input.open_microphone("speak", on=False)
    assert told() == [["here"], ["elsewhere"]]
    exchange.realtime_input.open_microphone(desk.page, on=True)
    exchange.realtime_input.open_microphone(other, on=False)  # It has lost it before.
    assert told() == [["here"], ["elsewhere"]]
    exchange.realtime_input.open_microphone(desk.page, on=False)
    assert told() == [["none"], ["none"]]


@pytest.mark.parametrize(("pcm", "ended"), [(LOUD, ["A four."]), (QUIET, ["A four. Well."])])
def test_words_after_an_end_are_its_own_unless_the_user_has_begun_to_speak(desk, pcm, ended):
    desk.type("roll").take()
    desk(sound(), said("A four."), done())
    desk.exchange.realtime_input.open_microphone(desk.page, on=True)
    desk.exchange.live.queue._sender = object()  # A model takes what is said.
    for _ in range(10):
        desk.exchange.realtime_input.hear(desk.page, pcm)
    desk(said(" Well."))
    assert [turn.agent_text for turn in desk.exchange.turns.all if turn.ended] == ended


@pytest.mark.parametrize("used", [False, True])
def test_speech_before_a_model_takes_anything_opens_its_turn(desk, used):
    exchange = desk.exchange
    exchange.live.queue._sender = object() if used else None
    exchange.realtime_input.open_microphone(1, on=True)
    for _ in range(10):
        exchange.realtime_input.hear(1, LOUD)
    assert [turn.spoken for turn in exchange.turns.all] == ([] if used else [True])


def test_a_picture_goes_to_a_model_that_is_connected(desk):
    assert desk.exchange.realtime_input.see(b"jpeg") is True
    (one,) = desk.exchange.live.queue.waiting
    assert (one.blob.data, one.blob.mime_type) == (b"jpeg", "image/jpeg")
    desk.exchange.live.queue = None
    assert desk.exchange.realtime_input.see(b"jpeg") is False


@pytest.mark.parametrize("make", [cascade, lambda: Desk(config=MANUAL).connect()])
def test_push_to_talk_where_the_model_is_told(make):
    desk = make()
    for on in (True, False):
        desk.exchange.realtime_input.activity(begins=on)
    assert desk.sent() == ["activity_start", "activity_end"]
    rows = [(r.source, r.author, r.text) for r in desk.log if r.kind == "voice_activity"]
    assert rows == [("client", "user", "ACTIVITY_START"), ("client", "user", "ACTIVITY_END")]


def test_where_the_model_listens_itself_it_is_told_of_the_release_alone(desk):
    desk.exchange.realtime_input.activity(begins=True)
    assert desk.sent() == []
    desk.exchange.realtime_input.activity(begins=False)
    assert desk.sent() == ["audio_stream_end"]
