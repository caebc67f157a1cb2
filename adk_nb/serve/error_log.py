"""The errors of all sessions, in the server's log: visitors are told less of them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from adk_nb.log.turn_fold import WARNING
from adk_nb.plain import one_line

if TYPE_CHECKING:
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.log_row import LogRow

logger = logging.getLogger(__name__)

_KINDS = ("disconnected", "error")
"""What a tool raises is logged with its traceback where it is called."""


class ErrorLog:
    """Follows the log of one session.

    Args:
        log: That log.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        # A row is told again when it has grown.
        self._newest = -1
        self._told: tuple[int, str | None] = (0, None)

    def row(self, row: LogRow) -> None:
        """Writes what went wrong."""
        if row.seq <= self._newest or row.kind not in _KINDS or row.error is None:
            return
        told = row.turn, row.error
        # A session that fails as it begins fails in its first turn once more.
        again, self._newest, self._told = told == self._told, row.seq, told
        if again:
            return
        passes = row.source == "client" or row.kind == "disconnected" or row.status == WARNING
        level = logging.WARNING if passes else logging.ERROR
        turn = f", turn {row.turn}" if row.turn else ""
        logger.log(level, "Session %s%s: %s", self._log.session_id, turn, one_line(row.error))

    def sound(self, kind: str, turn: int, pcm: bytes, rate: int) -> None:
        """Sound is no error."""

    def sound_forgotten(self, kind: str, turn: int) -> None:
        """Nor is sound that is kept no longer."""
