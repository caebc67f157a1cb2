"""The columns of `turns_df`."""

from __future__ import annotations

from functools import partial

import pandas as pd

from adk_nb.data.columns import UTC, Column, ColumnGroup
from adk_nb.data.tokens import count
from adk_nb.log.turn import Status

_STATUS = pd.CategoricalDtype(["open", *map(str, Status)])

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
        Column("time", UTC),
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
