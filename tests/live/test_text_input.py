"""What is typed, and prompts; more is in the table of `test_coordinator.py`."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from adk_events import done, said, sound
from desk import Desk, connected, notes, sounding

from adk_nb.exceptions import SessionClosedError
from adk_nb.live import text_input


@pytest.fixture
def desk():
    return connected()


def test_typed_while_it_sounds_without_cutting_in_leaves_it_sounding():
    desk = sounding()
    desk.type("go", cut_in=False)
    assert not desk.exchange.turns.all[0].interrupted
    assert desk.sent() == ["go"]


def test_a_typed_turn_is_given_back(desk):
    turn = desk.exchange.text_input.typed("go", cut_in=True)
    assert (turn, turn.user_text) == (desk.exchange.turns.last, "go")


def test_halves_of_characters_are_no_matter(desk):
    assert desk.type("a\ud83d").sent() == ["a\ufffd"]


def test_a_prompt_is_sent_at_once_or_after_the_open_turn(desk):
    first = desk.exchange.text_input.prompt("Say hello.\ud83d")
    assert (first.index, first.prompt, desk.sent(), desk.exchange.status) == (
        1, "Say hello.\ufffd", ["Say hello.\ufffd"], "thinking",
    )  # fmt: skip
    desk.take()
    second = desk.exchange.text_input.prompt("Go on.")
    assert (second.index, desk.sent()) == (2, [])
    desk(said("Hello."), done())
    assert desk.sent() == ["Go on."]
    assert notes(desk) == [
        (0, "prompt", "Prompt: Say hello.\ufffd"), (1, "prompt", "Prompt: Go on."),
    ]  # fmt: skip


@pytest.mark.parametrize("do", ["typed", "prompt"])
def test_a_closed_session_makes_no_turn(desk, do):
    desk.exchange.closed = True
    with pytest.raises(SessionClosedError):
        desk.exchange.text_input.prompt("Hi") if do == "prompt" else desk.type("Hi")
    assert desk.exchange.turns.all == []


@pytest.mark.parametrize("comes", [None, "words", "an answer"])
async def test_a_text_overtakes_speech_that_turns_out_to_be_without_words(monkeypatch, comes):
    monkeypatch.setattr(text_input, "_WORDLESS_S", 0.0)
    desk = connected()
    desk.exchange.turns.machine.utterances.spoke_unheard()
    turn = desk.exchange.text_input.typed("roll", cut_in=True)
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
    monkeypatch.setattr(text_input, "_WORDLESS_S", 0.0)
    desk = Desk()
    desk.exchange.queue()
    desk.exchange.turns.machine.utterances.spoke_unheard()
    desk.type("roll")
    await asyncio.sleep(0.05)
    assert desk.sent() == []  # There is no model that could hear it.
    desk.connect()
    await asyncio.sleep(0.05)
    assert desk.sent() == ["roll"]


async def test_a_prompt_overtakes_speech_without_words(monkeypatch):
    monkeypatch.setattr(text_input, "_WORDLESS_S", 0.0)
    desk = connected()
    desk.exchange.turns.machine.utterances.spoke_unheard()
    desk.exchange.text_input.prompt("Go on.")
    await asyncio.sleep(0.01)
    assert desk.sent() == ["Go on."]


def test_speech_has_five_seconds_for_its_words(desk, monkeypatch):
    waits = []
    loop = SimpleNamespace(call_later=lambda seconds, _then: waits.append(seconds))
    monkeypatch.setattr(text_input.asyncio, "get_running_loop", lambda: loop)
    desk.exchange.turns.machine.utterances.spoke_unheard()
    desk.exchange.text_input.prompt("Go on.")
    assert waits == [5.0]


def test_before_there_is_a_connection_speech_has_all_the_time(monkeypatch):
    desk = Desk()
    desk.exchange.queue()
    desk.exchange.turns.machine.utterances.spoke_unheard()
    monkeypatch.setattr(text_input.asyncio, "get_running_loop", lambda: pytest.fail("It waits."))
    desk.exchange.text_input.prompt("Go on.")
    desk.exchange.text_input.typed("And on.", cut_in=True)
