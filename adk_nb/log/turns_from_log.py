"""Makes turns and tool calls from the rows of a log, of a session or of its recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from adk_nb.log.redaction import Redactor
from adk_nb.log.turn import ToolCall, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adk_nb.audio import Clip
    from adk_nb.log.event_log import LogRow


class Log(Protocol):
    """The interface that `EventLog` and `RecordedLog` have in common."""

    @property
    def session_id(self) -> str:
        """The session's id."""

    def __iter__(self) -> Iterator[LogRow]:
        """Yields the rows, oldest first."""

    def clip(self, kind: str, turn: int) -> Clip:
        """Returns the sound of a turn: `kind` is `user_audio` or `agent_audio`."""


@dataclass(slots=True, eq=False)
class LoggedCall(ToolCall):
    """A tool call read from a log; the functions of `tools_df`'s columns get one.

    Attributes:
        session_id: The session's id.
        turn: The turn that it belongs to.
        time: When the tool was called (s since the Unix epoch).
        t: When the tool was called (s on the session's clock).
        invocation_id: ADK's id of the invocation.
    """

    session_id: str = ""
    turn: LoggedTurn | None = None
    time: float = 0.0
    t: float = 0.0
    invocation_id: str | None = None


@dataclass(slots=True, eq=False)
class LoggedTurn(Turn):
    """A turn read from a log; the functions of `turns_df`'s columns get one.

    It has the attributes of a `Turn`, and:

    Attributes:
        session_id: The session's id.
        invocation_id: ADK's id of the invocation that answered; one may span many turns.
        begun: Whether anything was said or done in it.
        time: When it began (s since the Unix epoch).
        t: When it began (s on the session's clock, as all that ends in `_t`).
        typed_t: When the user's text was sent; None for a spoken turn.
        loud_t: When the user's microphone was last loud.
        user_t: When the first of the user's words came.
        final_t: When the last final transcript of the user's words came.
        last_t: When the last transcript of them came, final or not.
        agent_t: When the first of the agent's text came.
        audio_t: When the first of the agent's audio came.
        heard_t: When the first of it sounded, as the player reported.
        clock_error_ms: How far off `heard_t` may be (ms).
        redact: Masks secrets in a text; pieces of one may be in several rows.
        user_audio_ms: How much microphone audio came for it (ms).
        heard_ms: How much of the agent's audio sounded, as the player reported at its end (ms).
        flushed: Whether the player reported that it was cut off.
        prompt_tokens: Tokens of its responses' prompts; None if the model does not say.
        response_tokens: Tokens of its responses.
        total_tokens: The model's own sums.
    """

    session_id: str = ""
    invocation_id: str | None = None
    begun: bool = False
    time: float = 0.0
    t: float = 0.0
    typed_t: float | None = None
    loud_t: float | None = None
    user_t: float | None = None
    final_t: float | None = None
    last_t: float | None = None
    agent_t: float | None = None
    audio_t: float | None = None
    heard_t: float | None = None
    clock_error_ms: float | None = None
    user_audio_ms: float = 0.0
    redact: Callable[[str], str] = field(default=str, repr=False)
    flushed: bool = False
    prompt_tokens: int | None = None
    response_tokens: int | None = None
    total_tokens: int | None = None

    @property
    def speech_end_t(self) -> float | None:
        """When the user's speech ended, or the text was sent (s on the session's clock)."""
        moments = (self.typed_t, self.loud_t, self.final_t, self.last_t)
        return next((moment for moment in moments if moment is not None), None)

    @property
    def transcript_ms(self) -> float | None:
        """From `speech_end_t` to the user's final transcript (ms)."""
        return self._since_speech(self.last_t if self.final_t is None else self.final_t)

    @property
    def first_audio_ms(self) -> float | None:
        """From `speech_end_t` to the agent's first audio in the kernel (ms)."""
        return self._since_speech(self.audio_t)

    @property
    def first_heard_ms(self) -> float | None:
        """From `speech_end_t` to the first sample that sounded (ms)."""
        return self._since_speech(self.heard_t)

    @property
    def tools(self) -> str:
        """The names of the tools that were called, in order, separated by comma and space."""
        return ", ".join(call.name for call in self.tool_calls)

    @property
    def tool_ms(self) -> float:
        """How long its tools took together (ms)."""
        return sum(call.ms for call in self.tool_calls if call.ms is not None)

    def _since_speech(self, t: float | None) -> float | None:
        start = self.speech_end_t
        return None if t is None or start is None else (t - start) * 1000

    # One method for each kind of row. They do what `Turns` does with the same events.

    def _user_text(self, row: LogRow) -> None:
        self.user_text = row.text or ""
        self._user_final = True
        self.typed_t = row.t
        self.user_t = row.t

    def _user_transcript(self, row: LogRow) -> None:
        self.spoken = True
        self._user.add(row.text or "", final=bool(row.final), cumulative=row.cumulative)
        self.user_text = self.redact(str(self._user))
        self._user_final = bool(row.final)
        self.user_t = row.t if self.user_t is None else self.user_t
        self.last_t = row.t
        self.final_t = row.t if row.final else self.final_t

    def _agent_transcript(self, row: LogRow) -> None:
        if self.interrupted and row.final and row.audio_ms is None:
            # After an interruption a model may report once more what was heard.
            if not self.flushed:
                self.heard_text = self.redact((row.text or "").strip())
            return
        self._agent_said(row)

    def _agent_said(self, row: LogRow) -> None:
        if isinstance(row.result, dict) and "sources" in row.result:
            self.sources += _sources(row.result["sources"])
            return
        self.agent = row.agent or self.agent
        cut = self._agent.add(row.text or "", final=bool(row.final), cumulative=row.cumulative)
        self.agent_text = self.redact(str(self._agent))
        if cut is not None:
            self.heard_text = self.redact(cut.strip())
        elif not self.interrupted:
            self.heard_text = self.agent_text
        self._marks.append((row.audio_ms or 0.0, len(self.agent_text)))
        self.agent_t = row.t if self.agent_t is None else self.agent_t

    def _agent_audio(self, row: LogRow) -> None:
        self.agent = row.agent or self.agent
        self.audio_ms += row.audio_ms or 0.0
        self.audio_t = row.t if self.audio_t is None else self.audio_t

    def _tool_call(self, row: LogRow) -> None:
        self.agent = row.agent or self.agent

    def _user_audio(self, row: LogRow) -> None:
        self.user_audio_ms += row.audio_ms or 0.0
        self.loud_t = self.loud_t if row.speech_t is None else row.speech_t

    def _interrupted(self, row: LogRow) -> None:
        # A model may report an interruption before a question or after the answer.
        if self.begun and (row.source == "client" or self._user_final or self.answered):
            self.interrupted = True

    def _playback_started(self, row: LogRow) -> None:
        if self.heard_t is None:
            self.heard_t, self.clock_error_ms = row.t, row.error_ms

    def _playback_drained(self, row: LogRow) -> None:
        self.heard_ms = max(self.heard_ms or 0.0, row.audio_ms or 0.0)

    def _playback_flushed(self, row: LogRow) -> None:
        self._playback_drained(row)
        self.flushed = True
        if self.interrupted:
            self.heard_text = self.heard_at(row.audio_ms or 0.0)

    def _usage(self, row: LogRow) -> None:
        self.prompt_tokens = _sum(self.prompt_tokens, row.prompt_tokens)
        self.response_tokens = _sum(self.response_tokens, row.response_tokens)
        self.total_tokens = _sum(self.total_tokens, row.total_tokens)

    def _error(self, row: LogRow) -> None:
        # Errors before the turn began are the session's.
        if self.begun and self.error is None:
            self.error = row.error


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one side said in one turn; the functions of `transcript_df`'s columns get one.

    Attributes:
        turn: The `LoggedTurn`.
        role: `user` or `agent`.
        author: `user`, or the name of the agent that answered last.
        text: All that was said.
        heard_text: The part of it that had sounded when the user interrupted; None for the user.
        interrupted: Whether it was interrupted.
        t: When the first of it came (s on the session's clock).
    """

    turn: LoggedTurn
    role: str
    author: str
    text: str
    heard_text: str | None
    interrupted: bool
    t: float


def _sources(found: Any) -> list[dict[str, str]]:
    """Returns what is a source of what a row calls so: a file may say anything."""
    return [
        one
        for one in (found if isinstance(found, list) else ())
        if isinstance(one, dict) and all(isinstance(one.get(key), str) for key in ("title", "uri"))
    ]


def _sum(first: int | None, second: int | None) -> int | None:
    return second if first is None else first + (second or 0)


_BEGIN: dict[str, Callable[[LoggedTurn, LogRow], None]] = {
    "user_text": LoggedTurn._user_text,  # noqa: SLF001 - its own module
    "user_transcript": LoggedTurn._user_transcript,  # noqa: SLF001
    "agent_text": LoggedTurn._agent_said,  # noqa: SLF001
    "agent_transcript": LoggedTurn._agent_transcript,  # noqa: SLF001
    "agent_audio": LoggedTurn._agent_audio,  # noqa: SLF001
    "tool_call": LoggedTurn._tool_call,  # noqa: SLF001
}
"""Kinds of rows that begin a turn."""

_ADD: dict[str, Callable[[LoggedTurn, LogRow], None]] = {
    "user_audio": LoggedTurn._user_audio,  # noqa: SLF001
    "interrupted": LoggedTurn._interrupted,  # noqa: SLF001
    "playback_started": LoggedTurn._playback_started,  # noqa: SLF001
    "playback_drained": LoggedTurn._playback_drained,  # noqa: SLF001
    "playback_flushed": LoggedTurn._playback_flushed,  # noqa: SLF001
    "usage": LoggedTurn._usage,  # noqa: SLF001
    "error": LoggedTurn._error,  # noqa: SLF001
}
"""Kinds of rows that add to a turn, but do not begin one."""


@dataclass(slots=True)
class _Reading:
    """Reads one log."""

    log: Log
    redact: Callable[[str], str]
    turns: dict[int, LoggedTurn] = field(default_factory=dict)
    agent: str = ""
    model: str = ""
    calls: list[LoggedCall] = field(default_factory=list)
    running: dict[str, LoggedCall] = field(default_factory=dict)
    unnamed: list[LoggedTurn] = field(default_factory=list)
    """Turns that began before the log said which model answers."""

    def read(self) -> list[LoggedTurn]:
        """Returns the turns that took place, by their number."""
        for row in self.log:
            if row.model:
                self._answers(row.agent or self.agent, row.model)
            if row.kind in _BEGIN and row.turn > 0:
                self._begin(row)
            elif row.kind in _ADD and row.turn > 0:
                _ADD[row.kind](self._turn(row.turn), row)
            elif row.kind == "tool_result":
                self._returned(row)
        return [turn for _, turn in sorted(self.turns.items()) if turn.begun]

    def _turn(self, index: int) -> LoggedTurn:
        turn = self.turns.get(index)
        if turn is None:
            turn = LoggedTurn(
                index,
                "",
                session_id=self.log.session_id,
                sound=self._sound,
                redact=self.redact,
            )
            self.turns[index] = turn
        return turn

    def _begin(self, row: LogRow) -> None:
        turn = self._turn(row.turn)
        if not turn.begun:
            turn.begun = True
            turn.time, turn.t = row.time, row.t
            turn.agent, turn.model = self.agent, self.model
            if not self.model:
                self.unnamed.append(turn)
        turn.invocation_id = row.invocation_id or turn.invocation_id
        _BEGIN[row.kind](turn, row)
        if row.kind == "tool_call":
            self._called(turn, row)

    def _answers(self, agent: str, model: str) -> None:
        self.agent, self.model = agent, model
        for turn in self.unnamed:
            turn.agent, turn.model = turn.agent or agent, model
        self.unnamed.clear()

    def _called(self, turn: LoggedTurn, row: LogRow) -> None:
        call = LoggedCall(
            row.tool_call_id or "",
            row.tool or "",
            row.args,
            row.agent or "",
            session_id=self.log.session_id,
            turn=turn,
            time=row.time,
            t=row.t,
            invocation_id=row.invocation_id,
        )
        turn.tool_calls.append(call)
        self.calls.append(call)
        self.running[call.id] = call

    def _returned(self, row: LogRow) -> None:
        # It is not removed: a long-running or streaming tool has several results.
        call = self.running.get(row.tool_call_id or "")
        if call is not None:
            call.ms = (row.t - call.t) * 1000 if call.ms is None else call.ms
            call.result, call.error = row.result, row.error
            call.output = row.output or call.output

    def _sound(self, index: int) -> Clip:
        return self.log.clip("agent_audio", index)


def logged_turns(log: Log) -> list[LoggedTurn]:
    """Returns the turns of a log, by their number."""
    return _reading(log).read()


def logged_calls(log: Log) -> list[LoggedCall]:
    """Returns the tool calls of a log, oldest first."""
    reading = _reading(log)
    reading.read()
    return reading.calls


def _reading(log: Log) -> _Reading:
    return _Reading(log, getattr(log, "redact", None) or Redactor())


def utterances(log: Log) -> list[Utterance]:
    """Returns what both sides said, turn by turn, the user first."""
    return [said for turn in logged_turns(log) for said in _sides(turn)]


def _sides(turn: LoggedTurn) -> Iterator[Utterance]:
    if turn.user_text:
        # A transcript comes after its sound; the order must be that of the sound.
        t = min(_known(turn.user_t, turn.speech_end_t, turn.t))
        yield Utterance(turn, "user", "user", turn.user_text, None, interrupted=False, t=t)
    if turn.agent_text:
        t = min(_known(turn.agent_t, turn.audio_t))
        yield Utterance(
            turn, "agent", turn.agent, turn.agent_text, turn.heard_text, turn.interrupted, t
        )


def _known(*moments: float | None) -> list[float]:
    return [moment for moment in moments if moment is not None]
