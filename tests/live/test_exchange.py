"""What the exchange does where the model is silent, where tools run, and where speech has no words.

As in `test_coordinator.py`, ADK's events are made by hand, and nothing takes from the queue.
"""

from __future__ import annotations

import asyncio

import pytest
from adk_events import PCM, call, content, done, result, said, sound
from desk import LOUD, QUIET, Desk, cascade, connected, notes
from google.adk.agents import Agent
from google.genai import types
from scripted import Scripted, echo
from sessions import Page, enter

from adk_nb.exceptions import AdkNbError
from adk_nb.live import coordinator
from adk_nb.live.model_connection import Link
from adk_nb.live.swaps import Swaps
from adk_nb.wire import protocol


@pytest.fixture
def desk():
    return connected()


# --- silence


def test_what_is_due_is_of_the_open_turn_while_nothing_sounds_and_a_model_is_connected(desk):
    exchange = desk.exchange
    assert exchange.due() is None
    desk.type("roll")
    turn = exchange.turns.machine.current
    assert exchange.due() == (turn, "first")
    desk(said("A", final=False))
    assert exchange.due() == (turn, "between")
    exchange.pages.played(protocol.Playback("started", 1))
    assert exchange.due() == (turn, None)
    exchange.pages.played(protocol.Playback("drained", 1))
    assert exchange.due() == (turn, "between")
    exchange.live.link = Link.DIALING
    assert exchange.due() == (turn, None)


@pytest.mark.parametrize(
    ("on_silence", "sent", "redials"),
    [
        ("note", [], []),
        ("nudge", ["Please go on: the user waits for your answer."], []),
        ("reconnect", [], ["silent"]),
    ],
)
def test_silence_is_told_and_what_was_asked_for_is_done(monkeypatch, on_silence, sent, redials):
    desk, redialled = connected(on_silence=on_silence), []
    monkeypatch.setattr(desk.exchange.live, "redial", lambda error: redialled.append(error.code))
    desk.type("roll").take()
    desk.exchange.silence_noticed(desk.exchange.turns.machine.current, "first", 10.0)
    text = "The model has said nothing to this for 10 s."
    assert notes(desk) == [(1, "silence", text)]
    row = desk.log[-1]
    assert (row.source, row.kind, row.turn, row.text) == ("bridge", "silence", 1, text)
    assert (desk.sent(), redialled) == (sent, redials)


# --- the microphone and the camera


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
    desk.exchange.open_microphone(1, on=True)
    desk.exchange.live.queue, desk.exchange.closed = None, closed
    desk.exchange.hear(source, pcm)
    assert (desk.exchange.live.queue is not None) is connects


def test_a_picture_goes_to_a_model_that_is_connected(desk):
    assert desk.exchange.see(b"jpeg") is True
    (one,) = desk.exchange.live.queue.waiting
    assert (one.blob.data, one.blob.mime_type) == (b"jpeg", "image/jpeg")
    desk.exchange.live.queue = None
    assert desk.exchange.see(b"jpeg") is False


def test_pages_are_told_which_of_them_has_the_microphone(desk):
    other, exchange = Page(), desk.exchange
    enter(exchange.pages, other)

    def told():
        return [
            [m.microphone for m in page.messages if isinstance(m, protocol.Place)][-1:]
            for page in (desk.page, other)
        ]

    exchange.open_microphone(desk.page, on=True)
    assert told() == [["here"], ["elsewhere"]]
    exchange.open_microphone("speak", on=True)
    exchange.open_microphone("speak", on=False)
    assert told() == [["here"], ["elsewhere"]]
    exchange.open_microphone(desk.page, on=True)
    exchange.open_microphone(other, on=False)  # It has lost it before.
    assert told() == [["here"], ["elsewhere"]]
    exchange.open_microphone(desk.page, on=False)
    assert told() == [["none"], ["none"]]


@pytest.mark.parametrize(("pcm", "ended"), [(LOUD, ["A four."]), (QUIET, ["A four. Well."])])
def test_words_after_an_end_are_its_own_unless_the_user_has_begun_to_speak(desk, pcm, ended):
    desk.type("roll").take()
    desk(sound(), said("A four."), done())
    desk.exchange.open_microphone(desk.page, on=True)
    desk.exchange.live.queue._sender = object()  # A model takes what is said.
    for _ in range(10):
        desk.exchange.hear(desk.page, pcm)
    desk(said(" Well."))
    assert [turn.agent_text for turn in desk.exchange.turns.all if turn.ended] == ended


def test_a_page_that_takes_over_gets_the_words_of_what_sounds(desk):
    for words in ("One.", "Two, three."):
        desk.type("count").take()
        desk(sound(PCM * 100), said(words), done())
    other = Page()
    enter(desk.exchange.pages, other)
    desk.exchange.pages.played(protocol.Playback("drained", 1, 1000.0))
    desk.exchange.pages.played(protocol.Playback("progress", 2, 10.0))
    desk.exchange.pages.give(other)
    words = [(m.turn, m.ends) for m in other.messages if isinstance(m, protocol.Words)]
    assert words == [(2, [4, 11])]


# --- tools


def test_a_cascade_waits_for_every_tool():
    assert cascade().exchange.blocks("roll") is True


@pytest.mark.parametrize("blocking", [None, True, False])
def test_how_tools_are_to_be_declared_is_what_the_session_was_asked(blocking):
    assert Desk(tools_block=blocking).exchange.declared_blocking() is blocking


async def test_a_batch_of_calls_runs_when_its_last_was_read(desk):
    ran, added = [], []

    async def running():
        ran.append(True)
        return result({"result": 1}, call_id="b")

    async def add(event):
        added.append(event)

    desk.type("roll").take()
    desk.exchange.run_tools(["a", "b"], running(), add)
    desk(call(call_id="a"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert ran == []
    desk(call(call_id="b"))
    await asyncio.gather(*desk.exchange.tool_runs._tasks)
    assert (ran, len(added)) == ([True], 1)


async def test_the_task_of_a_call_is_stopped_with_it(desk):
    task = asyncio.create_task(asyncio.sleep(60))
    desk.exchange.tool_began("c", task)
    desk.exchange.live.calls.stop("c")
    with pytest.raises(asyncio.CancelledError):
        await task
    desk.exchange.tool_ran("c", 1.0, 2.5)
    assert desk.exchange.live.calls.times == {"c": (1.0, 2.5)}


async def test_results_that_are_not_late_are_told_and_not_read_twice(desk):
    desk.type("roll").take()
    desk.exchange.reconnection.called(["c"])
    desk(call())
    event = result({"result": 4})
    await desk.exchange.tools_returned(event, late=False)
    assert [row.kind for row in desk.log][-1] == "tool_call"  # ADK adds it, and its event comes.
    assert await desk.exchange.histories.get() is None
    (told,) = desk.exchange.live.queue.waiting
    assert [part.function_response.id for part in told.content.parts] == ["c"]


async def test_a_result_that_a_lost_connection_did_not_take_is_told_in_words(desk):
    desk.exchange.reader.resumable = True
    desk.type("roll").take()
    desk.exchange.reconnection.called(["c"])
    desk(call())
    event = result({"result": 4})
    await desk.exchange.tools_returned(event, late=False)
    desk(event)
    desk.exchange.run_lost(None)
    desk.exchange.run_connected(resumed=False)
    (told,) = desk.exchange.live.queue.waiting  # The other connection knows no call by its id.
    assert told.content.parts[0].function_response is None
    assert "4" in told.content.parts[0].text


async def test_late_results_are_added_and_read_here(desk):
    desk.type("roll").take()
    desk(call())
    await desk.exchange.tools_returned(result({"result": 4}), late=True)
    assert desk.turn.tool_calls[0].result == 4
    events = (await desk.exchange.histories.get()).events
    assert [one.id for event in events for one in event.get_function_responses()] == ["c"]


@pytest.mark.parametrize("why", ["cut off", "closed", "not connected", "no result"])
async def test_results_that_nobody_waits_for_are_not_told(desk, why):
    desk.type("roll").take()
    desk.exchange.reconnection.called(["c"])
    desk(call())
    event = result({"result": 4})
    if why == "cut off":
        desk.cut()
    elif why == "closed":
        desk.exchange.closed = True
    elif why == "not connected":
        desk.exchange.reconnection.connected = False
    else:
        event = content(types.Part(text="no result"))
    before = desk.sent()
    await desk.exchange.tools_returned(event, late=False)
    assert desk.sent() == before


def response(**values):
    return types.Part(function_response=types.FunctionResponse(id="c", name="roll", **values))


@pytest.mark.parametrize(
    ("part", "phase"),
    [
        (response(response={}), "told"),
        (response(response={}, will_continue=True), "running"),
        (response(response={}, scheduling="SILENT"), "settled"),
        (types.Part(text="go"), "running"),
    ],
    ids=["a result", "one of several", "silent", "a text"],
)
async def test_what_a_model_takes_tells_it_results(desk, part, phase):
    desk.type("roll").take()
    desk(call())
    desk.exchange.run_told(types.Content(parts=[part]))
    assert desk.exchange.turns.machine.call("c")[1].phase == phase


def test_a_model_that_waits_for_no_tool_is_told_of_once(desk):
    desk.exchange.turns.model = "gemini-3.8-live-extended-thinking"
    for _ in range(2):
        desk.exchange.tools_declared({"roll": True, "flip": False, "pick": None, "spin": True})
    (failure,) = desk.page.errors()
    assert (failure.code, failure.message.partition(": ")[2]) == ("unsupported", "roll, spin.")
    assert [desk.exchange.blocks(name) for name in ("roll", "flip", "pick", "none")] == [
        True, False, False, False,
    ]  # fmt: skip
    desk.exchange.turns.model = "gemini-2.5-flash"
    desk.exchange.tools_declared({"roll": True})
    assert len(desk.page.errors()) == 1
    assert desk.exchange.blocks("none")


async def test_a_reaction_that_does_not_come_is_waited_for_no_more(desk, monkeypatch):
    monkeypatch.setattr(coordinator, "_REACTION_S", 0.0)
    monkeypatch.setattr(desk.exchange, "blocks", lambda _name: False)
    desk.type("roll").take()
    desk(call(), sound(), done())
    assert not desk.turn.ended
    desk(result({"result": 4})).tell()
    await asyncio.sleep(0.05)
    assert (desk.turn.status, desk.turn.end_reason) == ("complete", "no_reaction")
    assert desk.exchange.status == "ready"


# --- speech without words


@pytest.mark.parametrize("comes", [None, "words", "an answer"])
async def test_a_text_overtakes_speech_that_turns_out_to_be_without_words(monkeypatch, comes):
    monkeypatch.setattr(coordinator, "_WORDLESS_S", 0.0)
    desk = connected()
    desk.exchange.turns.machine.utterances.spoke_unheard()
    turn = desk.exchange.typed("roll", cut_in=True)
    assert (turn.index, turn.user_text, desk.exchange.status) == (2, "roll", "thinking")
    assert desk.sent() == []  # What was said before it comes first.
    if comes == "words":
        desk.exchange.turns.transcripts.user_said("wait", final=False)
    elif comes == "an answer":
        desk(sound())
    await asyncio.sleep(0.05)
    assert desk.sent() == (["roll"] if comes is None else [])
    if comes is None:
        first = desk.exchange.turns.all[0]
        assert (first.status, first.end_reason) == ("unanswered", "no_words")


async def test_a_text_that_waits_as_a_connection_is_made_overtakes_too(monkeypatch):
    monkeypatch.setattr(coordinator, "_WORDLESS_S", 0.0)
    desk = Desk()
    desk.exchange.queue()
    desk.exchange.turns.machine.utterances.spoke_unheard()
    desk.type("roll")
    await asyncio.sleep(0.05)
    assert desk.sent() == []  # There is no model that could hear it.
    desk.connect()
    await asyncio.sleep(0.05)
    assert desk.sent() == ["roll"]


# --- what is told


def test_the_agents_voice_is_told_when_it_changes_and_when_a_connection_is_made(desk):
    def uses():
        return [m.audio for m in desk.page.messages if isinstance(m, protocol.AudioUse)]

    assert (desk.exchange.audio_use, uses()) == (True, [])
    desk.exchange.shared_microphone = True
    assert desk.exchange.audio_use == {"shared_microphone": True}
    desk.exchange.shared_microphone = False
    desk.exchange.set_voice(on=False)
    desk.exchange.set_voice(on=False)
    assert uses() == [{"output": False}]
    desk.exchange.voice = True
    desk.exchange.run_connected()
    assert uses() == [{"output": False}, True]


def test_what_is_ignored_is_a_note_that_later_pages_get_too(desk):
    desk.exchange.run_warned(AdkNbError("No such tool.", remedy="Leave it.", code="ignored"))
    desk.type("roll").exchange.run_warned(AdkNbError("Nor this.", remedy="", code="ignored"))
    assert notes(desk) == [(0, "ignored", "No such tool. Leave it."), (1, "ignored", "Nor this.")]
    rows = [(row.source, row.turn, row.status) for row in desk.log if row.kind == "error"]
    assert rows == [("bridge", 1, "warning"), ("bridge", 1, "warning")]
    assert (desk.page.errors(), desk.turn.error) == ([], None)


@pytest.mark.parametrize(
    ("code", "lasts"),
    [("recording", True), ("unsupported", True), ("local_model", True), ("callback_failed", False)],
)
def test_which_errors_a_good_answer_does_not_end(desk, code, lasts):
    desk.exchange.report(AdkNbError("a", code=code))
    assert desk.page.errors() == [protocol.Failure(code, "a", "", lasts=lasts)]


def test_errors_are_the_bridges(desk):
    desk.type("roll")
    desk.exchange.report(AdkNbError("a", remedy="", code="x"), 7)
    desk.exchange.fail(AdkNbError("b", remedy="", code="x"))
    desk.exchange.run_failed(AdkNbError("c", remedy="", code="x"))
    rows = [row for row in desk.log if row.kind == "error"]
    assert [(row.source, row.turn, row.error.strip(), row.status) for row in rows] == [
        ("bridge", 7, "a", "warning"), ("bridge", 1, "b", None), ("bridge", 1, "c", None),
    ]  # fmt: skip


def test_a_swap_tells_the_tools_that_are_on(desk, monkeypatch):
    coin = Agent(name="coin", model=Scripted(echo))
    desk.exchange.swaps.agent = coin
    tools = [{"name": "flip", "on": True}, {"name": "spin", "on": False}]
    monkeypatch.setattr(Swaps, "tools", tools)
    desk.exchange.adopted(coin, coin, ["Tools."], "v1")
    assert desk.log[-1].args["tools"] == ["flip"]
