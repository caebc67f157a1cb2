"""Lines about what goes between client and agent, by the logger `adk_nb.messages`.

They are the tutorial's: `[CLIENT TO AGENT]: audio/pcm: 640 bytes.` INFO says kind and size; what
was said is in them at DEBUG alone.
"""

from __future__ import annotations

import logging

from adk_nb.plain import one_line

logger = logging.getLogger("adk_nb.messages")
_SHOWN = 200
"""How much of a text is shown (characters)."""
_CLOCKS = {"clock", "clock_offset"}
"""What page and bridge ask each other all the time; it would hide all else."""


def to_agent(kind: str, size: int, unit: str = "bytes", content: str = "") -> None:
    """Notes what a client sent."""
    _note("[CLIENT TO AGENT]", kind, size, unit, content)


def from_agent(kind: str, size: int, unit: str = "bytes", content: str = "") -> None:
    """Notes what a client is sent."""
    _note("[AGENT TO CLIENT]", kind, size, unit, content)


def _note(way: str, kind: str, size: int, unit: str, content: str) -> None:
    if kind in _CLOCKS or not logger.isEnabledFor(logging.INFO):
        return
    if content and logger.isEnabledFor(logging.DEBUG):
        logger.debug("%s: %s: %d %s: %.*s", way, kind, size, unit, _SHOWN, one_line(content))
    else:
        logger.info("%s: %s: %d %s.", way, kind, size, unit)
