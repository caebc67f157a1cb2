"""Why a server is not ready, in its log: once, and not as often as somebody asks."""

from __future__ import annotations

import logging

logger = logging.getLogger(__name__)


class Reasons:
    """Logs a reason when it is another than the last."""

    def __init__(self) -> None:
        self._last = ""

    def tell(self, reason: str) -> None:
        """Takes the reason; empty if there is none any more."""
        if reason and reason != self._last:
            logger.warning("No session can be taken: %s", reason)
        self._last = reason
