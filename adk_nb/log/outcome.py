"""What became of a question that was not simply answered, in a sentence for who reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adk_nb.log.turn import Turn

_SILENT = "the agent said nothing"
_CUT_IN = "you cut in"
_CUT_IN_AFTER = re.compile(rf"{_CUT_IN}( after [\d.]+ s)?")
_NONE = "no answer: "
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
        return why if said else f"{_NONE}{why}"
    if said or turn.audio_ms or (turn.status == "complete" and turn.tool_calls):
        return ""
    return f"{_NONE}{_why_none(turn)}"


def is_plain(text: str) -> bool:
    """Returns whether what became of a question is told without the words of an error."""
    why = text.removeprefix(_NONE)
    return (
        not why or why in (_SILENT, *_REASONS.values()) or _CUT_IN_AFTER.fullmatch(why) is not None
    )


def _why_none(turn: Turn) -> str:
    if turn.status == "complete":
        return turn.error or _SILENT
    if turn.end_reason in _REASONS:
        return _REASONS[turn.end_reason]
    since = turn.t if turn.speech_end_t is None else turn.speech_end_t
    if turn.ended_t is None or turn.ended_t < since:
        return _CUT_IN
    return f"{_CUT_IN} after {turn.ended_t - since:.1f} s"
