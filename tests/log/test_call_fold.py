"""What rows of tool calls do: to the call, and to its turn."""

from __future__ import annotations

from adk_nb.log.event_log import EventLog
from adk_nb.log.turn_fold import TurnFold


def test_a_tool_may_have_several_results_and_those_of_no_call_are_nobodys(told):
    told("tool_result", tool_call_id="a", result=0)
    told("tool_call", tool="count", tool_call_id="a", agent="x")
    told("tool_result", tool_call_id="a", result=1, output="one")
    told("tool_result", tool_call_id="a", result=2)
    told("tool_call")  # It has no name, no arguments and no id.
    (first, second) = told.turn.tool_calls
    assert (first.result, first.ms, first.output) == (2, 1000.0, "one")
    assert (second.id, second.name, second.args, second.ms) == ("", "", None, None)
    assert told.turn.tools == "count, "
    assert (told.turn.tool_ms, told.turn.tool_sum_ms) == (None, None)  # The second still runs.


def test_how_long_a_tool_ran_is_what_its_row_says_else_the_time_between(folded):
    for call in ("a", "b"):
        folded("tool_call", tool="t", tool_call_id=call, args={"n": 1}, agent="x")
    folded("tool_result", tool_call_id="a", ms=500.0, error="It broke.")
    folded("tool_result", tool_call_id="b", output="o")
    folded("tool_result", tool_call_id="b", ms=9.0)
    told = [(c.ms, c.began_t, c.error, c.output, c.time > 0) for c in folded.fold.calls]
    assert told == [(500.0, 1.5, "It broke.", "", True), (2000.0, 1.0, None, "o", True)]
    assert folded.fold.call("b") is folded.fold.calls[1]
    assert folded.fold.call("c") is None


def test_a_tool_that_streams_runs_until_its_end_is_told(folded):
    folded("tool_call", tool="t", tool_call_id="c")
    folded("tool_result", tool_call_id="c", result=1, final=False)
    call = folded.fold.call("c")
    assert (call.streams, call.ms, call.began_t, call.result) == (True, None, None, 1)
    folded("tool_ended", tool_call_id="c", ms=500.0)
    assert (call.ms, call.began_t, call.result) == (500.0, 1.5, 1)
    folded("tool_ended", tool_call_id="c", ms=900.0)("tool_ended", tool_call_id="none")
    assert (call.ms, call.began_t, folded.pieces) == (500.0, 1.5, [])


def test_what_a_call_waited_for_its_user_is_no_part_of_how_long_it_ran(folded):
    folded("tool_call", tool="t", tool_call_id="c")
    folded("approval", tool_call_id="none", ms=700.0, text="approved")  # It is nobody's.
    folded("approval", tool_call_id="c", ms=500.0, text="approved")("approval", tool_call_id="c")
    folded("tool_result", tool_call_id="c", result=1)
    (call,) = folded.fold.calls
    assert (call.waits, call.answer) == ([(2.0, 2.5), (3.0, 3.0)], "")
    assert (call.ms, call.approval_ms, call.began_t) == (3500.0, 500.0, 0.0)


def test_what_a_tool_got_and_gave_is_copied():
    log, fold = EventLog("s"), TurnFold("s")
    fold.add(log.add("adk", "tool_call", turn=1, tool_call_id="c", args={"n": [1]}))
    fold.add(log.add("adk", "tool_result", turn=1, tool_call_id="c", result={"m": [2]}))
    call = fold.call("c")
    call.args["n"].append(3)
    call.result["m"].append(3)
    assert [row.args for row in log] == [{"n": [1]}, None]
    assert [row.result for row in log] == [None, {"m": [2]}]


def test_what_was_said_before_a_call_is_a_filler_and_only_the_first_counts(folded):
    folded("user_text", text="q")("tool_call", tool="t", tool_call_id="a")
    assert (folded.turn.filler_t, folded.turn.answer_t) == (None, None)
    folded("tool_result", tool_call_id="a")("agent_audio", audio_ms=1.0)
    folded("tool_call", tool="t", tool_call_id="b")
    assert (folded.turn.filler_t, folded.turn.answer_t) == (3.0, None)
    folded("tool_result", tool_call_id="b")("agent_audio", audio_ms=1.0)
    folded("tool_call", tool="t", tool_call_id="c")
    assert (folded.turn.filler_t, folded.turn.answer_t) == (3.0, None)


def test_a_call_has_what_its_row_says_and_its_place_among_all(folded):
    folded("tool_call", 1, agent="a", tool="t", tool_call_id="c", invocation_id="i")
    folded("tool_call", 2)
    first, second = folded.fold.calls
    assert (first.id, first.name, first.author, first.number) == ("c", "t", "a", 1)
    assert (first.t, first.invocation_id, first.turn.index) == (0.0, "i", 1)
    assert (second.id, second.name, second.author, second.number) == ("", "", "", 2)
    assert (second.t, second.invocation_id, second.turn.index) == (1.0, None, 2)
    assert [(piece.number, piece.author, piece.final) for piece in first.turn.pieces] == [
        (0, "a", True)
    ]


def test_rows_without_an_id_are_of_the_call_without_one(folded):
    folded("tool_call", tool="t", tool_call_id="c")("tool_call", tool="u")
    folded("approval", ms=500.0, text="approved")("tool_result", result=4, output="o")
    first, second = folded.fold.calls
    assert (first.waits, first.answer, first.result, first.ms) == ([], "", None, None)
    assert (second.waits, second.answer) == ([(2.0, 2.5)], "approved")
    assert (second.result, second.output, second.ms) == (4, "o", 1500.0)
    folded("tool_call")("tool_ended", ms=700.0)
    assert folded.fold.calls[2].ms == 700.0
