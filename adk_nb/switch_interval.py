"""How soon Python lets the bridge thread run while a cell computes."""

from __future__ import annotations

import sys
import threading

SHORT_S = 0.001
"""While the bridge runs (s). At 1 ms a cell that computes is no slower than at Python's 5 ms."""


class SwitchInterval:
    """How long Python lets a busy thread run on while another waits, made shorter while it is held.

    Python's own 5 ms let a cell that computes delay every frame of sound by as much. It is one
    setting for the whole process, so it is counted, and what the user chose is left alone.

    Args:
        seconds: What it is while held (s), unless it is shorter already.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._holders = 0
        self._before = self._ours = 0.0

    def hold(self) -> None:
        """Makes it short; undo it with `release`."""
        with self._lock:
            self._holders += 1
            if self._holders > 1:
                return
            self._before = sys.getswitchinterval()
            if self._before > self._seconds:
                sys.setswitchinterval(self._seconds)
            self._ours = sys.getswitchinterval()

    def release(self) -> None:
        """Puts it back where nobody holds it any more, unless somebody else has changed it."""
        with self._lock:
            self._holders -= 1
            if self._holders == 0 and sys.getswitchinterval() == self._ours:
                # Python cuts it to whole microseconds, so half of one makes up for rounding.
                sys.setswitchinterval(self._before + 5e-7)


short = SwitchInterval(SHORT_S)
"""What holds it short for this process."""
