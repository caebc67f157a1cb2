"""A machine of turns by itself, and the states that tests begin in."""

from __future__ import annotations

from adk_nb.live.turn_machine import TurnMachine


class Rules:
    """A machine, its clock, and what it reports."""

    def __init__(self):
        self.now, self.began, self.ended, self.asked = 0.0, [], [], []
        self.machine = TurnMachine(
            lambda turn: self.began.append(turn.index),
            lambda turn, reason: self.ended.append((turn.index, str(turn.status), reason)),
            lambda turn: self.asked.append(turn.index),
        )
        self.machine.told.clock = self.machine.answer.clock = lambda: self.now
        self.machine.calls.completes_calls = False

    def books(self, booking):
        return booking.turn.index, booking.by, booking.ambiguous, booking.dropped

    def answer(self):
        return self.books(self.machine.bookings.output_came())

    @property
    def open(self):
        """The turn that is open, by its phase."""
        turn = self.machine.current
        return None if turn is None else (turn.index, str(turn.phase))

    @property
    def calls(self):
        return {
            call.id: str(call.phase) for turn in self.machine.all for call in turn.calls.values()
        }


# --- states: how they come about


def _idle(_rules):
    pass


def _saying(rules):
    rules.machine.utterances.speech_began()
    rules.machine.utterances.words(final=False)


def _unworded(rules):
    rules.machine.utterances.spoke_unheard()


def _spoken(rules):
    rules.machine.utterances.speech_began()
    rules.machine.utterances.words(final=True)


def _typed(rules):
    rules.machine.typed()


def _answering(rules):
    rules.machine.typed()
    rules.answer()


def _running(rules):
    rules.machine.typed()
    rules.machine.calls.called("c", blocks=True)


def _beside(rules):
    """The model goes on beside a tool."""
    rules.machine.typed()
    rules.machine.calls.called("c", blocks=False)
    rules.answer()


def _told(rules):
    _running(rules)
    rules.machine.calls.returned("c")
    rules.machine.calls.told("c")


def _done(rules):
    _answering(rules)
    rules.machine.completed(failed=None)


STATES = {
    "idle": _idle, "saying": _saying, "unworded": _unworded, "spoken": _spoken, "typed": _typed,
    "answering": _answering, "running": _running, "beside": _beside, "told": _told, "done": _done,
}  # fmt: skip


def told_after_the_end(rules):
    """Turn 1 had ended, and another one after it, when the result of its tool was told."""
    _beside(rules)
    rules.machine.completed()
    rules.machine.typed()
    rules.answer()
    rules.machine.completed()
    rules.machine.calls.told("c")
