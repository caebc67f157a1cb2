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
