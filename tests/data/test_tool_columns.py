"""The columns of tool calls: what is read of the call, and what of its turn."""

from __future__ import annotations

from adk_nb.data.columns import Items
from adk_nb.data.tool_columns import TOOL_COLUMNS, TOOL_MORE
from adk_nb.log.tool_call import ToolCall
from adk_nb.log.turn import Turn


def values(call):
    columns = TOOL_COLUMNS + TOOL_MORE
    return {column.name: column.values(Items([call]))[0] for column in columns}


def call_of(turn, **fields):
    call = ToolCall("c1", "roll", {"sides": 6}, author="dice", number=4, **fields)
    call.turn = turn
    return call


def test_a_call_has_what_is_its_turns_too():
    turn = Turn(3, "dice")
    turn.user_text, turn.model, turn.variant = "Roll.", "scripted", "dice"
    found = values(call_of(turn, output="rolled\n", result=5))
    assert (found["turn"], found["call"], found["tool_call_id"]) == (3, 4, "c1")
    assert (found["agent"], found["tool"], found["args"]) == ("dice", "roll", {"sides": 6})
    assert (found["result"], found["output"]) == (5, "rolled\n")
    assert (found["user_text"], found["model"], found["variant"]) == ("Roll.", "scripted", "dice")


def test_what_is_not_known_is_missing_and_no_empty_text():
    turn = Turn(3, "dice")
    turn.model = turn.variant = ""
    found = values(call_of(turn))
    assert [found[name] for name in ("model", "variant", "output", "result", "ms")] == [None] * 5
