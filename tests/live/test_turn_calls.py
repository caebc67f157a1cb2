"""Calls of tools in turns: their questions, times and prints."""

from __future__ import annotations

import pytest

from adk_nb.wire import protocol

PCM = b"\0\x10" * 2400
"""100 ms at 24 kHz."""


# --- tools


def test_what_comes_before_the_event_of_a_call_waits_for_it(turns, sent):
    turn = turns.user_typed("roll")
    turns.calls.tool_asks("c", "Roll?")
    turns.calls.tool_deferred("c")
    assert not any(isinstance(m, protocol.Question) for m in sent)
    turns.calls.tool_called("dice", "c", "roll", {})
    assert [m.hint for m in sent if isinstance(m, protocol.Question)] == ["Roll?"]
    assert turn.status == "complete"  # It waits for nothing.
    now = []
    turns.calls.when_called("c", lambda: now.append(True))
    assert now == [True]


def test_a_call_within_a_tool_is_of_the_turn_of_that(turns, log):
    assert turns.calls.tool_called_within("coin", "d", "flip", {}) is None
    turns.user_typed("roll")
    turns.calls.tool_called("dice", "c", "roll", {})
    assert turns.calls.tool_called_within("coin", "d", "flip", {"n": 1}).index == 1
    row = log[-1]
    assert (row.kind, row.author, row.tool, row.args) == ("tool_call", "coin", "flip", {"n": 1})


def test_the_time_that_a_tool_ran_is_without_its_waiting(turns, log, sent, monkeypatch):
    turns.user_typed("roll")
    turns.calls.tool_called("dice", "c", "roll", {})
    now = 10.0
    monkeypatch.setattr(log, "now", lambda: now)
    monkeypatch.setattr(log, "to_t", lambda ms: ms / 1000)
    turns.calls.tool_asks("c", "Roll?")
    now = 13.0
    turns.calls.tool_asks("c", "Once more?")  # It has waited since the first.
    now = 14.0
    turns.calls.tool_answered("c", approved=True)
    assert [(row.t, row.ms) for row in log if row.kind == "approval"] == [(10.0, 4000.0)]
    turns.calls.tool_returned("c", "roll", 4, None, ran=(9.0, 15.5))
    assert (log[-1].t, log[-1].ms) == (15.5, 2500.0)
    assert [m.ms for m in sent if isinstance(m, protocol.ToolReturned)] == [2500.0]


def test_a_tool_that_ends_while_it_asks_withdraws_its_question(turns, sent):
    turns.user_typed("roll")
    turns.calls.tool_called("dice", "c", "roll", {})
    turns.calls.tool_asks("c", "Roll?")
    turns.calls.tool_returned("c", "roll", None, "no")
    assert [m.approved for m in sent if isinstance(m, protocol.Answer)] == [None]
    turns.calls.tool_returned("c", "roll", None, "no")
    assert len([m for m in sent if isinstance(m, protocol.Answer)]) == 1


def test_a_streaming_tools_time_is_known_at_its_end(turns, log, sent, monkeypatch):
    monkeypatch.setattr(log, "to_t", lambda ms: ms / 1000)
    turns.calls.tool_ended("c", (1.0, 2.5))
    assert len(log) == 0
    turns.user_typed("count")
    turns.calls.tool_called("dice", "c", "count", {})
    turns.calls.tool_returned("c", "count", 1, None, final=False)
    turns.calls.tool_ended("c", (1.0, 2.5))
    assert (log[-1].kind, log[-1].t, log[-1].ms) == ("tool_ended", 2.5, 1500.0)
    last = [m for m in sent if isinstance(m, protocol.ToolReturned)][-1]
    assert (last.turn, last.id, last.ms, last.result) == (1, "c", 1500.0, 1)


def test_of_what_a_tool_prints_the_pages_get_the_beginning(turns, sent):
    turns.calls.tool_printed("c", "of nobody", [])
    turns.user_typed("roll")
    turns.calls.tool_called("dice", "c", "roll", {})
    for _ in range(3):
        turns.calls.tool_printed("c", "x " * 4000, [])
    turns.calls.output_ends("c", cut=False)
    turns.calls.output_ends("c", cut=False)
    turns.calls.output_ends("of nobody", cut=False)
    texts = [m.text for m in sent if isinstance(m, protocol.ToolOutput)]
    assert sum(map(len, texts)) == protocol.MAX_OUTPUT
    assert len(turns.all[0].tool_calls[0].output) == 24_000


@pytest.mark.parametrize(("cut", "rest"), [(False, "sk-0"), (True, "")])
def test_what_may_be_the_beginning_of_a_key_is_shown_if_it_is_the_end(turns, cut, rest):
    turns.user_typed("roll")
    turns.calls.tool_called("dice", "c", "roll", {})
    turns.calls.tool_printed("c", "log sk-0", [])
    turns.calls.output_ends("c", cut=cut)
    assert turns.all[0].tool_calls[0].output == "log " + rest


# --- what is known of a call


def test_a_call_that_is_wanted_is_returned_with_its_turn(turns):
    turn = turns.user_typed("roll")
    assert turns.calls.tool_called("dice", "c", "roll", {}) is turn
    assert turns.calls.find("c") == (turn, turn.tool_calls[0])
    assert turns.calls.find("d") == (None, None)
    assert turns.calls.tool_returned("d", "roll", 4, None) == (None, None)
    assert turns.calls.tool_returned("c", "roll", 4, None) == (turn, turn.tool_calls[0])


@pytest.mark.parametrize(
    ("printed", "output", "kept"), [("one", "one two", "one"), ("", "one two", "one two")]
)
def test_of_what_a_call_printed_that_counts_which_was_shown(turns, log, printed, output, kept):
    turn = turns.user_typed("roll")
    turns.calls.tool_called("dice", "c", "roll", {})
    if printed:
        turns.calls.tool_printed("c", printed, [])
    turns.calls.tool_returned("c", "roll", 4, None, output=output)
    assert (turn.tool_calls[0].output, log[-1].output) == (kept, output)


@pytest.mark.parametrize("sign_in", [None, "", "https://in"])
def test_a_question_is_open_until_it_is_answered(turns, log, sign_in):
    turn = turns.user_typed("roll")
    turns.calls.tool_called("dice", "c", "roll", {})
    turns.calls.tool_asks("c", "Sure?", sign_in)
    (call,) = turn.tool_calls
    assert (call.question, call.sign_in) == ("Sure?", sign_in)
    turns.calls.tool_answered("c", approved=True)
    assert (call.question, call.sign_in) == (None, None)
    assert [row.text for row in log if row.kind == "sign_in"] == (
        [] if sign_in is None else ["Sure?", "The user answered."]
    )
    turns.calls.tool_answered("of nobody", approved=True)


def test_what_a_call_displays_is_kept_with_it(turns, sent):
    turn = turns.user_typed("plot")
    turns.calls.tool_called("dice", "c", "plot", {})
    for image in ("a.png", "b.png"):
        turns.calls.tool_printed("c", "", [image])
    assert turn.tool_calls[0].images == ["a.png", "b.png"]
    assert [m.image for m in sent if isinstance(m, protocol.ToolOutput)] == ["a.png", "b.png"]


def test_a_call_of_an_answer_that_was_cut_off_is_known_and_not_wanted(turns, log):
    turns.user_typed("roll")
    turns.agent_audio("dice", PCM, 24_000)
    turns.cut_in()
    assert turns.calls.tool_called("dice", "c", "roll", {}) is None
    assert (log[-1].kind, log[-1].turn) == ("tool_call", 1)
    assert not turns.calls.is_wanted("c")
    assert turns.calls.is_wanted("of nobody")


def test_a_result_without_a_reaction_ends_its_turn_at_once(turns, sent):
    turn = turns.user_typed("roll")
    turns.calls.tool_called("dice", "c", "roll", {}, blocks=False)
    turns.agent_audio("dice", PCM, 24_000)
    assert turns.completed() == (turn, False)
    turns.calls.tool_told("c", reacts=False)
    assert turn.status == "complete"
    assert [m.state for m in sent if isinstance(m, protocol.TurnState)] == ["started", "complete"]
