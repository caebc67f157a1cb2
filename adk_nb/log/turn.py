"""A turn: what the user said, what the agent did and said, and how it ended."""

from __future__ import annotations

import html
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from adk_nb.log.tool_call import ToolCall  # noqa: TC001 - pydantic reads the fields of turns
from adk_nb.log.word_boundaries import whole_words
from adk_nb.log.words import Piece, Words
from adk_nb.plain import to_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.audio import Clip


class Status(StrEnum):
    """How a turn ended.

    Attributes:
        COMPLETE: The model has completed its answer, and owes nothing more.
        INTERRUPTED: The user cut in while it answered.
        UNANSWERED: The user cut in, or went on, before it answered.
        FAILED: Something went wrong; `end_reason` and `error` say what.
        ABANDONED: The session or the kernel ended.
    """

    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    UNANSWERED = "unanswered"
    FAILED = "failed"
    ABANDONED = "abandoned"


@dataclass(eq=False)
class Turn:
    """One exchange: what the user said and what the agent did and said.

    All of it comes from rows of the log, in a running session and in a recording alike.

    Attributes:
        index: The turn's number in its session, from 1.
        agent: The name of the agent that answered last.
        model: Its model.
        spoken: Whether the user spoke it, rather than typed.
        user_text: What the user said or typed.
        prompt: What the notebook asked of the agent, in a turn that is not the user's.
        agent_text: What the agent said, whether or not it was heard.
        heard_text: The part of it that had sounded when the user interrupted; else all of it. See
            `heard_known`.
        interrupted: Whether the user interrupted it.
        withheld: Whether a guard withheld the answer: `agent_text` is what it said in its place.
        tool_calls: The tools that were called, in order.
        error: What went wrong; None if nothing did.
        withheld: Whether a guard withheld the answer: `agent_text` is what it said in its place.
        status: How it ended, one of `Status`; None while it is open.
        end_reason: Why it ended so, where there is more to say, such as `response_rejected`.
        pieces: What was said and called, in order.
        sources: The web pages that an answer of a search rests on, as `{title, uri}`.
        session_id: The session's id.
        invocation_id: ADK's id of the invocation that answered; one may span many turns.
        begun: Whether anything was said or done in it.
        time: When it began (s since the Unix epoch).
        t: When it began (s on the session's clock, as all that ends in `_t`).
        typed_t: When the user's text or the prompt was sent; None for a spoken turn.
        cold: Whether it was asked while no model was connected.
        connected_t: When one was then.
        loud_t: When the user's microphone was last loud.
        user_t: When the first of the user's words came.
        final_t: When the last final transcript of the user's words came.
        last_t: When the last transcript of them came, final or not.
        agent_t: When the first of the agent's text came.
        audio_t: When the first of the agent's audio came.
        filler_t: When the first of it came that was said while a tool ran.
        answer_t: When the first of it came that answered: after the results of all tools.
        heard_t: When the first of it sounded, as the player reported.
        clock_error_ms: How far off `heard_t` may be (ms).
        user_audio_ms: How much microphone audio came for it (ms).
        audio_ms: How much audio the agent sent (ms).
        heard_ms: How much of it sounded, as the player reported at its end (ms); None without one.
        flushed: Whether the player reported that it was cut off.
        resumed: Where a tool that went on was answered after the user had cut in: what was heard
            before, and how long `agent_text` was then.
        level_db: The level of the agent's audio (dBFS); None if there was none.
        prompt_tokens: Tokens of its responses' prompts; None if the model does not say.
        response_tokens: Tokens of its responses.
        total_tokens: The model's own sums.
        tokens: How its tokens part, as in `LogRow`.
    """

    index: int
    agent: str = ""
    model: str = ""
    spoken: bool = False
    user_text: str = ""
    prompt: str = ""
    agent_text: str = ""
    heard_text: str = ""
    interrupted: bool = False
    tool_calls: list[ToolCall] = field(default_factory=list)
    error: str | None = None
    withheld: bool = False
    status: Status | None = None
    end_reason: str | None = None
    pieces: list[Piece] = field(default_factory=list, repr=False)
    sources: list[dict[str, str]] = field(default_factory=list)
    session_id: str = field(default="", repr=False)
    invocation_id: str | None = field(default=None, repr=False)
    begun: bool = field(default=False, repr=False)
    time: float = field(default_factory=time.time, repr=False)
    t: float = field(default=0.0, repr=False)
    typed_t: float | None = field(default=None, repr=False)
    cold: bool = field(default=False, repr=False)
    connected_t: float | None = field(default=None, repr=False)
    loud_t: float | None = field(default=None, repr=False)
    user_t: float | None = field(default=None, repr=False)
    final_t: float | None = field(default=None, repr=False)
    last_t: float | None = field(default=None, repr=False)
    agent_t: float | None = field(default=None, repr=False)
    audio_t: float | None = field(default=None, repr=False)
    filler_t: float | None = field(default=None, repr=False)
    answer_t: float | None = field(default=None, repr=False)
    heard_t: float | None = field(default=None, repr=False)
    clock_error_ms: float | None = field(default=None, repr=False)
    user_audio_ms: float = field(default=0.0, repr=False)
    audio_ms: float = field(default=0.0, repr=False)
    heard_ms: float | None = field(default=None, repr=False)
    flushed: bool = field(default=False, repr=False)
    resumed: tuple[str, int] | None = field(default=None, repr=False)
    level_db: float | None = field(default=None, repr=False)
    prompt_tokens: int | None = field(default=None, repr=False)
    response_tokens: int | None = field(default=None, repr=False)
    total_tokens: int | None = field(default=None, repr=False)
    tokens: dict[str, int] = field(default_factory=dict, repr=False)
    # What went wrong in it, also what it survived.
    problems: list[str] = field(default_factory=list, repr=False)
    # How much audio (ms) there was when the agent's text was so long (characters).
    marks: list[tuple[float, int]] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.user = Words("user", self.pieces)
        self.said = Words("agent", self.pieces)
        # Returns the agent's audio of a turn by its number: the session's, and no part of a copy.
        self._sound: Callable[[int], Clip] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_sound": None}

    def keeps_sound(self, sound: Callable[[int], Clip] | None) -> None:
        """Says what returns the agent's audio of a turn, by the turn's number."""
        self._sound = sound

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.status is not None

    @property
    def heard_known(self) -> bool:
        """Whether `heard_text` is final; not while it is open, nor where its kernel has died."""
        known = self.status not in (None, Status.ABANDONED)
        return known or self.flushed or self.interrupted

    @property
    def question(self) -> str:
        """What the agent answers: the user's words, or the notebook's."""
        return self.user_text or self.prompt

    @property
    def audio(self) -> Clip:
        """The agent's audio, to play in a cell; a copied or pickled turn has none."""
        from adk_nb.audio import Clip

        return self._sound(self.index) if self._sound else Clip(b"")

    @property
    def answered(self) -> bool:
        """Whether the agent has begun to answer or has called a tool."""
        return bool(self.agent_text or self.audio_ms or self.tool_calls)

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
    def first_text_ms(self) -> float | None:
        """From `speech_end_t` to the first of the agent's text in the kernel (ms)."""
        return self._since_speech(self.agent_t)

    @property
    def connect_ms(self) -> float | None:
        """How long it waited for a model to be connected (ms); None if one was, or never was."""
        return None if self.connected_t is None else (self.connected_t - self.t) * 1000

    @property
    def filler_ms(self) -> float | None:
        """From `speech_end_t` to the first of what was said while a tool ran (ms)."""
        return self._since_speech(self.filler_t)

    @property
    def answer_ms(self) -> float | None:
        """From `speech_end_t` to the first audio after the results of its tools (ms)."""
        return self._since_speech(self.answer_t)

    @property
    def first_heard_ms(self) -> float | None:
        """From `speech_end_t` to the first sample that sounded (ms)."""
        return self._since_speech(self.heard_t)

    @property
    def tools(self) -> str:
        """The names of the tools that were called, in order, separated by comma and space."""
        return ", ".join(call.name for call in self.tool_calls)

    @property
    def tool_ms(self) -> float | None:
        """How long at least one of its tools ran (ms); None while one runs, 0 for no tools."""
        spans = sorted((call.began_t or call.t, call.ms) for call in self.tool_calls if call.ms)
        if any(call.ms is None for call in self.tool_calls):
            return None
        total, until = 0.0, 0.0
        for began, ms in spans:
            end = began + ms / 1000
            total += max(0.0, end - max(began, until))
            until = max(until, end)
        return total * 1000

    @property
    def tool_sum_ms(self) -> float | None:
        """How long its tools took, each counted in full (ms); None while one runs."""
        times = [call.ms for call in self.tool_calls]
        return None if None in times else sum(ms for ms in times if ms is not None)

    @property
    def repeat_calls(self) -> int:
        """How many of its calls repeat an earlier one of it, with the same arguments."""
        calls = {(call.name, to_json(call.args)) for call in self.tool_calls}
        return len(self.tool_calls) - len(calls)

    def _since_speech(self, t: float | None) -> float | None:
        start = self.speech_end_t
        return None if t is None or start is None else (t - start) * 1000

    def heard_at(self, played_ms: float) -> str:
        """Returns the whole words that had sounded after so much of the turn's audio (ms)."""
        before = (0.0, 0)
        # Text that came before any audio does not show when its words sounded.
        marks = [mark for mark in self.marks if mark[0] > 0]
        for mark in [*marks, (self.audio_ms, len(self.agent_text))]:
            if mark[0] > played_ms:
                share = (played_ms - before[0]) / (mark[0] - before[0])
                end = before[1] + int(share * (mark[1] - before[1]))
                return whole_words(self.agent_text, end)
            before = mark
        return whole_words(self.agent_text, before[1])

    def _repr_html_(self) -> str:
        rows = [row for piece in self.pieces for row in _piece_rows(piece)]
        if self.interrupted:
            heard = html.escape(self.heard_text) or "nothing"
            rows.append(("", f"<em>(interrupted; heard: {heard})</em>"))
        if self.withheld:
            rows.append(("", "<em>(a guard withheld the answer)</em>"))
        if self.sources:
            rows.append(("Sources", ", ".join(map(_link, self.sources))))
        if self.error:
            rows.append(("Error", html.escape(self.error)))
        clip = self.audio
        if clip.pcm:
            rows.append(("Audio", clip._repr_html_()))
        body = "".join(
            f'<tr><th style="text-align:left">{name}</th>'
            f'<td style="text-align:left">{value}</td></tr>'
            for name, value in rows
        )
        return f"<table><caption>Turn {self.index}</caption>{body}</table>"


def _piece_rows(piece: Piece) -> list[tuple[str, str]]:
    call = piece.call
    if call is None:
        name = "You" if piece.role == "user" else html.escape(piece.author)
        return [(name, html.escape(piece.text.strip()))] if piece.text.strip() else []
    args = ", ".join(f"{key}={value!r}" for key, value in (call.args or {}).items())[:2000]
    outcome = call.error if call.error is not None else to_json(call.result)
    called = html.escape(f"{call.name}({args})")
    rows = [("Tool", f"<code>{called}</code> → {html.escape(outcome[:500])}")]
    if call.output:
        rows.append(("Printed", f"<pre>{html.escape(call.output[:2000])}</pre>"))
    return rows


def _link(source: dict[str, str]) -> str:
    title, uri = html.escape(source["title"]), html.escape(source["uri"])
    if not source["uri"].startswith(("http://", "https://")):
        return title
    return f'<a href="{uri}" target="_blank" rel="noopener noreferrer">{title}</a>'
