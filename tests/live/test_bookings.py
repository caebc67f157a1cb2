"""Which turn an answer belongs to, in each state."""

from __future__ import annotations

import pytest
from turn_rules import STATES


@pytest.mark.parametrize(
    ("state", "booked"),
    [
        ("idle", (1, "itself", False, False)),
        ("saying", (1, "question", False, False)),
        ("unworded", (1, "question", False, False)),
        ("spoken", (1, "question", False, False)),
        ("typed", (1, "question", False, False)),
        ("answering", (1, "goes_on", False, False)),
        ("running", (1, "goes_on", False, False)),
        ("told", (1, "goes_on", False, False)),
        ("done", (2, "itself", False, False)),
    ],
)
def test_to_which_turn_an_answer_belongs(rules, state, booked):
    STATES[state](rules)
    assert rules.answer() == booked


def test_an_answer_to_speech_without_words_is_speech(rules):
    rules.machine.utterances.speech_began()
    assert rules.answer() == (1, "speech", False, False)
    assert rules.machine.current.spoken


def test_a_result_of_an_earlier_turn_is_answered_there_whatever_was_cut(rules):
    STATES["beside"](rules)
    rules.machine.completed(failed=None)
    rules.machine.typed()
    rules.answer()
    rules.machine.completed(failed=None)
    rules.machine.calls.told("c")
    rules.now = 1.0
    assert rules.answer() == (1, "result", False, False)


def test_where_a_question_and_a_result_wait_the_question_is_answered_and_it_is_not_sure(rules):
    STATES["beside"](rules)
    rules.machine.completed(failed=None)
    rules.machine.typed()
    rules.machine.calls.told("c")
    assert rules.answer() == (2, "question", True, False)


def test_what_comes_beside_a_tool_goes_on_with_the_answer(rules):
    STATES["beside"](rules)
    rules.machine.completed()
    assert rules.answer() == (1, "goes_on", False, False)


@pytest.mark.parametrize(
    ("expected", "late"),
    [
        (lambda _rules: None, True),
        (lambda rules: rules.machine.typed(), False),
        (lambda rules: rules.machine.utterances.speech_began(), False),
        (lambda rules: rules.machine.calls.told("c"), False),
    ],
)
def test_words_without_sound_are_late_where_nothing_else_is_due(rules, expected, late):
    STATES["beside"](rules)
    rules.machine.calls.deferred("c")
    rules.machine.completed()
    expected(rules)
    last = rules.machine.all[0]
    found = rules.machine.bookings.late_words(unfinished=lambda: False)
    assert found is (last if late else None)
    assert rules.machine.bookings.late_words(unfinished=lambda: True) is last


def test_words_of_a_question_that_was_taken_back_are_not_the_end_of_the_answer_before(rules):
    STATES["done"](rules)
    rules.machine.typed()
    rules.machine.cut()
    assert rules.machine.bookings.late_words(unfinished=lambda: False) is None


def test_what_the_model_stopped_is_no_more_once_another_answer_has_begun(rules):
    STATES["answering"](rules)
    rules.machine.stopped()
    rules.machine.typed()
    turn = rules.machine.withheld(None)
    assert rules.machine.bookings.late_words(unfinished=lambda: False) is turn


def _speaks(rules):
    rules.machine.utterances.speech_began()
    rules.machine.utterances.words(final=False)


def test_speech_over_a_call_that_the_model_waits_for_is_answered_after_it(rules):
    rules.machine.calls.completes_calls = True
    STATES["running"](rules)
    rules.machine.completed()
    _speaks(rules)
    assert rules.answer() == (1, "goes_on", False, False)
    assert (rules.ended, rules.machine.next.index) == ([], 2)


def test_speech_over_a_result_is_answered_after_the_reaction_to_that(rules):
    STATES["beside"](rules)
    rules.machine.completed()
    rules.machine.calls.told("c")
    _speaks(rules)
    assert rules.answer() == (1, "result", False, False)
    assert (rules.ended, rules.machine.next.index) == ([], 2)


def test_speech_while_the_open_turn_only_waits_is_the_question(rules):
    STATES["beside"](rules)
    rules.machine.completed()
    _speaks(rules)
    assert rules.answer() == (2, "question", False, False)
    assert rules.ended == [(1, "complete", "went_on")]
