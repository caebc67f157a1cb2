"""The results that the model was told, until it has reacted."""

from __future__ import annotations

import pytest

from adk_nb.live.told_results import ToldResults
from adk_nb.live.turn_state import CallPhase, CallState, Phase, TurnState


class Told:
    """Results that the model was told at 10 s, by their names."""

    def __init__(self, **blocks):
        self.now = 10.0
        self.results = ToldResults()
        self.results.clock = lambda: self.now
        self.calls, self.turns = {}, {}
        for index, name in enumerate(blocks, start=1):
            call = self.calls[name] = CallState(name, blocks[name])
            turn = self.turns[name] = TurnState(index, Phase.CALLING, calls={name: call})
            self.results.add(turn, call)

    @property
    def due(self):
        return self.results.due and self.results.due[1].id

    def phases(self):
        return [str(call.phase) for call in self.calls.values()]

    def answered(self, name, *, begins=True):
        self.results.answered_by(self.turns[name], begins=begins)
        return str(self.calls[name].phase), self.calls[name].crossed


def test_the_oldest_result_is_due_unless_it_may_have_been_answered():
    told = Told(a=False, b=False)
    assert (bool(told.results), told.due) == (True, "a")
    told.calls["a"].crossed = True
    assert told.due == "b"
    told.calls["b"].crossed = True
    assert told.due == "a"
    for call in told.calls.values():
        told.results.forget(call)
    assert (bool(told.results), told.results.due) == (False, None)


def test_a_result_that_is_told_again_is_due_once_and_anew():
    told = Told(a=False)
    told.calls["a"].crossed, told.now = True, 15.0
    told.results.add(told.turns["a"], told.calls["a"])
    assert (told.calls["a"].crossed, told.calls["a"].told_at) == (False, 15.0)
    told.results.leave(told.turns["a"])
    assert not told.results


@pytest.mark.parametrize(
    ("blocks", "begins", "after_s", "answered"),
    [
        (True, True, 0.0, ("settled", False)),
        (True, False, 0.0, ("settled", False)),
        (False, True, 0.31, ("settled", False)),
        (False, True, 0.29, ("told", True)),
        (False, False, 9.0, ("told", False)),
    ],
)
def test_what_is_a_reaction_to_a_result(blocks, begins, after_s, answered):
    told = Told(a=blocks, b=True)
    told.now += after_s
    assert told.answered("a", begins=begins) == answered
    assert told.calls["b"].phase is CallPhase.TOLD  # It is another turn's.


def test_whether_the_model_may_have_reacted_to_what_it_need_not_react_to():
    told = Told(a=True)
    assert (told.results.unreacted, told.results.may_have_reacted) == (False, True)
    told = Told(a=True, b=False)
    assert (told.results.unreacted, told.results.may_have_reacted) == (True, False)
    told.answered("b")
    assert (told.results.unreacted, told.results.may_have_reacted) == (True, True)


def test_whether_one_turn_may_have_answered_all():
    assert not ToldResults().only_crossed_by(TurnState(1, Phase.ENDED))
    told = Told(a=False, b=False)
    told.answered("a")
    assert not told.results.only_crossed_by(told.turns["a"])
    told.results.forget(told.calls["b"])
    assert told.results.only_crossed_by(told.turns["a"])
    assert not told.results.only_crossed_by(told.turns["b"])


def test_which_results_are_forgotten():
    told = Told(a=True, b=False)
    told.results.forget_of(told.turns["a"], blocking=False)
    told.results.forget_of(told.turns["b"], blocking=True)
    told.results.forget_crossed(told.turns["b"])
    told.results.forget_ended()
    assert told.phases() == ["told", "told"]
    told.results.forget_of(told.turns["a"], blocking=True)
    assert (told.phases(), told.due) == (["settled", "told"], "b")
    told.answered("b")
    told.results.forget_crossed(told.turns["b"])
    assert (told.phases(), told.due) == (["settled", "settled"], None)


def test_a_lost_connection_and_a_long_silence_leave_no_result_to_react_to():
    told = Told(a=True, b=False, c=False)
    told.turns["b"].phase = Phase.ENDED
    told.results.forget_ended()
    assert told.phases() == ["told", "settled", "told"]
    assert told.results.forget_unreacted() == [told.turns["c"]]
    assert (told.phases(), told.due) == (["told", "settled", "settled"], "a")


def test_only_calls_that_the_model_waits_for_are_cancelled():
    told = Told(a=True, b=False)
    told.results.cancel_blocking(told.turns["a"])
    told.results.cancel_blocking(told.turns["b"])
    assert (told.phases(), told.due) == (["cancelled", "told"], "b")
    told.calls["a"].phase = CallPhase.SETTLED
    told.results.cancel_blocking(told.turns["a"])
    assert told.phases() == ["settled", "told"]
