"""What a column of a frame is, and how columns are chosen.

A column is a name, a dtype, and an attribute or a function of the frame's items (a frame has a row
for each item). Groups of columns can be added to each other and to lists of columns.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from adk_nb.exceptions import AdkNbError
from adk_nb.plain import to_json

if TYPE_CHECKING:
    from typing import TypeAlias

    from pandas.api.extensions import ExtensionDtype

    from adk_nb.log.turns_from_log import Log


@dataclass(frozen=True)
class Column:
    """One column of a frame.

    Attributes:
        name: Its name.
        dtype: Its dtype, as pandas takes it: `"string"`, `"Int64"`, `"float64"`, `"boolean"`,
            `"bool"`, `"object"`, `"category"`, `"datetime64[us, UTC]"` (of seconds since the Unix
            epoch, or of datetimes) or any other.
        value: A function of an item, or the name of one of its attributes; by default the column's
            own name. The items are copies of `LogRow`s (`events_df`), `Turn`s (`turns_df`),
            `ToolCall`s (`tools_df`) or `Utterance`s (`transcript_df`).
    """

    name: str
    dtype: str | ExtensionDtype
    value: str | Callable[[Any], Any] = ""

    def values(self, items: Items) -> list[Any]:
        """Returns the column's values for the items of one log, in their order."""
        if callable(self.value):
            return [self.value(item) for item in (items.all if is_ours(self) else items.lent)]
        return items.attribute(self.value or self.name)


class Items:
    """The items of one log that a frame has rows for.

    Attributes:
        all: The items.
    """

    def __init__(self, found: Iterable[Any], log: Log | None = None) -> None:
        self.all = list(found)
        self._tags = log.tags if log is not None else {}

    @property
    def lent(self) -> list[Any]:
        """The items for functions of somebody else's, which may change what they get."""
        return self.all

    def attribute(self, name: str) -> list[Any]:
        """Returns an attribute of each item, nested as in `turn.index`, or the session's tags."""
        if name == "tags":
            return [dict(self._tags) for _ in self.all]
        return list(map(attrgetter(name), self.all))

    def release(self) -> None:
        """Takes the items apart where nobody has them any more, so that they are freed at once."""


class ColumnGroup(tuple[Column, ...]):
    """A tuple of columns; `+` joins groups and lists of columns."""

    __slots__ = ()

    def __add__(self, other: Iterable[Any]) -> ColumnGroup:
        return ColumnGroup((*self, *other))

    def __radd__(self, other: Iterable[Any]) -> ColumnGroup:
        return ColumnGroup((*other, *self))


Columns: TypeAlias = "str | Column | Iterable[Columns]"
"""A column's name, a `Column`, a group of them, or a list of any of these."""

UTC = "datetime64[us, UTC]"
"""The dtype of moments."""


class JsonColumn(Column):
    """A column of objects as text, in JSON."""

    def values(self, items: Items) -> list[Any]:
        """Returns the column's values for the items of one log, in their order."""
        return list(map(as_json, super().values(items)))


def as_json(value: Any) -> str | None:
    """Returns a value as JSON; None for none."""
    return None if value is None else to_json(value)


def is_ours(column: Column) -> bool:
    """Returns whether a column's values are a function of the item alone, as those of ours are."""
    value = getattr(column.value, "func", column.value)
    return isinstance(value, str) or str(getattr(value, "__module__", "")).startswith("adk_nb.")


def chosen(columns: Columns, offered: ColumnGroup) -> list[Column]:
    """Returns the columns asked for; of two with one name the later, in the place of the first."""
    by_name = {column.name: column for column in offered}
    return list({column.name: column for column in _flat(columns, by_name)}.values())


def _flat(columns: Columns, by_name: dict[str, Column]) -> Iterator[Column]:
    if isinstance(columns, Column):
        yield columns
    elif isinstance(columns, str):
        if columns not in by_name:
            close = difflib.get_close_matches(columns, by_name, n=1)
            raise AdkNbError(
                f"There is no column {columns!r}.",
                remedy=(f"Did you mean {close[0]!r}? " if close else "")
                + f"There are: {', '.join(by_name)}; or give a Column of your own.",
                code="no_column",
            )
        yield by_name[columns]
    elif isinstance(columns, Iterable):
        for column in columns:
            yield from _flat(column, by_name)
    else:
        raise AdkNbError(
            f"A {type(columns).__name__} is no column.",
            remedy="Give names, Column objects, or groups of them such as EVENT_BASE.",
            code="no_column",
        )
