"""What becomes of tool calls, and of the turns that wait for them."""

from __future__ import annotations

import pytest
from turn_rules import STATES, told_after_the_end

from adk_nb.live.turn_state import CallPhase, CallState


def test_a_call_goes_from_running_over_returned_and_told_to_settled(rules):
    STATES["running"](rules)
    call = rules.machine.call("c")[1]
    assert (call.phase, call.pending, rules.machine.current.owes) == (CallPhase.RUNNING, True, True)
    rules.machine.calls.returned("c")
    assert (call.phase, call.pending, rules.machine.current.owes) == (
        CallPhase.RETURNED, True, True,
    )  # fmt: skip
    rules.machine.calls.told("c")
    assert (call.phase, call.pending, rules.machine.current.owes) == (CallPhase.TOLD, False, True)
    rules.answer()
    assert (call.phase, rules.machine.current.owes) == (CallPhase.SETTLED, False)
    rules.machine.calls.returned("c")
    assert call.phase is CallPhase.SETTLED  # It has returned before.


def test_what_is_told_of_calls_that_are_not_there_or_not_wanted_changes_nothing(rules):
    rules.machine.calls.told("no such call")
    rules.machine.calls.returned("no such call")
    rules.machine.calls.deferred("no such call")
    assert rules.machine.calls.cancelled(["no such call"]) is None
    STATES["running"](rules)
    rules.machine.cut()
    rules.machine.calls.returned("c")
    rules.machine.calls.told("c")
    assert rules.calls == {"c": "cancelled"}
    rules.machine.typed()
    assert rules.answer() == (2, "question", False, False)  # Not ambiguous: nothing was told.


def test_a_result_that_is_told_without_a_reaction_ends_a_turn_that_is_answered(rules):
    STATES["beside"](rules)
    rules.machine.completed(failed=None)
    assert rules.open == (1, "calling")
    rules.machine.calls.told("c", reacts=False)
    assert (rules.calls, rules.ended) == ({"c": "settled"}, [(1, "complete", None)])


def test_a_result_without_a_reaction_ends_no_turn_that_has_no_answer_or_is_being_spoken(rules):
    STATES["beside"](rules)
    rules.machine.calls.told("c", reacts=False)
    assert (rules.open, rules.ended) == ((1, "answering"), [])  # It is being spoken.
    rules.machine.completed(failed=None)
    assert rules.ended == [(1, "complete", None)]


def test_a_result_that_another_turn_waits_for_ends_not_the_open_one(rules):
    STATES["beside"](rules)
    rules.machine.completed(failed=None)
    rules.machine.typed()
    rules.ended.clear()
    rules.machine.calls.told("c", reacts=False)
    assert (rules.open, rules.ended) == ((2, "asked"), [])


def test_a_tool_that_is_an_agent_has_calls_of_its_own_in_the_turn_of_its_own(rules):
    assert rules.machine.calls.called_within("d") is None
    STATES["running"](rules)
    turn = rules.machine.calls.called_within("d")
    assert (turn.index, turn.calls["d"].blocks, turn.calls["d"].awaited) == (1, True, False)
    rules.machine.calls.returned("c")
    rules.machine.calls.returned("d")
    assert rules.machine.calls.called_within("e") is None


@pytest.mark.parametrize(
    ("returned", "phase"), [(False, CallPhase.RUNNING), (True, CallPhase.SETTLED)]
)
def test_a_turn_does_not_wait_for_an_outcome_that_comes_later(rules, returned, phase):
    STATES["told" if returned else "running"](rules)
    turn, call = rules.machine.call("c")
    turn.calls["d"] = CallState("d", blocks=True)
    rules.machine.calls.deferred("c")
    assert (call.awaited, call.phase, bool(rules.machine.told)) == (False, phase, False)
    assert rules.ended == []  # It waits for another.
    turn.calls["d"].phase = CallPhase.SETTLED
    rules.machine.calls.deferred("c")
    assert rules.ended == [(1, "complete", None)]


def test_an_outcome_that_comes_later_in_an_earlier_turn_ends_not_the_open_one(rules):
    STATES["beside"](rules)
    rules.machine.cut()
    rules.machine.typed()
    rules.ended.clear()
    rules.machine.calls.deferred("c")
    assert (rules.open, rules.ended) == ((2, "asked"), [])


def test_a_service_that_cancels_all_that_is_waited_for_ends_the_turn(rules):
    STATES["running"](rules)
    turn = rules.machine.current
    turn.calls["d"] = CallState("d", blocks=True)
    assert rules.machine.calls.cancelled(["c"]) is None
    assert (rules.calls, rules.ended) == ({"c": "cancelled", "d": "running"}, [])
    assert rules.machine.calls.cancelled(["no such call", "d"]) is turn
    assert (rules.ended, rules.machine.answer.turn) == ([(1, "interrupted", None)], None)


def test_a_result_that_was_reacted_to_cannot_be_cancelled_any_more(rules):
    STATES["told"](rules)
    rules.answer()
    turn = rules.machine.current
    assert rules.machine.calls.cancelled(["c"]) is turn  # The model stopped there.
    assert rules.calls == {"c": "settled"}


def test_a_call_that_was_cancelled_elsewhere_leaves_the_answer_that_goes_on(rules):
    STATES["beside"](rules)
    rules.machine.cut()
    rules.machine.typed()
    rules.machine.answer.turn = rules.machine.answer.unwanted = None
    rules.answer()
    assert rules.machine.calls.cancelled(["c"]) is None
    assert (rules.machine.answer.turn, rules.open) == (rules.machine.current, (2, "answering"))


def test_what_the_model_has_not_reacted_to_for_long_it_will_not(rules):
    STATES["beside"](rules)
    rules.machine.calls.told("c")
    rules.machine.completed()
    assert rules.open == (1, "calling")
    rules.machine.calls.no_reaction()
    assert (rules.calls, rules.ended) == ({"c": "settled"}, [(1, "complete", "no_reaction")])


def test_what_it_may_have_reacted_to_needs_no_reason(rules):
    STATES["beside"](rules)
    rules.machine.completed()
    rules.machine.calls.told("c")
    rules.answer()  # So soon that it may be the reaction.
    rules.machine.completed()
    rules.machine.calls.no_reaction()
    assert (rules.calls, rules.ended) == ({"c": "settled"}, [(1, "complete", None)])


@pytest.mark.parametrize("completes", [False, True])
def test_a_model_that_completes_after_a_call_has_a_completion_due(rules, completes):
    rules.machine.calls.completes_calls = completes
    STATES["running"](rules)
    assert (rules.machine.answer.completion_due, rules.machine.answer.speaks) == (completes, False)
    rules.machine.answer.completion_due = False
    rules.machine.calls.called("d", blocks=False)
    assert not rules.machine.answer.completion_due


def test_a_call_of_an_answer_that_was_cut_off_is_not_wanted_and_nothing_that_comes_of_it(rules):
    STATES["answering"](rules)
    turn = rules.machine.cut()
    booking = rules.machine.calls.called("c", blocks=True)
    assert (booking.turn, booking.dropped, rules.calls) == (turn, True, {"c": "cancelled"})
    assert rules.answer() == (1, "goes_on", False, True)


def test_a_call_after_its_turn_has_ended_does_not_open_it_again(rules):
    told_after_the_end(rules)
    booking = rules.machine.calls.called("d", blocks=True)
    assert (booking.by, booking.turn.index, str(booking.turn.phase)) == ("result", 1, "ended")
