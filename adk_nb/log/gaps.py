"""The sound of a turn has no pauses in which none came: where they were, and with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adk_nb.audio import Clip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adk_nb.log.log_row import LogRow
    from adk_nb.log.turns_from_log import Log


def with_gaps(log: Log, kind: str, turn: int) -> Clip:
    """Returns a turn's sound from its first sample on, with silence where none came.

    The agent's audio comes faster than it sounds; only where it came too late is there silence.

    Args:
        log: The log.
        kind: `user_audio` or `agent_audio`.
        turn: The turn's number.
    """
    clip = log.clip(kind, turn)
    rows = [row for row in log if row.kind == kind and row.turn == turn]
    out = bytearray()
    taken = 0
    for row in rows:
        due = round((row.t - rows[0].t) * clip.rate) * 2
        out += bytes(max(0, due - len(out)))
        size = round((row.audio_ms or 0.0) * clip.rate / 1000) * 2
        out += clip.pcm[taken : taken + size]
        taken += size
    return Clip(bytes(out) + clip.pcm[taken:], clip.rate)


def clock_offset(rows: Iterable[LogRow], position: float) -> float:
    """Returns what to add to a position in a sound to have the session's clock (s).

    Args:
        rows: The rows of the sound, of which there is one at least.
        position: The position (s).
    """
    before, offset = 0.0, None
    for row in rows:
        if offset is None or before <= position:
            offset = row.t - before
        before += (row.audio_ms or 0.0) / 1000
    assert offset is not None
    return offset
