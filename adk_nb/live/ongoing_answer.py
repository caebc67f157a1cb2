"""The answer that goes on, and what may still come of the one before it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.live.turn_state import TurnState


@dataclass(slots=True, eq=False)
class OngoingAnswer:
    """What the model is saying.

    Attributes:
        turn: The turn whose answer goes on; None if none does.
        speaks: Whether words or sound of it come: not so between a call and its result.
        last: The turn whose answer began last.
        unwanted: A question that was withdrawn before its answer; if that comes, it is dropped.
        just_stopped: Whether nothing has come since the model stopped; a completion belongs to
            that answer.
        completion_due: Whether the model still completes after a call, which ends nothing.
        over_at: When the last answer was over, or the newest of its late words came (s).
        asked_at: When the newest question began to stand (s).
        clock: Tells the time (s).
    """

    turn: TurnState | None = None
    speaks: bool = False
    last: TurnState | None = None
    unwanted: TurnState | None = None
    just_stopped: bool = False
    completion_due: bool = False
    over_at: float = 0.0
    asked_at: float = 0.0
    clock: Callable[[], float] = time.monotonic

    @property
    def spoken(self) -> TurnState | None:
        """The turn whose answer is being spoken."""
        return self.turn if self.speaks else None

    @property
    def dropping(self) -> bool:
        """Whether what comes is dropped: it goes on with an answer that was cut off."""
        return self.turn is not None and self.turn.cut

    @property
    def stop_expected(self) -> bool:
        """Whether the user has cut off what the model has not reported as stopped."""
        return self.dropping or self.unwanted is not None

    def begins(self, turn: TurnState) -> None:
        """The answer of a turn begins."""
        self.turn = self.last = turn

    def is_over(self) -> None:
        """The last answer is over, or words of it have come late."""
        self.over_at = self.clock()

    def question_stands(self) -> None:
        """A new question stands: what was not wanted before it is forgotten."""
        self.asked_at = self.clock()
        self.unwanted = None
        if not self.speaks:
            self.turn = None

    def turn_ended(self, turn: TurnState) -> None:
        """A turn has ended: its answer has too, unless it is being spoken and so to be dropped."""
        if turn is self.last:
            self.is_over()
        if turn is self.turn and not self.speaks:
            self.turn = None

    def dropped(self) -> None:
        """The rest of an answer that was cut off will not come: there is nothing left to drop."""
        if self.dropping:
            self.turn = None

    def connection_lost(self) -> None:
        """The connection is lost: nothing more comes of what was said over it."""
        self.turn = self.unwanted = None
        self.just_stopped = self.completion_due = False
