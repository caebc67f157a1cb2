"""Turns: what the user said, what the agent did and said, and how it ended. No sockets, no ADK.

`TurnMachine` decides which turn something belongs to; here it becomes a row of the log, the fold
over the rows makes the turns, and messages show the pages what has changed. A recording that is
read back goes through the same fold.

What is said and what is shown of it are two: the log and the pages get texts with secrets masked.
What goes back to a model, as after a lost connection, is `said`.
"""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any

from adk_nb.audio import Loudness
from adk_nb.live.heard_words import HeardWords
from adk_nb.live.turn_machine import Booking, TurnMachine, TurnState
from adk_nb.log.log_row import LogRow
from adk_nb.log.tool_call import ANSWERS
from adk_nb.log.turn import Status
from adk_nb.log.turn_fold import TurnFold
from adk_nb.log.waits import length_s, within
from adk_nb.wire import protocol
from adk_nb.wire.facts import FACTS, facts_message
from adk_nb.wire.markdown import rendered_messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.log.event_log import EventLog
    from adk_nb.log.redaction import Pieces
    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.turn import Turn
    from adk_nb.log.words import Piece


_TEXTS = {"user_text", "prompt", "user_transcript", "agent_text", "agent_transcript", "withheld"}
"""Kinds of rows with words."""
_SIGNED_IN = {True: "The user answered.", False: "The user refused.", None: "It was withdrawn."}
"""What becomes of a sign-in, by its answer."""
_PLAYED = {"interrupted", "playback_drained", "playback_flushed"}
_HEARD = {"agent_text", "agent_transcript", "turn_complete", "turn_ended"} | _PLAYED
"""Kinds of rows after which other words of an answer may have been heard."""
_AUDIO = {"user_audio", "agent_audio"}
_KEPT_TURNS = 8
"""Of so many of the newest turns more may come; what is only needed for that is kept so long."""
_ENDINGS = ".!?…\"'”’)。！？"  # noqa: RUF001 - as they are in texts
_SILENT_DB = -60.0
"""An answer below this level is none that could be heard (dBFS)."""
_LOWEST_DB = -120.0
"""The lowest level that a row states: that of nothing has no number (dBFS)."""


class Turns:
    """Makes rows and turns of what both sides send, and emits the messages that show them.

    Args:
        log: Gets the rows.
        emit: Takes each message for the pages.

    Attributes:
        machine: Decides which turn something belongs to.
        all: The turns, oldest first.
        agent: The name of the agent that answers.
        model: Its model.
        deltas: Whether the model's pieces of its own words are what is new; where that is not
            known, a piece that begins with all before it is taken for the whole so far.
        ends_with_final: Whether no words of an answer follow its final text.
        on_made: Called with each turn when it is made.
        on_end: Called with each turn when it has ended.
        on_ask: Called with a typed turn that has waited, and its text, when it is to be sent.
    """

    def __init__(self, log: EventLog, emit: Callable[[protocol.Message], None]) -> None:
        self._log = log
        self._emit = emit
        self._redact = log.redact
        self.machine = TurnMachine(self._began, self._has_ended, self._asked)
        sound = functools.partial(log.clip, "agent_audio")
        self._shown = TurnFold(log.session_id, sound, run_id=log.run_id)
        self._said = TurnFold(log.session_id)
        self._heard = HeardWords(emit)
        log.sinks.append(self)
        self.all: list[Turn] = []
        self.agent = ""
        self.model = ""
        self.deltas = False
        self.ends_with_final = True
        # How much sound is still to follow the words that are being read (ms).
        self.ahead_ms = 0.0
        # What the pages were sent of each piece of the newest turns, by turn and number.
        self._sent: dict[int, dict[int, tuple[str, bool]]] = {}
        # What they were told of the newest turns.
        self._facts: dict[int, protocol.TurnFacts] = {}
        # How loud the answers of the newest turns are.
        self._loudness: dict[int, Loudness] = {}
        # How much of a row of audio is counted, by kind: the row's number and ms.
        self._counted: dict[str, tuple[int, float]] = {}
        # Turns that have ended, until that is logged and told.
        self._ending: list[tuple[TurnState, str | None]] = []
        # Set when a turn has ended that somebody waits for, by its number.
        self._endings: dict[int, asyncio.Event] = {}
        self._started = 0
        # Words that came after their answer was over, since the last final text.
        self._late = ""
        # The newest turn of whose answer the model has sent the final words.
        self._worded = 0
        # When calls began to wait for the user (s on the session's clock), by their id.
        self._asked_at: dict[str, float] = {}
        # Masks what a running tool prints, by the call's id.
        self._printed: dict[str, Pieces] = {}
        # What to do when the event of a call comes, by the call's id; see `when_called`.
        self._early: dict[str, list[Callable[[], None]]] = {}
        self.on_made: Callable[[Turn], None] = lambda _turn: None
        self.on_end: Callable[[Turn], None] = lambda _turn: None
        self.on_ask: Callable[[Turn, str], None] = lambda _turn, _text: None

    # What is known.

    @property
    def current(self) -> Turn | None:
        """The turn that is open."""
        return self._of(self.machine.current)

    @property
    def cut(self) -> Turn | None:
        """The newest turn that was interrupted."""
        return self._of(self.machine.newest_cut)

    @property
    def last(self) -> Turn | None:
        """The newest turn."""
        return self.all[-1] if self.all else None

    @property
    def index(self) -> int:
        """The number of the open turn, or of the one to come."""
        return self.machine.current.index if self.machine.current else len(self.all) + 1

    @property
    def speech_index(self) -> int:
        """The number of the turn that speech belongs to which comes now."""
        return self.machine.speech_index

    def spoken_since(self, index: int) -> Turn | None:
        """Returns the newest turn from a number on that was not typed; None if there is none."""
        found = (turn for turn in reversed(self.machine.all[index - 1 :]) if not turn.typed)
        return self._of(next(found, None))

    async def end(self, turn: Turn) -> None:
        """Waits until a turn has ended."""
        if not turn.ended:
            await self._endings.setdefault(turn.index, asyncio.Event()).wait()

    def said(self, turn: Turn) -> Turn:
        """Returns what was really said in a turn; what a turn shows of it is masked."""
        return self._said.turn(turn.index)

    def _of(self, state: TurnState | None) -> Turn | None:
        return self.all[state.index - 1] if state is not None else None

    # What the user does.

    def user_typed(self, text: str, *, wait: bool = False, prompt: bool = False) -> Turn:
        """Opens a turn with a typed text; with `wait` when the open turn is over.

        With `prompt` the text is the notebook's, and nothing of the user's.
        """
        state = self.machine.typed(wait=wait)
        for ended, _ in self._ending:
            if ended.status is Status.INTERRUPTED:
                self._log.add("client", "interrupted", turn=ended.index, interrupted=True)
        self._settle()
        turn = self.all[state.index - 1]
        if prompt:
            self._words("client", "prompt", turn.index, text=text)
        else:
            self._words("client", "user_text", turn.index, author="user", text=text, final=True)
        return turn

    def user_said(self, text: str, *, final: bool, cumulative: bool = False, **values: Any) -> Turn:
        """Adds a piece of the user's transcript."""

        def matches(state: TurnState) -> bool:
            known = self._said.turn(state.index).user.open_text.strip()
            return bool(known) and text.strip().startswith(known)

        state = self.machine.words(final=final, matches=matches)
        self._settle()
        turn = self.all[state.index - 1]
        known = self._said.turn(turn.index).user.open_text
        self._words(
            "adk",
            "user_transcript",
            turn.index,
            author="user",
            text=text,
            final=final,
            cumulative=cumulative or (not final and self._is_whole(text, known)),
            **values,
        )
        return turn

    def forget_speech(self) -> None:
        """Forgets the words of the utterance so far: it is sent again to another model."""
        turn = self.current
        if turn is not None and turn.spoken and turn.user_text:
            self.machine.unsaid(self.machine.all[turn.index - 1])
            self._words(
                "bridge", "user_transcript", turn.index, author="user", text="", cumulative=True
            )

    def cut_in(self, *, sent: bool = True) -> Turn | None:
        """The user interrupts; returns the turn that this ended.

        `sent` says whether the model may have got the question.
        """
        state = self.machine.cut(sent=sent)
        if state is not None:
            self._log.add("client", "interrupted", turn=state.index, interrupted=True)
        self._settle()
        return self._of(state)

    # What the agent does.

    def agent_said(
        self, author: str, text: str, *, final: bool, kind: str = "agent_transcript", **values: Any
    ) -> Turn | None:
        """Adds a piece of what the agent says; None if it is of an answer that was cut off."""
        late = self.machine.late_words(unfinished=self._wants_an_end)
        known = str(self._said.turn(late.index).said) if late is not None else ""
        repeats = final and bool(known) and text.startswith(known)
        if late is not None and (kind == "agent_transcript" or repeats):
            text = text.removeprefix(known) if kind == "agent_text" else text
            self._late = "" if final else self._late + text
            if late.cut:
                return None
            return self._said_late(late, author, text, final=final, kind=kind, **values)
        if final and self._late:
            text = text.removeprefix(self._late)  # ADK gives it once more, with the next answer.
            self._late = ""
        booking = self.machine.output_came()
        self._settle()
        if booking.dropped:
            return None
        turn = self._answered(booking)
        self._worded = turn.index if final else self._worded
        known = self._said.turn(turn.index).said.open_text
        values |= {
            "cumulative": not final and self._is_whole(text, known),
            "audio_ms": turn.audio_ms + self.ahead_ms,
        }
        return self._agent_words(turn, kind, author, text, final=final, **_rule(booking), **values)

    def _answered(self, booking: Booking) -> Turn:
        """Returns the turn of an answer; if it was cut off before, the pages play it once more."""
        turn = self.all[booking.turn.index - 1]
        if booking.by in ("result", "late") and turn.status not in (None, Status.COMPLETE):
            self._emit(protocol.TurnState(turn.index, "resumed"))
        return turn

    def _agent_words(self, turn: Turn, kind: str, author: str, text: str, **values: Any) -> Turn:
        """Adds a row with an agent's words; returns the turn."""
        values = {"audio_ms": turn.audio_ms} | values
        self._words("adk", kind, turn.index, author=author, agent=author, text=text, **values)
        return turn

    def _is_whole(self, text: str, before: str) -> bool:
        """Returns whether a piece repeats what was said so far, as far as that can be known."""
        return not self.deltas and bool(before) and text.startswith(before)

    def _said_late(
        self, state: TurnState, author: str, text: str, *, final: bool, kind: str, **values: Any
    ) -> Turn:
        turn = self.all[state.index - 1]
        return self._agent_words(turn, kind, author, text, final=final, by="late", **values)

    def heard_by_model(self, turn: Turn, author: str, text: str, **values: Any) -> None:
        """Adds what a model reports as heard of an answer that was cut off."""
        self._words(
            "adk", "agent_transcript", turn.index, author=author, text=text, final=True, **values
        )

    def _wants_an_end(self) -> bool:
        """Returns whether the last answer ends in the middle of a sentence, as far as is known."""
        turn = self._of(self.machine.spoke_last)
        if turn is not None and turn.index == self._worded and self.ends_with_final:
            return False
        text = turn.agent_text.strip() if turn is not None and turn.audio_ms else ""
        return bool(text) and text[-1] not in _ENDINGS

    def agent_audio(self, author: str, pcm: bytes, rate: int) -> Turn | None:
        """Adds agent audio, PCM16LE; None if it is of an answer that was cut off."""
        booking = self.machine.output_came()
        self._settle()
        if booking.dropped:
            return None
        turn = self._answered(booking)
        turn.agent = author
        self._loudness.setdefault(turn.index, Loudness()).add(pcm)
        self._log.add_audio("adk", "agent_audio", turn.index, pcm, rate, **_rule(booking))
        return turn

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
        booking = self.machine.called(call_id, blocks=blocks)
        self._settle()
        turn = self.all[booking.turn.index - 1]
        call = self._log_call(turn, author, call_id, name, args, **_rule(booking), **values)
        call.long_running = long_running
        for then in self._early.pop(call_id, ()):
            then()
        return None if booking.dropped else turn

    def tool_called_within(
        self, author: str, call_id: str, name: str, args: dict[str, Any]
    ) -> Turn | None:
        """Adds a call that is made by a tool which is itself an agent."""
        turn = self._of(self.machine.called_within(call_id))
        if turn is not None:
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
        turn, call = self.call(call_id)
        if call_id in self._asked_at:  # It ends while it waits.
            self.tool_answered(call_id, None)
        if ran is not None and call is not None:
            values["ms"] -= length_s(within(call.waits, began, ended)) * 1000
        self.machine.returned(call_id)
        self._redact.refresh()
        shown = call.output if call is not None else ""
        self._log.add(
            source,
            "tool_result",
            turn=turn.index if turn else self.index,
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
        returned = protocol.ToolReturned(
            turn.index, call_id, name, call.ms or 0.0, call.result, call.error
        )
        self._emit(returned)
        return turn, call

    def tool_ended(self, call_id: str, ran: tuple[float, float]) -> None:
        """Adds when a streaming tool ran (s on the monotonic clock): it has ended."""
        turn, call = self.call(call_id)
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
        self.machine.told(call_id, reacts=reacts)
        self._settle()

    def tools_cancelled(self, call_ids: list[str]) -> Turn | None:
        """The service does not want these results any more; returns the turn that this ended."""
        if self.machine.is_foreign():
            self._disown(completes=False)
        state = self.machine.cancelled(call_ids)
        if state is not None:
            self._log.add("adk", "interrupted", turn=state.index, interrupted=True)
        self._settle()
        return self._of(state)

    def is_wanted(self, call_id: str) -> bool:
        """Returns whether a result is still to be told to the model."""
        _, call = self.machine.call(call_id)
        return call is None or call.phase != "cancelled"

    def tool_deferred(self, call_id: str) -> None:
        """Lets the turn end: a long-running tool has begun, and its result comes later."""
        turn, _ = self.call(call_id)
        if turn is None:
            self.when_called(call_id, lambda: self.tool_deferred(call_id))
            return
        self.machine.deferred(call_id)
        self._settle()

    def tool_printed(self, call_id: str, text: str, images: list[str]) -> None:
        """Adds what a tool printed and displayed."""
        turn, call = self.call(call_id)
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
        turn, call = self.call(call_id)
        rest = printed.end() if printed is not None else ""
        if not cut and turn is not None and call is not None:
            self._show_printed(turn, call, rest)

    def _show_printed(self, turn: Turn, call: ToolCall, text: str) -> None:
        room = max(0, protocol.MAX_OUTPUT - len(call.output))
        call.output += text
        if text[:room]:
            self._emit(protocol.ToolOutput(turn.index, call.id, text[:room]))

    def tool_asks(self, call_id: str, hint: str, sign_in: str | None = None) -> None:
        """Shows that a tool call waits for the user's confirmation, or for a sign-in."""
        self._asked_at.setdefault(call_id, self._log.now())
        turn, call = self.call(call_id)
        if turn is None or call is None:
            self.when_called(call_id, lambda: self.tool_asks(call_id, hint, sign_in))
            return
        call.question, call.sign_in = hint, sign_in
        if sign_in is not None:
            self._log_sign_in(turn, call, hint)
        self._emit(protocol.Question(turn.index, call_id, call.name, call.args, hint, sign_in))

    def _log_sign_in(self, turn: Turn, call: ToolCall, text: str) -> None:
        """Writes down what becomes of a sign-in; neither its link nor its answer."""
        self._log.add(
            "bridge", "sign_in", turn=turn.index, tool=call.name, tool_call_id=call.id, text=text
        )

    def tool_answered(self, call_id: str, approved: bool | None) -> None:
        """Shows the user's answer; None if the question was withdrawn."""
        turn, call = self.call(call_id)
        asked = self._asked_at.pop(call_id, None)
        if turn is not None and call is not None:
            if asked is not None:
                self._log_approval(turn, call, asked, ANSWERS[approved])
            if call.sign_in is not None:
                self._log_sign_in(turn, call, _SIGNED_IN[approved])
            call.question = call.sign_in = None
            self._emit(protocol.Answer(turn.index, call_id, approved, call.approval_ms))

    def _log_approval(self, turn: Turn, call: ToolCall, asked: float, text: str) -> None:
        """Writes down how long a call has waited for the user, and what came of it."""
        waited_ms = (self._log.now() - asked) * 1000
        values = {"tool": call.name, "tool_call_id": call.id, "text": text, "ms": waited_ms}
        self._log.add("bridge", "approval", t=asked, turn=turn.index, **values)

    def when_called(self, call_id: str, then: Callable[[], None]) -> None:
        """Runs `then` when the event of a call has come: ADK may run the tool before it."""
        if self._shown.call(call_id) is not None:
            then()
        else:
            self._early.setdefault(call_id, []).append(then)

    def call(self, call_id: str) -> tuple[Turn, ToolCall] | tuple[None, None]:
        """Returns the turn and the call of an id, the newest if there are several."""
        call = self._shown.call(call_id)
        return (call.turn, call) if call is not None and call.turn is not None else (None, None)

    def grounded(self, sources: list[dict[str, str]], **values: Any) -> Turn | None:
        """Adds sources of an answer; the same may come more than once."""
        turn = self.current or self.last
        sources = self._redact(sources)
        new = [source for source in sources if turn is not None and source not in turn.sources]
        if turn is None or not new:
            return None
        result = {"queries": values.pop("queries", []), "sources": new}
        self._log.add(
            "adk", "agent_text", turn=turn.index, text="", final=True, result=result, **values
        )
        self._emit(protocol.Sources(turn.index, turn.sources))
        return turn

    # How turns end.

    def completed(
        self, *, failed: str | None = None, busy: bool | None = None, **values: Any
    ) -> tuple[Turn | None, bool]:
        """The model has completed; returns the turn of it, and whether that has ended."""
        dropping = self.machine.dropping
        state, over = self.machine.completed(failed=failed, busy=busy)
        if state is not None or not dropping:
            index = state.index if state is not None else 0
            self._log.add("adk", "turn_complete", turn=index, turn_complete=True, **values)
        self._settle()
        return self._of(state), over

    def stopped(self, **values: Any) -> Turn | None:
        """The model says that it was cut off; returns the turn that this ended."""
        if self.machine.is_foreign():
            self._disown()
            return None
        expected = self.machine.stop_expected
        state = self.machine.stopped()
        if state is not None or not expected:
            index = state.index if state is not None else 0
            self._log.add("adk", "interrupted", turn=index, interrupted=True, **values)
        self._settle()
        return self._of(state)

    def _disown(self, *, completes: bool = True) -> None:
        """What came was the answer to an earlier question: it is taken from the open turn."""
        state = self.machine.disown(completes=completes)
        if state is not None:
            self._log.add("bridge", "answer_disowned", turn=state.index)

    @property
    def answering(self) -> Turn | None:
        """The turn that words of the agent would belong to now; None if they would open one."""
        open_turn = self._of(self.machine.output or self.machine.current)
        return open_turn if open_turn is not None else self.last

    def withheld(self, author: str, replacement: str, turn: Turn | None, **values: Any) -> Turn:
        """Puts a guard's words in the place of an answer, and ends its turn.

        Args:
            author: The agent whose answer it was.
            replacement: What it says instead.
            turn: The answer's turn; None if nothing of it has come.
            **values: What else the row says.
        """
        known = self.machine.all[turn.index - 1] if turn is not None else None
        turn = self.all[self.machine.withheld(known).index - 1]
        self._agent_words(turn, "withheld", author, replacement, final=True, **values)
        self._settle()
        return turn

    def closed(self) -> Turn | None:
        """The model closed the connection; returns the turn if that ended it."""
        state = self.machine.closed()
        self._settle()
        return self._of(state)

    def abandoned(self, reason: str) -> None:
        """Ends all turns: the session ends."""
        self.machine.abandoned(reason)
        self._settle()

    def failed(self, reason: str, *, unanswered: bool = False) -> Turn | None:
        """Ends the open turn, as something went wrong; its error is logged before."""
        status = Status.UNANSWERED if unanswered else Status.FAILED
        state = self.machine.failed(reason, status)
        self._settle()
        return self._of(state)

    def silent(self) -> None:
        """The model has said nothing for too long: ends the open turn."""
        self.machine.silent()
        self._settle()

    def no_reaction(self) -> None:
        """The model has had time to react to results, and will not any more."""
        self.machine.no_reaction()
        self._settle()

    # What the machine reports.

    def _began(self, state: TurnState) -> None:
        turn = self._shown.turn(state.index)
        turn.agent, turn.model = self.agent, self._redact(self.model)
        turn.spoken = state.spoken
        self.all.append(turn)
        for kept in (self._sent, self._loudness, self._facts):
            kept.pop(turn.index - _KEPT_TURNS, None)
        self.on_made(turn)

    def _has_ended(self, state: TurnState, reason: str | None) -> None:
        self._ending.append((state, reason))

    def _asked(self, state: TurnState) -> None:
        turn = self.all[state.index - 1]
        self.on_ask(turn, self.said(turn).question)

    def _settle(self) -> None:
        """Logs and tells which turns have ended, and which one is open now."""
        ending, self._ending = self._ending, []
        for state, reason in ending:
            self._end(state, reason)
        current = self.machine.current
        if current is not None and current.index > self._started:
            self._started = current.index
            self._emit(protocol.TurnState(current.index, "started"))

    def _end(self, state: TurnState, reason: str | None) -> None:
        turn = self.all[state.index - 1]
        self._log.settle()
        loudness = self._loudness.get(turn.index)
        level = max(loudness.level_db, _LOWEST_DB) if loudness is not None else None
        if state.status is Status.COMPLETE and reason is None and (level or 0.0) < _SILENT_DB:
            state.status, reason = Status.FAILED, "inaudible"
        status = str(state.status)
        self._log.add(
            "bridge",
            "turn_ended",
            turn=turn.index,
            status=status,
            end_reason=reason,
            level_db=level,
        )
        self._emit(protocol.TurnState(turn.index, status))
        for message in rendered_messages(turn, self._redact):
            self._emit(message)
        if (ending := self._endings.pop(turn.index, None)) is not None:
            ending.set()
        self.on_end(turn)

    # Rows.

    def _words(self, source: str, kind: str, turn: int, **values: Any) -> None:
        """Adds a row with words: to what was said as it is, to the log with secrets masked."""
        now = self._log.now()
        raw = LogRow(-1, 0.0, now, source, kind, turn, **values)
        self._said.add(raw)
        self._log.add(source, kind, turn=turn, **values)

    def row(self, row: LogRow) -> None:
        """Takes a row of the log: a new one, or one of audio that has grown."""
        if row.kind in _AUDIO:
            self._count(row)
            return
        if row.kind not in _TEXTS:
            self._said.add(row)
        changed = self._shown.add(row)
        for piece in changed:
            self._show(row.turn, piece)
        if row.kind in _HEARD and 0 < row.turn <= len(self.all):
            turn = self.all[row.turn - 1]
            if row.kind not in _PLAYED:
                self._heard.said(turn)
            self._heard.heard(turn)
        if row.kind in FACTS and 0 < row.turn <= len(self.all):
            self._tell_facts(self.all[row.turn - 1])

    def _tell_facts(self, turn: Turn) -> None:
        if not turn.begun:
            return
        facts = facts_message(turn)
        if facts != self._facts.get(turn.index):
            self._facts[turn.index] = facts
            self._emit(facts)

    def sound_forgotten(self, kind: str, turn: int) -> None:
        """Sound was forgotten; that it was there stays known."""

    def sound(self, kind: str, turn: int, pcm: bytes, rate: int) -> None:
        """Takes sound; what is needed of it is in its row."""

    def _count(self, row: LogRow) -> None:
        seq, ms = self._counted.get(row.kind, (-1, 0.0))
        grown = (row.audio_ms or 0.0) - (ms if seq == row.seq else 0.0)
        self._counted[row.kind] = (row.seq, row.audio_ms or 0.0)
        for fold in (self._shown, self._said):
            if seq != row.seq:
                fold.add(row)
                continue
            turn = fold.turn(row.turn)
            if row.kind == "agent_audio":
                turn.audio_ms += grown
            else:
                turn.user_audio_ms += grown
        if row.kind == "agent_audio" and 0 < row.turn <= len(self.all):
            self._heard.sounds(self.all[row.turn - 1])

    def _show(self, index: int, piece: Piece) -> None:
        """Shows the pages what is new of a piece."""
        text = self._redact(piece.text.strip())
        sent = self._sent.setdefault(index, {})
        before, was_final = sent.get(piece.number, ("", False))
        if (text, piece.final) == (before, was_final) or not (text or before):
            return
        same = before if text.startswith(before) else _common(text, before)
        sent[piece.number] = (text, piece.final)
        self._emit(
            protocol.Transcript(
                index,
                piece.role,
                piece.author,
                text[len(same) :],
                piece.final,
                piece=piece.number,
                start=len(same.encode("utf-16-le")) // 2,
                withheld=piece.role == "agent" and self.all[index - 1].withheld,
            )
        )


def _common(text: str, other: str) -> str:
    """Returns the beginning that two texts have in common."""
    pairs = enumerate(zip(text, other, strict=False))
    differ = next((index for index, (one, two) in pairs if one != two), None)
    return text[: min(len(text), len(other)) if differ is None else differ]


def _rule(booking: Booking) -> dict[str, Any]:
    if booking.by == "goes_on":
        return {}
    return {"by": booking.by, "ambiguous": booking.ambiguous}
