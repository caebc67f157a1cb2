"""A conversation over a bad network: a proxy cuts, delays, stops and slows what goes through."""

import contextlib
import dataclasses
import random
import threading
import time
import tracemalloc
from urllib.parse import urlsplit

import pytest
from google.adk.agents import Agent
from google.genai import types
from plain_client import PlainClient
from proxy import Proxy
from scripted import DONE, Scripted, audio, said, text_of
from sessions import wait_for

import adk_nb
from adk_nb.live import session_pages
from adk_nb.server import Bridge
from adk_nb.wire import page_hub

FRAME = bytes(640)  # 20 ms of a quiet room
ANSWER_MS = 2000


def answer(came):
    """Speaks for two seconds, in ten pieces, on whatever is typed."""
    text = text_of(came)
    if text is None:
        return []
    pieces = [step for _ in range(10) for step in (audio(ANSWER_MS / 10), 0.01)]
    return [said(f"You said {text}."), *pieces, DONE]


@pytest.fixture
def live():
    with adk_nb.LiveSession(Agent(name="a", model=Scripted(answer))) as live:
        yield live


@pytest.fixture
def proxy(live):
    with contextlib.closing(Proxy(urlsplit(adk_nb.connect_info(live).url).port)) as proxy:
        yield proxy


class ComingBack:
    """A page that comes back after each break, as docs/protocol.md says: on a thread of its own.

    Attributes:
        heard: How much sound of each turn came (ms).
        breaks: How often the connection broke.
        hellos: How often it got in.
        sent: How many microphone frames it sent.
    """

    def __init__(self, info, port):
        self._info = dataclasses.replace(info, url=f"ws://127.0.0.1:{port}/")
        self._over = threading.Event()
        self.heard, self.breaks, self.hellos = {}, 0, 0
        self.sent = 0
        # What was typed and is not confirmed.
        self._texts = {}
        self._at = None
        self._client = None
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._live), threading.Thread(target=self._speak)]
        for thread in self._threads:
            thread.start()

    def type(self, text):
        with self._lock:
            self._texts[text] = {"type": "text", "text": text, "id": text}
            client = self._client
            if client is not None:
                with contextlib.suppress(OSError):
                    client.say(**self._texts[text])

    def close(self):
        self._over.set()
        if self._client is not None:
            self._client.close()
        for thread in self._threads:
            thread.join()

    def _speak(self):
        while not self._over.wait(0.02):
            with self._lock, contextlib.suppress(OSError):
                if self._client is not None:
                    self._client.speak(FRAME)
                    self.sent += 1

    def _live(self):
        while not self._over.is_set():
            with contextlib.suppress(OSError, ConnectionError):
                self._stay()
            with self._lock:
                self._client = None
                self.breaks += 1
            time.sleep(0.01)

    def _stay(self):
        client = PlainClient(self._info)
        have = {} if self._at is None else {"turn": self._at[0], "audio_ms": self._at[1]}
        client.say(type="hello", token=self._info.token, clock=0.0, **have)
        welcome = client.next("hello")
        self._at = self._at or (welcome["turn"], 0.0)
        with self._lock:
            self._client = client
            client.say(type="mic", on=True)
            for text in self._texts.values():
                client.say(**text)
        self.hellos += 1
        while (message := client.read()) is not None:
            self._take_sound(client)
            if message["type"] == "taken":
                with self._lock:
                    self._texts.pop(message["id"], None)
            elif message["type"] == "sound_from":
                self._at = (message["turn"], message["from_ms"])
        self._take_sound(client)

    def _take_sound(self, client):
        for turn, rate, samples in client.sound:
            ms = len(samples) / 2 / rate * 1000
            self._at = (turn, (self._at[1] if turn == self._at[0] else 0.0) + ms)
            self.heard[turn] = self.heard.get(turn, 0.0) + ms
        client.sound.clear()


@pytest.fixture
def page(live, proxy):
    with contextlib.closing(ComingBack(adk_nb.connect_info(live), proxy.port)) as page:
        wait_for(lambda: page.hellos)
        yield page


def heard_in_the_model(live):
    """Microphone audio that reached the model (ms)."""
    blobs = [one for one in live.agent.model.came if isinstance(one, types.Blob)]
    return sum(len(one.data) for one in blobs) / 32


def converse(live, page, texts, between=lambda _: None):
    """Types one text after the other, each when the one before was answered."""
    for number, text in enumerate(texts):
        page.type(text)
        between(number)
        wait_for(lambda n=number: len(live.turns) == n + 1 and live.turns[n].ended)
    wait_for(lambda: all(page.heard.get(n + 1, 0) >= ANSWER_MS for n in range(len(texts))))
    assert [turn.user_text for turn in live.turns] == list(texts)
    assert [turn.agent_text for turn in live.turns] == [f"You said {text}." for text in texts]
    # Each sound once: none of it is lost, none plays twice.
    assert page.heard == pytest.approx({n + 1: ANSWER_MS for n in range(len(texts))}, abs=1)


@pytest.mark.long
def test_fifty_cuts_at_random_moments_cost_what_was_said_in_the_outage(live, proxy, page):
    chance = random.Random(26)
    tracemalloc.start()
    cuts = 0

    def cut(_):
        nonlocal cuts
        for _ in range(5):
            time.sleep(chance.uniform(0, 0.15))
            hellos = page.hellos
            proxy.cut()
            cuts += 1
            wait_for(lambda before=hellos: page.hellos > before)

    before, _ = tracemalloc.get_traced_memory()
    converse(live, page, [f"number {n}" for n in range(10)], cut)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert cuts == 50
    assert page.breaks >= 50
    wait_for(lambda: len(Bridge.shared._connections) == 1)
    assert len(live.session._exchange.pages.all) == 1
    # All sound so far is kept by the log; nothing else grows.
    kept = sum(turn.audio_ms for turn in live.turns) * 48 + heard_in_the_model(live) * 64
    assert after - before < kept + (8 << 20)
    # What a cut takes with it is on its way or waits for the page to be back.
    sent_ms = page.sent * 20
    assert heard_in_the_model(live) > sent_ms - 50 * 200


@pytest.mark.long
def test_a_network_that_takes_300_ms_loses_nothing(live, proxy, page):
    proxy.delay_s = 0.3
    converse(live, page, ["one", "two"])
    assert page.breaks == 0


@pytest.mark.long
def test_a_network_that_stops_for_ten_seconds_loses_nothing(live, proxy, page):
    def stop(number):
        if number == 1:
            proxy.stopped = True
            time.sleep(10)
            proxy.stopped = False

    converse(live, page, ["one", "two"], stop)
    assert page.breaks == 0
    wait_for(lambda: heard_in_the_model(live) + live.mic_dropped * 20 > (page.sent - 25) * 20)


def test_64_kbit_a_second_carry_every_turn_and_hold_no_memory(live, proxy, page):
    proxy.rate = 8000
    page.type("one")
    wait_for(lambda: live.turns and live.turns[0].ended)
    (connection,) = Bridge.shared._connections
    assert connection._line.waiting < 1 << 20
    proxy.rate = None
    wait_for(lambda: page.heard.get(1, 0) >= ANSWER_MS)
    assert [turn.user_text for turn in live.turns] == ["one"]


@pytest.fixture
def fresh(live):
    """Pages that are opened anew, one after the other."""
    with contextlib.ExitStack() as stack:

        def fresh():
            info = adk_nb.connect_info(live)
            client = PlainClient(info)
            stack.callback(client.close)
            client.hello(info.token)
            return client

        yield fresh


def leave(live, page):
    pages = live.session._exchange.pages.all
    before = len(pages)
    page.close()
    wait_for(lambda: len(pages) < before)


def played(page):
    """Types, and plays the answer to its middle."""
    page.say(type="text", text="hi")
    page.next("turn", state="complete")
    page.played("started", 1)
    page.played("progress", 1, 1200)
    page.say(type="clock", id=9, clock=0.0)
    page.next("clock", id=9)


def settled(page):
    """All that a page was sent before has come."""
    page.say(type="clock", id=8, clock=0.0)
    page.next("clock", id=8)


def test_a_page_that_is_opened_anew_goes_on_with_the_sound_where_the_last_one_was(live, fresh):
    first = fresh()
    played(first)
    leave(live, first)
    page = fresh()
    at = page.next("continue")
    assert at["turn"] == 1
    assert 1200 <= at["played_ms"] < ANSWER_MS
    page.next("turn", turn=1, state="complete")
    came = sum(len(samples) for _, _, samples in page.sound) / 48
    assert came == pytest.approx(ANSWER_MS - at["played_ms"], abs=1)


@pytest.mark.parametrize("why", ["another page is there", "it is long ago", "it was cut off"])
def test_what_another_page_plays_or_nobody_waits_for_is_not_played(live, fresh, monkeypatch, why):
    first = fresh()
    played(first)
    if why == "it was cut off":
        first.say(type="interrupt")
        first.played("flushed", 1, 1200)
        wait_for(lambda: any(row.kind == "playback_flushed" for row in live.log))
    if why == "it is long ago":
        monkeypatch.setattr(session_pages, "_AWAY_S", 0.1)
    if why != "another page is there":
        leave(live, first)
    if why == "it is long ago":
        wait_for(lambda: live.turns[0].heard_ms is not None)
        assert live.turns[0].interrupted
        assert 1200 <= live.turns[0].heard_ms < ANSWER_MS
    page = fresh()
    settled(page)
    assert page.sound == []


def test_more_than_is_sent_at_once_is_lost_and_told(live, fresh, monkeypatch):
    monkeypatch.setattr(page_hub, "MOST_AT_ONCE", 10_000)
    first = fresh()
    played(first)
    leave(live, first)
    page = fresh()
    page.next("turn", turn=1, state="complete")
    assert sum(len(samples) for _, _, samples in page.sound) == 10_000
    assert any(row.kind == "audio_lost" for row in live.log)
