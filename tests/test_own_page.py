"""A page of the researcher's own, written from docs/protocol.md alone, and what it is told."""

import asyncio
import contextlib
import threading
import urllib.error
import urllib.request

import pytest
from google.adk.agents import Agent
from google.genai import types
from plain_client import PlainClient, RefusedError
from pydantic import PrivateAttr
from scripted import DONE, Scripted, audio, echo, heard, said, text_of
from sessions import wait_for

import adk_nb
from adk_nb.exceptions import AdkNbError, SessionClosedError
from adk_nb.server import Bridge

LOUD = b"\x00\x40\x00\xc0"


def converse(came):
    """Answers what is typed, and each second of sound."""
    if isinstance(came, types.Blob):
        converse.ms += len(came.data) // 32
        if converse.ms < 1000:
            return []
        converse.ms = 0
        return [heard("What time is it?", finished=True), audio(300), said("Noon."), DONE]
    text = text_of(came)
    return [audio(300), said(f"You said {text}."), DONE] if text else []


@pytest.fixture
def live():
    converse.ms = 0
    with adk_nb.LiveSession(Agent(name="a", model=Scripted(converse))) as live:
        yield live


@pytest.fixture
def connect():
    with contextlib.ExitStack() as stack:

        def connect(info, **options):
            client = PlainClient(info, **options)
            stack.callback(client.close)
            return client

        yield connect


@pytest.fixture
def page(live, connect):
    """A page that is in."""
    info = adk_nb.connect_info(live)
    client = connect(info)
    client.hello(info.token)
    return client


# What one is told.


def test_what_is_told_of_a_session_without_a_widget(live):
    info = adk_nb.connect_info(live)
    assert info.url.startswith("ws://127.0.0.1:")
    assert (info.origin, info.subprotocol, info.relay) == ("http://localhost", "adk-nb.v1", "")
    assert info.token not in repr(info)
    assert adk_nb.connect_info(live).token == info.token


def test_a_widget_and_its_session_have_one_token(monkeypatch):
    with contextlib.closing(adk_nb.talk(Agent(name="a", model=Scripted(echo)))) as widget:
        info = adk_nb.connect_info(widget)
        assert info.token == widget._token == adk_nb.connect_info(widget.session).token


def test_a_kernel_of_a_server_names_the_relay_too(live, monkeypatch):
    monkeypatch.setattr(adk_nb.own_page.bridge_file, "own_kernel_id", lambda: "abc")
    assert adk_nb.connect_info(live).relay == "adk-nb/abc"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("http://localhost:5173/", "http://localhost:5173"),
        ("HTTP://LocalHost:80", "http://localhost"),
        ("https://notes.example:443", "https://notes.example"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
    ],
)
def test_an_origin_is_let_in_as_browsers_send_it(live, connect, given, sent):
    info = adk_nb.connect_info(live, given)
    assert info.origin == sent
    assert connect(info).hello(info.token)["agent"] == "a"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "null",
        "*",
        "localhost",
        "http://",
        "http://a/page",
        "http://me@a",
        "http://a:x",
        "http://éx.de",
        "http://a b",
        None,
    ],
)
def test_what_is_no_origin_lets_nobody_in(live, given):
    with pytest.raises(AdkNbError) as error:
        adk_nb.connect_info(live, given)
    assert error.value.code == "bad_option"
    assert "http.server" in error.value.remedy


def test_with_the_session_all_of_it_ends(live, connect):
    info = adk_nb.connect_info(live)
    page = connect(info)
    page.hello(info.token)
    live.close()
    with pytest.raises(ConnectionError):
        page.next("never")
    assert page.code == 4000
    wait_for(lambda: Bridge.shared is None)
    with pytest.raises(SessionClosedError):
        adk_nb.connect_info(live)


# What the document says of the way in.


def test_who_has_another_origin_host_or_none_is_refused(live, connect):
    info = adk_nb.connect_info(live)
    connect(info, headers={"Host": "localhost:9"}).hello(info.token)
    for headers in (
        {"Origin": ""},
        {"Origin": "http://evil.example"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": ""},
    ):
        with pytest.raises(RefusedError) as refused:
            connect(info, headers=headers)
        assert refused.value.status in (400, 403)


def test_a_wrong_subprotocol_is_refused_without_a_traceback(live, connect, caplog):
    info = adk_nb.connect_info(live)
    for _ in range(3):
        with pytest.raises(RefusedError) as refused:
            connect(info, subprotocol="adk-nb.v0")
        assert refused.value.status == 400
    assert not [record for record in caplog.records if record.exc_info]
    assert "Traceback" not in caplog.text


def test_health(live):
    url = adk_nb.connect_info(live).url.replace("ws:", "http:") + "healthz"
    assert urllib.request.urlopen(url).read() == b"ok\n"
    asked = urllib.request.Request(url, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(asked)


# A conversation.


def test_a_typed_and_a_spoken_turn(live, page):
    page.compare_clocks()
    page.say(type="text", text="hi")
    page.next("turn", turn=1, state="complete")
    assert sum(len(samples) for _, _, samples in page.sound) == 24 * 2 * 300
    assert {(turn, rate) for turn, rate, _ in page.sound} == {(1, 24_000)}
    page.played("started", 1)
    page.played("drained", 1, 300)
    page.say(type="mic", on=True)
    for _ in range(60):
        page.speak(LOUD * 160)
    said = page.next("transcript", role="user", turn=2)
    assert said["text"] == "What time is it?"
    page.next("turn", turn=2, state="complete")
    first, second = live.turns
    assert first.heard_ms == 300
    assert second.agent_text == "Noon."
    assert live.turns_df().first_heard_ms.notna().tolist() == [True, False]


def test_sound_counts_only_while_the_microphone_is_on(live, page):
    for _ in range(100):
        page.speak(LOUD * 160)
    page.say(type="clock", id=9, clock=0.0)
    page.next("clock", id=9)
    assert live.mic_dropped == 100
    assert live.turns == []


def test_another_rate_than_16_khz_is_refused(live, page):
    page.say(type="mic", on=True)
    page.speak(LOUD * 160, rate=48_000)
    assert page.next("error")["code"] == "bad_message"


def test_a_page_that_reads_nothing_gets_eight_mebibytes_and_then_4001(live, connect):
    def flood(came):
        return [audio(20_000) for _ in range(20)] if text_of(came) else []

    live.agent.model._answer = flood
    info = adk_nb.connect_info(live)
    page = connect(info, receive_buffer=4096)
    page.hello(info.token)
    page.say(type="text", text="hi")
    wait_for(lambda: any(row.kind == "audio_lost" for row in live.log))
    with contextlib.suppress(ConnectionError):
        page.next("never")
    assert page.code == 4001
    came = sum(len(samples) for _, _, samples in page.sound)
    assert 8 << 20 <= came < 14 << 20  # What the sockets hold comes to it.
    # The page comes back, and the conversation with it.
    again = connect(info)
    assert [one["role"] for one in again.hello(info.token)["history"]] == ["user"]


class Late(Scripted):
    """A model that connects when the test lets it."""

    _go: threading.Event = PrivateAttr(default_factory=threading.Event)

    @contextlib.asynccontextmanager
    async def connect(self, request):
        while not self._go.is_set():  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.01)
        async with super().connect(request) as connection:
            yield connection


@pytest.mark.parametrize("ms", [20, 1000])
def test_five_seconds_of_speech_wait_for_a_model_whatever_the_frames(connect, ms):
    model = Late(lambda came: [])
    with adk_nb.LiveSession(Agent(name="a", model=model)) as live:
        info = adk_nb.connect_info(live)
        page = connect(info)
        page.hello(info.token)
        page.say(type="mic", on=True)
        for _ in range(12_000 // ms):
            page.speak(LOUD * (8 * ms))
        page.say(type="clock", id=9, clock=0.0)
        page.next("clock", id=9)
        assert live.mic_dropped == 7000 // ms
        model._go.set()
        wait_for(lambda: sum(len(one.data) for one in model.came) == 5000 * 32)
