"""The tutorial's protocol, driven by a client that is written from its description alone."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from types import SimpleNamespace

import numpy as np
import pytest
from google.adk.agents import Agent
from google.adk.tools import FunctionTool
from google.genai import types
from scripted import CUT, DONE, audio, call, heard, result_of, said, text_of
from served import Client
from sessions import wait_for
from websockets.exceptions import InvalidStatus

from adk_nb.log.turn import Status
from adk_nb.serve import tutorial_page
from adk_nb.serve.tutorial_page import TutorialPage
from adk_nb.wire import protocol

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
        assert ms == 500


def test_a_call_that_needs_an_approval_is_refused_and_told(served):
    done, told = [], []

    def delete() -> str:
        done.append(True)
        return "deleted"

    def answer(came):
        if result_of(came) is not None:
            told.append(result_of(came))
            return [said("It was not done."), DONE]
        return [call("delete")] if text_of(came) else []

    tools = [FunctionTool(delete, require_confirmation=True)]
    one = served(answer, agent=lambda model: Agent(name="a", model=model, tools=tools))
    with one.tutorial() as client:
        client.send("text/plain", "delete it")
        turn = client.turn()
    assert (turn.text, turn.end, done) == ("It was not done.", WHOLE, [])
    (failure,) = [one["error"] for one in turn.pieces if "error" in one]
    assert (failure["code"], failure["message"]) == ("needs_page", "delete needs an approval.")
    assert "rejected" in str(told)


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


class Line:
    """Keeps what it is to carry."""

    def __init__(self):
        self.frames, self.closed, self.waiting = [], None, 0

    def write(self, frame):
        self.frames.append(json.loads(frame))

    def close(self, code, reason):
        self.closed = code, reason


@pytest.fixture
def made():
    """Returns what makes a page of a client, whose session keeps what it is told."""

    def make(*, audio=False):
        line, told = Line(), []
        pages = SimpleNamespace(
            receive=lambda _, message: told.append(message),
            hear=lambda _, pcm: told.append(pcm),
        )
        log = SimpleNamespace(add_error=lambda *error: told.append(error[1:]))
        session = SimpleNamespace(pages=pages, log=log)
        return SimpleNamespace(page=TutorialPage(line, session, audio=audio), line=line, told=told)

    return make


@pytest.mark.parametrize(
    ("state", "end"),
    [
        *((state, None) for state in ("started", "resumed", "withheld")),
        (Status.COMPLETE, (True, None)),
        (Status.FAILED, (True, None)),
        (Status.INTERRUPTED, (None, True)),
        (Status.UNANSWERED, (None, True)),
        (Status.ABANDONED, (None, True)),
    ],
)
async def test_how_a_turn_ended_is_told_after_all_else(made, state, end):
    one = made()
    one.page.send(protocol.TurnState(1, str(state)))
    assert one.line.frames == []
    one.page.send(protocol.Failure("quota", "No.", "Wait."))
    await asyncio.sleep(0)
    ends = [{"turn_complete": end[0], "interrupted": end[1]}] if end else []
    error = {"error": {"code": "quota", "message": "No.", "remedy": "Wait."}}
    assert one.line.frames == [error, *ends]


def test_what_is_new_of_a_piece_is_sent(made):
    one = made()
    for turn, piece, start, text in (
        (1, 0, 0, "Hel"), (1, 0, 3, "lo \U0001f3b2"), (1, 0, 8, "!"), (1, 0, 8, "!"),
        (1, 1, 0, "More."), (2, 0, 0, "More."), (2, 0, 0, "Else."), (2, 0, 3, "e!"),
    ):  # fmt: skip
        one.page.send(
            protocol.Transcript(turn, "agent", "a", text, final=False, piece=piece, start=start)
        )
    one.page.send(protocol.Transcript(1, "user", "user", "hello", final=True))
    assert [frame["data"] for frame in one.line.frames] == [
        "Hel", "lo \U0001f3b2", "!", "More.", "More.", "Else.", "e!",
    ]  # fmt: skip
    speaks = made(audio=True)
    speaks.page.send(protocol.Transcript(1, "agent", "a", "Hello", final=True))
    assert speaks.line.frames == []


async def test_after_a_turn_its_pieces_are_new(made):
    one = made()
    for state in ("complete", "complete"):
        one.page.send(protocol.Transcript(1, "agent", "a", "Same.", final=True))
        one.page.send(protocol.TurnState(1, state))
    assert [frame["data"] for frame in one.line.frames] == ["Same.", "Same."]


def test_the_microphone_is_on_from_the_first_sound_and_comes_in_20_ms(made):
    one, pcm = made(), bytes(range(256)) * 6
    one.page.take(json.dumps({"mime_type": "audio/pcm", "data": base64.b64encode(pcm).decode()}))
    one.page.take(json.dumps({"mime_type": "audio/pcm", "data": "AAAA AAAA".replace(" ", "")}))
    one.page.take(json.dumps({"mime_type": "text/plain", "data": "hi"}))
    assert one.told == [
        protocol.Mic(on=True), pcm[:640], pcm[640:1280], pcm[1280:], bytes(6), protocol.Text("hi"),
    ]  # fmt: skip
    assert [len(part) for part in one.told[1:4]] == [640, 640, 256]


def test_what_is_wrong_is_in_the_log_and_told(made):
    one = made()
    one.page.take("no json")
    assert [code for code, _ in one.told] == ["bad_message"]
    assert one.line.frames[0]["error"]["code"] == "bad_message"


@pytest.mark.parametrize(("audio", "frames"), [(True, ["AQACAA=="]), (False, [])])
def test_sound_goes_to_who_wants_it(made, audio, frames, caplog):
    caplog.set_level(logging.INFO, "adk_nb.messages")
    one = made(audio=audio)
    one.page.send_audio(1, 24_000, b"\1\0\2\0")
    one.page.send_audio(1, 24_000, b"")
    assert [frame["data"] for frame in one.line.frames] == frames
    assert caplog.messages == ["[AGENT TO CLIENT]: audio/pcm: 4 bytes."] * len(frames)


@pytest.mark.parametrize(("state", "whole"), [("complete", True), ("interrupted", False)])
async def test_sound_of_another_rate_is_whole_at_the_end_of_its_turn(made, state, whole):
    one = made(audio=True)
    sounds = []
    for turn, rate in enumerate((16_000, 48_000), 1):
        pcm = np.full(rate // 20, 8000, "<i2").tobytes()  # 50 ms.
        for _ in range(2):
            one.page.send_audio(turn, rate, pcm)
        one.page.send(protocol.TurnState(turn, state))
        await asyncio.sleep(0)
        *pieces, end = one.line.frames
        assert end["turn_complete"] is (True if whole else None)
        sounds.append(b"".join(base64.b64decode(frame["data"]) for frame in pieces))
        one.line.frames.clear()
    for sound in sounds:
        assert (len(sound) == 4800) is whole
        assert np.frombuffer(sound, "<i2")[200:1000] == pytest.approx(8000, abs=100)


async def test_what_is_left_of_a_sound_is_not_in_the_next(made):
    one = made(audio=True)
    for turn, (state, level) in enumerate((("interrupted", 20_000), ("complete", 0)), 1):
        one.line.frames.clear()
        one.page.send_audio(turn, 16_000, np.full(1600, level, "<i2").tobytes())
        one.page.send(protocol.TurnState(turn, state))
        await asyncio.sleep(0)
    *pieces, _ = one.line.frames
    sound = b"".join(base64.b64decode(frame["data"]) for frame in pieces)
    assert sound == bytes(4800)


@pytest.mark.parametrize(
    ("waiting", "closed"), [(8 << 20, None), ((8 << 20) + 1, (4001, "too slow"))]
)
def test_a_client_that_does_not_read_is_let_go(made, waiting, closed):
    assert tutorial_page.MAX_WAITING == 8 << 20
    one = made()
    one.line.waiting = waiting
    one.page.cut_off()
    cut = {"turn_complete": None, "interrupted": True}
    assert (one.line.closed, one.line.frames) == (closed, [] if closed else [cut])
