"""Filters ADK's log: hides what is expected here, and reports what the user should see."""

from __future__ import annotations

import logging
from contextvars import ContextVar
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


class _Toolsets(logging.Handler):
    """Reports toolsets that did not load; ADK goes on without them and only logs it."""

    def emit(self, record: logging.LogRecord) -> None:
        warned = WARNED.get()
        said = record.getMessage()
        if warned is not None and "failed to load" in said:
            remedy = "Start its server, and run swap() to connect again."
            warned(AdkNbError(said.strip(), remedy=remedy, code="toolset_failed"))


def listen() -> None:
    """Installs the filters."""
    for module in ("agents._agent_router", "runners", "live._live_llm_flow"):
        logging.getLogger(f"google_adk.google.adk.{module}").addFilter(_Expected())
    logging.getLogger("google_adk.google.adk.agents.llm_agent").addHandler(_Toolsets())
