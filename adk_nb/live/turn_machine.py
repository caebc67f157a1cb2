"""Which turn something belongs to, and when a turn is over: the rules, without words or sockets.

A turn has a `Phase`, and debts: calls that have not returned, results that the model has been told
and has not reacted to, an interaction that the service says is in progress. It is complete at the
first completion after which it owes nothing. `docs/design/turns.md` draws the phases.

Here are the events that end a turn, or give it another question: what the user types, that they cut
in, that the model completes or has stopped, that something fails. Where words of the user's belong
is in `utterances.py`, where output of the model's does in `bookings.py`, and what becomes of tool
calls in `call_lifecycle.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adk_nb.live.bookings import Bookings
from adk_nb.live.call_lifecycle import CallLifecycle
from adk_nb.live.open_turns import OpenTurns
from adk_nb.live.turn_state import CallPhase, Phase, TurnState
from adk_nb.live.utterances import Utterances
from adk_nb.log.turn import Status

if TYPE_CHECKING:
    from collections.abc import Callable

_NEWEST = 4
"""That no interaction is in progress is so of this many turns, the newest."""


class TurnMachine(OpenTurns):
    """Decides to which turn each event belongs, and which turns it ends.

    Args:
        began: Called with a turn when it is made.
        ended: Called with a turn that has ended, and why, if there is more to say.
        asked: Called with a typed turn that has waited, when it is to be sent.

    Attributes:
        utterances: Where the user's spoken words belong.
        bookings: Where the model's output belongs.
        calls: What becomes of tool calls.
    """

    def __init__(
        self,
        began: Callable[[TurnState], None],
        ended: Callable[[TurnState, str | None], None],
        asked: Callable[[TurnState], None] = lambda _: None,
    ) -> None:
        super().__init__(began, ended, asked)
        self.utterances = Utterances(self)
        self.bookings = Bookings(self)
        self.calls = CallLifecycle(self, self.bookings)
        # A typed question that was sent while an earlier answer could still begin.
        self._displacing: TurnState | None = None

    # What the user does.

    def typed(self, *, wait: bool = False) -> TurnState:
        """The user typed a question; with `wait` it is asked when the open turn has ended."""
        if wait and self.current is not None:
            return self.queue()
        expected = self._superseded() or self.answer.unwanted is not None
        turn = self.open(Phase.ASKED)
        self._displacing = turn if expected else None
        return turn

    def _superseded(self) -> bool:
        """Ends the open turn: the user goes on. Returns whether its answer could still begin."""
        turn, over = self.current, self.next
        expected = False
        if turn is not None:
            blocked = turn.waits_for(blocking=True)
            expected = turn.stands or blocked or turn.busy
            if not turn.answered:
                self.end(turn, Status.UNANSWERED)
            elif blocked or turn.phase is Phase.ANSWERING or self.answer.spoken is turn:
                self.interrupt(turn)
            else:
                self.end(turn, Status.COMPLETE, "went_on")
        if over is not None and over.phase is not Phase.ENDED:
            expected = True
            self.end(over, Status.UNANSWERED)
        return expected

    def cut(self, *, sent: bool = True) -> TurnState | None:
        """The user cuts in; returns the turn that this ended.

        `sent` says whether the model may have got the question.
        """
        turn, answer = self.current, self.answer
        if turn is None or (turn.phase is Phase.SAYING and not (turn.answered or turn.worded)):
            return None
        # A model that did not wait for a tool may go on all the same.
        waits = turn.waits_for(blocking=True)
        to_come = answer.turn is turn and not answer.speaks and not waits
        self.told.cancel_blocking(turn)
        for call in turn.calls.values():  # A tool that the model does not wait for goes on.
            if call.phase is CallPhase.TOLD:
                self.told.forget(call, CallPhase.CANCELLED)
        self.end(turn, Status.INTERRUPTED if turn.answered else Status.UNANSWERED)
        if to_come or (sent and not turn.answered):
            answer.unwanted = turn
        return turn

    # What the model does.

    def completed(
        self, *, failed: str | None = None, busy: bool | None = None
    ) -> tuple[TurnState | None, bool]:
        """The model has completed.

        Args:
            failed: The reason, if it is one that means that there is no answer.
            busy: Whether the interaction goes on, if the service says so; if not, none does.

        Returns:
            The turn that this was of, and whether that has ended now.
        """
        answer = self.answer
        turn, answer.turn = answer.turn, None
        if turn is not None:
            answer.is_over()
        if busy is False:
            self._none_is_busy(turn)
        if turn is None and answer.just_stopped and failed is None:
            answer.just_stopped = False
            return None, False  # It is the completion of what was stopped.
        answer.just_stopped = False
        due, answer.completion_due = answer.completion_due, False
        if turn.cut if turn is not None else due:
            return None, False  # It is of what was cut off.
        if not due:
            self._displacing = None
        if turn is not None and not answer.speaks and not due:
            # It comes after the results, and nothing was said to them.
            self.told.forget_of(turn, blocking=True)
        turn = turn or self._of_empty()
        if turn is None:
            return None, False
        if busy is not None:
            turn.busy = busy
        if turn.phase is Phase.ENDED:
            return turn, False
        self._completes(turn, failed)
        return turn, turn.status is not None

    def _completes(self, turn: TurnState, failed: str | None) -> None:
        """Ends a turn with a completion of the model's, unless something is still to come."""
        if failed is not None:
            self.end(turn, Status.FAILED, failed)
        elif turn.owes:
            turn.phase = Phase.CALLING if turn.awaits_calls else Phase.ANSWERING
        elif turn.answered:
            self.end(turn, Status.COMPLETE)
        else:
            self.end(turn, Status.FAILED, "empty")

    def _none_is_busy(self, completed: TurnState | None) -> None:
        """The service says that no interaction is in progress, with the completion of a turn."""
        current = self.current
        waited = current is not None and current.busy and completed not in (None, current)
        for turn in self.all[-_NEWEST:]:
            turn.busy = False
        if waited and current is not None:
            self.settle(current)

    def _of_empty(self) -> TurnState | None:
        """Returns the turn of a completion without words: of a result, or of the question."""
        due = self.told.due
        if due is not None:
            turn, call = due
            self.told.forget_of(turn, blocking=call.blocks)
            return turn
        current = self.current
        return None if current is None or current.phase is Phase.SAYING else current

    def stopped(self) -> TurnState | None:
        """The model says that it was cut off; returns the turn that this ended."""
        turn, self.answer.turn = self.answer.spoken, None
        self.answer.just_stopped = True
        if turn is None:
            turn = self.current
            # Without an answer that goes on only a call can have been stopped.
            if turn is None or not turn.answered or not turn.waits_for(blocking=True):
                return None
        if turn.phase is Phase.ENDED:
            return None
        self.interrupt(turn)
        if self.speaking:
            turn.give_up_words()
        return turn

    def is_foreign(self) -> bool:
        """Returns whether what the model stopped was the answer to an earlier question.

        That is so where nobody has cut in since the question: the question itself did.
        """
        turn = self._stoppable
        return turn is not None and turn is self._displacing and not self.speaking

    @property
    def _stoppable(self) -> TurnState | None:
        """The turn whose answer goes on, or whose call the model waits for."""
        turn = self.current
        waits = turn is not None and turn.waits_for(blocking=True)
        return turn if self.answer.turn is None and waits else self.answer.turn

    def disown(self, *, completes: bool = True) -> TurnState | None:
        """What came of the open turn's answer was not its own: the question stands again.

        `completes` says whether a completion of that is still to come.
        """
        turn, self.answer.turn = self._stoppable, None
        self.answer.just_stopped = completes
        if turn is not None:
            self.told.cancel_blocking(turn)
            turn.phase, turn.answered = Phase.ASKED, False
        self._displacing = None
        return turn

    def withheld(self, turn: TurnState | None) -> TurnState:
        """A guard's words take the place of an answer, which is over with that."""
        turn = turn or self.bookings.answer_begins().turn
        self.answer.turn = None
        turn.answered = True
        if turn is self.current:
            self.end(turn, Status.COMPLETE, "withheld")
        return turn

    # What else ends a turn.

    def failed(self, reason: str, status: Status = Status.FAILED) -> TurnState | None:
        """Something went wrong; returns the turn that this ended."""
        turn = self.current
        self.answer.turn = None
        if turn is not None:
            self.end(turn, status, reason)
        return turn

    def silent(self) -> None:
        """The model has said nothing for too long: the open turn ends, and may be answered late."""
        turn = self.current
        if turn is not None:
            turn.given_up = True
            self.answer.turn = None
            self.told.leave(turn)
            self.end(turn, Status.FAILED, "silent")

    def abandoned(self, reason: str) -> None:
        """The session ends, and with it all that is open or waits."""
        self._asked = lambda _turn: None
        while self.current is not None:
            self.failed(reason, Status.ABANDONED)

    def closed(self) -> TurnState | None:
        """The model has closed the connection; returns the turn if its answer is over with that."""
        turn = self.current
        running = turn is not None and any(
            call.awaited and call.phase is CallPhase.RUNNING for call in turn.calls.values()
        )
        if turn is None or not turn.answered or running:
            return None
        self.answer.turn = None
        self.end(turn, Status.COMPLETE)
        return turn

    def connection_lost(self) -> None:
        """The connection is lost: its answer has ended, and its model is told nothing more."""
        self.answer.connection_lost()
        self.told.forget_ended()
