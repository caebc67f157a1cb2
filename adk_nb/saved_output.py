"""What a conversation leaves in the notebook: its transcript as HTML without scripts, and as text.

A widget lives as long as its kernel. When its session ends, what is here takes its place in the
cell's output, so that the notebook can be saved, sent, converted and put on a code host.
"""

from __future__ import annotations

import html
import json
import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

logger = logging.getLogger(__name__)

MAX_HTML = 64 << 10
"""The largest transcript that is put into a notebook (bytes); of more the newest turns are."""
_MAX_TEXT = 4000
"""How much of one text it shows (characters)."""
_MAX_VALUE = 300
"""How much of arguments or of a result it shows (characters)."""
_LEFT_OUT = "Earlier turns are left out; a recording, or live.transcript_df(), has all of them."
_ENDED = "This conversation has ended. Run the cell for a new one."
_NOT_KEPT = "What was said is not kept in the notebook."
_UNHEARD = '<del data-adk-nb="unheard" title="never heard">'

Message = Mapping[str, Any]
Bundle = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above a transcript.

    Attributes:
        agent: The agent's name.
        model: Its model's.
        turns: How many turns there were.
        error: What went wrong last; empty if nothing did.
    """

    agent: str
    model: str
    turns: int
    error: str = ""

    def __str__(self) -> str:
        model = f" on {self.model}" if self.model else ""
        turns = "1 turn" if self.turns == 1 else f"{self.turns} turns"
        return f"A conversation with {self.agent}{model}: {turns}."


def ended(heading: Heading, history: Iterable[Message] | None) -> Bundle:
    """Returns what a cell shows of a conversation that has ended, by MIME type.

    Args:
        heading: What stands above it.
        history: The messages that a new page gets, of words and of facts; None where they are not
            to be kept.
    """
    lines = [] if history is None else _fitting(list(_turns(history)))
    if heading.error:
        lines.append(_note(heading.error))
    if history is None:
        lines.append(_note(_NOT_KEPT))
    lines.append(_note(_ENDED))
    shown = "".join(f"<div{line.style}>{line.html}</div>" for line in lines)
    return {
        "text/html": _titled(str(heading), shown),
        "text/plain": "\n".join([str(heading), *(line.text for line in lines)]),
    }


def under_way(heading: Heading) -> Bundle:
    """Returns what stands beside a widget, where none is shown or the notebook not trusted."""
    said = (
        "It was under way when this was saved. "
        "If it still is, trust the notebook (Trust Notebook, in the command palette) to see it."
    )
    title = f"A conversation with {heading.agent}."
    return {"text/html": _titled(title, _escaped(said))}


def _titled(title: str, markup: str) -> str:
    """Returns HTML that begins with a line of text: JupyterLab shows it of a collapsed output."""
    return f'{_escaped(title)}\n<div class="adk-nb-saved" data-adk-nb="saved">{markup}</div>'


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a transcript, as HTML and as text."""

    html: str
    text: str
    style: str = ""


def _turns(history: Iterable[Message]) -> Iterator[list[_Line]]:
    """Yields the lines of each turn."""
    turns: dict[int, list[Message]] = {}
    for message in history:
        turns.setdefault(int(message.get("turn") or 0), []).append(message)
    for number, messages in turns.items():
        unheard = [part for one in messages if one["type"] == "heard" for part in one["unheard"]]
        # Written answers, rendered, by their piece's number.
        written = {one["piece"]: one["html"] for one in messages if one["type"] == "rendered"}
        lines = [line for one in messages if (line := _line(one, unheard, written)) is not None]
        facts = next((one for one in messages if one["type"] == "turn_facts"), None)
        yield [_facts(number, facts), *lines] if facts is not None and number else lines


def _facts(number: int, facts: Message) -> _Line:
    """Returns a line with a turn's number, when it was and its first latency, as on the screen."""
    parts = [f"turn {number}"]
    if facts.get("time"):
        parts.append(f"{datetime.fromtimestamp(facts['time']).astimezone():%H:%M:%S}")
    if facts.get("ms") is not None:
        parts.append(f"{facts['latency']} {facts['ms']:.0f}")
    return _note(", ".join(parts))


def _fitting(turns: list[list[_Line]]) -> list[_Line]:
    """Returns the lines of the newest turns that fit."""
    kept: list[list[_Line]] = []
    room = MAX_HTML
    for lines in reversed(turns):
        room -= sum(len(line.html.encode()) + len(line.style) + 11 for line in lines)
        if room < 0:
            kept.append([_note(_LEFT_OUT)])
            break
        kept.append(lines)
    return [line for lines in reversed(kept) for line in lines]


def _line(message: Message, unheard: list[list[int]], written: Mapping[int, str]) -> _Line | None:
    match message["type"]:
        case "transcript":
            rendered = written.get(message["piece"]) if message["role"] == "agent" else None
            return _said(message, unheard, rendered)
        case "tool_output" if message.get("text"):
            printed = _short(message["text"], _MAX_VALUE)
            return _code("printed", printed, f"printed: {printed}")
        case "tool_call":
            call = f"{message['name']}({_value(message['args'])})"
            return _code("tool", call, f"tool: {call}")
        case "tool_result":
            failed = message.get("error") is not None
            said = f"{message['name']} {'failed' if failed else 'returned'}"
            result = _value(message["error"] if failed else message["result"])
            took = f" ({message['ms']:.0f} ms)" if message.get("ms") else ""
            return _code(said, f"{result}{took}", f"{said}: {result}{took}")
    text = _NOTES.get(message["type"])
    said = text(message) if text is not None else ""
    return _note(said) if said else None


_NOTES: dict[str, Callable[[Message], str]] = {
    "answer": lambda said: {True: "approved", False: "rejected"}.get(said["approved"], ""),
    "heard": lambda said: _heard(said.get("heard_ms"), said.get("audio_ms")),
    "sources": lambda said: " ".join(f"{one['title']} {one['uri']}" for one in said["sources"]),
    "note": lambda said: str(said["text"]),
    "turn_facts": lambda said: str(said["outcome"]),
    "error": lambda said: f"{said['message']} {said['remedy']}",
}
"""The texts of lines that nobody said."""


def _code(name: str, code: str, text: str) -> _Line:
    return _Line(f"<i>{_escaped(name)}</i> <code>{_escaped(code)}</code>", text)


def _note(text: str) -> _Line:
    text = _short(text, _MAX_TEXT)
    return _Line(f'<span dir="auto">{_escaped(text)}</span>', text, ' style="opacity: 0.7"')


def _said(message: Message, unheard: list[list[int]], rendered: str | None) -> _Line:
    who = "you" if message["role"] == "user" else message["author"]
    spans = [(start, end) for piece, start, end in unheard if piece == message["piece"]]
    parts = list(_parted(message["text"], spans if message["role"] == "agent" else []))
    words = "".join(
        _escaped(text) if was_heard else f"{_UNHEARD}{_escaped(text)}</del>"
        for text, was_heard in parts
    )
    text = "".join(part if was_heard else _not_heard(part) for part, was_heard in parts)
    cut = " (interrupted)" if message.get("interrupted") else ""
    shown = f'<div dir="auto">{rendered}</div>' if rendered else f'<span dir="auto">{words}</span>'
    return _Line(
        f"<b>{_escaped(who)}</b> {shown}{_escaped(cut)}",
        f"{who}: {text}{cut}",
    )


def _not_heard(text: str) -> str:
    words = text.strip()
    return text.replace(words, f"[not heard: {words}]", 1) if words else text


def _heard(heard_ms: float | None, audio_ms: float | None) -> str:
    """Returns how much of an answer was heard, as the screen says it."""
    if heard_ms is None or not audio_ms:
        return ""
    if audio_ms < 1000:
        return f"heard {heard_ms:.0f} of {audio_ms:.0f} ms"
    return f"heard {heard_ms / 1000:.1f} of {audio_ms / 1000:.1f} s"


def _parted(text: str, unheard: list[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    """Yields the parts of a text, and whether each was heard; places count UTF-16 code units."""
    text = _short(text, _MAX_TEXT)
    units, at = text.encode("utf-16-le"), 0
    for start, end in sorted(unheard):
        for one, other, was_heard in ((at, start, True), (start, end, False)):
            part = units[2 * one : 2 * other].decode("utf-16-le", "replace")
            if part:
                yield part, was_heard
        at = end
    rest = units[2 * at :].decode("utf-16-le", "replace")
    if rest:
        yield rest, True


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return _short(text, _MAX_VALUE)


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]} …"


def _escaped(text: str) -> str:
    # A line break is one in HTML, too, whatever the styles.
    return html.escape(text, quote=True).replace("\n", "<br>")


class Outputs:
    """The outputs that show an object, each under a display id, so that they can be replaced."""

    def __init__(self) -> None:
        self._ids: list[str] = []

    def show(self, bundle: Bundle) -> None:
        """Shows something in the running cell."""
        display_id = f"adk-nb-{uuid.uuid4().hex}"
        self._ids.append(display_id)
        _publish(bundle, display_id, update=False)

    def replace(self, bundle: Bundle) -> None:
        """Puts something else in the place of what was shown, once."""
        ids, self._ids = self._ids, []
        for display_id in ids:
            _publish(bundle, display_id, update=True)


def _publish(bundle: Bundle, display_id: str, *, update: bool) -> None:
    from IPython.display import publish_display_data

    transient = {"display_id": display_id}
    try:
        publish_display_data(bundle, transient=transient, update=update)  # type: ignore[no-untyped-call]
    except Exception:  # The kernel's socket may be closed; nothing else depends on it.
        logger.debug("An output was not shown.", exc_info=True)
