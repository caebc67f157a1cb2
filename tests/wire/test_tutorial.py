import base64
import json

import pytest
from hypothesis import given, strategies as st

from adk_nb.exceptions import ProtocolError
from adk_nb.wire import tutorial


def message(kind, data):
    return json.dumps({"mime_type": kind, "data": data})


def test_what_a_client_of_the_tutorial_sends():
    assert tutorial.decode(message("text/plain", "hello")) == tutorial.Typed("hello")
    pcm = bytes([1, 0, 2, 0])
    encoded = base64.b64encode(pcm).decode()
    assert tutorial.decode(message("audio/pcm", encoded)) == tutorial.Spoken(pcm)
    assert tutorial.decode(message("audio/pcm;rate=16000", encoded)) == tutorial.Spoken(pcm)
    assert tutorial.decode(message("audio/pcm; rate = 16000", encoded)) == tutorial.Spoken(pcm)
    assert tutorial.decode(message("text/plain;charset=utf-8", "ü ")) == tutorial.Typed("ü ")
    assert tutorial.decode(message("text/plain", "x" * 100_000)).text == "x" * 100_000


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("no json", "no JSON"),
        ("[1]", "no object"),
        ('{"data": "x"}', "'mime_type' and 'data'"),
        ('{"mime_type": "text/plain", "data": 3}', "'mime_type' and 'data'"),
        (message("image/png", "x"), "Mime type not supported: image/png"),
        (message("audio/pcm", "§"), "no base64"),
        (message("audio/pcm", "AAA"), "no base64"),
        (message("audio/pcm", "AAAA"), "odd number"),
        (message("audio/pcm;rate=48000", "AAA="), "48000 samples a second; 16000 are taken"),
        (message("text/plain", "x" * 100_001), "too long"),
        (message("text/plain", " \n"), "no words"),
        (message("audio/pcm", ""), "no sound"),
        ("[" * 100_000, "no JSON"),
        (b"\0\1", "binary frame"),
    ],
)
def test_what_is_no_message_is_refused_with_the_reason(frame, reason):
    with pytest.raises(ProtocolError, match=reason):
        tutorial.decode(frame)


@given(st.text() | st.binary() | st.builds(message, st.text(), st.text()))
def test_whatever_comes_is_a_message_or_refused(frame):
    try:
        found = tutorial.decode(frame)
    except ProtocolError:
        return
    assert isinstance(found, tutorial.Typed | tutorial.Spoken)
    json.dumps(found.text if isinstance(found, tutorial.Typed) else "").encode()


def test_what_a_client_of_the_tutorial_gets():
    assert json.loads(tutorial.text_piece("Hel")) == {"mime_type": "text/plain", "data": "Hel"}
    assert json.loads(tutorial.audio_piece(b"\1\2")) == {"mime_type": "audio/pcm", "data": "AQI="}
    whole = {"turn_complete": True, "interrupted": None}
    assert json.loads(tutorial.turn_state(complete=True)) == whole
    cut = {"turn_complete": None, "interrupted": True}
    assert json.loads(tutorial.turn_state(interrupted=True)) == cut
    neither = {"turn_complete": None, "interrupted": None}
    assert json.loads(tutorial.turn_state()) == neither
    assert json.loads(tutorial.failure("quota", "No.", "Wait.")) == {
        "error": {"code": "quota", "message": "No.", "remedy": "Wait."}
    }


def test_what_is_said_of_a_message_is_bounded_and_says_what_to_do():
    with pytest.raises(ProtocolError) as raised:
        tutorial.decode(message("x" * 1000, "y"))
    assert raised.value.message == f"Mime type not supported: {'x' * 100}."
    assert raised.value.remedy == "Send text/plain or audio/pcm."
    with pytest.raises(ProtocolError) as raised:
        tutorial.decode(message("text/plain", "x" * 100_001))
    assert raised.value.code == "text_too_long"
    assert raised.value.message.endswith(": 100,001 characters.")


def test_the_rates_are_those_of_the_tutorial():
    assert (tutorial.IN_RATE, tutorial.OUT_RATE) == (16_000, 24_000)
