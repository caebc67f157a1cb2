"""A turn: what the user said, what the agent did and said, and how it ended."""

from __future__ import annotations

import html
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from adk_nb.log import spoken_words
from adk_nb.log.outcome import outcome
from adk_nb.log.tool_call import ToolCall  # noqa: TC001 - pydantic reads the fields of turns
from adk_nb.log.waits import end_of, length_s, within, without
from adk_nb.log.words import Piece, Words
from adk_nb.plain import to_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.audio import Clip


_SHOWN = 20_000
"""Characters of a text that a cell shows."""


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


class _Beside:
    """What a turn has beside its fields.

    Attributes:
        user: The user's words.
        said: The agent's words.
    """

    # With its fields as slots a turn is made in half the time; whoever wants may add to it.
    __slots__ = ("__dict__", "__weakref__", "_sound", "said", "user")

    def _has(self, user: Words, said: Words) -> None:
        self.user, self.said = user, said
        # Returns the agent's audio of a turn by its number: the session's, and no part of a copy.
        self._sound: Callable[[int], Clip] | None = None

    def keeps_sound(self, sound: Callable[[int], Clip] | None) -> None:
        """Says what returns the agent's audio of a turn, by the turn's number."""
        self._sound = sound


@dataclass(eq=False, slots=True)
class Turn(_Beside):
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
        status: How it ended, one of `Status`; None while it is open.
        end_reason: Why it ended so, where there is more to say, such as `response_rejected`.
        pieces: What was said and called, in order.
        sources: The web pages that an answer of a search rests on, as `{title, uri}`.
        session_id: The session's id.
        variant: Which agent, instruction, tools and model answered, or were asked: the `label` of
            the swap, or a short name made of them; empty where that is not known.
        run_id: The id of the session's sitting: one that is taken up again has another.
        history: The id of the history that it is in; a fork has one of its own.
        invocation_id: ADK's id of the invocation that answered; one may span many turns.
        begun: Whether anything was said or done in it.
        time: When it began (s since the Unix epoch).
        t: When it began (s on the session's clock, as all that ends in `_t`).
        ended_t: When it ended; None while it is open.
        typed_t: When the user's text or the prompt was sent; None for a spoken turn.
        cold: Whether it was asked while no model was connected.
        connected_t: When one was then.
        speech_start_t: When the user began to speak; None if that is not known.
        found_t: When the user ceased to speak, as was found in the sound.
        found_by: By what it was found: `vad`, `level` or `file`.
        loud_t: When the user's microphone was last loud, in recordings of older versions.
        released_t: When the user last released push-to-talk.
        service_t: When the service last heard the user cease to speak.
        user_t: When the first of the user's words came.
        final_t: When the last final transcript of the user's words came.
        last_t: When the last transcript of them came, final or not.
        agent_t: When the first of the agent's text came.
        audio_t: When the first of the agent's audio came.
        filler_t: When the first of it came that was said while a tool ran.
        answer_t: When the first of it came that answered: after the results of all tools.
        heard_t: When the first of it sounded, as the player reported.
        clock_error_ms: How far off `heard_t` may be (ms).
        heard_estimated: Whether `heard_t` is without the output's latency, which the page's browser
            does not tell.
        user_audio_ms: How much microphone audio came for it (ms).
        audio_ms: How much audio the agent sent (ms).
        mic_lost_ms: How much of the user's audio was lost on the way to the kernel (ms).
        dropped_ms: How much of the agent's audio a page could not take (ms).
        underruns: How often its sound came too late to be played on; None if no page says.
        heard_ms: How much of it sounded, as the player reported at its end (ms); None without one.
        flushed: Whether the player reported that it was cut off.
        sounds: Whether a player began to play it, and has not said since how much of it sounded.
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
    run_id: str = field(default="", repr=False)
    variant: str = field(default="", repr=False)
    history: str = field(default="", repr=False)
    invocation_id: str | None = field(default=None, repr=False)
    begun: bool = field(default=False, repr=False)
    time: float = field(default_factory=time.time, repr=False)
    t: float = field(default=0.0, repr=False)
    ended_t: float | None = field(default=None, repr=False)
    typed_t: float | None = field(default=None, repr=False)
    cold: bool = field(default=False, repr=False)
    connected_t: float | None = field(default=None, repr=False)
    speech_start_t: float | None = field(default=None, repr=False)
    found_t: float | None = field(default=None, repr=False)
    found_by: str | None = field(default=None, repr=False)
    loud_t: float | None = field(default=None, repr=False)
    released_t: float | None = field(default=None, repr=False)
    service_t: float | None = field(default=None, repr=False)
    user_t: float | None = field(default=None, repr=False)
    final_t: float | None = field(default=None, repr=False)
    last_t: float | None = field(default=None, repr=False)
    agent_t: float | None = field(default=None, repr=False)
    audio_t: float | None = field(default=None, repr=False)
    filler_t: float | None = field(default=None, repr=False)
    answer_t: float | None = field(default=None, repr=False)
    heard_t: float | None = field(default=None, repr=False)
    clock_error_ms: float | None = field(default=None, repr=False)
    heard_estimated: bool = field(default=False, repr=False)
    user_audio_ms: float = field(default=0.0, repr=False)
    audio_ms: float = field(default=0.0, repr=False)
    mic_lost_ms: float = field(default=0.0, repr=False)
    dropped_ms: float = field(default=0.0, repr=False)
    underruns: int | None = field(default=None, repr=False)
    heard_ms: float | None = field(default=None, repr=False)
    flushed: bool = field(default=False, repr=False)
    sounds: bool = field(default=False, repr=False)
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
        self._has(Words("user", self.pieces), Words("agent", self.pieces))

    def __getstate__(self) -> Any:
        state: Any = object.__getstate__(self)  # Of two parts: one by name, one by slot.
        return state[0], state[1] | {"_sound": None}

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.status is not None

    @property
    def heard_known(self) -> bool:
        """Whether `heard_text` is final; not while it is open, nor where its kernel has died.

        Of one that was cut off while a page played it, only when the page has said what sounded.
        """
        if self.sounds and self.cut_off:
            return False
        known = self.status not in (None, Status.ABANDONED)
        return known or self.flushed or self.interrupted

    @property
    def cut_off(self) -> bool:
        """Whether it was interrupted or failed, so that a player drops what has not sounded."""
        return self.interrupted or self.status is Status.FAILED

    @property
    def question(self) -> str:
        """What the agent answers: the user's words, or the notebook's."""
        return self.user_text or self.prompt

    @property
    def outcome(self) -> str:
        """What became of it in a sentence; empty while it is open, and where it was answered."""
        return outcome(self)

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
        # Written out: a frame of turns asks for it eight times a turn.
        if self.typed_t is not None:
            return self.typed_t
        return self.found_t if self.found_t is not None else self._speech_end[0]

    @property
    def speech_end_by(self) -> str | None:
        """What `speech_end_t` rests on; None for a text.

        `file` and `vad` (found in the sound), `level` (by its level alone), `activity` (the end of
        push-to-talk), `service` (it says so) or `transcript` (the last one came).
        """
        return None if self.typed_t is not None else self._speech_end[1]

    @property
    def _speech_end(self) -> tuple[float | None, str | None]:
        transcript_t = self.last_t if self.final_t is None else self.final_t
        moments = (
            (self.found_t, self.found_by),
            (self.loud_t, "level"),
            (self.released_t, "activity"),
            (self.service_t, "service"),
            (transcript_t, "transcript"),
        )
        return next((known for known in moments if known[0] is not None), (None, None))

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
        """How long at least one of its tools ran (ms); None while one runs, 0 for no tools.

        What they waited for the user does not count: see `approval_ms`.
        """
        if len(self.tool_calls) < 2:
            return self.tool_sum_ms
        if any(call.ms is None for call in self.tool_calls):
            return None
        spans: list[tuple[float, float]] = []
        for call in self.tool_calls:
            if call.ms:
                began = call.began_t or call.t
                whole = (began, end_of(began, call.ms / 1000, call.waits))
                spans += without(whole, call.waits) if call.waits else [whole]
        return length_s(spans) * 1000

    @property
    def approval_ms(self) -> float | None:
        """How long a tool waited for the user's confirmation or sign-in (ms); None if none did."""
        waits = [wait for call in self.tool_calls for wait in call.waits]
        return length_s(waits) * 1000 if waits else None

    @property
    def tool_sum_ms(self) -> float | None:
        """How long its tools took, each counted in full (ms); None while one runs."""
        total = 0.0
        for call in self.tool_calls:
            if call.ms is None:
                return None
            total += call.ms
        return total

    @property
    def repeat_calls(self) -> int:
        """How many of its calls repeat an earlier one of it, with the same arguments."""
        if len(self.tool_calls) < 2:
            return 0
        calls = {(call.name, to_json(call.args)) for call in self.tool_calls}
        return len(self.tool_calls) - len(calls)

    def _since_speech(self, t: float | None) -> float | None:
        if t is None:
            return None
        start = self.speech_end_t
        if start is None:
            return None
        waits = [wait for call in self.tool_calls for wait in call.waits]
        waited = length_s(within(waits, start, t)) if waits else 0.0
        return (t - start - waited) * 1000

    def heard_at(self, played_ms: float) -> str:
        """Returns the whole words that had sounded after so much of the turn's audio (ms)."""
        return spoken_words.heard(self.agent_text, self.marks, self.audio_ms, played_ms)

    def word_times(self, since: int = 0) -> list[tuple[int, float]]:
        """Returns where the words of `agent_text` end, and when each has sounded (ms).

        Args:
            since: The end of a word (characters): only those after it are returned.
        """
        return spoken_words.word_times(self.agent_text, self.marks, self.audio_ms, since)

    def piece_words(self) -> list[spoken_words.PieceWords]:
        """Returns the words of the answer by piece, and when each has sounded."""
        return spoken_words.piece_words(self, self.word_times())

    def unheard_pieces(self) -> list[tuple[int, str, int, int]]:
        """Returns what was never heard by piece: its number, its text, a start and an end."""
        return spoken_words.unheard_pieces(self)

    @property
    def unheard(self) -> list[tuple[int, int]]:
        """Which parts of `agent_text` were never heard: start and end (characters)."""
        said, heard = self.agent_text, self.heard_text
        if self.resumed is not None:
            before, until = self.resumed
            return [(len(before), until)] if len(before) < until and said.startswith(before) else []
        if not (self.interrupted or self.flushed) or len(heard) >= len(said):
            return []
        # What a model reports as heard may be other words than those it said.
        return [(len(heard), len(said))] if said.startswith(heard) else []

    def _repr_html_(self) -> str:
        rows = [row for piece in self.pieces for row in _piece_rows(piece)]
        if self.interrupted:
            heard = html.escape(_beginning(self.heard_text)) or "nothing"
            known = f"; heard: {heard}" if self.heard_known else ""
            rows.append(("", f"<em>(interrupted{known})</em>"))
        if self.withheld:
            rows.append(("", "<em>(a guard withheld the answer)</em>"))
        if self.sources:
            rows.append(("Sources", ", ".join(map(_link, self.sources))))
        if self.error:
            rows.append(("Error", html.escape(_beginning(self.error))))
        elif self.outcome:
            rows.append(("", f"<em>({html.escape(self.outcome)})</em>"))
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
        text = _beginning(piece.text.strip())
        return [(name, html.escape(text))] if text else []
    args = ", ".join(f"{key}={value!r}" for key, value in (call.args or {}).items())[:2000]
    outcome = call.error if call.error is not None else to_json(call.result)
    called = html.escape(f"{call.name}({args})")
    rows = [("Tool", f"<code>{called}</code> → {html.escape(outcome[:500])}")]
    if call.output:
        rows.append(("Printed", f"<pre>{html.escape(call.output[:2000])}</pre>"))
    return rows


def _beginning(text: str) -> str:
    """Returns a text, or the beginning of a long one: a cell keeps it in the notebook."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} … ({len(text):,} characters)"


def _link(source: dict[str, str]) -> str:
    title, uri = html.escape(source["title"]), html.escape(source["uri"])
    if not source["uri"].startswith(("http://", "https://")):
        return title
    return f'<a href="{uri}" target="_blank" rel="noopener noreferrer">{title}</a>'
