"""What a line of `events.jsonl` may hold: the types of `LogRow`, each within bounds.

A file may come from anywhere. A row that is accepted here has the right types, and numbers that fit
into the frames' columns, so that no other code has to check it.
"""

from __future__ import annotations

import functools
import operator
import types
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from adk_nb.log.log_row import LogRow

if TYPE_CHECKING:
    from collections.abc import Callable

_EXACT = 2**53
"""Whole numbers below are exact as JSON and as float64."""
_YEAR_10000 = 253_402_300_800
"""Seconds since the Unix epoch; no datetime is later."""

_Count = Annotated[int, Field(ge=0, lt=_EXACT)]
_Number = Annotated[float, Field(gt=-_EXACT, lt=_EXACT, allow_inf_nan=False)]
_Duration = Annotated[float, Field(ge=0, lt=_EXACT, allow_inf_nan=False)]
# Tokens are summed: no file has enough rows for their sum to exceed an int64.
_Tokens = Annotated[int, Field(ge=0, lt=2**40)] | None

_BY_TYPE: dict[Any, Any] = {int: _Count, float: _Number}
_BY_NAME: dict[str, Any] = {
    "time": Annotated[float, Field(ge=0, lt=_YEAR_10000, allow_inf_nan=False)],
    "audio_ms": _Duration | None,
    "ms": _Duration | None,
    "args": dict[str, Any] | None,
    "error_ms": _Duration | None,
    "prompt_tokens": _Tokens,
    "response_tokens": _Tokens,
    "total_tokens": _Tokens,
    "tokens": dict[str, Annotated[int, Field(ge=0, lt=2**40)]] | None,
}


def _bounded(annotation: Any) -> Any:
    """Returns a type of `LogRow` with its bounds."""
    if get_origin(annotation) in (Union, types.UnionType):
        return functools.reduce(operator.or_, map(_bounded, get_args(annotation)))
    return _BY_TYPE.get(annotation, annotation)


def _validator(name: str, hints: dict[str, Any]) -> Callable[[bytes], dict[str, Any]]:
    # A later line of a row may have any of its fields, so none is required.
    make: Any = TypedDict  # Type checkers know only those whose fields are written out.
    adapter = TypeAdapter(with_config(ConfigDict(strict=True))(make(name, hints, total=False)))
    validate: Any = adapter.validator.validate_json  # Its own method takes a fifth longer.
    return validate  # type: ignore[no-any-return]


_HINTS = get_type_hints(LogRow)
_ROW = _validator("_Row", {name: _BY_NAME.get(name, _bounded(_HINTS[name])) for name in _HINTS})
_HEADER = _validator("_Header", {"format": str, "version": int, "session_id": str, "run_id": str})
_MORE = _validator("_More", {"started": _BY_NAME["time"], "tags": dict[str, str]})
_NEEDED = dict.fromkeys(("seq", "time", "t", "source", "kind"))


def read_row(line: bytes, known: dict[int, LogRow]) -> int:
    """Adds the row of a line to those known, or updates the one with its `seq`; returns that.

    Raises:
        ValueError: It is not a row, or a field has a wrong value.
    """
    values = _read(_ROW, line)
    seq: int | None = values.get("seq")
    row = known.get(seq) if seq is not None else None
    if seq is not None and row is not None:
        for name, value in values.items():
            setattr(row, name, value)
        return seq
    if seq is None or not values.keys() >= _NEEDED.keys():
        message = f"{', '.join(name for name in _NEEDED if name not in values)} is missing"
        raise ValueError(message)
    known[seq] = LogRow(**values)
    return seq


def read_header(line: bytes) -> dict[str, Any]:
    """Returns those of `format`, `version`, `session_id` and `run_id` that a line has.

    Raises:
        ValueError: It is not a header, or one of them has a wrong type.
    """
    return _read(_HEADER, line)


def read_tags(line: bytes) -> dict[str, str]:
    """Returns the tags of a header's session; checks when it says that this began.

    Raises:
        ValueError: That is no time, or the tags are not texts by name.
    """
    tags: dict[str, str] = _read(_MORE, line).get("tags", {})
    return tags


def _read(validate: Callable[[bytes], dict[str, Any]], line: bytes) -> dict[str, Any]:
    try:
        return validate(line)
    except ValidationError as error:
        # Without the input, which may be large, or a secret.
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = f"{first['loc'][0]}: " if first["loc"] else ""
        raise ValueError(f"{where}{first['msg']}") from None
