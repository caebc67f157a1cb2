"""Which turn the model's output belongs to, and by which rule.

Output (words, sound, calls) that continues an answer belongs to that answer's turn. Output that
begins an answer belongs to the newest question without one; if there is none, to the turn whose
tool result the model was told; if there is none either, the model spoke by itself.

After the user cuts in, the rest of that answer is dropped, until the model completes or reports
that it has stopped. Only an answer that has begun has a rest: otherwise nothing is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adk_nb.live.told_results import CROSSING_S
from adk_nb.live.turn_state import Phase
from adk_nb.log.turn import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.live.open_turns import OpenTurns
    from adk_nb.live.turn_state import TurnState

_LATE_S = 2.0
"""So long after an answer was over, its last words may still come (s)."""


@dataclass(frozen=True, slots=True)
class Booking:
    """To which turn an answer belongs.

    Attributes:
        turn: The turn.
        by: By which rule: `goes_on`, `question`, `result`, `speech`, `late` or `itself`.
        ambiguous: Whether another turn was possible.
        dropped: Whether it is not wanted: the turn was cut off.
    """

    turn: TurnState
    by: str
    ambiguous: bool = False
    dropped: bool = False

    @property
    def rule(self) -> dict[str, Any]:
        """What the row says of it with which an answer begins; nothing where one goes on."""
        return {} if self.by == "goes_on" else {"by": self.by, "ambiguous": self.ambiguous}


class Bookings:
    """Decides to which turn output belongs.

    Args:
        turns: The turns.
    """

    def __init__(self, turns: OpenTurns) -> None:
        self._turns = turns
        self._answer = turns.answer
        self._told = turns.told

    def output_came(self) -> Booking:
        """Something of an answer came: words, sound, or a call."""
        spoke, self._answer.speaks = self._answer.speaks, True
        turn = self._answer.turn
        if turn is None:
            return self.answer_begins()
        if not turn.cut:
            self._answers(turn, begins=not spoke)
        return Booking(turn, "goes_on", dropped=turn.cut)

    def late_words(
        self, *, unfinished: Callable[[], bool], again: bool = False
    ) -> TurnState | None:
        """Words of an answer came; returns the turn whose answer is over, if they are its end.

        They are dropped if that answer was cut off.

        Args:
            unfinished: Returns whether the words of that answer so far seem to want an end.
            again: Whether they have come before, and were late then.
        """
        last = self._answer.last
        if self._answer.turn is not None or self._answer.just_stopped or last is None:
            return None
        reacted = self._told.only_crossed_by(last)
        if last.phase is not Phase.ENDED and not reacted:
            return None
        asked = self._turns.current is not None and self._turns.current is not last
        told = bool(self._told) and not reacted
        expected = asked or told or self._turns.speaking or self._answer.unwanted is not None
        late = self._is_soon_enough() and (not expected or (not last.cut and unfinished()))
        if late:
            self._answer.is_over()
        return last if late or again else None

    def _is_soon_enough(self) -> bool:
        """Returns whether words that come now can be on their way since the last answer."""
        answer, current = self._answer, self._turns.current
        now = answer.clock()
        # A typed text is answered only after it was sent; how long speech goes on is not known.
        asked = current is not None and current is not answer.last and current.typed
        crosses = now - max(answer.asked_at, answer.over_at) <= CROSSING_S
        return now - answer.over_at <= _LATE_S and (crosses or not asked)

    def answer_begins(self) -> Booking:
        """An answer begins; returns whose it is."""
        turns, answer, told = self._turns, self._answer, self._told.due
        standing = self._standing()
        answer.just_stopped = answer.completion_due = False
        if standing is not None:
            other = told is not None and told[0] is not standing
            return self._books(standing, "question", ambiguous=other)
        if answer.unwanted is not None and told is not None and told[0] is answer.unwanted:
            answer.unwanted = None  # It comes of a tool that went on.
        elif answer.unwanted is not None and not turns.speaking:
            return self._drops(answer.unwanted)
        if told is not None:
            return self._books(told[0], "result")
        if turns.current is not None:
            return self._books(turns.current, "goes_on")
        if turns.all and turns.all[-1].given_up and not turns.speaking:
            return self._books(turns.all[-1], "late")
        spoken = turns.speaking
        made = turns.open(Phase.SAYING, spoken=spoken)
        return self._books(made, "speech" if spoken else "itself")

    def _standing(self) -> TurnState | None:
        """Returns the question that an answer would be to; None if none stands."""
        turns = self._turns
        current = turns.current
        standing = current if current is not None and current.stands else None
        if turns.next is None or not turns.next.stands:
            return standing
        # The user has begun to speak since the question that stands, and words came.
        spoken_over = turns.speaking and turns.next.worded
        return self._ended_for_next() if standing is None or spoken_over else standing

    def _ended_for_next(self) -> TurnState | None:
        """Ends the open turn if it only waits, as the user has gone on; returns the next."""
        turn = self._turns.current
        if turn is None or turn.waits_for(blocking=True) or self._told:
            return None if turn is None or not turn.stands else turn
        if turn.stands:
            self._turns.end(turn, Status.UNANSWERED)
        else:
            self._turns.end(turn, Status.COMPLETE, "went_on")
        return self._turns.current

    def _drops(self, turn: TurnState) -> Booking:
        """The model does not know that a question was taken back, and answers it."""
        self._answer.unwanted = None
        turn.cut = True
        self._answer.begins(turn)
        return Booking(turn, "goes_on", dropped=True)

    def _books(self, turn: TurnState, by: str, *, ambiguous: bool = False) -> Booking:
        self._answer.begins(turn)
        if by == "result":
            turn.cut = False  # The user has cut in on something else.
        self._answers(turn, begins=True)
        return Booking(turn, by, ambiguous)

    def _answers(self, turn: TurnState, *, begins: bool) -> None:
        """Notes that a turn is being answered, which reacts to the results that were told."""
        turn.answered = True
        self._told.answered_by(turn, begins=begins)
        if turn.phase is not Phase.ENDED:
            turn.phase = Phase.CALLING if turn.waits_for(blocking=True) else Phase.ANSWERING
