"""A page's connection without a socket: what it sends, drops, refuses and hands on."""

from __future__ import annotations

import json

import pytest
from wire_frames import encode_image, encode_message

from adk_nb import page_connection
from adk_nb.log.event_log import EventLog
from adk_nb.page_connection import Connection
from adk_nb.wire import protocol

JPEG = b"\xff\xd8inside\xff\xd9"


class Line:
    def __init__(self):
        self.waiting, self.frames, self.closed = 0, [], []

    def write(self, data):
        self.frames.append(data)

    def close(self, code, reason):
        self.closed.append((code, reason))


class Pages:
    """Keeps what it is handed."""

    def __init__(self, got):
        self.got = got

    def see(self, page, jpeg):
        self.got.append(("see", jpeg))

    def hear(self, page, pcm, captured_ms, lost):
        self.got.append(("hear", pcm, captured_ms, lost))

    def playback(self, *values, page):
        assert isinstance(page, Connection)
        self.got.append(("playback", *values))

    def receive(self, page, message):
        self.got.append(("receive", message))


class Session:
    def __init__(self):
        self.log, self.got = EventLog("s"), []
        self.pages = Pages(self.got)


@pytest.fixture
def line():
    return Line()


@pytest.fixture
def session():
    return Session()


@pytest.fixture
def page(line, session):
    return Connection(line, session)


def microphone(seq, *, clock=100.0, kind=protocol.MICROPHONE, rate=16_000):
    return protocol.encode_audio(protocol.AudioFrame(kind, seq, 0, rate, clock, b"\1\0"))


def test_a_message_is_json_with_secrets_masked(page, line, session):
    session.log.keep_secret("hunter2hunter2")
    page.send(protocol.Failure("c", "The key hunter2hunter2 is wrong.", "Look."))
    sent = json.loads(line.frames[0])
    assert (sent["type"], sent["message"]) == ("error", "The key [secret] is wrong.")


def test_sound_is_cut_into_numbered_frames_of_100_ms(page, line):
    page.send_audio(3, 8_000, b"\1\0" * 1000)
    frames = [protocol.decode_audio(data) for data in line.frames]
    assert [(one.seq, one.turn, one.rate, len(one.samples)) for one in frames] == [
        (0, 3, 8_000, 1600), (1, 3, 8_000, 400),
    ]  # fmt: skip


def test_a_page_that_does_not_read_is_closed_once_and_its_lost_sound_counted(page, line, session):
    line.waiting = page_connection.MAX_WAITING + 1
    page.send(protocol.AudioUse(audio=True))
    page.send_audio(1, 8_000, b"\1\0" * 1000)
    assert line.frames == []
    assert line.closed == [(protocol.CLOSE_TOO_SLOW, "too slow")]
    assert page.dropped == 2
    assert sum(row.audio_ms for row in session.log if row.kind == "audio_lost") == 125.0


def test_an_image_that_has_no_room_is_left_out_and_its_line_said(page, line):
    line.waiting = page_connection.MAX_WAITING - 10
    page.send(protocol.ToolOutput(1, "c", "", "data:image/png;base64,AAAA"))
    sent = json.loads(line.frames[0])
    assert sent["image"] == ""
    assert "An image is left out here" in sent["text"]


def test_microphone_frames_and_pictures_are_handed_on(page, session):
    page.take(microphone(0))
    page.take(microphone(4))
    page.take(encode_image(protocol.ImageFrame("camera", 0, 1.0, JPEG)))
    assert session.got == [
        ("hear", b"\1\0", None, 0), ("hear", b"\1\0", None, 3), ("see", JPEG),
    ]  # fmt: skip


def test_the_pages_clock_is_moved_to_the_bridges_once_it_is_known(page, session):
    played = protocol.Playback("started", 1, 0.0, 50.0)
    page.take(encode_message(played))
    page.take(encode_message(protocol.ClockOffset(1000.0, 2.0)))
    page.take(encode_message(played))
    page.take(microphone(0, clock=100.0))
    assert session.got == [
        ("playback", played), ("playback", played, 1050.0, 2.0), ("hear", b"\1\0", 1100.0, 0),
    ]  # fmt: skip


def test_a_question_for_the_clock_is_answered(page, line):
    page.take(encode_message(protocol.Clock(7, 5.0)))
    sent = json.loads(line.frames[0])
    assert (sent["type"], sent["id"], sent["clock"]) == ("clock", 7, 5.0)
    assert sent["bridge_clock"] > 0


def test_other_messages_are_the_sessions(page, session):
    message = protocol.Text("hi")
    page.take(encode_message(message))
    assert session.got == [("receive", message)]


@pytest.mark.parametrize(
    "data",
    [
        "{",
        b"\1",
        microphone(0, rate=8_000),
        microphone(0, kind=protocol.AGENT_AUDIO),
        encode_message(protocol.Hello("token")),
    ],
    ids=["no JSON", "short", "another rate", "the agent's", "hello"],
)
def test_what_is_wrong_is_told_the_page_and_logged(page, line, session, data):
    page.take(data)
    assert session.got == []
    (sent,) = map(json.loads, line.frames)
    assert (sent["type"], sent["code"]) == ("error", "bad_message")
    assert [row.kind for row in session.log] == ["error"]
