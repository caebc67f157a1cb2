"""What a call of a tool says of itself."""

from __future__ import annotations

import pytest

from adk_nb.log.tool_call import ANSWERS, ToolCall


def test_a_call_that_has_just_been_made():
    call = ToolCall("c", "roll", {"n": 1})
    assert call.turn is None
    assert not call.returned
    assert (call.approval_ms, call.long_running, call.streams, call.answer) == (
        None, False, False, "",
    )  # fmt: skip
    assert call != ToolCall("c", "roll", {"n": 1})  # Ids may come again.
    assert repr(call) == (
        "ToolCall(id='c', name='roll', args={'n': 1}, author='', result=None, error=None, ms=None,"
        " output='', streams=False, long_running=False, question=None, answer='')"
    )


@pytest.mark.parametrize(
    ("values", "returned"),
    [({"ms": 0.0}, True), ({"streams": True}, True), ({"error": "x"}, False)],
)
def test_a_call_has_returned_when_its_time_is_known_or_it_streams(values, returned):
    assert ToolCall("c", "roll", {}, **values).returned is returned


@pytest.mark.parametrize(
    ("waits", "ms"), [([(1.0, 1.5)], 500.0), ([(1.0, 2.0), (1.5, 3.0), (4.0, 4.25)], 2250.0)]
)
def test_how_long_a_call_has_waited_for_its_user(waits, ms):
    assert ToolCall("c", "roll", {}, waits=waits).approval_ms == ms


def test_what_an_answer_is_called():
    assert ANSWERS == {True: "approved", False: "rejected", None: "withdrawn"}
