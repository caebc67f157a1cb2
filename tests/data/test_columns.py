"""Columns: which are chosen, and what arrays they make."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from adk_nb.data.columns import (
    EVENT_COLUMNS,
    EVENT_MORE,
    TURN_COLUMNS,
    Column,
    ColumnGroup,
    Events,
    Items,
    array,
    chosen,
)
from adk_nb.exceptions import AdkNbError
from adk_nb.log.event_log import EventLog, LogRow


class Thing:
    def __init__(self, **values):
        vars(self).update(values)


def made(dtype, values, value="x"):
    """The array that a column makes of things with these values."""
    return array(Column("x", dtype, value), [Items([Thing(x=value) for value in values])])


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("string", ["a", None, "b"]),
        ("boolean", [True, None, False]),
        ("Int64", [1, None, 3]),
        ("Int64", [2**62, None]),
        ("float64", [1.5, None]),
        ("object", [{"a": 1}, None, [2]]),
        ("bool", [True, False]),
    ],
)
@pytest.mark.parametrize("missing", [0, 5])
def test_values_come_back_with_what_is_missing(dtype, values, missing):
    if dtype != "bool":
        values = [*values, *[None] * missing]
    found = pd.Series(made(dtype, values))
    assert [None if v is None or v is pd.NA or v != v else v for v in found] == values  # noqa: PLR0124
    assert str(found.dtype).startswith(dtype.split("[")[0])


def test_numbers_that_are_not_whole_are_refused_with_the_columns_name():
    with pytest.raises((TypeError, ValueError)) as raised:
        made("Int64", [1.5])
    assert raised.value.__notes__ == ["This was in the column 'x' (Int64)."]


def test_moments_are_seconds_or_dates():
    dtype = "datetime64[us, UTC]"
    seconds = pd.Series(made(dtype, [0.0, 1.5, None, float("nan")]))
    assert seconds.isna().tolist() == [False, False, True, True]
    assert seconds[1] == pd.Timestamp(1.5, unit="s", tz="UTC")
    dates = pd.Series(made(dtype, [pd.Timestamp("2026-01-02", tz="UTC"), None]))
    assert dates[0] == pd.Timestamp("2026-01-02", tz="UTC")


def test_a_category_makes_room_for_what_a_later_version_wrote():
    dtype = pd.CategoricalDtype(["a", "b"])
    found = made(dtype, ["b", None, "new", "a"])
    assert list(found.categories) == ["a", "b", "new"]
    assert [one if isinstance(one, str) else None for one in found] == ["b", None, "new", "a"]
    assert list(made("category", ["x", "y", "x"])) == ["x", "y", "x"]


def test_a_function_and_an_attribute_of_an_attribute():
    items = [Items([Thing(turn=Thing(index=3))])]
    assert array(Column("x", "Int64", "turn.index"), items)[0] == 3
    assert array(Column("x", "Int64", lambda one: one.turn.index * 2), items)[0] == 6
    assert array(Column("y", "Int64"), [Items([Thing(y=1)]), Items([Thing(y=2)])]).tolist() == [
        1,
        2,
    ]


def test_each_attribute_of_a_row_is_read_alike_one_by_one_and_at_once():
    log = EventLog("s1")
    log.add("adk", "tool_call", turn=2, tool="f", args={"a": 1})
    log.add("bridge", "connected", model="m")
    events = Events(log)
    assert events.attribute("session_id") == ["s1", "s1"]
    for name in Events._READ:
        plain = [getattr(row, name) for row in log]
        wanted = [value or None for value in plain] if name == "turn" else plain
        assert events.attribute(name) == wanted, name
    assert events.attribute("model") == [None, "m"]


def test_every_attribute_of_a_row_is_a_column():
    offered = {column.name for column in EVENT_COLUMNS + EVENT_MORE}
    assert offered - {"session_id", "run_id", "tags"} == set(LogRow.__dataclass_fields__)


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


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=30))
def test_integers_of_any_size_come_back(values):
    found = [None if value is pd.NA else int(value) for value in made("Int64", values)]
    assert found == values


def test_whole_numbers_are_made_of_what_pandas_can_read_as_such():
    array = made("Int64", ["1", None, "30"])
    assert array.tolist() == [1, pd.NA, 30]
    with pytest.raises((TypeError, ValueError)) as raised:
        made("Int64", ["one"])
    assert raised.value.__notes__ == ["This was in the column 'x' (Int64)."]
