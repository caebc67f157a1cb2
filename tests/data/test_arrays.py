"""The arrays that the values of a column become."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from adk_nb.data.arrays import array, joined
from adk_nb.data.columns import Column, Items


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


def test_parts_of_a_column_are_joined_and_their_categories_with_them():
    column = Column("x", pd.CategoricalDtype(["a", "b"]))
    parts = [made(column.dtype, values) for values in (["b"], ["new", None])]
    found = joined(column, parts)
    assert list(found.categories) == ["a", "b", "new"]
    assert found.codes.tolist() == [1, 2, -1]
    whole = joined(Column("x", "Int64"), [made("Int64", values) for values in ([1], [None, 3])])
    assert whole.tolist() == [1, pd.NA, 3]
    free = Column("x", "category")
    assert list(joined(free, [made("category", ["x"]), made("category", ["y"])])) == ["x", "y"]
