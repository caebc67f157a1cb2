"""What is due from a model, and what is done when it says nothing."""

from __future__ import annotations

import pytest
from adk_events import said
from desk import cascade, connected, notes

from adk_nb.live.link import Link
from adk_nb.wire import protocol


@pytest.fixture
def desk():
    return connected()


def test_what_is_due_is_of_the_open_turn_while_nothing_sounds_and_a_model_is_connected(desk):
    exchange = desk.exchange
    assert exchange.silence._owner.due() is None
    desk.type("roll")
    turn = exchange.turns.machine.current
    assert exchange.silence._owner.due() == (turn, "first")
    desk(said("A", final=False))
    assert exchange.silence._owner.due() == (turn, "between")
    exchange.pages.played(protocol.Playback("started", 1))
    assert exchange.silence._owner.due() == (turn, None)
    exchange.pages.played(protocol.Playback("drained", 1))
    assert exchange.silence._owner.due() == (turn, "between")
    exchange.live.link = Link.DIALING
    assert exchange.silence._owner.due() == (turn, None)


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
    desk.exchange.silence._owner.silence_noticed(desk.exchange.turns.machine.current, "first", 10.0)
    text = "The model has said nothing to this for 10 s."
    assert notes(desk) == [(1, "silence", text)]
    row = desk.log[-1]
    assert (row.source, row.kind, row.turn, row.text) == ("bridge", "silence", 1, text)
    assert (desk.sent(), redialled) == (sent, redials)


@pytest.mark.parametrize("why", ["silent", "busy", "a cascade"])
def test_a_silence_that_lasts_fails_the_turn_unless_an_answer_is_sure(desk, why):
    desk = cascade() if why == "a cascade" else desk
    desk.type("roll").take()
    turn = desk.exchange.turns.machine.current
    turn.busy = why == "busy"
    messages = len(desk.shown())
    desk.exchange.silence._owner.silence_lasts(turn, "first", 20.0)
    if why != "silent":
        assert not desk.turn.ended
        return
    assert (desk.turn.status, desk.turn.end_reason) == ("failed", "silent")
    text = "The model has said nothing to this for 20 s."
    assert desk.turn.error == f"{text} Say it again, or in other words."
    assert desk.shown()[messages:] == [(1, "failed"), "ready", ("error", "silent")]
