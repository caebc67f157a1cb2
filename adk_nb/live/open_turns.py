"""Which turns there are, which of them is open, and how one gives way to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adk_nb.live.ongoing_answer import OngoingAnswer
from adk_nb.live.told_results import ToldResults
from adk_nb.live.turn_state import Phase, TurnState
from adk_nb.log.turn import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.live.turn_state import CallState


class OpenTurns:
    """The turns of a conversation, and where it is in them.

    Args:
        began: Called with a turn when it is made.
        ended: Called with a turn that has ended, and why, if there is more to say.
        asked: Called with a typed turn that has waited, when it is to be sent.

    Attributes:
        all: The turns, oldest first.
        current: The turn that is open; None between two.
        next: The turn that the user begins to say while an answer goes on.
        newest_cut: The newest turn that was interrupted.
        speaking: Whether the user has begun to speak since the last question.
        answer: What the model is saying.
        told: The results that the model was told, and has not reacted to.
    """

    def __init__(
        self,
        began: Callable[[TurnState], None],
        ended: Callable[[TurnState, str | None], None],
        asked: Callable[[TurnState], None] = lambda _: None,
    ) -> None:
        self._began = began
        self._ended = ended
        self._asked = asked
        self.all: list[TurnState] = []
        self.current: TurnState | None = None
        self.next: TurnState | None = None
        self.newest_cut: TurnState | None = None
        self.speaking = False
        self.answer = OngoingAnswer()
        self.told = ToldResults()
        # Typed turns that wait.
        self._waiting: list[TurnState] = []

    @property
    def waits(self) -> bool:
        """Whether a typed turn waits until what was said before it is answered."""
        return bool(self._waiting)

    @property
    def index(self) -> int:
        """The number of the open turn, or of the one to come."""
        return self.current.index if self.current is not None else len(self.all) + 1

    def call(self, call_id: str) -> tuple[TurnState, CallState] | tuple[None, None]:
        """Returns the turn and the call of an id, the newest if there are several."""
        for turn in reversed(self.all):
            if call_id in turn.calls:
                return turn, turn.calls[call_id]
        return None, None

    # How turns begin.

    def make(self, phase: Phase, *, spoken: bool = False) -> TurnState:
        """Makes a turn, which is not open by that."""
        turn = TurnState(len(self.all) + 1, phase, spoken=spoken)
        turn.worded = turn.final = not spoken and phase is not Phase.SAYING
        self.all.append(turn)
        self._began(turn)
        return turn

    def open(self, phase: Phase, *, spoken: bool = False) -> TurnState:
        """Makes a turn that is open, and whose question stands."""
        self.current = turn = self.make(phase, spoken=spoken)
        self._question_stands()
        return turn

    def queue(self) -> TurnState:
        """Makes a typed turn that waits until the open one has ended."""
        turn = self.make(Phase.WAITING)
        self._waiting.append(turn)
        return turn

    def _question_stands(self) -> None:
        self.answer.question_stands()
        self.speaking = False

    # How they end.

    def end(self, turn: TurnState, status: Status, reason: str | None = None) -> None:
        """Ends a turn; the next is open then, or one that waits is asked."""
        turn.phase, turn.status = Phase.ENDED, status
        turn.cut = status in (Status.INTERRUPTED, Status.UNANSWERED)
        turn.busy = False
        self.answer.turn_ended(turn)
        if status is Status.INTERRUPTED:
            self.newest_cut = turn
            self.told.forget_crossed(turn)
        if turn is self.current:
            self.current, self.next = self.next, None
        elif turn is self.next:
            self.next = None
        self._ended(turn, reason)
        if self.current is None and self._waiting and turn.phase is Phase.ENDED:
            self.current = self._waiting.pop(0)
            self.current.phase = Phase.ASKED
            self._question_stands()
            self._asked(self.current)

    def settle(self, turn: TurnState, reason: str | None = None) -> None:
        """Ends a turn if nothing more is to come of it."""
        spoken = self.answer.spoken is turn
        if turn is self.current and turn.answered and not spoken and not turn.owes:
            self.end(turn, Status.COMPLETE, reason)

    def interrupt(self, turn: TurnState) -> None:
        """Ends a turn as cut off; the model gets no results that it waits for."""
        self.told.cancel_blocking(turn)
        self.end(turn, Status.INTERRUPTED)
