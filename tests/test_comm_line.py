import asyncio
import base64
import itertools
import json
import random

import pytest
from google.adk.agents import Agent
from scripted import DONE, Scripted, audio, echo, said, text_of
from sessions import wait_for

import adk_nb
from adk_nb import comm_line, page_connection, widget
from adk_nb.comm_line import PROBE, CommLine
from adk_nb.wire import protocol


class Page:
    """What the front end is to the comm: it takes batches, and acknowledges them."""

    def __init__(self, live, *, channel="c1", lossy=False, takes=True):
        self.live, self.channel, self.lossy, self.takes = live, channel, lossy, takes
        self.heard, self.buffers, self.items = [], [], []
        self.closed = None
        self.n = 0
        self.part = ""
        live.pages[channel] = self
        self.say("open", buffers=[PROBE], version=protocol.SUBPROTOCOL)
        wait_for(lambda: self.opened)

    opened = None

    def say(self, step, buffers=(), **content):
        message = {"type": "comm", "channel": self.channel, "step": step, **content}
        buffers = [] if self.lossy else [memoryview(one) for one in buffers]
        self.live._handle_custom_msg(json.loads(json.dumps(message)), buffers)

    def hears(self, content, buffers):
        buffers = [] if self.lossy else buffers
        match content["step"]:
            case "opened":
                self.opened = content | {"buffers": buffers}
                self.say("ready", binary=buffers == [PROBE])
            case "frames":
                self.items += content["frames"]
                for item in content["frames"]:
                    if isinstance(item, str):
                        self.heard.append(json.loads(self.part + item))
                        self.part = ""
                    elif isinstance(item, int):
                        self.buffers.append(buffers[item])
                    elif "part" in item:
                        self.part += item["part"]
                    else:
                        self.buffers.append(base64.b64decode(item["base64"]))
                if self.takes:
                    self.say("taken", taken=content["n"])
            case "close":
                self.closed = content["code"]

    def send(self, *frames):
        items, buffers = [], []
        for frame in frames:
            if isinstance(frame, bytes) and self.lossy:
                items.append({"base64": base64.b64encode(frame).decode()})
            elif isinstance(frame, bytes):
                items.append(len(buffers))
                buffers.append(frame)
            else:
                items.append(frame if isinstance(frame, str) else json.dumps(frame))
        self.say("frames", buffers, n=self.n, frames=items)
        self.n += 1

    def hello(self, token=None):
        self.send({"type": "hello", "token": token or self.live._token, "clock": 0})

    def of(self, kind):
        return [message for message in self.heard if message["type"] == kind]


@pytest.fixture
def talk(monkeypatch):
    """Makes widgets whose comm messages go to the pages of a test, and closes them."""
    made = []

    def send(live, content, buffers=None):
        page = live.pages.get(content.get("channel"))
        if page is not None:
            page.hears(json.loads(json.dumps(content)), list(buffers or []))

    monkeypatch.setattr(widget.LiveWidget, "send", send)

    def make(answer=echo):
        live = adk_nb.talk(Agent(name="a", model=Scripted(answer)))
        live.pages = {}
        made.append(live)
        return live

    yield make
    for live in made:
        live.close()


@pytest.mark.parametrize("lossy", [False, True])
def test_a_turn_and_sound_with_buffers_and_without(talk, lossy):
    live = talk()
    page = Page(live, lossy=lossy)
    assert page.opened["binary"] is not lossy
    page.hello()
    wait_for(lambda: page.of("hello"))
    page.send({"type": "text", "text": "hi"})
    wait_for(lambda: any(m["text"] == "You said hi." for m in page.of("transcript")))
    wait_for(lambda: page.buffers)
    assert protocol.decode_audio(page.buffers[0]).rate == 24_000
    page.buffers.clear()
    page.send({"type": "mic", "on": True})
    sent = [random.randbytes(640) for _ in range(50)]
    frames = [
        protocol.encode_audio(protocol.AudioFrame(1, seq, 0, 16_000, 1.0, pcm))
        for seq, pcm in enumerate(sent)
    ]
    for start in range(0, 50, 5):
        page.send(*frames[start : start + 5])
    wait_for(lambda: len(page.buffers) >= 50)
    assert [protocol.decode_audio(one).samples for one in page.buffers[-50:]] == sent
    assert all(isinstance(item, dict) == lossy for item in page.items if not isinstance(item, str))


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ({"type": "hello", "token": "wrong", "clock": 0}, 4401),
        ({"type": "text", "text": "hi"}, 4400),
        ("{", 4400),
        (b"bytes", 4400),
    ],
)
def test_who_has_no_token_is_refused(talk, first, code):
    live = talk()
    page = Page(live)
    page.send(first)
    wait_for(lambda: page.closed)
    assert page.closed == code
    page.send({"type": "text", "text": "hi"})
    wait_for(lambda: page.closed == 1001)
    assert live.turns == []


def test_a_token_of_another_session_is_refused(talk):
    live, other = talk(), talk()
    page = Page(live)
    page.hello(other._token)
    wait_for(lambda: page.closed == 4401)


def test_a_channel_that_is_not_known_is_closed_so_that_its_page_comes_back(talk):
    live = talk()
    page = Page(live)
    page.channel = "another"
    live.pages["another"] = page
    page.hello()
    wait_for(lambda: page.closed == 1001)


def test_a_closed_widget_closes_its_pages(talk):
    live = talk()
    page = Page(live)
    page.hello()
    wait_for(lambda: page.of("hello"))
    live.close()
    assert page.closed == 4000
    assert not live.session._exchange.pages.all


def test_a_page_that_leaves_is_detached(talk):
    live = talk()
    page = Page(live)
    page.hello()
    wait_for(lambda: page.of("hello"))
    page.say("close", code=1000)
    wait_for(lambda: not live.session._exchange.pages.all)
    assert live._bridge._connections == {}


def test_a_page_that_has_gone_without_a_word_is_let_go(talk, monkeypatch):
    monkeypatch.setattr(comm_line, "_SILENT_S", 0.1)
    monkeypatch.setattr(comm_line, "_SILENT_UNTHREADED_S", 0.1)
    live = talk()
    page = Page(live)
    page.hello()
    wait_for(lambda: page.closed == 1001)
    assert not live.session._exchange.pages.all


def test_pages_are_so_many_and_the_oldest_goes(talk):
    live = talk()
    pages = [Page(live, channel=f"c{n}") for n in range(17)]
    wait_for(lambda: pages[0].closed == 1001)
    assert not any(page.closed for page in pages[1:])


def test_a_frame_over_the_limit_closes_the_channel(talk):
    live = talk()
    page = Page(live)
    page.hello()
    page.send("x" * (protocol.MAX_MESSAGE + 1))
    wait_for(lambda: page.closed == 1009)


@pytest.mark.parametrize(
    "frames", [None, 1, "x", [1], [-1], [True], [None], [{"base64": "!"}], [{"base64": 1}], [[]]]
)
def test_what_is_no_batch_closes_the_channel_and_nothing_else(talk, frames):
    live = talk()
    page = Page(live)
    page.hello()
    page.say("frames", n=1, frames=frames)
    wait_for(lambda: page.closed == 4400)
    assert live.say("hi").agent_text == "You said hi."


def test_what_is_no_message_of_a_channel_is_nothing(talk):
    live = talk()
    page = Page(live)
    for content in ({}, {"channel": 1, "step": "open"}, {"channel": "", "step": "open"}):
        live._handle_custom_msg({"type": "comm", **content}, [])
    live._handle_custom_msg({"type": "comm", "channel": "x" * 65, "step": "open"}, [])
    page.say("dance")
    page.say("taken", taken="x")
    page.hello()
    wait_for(lambda: page.of("hello"))


def test_a_page_that_takes_nothing_is_bounded_and_closed_at_last(talk, monkeypatch):
    monkeypatch.setattr(page_connection, "MAX_WAITING", 200_000)
    monkeypatch.setattr(comm_line, "_WAIT_S", 0.01)

    def flood(came):
        return [audio(60_000), said("Long.", finished=True), DONE] if text_of(came) else []

    live = talk(flood)
    page = Page(live, takes=False)
    page.hello()
    wait_for(lambda: page.of("hello"))
    (connection,) = live._bridge._connections
    page.send({"type": "text", "text": "hi"})
    wait_for(lambda: page.closed == 4001)
    assert connection.dropped
    assert connection._line.waiting < 210_000


class Clock:
    """An event loop's clock and calls, in a test's hand."""

    def __init__(self):
        self.now, self.calls = 0.0, []

    def time(self):
        return self.now

    def call_soon(self, call):
        return self.call_later(0, call)

    def call_later(self, delay, call):
        handle = asyncio.TimerHandle(self.now + delay, call, (), self)
        self.calls.append(handle)
        return handle

    def _timer_handle_cancelled(self, handle):
        pass

    def get_debug(self):
        return False

    def run(self, until):
        while due := [one for one in self.calls if one.when() <= until and not one.cancelled()]:
            first = min(due, key=lambda one: one.when())
            self.calls.remove(first)
            self.now = max(self.now, first.when())
            first._run()
        self.now = until


@pytest.fixture
def line():
    loop, sent = Clock(), []
    made = CommLine("c", lambda content, buffers: sent.append((loop.now, content, buffers)), loop)
    made.loop, made.sent = loop, sent
    return made


def test_frames_of_one_moment_are_one_batch(line):
    line.write("a")
    line.write(b"b")
    line.write("c")
    line.loop.run(0)
    ((at, content, buffers),) = line.sent
    assert (at, content["frames"], buffers) == (0, ["a", 0, "c"], [b"b"])
    assert line.waiting == 3
    line.taken(0)
    assert line.waiting == 0


def test_batches_keep_a_gap_and_a_larger_one_where_nothing_is_acknowledged(line):
    for _ in range(100):
        line.write(b"x" * 100)
        line.loop.run(line.loop.now + 0.02)
    times = [at for at, *_ in line.sent]
    assert min(later - at for at, later in itertools.pairwise(times)) >= 0.0299
    assert min(later - at for at, later in itertools.pairwise(times[15:])) >= 0.0999
    assert sum(len(buffers) for *_, buffers in line.sent) >= 94
    line.taken(len(times) - 3)
    assert line.waiting <= 100 * (6 + 12)


def test_a_page_is_told_that_its_batches_came_with_the_next_frames_or_soon(line):
    line.owe(0)
    line.owe(1)
    line.write("hi")
    line.loop.run(0.05)
    line.owe(2)
    line.owe(3)
    line.loop.run(1)
    line.owe("x")
    line.loop.run(2)
    assert [(content["step"], content["taken"]) for _, content, _ in line.sent] == [
        ("frames", 1),
        ("taken", 3),
    ]


@pytest.mark.parametrize(("binary", "share"), [(True, 1), (False, 4 / 3)])
def test_what_comes_faster_than_a_server_lets_through_is_spread(line, binary, share):
    line.binary = binary
    for _ in range(2000):
        line.write(b"x" * 4800)
    line.loop.run(3.0)
    sent = sum(len(content["frames"]) for _, content, _ in line.sent)
    assert sent * 4800 * share == pytest.approx(1_800_000, rel=0.1)


def test_a_long_text_goes_in_parts(line):
    text = "".join(random.choices("abc", k=200_000))
    line.write(text)
    line.write("next")
    line.loop.run(5)
    items = [item for _, content, _ in line.sent for item in content["frames"]]
    *parts, end, following = items
    assert "".join(part["part"] for part in parts) + end == text
    assert following == "next"
    assert max(len(part["part"]) for part in parts) <= 64 << 10


def test_closing_sends_what_waits_first_and_nothing_after(line):
    closed = []
    line.on_close = lambda: closed.append(1)
    line.write("last words")
    line.close(4000, "over")
    line.close(4000, "over")
    line.write("more")
    line.loop.run(1)
    assert [content["step"] for _, content, _ in line.sent] == ["frames", "close"]
    assert closed == [1]
