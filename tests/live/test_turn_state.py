"""What is known of a turn and of its calls, and the phases that are drawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adk_nb.live.model_connection import Link
from adk_nb.live.turn_state import CallPhase, CallState, Phase, TurnState


@pytest.mark.parametrize(
    ("phase", "awaited", "pending", "owed"),
    [
        (CallPhase.RUNNING, True, True, True),
        (CallPhase.RETURNED, True, True, True),
        (CallPhase.TOLD, True, False, True),
        (CallPhase.SETTLED, True, False, False),
        (CallPhase.CANCELLED, True, False, False),
        (CallPhase.RUNNING, False, False, False),
        (CallPhase.TOLD, False, False, True),
    ],
)
def test_what_is_still_to_come_of_a_call(phase, awaited, pending, owed):
    call = CallState("c", blocks=True, awaited=awaited, phase=phase)
    assert (call.pending, call.owed) == (pending, owed)


@pytest.mark.parametrize(
    ("phase", "answered", "stands"),
    [
        (Phase.WAITING, False, False),
        (Phase.SAYING, False, True),
        (Phase.ASKED, False, True),
        (Phase.ASKED, True, False),
        (Phase.ANSWERING, False, False),
        (Phase.ENDED, False, False),
    ],
)
def test_a_question_stands_until_something_comes_of_it(phase, answered, stands):
    assert TurnState(1, phase, answered=answered).stands is stands


def test_a_turn_owes_what_its_calls_owe_and_what_the_service_says_is_in_progress():
    turn = TurnState(1, Phase.ASKED)
    assert (turn.owes, turn.awaits_calls) == (False, False)
    turn.busy = True
    assert (turn.owes, turn.awaits_calls) == (True, False)
    turn.busy, turn.calls["c"] = False, CallState("c", blocks=False)
    assert (turn.owes, turn.awaits_calls) == (True, True)
    assert (turn.waits_for(blocking=False), turn.waits_for(blocking=True)) == (True, False)
    turn.calls["c"].phase = CallPhase.SETTLED
    assert (turn.owes, turn.waits_for(blocking=False)) == (False, False)


@pytest.mark.parametrize(
    ("spoken", "worded", "final"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_the_words_of_speech_of_which_none_have_come_are_given_up(spoken, worded, final):
    turn = TurnState(1, Phase.ENDED, spoken=spoken, worded=worded)
    turn.give_up_words()
    assert turn.final is final


def test_what_was_typed_is_typed_and_what_has_no_words_yet_is_neither(rules):
    assert rules.machine.typed().typed
    rules.machine.cut()
    rules.machine.utterances.spoke_unheard()
    assert not rules.machine.current.typed


def test_the_phases_that_are_drawn_are_those_of_the_code():
    page = (Path(__file__).parents[2] / "docs" / "design" / "turns.md").read_text("utf-8")
    diagram = page.partition("```mermaid")[2].partition("```")[0]
    drawn = set(re.findall(r"\b(\w+)(?= -->)|(?<=--> )(\w+)", diagram))
    assert {one or other for one, other in drawn} == set(Phase)
    assert all(f"`{phase}`" in page for phase in Link)
    calls = page.partition("## Phases of a call")[2].partition(" when ")[0]
    assert set(re.findall(r"`(\w+)`", calls)) == set(CallPhase) - {CallPhase.CANCELLED}
    assert f"`{CallPhase.CANCELLED}` when the user" in page
