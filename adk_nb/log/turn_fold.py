"""Turns as a fold over the rows of a log: the same for a running session and for a recording.

Which turn a row belongs to was decided when it was written; what the turns are follows from the
rows alone. So live frames and those of a recording agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adk_nb.log.log_row import valid_id
from adk_nb.log.tool_call import ToolCall
from adk_nb.log.turn import Status, Turn
from adk_nb.log.waits import start_of
from adk_nb.log.word_boundaries import joined
from adk_nb.log.words import Piece
from adk_nb.plain import copied

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.audio import Clip
    from adk_nb.log.log_row import LogRow


WARNING = "warning"
"""The status of an error's row after which its turn goes on."""
_MAX_ERROR = 20_000
"""Characters of a turn's error."""


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
        self._redact = redact
        self.turns: dict[int, Turn] = {}
        self.calls: list[ToolCall] = []
        self.completed: set[int] = set()
        # The newest call of each id.
        self._by_id: dict[str, ToolCall] = {}
        # Turns that began before the log said which model answers.
        self._unnamed: list[Turn] = []
        self.agent = ""
        self.model = ""
        # Turns that wait for a model.
        self._cold: list[Turn] = []
        # Whether a model is connected, as far as the rows say.
        self._connected = False
        # How often sound came too late, as the newest player's report says.
        self._underruns = 0

    def add(self, row: LogRow) -> list[Piece]:
        """Takes a row; returns the pieces of its turn that it changed."""
        kind, index = row.kind, row.turn
        if row.model or kind in _SESSIONS:
            self._of_session(row)
        add = _ROWS.get(kind)
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
        return add(self, turn, row) or []

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
            self._returned(row)
        elif row.kind == "tool_ended":
            self._ended(row)
        elif row.kind == "agent_swapped" and isinstance(row.args, dict):
            history = row.args.get("history")
            self._history = history if isinstance(history, str) else self._history

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
        return self._by_id.get(valid_id(call_id))

    def begun(self) -> list[Turn]:
        """Returns the turns that took place, by their number."""
        return [turn for _, turn in sorted(self.turns.items()) if turn.begun]

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

    def _masked(self, text: str, row: LogRow) -> str:
        """Returns a text with secrets masked that its rows show in part only, and so not masked."""
        # A row that has all of the text was masked itself when it was logged.
        return text if text == (row.text or "").strip() else self._redact(text)

    # One method for each kind of row.

    def _user_text(self, turn: Turn, row: LogRow) -> list[Piece]:
        changed, _ = turn.user.add("user", row.text or "", row.t, final=True)
        turn.user_text = row.text or ""
        turn.typed_t = turn.user_t = row.t
        return changed

    def _prompt(self, turn: Turn, row: LogRow) -> None:
        turn.prompt = row.text or ""
        turn.typed_t = row.t

    def _user_transcript(self, turn: Turn, row: LogRow) -> list[Piece]:
        turn.spoken = True
        if row.cumulative and not row.text and not row.final:
            turn.user_text = ""
            return turn.user.forget()
        changed, _ = turn.user.add(
            "user", row.text or "", row.t, final=bool(row.final), cumulative=row.cumulative
        )
        turn.user_text = self._masked(str(turn.user), row)
        turn.user_t = row.t if turn.user_t is None else turn.user_t
        turn.last_t = row.t
        turn.final_t = row.t if row.final else turn.final_t
        return changed

    def _agent_transcript(self, turn: Turn, row: LogRow) -> list[Piece]:
        if turn.interrupted and row.final and row.audio_ms is None:
            # After an interruption a model may report once more what was heard.
            if not turn.flushed:
                turn.heard_text = self._redact((row.text or "").strip())
            return []
        return self._agent_said(turn, row)

    def _agent_said(self, turn: Turn, row: LogRow) -> list[Piece]:
        if isinstance(row.result, dict) and "sources" in row.result:
            turn.sources = turn.sources + _sources(row.result["sources"])
            return []
        turn.agent = row.agent or turn.agent
        changed, cut = turn.said.add(
            row.agent or "", row.text or "", row.t, final=bool(row.final), cumulative=row.cumulative
        )
        turn.agent_text = self._masked(str(turn.said), row)
        if cut is not None:
            turn.heard_text = self._redact(cut.strip())
        elif not turn.interrupted:
            turn.heard_text = turn.agent_text
        elif turn.resumed is not None:
            heard, before = turn.resumed
            turn.heard_text = joined([heard, turn.agent_text[before:]])
        turn.marks.append((row.audio_ms or 0.0, len(turn.agent_text)))
        turn.agent_t = row.t if turn.agent_t is None else turn.agent_t
        return changed

    def _agent_audio(self, turn: Turn, row: LogRow) -> None:
        turn.agent = row.agent or turn.agent
        turn.audio_ms += row.audio_ms or 0.0
        turn.audio_t = row.t if turn.audio_t is None else turn.audio_t
        if any(call.ms is None for call in turn.tool_calls):
            turn.filler_t = row.t if turn.filler_t is None else turn.filler_t
        elif turn.answer_t is None:
            turn.answer_t = row.t

    def _tool_call(self, turn: Turn, row: LogRow) -> list[Piece]:
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
            number=len(self.calls) + 1,
            time=row.time,
            t=row.t,
            invocation_id=row.invocation_id,
        )
        call.turn = turn
        piece = Piece(len(turn.pieces), "tool", call.author, row.t, final=True, call=call)
        turn.pieces.append(piece)
        turn.tool_calls.append(call)
        self.calls.append(call)
        self._by_id[call.id] = call
        return []

    def _returned(self, row: LogRow) -> None:
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

    def _ended(self, row: LogRow) -> None:
        call = self._by_id.get(row.tool_call_id or "")
        if call is not None and call.ms is None:
            _ran(call, row)

    def _approval(self, turn: Turn, row: LogRow) -> None:
        """A tool has waited for its user: from `t` on."""
        del turn
        call = self._by_id.get(row.tool_call_id or "")
        if call is not None:
            call.waits.append((row.t, row.t + (row.ms or 0.0) / 1000))
            call.answer = row.text or ""

    def _user_audio(self, turn: Turn, row: LogRow) -> None:
        turn.user_audio_ms += row.audio_ms or 0.0
        turn.loud_t = turn.loud_t if row.speech_t is None else row.speech_t

    def _user_speech(self, turn: Turn, row: LogRow) -> None:
        turn.speech_start_t, turn.found_t, turn.found_by = row.t, row.speech_t, row.by

    def _voice_activity(self, turn: Turn, row: LogRow) -> None:
        if not (row.text or "").endswith("END"):
            return
        if row.source == "client":
            turn.released_t = row.t
        else:
            turn.service_t = row.t

    def _audio_lost(self, turn: Turn, row: LogRow) -> None:
        if row.source == "client":
            turn.mic_lost_ms = row.audio_ms or 0.0
        else:
            turn.dropped_ms = row.audio_ms or 0.0

    def _count_underruns(self, turn: Turn, row: LogRow) -> None:
        """Adds those of a turn; a player counts all since its page connected."""
        if row.underruns is None:
            return
        new = row.underruns - self._underruns if row.underruns >= self._underruns else row.underruns
        turn.underruns = (turn.underruns or 0) + new
        self._underruns = row.underruns

    def _interrupted(self, turn: Turn, row: LogRow) -> None:
        # A model may report an interruption before a question or after the answer.
        said = turn.final_t is not None and turn.final_t == turn.last_t
        asked = said or turn.typed_t is not None
        if turn.begun and (row.source == "client" or asked or turn.answered):
            turn.interrupted = True

    def _playback_started(self, turn: Turn, row: LogRow) -> None:
        self._count_underruns(turn, row)
        if turn.heard_t is None:
            turn.heard_t, turn.clock_error_ms = row.t, row.error_ms
            turn.heard_estimated = row.estimated

    def _playback_drained(self, turn: Turn, row: LogRow) -> None:
        self._count_underruns(turn, row)
        turn.heard_ms = max(turn.heard_ms or 0.0, row.audio_ms or 0.0)

    def _playback_flushed(self, turn: Turn, row: LogRow) -> None:
        self._playback_drained(turn, row)
        turn.flushed = True
        if (turn.interrupted or turn.status is Status.FAILED) and turn.resumed is None:
            turn.heard_text = turn.heard_at(row.audio_ms or 0.0)

    def _usage(self, turn: Turn, row: LogRow) -> None:
        turn.prompt_tokens = _sum(turn.prompt_tokens, row.prompt_tokens)
        turn.response_tokens = _sum(turn.response_tokens, row.response_tokens)
        turn.total_tokens = _sum(turn.total_tokens, row.total_tokens)
        for kind, tokens in (row.tokens or {}).items():
            turn.tokens[kind] = turn.tokens.get(kind, 0) + tokens

    def _error(self, turn: Turn, row: LogRow) -> None:
        # Errors before the turn began are the session's.
        if not turn.begun or not row.error or row.error in turn.problems:
            return
        turn.problems.append(row.error)
        if row.status != WARNING:
            # All that led to it belongs to an error; of a long one the log has the rest.
            error = " ".join(turn.problems)
            turn.error = error if len(error) <= _MAX_ERROR else f"{error[:_MAX_ERROR]} …"

    def _disconnected(self, turn: Turn, row: LogRow) -> list[Piece]:
        """The next connection knows nothing of the words before it: its final text has its own."""
        del row
        return turn.said.part()

    def _disowned(self, turn: Turn, row: LogRow) -> list[Piece]:
        """What came before was the answer to another question."""
        del row
        gone = [piece for piece in turn.pieces if piece.role == "agent"]
        for piece in gone:
            piece.text = ""
        turn.said.part()
        turn.agent_text = turn.heard_text = ""
        turn.audio_ms = 0.0
        turn.agent_t = turn.audio_t = turn.answer_t = turn.filler_t = turn.heard_t = None
        turn.marks.clear()
        return gone

    def _withheld(self, turn: Turn, row: LogRow) -> list[Piece]:
        """A guard's words stand in the place of all that the agents said."""
        for piece in turn.pieces:
            if piece.role == "agent":
                piece.text = ""
        turn.said.part()
        turn.withheld = True
        turn.agent = row.agent or turn.agent
        piece = Piece(len(turn.pieces), "agent", turn.agent, row.t, row.text or "", final=True)
        turn.pieces.append(piece)
        turn.agent_text = turn.heard_text = self._redact((row.text or "").strip())
        turn.agent_t = row.t if turn.agent_t is None else turn.agent_t
        turn.marks.clear()
        turn.sources = []
        return [piece]

    def _turn_complete(self, turn: Turn, row: LogRow) -> list[Piece]:
        del row
        self.completed.add(turn.index)
        return turn.said.part()

    def _turn_ended(self, turn: Turn, row: LogRow) -> list[Piece]:
        turn.status = Status(row.status) if row.status in _STATUSES else None
        turn.end_reason, turn.ended_t = row.end_reason, row.t
        turn.level_db = row.level_db
        turn.interrupted = turn.status is Status.INTERRUPTED
        return turn.user.close() + turn.said.close()


_STATUSES = frozenset(Status)


def _ran(call: ToolCall, row: LogRow) -> None:
    """Takes how long a call ran, which ended with a row."""
    waited = call.approval_ms or 0.0
    call.ms = (row.t - call.t) * 1000 - waited if row.ms is None else row.ms
    call.began_t = start_of(row.t, call.ms / 1000, call.waits)


def _sources(found: Any) -> list[dict[str, str]]:
    """Returns copies of what is a source of what a row calls so: a file may say anything."""
    return [
        copied(one)
        for one in (found if isinstance(found, list) else ())
        if isinstance(one, dict) and all(isinstance(one.get(key), str) for key in ("title", "uri"))
    ]


def _sum(first: int | None, second: int | None) -> int | None:
    return second if first is None else first + (second or 0)


_ROWS: dict[str, Callable[[TurnFold, Turn, LogRow], list[Piece] | None]] = {
    "user_text": TurnFold._user_text,  # noqa: SLF001 - its own module
    "prompt": TurnFold._prompt,  # noqa: SLF001
    "user_transcript": TurnFold._user_transcript,  # noqa: SLF001
    "agent_text": TurnFold._agent_said,  # noqa: SLF001
    "agent_transcript": TurnFold._agent_transcript,  # noqa: SLF001
    "agent_audio": TurnFold._agent_audio,  # noqa: SLF001
    "tool_call": TurnFold._tool_call,  # noqa: SLF001
    "approval": TurnFold._approval,  # noqa: SLF001
    "disconnected": TurnFold._disconnected,  # noqa: SLF001
    "answer_disowned": TurnFold._disowned,  # noqa: SLF001
    "withheld": TurnFold._withheld,  # noqa: SLF001
    "turn_complete": TurnFold._turn_complete,  # noqa: SLF001
    "turn_ended": TurnFold._turn_ended,  # noqa: SLF001
    "user_audio": TurnFold._user_audio,  # noqa: SLF001
    "user_speech": TurnFold._user_speech,  # noqa: SLF001
    "voice_activity": TurnFold._voice_activity,  # noqa: SLF001
    "audio_lost": TurnFold._audio_lost,  # noqa: SLF001
    "interrupted": TurnFold._interrupted,  # noqa: SLF001
    "playback_started": TurnFold._playback_started,  # noqa: SLF001
    "playback_drained": TurnFold._playback_drained,  # noqa: SLF001
    "playback_flushed": TurnFold._playback_flushed,  # noqa: SLF001
    "usage": TurnFold._usage,  # noqa: SLF001
    "error": TurnFold._error,  # noqa: SLF001
}
"""What each kind of row does to its turn."""

_SESSIONS = frozenset(("connected", "disconnected", "tool_result", "tool_ended"))
"""Kinds of rows that say something of the session, or of a call that has a row of its own."""
_BEGIN = frozenset(
    (
        "user_text", "prompt", "user_transcript", "agent_text", "agent_transcript", "agent_audio",
        "tool_call", "withheld",
    )
)  # fmt: skip
"""Kinds of rows that begin a turn; the others add to one."""
