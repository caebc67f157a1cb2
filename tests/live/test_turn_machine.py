"""Which turn something belongs to, rule by rule: what each event does in each state."""

from __future__ import annotations

import pytest
from turn_rules import STATES

from adk_nb.log.turn import Status


@pytest.mark.parametrize(
    ("state", "opened", "ended"),
    [
        ("idle", (1, "asked"), []),
        ("saying", (2, "asked"), [(1, "unanswered", None)]),
        ("unworded", (2, "asked"), [(1, "unanswered", None)]),
        ("spoken", (2, "asked"), [(1, "unanswered", None)]),
        ("typed", (2, "asked"), [(1, "unanswered", None)]),
        ("answering", (2, "asked"), [(1, "interrupted", None)]),
        ("running", (2, "asked"), [(1, "interrupted", None)]),
        ("told", (2, "asked"), [(1, "interrupted", None)]),
        ("done", (2, "asked"), [(1, "complete", None)]),
    ],
)
def test_a_text_is_the_question_and_ends_what_was_open(rules, state, opened, ended):
    STATES[state](rules)
    rules.machine.typed()
    assert (rules.open, rules.ended) == (opened, ended)
    if state in ("running", "told"):  # Nobody waits for the result any more.
        assert rules.calls == {"c": "cancelled"}


@pytest.mark.parametrize(
    ("state", "ended", "stop_expected"),
    [
        ("idle", [], False),
        ("saying", [(1, "unanswered", None)], True),
        ("unworded", [], False),
        ("spoken", [(1, "unanswered", None)], True),
        ("typed", [(1, "unanswered", None)], True),
        ("answering", [(1, "interrupted", None)], True),
        ("running", [(1, "interrupted", None)], False),
        ("beside", [(1, "interrupted", None)], True),
        ("told", [(1, "interrupted", None)], False),
        ("done", [(1, "complete", None)], False),
    ],
)
def test_who_cuts_in_ends_the_open_turn_and_what_may_still_come_is_dropped(
    rules, state, ended, stop_expected
):
    STATES[state](rules)
    was = rules.machine.current
    cut = rules.machine.cut()
    assert cut is (None if state in ("idle", "unworded", "done") else was)
    assert (rules.ended, rules.machine.answer.stop_expected) == (ended, stop_expected)


@pytest.mark.parametrize("state", ["typed", "spoken"])
def test_a_question_that_was_not_sent_is_taken_back_and_no_answer_of_it_expected(rules, state):
    STATES[state](rules)
    rules.machine.cut(sent=False)
    assert (rules.ended, rules.machine.answer.stop_expected) == ([(1, "unanswered", None)], False)
    assert rules.answer() == (2, "itself", False, False)


@pytest.mark.parametrize("state", ["idle", "typed", "running", "answering", "beside", "done"])
def test_a_connection_that_the_model_closes_completes_an_answer_without_running_tools(rules, state):
    STATES[state](rules)
    turn = rules.machine.current
    closed = rules.machine.closed()
    assert closed is (turn if state == "answering" else None)
    if state == "answering":
        assert (rules.ended, rules.machine.answer.turn) == ([(1, "complete", None)], None)


# --- silence


def test_a_turn_that_the_model_was_silent_to_may_be_answered_late_and_only_so(rules):
    STATES["told"](rules)
    rules.machine.silent()
    assert rules.ended == [(1, "failed", "silent")]
    assert rules.answer() == (1, "late", False, False)
    rules.machine.completed(failed=None)
    rules.machine.typed()
    rules.machine.failed("broken")
    assert rules.answer() == (3, "itself", False, False)


def test_silence_between_two_turns_ends_nothing(rules):
    rules.machine.silent()
    assert (rules.ended, rules.machine.failed("x"), rules.machine.all) == ([], None, [])


def test_speech_after_a_silence_is_a_question_of_its_own(rules):
    STATES["typed"](rules)
    rules.machine.silent()
    rules.machine.utterances.speech_began()
    assert rules.answer() == (2, "speech", False, False)


def test_all_that_waits_is_abandoned_with_the_session(rules):
    STATES["answering"](rules)
    for _ in range(2):
        rules.machine.typed(wait=True)
    rules.machine.abandoned("closed")
    assert rules.ended == [(n, "abandoned", "closed") for n in (1, 2, 3)]
    assert (rules.asked, rules.machine.current, rules.began) == ([], None, [1, 2, 3])
    assert {turn.status for turn in rules.machine.all} == {Status.ABANDONED}


# --- completions and stops


def test_the_completion_of_what_was_cut_off_ends_nothing(rules):
    STATES["answering"](rules)
    rules.machine.cut()
    assert rules.machine.completed() == (None, False)
    assert rules.machine.completed() == (None, False)


def test_a_completion_after_a_call_is_of_its_turn_and_does_not_end_it(rules):
    rules.machine.calls.completes_calls = True
    STATES["running"](rules)
    turn = rules.machine.current
    assert rules.machine.completed() == (turn, False)
    rules.machine.calls.returned("c")
    rules.machine.calls.told("c")
    rules.answer()
    assert rules.machine.completed() == (turn, True)


def test_an_interaction_is_in_progress_until_the_service_says_that_none_is(rules):
    STATES["answering"](rules)
    turn = rules.machine.current
    assert rules.machine.completed(busy=True) == (turn, False)
    rules.answer()
    assert rules.machine.completed() == (turn, False)
    assert rules.machine.completed(busy=False) == (turn, True)


@pytest.mark.parametrize(
    ("state", "ended"),
    [("typed", []), ("running", [(1, "interrupted", None)]), ("beside", [])],
)
def test_between_answers_only_a_call_that_the_model_waits_for_can_be_stopped(rules, state, ended):
    rules.machine.calls.completes_calls = True
    STATES[state](rules)
    rules.machine.completed(busy=True)
    assert rules.machine.stopped() is (rules.machine.all[0] if ended else None)
    assert rules.ended == ended
