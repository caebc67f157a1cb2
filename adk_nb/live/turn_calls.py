"""The tool calls of turns: what the log and the pages get of each, from the call to its end.

ADK may run a tool before the event of its call has come, which is what makes the call known here;
see `when_called`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adk_nb.log.tool_call import ANSWERS
from adk_nb.log.waits import length_s, within
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.live.folded_turns import FoldedTurns
    from adk_nb.live.turn_machine import TurnMachine
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.redaction import Pieces
    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.turn import Turn

_SIGNED_IN = {True: "The user answered.", False: "The user refused.", None: "It was withdrawn."}
"""What becomes of a sign-in, by its answer."""


class TurnCalls:
    """Makes rows and messages of what happens to tool calls.

    Args:
        log: Gets the rows.
        emit: Takes each message for the pages.
        machine: Decides which turn a call belongs to.
        turns: The turns with their calls.
        settle: Logs and tells which turns the machine has ended.
    """

    def __init__(
        self,
        log: EventLog,
        emit: Callable[[protocol.Message], None],
        machine: TurnMachine,
        turns: FoldedTurns,
        settle: Callable[[], None],
    ) -> None:
        self._log = log
        self._redact = log.redact
        self._emit = emit
        self._machine = machine
        self._turns = turns
        self._settle = settle
        # When calls began to wait for the user (s on the session's clock), by their id.
        self._asked_at: dict[str, float] = {}
        # Masks what a running tool prints, by the call's id.
        self._printed: dict[str, Pieces] = {}
        # What to do when the event of a call comes, by the call's id.
        self._early: dict[str, list[Callable[[], None]]] = {}

    # What is known.

    def find(self, call_id: str) -> tuple[Turn, ToolCall] | tuple[None, None]:
        """Returns the turn and the call of an id, the newest if there are several."""
        call = self._turns.call(call_id)
        return (call.turn, call) if call is not None and call.turn is not None else (None, None)

    def is_wanted(self, call_id: str) -> bool:
        """Returns whether a result is still to be told to the model."""
        _, call = self._machine.call(call_id)
        return call is None or call.phase != "cancelled"

    def when_called(self, call_id: str, then: Callable[[], None]) -> None:
        """Runs `then` when the event of a call has come: ADK may run the tool before it."""
        if self._turns.call(call_id) is not None:
            then()
        else:
            self._early.setdefault(call_id, []).append(then)

    # How a call begins and ends.

    def tool_called(  # noqa: PLR0913 - what a call is
        self,
        author: str,
        call_id: str,
        name: str,
        args: dict[str, Any],
        *,
        long_running: bool = False,
        blocks: bool = True,
        **values: Any,
    ) -> Turn | None:
        """Adds a tool call; None if its answer was cut off, so that the tool must not run."""
        booking = self._machine.calls.called(call_id, blocks=blocks)
        self._settle()
        turn = self._turns.of(booking.turn)
        call = self._log_call(turn, author, call_id, name, args, **booking.rule, **values)
        call.long_running = long_running
        for then in self._early.pop(call_id, ()):
            then()
        return None if booking.dropped else turn

    def tool_called_within(
        self, author: str, call_id: str, name: str, args: dict[str, Any]
    ) -> Turn | None:
        """Adds a call that is made by a tool which is itself an agent."""
        state = self._machine.calls.called_within(call_id)
        if state is None:
            return None
        turn = self._turns.of(state)
        self._log_call(turn, author, call_id, name, args)
        return turn

    def _log_call(
        self,
        turn: Turn,
        author: str,
        call_id: str,
        name: str,
        args: dict[str, Any],
        **values: Any,
    ) -> ToolCall:
        self._log.add(
            "adk",
            "tool_call",
            turn=turn.index,
            author=author,
            agent=author,
            tool=name,
            tool_call_id=call_id,
            args=args,
            **values,
        )
        call = turn.tool_calls[-1]
        self._emit(protocol.ToolCalled(turn.index, call_id, call.name, call.args))
        return call

    def tool_returned(  # noqa: PLR0913 - what a result is
        self,
        call_id: str,
        name: str,
        result: Any,
        error: str | None,
        *,
        source: str = "adk",
        output: str | None = None,
        ran: tuple[float, float] | None = None,
        **values: Any,
    ) -> tuple[Turn | None, ToolCall | None]:
        """Adds a tool's result; returns its turn and its call.

        A long-running or streaming tool may have several results; the last one is kept. `ran` says
        when the tool ran (s on the monotonic clock), which is not when its event came.
        """
        if ran is not None:
            began, ended = (self._log.to_t(moment * 1000) for moment in ran)
            values |= {"t": ended, "ms": (ended - began) * 1000}
        turn, call = self.find(call_id)
        if call_id in self._asked_at:  # It ends while it waits.
            self.tool_answered(call_id, None)
        if ran is not None and call is not None:
            values["ms"] -= length_s(within(call.waits, began, ended)) * 1000
        self._machine.calls.returned(call_id)
        self._redact.refresh()
        shown = call.output if call is not None else ""
        self._log.add(
            source,
            "tool_result",
            turn=turn.index if turn else self._machine.index,
            tool=name,
            tool_call_id=call_id,
            result=result,
            error=error,
            output=output,
            **values,
        )
        if turn is None or call is None:
            return None, None
        call.output = shown or call.output
        self._emit(
            protocol.ToolReturned(
                turn.index, call_id, name, call.ms or 0.0, call.result, call.error
            )
        )
        return turn, call

    def tool_ended(self, call_id: str, ran: tuple[float, float]) -> None:
        """Adds when a streaming tool ran (s on the monotonic clock): it has ended."""
        turn, call = self.find(call_id)
        if turn is None or call is None:
            return
        began, ended = (self._log.to_t(moment * 1000) for moment in ran)
        self._log.add(
            "bridge",
            "tool_ended",
            t=ended,
            turn=turn.index,
            agent=call.author,
            tool=call.name,
            tool_call_id=call_id,
            ms=(ended - began) * 1000,
        )
        if call.streams and call.ms is not None:
            self._emit(
                protocol.ToolReturned(
                    turn.index, call_id, call.name, call.ms, call.result, call.error
                )
            )

    def tool_told(self, call_id: str, *, reacts: bool = True) -> None:
        """The model was told a result; with `reacts` it is expected to say something."""
        self._machine.calls.told(call_id, reacts=reacts)
        self._settle()

    def tool_deferred(self, call_id: str) -> None:
        """Lets the turn end: a long-running tool has begun, and its result comes later."""
        turn, _ = self.find(call_id)
        if turn is None:
            self.when_called(call_id, lambda: self.tool_deferred(call_id))
            return
        self._machine.calls.deferred(call_id)
        self._settle()

    # What it prints.

    def tool_printed(self, call_id: str, text: str, images: list[str]) -> None:
        """Adds what a tool printed and displayed."""
        turn, call = self.find(call_id)
        if turn is None or call is None:
            return
        self._redact.refresh()  # A tool may have made the secret that it prints.
        pieces = self._printed.setdefault(call_id, self._redact.pieces())
        self._show_printed(turn, call, pieces.add(text))
        call.images += images
        for image in images:
            self._emit(protocol.ToolOutput(turn.index, call_id, image=image))

    def output_ends(self, call_id: str, *, cut: bool) -> None:
        """Shows what is still held back of a call's output, unless it was cut off there."""
        printed = self._printed.pop(call_id, None)
        turn, call = self.find(call_id)
        rest = printed.end() if printed is not None else ""
        if not cut and turn is not None and call is not None:
            self._show_printed(turn, call, rest)

    def _show_printed(self, turn: Turn, call: ToolCall, text: str) -> None:
        room = max(0, protocol.MAX_OUTPUT - len(call.output))
        call.output += text
        if text[:room]:
            self._emit(protocol.ToolOutput(turn.index, call.id, text[:room]))

    # What it asks the user.

    def tool_asks(self, call_id: str, hint: str, sign_in: str | None = None) -> None:
        """Shows that a tool call waits for the user's confirmation, or for a sign-in."""
        self._asked_at.setdefault(call_id, self._log.now())
        turn, call = self.find(call_id)
        if turn is None or call is None:
            self.when_called(call_id, lambda: self.tool_asks(call_id, hint, sign_in))
            return
        call.question, call.sign_in = hint, sign_in
        if sign_in is not None:
            self._log_sign_in(turn, call, hint)
        self._emit(protocol.Question(turn.index, call_id, call.name, call.args, hint, sign_in))

    def tool_answered(self, call_id: str, approved: bool | None) -> None:
        """Shows the user's answer; None if the question was withdrawn."""
        turn, call = self.find(call_id)
        asked = self._asked_at.pop(call_id, None)
        if turn is not None and call is not None:
            if asked is not None:
                self._log_approval(turn, call, asked, ANSWERS[approved])
            if call.sign_in is not None:
                self._log_sign_in(turn, call, _SIGNED_IN[approved])
            call.question = call.sign_in = None
            self._emit(protocol.Answer(turn.index, call_id, approved, call.approval_ms))

    def _log_sign_in(self, turn: Turn, call: ToolCall, text: str) -> None:
        """Writes down what becomes of a sign-in; neither its link nor its answer."""
        self._log.add(
            "bridge", "sign_in", turn=turn.index, tool=call.name, tool_call_id=call.id, text=text
        )

    def _log_approval(self, turn: Turn, call: ToolCall, asked: float, text: str) -> None:
        """Writes down how long a call has waited for the user, and what came of it."""
        waited_ms = (self._log.now() - asked) * 1000
        values = {"tool": call.name, "tool_call_id": call.id, "text": text, "ms": waited_ms}
        self._log.add("bridge", "approval", t=asked, turn=turn.index, **values)
