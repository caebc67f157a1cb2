"""What the model is saying, and what is still to come of it."""

from __future__ import annotations

import pytest

from adk_nb.live.ongoing_answer import OngoingAnswer
from adk_nb.live.turn_state import Phase, TurnState


@pytest.fixture
def turn():
    return TurnState(1, Phase.ANSWERING)


def test_an_answer_goes_on_between_a_call_and_its_result_and_is_not_spoken(turn):
    answer = OngoingAnswer()
    answer.begins(turn)
    assert (answer.turn, answer.last, answer.spoken) == (turn, turn, None)
    answer.speaks = True
    assert answer.spoken is turn


@pytest.mark.parametrize("speaks", [False, True])
def test_what_is_not_spoken_ends_with_its_turn_and_at_a_new_question(turn, speaks):
    for end in (lambda answer: answer.turn_ended(turn), OngoingAnswer.question_stands):
        answer = OngoingAnswer(turn, speaks, turn, unwanted=turn)
        end(answer)
        assert (answer.turn, answer.last) == (turn if speaks else None, turn)
    assert answer.unwanted is None


def test_the_end_of_another_turn_ends_no_answer(turn):
    answer = OngoingAnswer(turn)
    answer.turn_ended(TurnState(2, Phase.ENDED))
    assert answer.turn is turn


def test_the_rest_of_an_answer_that_was_cut_off_is_dropped_until_it_is_not_coming(turn):
    answer = OngoingAnswer(turn)
    answer.dropped()
    assert (answer.turn, answer.dropping, answer.stop_expected) == (turn, False, False)
    turn.cut = True
    assert (answer.dropping, answer.stop_expected) == (True, True)
    answer.dropped()
    assert (answer.turn, answer.dropping, answer.stop_expected) == (None, False, False)
    answer.unwanted = turn
    assert (answer.dropping, answer.stop_expected) == (False, True)


def test_nothing_comes_over_a_connection_that_is_lost(turn):
    answer = OngoingAnswer(turn, unwanted=turn, just_stopped=True, completion_due=True)
    answer.connection_lost()
    assert (answer.turn, answer.unwanted) == (None, None)
    assert (answer.just_stopped, answer.completion_due) == (False, False)
