"""Which turn something belongs to, and when a turn is over: the rules, without words or sockets.

A turn has a `Phase`, and debts: calls that have not returned, results that the model has been told
and has not reacted to, an interaction that the service says is in progress. It is complete at the
first completion after which it owes nothing. `docs/design/turns.md` draws the phases.

Output (words, sound, calls) that continues an answer belongs to that answer's turn. Output that
begins an answer belongs to the newest question without one; if there is none, to the turn whose
tool result the model was told; if there is none either, the model spoke by itself.

After the user cuts in, the rest of that answer is dropped, until the model completes or reports
that it has stopped. Only an answer that has begun has a rest: otherwise nothing is dropped.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from adk_nb.log.turn import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_NEWEST = 4
"""Words that come late are of one of so many turns, the newest."""
_CROSSING_S = 0.3
"""Words that begin within this time of a result may have been on their way before it (s)."""


class Phase(StrEnum):
    """Where a turn is.

    Attributes:
        WAITING: It was typed, and waits until what was said before it is answered.
        SAYING: The user speaks, or their words are not final.
        ASKED: The question stands; nothing has come of it.
        ANSWERING: Words or sound come, or are expected to go on.
        CALLING: A call is pending, or its result has not been answered.
        ENDED: It is over; an answer to a result may still be booked on it.
    """

    WAITING = "waiting"
    SAYING = "saying"
    ASKED = "asked"
    ANSWERING = "answering"
    CALLING = "calling"
    ENDED = "ended"


class CallPhase(StrEnum):
    """Where a tool call is.

    Attributes:
        RUNNING: It has not returned.
        RETURNED: It has; the model was not told yet.
        TOLD: The model was told, and has not reacted.
        SETTLED: The model has reacted, or will not.
        CANCELLED: The user or the service does not want its result any more.
    """

    RUNNING = "running"
    RETURNED = "returned"
    TOLD = "told"
    SETTLED = "settled"
    CANCELLED = "cancelled"


@dataclass(slots=True, eq=False)
class CallState:
    """A tool call.

    Attributes:
        id: ADK's id.
        blocks: Whether the model waits for its result.
        awaited: Whether the turn does; not for one whose outcome comes later, by `respond`.
        phase: Where it is.
        told_at: When the model was told its result (s, on the machine's clock).
        crossed: Whether words began so soon after that, that they may be the answer or have been
            on their way before.
    """

    id: str
    blocks: bool
    awaited: bool = True
    phase: CallPhase = CallPhase.RUNNING
    told_at: float = 0.0
    crossed: bool = False

    @property
    def pending(self) -> bool:
        """Whether its result is still to be told."""
        return self.awaited and self.phase in (CallPhase.RUNNING, CallPhase.RETURNED)


@dataclass(slots=True, eq=False)
class TurnState:
    """What the rules know of a turn.

    Attributes:
        index: Its number, from 1.
        phase: Where it is.
        spoken: Whether the user spoke it.
        worded: Whether any of its words came; a typed turn's did.
        final: Whether the user's words are final.
        answered: Whether anything came of the model.
        busy: Whether the service says that the interaction is in progress.
        calls: Its calls, by their id.
        cut: Whether what still comes of its answer is dropped.
        status: How it ended.
        given_up: Whether it ended because the model said nothing for too long.
    """

    index: int
    phase: Phase
    spoken: bool = False
    worded: bool = False
    final: bool = False
    answered: bool = False
    busy: bool = False
    calls: dict[str, CallState] = field(default_factory=dict)
    cut: bool = False
    status: Status | None = None
    given_up: bool = False

    @property
    def stands(self) -> bool:
        """Whether it is a question that has no answer."""
        return self.phase in (Phase.SAYING, Phase.ASKED) and not self.answered

    @property
    def typed(self) -> bool:
        """Whether the user typed it."""
        return self.worded and not self.spoken

    @property
    def owes(self) -> bool:
        """Whether something is still to come of it."""
        return self.busy or any(map(_is_owed, self.calls.values()))

    def waits_for(self, *, blocking: bool) -> bool:
        """Returns whether the model, or only the turn, waits for one of its calls."""
        return any(call.blocks is blocking and _is_owed(call) for call in self.calls.values())


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


class TurnMachine:
    """Decides to which turn each event belongs.

    Args:
        began: Called with a turn when it is made.
        ended: Called with a turn that has ended, and why, if there is more to say.
        asked: Called with a typed turn that has waited, when it is to be sent.

    Attributes:
        all: The turns, oldest first.
        current: The turn that is open; None between two.
        next: The turn that the user begins to say while an answer goes on.
        output: The turn whose answer goes on.
        spoke_last: The turn whose answer began last.
        newest_cut: The newest turn that was interrupted.
        clock: Tells the time (s).
        completes_calls: Whether the model completes after a call too, as those before Gemini 3 do.
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
        self.output: TurnState | None = None
        # Whether words or sound of that answer come: not so between a call and its result.
        self._speaks = False
        self.spoke_last: TurnState | None = None
        self.newest_cut: TurnState | None = None
        self.completes_calls = True
        self.clock: Callable[[], float] = time.monotonic
        # Typed turns that wait.
        self._waiting: list[TurnState] = []
        # A question that was withdrawn before its answer; if the answer comes, it is dropped.
        self._unwanted: TurnState | None = None
        # Whether nothing has come since the model stopped; a completion belongs to that answer.
        self._just_stopped = False
        # A typed question that was sent while an earlier answer could still begin.
        self._displacing: TurnState | None = None
        # Whether the user has begun to speak since the last question.
        self._speech = False
        # Whether the model still completes after a call, which ends nothing.
        self._completion_due = False
        # The calls whose results the model was told, with their turns, oldest first.
        self._told: list[tuple[TurnState, CallState]] = []

    # What the user does.

    def typed(self, *, wait: bool = False) -> TurnState:
        """The user typed a question; with `wait` it is asked when the open turn has ended."""
        if wait and self.current is not None:
            turn = self._made(Phase.WAITING)
            self._waiting.append(turn)
            return turn
        expected = self._superseded() or self._unwanted is not None
        turn = self._made(Phase.ASKED)
        self.current = turn
        self._stands()
        self._displacing = turn if expected else None
        return turn

    def speech_began(self) -> None:
        """The user begins to speak."""
        self._speech = True
        for turn in self.all[-_NEWEST:]:
            if turn.phase is Phase.ENDED:
                _close_wordless(turn)

    def spoke_unheard(self) -> None:
        """The user speaks while there is no model: the turn is made before any words come."""
        if self.current is None:
            self.current = self._made(Phase.SAYING, spoken=True)

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
            self._speech = False
        if final and turn is self.next:
            self._promote()
        return turn

    def unsaid(self, turn: TurnState) -> None:
        """The speech of a turn is sent to another model, which will transcribe it once more."""
        turn.worded = turn.final = False
        if turn.phase is Phase.ASKED:
            turn.phase = Phase.SAYING

    def cut(self, *, sent: bool = True) -> TurnState | None:
        """The user cuts in; returns the turn that this ended.

        `sent` says whether the model may have got the question.
        """
        turn = self.current
        if turn is None or (turn.phase is Phase.SAYING and not (turn.answered or turn.worded)):
            return None
        # A model that did not wait for a tool may go on all the same.
        to_come = self.output is turn and not self._speaks and not turn.waits_for(blocking=True)
        self._cancel_blocking(turn)
        for call in turn.calls.values():  # A tool that the model does not wait for goes on.
            if call.phase is CallPhase.TOLD:
                self._forget(call, CallPhase.CANCELLED)
        self._end(turn, Status.INTERRUPTED if turn.answered else Status.UNANSWERED)
        if to_come or (sent and not turn.answered):
            self._unwanted = turn
        return turn

    # What the model does.

    def output_came(self) -> Booking:
        """Something of an answer came: words, sound, or a call."""
        spoke, self._speaks = self._speaks, True
        if self.output is None:
            return self._output_begins()
        turn = self.output
        if not turn.cut:
            self._answers(turn, begins=not spoke)
        return Booking(turn, "goes_on", dropped=turn.cut)

    def late_words(self, *, unfinished: Callable[[], bool]) -> TurnState | None:
        """Words of an answer came; returns the turn whose answer is over, if they are its end.

        They are dropped if that answer was cut off.

        Args:
            unfinished: Returns whether the words of that answer so far seem to want an end.
        """
        last = self.spoke_last
        if self.output is not None or self._just_stopped or last is None:
            return None
        reacted = bool(self._told) and all(_is_of(last, one) for one in self._told)
        if last.phase is not Phase.ENDED and not reacted:
            return None
        asked = self.current is not None and self.current is not last
        told = bool(self._told) and not reacted
        expected = asked or told or self._speech or self._unwanted is not None
        if last.cut:
            return None if expected else last
        return last if not expected or unfinished() else None

    def called(self, call_id: str, *, blocks: bool) -> Booking:
        """The model calls a tool."""
        booking = self.output_came()
        turn = booking.turn
        turn.calls[call_id] = CallState(call_id, blocks)
        self._speaks = False
        if blocks:
            self._completion_due = self.completes_calls
        if booking.dropped:
            # Nobody waits for the result; should the model go on all the same, it is dropped too.
            turn.calls[call_id].phase = CallPhase.CANCELLED
            self.output, self._unwanted = None, turn
        elif turn.phase is not Phase.ENDED:
            turn.phase = Phase.CALLING
        return booking

    def called_within(self, call_id: str) -> TurnState | None:
        """A tool that is an agent calls one of its own; returns the turn of it."""
        for turn in reversed(self.all):
            if any(call.phase is CallPhase.RUNNING for call in turn.calls.values()):
                turn.calls[call_id] = CallState(call_id, blocks=True, awaited=False)
                return turn
        return None

    def returned(self, call_id: str) -> None:
        """A tool returned."""
        _, call = self.call(call_id)
        if call is not None and call.phase is CallPhase.RUNNING:
            call.phase = CallPhase.RETURNED

    def told(self, call_id: str, *, reacts: bool = True) -> None:
        """The model was told a result; with `reacts` it is expected to say something."""
        turn, call = self.call(call_id)
        if turn is None or call is None or call.phase is CallPhase.CANCELLED:
            return
        if not reacts:
            call.phase = CallPhase.SETTLED
            self._settle(turn)
            return
        call.phase, call.told_at, call.crossed = CallPhase.TOLD, self.clock(), False
        if (turn, call) not in self._told:
            self._told.append((turn, call))

    def deferred(self, call_id: str) -> None:
        """The outcome of a call comes later: its turn does not wait."""
        turn, call = self.call(call_id)
        if turn is None or call is None:
            return
        call.awaited = False
        if call.phase is not CallPhase.RUNNING:
            self._forget(call)
        if turn is self.current and not turn.owes:
            self._end(turn, Status.COMPLETE)

    def no_reaction(self) -> None:
        """The model has had time to react to what it was told, and has not; it will not."""
        turns = [turn for turn, call in self._told if not call.blocks]
        for _, call in self._told[:]:
            if not call.blocks:
                self._forget(call)
        for turn in turns:
            crossed = any(call.crossed for call in turn.calls.values())
            self._settle(turn, None if crossed else "no_reaction")

    def cancelled(self, call_ids: list[str]) -> TurnState | None:
        """The service does not want results any more; returns the turn that this ended."""
        found = [self.call(call_id) for call_id in call_ids]
        for _, call in found:
            if call is not None and call.phase is not CallPhase.SETTLED:
                self._forget(call, CallPhase.CANCELLED)
        turn = next((turn for turn, _ in found if turn is not None), None)
        if turn is None or turn is not self.current or turn.owes or not turn.answered:
            return None
        self._end(turn, Status.INTERRUPTED)
        self.output = None if self.output is turn else self.output
        return turn

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
        turn, self.output = self.output, None
        if busy is False:
            self._none_is_busy(turn)
        if turn is None and self._just_stopped and failed is None:
            self._just_stopped = False
            return None, False  # It is the completion of what was stopped.
        self._just_stopped = False
        due, self._completion_due = self._completion_due, False
        if turn.cut if turn is not None else due:
            return None, False  # It is of what was cut off.
        if not due:
            self._displacing = None
        if turn is not None and not self._speaks and not due:
            # It comes after the results, and nothing was said to them.
            self._forget_told(turn, blocking=True)
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
            self._end(turn, Status.FAILED, failed)
        elif turn.owes:
            waits = any(_is_owed(call) for call in turn.calls.values())
            turn.phase = Phase.CALLING if waits else Phase.ANSWERING
        elif turn.answered:
            self._end(turn, Status.COMPLETE)
        else:
            self._end(turn, Status.FAILED, "empty")

    def stopped(self) -> TurnState | None:
        """The model says that it was cut off; returns the turn that this ended."""
        turn, self.output = self._spoken, None
        self._just_stopped = True
        if turn is None:
            turn = self.current
            # Without an answer that goes on only a call can have been stopped.
            if turn is None or not turn.answered or not turn.waits_for(blocking=True):
                return None
        if turn.phase is Phase.ENDED:
            return None
        self._cancel_blocking(turn)
        self._end(turn, Status.INTERRUPTED)
        if self._speech:
            _close_wordless(turn)
        return turn

    def is_foreign(self) -> bool:
        """Returns whether what the model stopped was the answer to an earlier question.

        That is so where nobody has cut in since the question: the question itself did.
        """
        turn = self._stoppable
        return turn is not None and turn is self._displacing and not self._speech

    @property
    def _stoppable(self) -> TurnState | None:
        """The turn whose answer goes on, or whose call the model waits for."""
        turn = self.current
        waits = turn is not None and turn.waits_for(blocking=True)
        return turn if self.output is None and waits else self.output

    def disown(self, *, completes: bool = True) -> TurnState | None:
        """What came of the open turn's answer was not its own: the question stands again.

        `completes` says whether a completion of that is still to come.
        """
        turn, self.output = self._stoppable, None
        self._just_stopped = completes
        if turn is not None:
            self._cancel_blocking(turn)
            turn.phase, turn.answered = Phase.ASKED, False
        self._displacing = None
        return turn

    def withheld(self, turn: TurnState | None) -> TurnState:
        """A guard's words take the place of an answer, which is over with that."""
        turn = turn or self._output_begins().turn
        self.output = None
        turn.answered = True
        if turn is self.current:
            self._end(turn, Status.COMPLETE, "withheld")
        return turn

    # What else ends a turn.

    def failed(self, reason: str, status: Status = Status.FAILED) -> TurnState | None:
        """Something went wrong; returns the turn that this ended."""
        turn = self.current
        self.output = None
        if turn is not None:
            self._end(turn, status, reason)
        return turn

    def silent(self) -> None:
        """The model has said nothing for too long: the open turn ends, and may be answered late."""
        turn = self.current
        if turn is not None:
            turn.given_up = True
            self.output = None
            self._told = [(one, call) for one, call in self._told if one is not turn]
            self._end(turn, Status.FAILED, "silent")

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
        self.output = None
        self._end(turn, Status.COMPLETE)
        return turn

    def connection_lost(self) -> None:
        """The connection is lost: its answer has ended, and its model is told nothing more."""
        self.output = self._unwanted = None
        self._just_stopped = self._completion_due = False
        for turn, call in self._told[:]:
            if turn.phase is Phase.ENDED:
                self._forget(call)

    def answer_dropped(self) -> None:
        """The rest of an answer that was cut off will not come: there is nothing left to drop."""
        if self.output is not None and self.output.cut:
            self.output = None

    # What is known.

    @property
    def waits(self) -> bool:
        """Whether a typed turn waits until what was said before it is answered."""
        return bool(self._waiting)

    @property
    def _spoken(self) -> TurnState | None:
        """The turn whose answer is being spoken."""
        return self.output if self._speaks else None

    @property
    def dropping(self) -> bool:
        """Whether what comes is dropped: it goes on with an answer that was cut off."""
        return self.output is not None and self.output.cut

    @property
    def stop_expected(self) -> bool:
        """Whether the user has cut off what the model has not reported as stopped."""
        return self.dropping or self._unwanted is not None

    @property
    def unreacted(self) -> bool:
        """Whether the model was told a result that it need not react to, and has not."""
        return any(not call.blocks for _, call in self._told)

    @property
    def may_have_reacted(self) -> bool:
        """Whether the model has said something after each such result that may be about it."""
        return all(call.crossed for _, call in self._told if not call.blocks)

    def call(self, call_id: str) -> tuple[TurnState, CallState] | tuple[None, None]:
        """Returns the turn and the call of an id, the newest if there are several."""
        for turn in reversed(self.all):
            if call_id in turn.calls:
                return turn, turn.calls[call_id]
        return None, None

    @property
    def speech_index(self) -> int:
        """The number of the turn that speech would belong to now."""
        for turn in (self.next, self.current):
            if turn is not None and turn.spoken and turn.stands:
                return turn.index
        if self.current is not None and not self.current.answered and not self.current.final:
            return self.current.index
        return len(self.all) + 1

    # Within.

    def _made(self, phase: Phase, *, spoken: bool = False) -> TurnState:
        turn = TurnState(len(self.all) + 1, phase, spoken=spoken)
        turn.worded = turn.final = not spoken and phase is not Phase.SAYING
        self.all.append(turn)
        self._began(turn)
        return turn

    def _stands(self) -> None:
        """A new question stands: what was not wanted before it is forgotten."""
        self._unwanted = None
        self._speech = False
        if not self._speaks:
            self.output = None

    def _superseded(self) -> bool:
        """Ends the open turn: the user goes on. Returns whether its answer could still begin."""
        turn, over = self.current, self.next
        expected = False
        if turn is not None:
            blocked = turn.waits_for(blocking=True)
            expected = turn.stands or blocked or turn.busy
            if not turn.answered:
                self._end(turn, Status.UNANSWERED)
            elif blocked or turn.phase is Phase.ANSWERING or self._spoken is turn:
                self._cancel_blocking(turn)
                self._end(turn, Status.INTERRUPTED)
            else:
                self._end(turn, Status.COMPLETE, "went_on")
        if over is not None and over.phase is not Phase.ENDED:
            expected = True
            self._end(over, Status.UNANSWERED)
        return expected

    def _cancel_blocking(self, turn: TurnState) -> None:
        for call in turn.calls.values():
            if call.blocks and _is_owed(call):
                self._forget(call, CallPhase.CANCELLED)

    def _lacking(
        self, *, final: bool, matches: Callable[[TurnState], bool] | None
    ) -> TurnState | None:
        """Returns the oldest utterance that lacks words, if these may be its."""
        found = [turn for turn in self._utterances() if not turn.final]
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
        turn = self.next or self.current
        if turn is None or not turn.spoken or turn.answered or self._speech:
            return None
        return turn

    def _utterances(self) -> Iterator[TurnState]:
        """Yields the newest turns that were spoken, oldest first."""
        for turn in self.all[-_NEWEST:]:
            # Of an answer that goes on the question may have been spoken, and its words be late.
            unasked = turn is self.current and turn.phase is Phase.ANSWERING and not turn.worded
            if turn.spoken or unasked:
                yield turn

    def _spoken_next(self) -> TurnState:
        current = self.current
        if current is None:
            saying = self.current = self._made(Phase.SAYING, spoken=True)
            self._stands()
            return saying
        if current.phase is Phase.ASKED and current.spoken and not current.answered:
            # The question before was never answered.
            self._end(current, Status.UNANSWERED)
            return self._spoken_next()
        if self.next is not None and not self.next.final:
            return self.next
        if self.next is not None:
            self._end(self.next, Status.UNANSWERED)
        self.next = self._made(Phase.SAYING, spoken=True)
        return self.next

    def _promote(self) -> None:
        """The user has said something while nothing was being said: it is the question now."""
        turn = self.current
        if turn is None or self._spoken is turn:
            return
        if turn.stands:
            self._end(turn, Status.UNANSWERED)
        elif turn.waits_for(blocking=True):
            self._cancel_blocking(turn)
            self._end(turn, Status.INTERRUPTED)
        else:
            self._end(turn, Status.COMPLETE, "went_on")

    @property
    def _due_told(self) -> tuple[TurnState, CallState] | None:
        """The call whose result is to be answered next: the oldest that may not have been yet."""
        told = self._told
        return next((one for one in told if not one[1].crossed), told[0] if told else None)

    def _output_begins(self) -> Booking:
        told = self._due_told
        standing = self.current if self.current is not None and self.current.stands else None
        if self.next is not None and self.next.stands and (standing is None or self._spoken_over):
            standing = self._ended_for_next()
        self._just_stopped = self._completion_due = False
        if standing is not None:
            other = told is not None and told[0] is not standing
            return self._books(standing, "question", ambiguous=other)
        if self._unwanted is not None and told is not None and told[0] is self._unwanted:
            self._unwanted = None  # It comes of a tool that went on.
        elif self._unwanted is not None and not self._speech:
            # The model does not know that the question was taken back, and answers it.
            turn, self._unwanted = self._unwanted, None
            turn.cut = True
            self.output = self.spoke_last = turn
            return Booking(turn, "goes_on", dropped=True)
        if told is not None:
            return self._books(told[0], "result")
        if self.current is not None:
            return self._books(self.current, "goes_on")
        if self.all and self.all[-1].given_up and not self._speech:
            return self._books(self.all[-1], "late")
        spoken = self._speech
        made = self.current = self._made(Phase.SAYING, spoken=spoken)
        self._stands()
        return self._books(made, "speech" if spoken else "itself")

    @property
    def _spoken_over(self) -> bool:
        """Whether the user has begun to speak since the question that stands, and words came."""
        return self._speech and self.next is not None and self.next.worded

    def _ended_for_next(self) -> TurnState | None:
        """Ends the open turn if it only waits, as the user has gone on; returns the next."""
        turn = self.current
        if turn is None or turn.waits_for(blocking=True) or self._told:
            return None if turn is None or not turn.stands else turn
        if turn.stands:
            self._end(turn, Status.UNANSWERED)
        else:
            self._end(turn, Status.COMPLETE, "went_on")
        return self.current

    def _books(self, turn: TurnState, by: str, *, ambiguous: bool = False) -> Booking:
        self.output = self.spoke_last = turn
        if by == "result":
            turn.cut = False  # The user has cut in on something else.
        self._answers(turn, begins=True)
        return Booking(turn, by, ambiguous)

    def _answers(self, turn: TurnState, *, begins: bool) -> None:
        """Notes that a turn is being answered, which reacts to the results that were told."""
        turn.answered = True
        for one, call in self._told[:]:
            # Words that began before a result was told are no reaction to it, but for a call that
            # the model has waited for.
            if one is not turn or not (call.blocks or begins):
                continue
            if call.blocks or self.clock() - call.told_at > _CROSSING_S:
                self._forget(call)
            else:
                call.crossed = True
        if turn.phase is not Phase.ENDED:
            turn.phase = Phase.CALLING if turn.waits_for(blocking=True) else Phase.ANSWERING

    def _forget(self, call: CallState, phase: CallPhase = CallPhase.SETTLED) -> None:
        """The model has reacted to a result, or will not."""
        call.phase = phase
        self._told = [(turn, one) for turn, one in self._told if one is not call]

    def _forget_told(self, turn: TurnState, *, blocking: bool) -> None:
        for one, call in self._told[:]:
            if one is turn and call.blocks is blocking:
                self._forget(call)

    def _settle(self, turn: TurnState, reason: str | None = None) -> None:
        """Ends a turn if nothing more is to come of it."""
        if turn is self.current and turn.answered and self._spoken is not turn and not turn.owes:
            self._end(turn, Status.COMPLETE, reason)

    def _none_is_busy(self, completed: TurnState | None) -> None:
        """The service says that no interaction is in progress, with the completion of a turn."""
        current = self.current
        waited = current is not None and current.busy and completed not in (None, current)
        for turn in self.all[-_NEWEST:]:
            turn.busy = False
        if waited and current is not None:
            self._settle(current)

    def _of_empty(self) -> TurnState | None:
        """Returns the turn of a completion without words: of a result, or of the question."""
        if self._due_told is not None:
            turn, call = self._due_told
            self._forget_told(turn, blocking=call.blocks)
            return turn
        current = self.current
        return None if current is None or current.phase is Phase.SAYING else current

    def _end(self, turn: TurnState, status: Status, reason: str | None = None) -> None:
        turn.phase, turn.status = Phase.ENDED, status
        turn.cut = status in (Status.INTERRUPTED, Status.UNANSWERED)
        turn.busy = False
        if turn is self.output and not self._speaks:
            self.output = None  # Nothing is being said that would have to be dropped.
        if status is Status.INTERRUPTED:
            self.newest_cut = turn
            for one in self._told[:]:  # What was cut off may have been the reaction.
                if _is_of(turn, one):
                    self._forget(one[1])
        if turn is self.current:
            self.current, self.next = self.next, None
        elif turn is self.next:
            self.next = None
        self._ended(turn, reason)
        if self.current is None and self._waiting and turn.phase is Phase.ENDED:
            self.current = self._waiting.pop(0)
            self.current.phase = Phase.ASKED
            self._stands()
            self._asked(self.current)


def _is_owed(call: CallState) -> bool:
    """Returns whether a call's result, or the model's reaction to it, is still to come."""
    return call.pending or call.phase is CallPhase.TOLD


def _close_wordless(turn: TurnState) -> None:
    """Gives up the words of an utterance of which none have come: the user speaks anew."""
    if turn.spoken and not turn.worded:
        turn.final = True


def _is_of(turn: TurnState, told: tuple[TurnState, CallState]) -> bool:
    """Returns whether a result may have been answered by what a turn has said."""
    return told[0] is turn and told[1].crossed
