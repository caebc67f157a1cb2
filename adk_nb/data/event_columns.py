"""The columns of `events_df`, and the rows that they are functions of."""

from __future__ import annotations

from dataclasses import fields
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pandas as pd

from adk_nb.data.columns import UTC, Column, ColumnGroup, Items
from adk_nb.log.log_row import KINDS, LogRow
from adk_nb.plain import copied

if TYPE_CHECKING:
    from adk_nb.log.turns_from_log import Log

_SOURCE = pd.CategoricalDtype(["client", "bridge", "adk"])
_KIND = pd.CategoricalDtype(list(KINDS))

EVENT_BASE = ColumnGroup(
    (
        Column("session_id", "string"),
        Column("run_id", "string"),
        Column("seq", "Int64"),
        Column("time", UTC),
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
