"""The columns of the dataframes, and how they are chosen.

A column is a name, a dtype, and an attribute or a function of the frame's items (a frame has a row
for each item). Groups of columns can be added to each other and to lists of columns.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property, partial
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype

from adk_nb.data.tokens import count
from adk_nb.exceptions import AdkNbError
from adk_nb.log.event_log import KINDS, LogRow
from adk_nb.log.turn import Status
from adk_nb.plain import copied, to_json

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy.typing as npt
    from pandas.api.extensions import ExtensionDtype

    from adk_nb.log.turns_from_log import Log

    _Convert: TypeAlias = Callable[[list[Any], Any], Any]


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


_fields_of = attrgetter(*(field.name for field in fields(LogRow)))


class Events(Items):
    """The rows of one log."""

    _READ = (
        "seq", "time", "t", "source", "kind", "author", "agent", "variant", "invocation_id", "turn",
        "text",
        "final", "audio_ms", "tool", "tool_call_id", "error", "interrupted", "turn_complete",
        "prompt_tokens", "response_tokens", "total_tokens",
    )  # fmt: skip

    def __init__(self, log: Log) -> None:
        super().__init__(log, log)
        self._ids = {"session_id": log.session_id, "run_id": log.run_id}

    def attribute(self, name: str) -> list[Any]:
        """Returns an attribute of each row, or the session's id for each."""
        if name in self._ids:
            return [self._ids[name]] * len(self.all)
        if name not in self._READ:
            return list(map(copied, super().attribute(name)))
        return self._values[self._READ.index(name) :: len(self._READ)]

    @cached_property
    def lent(self) -> list[Any]:
        """Copies of the rows, which are the log's own."""
        return [LogRow(*map(copied, _fields_of(row))) for row in self.all]

    @cached_property
    def _values(self) -> list[Any]:
        values: list[Any] = []
        # All attributes of a row at once: reading them by name takes several times as long.
        for row in self.all:
            values.extend(
                (
                    row.seq, row.time, row.t, row.source, row.kind, row.author, row.agent,
                    row.variant, row.invocation_id, row.turn or None, row.text, row.final,
                    row.audio_ms, row.tool, row.tool_call_id, row.error, row.interrupted,
                    row.turn_complete, row.prompt_tokens, row.response_tokens, row.total_tokens,
                )
            )  # fmt: skip
        return values


class ColumnGroup(tuple[Column, ...]):
    """A tuple of columns; `+` joins groups and lists of columns."""

    __slots__ = ()

    def __add__(self, other: Iterable[Any]) -> ColumnGroup:
        return ColumnGroup((*self, *other))

    def __radd__(self, other: Iterable[Any]) -> ColumnGroup:
        return ColumnGroup((*other, *self))


Columns: TypeAlias = "str | Column | Iterable[Columns]"
"""A column's name, a `Column`, a group of them, or a list of any of these."""

_EXACT = 2**53
"""The largest integer up to which float64 is exact."""
_UTC = "datetime64[us, UTC]"
_SOURCE = pd.CategoricalDtype(["client", "bridge", "adk"])
_KIND = pd.CategoricalDtype(list(KINDS))
_STATUS = pd.CategoricalDtype(["open", *map(str, Status)])
_ROLE = pd.CategoricalDtype(["user", "agent"])

EVENT_BASE = ColumnGroup(
    (
        Column("session_id", "string"),
        Column("run_id", "string"),
        Column("seq", "Int64"),
        Column("time", _UTC),
        Column("t", "float64"),
        Column("source", _SOURCE),
        Column("kind", _KIND),
    )
)
"""Which event, when and what."""
EVENT_WHO = ColumnGroup(
    (
        Column("author", "string"),
        Column("agent", "string"),
        Column("variant", "string"),
        Column("invocation_id", "string"),
        Column("turn", "Int64"),
    )
)
"""Whose it was."""
EVENT_SPEECH = ColumnGroup(
    (Column("text", "string"), Column("final", "boolean"), Column("audio_ms", "float64"))
)
"""What was said."""
EVENT_TOOLS = ColumnGroup(
    (
        Column("tool", "string"),
        Column("tool_call_id", "string"),
        Column("args", "object", lambda row: copied(row.args)),
        Column("result", "object", lambda row: copied(row.result)),
    )
)
"""Which tool was called, and what it returned."""
EVENT_OUTCOME = ColumnGroup(
    (Column("error", "string"), Column("interrupted", "bool"), Column("turn_complete", "bool"))
)
"""How it ended."""
EVENT_TOKENS = ColumnGroup(
    (
        Column("prompt_tokens", "Int64"),
        Column("response_tokens", "Int64"),
        Column("total_tokens", "Int64"),
    )
)
"""What the model says that it used."""
EVENT_COLUMNS = EVENT_BASE + EVENT_WHO + EVENT_SPEECH + EVENT_TOOLS + EVENT_OUTCOME + EVENT_TOKENS
"""The columns of `events_df`."""
EVENT_MORE = ColumnGroup(
    (
        Column("model", "string"),
        Column("cumulative", "bool"),
        Column("speech_t", "float64"),
        Column("underruns", "Int64"),
        Column("event_id", "string"),
        Column("error_ms", "float64"),
        Column("estimated", "bool"),
        Column("output", "string"),
        Column("count", "Int64"),
        Column("status", "string"),
        Column("end_reason", "string"),
        Column("level_db", "float64"),
        Column("by", "string"),
        Column("ambiguous", "bool"),
        Column("ms", "float64"),
        Column("tokens", "object", lambda row: copied(row.tokens)),
        Column("tags", "object"),
    )
)
"""Further columns of `events_df`, on demand."""

TURN_BASE = ColumnGroup(
    (
        Column("session_id", "string"),
        Column("run_id", "string"),
        Column("turn", "Int64", "index"),
        Column("agent", "string", lambda turn: turn.agent or None),
        Column("model", "string", lambda turn: turn.model or None),
        Column("variant", "string", lambda turn: turn.variant or None),
    )
)
"""Which turn, and who answered."""
TURN_TEXT = ColumnGroup(
    (
        Column("user_text", "string"),
        Column("agent_text", "string"),
        Column("heard_text", "string", lambda turn: turn.heard_text if turn.heard_known else None),
        Column("interrupted", "bool"),
    )
)
"""What was said, and what of it was heard."""
TURN_TOOLS = ColumnGroup(
    (
        Column("tools", "string"),
        Column("tool_ms", "float64"),
        Column("approval_ms", "float64"),
        Column("repeat_calls", "Int64"),
    )
)
"""Which tools were called, and how long they took."""
TURN_AUDIO = ColumnGroup(
    (
        Column("user_audio_ms", "float64"),
        Column("agent_audio_ms", "float64", "audio_ms"),
        Column("heard_ms", "float64"),
        Column("level_db", "float64"),
    )
)
"""How much sound there was."""
TURN_LATENCY = ColumnGroup(
    (
        Column("speech_end_t", "float64"),
        Column("transcript_ms", "float64"),
        Column("first_audio_ms", "float64"),
        Column("first_text_ms", "float64"),
        Column("filler_ms", "float64"),
        Column("answer_ms", "float64"),
        Column("first_heard_ms", "float64"),
    )
)
"""How long the user waited."""
TURN_OUTCOME = ColumnGroup(
    (
        Column("total_tokens", "Int64"),
        Column("status", _STATUS, lambda turn: str(turn.status or "open")),
        Column("end_reason", "string"),
        Column("error", "string"),
    )
)
"""What it cost, and what went wrong."""
TURN_COLUMNS = TURN_BASE + TURN_TEXT + TURN_TOOLS + TURN_AUDIO + TURN_LATENCY + TURN_OUTCOME
"""The columns of `turns_df`."""
TURN_MORE = ColumnGroup(
    (
        Column("time", _UTC),
        Column("t", "float64"),
        Column("spoken", "bool"),
        Column("speech_start_t", "float64"),
        Column("speech_end_by", "string"),
        Column("prompt", "string", lambda turn: turn.prompt or None),
        Column("withheld", "bool"),
        Column("history", "string"),
        Column("tool_sum_ms", "float64"),
        Column("invocation_id", "string"),
        Column("prompt_tokens", "Int64"),
        Column("response_tokens", "Int64"),
        Column("clock_error_ms", "float64"),
        Column("heard_estimated", "bool"),
        Column("cold", "bool"),
        Column("connect_ms", "float64"),
        Column("mic_lost_ms", "float64"),
        Column("dropped_ms", "float64"),
        Column("underruns", "Int64"),
        Column("sources", "object"),
        Column("tags", "object"),
    )
)
"""Further columns of `turns_df`, on demand."""
TURN_TOKENS = ColumnGroup(
    tuple(
        Column(f"{kind}_tokens", "Int64", partial(count, kind=kind))
        for kind in (
            "prompt_text", "prompt_audio", "prompt_image", "prompt_video",
            "response_text", "response_audio", "cached", "thoughts", "tool_use",
        )
    )
)  # fmt: skip
"""How a turn's tokens part by modality; on demand."""

TOOL_COLUMNS = ColumnGroup(
    (
        Column("session_id", "string"),
        Column("run_id", "string", "turn.run_id"),
        Column("turn", "Int64", "turn.index"),
        Column("call", "Int64", "number"),
        Column("agent", "string", "author"),
        Column("variant", "string", lambda call: call.turn.variant or None),
        Column("tool", "string", "name"),
        Column("tool_call_id", "string", "id"),
        Column("args", "object"),
        Column("result", "object"),
        Column("error", "string"),
        Column("t", "float64"),
        Column("ms", "float64"),
        Column("approval_ms", "float64"),
    )
)
"""The columns of `tools_df`."""
TOOL_MORE = ColumnGroup(
    (
        Column("time", _UTC),
        Column("model", "string", lambda call: call.turn.model or None),
        Column("invocation_id", "string"),
        Column("user_text", "string", "turn.user_text"),
        Column("output", "string", lambda call: call.output or None),
        Column("tags", "object"),
    )
)
"""Further columns of `tools_df`, on demand."""

TRANSCRIPT_COLUMNS = ColumnGroup(
    (
        Column("session_id", "string", "turn.session_id"),
        Column("run_id", "string", "turn.run_id"),
        Column("turn", "Int64", "turn.index"),
        Column("piece", "Int64"),
        Column("t", "float64"),
        Column("role", _ROLE),
        Column("author", "string"),
        Column("variant", "string", lambda said: said.turn.variant or None),
        Column("text", "string"),
        Column("heard_text", "string"),
        Column("interrupted", "bool"),
    )
)
"""The columns of `transcript_df`."""
TRANSCRIPT_MORE = ColumnGroup((Column("tags", "object"),))
"""Further columns of `transcript_df`, on demand."""


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
