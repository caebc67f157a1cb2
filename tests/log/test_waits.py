import pytest

from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog
from adk_nb.log.tool_call import ToolCall
from adk_nb.log.turn import Turn
from adk_nb.log.turns_from_log import logged_calls
from adk_nb.log.waits import end_of, length_s, start_of, within, without


def test_stretches_that_overlap_count_once():
    assert length_s([]) == 0
    assert length_s([(3, 4), (0, 2), (1, 2.5)]) == 3.5
    assert within([(0, 2), (3, 9), (10, 11)], 1, 4) == [(1, 2), (3, 4)]
    assert without((0, 10), [(2, 3), (2.5, 5), (9, 12)]) == [(0, 2), (5, 9)]
    assert without((0, 10), [(0, 10)]) == []


@pytest.mark.parametrize(
    ("start", "waits", "end"),
    [
        (10, [], 12),
        (10, [(10.5, 11), (11.5, 12.5)], 13.5),  # It waits in between,
        (10, [(8, 10)], 12),  # before it begins,
        (10, [(12, 14)], 12),  # or when it is done.
    ],
)
def test_work_stops_for_the_waits(start, waits, end):
    assert end_of(start, 2, waits) == end
    assert start_of(end, 2, waits) == start


def test_work_that_waits_at_once_begins_for_the_frames_after_that():
    assert end_of(10, 2, [(10, 11.5)]) == 13.5
    assert start_of(13.5, 2, [(10, 11.5)]) == 11.5


def test_what_a_tool_waited_for_its_user_is_no_work_and_nobodys_latency():
    pay = ToolCall("c", "pay", {}, ms=100.0, began_t=10.0, waits=[(10.0, 11.6)])
    one = Turn(1, "a", typed_t=10.0, audio_t=11.9, heard_t=12.0, answer_t=11.9, tool_calls=[pay])
    assert [round(ms) for ms in (pay.approval_ms, one.approval_ms, one.tool_ms)] == [
        1600, 1600, 100,
    ]  # fmt: skip
    assert [round(ms) for ms in (one.first_audio_ms, one.answer_ms, one.first_heard_ms)] == [
        300, 300, 400,
    ]  # fmt: skip
    other = ToolCall("d", "look", {}, ms=1000.0, began_t=10.5)
    one.tool_calls.append(other)
    assert round(one.tool_ms) == 1100  # The one works while the other waits.
    assert ToolCall("e", "roll", {}).approval_ms is None


def test_the_row_says_how_long_and_what_came_of_it():
    log = EventLog("s")
    turns = Turns(log, lambda _message: None)
    turns.user_typed("pay")
    turns.calls.tool_called("dice", "c", "pay", {})
    turns.calls.tool_asks("c", "Really?")
    turns.calls.tool_answered("c", approved=True)
    turns.calls.tool_returned("c", "pay", 1, None)
    (row,) = [row for row in log if row.kind == "approval"]
    assert (row.text, row.tool, row.tool_call_id, row.turn) == ("approved", "pay", "c", 1)
    call = turns.all[0].tool_calls[0]
    (again,) = logged_calls(log)
    assert call.approval_ms == again.approval_ms == row.ms
    assert call.ms == again.ms
    result = next(one for one in log if one.kind == "tool_result")
    assert abs(call.ms + call.approval_ms - (result.t - call.t) * 1000) < 1e-6


def test_a_question_that_is_open_when_the_tool_ends_was_withdrawn():
    log = EventLog("s")
    turns = Turns(log, lambda _message: None)
    turns.user_typed("pay")
    turns.calls.tool_called("dice", "c", "pay", {})
    turns.calls.tool_asks("c", "Really?")
    turns.calls.tool_returned("c", "pay", None, "cut off")
    turns.calls.tool_answered("c", approved=None)
    assert [row.text for row in log if row.kind == "approval"] == ["withdrawn"]
    assert turns.all[0].tool_calls[0].question is None
