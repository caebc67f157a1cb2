"""The columns of `transcript_df`."""

from __future__ import annotations

import pandas as pd

from adk_nb.data.columns import Column, ColumnGroup

_ROLE = pd.CategoricalDtype(["user", "agent"])

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
