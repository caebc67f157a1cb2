"""What visitors are told: nothing of the server's own, such as paths, tracebacks and addresses.

A result is for the model and for them; what a tool prints is for whoever runs the server.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from adk_nb.adk.stoppable import STOPPED
from adk_nb.exceptions import (
    AdkNbError,
    BusyError,
    ProtocolError,
    RecordingError,
    SessionClosedError,
)
from adk_nb.log.outcome import is_plain
from adk_nb.wire import protocol

logger = logging.getLogger(__name__)

LATER = "Try again in a while."
NOT_RECORDED = "What is said cannot be recorded at the moment."
FAILED = "The agent has failed."
TOOL_FAILED = "It failed."
MODEL_TOLD = "an unexpected error"
"""What the model is told of it."""
_AGAIN = "Say it again."
_OTHERWISE = {
    RecordingError.code: (NOT_RECORDED, LATER),
    "sessions_failed": ("Conversations cannot be kept at the moment.", LATER),
    "no_sound": ("A part of the answer has no sound.", ""),
    "no_transcript": ("What you said was not understood.", _AGAIN),
}
"""What is told of an error, by its code, in other words than its own."""
_OWN = frozenset(
    (
        BusyError.code, ProtocolError.code, SessionClosedError.code, "text_too_long", "no_turn",
        "no_call", "no_question", "no_speech", "silent",
    )
)  # fmt: skip
"""Codes of errors that are a visitor's own business; their texts hold nothing of the server's."""
_OWNERS = frozenset(("callback_failed", "ignored", "toolset_failed", "unsupported"))
"""Codes of errors that end nothing, and are the business of whoever runs the server."""
_NOTES = frozenset(("closed", "history", "reconnected", "silence", "swap", "transfer"))


def for_visitors(message: protocol.Message) -> protocol.Message | None:
    """Returns a message as a visitor may have it; None if it is not for visitors."""
    shown: protocol.Message | None = message
    match message:
        case protocol.Failure():
            shown = _failure(message)
        case protocol.ToolReturned(error=str(error)) if error != STOPPED:
            shown = replace(message, error=TOOL_FAILED, result=None)
        case protocol.ToolOutput(image=image):
            shown = replace(message, text="") if image else None
        case protocol.TurnFacts(outcome=outcome) if not is_plain(outcome):
            shown = replace(message, outcome=f"no answer: {FAILED}" if message.failed else "")
        case protocol.Note(kind="recording"):
            shown = replace(message, text="What is said is recorded.")
        case protocol.Note(kind=kind) if kind not in _NOTES:
            shown = None
    return shown


def _failure(message: protocol.Failure) -> protocol.Failure | None:
    if message.code in _OWN:
        return message
    if message.code in _OWNERS:
        return None
    text, remedy = _OTHERWISE.get(message.code, (FAILED, LATER))
    return replace(message, message=text, remedy=remedy)


def told_of(error: AdkNbError) -> tuple[str, str]:
    """Returns what a visitor is told of an error, and what to do; the log has all of it."""
    if error.code in _OWN:
        return error.message, error.remedy
    logger.error("No session can be opened: %s", error)
    return _OTHERWISE.get(error.code, (FAILED, LATER))
