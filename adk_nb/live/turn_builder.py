"""Turns: what the user said, what the agent did and said, and how it ended. No sockets, no ADK.

`Turns` gets what comes from both sides, keeps one `Turn` for each exchange and emits the messages
that show it. Live models differ: transcripts come whole or in pieces, may
never be `finished`, and may follow the end of the turn; models before Gemini 3 complete a turn
after a tool call and once more after the answer. Here each exchange is one turn with one text.
"""

# ruff: noqa: SLF001 - Turn and Turns are one unit; what is private is so to users.

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from adk_nb.log.redaction import Redactor
from adk_nb.log.turn import SpokenText, ToolCall, Turn
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.audio import Clip
    from adk_nb.log.redaction import Pieces


_NONE = (None, None)


_MAX_ERROR = 20_000
"""Characters of a turn's error."""


class Turns:
    """Makes turns of what both sides send, and emits the messages that show them.

    Args:
        emit: Takes each message for the pages.
        sound: Returns the agent's audio of a turn, by its number.
        redact: Masks secrets in what is shown; by default there are none.

    Attributes:
        on_made: Called with each turn when it is made.
        on_end: Called with each turn when it has ended.
    """

    def __init__(
        self,
        emit: Callable[[protocol.Message], None],
        sound: Callable[[int], Clip] | None = None,
        redact: Redactor | None = None,
    ) -> None:
        self._emit = emit
        self._redact = redact if redact is not None else Redactor(())
        # Masks what a running tool prints, by the call's id.
        self._printed: dict[str, Pieces] = {}
        self._sound = sound
        self.all: list[Turn] = []
        self.agent = ""
        self.model = ""
        self.current: Turn | None = None
        self.cut: Turn | None = None
        """The newest turn that was interrupted."""
        # The turn that the user began while an answer goes on; it opens when that ends.
        self._next: Turn | None = None
        # Whether a tool has returned after its turn has ended; the agent may answer that.
        self._told = False
        # What to do when the event of a call comes, by the call's id; see `_when_called`.
        self._early: dict[str, list[Callable[[], None]]] = {}
        self.on_made: Callable[[Turn], None] = lambda _turn: None
        self.on_end: Callable[[Turn], None] = lambda _turn: None

    @property
    def last(self) -> Turn | None:
        """The newest turn."""
        return self.all[-1] if self.all else None

    @property
    def index(self) -> int:
        """The number of the open turn, or of the one to come."""
        return self.current.index if self.current else len(self.all) + 1

    @property
    def speech_index(self) -> int:
        """The number of the turn that speech belongs to which comes now."""
        if self._next is not None:
            return self._next.index
        open_to_speech = self.current is not None and not self.current.answered
        return self.index if open_to_speech else len(self.all) + 1

    # What the user does.

    def user_typed(self, text: str) -> Turn:
        """Opens a turn with a typed text."""
        if self.current is not None:
            self._ended(self.current, "complete")
        turn = self._opened()
        turn.user_text = self._redact(text)
        turn._user_final = True
        self._say(turn, "user", "user", text, final=True)
        return turn

    def user_said(self, text: str, *, final: bool, cumulative: bool = False) -> Turn:
        """Adds a piece of the user's transcript."""
        turn = self._spoken_turn()
        turn.spoken = True
        turn._user.add(text, final=final, cumulative=cumulative)
        turn.user_text = self._redact(str(turn._user))
        turn._user_final = final
        self._say(turn, "user", "user", str(turn._user), final=final)
        return turn

    def forget_speech(self) -> None:
        """Forgets the words of the utterance so far: it is sent again to another model."""
        if self.current is not None:
            self.current._user = SpokenText()

    def _spoken_turn(self) -> Turn:
        if self._next is not None:
            return self._next
        if self.current is None:
            return self._opened()
        if self.current._user_final and (self.current.answered or not self.current.spoken):
            # The user talks while an answer goes on that is not interrupted yet.
            self._next = self._made()
            return self._next
        return self.current

    # What the agent does.

    def agent_said(self, author: str, text: str, *, final: bool) -> Turn:
        """Adds a piece of what the agent says, as text or as a transcript."""
        quiet = self.current is None and self._next is None and not self._told
        late = quiet and self.last is not None
        turn = self.last if late and self.last else self._answering(author)
        if not late:
            turn.agent = author
        cut = turn._agent.add(text, final=final)
        turn.agent_text = self._redact(str(turn._agent))
        turn._unanswered = False
        if cut is not None:
            turn.heard_text = self._redact(cut.strip())
        elif not turn.interrupted:
            turn.heard_text = turn.agent_text
        turn._marks.append((turn.audio_ms, len(turn.agent_text)))
        mine = turn._by_author.setdefault(author, SpokenText())
        mine.add(text, final=final)
        self._say(turn, "agent", author, str(mine), final=final or turn.ended.is_set())
        return turn

    def agent_audio(self, author: str, ms: float) -> Turn:
        """Adds agent audio (ms)."""
        turn = self._answering(author)
        turn.agent = author
        turn.audio_ms += ms
        turn._unanswered = False
        return turn

    def tool_called(
        self,
        author: str,
        call_id: str,
        name: str,
        args: dict[str, Any],
        *,
        long_running: bool = False,
    ) -> Turn:
        """Adds a tool call."""
        turn = self._answering(author)
        turn.agent = author
        turn._unanswered = True
        name, args = self._redact([name, args])
        call = ToolCall(call_id, name, args, author, long_running=long_running)
        turn.tool_calls.append(call)
        self._emit(protocol.ToolCalled(turn.index, call_id, name, args))
        for then in self._early.pop(call_id, ()):
            then()
        return turn

    def tool_returned(
        self, call_id: str, name: str, result: Any, error: str | None
    ) -> tuple[Turn | None, ToolCall | None]:
        """Adds a tool's result; returns its turn and its call.

        A long-running or streaming tool may have several results; the last one is kept.
        """
        turn, call = self.call(call_id)
        if turn is None or call is None:
            return None, None
        self._told = self.current is None
        self._redact.refresh()
        result, error = self._redact(result), self._redact(error)
        printed = self._printed.pop(call_id, None)
        if printed is not None:
            self._show_printed(turn, call, printed.end())
        if call.ms is None:
            call.ms = (time.monotonic() - call.started) * 1000
        call.result, call.error = result, error
        self._emit(protocol.ToolReturned(turn.index, call_id, name, call.ms, result, error))
        return turn, call

    def tool_deferred(self, call_id: str) -> None:
        """Lets the turn end: a long-running tool has begun, and its result comes later."""
        turn, _ = self.call(call_id)
        if turn is None:
            self._when_called(call_id, lambda: self.tool_deferred(call_id))
        elif turn is self.current and not turn.tool_pending:
            turn._unanswered = False
            self._ended(turn, "complete")

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

    def _show_printed(self, turn: Turn, call: ToolCall, text: str) -> None:
        room = max(0, protocol.MAX_OUTPUT - len(call.output))
        call.output += text
        if text[:room]:
            self._emit(protocol.ToolOutput(turn.index, call.id, text[:room]))

    def tool_asks(self, call_id: str, hint: str) -> None:
        """Shows that a tool call waits for the user's confirmation."""
        turn, call = self.call(call_id)
        if turn is None or call is None:
            self._when_called(call_id, lambda: self.tool_asks(call_id, hint))
            return
        call.question = hint
        self._emit(protocol.Question(turn.index, call_id, call.name, call.args, hint))

    def tool_answered(self, call_id: str, approved: bool | None) -> None:
        """Shows the user's answer; None if the question was withdrawn."""
        turn, call = self.call(call_id)
        if turn is not None and call is not None:
            call.question = None
            self._emit(protocol.Answer(turn.index, call_id, approved))

    def _when_called(self, call_id: str, then: Callable[[], None]) -> None:
        """Runs `then` when the event of a call comes: ADK may run the tool before it."""
        self._early.setdefault(call_id, []).append(then)

    def call(self, call_id: str) -> tuple[Turn, ToolCall] | tuple[None, None]:
        """Returns the turn and the call of an id: one that still runs, or else the newest."""
        found = [
            (turn, call)
            for turn in reversed(self.all)
            for call in turn.tool_calls
            if call.id == call_id
        ]
        return next((pair for pair in found if pair[1].ms is None), found[0] if found else _NONE)

    def grounded(self, sources: list[dict[str, str]]) -> Turn | None:
        """Adds sources of an answer; the same may come more than once."""
        turn = self.current or self.last
        sources = self._redact(sources)
        new = [source for source in sources if turn is not None and source not in turn.sources]
        if turn is None or not new:
            return None
        turn.sources += new
        self._emit(protocol.Sources(turn.index, turn.sources))
        return turn

    def completed(self) -> Turn | None:
        """Handles that the model completed its turn; returns the turn if that ended it."""
        turn = self.current
        if turn is None or turn._unanswered:
            # There is none, or the answer to a tool's result has not come yet.
            return None
        return self._ended(turn, "complete")

    def closed(self) -> Turn | None:
        """Handles that the model closed the connection; returns the turn if that ended it."""
        turn = self.current
        return self._ended(turn, "complete") if turn is not None and turn.answered else None

    def interrupted(self) -> Turn | None:
        """Handles an interruption; returns the turn that this ended."""
        turn = self.current
        if turn is None or not (turn._user_final or turn.answered):
            return None
        turn.interrupted = True
        self.cut = turn
        return self._ended(turn, "interrupted")

    def failed(self, error: str) -> Turn | None:
        """Handles a failure of the model; returns the turn that this ended."""
        turn = self.current
        if turn is None:
            return None
        error = self._redact(error)
        # The log has all of it.
        turn.error = error if len(error) <= _MAX_ERROR else f"{error[:_MAX_ERROR]} …"
        return self._ended(turn, "complete")

    def heard(self, index: int, played_ms: float) -> Turn | None:
        """Takes how much of a turn had sounded when it was interrupted (ms)."""
        if not 1 <= index <= len(self.all):
            return None
        turn = self.all[index - 1]
        turn.heard_ms = played_ms
        if turn.interrupted:
            turn.heard_text = turn.heard_at(played_ms)
        return turn

    # How turns open and end.

    def _made(self) -> Turn:
        turn = Turn(len(self.all) + 1, self.agent, self.model, sound=self._sound)
        self.all.append(turn)
        self.on_made(turn)
        return turn

    def _opened(self) -> Turn:
        turn = self._made()
        self._told = False
        self.current = turn
        self._emit(protocol.TurnState(turn.index, "started"))
        return turn

    def _answering(self, author: str) -> Turn:
        if self.current is None:
            self.current, self._next = self._next or self._opened(), None
            self.current.agent = author
        return self.current

    def _ended(self, turn: Turn, state: str) -> Turn:
        self.current, self._next = self._next, None
        for author, text in turn.said_by.items():
            self._say(turn, "agent", author, text, final=True)
        if turn.user_text and not turn._user_final:
            self._say(turn, "user", "user", turn.user_text, final=True)
        self._emit(protocol.TurnState(turn.index, state))
        if self.current is not None:
            self._emit(protocol.TurnState(self.current.index, "started"))
        turn.ended.set()
        self.on_end(turn)
        return turn

    def _say(self, turn: Turn, role: str, author: str, text: str, *, final: bool) -> None:
        shown = self._redact(text) if final else self._redact.open(text)
        if shown:
            self._emit(protocol.Transcript(turn.index, role, author, shown, final))
