"""What the exchange tells, and hands on between its parts.

As in `test_coordinator.py`, ADK's events are made by hand, and nothing takes from the queue.
"""

from __future__ import annotations

import pytest
from adk_events import PCM, done, said, sound
from desk import Desk, connected, notes
from sessions import Page, enter

from adk_nb.exceptions import AdkNbError
from adk_nb.live import coordinator
from adk_nb.live.swaps import Swaps
from adk_nb.wire import protocol


@pytest.fixture
def desk():
    return connected()


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


# --- connections


@pytest.mark.parametrize(
    ("error", "asked", "noted"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_a_loss_that_nobody_waits_for_is_a_line_once_it_is_over(desk, error, asked, noted):
    desk.exchange.reader.resumable = True
    if asked:
        desk.type("roll")
    desk.exchange.run_lost(AdkNbError("gone") if error else None)
    for _ in range(2):
        desk.exchange.run_connected(resumed=True)
    text = "The connection to the model was lost, and made again."
    assert notes(desk) == ([(0, "reconnected", text)] if noted else [])


def test_the_line_of_a_loss_is_after_the_newest_turn(desk):
    desk.type("roll")(said("A four."), done())
    desk.exchange.reconnected("It was made again.")
    assert notes(desk) == [(1, "reconnected", "It was made again.")]


# --- what one part hands on to another


def test_who_waits_for_the_end_of_a_turn_is_told(desk):
    ended = []
    desk.exchange.on_turn_end = ended.append
    desk.type("roll")(said("A four."), done())
    assert ended == [desk.turn]


def test_a_swap_is_told_of_its_connection(desk, monkeypatch):
    told = []
    monkeypatch.setattr(Swaps, "connected", lambda _self: told.append(True))
    desk.exchange.run_connected()
    assert told == [True]


def test_what_a_guard_says_is_read_in_the_answers_place(desk):
    desk.type("tell me")(sound(), said("The key is", final=False))
    guard = said("I cannot say that.")
    assert (
        desk.exchange.withholding.tell(guard.id, begun=True) is True
    )  # Its sound is to be forgotten.
    desk(guard)
    assert (desk.turn.agent_text, desk.turn.withheld, desk.exchange.status) == (
        "I cannot say that.", True, "ready",
    )  # fmt: skip
    assert [row.kind for row in desk.log][-2:] == ["withheld", "turn_ended"]


def test_what_is_traced_in_a_run_is_written_to_its_log(monkeypatch):
    collected = []
    monkeypatch.setattr(coordinator, "collect", collected.append)
    desk = Desk().connect()
    assert collected == [desk.log]


async def test_a_run_that_is_made_again_leaves_its_turn_open(desk):
    desk.type("count").take()
    desk(said("One", final=False))
    await desk.exchange.run_ended()
    assert not desk.turn.ended


def test_another_run_cannot_be_resumed_before_the_service_says_so(desk):
    desk.exchange.reader.resumable = True
    desk.exchange.run_begins()
    assert not desk.exchange.reader.resumable


async def test_the_history_is_completed_when_a_run_ends(desk, monkeypatch):
    completed = []

    async def complete(turn, _since, _others):
        completed.append(turn.agent_text)
        return []

    monkeypatch.setattr(desk.exchange.histories, "complete", complete)
    desk.type("roll")(said("A four."), done())
    await desk.exchange.run_ended()
    assert completed == ["A four."]


def test_every_row_says_of_which_variant_of_the_agent_it_is(desk):
    desk.type("roll")
    assert {row.variant for row in desk.log} == {desk.exchange.swaps.variant}
