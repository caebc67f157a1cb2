"""What the rules know of a turn and of its tool calls: where they are, and what they owe.

`docs/design/turns.md` draws the phases.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adk_nb.log.turn import Status


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

    @property
    def owed(self) -> bool:
        """Whether its result, or the model's reaction to it, is still to come."""
        return self.pending or self.phase is CallPhase.TOLD


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
        return self.busy or self.awaits_calls

    @property
    def awaits_calls(self) -> bool:
        """Whether the result of a call, or the model's reaction to one, is still to come."""
        return any(call.owed for call in self.calls.values())

    def waits_for(self, *, blocking: bool) -> bool:
        """Returns whether the model, or only the turn, waits for one of its calls."""
        return any(call.blocks is blocking and call.owed for call in self.calls.values())

    def give_up_words(self) -> None:
        """Gives up the words of an utterance of which none have come: the user speaks anew."""
        if self.spoken and not self.worded:
            self.final = True
