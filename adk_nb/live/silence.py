"""Notices that a model says nothing, where something is due."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from adk_nb.exceptions import AdkNbError
from adk_nb.live.turn_state import CallPhase, Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.live.turn_state import TurnState

_LOOK_S = 0.25
"""How often the time is compared with the limit, while a turn is open (s)."""
Limit: TypeAlias = Literal["first", "between", "after_tool"]
OnSilence: TypeAlias = Literal["note", "nudge", "reconnect"]


@dataclass(frozen=True, slots=True)
class Silence:
    """How long a model may say nothing (s); a limit of None waits for ever.

    When a limit is reached, a line in the transcript and a row of the log say so; when it is
    reached twice over, the turn fails. It does not fail where the answer is sure to come: a cascade
    asks its text model, which answers or fails, and a service may say that it is still thinking.

    Attributes:
        first: From the end of a question until something of the answer comes.
        between: Within an answer, from where the last of it has sounded.
        after_tool: From when the model was told a tool's result until it says something.
    """

    first: float | None = 10.0
    between: float | None = 10.0
    after_tool: float | None = 15.0

    def __post_init__(self) -> None:
        """Refuses what is no limit.

        Raises:
            AdkNbError: A limit is neither None nor a number above 0.
        """
        for name in ("first", "between", "after_tool"):
            limit = getattr(self, name)
            number = isinstance(limit, Real) and not isinstance(limit, bool)
            if limit is not None and not (number and limit > 0):
                raise AdkNbError(
                    f"{name}={limit!r:.80} is no limit of a silence.",
                    remedy="Give seconds, more than 0, or None to wait for ever.",
                    code="bad_option",
                )


DEFAULT = Silence()
"""What is allowed by default."""


def check(silence: object) -> None:
    """Raises an `AdkNbError` where an option is neither a `Silence` nor None."""
    if silence is None or isinstance(silence, Silence):
        return
    raise AdkNbError(
        f"silence={silence!r:.80} is not a value that it can have.",
        remedy="Give adk_nb.Silence(first=20), or None to wait for ever.",
        code="bad_option",
    )


_DUE: dict[Limit, str] = {
    "first": "The model has said nothing to this",
    "between": "The model has stopped in its answer, and said nothing",
    "after_tool": "The model has said nothing about the tool's result",
}
"""What it means that a limit of `Silence` is reached."""


def silence_text(limit: Limit, seconds: float) -> str:
    """Returns what is told when the model has been silent beyond a limit (s)."""
    return f"{_DUE[limit]} for {seconds:.0f} s."


def due(turn: TurnState) -> Limit | None:
    """Returns which limit applies to a turn now; None if it does not wait for the model."""
    if turn.phase is Phase.SAYING and not turn.worded:
        return None
    calls = [call for call in turn.calls.values() if call.awaited]
    if any(call.phase in (CallPhase.RUNNING, CallPhase.RETURNED) for call in calls):
        return None
    told = [call for call in calls if call.phase is CallPhase.TOLD]
    if told:
        # A model that does not wait for a result need not say anything about it.
        return "after_tool" if any(call.blocks for call in told) else None
    return "between" if turn.answered else "first"


class SilenceOwner(Protocol):
    """Knows what is due, and is told of silence."""

    def due(self) -> tuple[TurnState, Limit | None] | None:
        """Returns the open turn, and what of it is due from the model; None without a turn."""

    def silence_noticed(self, turn: TurnState, limit: Limit, seconds: float) -> None:
        """A limit is reached."""

    def silence_lasts(self, turn: TurnState, limit: Limit, seconds: float) -> None:
        """It is reached twice over."""


class SilenceWatch:
    """Watches a session while a turn is open, on the bridge thread.

    Args:
        limits: How long the model may say nothing; None watches nothing.
        owner: Is told.
        clock: Tells the time (s).
    """

    def __init__(
        self,
        limits: Silence | None,
        owner: SilenceOwner,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._owner = owner
        self._clock = clock
        self._timer: asyncio.TimerHandle | None = None
        # Since when nothing has come, of which turn it is, and whether that was told.
        self._since = 0.0
        self._turn: TurnState | None = None
        self._noticed = False

    def heard(self) -> None:
        """Something was said or came: the wait begins anew."""
        self._since, self._noticed = self._clock(), False
        if self._timer is None and self._limits is not None:
            self._wait()

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_LOOK_S, self._look_again)

    def _look_again(self) -> None:
        self._timer = None
        if self.look():
            self._wait()

    def look(self) -> bool:
        """Looks how long nothing has come; returns whether a turn is open."""
        found = self._owner.due()
        if found is None:
            self._turn = None
            return False
        turn, limit = found
        if limit is None or turn is not self._turn:
            self._turn = turn
            self._since, self._noticed = self._clock(), False
            return True
        seconds = self._clock() - self._since
        allowed: float | None = getattr(self._limits, limit, None)
        if allowed is None or seconds < allowed:
            return True
        if not self._noticed:
            self._noticed = True
            self._owner.silence_noticed(turn, limit, seconds)
        elif seconds >= 2 * allowed:
            self._owner.silence_lasts(turn, limit, seconds)
        return True
