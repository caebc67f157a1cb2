"""The tutorial's protocol, driven by a client that is written from its description alone."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from google.genai import types
from scripted import CUT, DONE, audio, heard, said, text_of
from served import Client
from sessions import wait_for
from websockets.exceptions import InvalidStatus

WHOLE = {"turn_complete": True, "interrupted": None}


def test_text_comes_in_pieces_and_then_the_turns_end(served):
    with served().tutorial() as client:
        for text in ("hello", "and now"):
            client.send("text/plain", text)
            turn = client.turn()
            assert turn.text == f"You said {text}."
            assert [one["data"] for one in turn.pieces] == ["You said", f" {text}."]
            assert turn.sound == []
            assert turn.end == WHOLE


def test_audio_goes_both_ways(served):
    def answer(came):
        if isinstance(came, types.Blob) and np.frombuffer(came.data, "<i2").max() > 5000:
            return [heard("hello", finished=True), audio(300), said("Hi.", finished=True), DONE]
        return []

    one = served(answer)
    loud = (9000 * np.sin(np.arange(3200) / 5)).astype("<i2").tobytes()
    with one.tutorial(audio=True) as client:
        client.send("audio/pcm", base64.b64encode(bytes(6400)).decode())
        client.send("audio/pcm", base64.b64encode(loud[:640]).decode())
        turn = client.turn()
        assert turn.text == ""
        assert sum(len(base64.b64decode(data)) for data in turn.sound) == 24_000 * 2 * 0.3
        assert turn.end == WHOLE
    blobs = [came.data for came in one.model.came if isinstance(came, types.Blob)]
    assert b"".join(blobs) == bytes(6400) + loud[:640]


def test_sound_of_another_rate_is_made_the_tutorials(served):
    def answer(came):
        return [audio(500, 16_000), said("Hi."), DONE] if text_of(came) else []

    with served(answer).tutorial(audio=True) as client:
        client.send("text/plain", "hello")
        turn = client.turn()
        ms = sum(len(base64.b64decode(data)) for data in turn.sound) / 48
        assert ms == pytest.approx(500, abs=30)  # The resampler keeps its last milliseconds.


def test_who_cuts_in_is_told_so(served):
    def answer(came):
        if text_of(came) == "story":
            return [audio(4000), said("Once upon a time there was"), 60.0, DONE]
        return [CUT, audio(20), said("Ok.", finished=True), DONE] if text_of(came) else []

    with served(answer).tutorial() as client:
        client.send("text/plain", "story")
        client.until(lambda one: "Once" in one.get("data", ""))
        client.send("text/plain", "enough")
        assert client.turn().end == {"turn_complete": None, "interrupted": True}
        assert client.turn().text == "Ok."


def test_each_connection_has_a_session_of_its_own(served):
    one = served()
    with one.tutorial("1") as first, one.tutorial("2") as second:
        first.send("text/plain", "one")
        second.send("text/plain", "two")
        assert second.turn().text == "You said two."
        assert first.turn().text == "You said one."
        assert len(one.visits) == 2
    wait_for(lambda: len(one.visits) == 0)


def test_what_is_no_message_gets_a_reason_and_costs_nothing(served):
    one = served()
    with one.tutorial() as client, one.tutorial("2") as other:
        for frame, reason in (
            ("no json", "no JSON"),
            ('{"mime_type": "image/png", "data": "x"}', "Mime type not supported: image/png"),
            ('{"mime_type": "audio/pcm", "data": "*"}', "no base64"),
            (b"\0\1", "binary frame"),
            ('{"mime_type": "text/plain", "data": ""}', "no words"),
            ('{"mime_type": "text/plain", "data": " \\n"}', "no words"),
            ('{"mime_type": "audio/pcm", "data": ""}', "no sound"),
        ):
            client.socket.send(frame)
            (told,) = client.until(lambda message: "error" in message)
            assert reason in told["error"]["message"]
        client.send("text/plain", "hello")
        assert client.turn().text == "You said hello."
        client.socket.send("x" * (2 << 20))
        with pytest.raises(Exception, match="1009"):
            client.until(lambda _message: False)
        other.send("text/plain", "hello")
        assert other.turn().text == "You said hello."


def test_a_conversation_goes_on_by_its_id(served, tmp_path):
    one = served(sessions=f"sqlite:///{tmp_path}/talk.db")
    for text in ("first", "second"):
        with one.tutorial("ada", query="&session_id=monday") as client:
            client.send("text/plain", text)
            assert client.turn().end == WHOLE
        wait_for(lambda: len(one.visits) == 0)
    told = [part.text for content in one.model.histories[-1] for part in content.parts]
    assert "first" in told


def test_is_audio_is_a_truth_value(served):
    one = served()
    with one.socket("/ws/1?is_audio=True") as socket:
        client = Client(socket)
        client.send("text/plain", "hello")
        assert client.turn().sound
    for query in ("is_audio=maybe", "is_audio="):
        with pytest.raises(InvalidStatus) as error:
            one.socket(f"/ws/1?{query}")
        assert error.value.response.status_code == 400
        assert b"is_audio" in error.value.response.body


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "letters, digits"),
        ("..%2Fetc", "letters, digits"),
        ("../etc", "letters, digits"),
        ("a%20b", "letters, digits"),
        ("x" * 129, "129 characters"),
        ("1?session_id=a%20b", "letters, digits"),
    ],
)
def test_why_an_id_is_refused(served, path, why):
    with pytest.raises(InvalidStatus) as error:
        served().socket(f"/ws/{path}")
    assert error.value.response.status_code == 400
    assert why in error.value.response.body.decode()
