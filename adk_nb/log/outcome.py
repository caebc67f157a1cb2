"""What became of a question that was not simply answered, in a sentence for who reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adk_nb.log.turn import Turn

_REASONS = {
    "no_words": "no words were heard in it",
    "session_closed": "the session was closed",
    "inaudible": "its sound is too quiet to be heard",
}
"""Why a turn ended, by its `end_reason`, where no error says it."""


def outcome(turn: Turn) -> str:
    """Returns what became of a question; empty while it is open, and where it was answered.

    An answer that was cut off is one: how much of it was heard, `heard_text` says.
    """
    if turn.status is None or turn.withheld:
        return ""
    said = bool(turn.agent_text)
    if turn.status in ("failed", "abandoned"):  # By their names, as `Turn` asks for this.
        why = turn.error or _REASONS.get(turn.end_reason or "", turn.end_reason or "it failed")
        return why if said else f"no answer: {why}"
    if said or turn.audio_ms or (turn.status == "complete" and turn.tool_calls):
        return ""
    return f"no answer: {_why_none(turn)}"


def _why_none(turn: Turn) -> str:
    if turn.status == "complete":
        return turn.error or "the agent said nothing"
    if turn.end_reason in _REASONS:
        return _REASONS[turn.end_reason]
    since = turn.t if turn.speech_end_t is None else turn.speech_end_t
    if turn.ended_t is None or turn.ended_t < since:
        return "you cut in"
    return f"you cut in after {turn.ended_t - since:.1f} s"
