"""What a session does with an answer that a guard withholds.

It is silenced as soon as the callback has returned: the event that ends the turn comes later, when
ADK has written it down. Then the guard's words take the answer's place, in the turn, the log and
the pages. What the turn's tools did stays.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from adk_nb.log.word_boundaries import joined
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.adk.events import Event

    from adk_nb.live.event_reader import EventReader
    from adk_nb.live.turn_builder import Turns
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.turn import Turn


class Withholding:
    """Puts a guard's words in the place of the answers that it withholds.

    Args:
        log: The event log.
        turns: The turns.
        reader: Reads the events of the same run.
        emit: Takes each message for the pages.
        keep: Whether the sound of what is withheld is kept.
    """

    def __init__(
        self,
        log: EventLog,
        turns: Turns,
        reader: EventReader,
        emit: Callable[[protocol.Message], None],
        *,
        keep: bool,
    ) -> None:
        self._log = log
        self._turns = turns
        self._reader = reader
        self._emit = emit
        self._keep = keep
        # The turns of the answers that are withheld, by the ids of the events that are to come.
        # None if nothing of an answer has come.
        self._coming: dict[str, Turn | None] = {}
        # The ids of such events whose answer the user has cut off before.
        self._cut: set[str] = set()
        # For words that are still to be read, in order: how much sound follows each of them (ms).
        self._ahead: deque[float] = deque()

    def begin(self) -> None:
        """Prepares for a new run."""
        self._coming.clear()
        self._cut.clear()
        self._ahead.clear()

    def words_first(self, ms: float) -> None:
        """Learns that the next words arrive before their sound, of which there is so much (ms)."""
        self._ahead.append(ms)

    def tell(self, event_id: str, *, begun: bool) -> bool:
        """Silences the answer that a callback replaced.

        Args:
            event_id: The id of the event that has the replacement.
            begun: Whether this withholds only an answer that the user has begun to get.

        Returns:
            Whether the sound of it is to be forgotten.
        """
        if not begun and self._ahead:
            self._ahead.pop()  # Its words are not coming.
        if self._turns.machine.answer.dropping:
            if not begun:
                self._cut.add(event_id)
            return not begun
        turn = self._turns.answering
        if begun and (turn is None or turn.ended or not _said(turn)):
            return False
        self._coming[event_id] = turn
        if turn is not None:
            self._emit(protocol.TurnState(turn.index, "withheld"))
        return not self._keep

    def read(self, event: Event) -> bool:
        """Reads an event if it has a replacement, or is to be dropped; returns whether it did."""
        self._turns.transcripts.ahead_ms = 0.0
        if event.id in self._cut:
            # ADK has made the model's connection anew, so nothing of the answer comes any more.
            self._cut.discard(event.id)
            self._turns.machine.answer.dropped()
            self._reader.begin()
            return True
        if event.id not in self._coming:
            if event.output_transcription is not None and event.partial and self._ahead:
                self._turns.transcripts.ahead_ms = self._ahead.popleft()
            return False
        values = {"invocation_id": event.invocation_id}
        of = self._coming.pop(event.id)
        turn = self._turns.withheld(event.author, _words(event), of, **values)
        self._reader.turn_of[event.id] = turn.index
        if not self._keep:
            self._log.forget_sound("agent_audio", turn.index)
        self._reader.begin()
        self._reader.silent = False
        return True


def _said(turn: Turn) -> bool:
    return bool(turn.agent_text or turn.audio_ms)


def _words(event: Event) -> str:
    """Returns what a guard says; sound of its own is not played."""
    parts = (event.content.parts or ()) if event.content is not None else ()
    text = joined(part.text for part in parts if part.text and not part.thought)
    said = event.output_transcription
    return text or ((said.text or "").strip() if said is not None else "")
