"""Which turn something belongs to, rule by rule: what each event does in each state."""

from __future__ import annotations

import pytest

from adk_nb.live.turn_machine import CallPhase, Phase, TurnMachine
from adk_nb.log.turn import Status


class Rules:
    """A machine, its clock, and what it reports."""

    def __init__(self):
        self.now, self.began, self.ended, self.asked = 0.0, [], [], []
        self.machine = TurnMachine(
            lambda turn: self.began.append(turn.index),
            lambda turn, reason: self.ended.append((turn.index, str(turn.status), reason)),
            lambda turn: self.asked.append(turn.index),
        )
        self.machine.clock = lambda: self.now
        self.machine.completes_calls = False

    def books(self, booking):
        return booking.turn.index, booking.by, booking.ambiguous, booking.dropped

    def answer(self):
        return self.books(self.machine.output_came())

    @property
    def open(self):
        """The turn that is open, by its phase."""
        turn = self.machine.current
        return None if turn is None else (turn.index, str(turn.phase))

    @property
    def calls(self):
        return {
            call.id: str(call.phase) for turn in self.machine.all for call in turn.calls.values()
        }


@pytest.fixture
def rules():
    return Rules()


# --- states: how they come about


def _idle(_rules):
    pass


def _saying(rules):
    rules.machine.speech_began()
    rules.machine.words(final=False)


def _unworded(rules):
    rules.machine.spoke_unheard()


def _spoken(rules):
    rules.machine.speech_began()
    rules.machine.words(final=True)


def _typed(rules):
    rules.machine.typed()


def _answering(rules):
    rules.machine.typed()
    rules.answer()


def _running(rules):
    rules.machine.typed()
    rules.machine.called("c", blocks=True)


def _beside(rules):
    """The model goes on beside a tool."""
    rules.machine.typed()
    rules.machine.called("c", blocks=False)
    rules.answer()


def _told(rules):
    _running(rules)
    rules.machine.returned("c")
    rules.machine.told("c")


def _done(rules):
    _answering(rules)
    rules.machine.completed(failed=None)


STATES = {
    "idle": _idle, "saying": _saying, "unworded": _unworded, "spoken": _spoken, "typed": _typed,
    "answering": _answering, "running": _running, "beside": _beside, "told": _told, "done": _done,
}  # fmt: skip


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
    assert (rules.ended, rules.machine.stop_expected) == (ended, stop_expected)


@pytest.mark.parametrize("state", ["typed", "spoken"])
def test_a_question_that_was_not_sent_is_taken_back_and_no_answer_of_it_expected(rules, state):
    STATES[state](rules)
    rules.machine.cut(sent=False)
    assert (rules.ended, rules.machine.stop_expected) == ([(1, "unanswered", None)], False)
    assert rules.answer() == (2, "itself", False, False)


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
    rules.machine.speech_began()
    assert rules.answer() == (1, "speech", False, False)
    assert rules.machine.current.spoken


def test_a_result_of_an_earlier_turn_is_answered_there_whatever_was_cut(rules):
    _beside(rules)
    rules.machine.completed(failed=None)
    rules.machine.typed()
    rules.answer()
    rules.machine.completed(failed=None)
    rules.machine.told("c")
    rules.now = 1.0
    assert rules.answer() == (1, "result", False, False)


def test_where_a_question_and_a_result_wait_the_question_is_answered_and_it_is_not_sure(rules):
    _beside(rules)
    rules.machine.completed(failed=None)
    rules.machine.typed()
    rules.machine.told("c")
    assert rules.answer() == (2, "question", True, False)


# --- calls


def test_a_call_goes_from_running_over_returned_and_told_to_settled(rules):
    _running(rules)
    call = rules.machine.call("c")[1]
    assert (call.phase, call.pending, rules.machine.current.owes) == (CallPhase.RUNNING, True, True)
    rules.machine.returned("c")
    assert (call.phase, call.pending, rules.machine.current.owes) == (
        CallPhase.RETURNED, True, True,
    )  # fmt: skip
    rules.machine.told("c")
    assert (call.phase, call.pending, rules.machine.current.owes) == (CallPhase.TOLD, False, True)
    rules.answer()
    assert (call.phase, rules.machine.current.owes) == (CallPhase.SETTLED, False)
    rules.machine.returned("c")
    assert call.phase is CallPhase.SETTLED  # It has returned before.


def test_what_is_told_of_calls_that_are_not_there_or_not_wanted_changes_nothing(rules):
    rules.machine.told("no such call")
    rules.machine.returned("no such call")
    rules.machine.deferred("no such call")
    assert rules.machine.cancelled(["no such call"]) is None
    _running(rules)
    rules.machine.cut()
    rules.machine.returned("c")
    rules.machine.told("c")
    assert rules.calls == {"c": "cancelled"}
    rules.machine.typed()
    assert rules.answer() == (2, "question", False, False)  # Not ambiguous: nothing was told.


def test_a_result_that_is_told_without_a_reaction_ends_a_turn_that_is_answered(rules):
    _beside(rules)
    rules.machine.completed(failed=None)
    assert rules.open == (1, "calling")
    rules.machine.told("c", reacts=False)
    assert (rules.calls, rules.ended) == ({"c": "settled"}, [(1, "complete", None)])


def test_a_result_without_a_reaction_ends_no_turn_that_has_no_answer_or_is_being_spoken(rules):
    _beside(rules)
    rules.machine.told("c", reacts=False)
    assert (rules.open, rules.ended) == ((1, "answering"), [])  # It is being spoken.
    rules.machine.completed(failed=None)
    assert rules.ended == [(1, "complete", None)]


def test_a_result_that_another_turn_waits_for_ends_not_the_open_one(rules):
    _beside(rules)
    rules.machine.completed(failed=None)
    rules.machine.typed()
    rules.ended.clear()
    rules.machine.told("c", reacts=False)
    assert (rules.open, rules.ended) == ((2, "asked"), [])


def test_a_tool_that_is_an_agent_has_calls_of_its_own_in_the_turn_of_its_own(rules):
    assert rules.machine.called_within("d") is None
    _running(rules)
    turn = rules.machine.called_within("d")
    assert (turn.index, turn.calls["d"].blocks, turn.calls["d"].awaited) == (1, True, False)
    rules.machine.returned("c")
    rules.machine.returned("d")
    assert rules.machine.called_within("e") is None


@pytest.mark.parametrize("state", ["idle", "typed", "running", "answering", "beside", "done"])
def test_a_connection_that_the_model_closes_completes_an_answer_without_running_tools(rules, state):
    STATES[state](rules)
    turn = rules.machine.current
    closed = rules.machine.closed()
    assert closed is (turn if state == "answering" else None)
    if state == "answering":
        assert (rules.ended, rules.machine.output) == ([(1, "complete", None)], None)


# --- words


def test_words_are_of_the_oldest_utterance_that_lacks_them_or_of_the_one_they_continue(rules):
    for _ in range(2):  # Both were answered before their words came.
        rules.machine.speech_began()
        rules.machine.words(final=False)
        rules.answer()
        rules.machine.completed(failed=None)
    assert [turn.final for turn in rules.machine.all] == [False, False]
    second = rules.machine.words(final=True, matches=lambda turn: turn.index == 2)
    assert second.index == 2
    first = rules.machine.words(final=True, matches=lambda _: False)
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
    assert rules.machine.speech_index == index


def test_speech_that_is_said_again_is_of_its_turn_while_the_service_is_busy(rules):
    _spoken(rules)
    turn, _ = rules.machine.completed(busy=True)
    rules.machine.unsaid(turn)
    assert rules.machine.speech_index == 1


def test_words_that_are_not_final_leave_the_user_speaking(rules):
    assert rules.machine.words(final=False).phase is Phase.SAYING
    turn = rules.machine.words(final=True)
    assert (turn.phase, turn.typed, turn.spoken) == (Phase.ASKED, False, True)
    rules.machine.unsaid(turn)
    assert (turn.phase, turn.worded, turn.final) == (Phase.SAYING, False, False)


def test_what_was_typed_is_typed_and_what_has_no_words_yet_is_neither(rules):
    assert rules.machine.typed().typed
    rules.machine.cut()
    rules.machine.spoke_unheard()
    assert not rules.machine.current.typed


# --- silence


def test_a_turn_that_the_model_was_silent_to_may_be_answered_late_and_only_so(rules):
    _told(rules)
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
    _typed(rules)
    rules.machine.silent()
    rules.machine.speech_began()
    assert rules.answer() == (2, "speech", False, False)


def test_all_that_waits_is_abandoned_with_the_session(rules):
    _answering(rules)
    for _ in range(2):
        rules.machine.typed(wait=True)
    rules.machine.abandoned("closed")
    assert rules.ended == [(n, "abandoned", "closed") for n in (1, 2, 3)]
    assert (rules.asked, rules.machine.current, rules.began) == ([], None, [1, 2, 3])
    assert {turn.status for turn in rules.machine.all} == {Status.ABANDONED}
