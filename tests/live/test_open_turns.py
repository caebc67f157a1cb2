"""How turns begin, wait and give way to the next."""

from __future__ import annotations

import pytest
from turn_rules import STATES

from adk_nb.live.turn_state import CallState, Phase
from adk_nb.log.turn import Status


@pytest.mark.parametrize("state", ["saying", "typed", "answering", "running", "told"])
def test_a_text_that_waits_is_asked_when_the_open_turn_has_ended(rules, state):
    STATES[state](rules)
    turn = rules.machine.typed(wait=True)
    assert (turn.phase, rules.machine.waits, rules.asked) == (Phase.WAITING, True, [])
    rules.machine.failed("broken")
    assert (rules.open, rules.machine.waits, rules.asked) == ((2, "asked"), False, [2])
    assert rules.ended == [(1, "failed", "broken")]


def test_a_text_that_would_wait_for_nothing_is_asked_at_once(rules):
    rules.machine.typed(wait=True)
    assert (rules.open, rules.machine.waits) == ((1, "asked"), False)


def test_a_turn_that_is_made_is_not_open_and_its_question_does_not_stand(rules):
    turns = rules.machine
    turns.speaking = True
    made = turns.make(Phase.SAYING, spoken=True)
    assert (turns.current, turns.all, rules.began, turns.speaking) == (None, [made], [1], True)
    assert (made.spoken, made.worded, made.final) == (True, False, False)
    opened = turns.open(Phase.ASKED)
    assert (turns.current, rules.began, turns.speaking) == (opened, [1, 2], False)
    assert (opened.spoken, opened.worded, opened.final) == (False, True, True)


def test_a_turn_gives_way_to_the_one_that_the_user_begins_to_say(rules):
    turns = rules.machine
    first = turns.open(Phase.ASKED)
    second = turns.next = turns.make(Phase.SAYING, spoken=True)
    turns.end(first, Status.COMPLETE)
    assert (turns.current, turns.next) == (second, None)
    third = turns.next = turns.make(Phase.SAYING, spoken=True)
    turns.end(third, Status.UNANSWERED, "why")
    assert (turns.current, turns.next) == (second, None)
    assert rules.ended == [(1, "complete", None), (3, "unanswered", "why")]


@pytest.mark.parametrize(
    ("status", "cut"),
    [
        (Status.COMPLETE, False), (Status.FAILED, False), (Status.ABANDONED, False),
        (Status.UNANSWERED, True), (Status.INTERRUPTED, True),
    ],
)  # fmt: skip
def test_what_still_comes_of_a_turn_that_was_cut_off_is_dropped(rules, status, cut):
    turn = rules.machine.open(Phase.ASKED)
    turn.busy = True
    rules.machine.end(turn, status)
    assert (turn.phase, turn.status, turn.cut, turn.busy) == (Phase.ENDED, status, cut, False)
    assert (rules.machine.newest_cut is turn) is (status is Status.INTERRUPTED)


def test_a_text_that_waited_is_asked_where_no_turn_is_open_any_more(rules):
    turns = rules.machine
    first = turns.open(Phase.ASKED)
    waiting = turns.queue()
    second = turns.next = turns.make(Phase.SAYING, spoken=True)
    turns.end(first, Status.COMPLETE)
    assert (turns.current, turns.waits, rules.asked) == (second, True, [])
    turns.speaking = True
    turns.end(second, Status.COMPLETE)
    assert (turns.current, turns.waits, rules.asked) == (waiting, False, [2])
    assert (waiting.phase, turns.speaking) == (Phase.ASKED, False)


def test_a_call_is_the_newest_of_its_id(rules):
    turns = [rules.machine.make(Phase.ENDED) for _ in range(3)]
    calls = [CallState("c", blocks=True) for _ in range(2)]
    for turn, call in zip(turns, calls, strict=False):
        turn.calls["c"] = call
    assert rules.machine.call("c") == (turns[1], calls[1])
    assert rules.machine.call("d") == (None, None)


def test_a_turn_that_was_cut_off_is_told_no_results_and_expects_no_reaction(rules):
    turns = rules.machine
    turn = turns.open(Phase.ASKED)
    for name, blocks in (("waited", True), ("beside", False), ("crossed", False)):
        turn.calls[name] = CallState(name, blocks)
        turns.told.add(turn, turn.calls[name])
    turn.calls["crossed"].crossed = True
    turns.interrupt(turn)
    assert rules.calls == {"waited": "cancelled", "beside": "told", "crossed": "settled"}
    assert rules.ended == [(1, "interrupted", None)]


def test_only_the_open_turn_settles_and_only_where_it_is_answered_and_owes_nothing(rules):
    turns = rules.machine
    turn = turns.open(Phase.ASKED)
    turns.settle(turn)
    turn.answered, turn.busy = True, True
    turns.settle(turn)
    turn.busy, turns.answer.speaks, turns.answer.turn = False, True, turn
    turns.settle(turn)
    turns.answer.speaks, turns.current = False, None
    turns.settle(turn)
    assert rules.ended == []
    turns.current = turn
    turns.settle(turn, "why")
    assert rules.ended == [(1, "complete", "why")]


def test_before_the_first_turn_nobody_speaks(rules):
    turns = rules.machine
    assert (turns.current, turns.next, turns.newest_cut, turns.all) == (None, None, None, [])
    assert (turns.index, turns.speaking, turns.waits) == (1, False, False)


def test_the_number_of_the_open_turn_or_of_the_one_to_come(rules):
    turns = rules.machine
    turn = turns.open(Phase.ASKED)
    turns.queue()
    assert turns.index == 1
    turns.end(turn, Status.COMPLETE)
    turns.end(turns.current, Status.COMPLETE)
    assert turns.index == 3


def test_a_turn_that_is_not_open_ends_without_a_change_of_the_open_one(rules):
    turns = rules.machine
    earlier = turns.make(Phase.CALLING)
    first = turns.open(Phase.ASKED)
    second = turns.next = turns.make(Phase.SAYING, spoken=True)
    turns.end(earlier, Status.FAILED)
    assert (turns.current, turns.next) == (first, second)
