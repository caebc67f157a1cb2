"""Which turn an answer belongs to, in each state."""

from __future__ import annotations

import pytest
from turn_rules import STATES, told_after_the_end


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


@pytest.mark.parametrize(
    ("asks", "over_s", "asked_s", "late"),
    [
        (False, 1.9, 0.0, True),
        (False, 2.1, 0.0, False),
        (True, 1.5, 0.2, True),
        (True, 0.2, 0.4, False),
        (True, 2.0, 0.2, False),
    ],
)
def test_words_are_late_for_so_long_after_an_answer_and_after_the_next_question(
    rules, asks, over_s, asked_s, late
):
    rules.now = 10.0
    STATES["done"](rules)
    last = rules.machine.all[0]
    rules.now += over_s
    if asks:
        rules.machine.typed()
    rules.now += asked_s
    found = rules.machine.bookings.late_words(unfinished=lambda: True)
    assert found is (last if late else None)


@pytest.mark.parametrize(("asks", "apart"), [(False, 1.5), (True, 0.25)])
def test_words_that_come_late_are_followed_by_more_of_them(rules, asks, apart):
    STATES["done"](rules)
    if asks:
        rules.machine.typed()
    for _ in range(5):
        rules.now += apart
        found = rules.machine.bookings.late_words(unfinished=lambda: True)
        assert found is rules.machine.all[0]


def test_the_time_for_late_words_begins_with_the_completion_of_an_answer_to_an_ended_turn(rules):
    told_after_the_end(rules)
    rules.now = 10.0
    rules.answer()
    rules.now = 20.0
    rules.machine.completed()
    rules.now = 21.0
    found = rules.machine.bookings.late_words(unfinished=lambda: False)
    assert found is rules.machine.all[0]


def test_speech_is_not_answered_before_it_is_over(rules):
    STATES["done"](rules)
    _speaks(rules)
    rules.now = 1.0
    assert rules.machine.bookings.late_words(unfinished=lambda: True) is rules.machine.all[0]


def test_late_words_that_are_given_again_are_of_the_same_answer(rules):
    STATES["done"](rules)
    rules.now = 5.0
    rules.machine.utterances.speech_began()
    late = rules.machine.bookings.late_words
    assert late(unfinished=lambda: False, again=True) is rules.machine.all[0]
    assert late(unfinished=lambda: False) is None


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
