"""Turns: what the user said, what the agent did and said, and how it ended. No sockets, no ADK.

`TurnMachine` decides which turn something belongs to; here it becomes a row of the log, the fold
over the rows makes the turns (`FoldedTurns`), and messages show the pages what has changed
(`TurnMessages`). A recording that is read back goes through the same fold. Spoken words come
through `transcripts`, tool calls through `calls`; how turns begin and end is here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from adk_nb.audio import Loudness
from adk_nb.live.folded_turns import FoldedTurns
from adk_nb.live.transcripts import Transcripts
from adk_nb.live.turn_calls import TurnCalls
from adk_nb.live.turn_machine import TurnMachine
from adk_nb.live.turn_messages import TurnMessages
from adk_nb.log.turn import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.live.turn_state import TurnState
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.turn import Turn
    from adk_nb.wire import protocol

_KEPT_TURNS = 8
"""Of so many of the newest turns more sound may come; how loud it was is kept so long."""
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
        transcripts: Takes what is said.
        calls: Takes what happens to tool calls.
        agent: The name of the agent that answers.
        model: Its model.
        on_made: Called with each turn when it is made.
        on_end: Called with each turn when it has ended.
        on_ask: Called with a typed turn that has waited, and its text, when it is to be sent.
    """

    def __init__(self, log: EventLog, emit: Callable[[protocol.Message], None]) -> None:
        self._log = log
        self._messages = TurnMessages(emit, log.redact)
        self._folded = FoldedTurns(log, self._messages)
        self.all: list[Turn] = self._folded.all
        self.machine = TurnMachine(self._began, self._has_ended, self._asked)
        self.transcripts = Transcripts(self.machine, self._folded, self._messages, self._settle)
        self.calls = TurnCalls(log, emit, self.machine, self._folded, self._settle)
        self.agent = ""
        self.model = ""
        # How loud the answers of the newest turns are.
        self._loudness: dict[int, Loudness] = {}
        # Turns that have ended, until that is logged and told.
        self._ending: list[tuple[TurnState, str | None]] = []
        # Set when a turn has ended that somebody waits for, by its number.
        self._endings: dict[int, asyncio.Event] = {}
        # The newest turn of which the pages were told that it is open.
        self._started = 0
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
        return self.machine.index

    @property
    def speech_index(self) -> int:
        """The number of the turn that speech belongs to which comes now."""
        return self.machine.utterances.speech_index

    @property
    def answering(self) -> Turn | None:
        """The turn that words of the agent would belong to now; None if they would open one."""
        open_turn = self._of(self.machine.answer.turn or self.machine.current)
        return open_turn if open_turn is not None else self.last

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
        return self._folded.said(turn.index)

    def _of(self, state: TurnState | None) -> Turn | None:
        return self._folded.of(state) if state is not None else None

    # What the user does, other than speaking.

    def user_typed(self, text: str, *, wait: bool = False, prompt: bool = False) -> Turn:
        """Opens a turn with a typed text; with `wait` when the open turn is over.

        With `prompt` the text is the notebook's, and nothing of the user's.
        """
        state = self.machine.typed(wait=wait)
        for ended, _ in self._ending:
            if ended.status is Status.INTERRUPTED:
                self._log.add("client", "interrupted", turn=ended.index, interrupted=True)
        self._settle()
        if prompt:
            self._folded.add_words("client", "prompt", state.index, text=text)
        else:
            self._folded.add_words(
                "client", "user_text", state.index, author="user", text=text, final=True
            )
        return self._folded.of(state)

    def cut_in(self, *, sent: bool = True) -> Turn | None:
        """The user interrupts; returns the turn that this ended.

        `sent` says whether the model may have got the question.
        """
        state = self.machine.cut(sent=sent)
        if state is not None:
            self._log.add("client", "interrupted", turn=state.index, interrupted=True)
        self._settle()
        return self._of(state)

    # What the agent does, other than speaking and calling tools.

    def agent_audio(self, author: str, pcm: bytes, rate: int) -> Turn | None:
        """Adds agent audio, PCM16LE; None if it is of an answer that was cut off."""
        booking = self.machine.bookings.output_came()
        self._settle()
        if booking.dropped:
            return None
        turn = self._folded.of(booking.turn)
        self._messages.answers(turn, booking)
        turn.agent = author
        self._loudness.setdefault(turn.index, Loudness()).add(pcm)
        self._log.add_audio("adk", "agent_audio", turn.index, pcm, rate, **booking.rule)
        return turn

    def grounded(self, sources: list[dict[str, str]], **values: Any) -> Turn | None:
        """Adds sources of an answer; the same may come more than once."""
        turn = self.current or self.last
        sources = self._log.redact(sources)
        new = [source for source in sources if turn is not None and source not in turn.sources]
        if turn is None or not new:
            return None
        result = {"queries": values.pop("queries", []), "sources": new}
        self._log.add(
            "adk", "agent_text", turn=turn.index, text="", final=True, result=result, **values
        )
        self._messages.sources(turn)
        return turn

    # How turns end.

    def completed(
        self, *, failed: str | None = None, busy: bool | None = None, **values: Any
    ) -> tuple[Turn | None, bool]:
        """The model has completed; returns the turn of it, and whether that has ended."""
        dropping = self.machine.answer.dropping
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
        expected = self.machine.answer.stop_expected
        state = self.machine.stopped()
        if state is not None or not expected:
            index = state.index if state is not None else 0
            self._log.add("adk", "interrupted", turn=index, interrupted=True, **values)
        self._settle()
        return self._of(state)

    def tools_cancelled(self, call_ids: list[str]) -> Turn | None:
        """The service does not want these results any more; returns the turn that this ended."""
        if self.machine.is_foreign():
            self._disown(completes=False)
        state = self.machine.calls.cancelled(call_ids)
        if state is not None:
            self._log.add("adk", "interrupted", turn=state.index, interrupted=True)
        self._settle()
        return self._of(state)

    def _disown(self, *, completes: bool = True) -> None:
        """What came was the answer to an earlier question: it is taken from the open turn."""
        state = self.machine.disown(completes=completes)
        if state is not None:
            self._log.add("bridge", "answer_disowned", turn=state.index)

    def withheld(self, author: str, replacement: str, turn: Turn | None, **values: Any) -> Turn:
        """Puts a guard's words in the place of an answer, and ends its turn.

        Args:
            author: The agent whose answer it was.
            replacement: What it says instead.
            turn: The answer's turn; None if nothing of it has come.
            **values: What else the row says.
        """
        known = self.machine.all[turn.index - 1] if turn is not None else None
        turn = self._folded.of(self.machine.withheld(known))
        self.transcripts.add_agents(turn, "withheld", author, replacement, final=True, **values)
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
        self.machine.calls.no_reaction()
        self._settle()

    # What the machine reports.

    def _began(self, state: TurnState) -> None:
        turn = self._folded.begin(state)
        turn.agent, turn.model = self.agent, self._log.redact(self.model)
        self._messages.made(turn)
        self._loudness.pop(turn.index - _KEPT_TURNS, None)
        self.on_made(turn)

    def _has_ended(self, state: TurnState, reason: str | None) -> None:
        self._ending.append((state, reason))

    def _asked(self, state: TurnState) -> None:
        turn = self._folded.of(state)
        self.on_ask(turn, self.said(turn).question)

    def _settle(self) -> None:
        """Logs and tells which turns have ended, and which one is open now."""
        ending, self._ending = self._ending, []
        for state, reason in ending:
            self._end(state, reason)
        current = self.machine.current
        if current is not None and current.index > self._started:
            self._started = current.index
            self._messages.started(current.index)

    def _end(self, state: TurnState, reason: str | None) -> None:
        turn = self._folded.of(state)
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
        self._messages.ended(turn, status)
        if (ending := self._endings.pop(turn.index, None)) is not None:
            ending.set()
        self.on_end(turn)
