"""A turn and its tool calls: what the user said, what the agent did and said, and how it ended."""

from __future__ import annotations

import asyncio
import html
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adk_nb.plain import to_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.audio import Clip


@dataclass(slots=True, eq=False)
class ToolCall:
    """One call of a tool.

    Attributes:
        id: ADK's id of the function call.
        name: The tool's name.
        args: What it was called with.
        author: The agent that called it.
        result: What it returned; None until then.
        error: Why it failed; None if it did not.
        ms: How long it took (ms); None while it runs.
        output: What it printed.
        images: The images that it displayed, as `data:` URLs.
        long_running: Whether it returns at once, and `respond` gives its result later.
        question: What the user is asked before it may run; None if nothing.
        started: When it was called, on the monotonic clock (s).
    """

    id: str
    name: str
    args: dict[str, Any]
    author: str = ""
    result: Any = None
    error: str | None = None
    ms: float | None = None
    output: str = ""
    images: list[str] = field(default_factory=list, repr=False)
    long_running: bool = False
    question: str | None = None
    started: float = field(default_factory=time.monotonic, repr=False)


class SpokenText:
    """The text of one speaker in one turn, made of pieces that may repeat or extend it."""

    def __init__(self) -> None:
        self._finished = ""
        self._open = ""

    def __str__(self) -> str:
        return (self._finished + self._open).strip()

    def add(self, text: str, *, final: bool, cumulative: bool = False) -> str | None:
        """Adds a piece; returns it if it is shorter than the text so far: after an interruption."""
        if not final:
            whole = cumulative or (self._open and text.startswith(self._open))
            self._open = text if whole else self._open + text
            return None
        cut = text if 0 < len(text) < len(self._open) and self._open.startswith(text) else None
        if cut is None:
            self._finished = self._joined(text or self._open)
        else:
            self._finished = self._joined(self._open)
        self._open = ""
        return cut

    def _joined(self, text: str) -> str:
        if not self._finished or text.startswith(self._finished):
            return text
        if text.strip() and self._finished.endswith(text):
            return self._finished  # Some models repeat the last piece at the end of a turn.
        return f"{self._finished.rstrip()} {text.lstrip()}"


@dataclass(slots=True, eq=False)
class Turn:
    """One exchange: what the user said and what the agent did and said.

    Attributes:
        index: The turn's number in its session, from 1.
        agent: The name of the agent that answered last.
        model: Its model.
        spoken: Whether the user spoke it, rather than typed.
        user_text: What the user said or typed.
        agent_text: What the agent said, whether or not it was heard.
        heard_text: The part of it that had sounded when the user interrupted; else all of it.
        interrupted: Whether the user interrupted it.
        tool_calls: The tools that were called, in order.
        error: What went wrong; None if nothing did.
        audio_ms: How much audio the agent sent (ms).
        heard_ms: How much of it had sounded when it was interrupted, as the player reported (ms);
            None otherwise.
        at: When it began (s since the Unix epoch).
        sources: The web pages that an answer of a search rests on, as `{title, uri}`.
        retried: Whether it was sent to the model again, after a connection was lost.
        sound: Returns the agent's audio of a turn by its number.
        ended: Set when it has ended.
    """

    index: int
    agent: str
    model: str = ""
    spoken: bool = False
    user_text: str = ""
    agent_text: str = ""
    heard_text: str = ""
    interrupted: bool = False
    tool_calls: list[ToolCall] = field(default_factory=list)
    error: str | None = None
    at: float = field(default_factory=time.time, repr=False)
    sources: list[dict[str, str]] = field(default_factory=list)
    retried: bool = field(default=False, repr=False)
    sound: Callable[[int], Clip] | None = field(default=None, repr=False)
    ended: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    # The texts as they are put together; by author where agents transfer to each other.
    _user: SpokenText = field(default_factory=SpokenText, repr=False)
    _agent: SpokenText = field(default_factory=SpokenText, repr=False)
    _by_author: dict[str, SpokenText] = field(default_factory=dict, repr=False)
    # How much audio (ms) there was when the agent's text was so long (characters).
    _marks: list[tuple[float, int]] = field(default_factory=list, repr=False)
    audio_ms: float = field(default=0.0, repr=False)
    heard_ms: float | None = field(default=None, repr=False)
    # Whether the user's text is final.
    _user_final: bool = field(default=False, repr=False)
    # Whether a tool was called that the agent has not answered yet.
    _unanswered: bool = field(default=False, repr=False)

    @property
    def audio(self) -> Clip:
        """The agent's audio, to play in a cell."""
        from adk_nb.audio import Clip

        return self.sound(self.index) if self.sound else Clip(b"")

    @property
    def answered(self) -> bool:
        """Whether the agent has begun to answer or has called a tool."""
        return bool(self.agent_text or self.audio_ms or self.tool_calls)

    @property
    def tool_pending(self) -> bool:
        """Whether a tool is running that the model waits for."""
        return any(call.ms is None and not call.long_running for call in self.tool_calls)

    @property
    def said_by(self) -> dict[str, str]:
        """What each agent said in it, by name: after a transfer there are several."""
        return {author: str(text) for author, text in self._by_author.items() if str(text)}

    def heard_at(self, played_ms: float) -> str:
        """Returns the whole words that had sounded after so much of the turn's audio (ms)."""
        before = (0.0, 0)
        # Text that came before any audio does not show when its words sounded.
        marks = [mark for mark in self._marks if mark[0] > 0]
        for mark in [*marks, (self.audio_ms, len(self.agent_text))]:
            if mark[0] > played_ms:
                share = (played_ms - before[0]) / (mark[0] - before[0])
                end = before[1] + int(share * (mark[1] - before[1]))
                return _whole_words(self.agent_text, end)
            before = mark
        return _whole_words(self.agent_text, before[1])

    def _repr_html_(self) -> str:
        rows = [("You", html.escape(self.user_text))]
        for call in self.tool_calls:
            args = ", ".join(f"{key}={value!r}" for key, value in (call.args or {}).items())[:2000]
            outcome = call.error if call.error is not None else to_json(call.result)
            called = html.escape(f"{call.name}({args})")
            rows.append(("Tool", f"<code>{called}</code> → {html.escape(outcome[:500])}"))
            if call.output:
                rows.append(("Printed", f"<pre>{html.escape(call.output[:2000])}</pre>"))
        said = html.escape(self.agent_text)
        if self.interrupted:
            said += f" <em>(interrupted; heard: {html.escape(self.heard_text) or 'nothing'})</em>"
        rows.append((html.escape(self.agent), said))
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


def _link(source: dict[str, str]) -> str:
    title, uri = html.escape(source["title"]), html.escape(source["uri"])
    if not source["uri"].startswith(("http://", "https://")):
        return title
    return f'<a href="{uri}" target="_blank" rel="noopener noreferrer">{title}</a>'


def _whole_words(text: str, end: int) -> str:
    if end >= len(text):
        return text
    found = [m.end() for m in re.finditer(r"\S+", text) if m.end() <= end]
    return text[: found[-1]] if found else ""
