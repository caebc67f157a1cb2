"""How soon Python lets the bridge thread run while a cell computes."""

from __future__ import annotations

import sys
import threading

SHORT_S = 0.001
"""The interval while the bridge runs (s); a cell computes as fast as with Python's 5 ms."""


class SwitchInterval:
    """Shortens the time that Python lets a busy thread run while another waits.

    With Python's own 5 ms, a cell that computes delays every frame of sound by as much. It is one
    setting for the whole process, so holders are counted, and a value of the user's is kept.

    Args:
        seconds: The interval while it is held (s), unless it is shorter already.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._holders = 0
        self._before = self._ours = 0.0

    def hold(self) -> None:
        """Shortens the interval; undo it with `release`."""
        with self._lock:
            self._holders += 1
            if self._holders > 1:
                return
            self._before = sys.getswitchinterval()
            if self._before > self._seconds:
                sys.setswitchinterval(self._seconds)
            self._ours = sys.getswitchinterval()

    def release(self) -> None:
        """Restores it after the last holder, unless it was changed meanwhile."""
        with self._lock:
            self._holders -= 1
            if self._holders == 0 and sys.getswitchinterval() == self._ours:
                # Python truncates it to whole microseconds, so half of one is added.
                sys.setswitchinterval(self._before + 5e-7)


short = SwitchInterval(SHORT_S)
"""The one for this process."""
