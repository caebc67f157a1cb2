"""Turns as a fold over the rows of a log: the same for a running session and for a recording.

Which turn a row belongs to was decided when it was written; what the turns are follows from the
rows alone. So live frames and those of a recording agree. What rows with words do is in
`words_fold.py`, those of tool calls in `call_fold.py`, those of sound in `sound_fold.py`; how turns
begin and end, and what of the session they need, is here.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from adk_nb.log.call_fold import CallFold
from adk_nb.log.sound_fold import SoundFold
from adk_nb.log.turn import Status, Turn
from adk_nb.log.words_fold import WordsFold

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.audio import Clip
    from adk_nb.log.log_row import LogRow
    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.words import Piece


WARNING = "warning"
"""The status of an error's row after which its turn goes on."""
_MAX_ERROR = 20_000
"""Characters of a turn's error."""
_STATUSES = frozenset(Status)
_SESSIONS = frozenset(("connected", "disconnected", "tool_result", "tool_ended"))
"""Kinds of rows that say something of the session, or of a call that has a row of its own."""
_BEGIN = frozenset(
    (
        "user_text", "prompt", "user_transcript", "agent_text", "agent_transcript", "agent_audio",
        "tool_call", "withheld",
    )
)  # fmt: skip
"""Kinds of rows that begin a turn; the others add to one."""


class TurnFold:
    """Makes turns of rows, one after the other.

    Args:
        session_id: The session's id.
        sound: Returns the agent's audio of a turn, by its number.
        redact: Masks secrets in a text whose pieces are in several rows.
        run_id: The id of the session's sitting.

    Attributes:
        turns: The turns, by their number.
        calls: The tool calls, oldest first.
        completed: The numbers of the turns that a model has completed.
        agent: The current agent's name.
        model: Its model.
    """

    def __init__(
        self,
        session_id: str = "",
        sound: Callable[[int], Clip] | None = None,
        redact: Callable[[str], str] = str,
        *,
        run_id: str = "",
    ) -> None:
        self._session_id = session_id
        self._run_id = run_id
        # The history that the conversation is in.
        self._history = session_id
        self._sound = sound
        self._calls = CallFold(session_id)
        self.turns: dict[int, Turn] = {}
        self.calls: list[ToolCall] = self._calls.all
        self.completed: set[int] = set()
        # Turns that began before the log said which model answers.
        self._unnamed: list[Turn] = []
        self.agent = ""
        self.model = ""
        # Turns that wait for a model.
        self._cold: list[Turn] = []
        # Whether a model is connected, as far as the rows say.
        self._connected = False
        # What each kind of row does to its turn.
        self._rows: dict[str, Callable[[Turn, LogRow], list[Piece] | None]] = {
            **WordsFold(redact).rows(),
            **SoundFold().rows(),
            **self._calls.rows(),
            "interrupted": _interrupted,
            "usage": _usage,
            "error": _error,
            "turn_complete": functools.partial(_turn_complete, self.completed),
            "turn_ended": _turn_ended,
        }

    def add(self, row: LogRow) -> list[Piece]:
        """Takes a row; returns the pieces of its turn that it changed."""
        kind, index = row.kind, row.turn
        if row.model or kind in _SESSIONS:
            self._of_session(row)
        add = self._rows.get(kind)
        if add is None or index <= 0:
            return []
        turn = self.turns.get(index) or self.turn(index)
        if row.variant and (row.source == "adk" or not turn.variant):
            turn.variant = row.variant
        if kind in _BEGIN:
            if not turn.begun:
                self._begin(turn, row)
            if row.invocation_id:
                turn.invocation_id = row.invocation_id
            if turn.interrupted and row.by == "result":
                turn.resumed = (turn.heard_text, len(turn.agent_text))
                turn.said.part()
        return add(turn, row) or []

    def turn(self, index: int) -> Turn:
        """Returns a turn, made if it is new."""
        turn = self.turns.get(index)
        if turn is None:
            turn = Turn(index, "", session_id=self._session_id, run_id=self._run_id)
            turn.keeps_sound(self._sound)
            self.turns[index] = turn
        return turn

    def call(self, call_id: str) -> ToolCall | None:
        """Returns the newest call of an id, as a model gives it."""
        return self._calls.call(call_id)

    def begun(self) -> list[Turn]:
        """Returns the turns that took place, by their number."""
        return [turn for _, turn in sorted(self.turns.items()) if turn.begun]

    # What of the session a turn needs.

    def _of_session(self, row: LogRow) -> None:
        """Takes what a row says that may be of no turn, or of another than its own."""
        if row.model and row.kind == "agent_transfer":
            self._answers(row.text or self.agent, row.model)
            if row.turn in self.turns:
                self.turns[row.turn].model = row.model
        elif row.model:
            self._answers(row.agent or self.agent, row.model)
        if row.kind == "connected" and row.source == "bridge":
            self._is_connected(row)
        elif row.kind == "disconnected" and row.source == "bridge":
            self._connected = False
        elif row.kind == "tool_result":
            self._calls.returned(row)
        elif row.kind == "tool_ended":
            self._calls.ended(row)
        elif row.kind == "agent_swapped" and isinstance(row.args, dict):
            history = row.args.get("history")
            self._history = history if isinstance(history, str) else self._history

    def _answers(self, agent: str, model: str) -> None:
        self.agent, self.model = agent, model
        for turn in self._unnamed:
            turn.agent, turn.model = turn.agent or agent, model
        self._unnamed.clear()

    def _is_connected(self, row: LogRow) -> None:
        self._connected = True
        for turn in self._cold:
            if turn.status is None:
                turn.connected_t = row.t
        self._cold.clear()

    def _begin(self, turn: Turn, row: LogRow) -> None:
        turn.begun = True
        if not self._connected:
            turn.cold = True
            self._cold.append(turn)
        turn.time, turn.t, turn.history = row.time, row.t, self._history
        turn.agent, turn.model = self.agent, self.model
        if not self.model:
            self._unnamed.append(turn)


# How turns end, and what they cost: a function for each kind of row.


def _interrupted(turn: Turn, row: LogRow) -> None:
    # A model may report an interruption before a question or after the answer.
    said = turn.final_t is not None and turn.final_t == turn.last_t
    asked = said or turn.typed_t is not None
    if turn.begun and (row.source == "client" or asked or turn.answered):
        turn.interrupted = True


def _usage(turn: Turn, row: LogRow) -> None:
    turn.prompt_tokens = _sum(turn.prompt_tokens, row.prompt_tokens)
    turn.response_tokens = _sum(turn.response_tokens, row.response_tokens)
    turn.total_tokens = _sum(turn.total_tokens, row.total_tokens)
    for kind, tokens in (row.tokens or {}).items():
        turn.tokens[kind] = turn.tokens.get(kind, 0) + tokens


def _sum(first: int | None, second: int | None) -> int | None:
    return second if first is None else first + (second or 0)


def _error(turn: Turn, row: LogRow) -> None:
    # Errors before the turn began are the session's.
    if not turn.begun or not row.error or row.error in turn.problems:
        return
    turn.problems.append(row.error)
    if row.status != WARNING:
        # All that led to it belongs to an error; of a long one the log has the rest.
        error = " ".join(turn.problems)
        turn.error = error if len(error) <= _MAX_ERROR else f"{error[:_MAX_ERROR]} …"


def _turn_complete(completed: set[int], turn: Turn, row: LogRow) -> list[Piece]:
    del row
    completed.add(turn.index)
    return turn.said.part()


def _turn_ended(turn: Turn, row: LogRow) -> list[Piece]:
    turn.status = Status(row.status) if row.status in _STATUSES else None
    turn.end_reason, turn.ended_t = row.end_reason, row.t
    turn.level_db = row.level_db
    turn.interrupted = turn.status is Status.INTERRUPTED
    return turn.user.close() + turn.said.close()
