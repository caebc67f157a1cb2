"""The turns of a running session, made of the rows of its log as they come.

They are made twice: as they are shown, with secrets masked, and as what was really said, which goes
back to a model, as after a lost connection.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from adk_nb.log.log_row import LogRow
from adk_nb.log.turn_fold import TurnFold

if TYPE_CHECKING:
    from adk_nb.live.turn_messages import TurnMessages
    from adk_nb.live.turn_state import TurnState
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.turn import Turn

_TEXTS = {"user_text", "prompt", "user_transcript", "agent_text", "agent_transcript", "withheld"}
"""Kinds of rows with words."""
_AUDIO = {"user_audio", "agent_audio"}


class FoldedTurns:
    """Follows a log, and keeps its turns.

    Args:
        log: The log.
        messages: Tells the pages what has changed.

    Attributes:
        all: The turns as they are shown, oldest first.
    """

    def __init__(self, log: EventLog, messages: TurnMessages) -> None:
        self._log = log
        self._messages = messages
        sound = functools.partial(log.clip, "agent_audio")
        self._shown = TurnFold(log.session_id, sound, run_id=log.run_id)
        self._said = TurnFold(log.session_id)
        self.all: list[Turn] = []
        # How much of a row of audio is counted, by kind: the row's number and ms.
        self._counted: dict[str, tuple[int, float]] = {}
        log.sinks.append(self)

    def begin(self, state: TurnState) -> Turn:
        """Adds the turn that the machine has made."""
        turn = self._shown.turn(state.index)
        turn.spoken = state.spoken
        self.all.append(turn)
        return turn

    def of(self, state: TurnState) -> Turn:
        """Returns the turn of a state, as it is shown."""
        return self.all[state.index - 1]

    def said(self, index: int) -> Turn:
        """Returns a turn by its number, with what was really said in it."""
        return self._said.turn(index)

    def call(self, call_id: str) -> ToolCall | None:
        """Returns the newest call of an id."""
        return self._shown.call(call_id)

    def add_words(self, source: str, kind: str, turn: int, **values: Any) -> None:
        """Adds a row with words: to what was said as it is, to the log with secrets masked."""
        now = self._log.now()
        raw = LogRow(-1, 0.0, now, source, kind, turn, **values)
        self._said.add(raw)
        self._log.add(source, kind, turn=turn, **values)

    # What the log tells.

    def row(self, row: LogRow) -> None:
        """Takes a row of the log: a new one, or one of audio that has grown."""
        if row.kind in _AUDIO:
            self._count(row)
            return
        if row.kind not in _TEXTS:
            self._said.add(row)
        pieces = self._shown.add(row)
        if pieces:
            self._messages.said(self._shown.turn(row.turn), pieces)
        if 0 < row.turn <= len(self.all):
            self._messages.changed(self.all[row.turn - 1], row.kind)

    def sound(self, kind: str, turn: int, pcm: bytes, rate: int) -> None:
        """Takes sound; what is needed of it is in its row."""

    def sound_forgotten(self, kind: str, turn: int) -> None:
        """Sound was forgotten; that it was there stays known."""

    def _count(self, row: LogRow) -> None:
        ms = row.audio_ms or 0.0
        seq, counted = self._counted.get(row.kind, (None, ms))
        self._counted[row.kind] = (row.seq, ms)
        for fold in (self._shown, self._said):
            if seq != row.seq:
                fold.add(row)
                continue
            turn = fold.turn(row.turn)
            if row.kind == "agent_audio":
                turn.audio_ms += ms - counted
            else:
                turn.user_audio_ms += ms - counted
        if row.kind == "agent_audio" and 0 < row.turn <= len(self.all):
            self._messages.sounds(self.all[row.turn - 1])
