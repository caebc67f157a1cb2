"""What a column's values become: arrays as pandas has them, of the column's dtype."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    import numpy.typing as npt

    from adk_nb.data.columns import Column, Items

    _Convert: TypeAlias = Callable[[list[Any], Any], Any]

_EXACT = 2**53
"""The largest integer up to which float64 is exact."""


def array(column: Column, logs: list[Items]) -> Any:
    """Returns one column of the items of all logs, as an array of its dtype."""
    try:
        parts = [column.values(items) for items in logs]
        values = parts[0] if len(parts) == 1 else list(chain.from_iterable(parts))
        dtype = pandas_dtype(column.dtype)
        name = dtype.name.partition("[")[0]
        convert = _CONVERT.get(name, _by_pandas)
        sparse = name in _SPARSE and values.count(None) > len(values) / 2
        return _spread(values, dtype, convert) if sparse else convert(values, dtype)
    except Exception as error:
        error.add_note(f"This was in the column {column.name!r} ({column.dtype}).")
        raise


def _spread(values: list[Any], dtype: Any, convert: _Convert) -> Any:
    """Converts the values that are not missing, and puts them in their places."""
    places = [place for place, value in enumerate(values) if value is not None]
    index = np.full(len(values), -1)
    index[places] = np.arange(len(places))
    known = convert([values[place] for place in places], dtype)
    return pd.api.extensions.take(known, index, allow_fill=True)


def _by_pandas(values: list[Any], dtype: Any) -> Any:
    # An array of objects is converted several times faster than a list of them.
    objects = np.fromiter(values, dtype="object", count=len(values))
    return pd.Series(objects, dtype=dtype).array


def _numbers(values: list[Any]) -> npt.NDArray[np.float64]:
    """Returns numbers, with NaN for None."""
    return np.fromiter(values, dtype="float64", count=len(values))


def _floats(values: list[Any], dtype: Any) -> Any:
    del dtype
    return _numbers(values)


def _integers(values: list[Any], dtype: Any) -> Any:
    try:
        numbers = _numbers(values)
    except (TypeError, ValueError):
        return _by_pandas(values, dtype)
    missing = np.isnan(numbers)
    numbers[missing] = 0
    if (np.abs(numbers) >= _EXACT).any():  # One more than it is rounded to it.
        return _by_pandas(values, dtype)
    whole = numbers.astype("int64")
    if (whole != numbers).any():
        return _by_pandas(values, dtype)
    return pd.arrays.IntegerArray(whole, missing)


def _moments(values: list[Any], dtype: Any) -> Any:
    """Converts seconds since the Unix epoch to timestamps."""
    try:
        seconds = _numbers(values)
    except (TypeError, ValueError):
        return _by_pandas(values, dtype)
    moments = np.full(len(values), np.datetime64("NaT", "us"))
    known = np.isfinite(seconds)
    moments[known] = np.rint(seconds[known] * 1e6).astype("datetime64[us]")
    return pd.Series(moments, dtype=dtype).array


def _categories(values: list[Any], dtype: Any) -> Any:
    """Converts to a categorical; adds categories that a later version may have written."""
    if dtype.categories is None:
        return _by_pandas(values, dtype)
    new = set(values).difference(dtype.categories, [None])
    categories = [*dtype.categories, *sorted(new)]
    codes = {None: -1} | {category: code for code, category in enumerate(categories)}
    found = np.fromiter(map(codes.__getitem__, values), dtype="int64", count=len(values))
    return pd.Categorical.from_codes(found, dtype=pd.CategoricalDtype(categories))


_CONVERT: dict[str, _Convert] = {
    "Int64": _integers,
    "float64": _floats,
    "datetime64": _moments,
    "category": _categories,
}
"""Converters for dtypes where pandas is slow or does something else."""
_SPARSE = {"string", "boolean", "Int64"}
"""Nullable dtypes that pandas is slow to fill."""


def joined(column: Column, parts: list[Any]) -> Any:
    """Returns several arrays of one column as one."""
    dtype = pandas_dtype(column.dtype)
    if isinstance(dtype, pd.CategoricalDtype):
        if dtype.categories is None:
            return _by_pandas(list(chain.from_iterable(parts)), dtype)
        new = {value for part in parts for value in part.categories}.difference(dtype.categories)
        categories = [*dtype.categories, *sorted(new)]
        parts = [part.set_categories(categories) for part in parts]
    series = [pd.Series(part, dtype=part.dtype, copy=False) for part in parts]
    return pd.concat(series, ignore_index=True).array
