"""How the agent is interrupted; more is in the table of `test_coordinator.py`."""

from __future__ import annotations

import pytest
from adk_events import done, heard, said, sound, transfer
from desk import CUT_1, ENDED_1, cascade, connected, speaking, states

from adk_nb.live import interruptions


@pytest.fixture
def desk():
    return connected()


def test_what_was_not_sent_is_not_waited_for(desk):
    desk.type("roll").cut()
    assert not desk.exchange.turns.machine.answer.stop_expected
    assert desk.sent() == []
    desk(said("Still there?"), done())
    assert desk.turn.agent_text == "Still there?"
    desk.type("roll")
    desk.take()
    desk.cut()
    assert desk.exchange.turns.machine.answer.stop_expected
    desk(said("A four."))
    assert [turn.agent_text for turn in desk.exchange.turns.all] == ["", "Still there?", ""]
    assert desk.exchange.turns.machine.answer.dropping


def test_while_a_transfer_is_made_there_is_nothing_to_drop():
    desk = speaking()(transfer("coin"))
    desk.cut()
    assert not desk.exchange.turns.machine.answer.dropping
    desk.type("flip")(said("Heads.", "coin"))
    assert desk.turn.agent_text == "Heads."


def test_words_that_are_not_final_can_be_taken_back(desk):
    desk.cut()  # Nothing was said.
    desk(heard("Er", final=False)).cut()
    assert desk.rows()[1:] == [("user_transcript", 1), CUT_1, ENDED_1]
    assert (desk.turn.status, desk.turn.interrupted) == ("unanswered", False)


def test_a_cascade_is_told_of_interruptions_again_but_not_all_the_time(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(interruptions.time, "monotonic", lambda: now)
    desk = cascade()
    desk.type("count")
    desk.take()
    desk(said("One", final=False)).cut()
    assert desk.take() == ["activity_start"]
    for later, told in ((0.125, []), (0.25, ["activity_start"]), (0.375, [])):
        now = 1000.0 + later
        desk(sound())
        assert desk.take() == told
    desk.exchange.live.queue = None
    now += 10
    desk(sound())
    assert desk.sent() == []


def test_a_cascade_is_told_that_it_is_cut_off_by_a_text_unless_that_was_not_sent():
    desk = cascade()
    desk.type("count")
    desk.type("rather flip")  # The first was not sent yet.
    assert desk.take() == ["rather flip"]
    desk(said("One", final=False)).type("stop")
    assert desk.take() == ["activity_start", "stop"]


def test_a_cascade_that_is_silent_after_a_transfer_is_not_told(desk):
    desk = cascade()
    desk.type("count").take()
    desk.exchange.reader.silent = True
    desk.type("stop")
    assert desk.sent() == ["stop"]


def test_sound_that_is_silenced_is_a_row_of_the_users(desk):
    desk.exchange.interruptions.silenced(0)  # Nothing sounds.
    assert CUT_1 not in desk.rows()
    desk.exchange.interruptions.silenced(1)
    row = desk.log[-1]
    assert (row.source, row.kind, row.turn, row.interrupted) == ("client", "interrupted", 1, True)
    assert states(desk.page.messages) == [(1, "interrupted")]
