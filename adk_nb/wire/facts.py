"""The message that tells of a turn what its row in `turns_df` has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adk_nb.wire import protocol

if TYPE_CHECKING:
    from adk_nb.log.turn import Turn

FACTS = frozenset(
    (
        "user_text", "prompt", "user_transcript", "agent_text", "agent_transcript", "tool_call",
        "withheld", "user_speech", "voice_activity", "playback_started", "turn_ended", "error",
        "tool_result", "agent_audio",
    )
)  # fmt: skip
"""The kinds of rows that may change what is told."""


def facts_message(turn: Turn) -> protocol.TurnFacts:
    """Returns what there is to tell of a turn."""
    latency, ms = _first(turn)
    return protocol.TurnFacts(
        turn.index,
        turn.time,
        latency,
        None if ms is None else round(ms, 1),
        sound=bool(turn.audio_ms or (turn.spoken and turn.user_audio_ms)),
        outcome=turn.outcome,
        failed=str(turn.status or "") in ("failed", "abandoned"),
    )


def _first(turn: Turn) -> tuple[str, float | None]:
    """Returns the name of the column with a turn's first latency, and that (ms)."""
    heard, read = turn.first_heard_ms, turn.first_text_ms
    if heard is not None:
        return "first_heard_ms", heard
    # Where it sounds, that is known in a moment.
    if read is not None and (turn.ended or not turn.audio_ms):
        return "first_text_ms", read
    return "", None
