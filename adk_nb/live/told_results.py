"""The results of tools that the model was told, until it has reacted to them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from adk_nb.live.turn_state import CallPhase, Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.live.turn_state import CallState, TurnState

CROSSING_S = 0.3
"""Words that begin so soon after a result or a question may have been on their way before (s)."""


class ToldResults:
    """The calls whose results the model was told, with their turns, oldest first.

    Attributes:
        clock: Tells the time (s).
    """

    def __init__(self) -> None:
        self.clock: Callable[[], float] = time.monotonic
        self._told: list[tuple[TurnState, CallState]] = []

    def __bool__(self) -> bool:
        return bool(self._told)

    def add(self, turn: TurnState, call: CallState) -> None:
        """The model was told a result, and is expected to say something."""
        call.phase, call.told_at, call.crossed = CallPhase.TOLD, self.clock(), False
        if (turn, call) not in self._told:
            self._told.append((turn, call))

    @property
    def due(self) -> tuple[TurnState, CallState] | None:
        """The call whose result is to be answered next: the oldest that may not have been yet."""
        told = self._told
        return next((one for one in told if not one[1].crossed), told[0] if told else None)

    @property
    def unreacted(self) -> bool:
        """Whether the model was told a result that it need not react to, and has not."""
        return any(not call.blocks for _, call in self._told)

    @property
    def may_have_reacted(self) -> bool:
        """Whether the model has said something after each such result that may be about it."""
        return all(call.crossed for _, call in self._told if not call.blocks)

    def only_crossed_by(self, turn: TurnState) -> bool:
        """Returns whether there are results, which what a turn has said may have answered."""
        return bool(self._told) and all(one is turn and call.crossed for one, call in self._told)

    def answered_by(self, turn: TurnState, *, begins: bool) -> None:
        """A turn is being answered, which reacts to its results; `begins` says whether it began."""
        for one, call in self._told[:]:
            # Words that began before a result was told are no reaction to it, but for a call that
            # the model has waited for.
            if one is not turn or not (call.blocks or begins):
                continue
            if call.blocks or self.clock() - call.told_at > CROSSING_S:
                self.forget(call)
            else:
                call.crossed = True

    # What the model will not react to.

    def forget(self, call: CallState, phase: CallPhase = CallPhase.SETTLED) -> None:
        """The model has reacted to a result, or will not."""
        call.phase = phase
        self._told = [(turn, one) for turn, one in self._told if one is not call]

    def forget_of(self, turn: TurnState, *, blocking: bool) -> None:
        """The model will not react to those of a turn, of calls that it waited for or others."""
        for one, call in self._told[:]:
            if one is turn and call.blocks is blocking:
                self.forget(call)

    def forget_crossed(self, turn: TurnState) -> None:
        """A turn was cut off: what it said may have been the reaction to its results."""
        for one, call in self._told[:]:
            if one is turn and call.crossed:
                self.forget(call)

    def forget_ended(self) -> None:
        """The connection is lost: the next one is told nothing of turns that have ended."""
        for turn, call in self._told[:]:
            if turn.phase is Phase.ENDED:
                self.forget(call)

    def forget_unreacted(self) -> list[TurnState]:
        """The model will not react to what it need not react to; returns the turns of that."""
        turns = [turn for turn, call in self._told if not call.blocks]
        for turn in turns:
            self.forget_of(turn, blocking=False)
        return turns

    def leave(self, turn: TurnState) -> None:
        """Expects no reaction to the results of a turn any more; one may come late all the same."""
        self._told = [(one, call) for one, call in self._told if one is not turn]

    def cancel_blocking(self, turn: TurnState) -> None:
        """Cancels the calls of a turn that the model waits for: nobody wants their results."""
        for call in turn.calls.values():
            if call.blocks and call.owed:
                self.forget(call, CallPhase.CANCELLED)
