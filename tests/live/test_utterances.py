"""Which turn words of the user's belong to."""

from __future__ import annotations

import pytest
from turn_rules import STATES

from adk_nb.live.turn_state import Phase


def test_words_are_of_the_oldest_utterance_that_lacks_them_or_of_the_one_they_continue(rules):
    for _ in range(2):  # Both were answered before their words came.
        rules.machine.utterances.speech_began()
        rules.machine.utterances.words(final=False)
        rules.answer()
        rules.machine.completed(failed=None)
    assert [turn.final for turn in rules.machine.all] == [False, False]
    second = rules.machine.utterances.words(final=True, matches=lambda turn: turn.index == 2)
    assert second.index == 2
    first = rules.machine.utterances.words(final=True, matches=lambda _: False)
    assert first.index == 1


@pytest.mark.parametrize(
    ("state", "index"),
    [
        ("idle", 1), ("saying", 1), ("unworded", 1), ("spoken", 1), ("typed", 2), ("answering", 2),
        ("running", 2), ("done", 2),
    ],
)  # fmt: skip
def test_to_which_turn_speech_belongs(rules, state, index):
    STATES[state](rules)
    assert rules.machine.utterances.speech_index == index


def test_speech_that_is_said_again_is_of_its_turn_while_the_service_is_busy(rules):
    STATES["spoken"](rules)
    turn, _ = rules.machine.completed(busy=True)
    rules.machine.utterances.unsaid(turn)
    assert rules.machine.utterances.speech_index == 1


def test_words_that_are_not_final_leave_the_user_speaking(rules):
    assert rules.machine.utterances.words(final=False).phase is Phase.SAYING
    turn = rules.machine.utterances.words(final=True)
    assert (turn.phase, turn.typed, turn.spoken) == (Phase.ASKED, False, True)
    rules.machine.utterances.unsaid(turn)
    assert (turn.phase, turn.worded, turn.final) == (Phase.SAYING, False, False)
