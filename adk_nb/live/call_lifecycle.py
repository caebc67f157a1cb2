"""What becomes of tool calls, from the model's call until it has reacted to the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adk_nb.live.turn_state import CallPhase, CallState, Phase
from adk_nb.log.turn import Status

if TYPE_CHECKING:
    from adk_nb.live.bookings import Booking, Bookings
    from adk_nb.live.open_turns import OpenTurns
    from adk_nb.live.turn_state import TurnState


class CallLifecycle:
    """Takes the calls of turns from one phase to the next, and ends a turn that waited for them.

    Args:
        turns: The turns.
        bookings: Decides to which turn a call belongs.

    Attributes:
        completes_calls: Whether the model completes after a call too, as those before Gemini 3 do.
    """

    def __init__(self, turns: OpenTurns, bookings: Bookings) -> None:
        self._turns = turns
        self._bookings = bookings
        self.completes_calls = True

    def called(self, call_id: str, *, blocks: bool) -> Booking:
        """The model calls a tool."""
        booking = self._bookings.output_came()
        turn, answer = booking.turn, self._turns.answer
        turn.calls[call_id] = CallState(call_id, blocks)
        answer.speaks = False
        if blocks:
            answer.completion_due = self.completes_calls
        if booking.dropped:
            # Nobody waits for the result; should the model go on all the same, it is dropped too.
            turn.calls[call_id].phase = CallPhase.CANCELLED
            answer.turn, answer.unwanted = None, turn
        elif turn.phase is not Phase.ENDED:
            turn.phase = Phase.CALLING
        return booking

    def called_within(self, call_id: str) -> TurnState | None:
        """A tool that is an agent calls one of its own; returns the turn of it."""
        for turn in reversed(self._turns.all):
            if any(call.phase is CallPhase.RUNNING for call in turn.calls.values()):
                turn.calls[call_id] = CallState(call_id, blocks=True, awaited=False)
                return turn
        return None

    def returned(self, call_id: str) -> None:
        """A tool returned."""
        _, call = self._turns.call(call_id)
        if call is not None and call.phase is CallPhase.RUNNING:
            call.phase = CallPhase.RETURNED

    def told(self, call_id: str, *, reacts: bool = True) -> None:
        """The model was told a result; with `reacts` it is expected to say something."""
        turn, call = self._turns.call(call_id)
        if turn is None or call is None or call.phase is CallPhase.CANCELLED:
            return
        if reacts:
            self._turns.told.add(turn, call)
        else:
            call.phase = CallPhase.SETTLED
            self._turns.settle(turn)

    def deferred(self, call_id: str) -> None:
        """The outcome of a call comes later: its turn does not wait."""
        turn, call = self._turns.call(call_id)
        if turn is None or call is None:
            return
        call.awaited = False
        if call.phase is not CallPhase.RUNNING:
            self._turns.told.forget(call)
        if turn is self._turns.current and not turn.owes:
            self._turns.end(turn, Status.COMPLETE)

    def no_reaction(self) -> None:
        """The model has had time to react to what it was told, and has not; it will not."""
        for turn in self._turns.told.forget_unreacted():
            crossed = any(call.crossed for call in turn.calls.values())
            self._turns.settle(turn, None if crossed else "no_reaction")

    def cancelled(self, call_ids: list[str]) -> TurnState | None:
        """The service does not want results any more; returns the turn that this ended."""
        found = [self._turns.call(call_id) for call_id in call_ids]
        for _, call in found:
            if call is not None and call.phase is not CallPhase.SETTLED:
                self._turns.told.forget(call, CallPhase.CANCELLED)
        turn = next((turn for turn, _ in found if turn is not None), None)
        if turn is None or turn is not self._turns.current or turn.owes or not turn.answered:
            return None
        self._turns.end(turn, Status.INTERRUPTED)
        if self._turns.answer.turn is turn:
            self._turns.answer.turn = None
        return turn
