"""What becomes of tool calls, and of the turns that wait for them."""

from __future__ import annotations

from turn_rules import STATES

from adk_nb.live.turn_state import CallPhase


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
