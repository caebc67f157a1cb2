"""The columns of `tools_df`."""

from __future__ import annotations

from adk_nb.data.columns import UTC, Column, ColumnGroup

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
        Column("time", UTC),
        Column("model", "string", lambda call: call.turn.model or None),
        Column("invocation_id", "string"),
        Column("user_text", "string", "turn.user_text"),
        Column("output", "string", lambda call: call.output or None),
        Column("tags", "object"),
    )
)
"""Further columns of `tools_df`, on demand."""
