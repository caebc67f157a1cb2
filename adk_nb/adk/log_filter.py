"""Filters ADK's log: hides what is expected here, and reports what the user should see."""

from __future__ import annotations

import importlib
import logging
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adk_nb.exceptions import AdkNbError

if TYPE_CHECKING:
    from collections.abc import Callable

WARNED: ContextVar[Callable[[AdkNbError], None] | None] = ContextVar("adk_nb_warned", default=None)
"""A function that takes a problem of the current run that does not end it."""


_EXPECTED = (
    "from an unknown agent",  # After a swap earlier agents are.
    "no context_cache_config",  # Live models have none.
    # The session tells of these, with a remedy, or connects again.
    "An unexpected error occurred in live flow",
    "APIError in live flow",
    "Connection closed:",
    "Max reconnection attempts",
    "Root node %s failed",
)


class _Expected(logging.Filter):
    """Hides messages that are expected here, or reported elsewhere."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = str(record.msg)
        return not any(expected in said for expected in _EXPECTED)


@dataclass(frozen=True, slots=True)
class _Told:
    """What ADK only logs, and a user should see.

    Attributes:
        part: A part of its text.
        remedy: What to do about it.
        code: The error's code.
    """

    part: str
    remedy: str
    code: str


_TOLD = (
    _Told(
        "failed to load",
        "Start its server, and run swap() to connect again.",
        code="toolset_failed",
    ),
    _Told(
        "sets output_schema",
        "live.state has what it wrote.",
        code="ignored",
    ),
    _Told(
        "Audio transcription is disabled while sub_agents",
        "Leave transcribe on: an agent that takes over knows of speech by its words alone.",
        code="ignored",
    ),
    _Told(
        "ignored cancellation and outlives its agent",
        "Let the tool end when it is cancelled, and not go on after asyncio.CancelledError.",
        code="ignored",
    ),
    _Told(
        "accepts only audio input; dropping",
        "A cascade sees nothing: take a Live model for pictures.",
        code="ignored",
    ),
    _Told(
        "Unknown or empty mime type",
        "Give what you send a MIME type, such as audio/pcm;rate=16000 or image/jpeg.",
        code="ignored",
    ),
    _Told(
        "returned no audio for a segment",
        "The words are in agent_text; ask again to hear them.",
        code="no_sound",
    ),
    _Told("the last utterance", "Say it again.", code="no_transcript"),
)
_TELLERS = (
    "google.adk.agents.llm_agent",
    "google.adk.live._live_llm_flow",
    "google.adk.live._runner_utils",
    "google.adk.live._flow_utils",
    "google.adk.live._cascade_live_connection",
    "google.adk.live._gemini_tts",
    "google.adk.live._gemini_stt",
    "google.adk.models.gemini_llm_connection",
)
_FILTERED = (
    "google.adk.agents._agent_router",
    "google.adk.runners",
    "google.adk.live._live_llm_flow",
)
MODULES = tuple(dict.fromkeys((*_TELLERS, *_FILTERED)))
"""ADK's modules whose loggers are listened to; each has its own as `logger`."""


class _Teller(logging.Handler):
    """Reports to the user what ADK writes only into its log."""

    def emit(self, record: logging.LogRecord) -> None:
        warned = WARNED.get()
        if warned is None:
            return
        said = record.getMessage()
        for one in _TOLD:
            if one.part in said:
                warned(AdkNbError(said.strip(), remedy=one.remedy, code=one.code))


class TellOnce:
    """Passes each problem on once: ADK logs some again at each connection of a session.

    Args:
        warned: Takes the problem.
    """

    def __init__(self, warned: Callable[[AdkNbError], None]) -> None:
        self._warned = warned
        self._told: set[str] = set()

    def __call__(self, error: AdkNbError) -> None:
        """Passes a problem on, unless it is something ignored that was told before."""
        if error.code != "ignored" or error.message not in self._told:
            self._told.add(error.message)
            self._warned(error)


def listen() -> None:
    """Installs the filters, where ADK has the loggers."""
    for module in _FILTERED:
        for logger in _logger_of(module):
            logger.addFilter(_Expected())
    for module in _TELLERS:
        for logger in _logger_of(module):
            logger.addHandler(_Teller())


def _logger_of(module: str) -> list[logging.Logger]:
    """Returns the logger of a module of ADK's; none if there is none."""
    try:
        return [importlib.import_module(module).logger]
    except (ImportError, AttributeError):
        return []
