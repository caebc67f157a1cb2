"""What was sent to a session's player, and how much of it has sounded."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.wire import protocol

_KEPT = 16
"""Of so many turns it is known how much has sounded."""
_NOTHING_MS = 20.0
"""Less than this is not worth to be played again (ms)."""
_FRESH_S = 60.0
"""What no player has touched for so long is not played any more, as nobody expects it (s)."""


@dataclass(slots=True)
class Sounding:
    """The sound of one turn.

    Attributes:
        turn: The turn's number.
        sent_ms: How much of it there is to play (ms).
        played_ms: How much had sounded when the player last said so (ms).
        at: When that was, or when the newest of it came (s on the monotonic clock).
        sounds: Whether it has gone on sounding since.
        complete: Whether no more of it comes.
        cut: Whether it was cut off, so that the rest is not to be heard.
    """

    turn: int
    sent_ms: float = 0.0
    played_ms: float = 0.0
    at: float = 0.0
    sounds: bool = False
    complete: bool = False
    cut: bool = False

    @property
    def waits(self) -> bool:
        """Whether some of it has not sounded yet, and is to."""
        return not self.cut and self.sent_ms - self.played_ms > _NOTHING_MS

    @property
    def goes_on(self) -> bool:
        """Whether a page that plays from now on gets any of it."""
        return self.waits or not (self.cut or self.complete)


class Playout:
    """The turns of which the player may still have something to play.

    Args:
        clock: Returns the monotonic time (s).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._turns: dict[int, Sounding] = {}

    def sent(self, turn: int, ms: float, *, lost: bool = False) -> None:
        """More sound of a turn is to be played (ms), or is `lost` as nobody is there."""
        if turn not in self._turns:
            self._turns[turn] = Sounding(turn)
            for oldest in list(self._turns)[:-_KEPT]:
                del self._turns[oldest]
        one = self._turns[turn]
        one.sent_ms += ms
        one.played_ms += ms if lost else 0.0
        if not one.sounds:
            one.at = self._clock()

    def reported(self, report: protocol.Playback) -> None:
        """The player has said how much has sounded."""
        one = self._turns.get(report.turn)
        if one is None:
            return
        one.played_ms, one.at = max(one.played_ms, report.played_ms), self._clock()
        one.sounds = report.event in ("started", "progress")
        # Some of it may have been lost on the way, or left out to catch up.
        one.cut |= report.event == "flushed" or (report.event == "drained" and one.complete)

    def owes(self, turn: int) -> bool:
        """Returns whether the player has yet to say what became of some of a turn's sound."""
        one = self._turns.get(turn)
        return one is not None and one.sent_ms - one.played_ms > _NOTHING_MS

    def became(self, turn: int, state: str) -> Sounding | None:
        """A turn's state has changed; returns what of it was cut off by that, if any."""
        one = self._turns.get(turn)
        if one is None or state == "started":
            return None
        if state in ("complete", "resumed"):
            one.complete, one.cut = state == "complete", False
            return None
        waited, one.cut = one.waits, True
        return one if waited else None

    def stop(self) -> list[Sounding]:
        """The player is gone; returns the turns that sounded just now."""
        sounded = [one for one in self._turns.values() if one.sounds]
        for one in sounded:
            now = self._clock()
            one.played_ms = min(one.sent_ms, one.played_ms + (now - one.at) * 1000)
            one.at, one.sounds = now, False
        return sounded

    def waiting(self) -> list[Sounding]:
        """Returns the turns of which some is still to sound and is expected, oldest first."""
        waiting = [one for one in self._turns.values() if one.goes_on]
        fresh = (n for n, one in enumerate(waiting) if self._clock() - one.at < _FRESH_S)
        first = next(fresh, len(waiting))
        return waiting[first:]  # What stands in a queue waits for what is before it.
