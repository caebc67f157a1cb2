"""What the pages are told of turns: what is new of their words, of their facts, and where they are.

The words of a running answer change as they come. A message has what differs from the message
before, and from where on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adk_nb.live.heard_words import HeardWords, common_length
from adk_nb.log.turn import Status
from adk_nb.wire import protocol
from adk_nb.wire.facts import FACTS, facts_message
from adk_nb.wire.markdown import rendered_messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.live.bookings import Booking
    from adk_nb.log.redaction import Redactor
    from adk_nb.log.turn import Turn
    from adk_nb.log.words import Piece

_PLAYED = {"interrupted", "playback_drained", "playback_flushed"}
_HEARD = {"agent_text", "agent_transcript", "turn_complete", "turn_ended"} | _PLAYED
"""Kinds of rows after which other words of an answer may have been heard."""
_KEPT_TURNS = 8
"""Of so many of the newest turns more may come; what was told of the others is forgotten."""


class TurnMessages:
    """Emits the messages that show turns.

    Args:
        emit: Takes each message for the pages.
        redact: Masks secrets.
    """

    def __init__(self, emit: Callable[[protocol.Message], None], redact: Redactor) -> None:
        self._emit = emit
        self._redact = redact
        self._heard = HeardWords(emit)
        # What the pages were sent of each piece of the newest turns, by turn and number.
        self._sent: dict[int, dict[int, tuple[str, bool]]] = {}
        # What they were told of the newest turns.
        self._facts: dict[int, protocol.TurnFacts] = {}

    def made(self, turn: Turn) -> None:
        """A turn was made: forgets what was told of one that is long over."""
        for kept in (self._sent, self._facts):
            kept.pop(turn.index - _KEPT_TURNS, None)

    def started(self, index: int) -> None:
        """Tells that a turn is open."""
        self._emit(protocol.TurnState(index, "started"))

    def answers(self, turn: Turn, booking: Booking) -> None:
        """An answer comes: if its turn was cut off before, the pages play it once more."""
        if booking.by in ("result", "late") and turn.status not in (None, Status.COMPLETE):
            self._emit(protocol.TurnState(turn.index, "resumed"))

    def ended(self, turn: Turn, status: str) -> None:
        """Tells how a turn has ended, and how its answer looks as Markdown."""
        self._emit(protocol.TurnState(turn.index, status))
        for message in rendered_messages(turn, self._redact):
            self._emit(message)

    def sources(self, turn: Turn) -> None:
        """Tells the sources of an answer."""
        self._emit(protocol.Sources(turn.index, turn.sources))

    # What rows of the log say.

    def said(self, turn: Turn, pieces: list[Piece]) -> None:
        """Tells what is new of pieces that a row has changed."""
        for piece in pieces:
            self._show(turn, piece)

    def changed(self, turn: Turn, kind: str) -> None:
        """A row of a kind has come: tells what was heard, and what else is known of its turn."""
        if kind in _HEARD:
            if kind not in _PLAYED:
                self._heard.said(turn)
            self._heard.heard(turn)
        if kind in FACTS:
            self._tell_facts(turn)

    def sounds(self, turn: Turn) -> None:
        """More sound of an answer has come: tells when its words sound."""
        self._heard.sounds(turn)

    def _tell_facts(self, turn: Turn) -> None:
        if not turn.begun:
            return
        facts = facts_message(turn)
        if facts != self._facts.get(turn.index):
            self._facts[turn.index] = facts
            self._emit(facts)

    def _show(self, turn: Turn, piece: Piece) -> None:
        """Tells what is new of a piece."""
        text = self._redact(piece.text.strip())
        sent = self._sent.setdefault(turn.index, {})
        before, was_final = sent.get(piece.number, ("", False))
        if (text, piece.final) == (before, was_final) or not (text or before):
            return
        same = text[: common_length(text, before)]
        sent[piece.number] = (text, piece.final)
        self._emit(
            protocol.Transcript(
                turn.index,
                piece.role,
                piece.author,
                text[len(same) :],
                piece.final,
                piece=piece.number,
                start=len(same.encode("utf-16-le")) // 2,
                withheld=piece.role == "agent" and turn.withheld,
            )
        )
