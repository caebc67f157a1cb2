"""What `say` and `speak` wait for, and what they say where it does not come."""

from __future__ import annotations

import asyncio

import pytest
from adk_events import call, done, said, sound
from desk import Desk

from adk_nb.audio import Clip
from adk_nb.exceptions import AdkNbError, AudioError, LocalModelError, TurnTimeoutError
from adk_nb.live import turn_waits
from adk_nb.live.turn_waits import TurnWaits
from adk_nb.wire import protocol


def played(event, turn, played_ms):
    return protocol.Playback(event, turn, played_ms, 0.0)


@pytest.fixture
async def desk():
    return Desk().connect()


@pytest.fixture
def waits(desk):
    return TurnWaits(desk.exchange)


async def test_the_first_words_are_waited_for_and_no_more(desk, waits):
    desk.type("go")
    waiting = asyncio.create_task(waits.answering(desk.turn, 5))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    desk(said("Well", final=False))
    assert await waiting is desk.turn
    assert not desk.turn.ended
    with pytest.raises(TurnTimeoutError, match="nothing has come of the model yet"):
        await waits.answering(desk.type("again").turn, 0.05)


async def test_the_end_is_waited_for_and_what_keeps_it_is_said(desk, waits):
    desk.type("go")
    with pytest.raises(
        TurnTimeoutError, match=r"not answered within 0.05 s; it goes on: nothing"
    ) as error:
        await waits.finished(desk.turn, 0.05)
    assert error.value.remedy == "Wait longer with timeout=, or interrupt()."
    desk(said("Done."), done())
    assert await waits.finished(desk.turn, 0.05) is desk.turn


async def test_a_tool_that_asks_is_to_be_answered(desk, waits):
    desk.type("roll")(call())
    desk.turn.tool_calls[0].question = "Sure?"
    with pytest.raises(TurnTimeoutError, match="roll waits for a confirmation") as error:
        await waits.finished(desk.turn, 0.05)
    assert error.value.remedy == "Use the widget, or confirm(True)."


async def test_a_turn_has_sounded_when_its_page_says_so(desk, waits):
    desk.type("go")(*[sound()] * 25, said("Hello."), done())
    desk.exchange.pages.played(played("started", desk.turn.index, 0.0))
    with pytest.raises(TurnTimeoutError, match="had not been heard to its end within 7 s"):
        await waits.heard(desk.turn, 0.05, 7)
    desk.exchange.pages.played(played("drained", desk.turn.index, 250.0))
    await waits.heard(desk.turn, 0.05, 7)


async def test_a_page_that_says_nothing_is_waited_for_as_long_as_the_sound_and_a_second(
    desk, waits, monkeypatch
):
    monkeypatch.setattr(turn_waits, "_SETTLED_S", 0.1)
    desk.type("go")(*[sound()] * 10, said("Hello."), done())
    began = asyncio.get_running_loop().time()
    await waits.sounded(desk.turn)
    assert asyncio.get_running_loop().time() - began >= 0.19
    desk.exchange.pages.remove(desk.page)
    await asyncio.wait_for(waits.sounded(desk.turn), 0.05)  # Nobody plays it.


async def test_what_is_no_speech_is_no_turn_and_the_microphone_is_let_go(desk, waits, monkeypatch):
    monkeypatch.setattr(turn_waits, "_SETTLED_S", 0.05)
    desk.exchange.live.loaded.set()
    before = object()
    desk.exchange.microphone.speaker = before
    with pytest.raises(AudioError, match="No speech was heard") as error:
        await waits.speak(Clip(bytes(640), 16_000), 0.1)
    assert error.value.code == "no_speech"
    assert desk.exchange.microphone.speaker is before


async def test_who_cannot_hear_says_so_at_once(desk, waits, monkeypatch):
    desk.exchange.live.loaded.set()
    deaf = AdkNbError("No ears.", remedy="Get some.")
    monkeypatch.setattr(type(desk.exchange.capabilities), "deaf", property(lambda _: deaf))
    with pytest.raises(LocalModelError, match=r"No ears. Get some."):
        await waits.speak(Clip(bytes(640), 16_000), 5)


@pytest.fixture
def cut(desk):
    """An answer that sounded in a page, and was cut off."""
    desk.type("go")(*[sound()] * 25, said("One two three four."))
    desk.log.add("client", "playback_started", turn=desk.turn.index)
    return desk.cut()


@pytest.mark.parametrize("wait", ["reported", "sounded", "finished"])
async def test_what_was_heard_of_a_cut_answer_is_waited_for(cut, waits, wait):
    more = (5,) if wait == "finished" else ()
    waiting = asyncio.create_task(getattr(waits, wait)(cut.turn, *more))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    cut.log.add("client", "playback_flushed", turn=cut.turn.index, audio_ms=125.0)
    await asyncio.wait_for(waiting, 5)
    assert (cut.turn.heard_text, cut.turn.heard_ms) == ("One two", 125.0)


async def test_a_page_that_does_not_say_it_holds_nothing_for_long(cut, waits, monkeypatch):
    monkeypatch.setattr(turn_waits, "_REPORTED_S", 0.1)
    await asyncio.wait_for(waits.reported(cut.turn), 5)
    assert not cut.turn.heard_known
    monkeypatch.setattr(turn_waits, "_REPORTED_S", 1000)
    waiting = asyncio.create_task(waits.reported(cut.turn))
    await asyncio.sleep(0.05)
    cut.exchange.pages.remove(cut.page)
    await asyncio.wait_for(waiting, 5)
