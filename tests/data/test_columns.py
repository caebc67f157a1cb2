"""Columns: what their values are, and which are chosen."""

from __future__ import annotations

import pytest

from adk_nb.data.arrays import array
from adk_nb.data.columns import Column, ColumnGroup, Items, chosen
from adk_nb.data.event_columns import EVENT_COLUMNS
from adk_nb.data.turn_columns import TURN_COLUMNS
from adk_nb.exceptions import AdkNbError


class Thing:
    def __init__(self, **values):
        vars(self).update(values)


def test_a_function_and_an_attribute_of_an_attribute():
    items = [Items([Thing(turn=Thing(index=3))])]
    assert array(Column("x", "Int64", "turn.index"), items)[0] == 3
    assert array(Column("x", "Int64", lambda one: one.turn.index * 2), items)[0] == 6
    assert array(Column("y", "Int64"), [Items([Thing(y=1)]), Items([Thing(y=2)])]).tolist() == [
        1,
        2,
    ]


def names(columns):
    return [column.name for column in columns]


def test_columns_are_chosen_by_name_group_and_object():
    own = Column("t", "float64", "own")
    assert names(chosen("t", EVENT_COLUMNS)) == ["t"]
    assert names(chosen(["t", ["kind", EVENT_COLUMNS[:1]]], EVENT_COLUMNS)) == [
        "t",
        "kind",
        "session_id",
    ]
    assert chosen(["kind", "t", own], EVENT_COLUMNS) == [chosen("kind", EVENT_COLUMNS)[0], own]


def test_a_column_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(AdkNbError, match="Did you mean 'agent_text'") as raised:
        chosen("agnt_text", TURN_COLUMNS)
    assert raised.value.code == "no_column"
    assert "user_text" in raised.value.remedy
    with pytest.raises(AdkNbError, match="A int is no column"):
        chosen([3], TURN_COLUMNS)


def test_groups_add_up_with_lists_on_either_side():
    one, two = Column("a", "string"), Column("b", "string")
    assert ColumnGroup((one,)) + [two] == ColumnGroup((one, two))  # noqa: RUF005
    assert [two] + ColumnGroup((one,)) == ColumnGroup((two, one))  # noqa: RUF005
