"""Which turn the user's spoken words belong to: they come in pieces, and often late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adk_nb.live.turn_state import Phase
from adk_nb.log.turn import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adk_nb.live.open_turns import OpenTurns
    from adk_nb.live.turn_state import TurnState

_NEWEST = 4
"""Words that come late are of one of so many turns, the newest."""


class Utterances:
    """Decides to which turn words of the user's belong.

    Args:
        turns: The turns.
    """

    def __init__(self, turns: OpenTurns) -> None:
        self._turns = turns

    @property
    def speech_index(self) -> int:
        """The number of the turn that speech would belong to now."""
        turns = self._turns
        for turn in (turns.next, turns.current):
            if turn is not None and turn.spoken and turn.stands:
                return turn.index
        if turns.current is not None and not turns.current.answered and not turns.current.final:
            return turns.current.index
        return len(turns.all) + 1

    def speech_began(self) -> None:
        """The user begins to speak."""
        self._turns.speaking = True
        for turn in self._turns.all[-_NEWEST:]:
            if turn.phase is Phase.ENDED:
                turn.give_up_words()

    def spoke_unheard(self) -> None:
        """The user speaks while there is no model: the turn is made before any words come."""
        if self._turns.current is None:
            self._turns.current = self._turns.make(Phase.SAYING, spoken=True)

    def words(
        self, *, final: bool, matches: Callable[[TurnState], bool] | None = None
    ) -> TurnState:
        """Words of the user's came; returns the turn that they belong to.

        Args:
            final: Whether they are the whole of what was said.
            matches: Whether the words that a turn has so far are the beginning of these.
        """
        turn = self._lacking(final=final, matches=matches) or self._spoken_next()
        turn.spoken, turn.worded, turn.final = True, True, final
        if turn.phase is Phase.SAYING and final:
            turn.phase = Phase.ASKED
        if final:
            self._turns.speaking = False
        if final and turn is self._turns.next:
            self._promote()
        return turn

    def unsaid(self, turn: TurnState) -> None:
        """The speech of a turn is sent to another model, which will transcribe it once more."""
        turn.worded = turn.final = False
        if turn.phase is Phase.ASKED:
            turn.phase = Phase.SAYING

    def _lacking(
        self, *, final: bool, matches: Callable[[TurnState], bool] | None
    ) -> TurnState | None:
        """Returns the oldest utterance that lacks words, if these may be its."""
        found = [turn for turn in self._newest() if not turn.final]
        if not final:
            found = [turn for turn in found if turn.phase is not Phase.ENDED or not turn.worded]
            found = [turn for turn in found if turn.spoken]
        if not found:
            return self._continued() if final else None
        if final and matches is not None:
            return next((turn for turn in found if matches(turn)), found[0])
        return found[0]

    def _continued(self) -> TurnState | None:
        """Returns the open utterance if a further final text may be of it: several may come."""
        turn = self._turns.next or self._turns.current
        if turn is None or not turn.spoken or turn.answered or self._turns.speaking:
            return None
        return turn

    def _newest(self) -> Iterator[TurnState]:
        """Yields the newest turns that were spoken, oldest first."""
        for turn in self._turns.all[-_NEWEST:]:
            is_open = turn is self._turns.current
            # Of an answer that goes on the question may have been spoken, and its words be late.
            unasked = is_open and turn.phase is Phase.ANSWERING and not turn.worded
            if turn.spoken or unasked:
                yield turn

    def _spoken_next(self) -> TurnState:
        """Returns the turn of an utterance that begins: made, unless one waits for its words."""
        turns = self._turns
        current = turns.current
        if current is None:
            return turns.open(Phase.SAYING, spoken=True)
        if current.phase is Phase.ASKED and current.spoken and not current.answered:
            # The question before was never answered.
            turns.end(current, Status.UNANSWERED)
            return self._spoken_next()
        if turns.next is not None and not turns.next.final:
            return turns.next
        if turns.next is not None:
            turns.end(turns.next, Status.UNANSWERED)
        turns.next = turns.make(Phase.SAYING, spoken=True)
        return turns.next

    def _promote(self) -> None:
        """The user has said something while nothing was being said: it is the question now."""
        turn = self._turns.current
        if turn is None or self._turns.answer.spoken is turn:
            return
        if turn.stands:
            self._turns.end(turn, Status.UNANSWERED)
        elif turn.waits_for(blocking=True):
            self._turns.interrupt(turn)
        else:
            self._turns.end(turn, Status.COMPLETE, "went_on")
