"""What rows of tool calls do: a call is added to its turn, its results to the call, by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adk_nb.log.log_row import valid_id
from adk_nb.log.tool_call import ToolCall
from adk_nb.log.waits import start_of
from adk_nb.log.words import Piece
from adk_nb.plain import copied

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.log.log_row import LogRow
    from adk_nb.log.turn import Turn


class CallFold:
    """Keeps the tool calls of a log.

    Args:
        session_id: The session's id.

    Attributes:
        all: The calls, oldest first.
    """

    def __init__(self, session_id: str) -> None:
        self._session_id = session_id
        self.all: list[ToolCall] = []
        # The newest call of each id.
        self._by_id: dict[str, ToolCall] = {}

    def rows(self) -> dict[str, Callable[[Turn, LogRow], list[Piece] | None]]:
        """Returns what each kind of row does to its turn."""
        return {"tool_call": self.called, "approval": self.approval}

    def call(self, call_id: str) -> ToolCall | None:
        """Returns the newest call of an id, as a model gives it."""
        return self._by_id.get(valid_id(call_id))

    def called(self, turn: Turn, row: LogRow) -> None:
        """A model called a tool."""
        turn.agent = row.agent or turn.agent
        if turn.answer_t is not None and turn.filler_t is None:
            turn.filler_t = turn.answer_t  # What came before a call was no answer yet.
        turn.answer_t = None
        call = ToolCall(
            row.tool_call_id or "",
            row.tool or "",
            copied(row.args),
            row.agent or "",
            session_id=self._session_id,
            number=len(self.all) + 1,
            time=row.time,
            t=row.t,
            invocation_id=row.invocation_id,
        )
        call.turn = turn
        piece = Piece(len(turn.pieces), "tool", call.author, row.t, final=True, call=call)
        turn.pieces.append(piece)
        turn.tool_calls.append(call)
        self.all.append(call)
        self._by_id[call.id] = call

    def approval(self, turn: Turn, row: LogRow) -> None:
        """A tool has waited for its user: from `t` on."""
        del turn
        call = self._by_id.get(row.tool_call_id or "")
        if call is not None:
            call.waits.append((row.t, row.t + (row.ms or 0.0) / 1000))
            call.answer = row.text or ""

    # The rows of a call that say nothing of the turn that they are in.

    def returned(self, row: LogRow) -> None:
        """A tool returned, or gave one result of several."""
        # It is not forgotten: a long-running or streaming tool has several results.
        call = self._by_id.get(row.tool_call_id or "")
        if call is None:
            return
        if row.final is False:
            call.streams = True
        elif call.ms is None:
            _ran(call, row)
        call.result, call.error = copied(row.result), row.error
        call.output = row.output or call.output

    def ended(self, row: LogRow) -> None:
        """A streaming tool ended."""
        call = self._by_id.get(row.tool_call_id or "")
        if call is not None and call.ms is None:
            _ran(call, row)


def _ran(call: ToolCall, row: LogRow) -> None:
    """Takes how long a call ran, which ended with a row."""
    waited = call.approval_ms or 0.0
    call.ms = (row.t - call.t) * 1000 - waited if row.ms is None else row.ms
    call.began_t = start_of(row.t, call.ms / 1000, call.waits)
