"""The pages of a session: the messages to them, and the reports of their players."""

from __future__ import annotations

import time
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Protocol

from adk_nb.plain import to_json
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.turn import Turn

_HISTORY_TURNS = 200
_SPOKEN = {"transcript", "question", "note"}
"""What is kept of a turn that is too large to be shown again."""
_MAX_NAME = 1000
_MAX_URI = 2000
_MAX_ARGS = 100
"""Up to so many arguments of a call are shortened one by one."""
_LEFT_OUT = protocol.Note(
    "earlier",
    0,
    "history",
    "What was said before is too much to be shown again; live.transcript_df() has all of it.",
)


class Page(Protocol):
    """Takes a session's messages and audio; a connection of the bridge is one."""

    def send(self, message: protocol.Message) -> None:
        """Takes a message."""

    def send_audio(self, turn: int, rate: int, pcm: bytes) -> None:
        """Takes agent audio, PCM16LE mono."""


class Pages:
    """The pages that show a session, on the bridge thread.

    Attributes:
        all: The pages.
        watchers: Called with every message, as the widget does.
        sounding: The number of the turn that a player plays; 0 if none does.
        earlier: The messages of a conversation that was resumed.
        notes: The lines between the turns.
    """

    def __init__(self, mask: Callable[[Any], Any] | None = None) -> None:
        self._mask = mask
        self.all: list[Page] = []
        self.watchers: list[Callable[[protocol.Message], None]] = []
        self.sounding = 0
        self.earlier: list[protocol.Message] = []
        self.notes: list[protocol.Note] = []
        # The newest report: turn, how much of it has sounded (ms), monotonic time (s).
        self._played = (0, 0.0, 0.0)

    def emit(self, message: protocol.Message) -> None:
        """Sends a message to every page and watcher; long values are shortened."""
        message = self._ready(message)
        for page in self.all[:]:
            page.send(message)
        for watcher in self.watchers:
            watcher(message)

    def _ready(self, message: protocol.Message) -> protocol.Message:
        """Returns a message as pages get it: masked first, so that no cut hides a secret's end."""
        if self._mask is None:
            return bounded(message)
        values = {one.name: self._mask(getattr(message, one.name)) for one in fields(message)}
        return bounded(replace(message, **values))

    def send_audio(self, turn: int, rate: int, pcm: bytes) -> None:
        """Sends agent audio to every page."""
        for page in self.all:
            page.send_audio(turn, rate, pcm)

    def note(self, turn: int, kind: str, text: str) -> None:
        """Shows a line after a turn."""
        note = protocol.Note(str(len(self.notes) + 1), turn, kind, text)
        self.notes.append(note)
        self.emit(note)

    def remove(self, page: Page) -> bool:
        """Removes a page; returns whether it was there."""
        if page not in self.all:
            return False
        self.all.remove(page)
        if not self.all:
            self.sounding = 0
        return True

    def played(self, report: protocol.Playback) -> None:
        """Takes a player's report."""
        self._played = (report.turn, report.played_ms, time.monotonic())
        if report.event == "started":
            self.sounding = report.turn
        elif report.event in ("drained", "flushed"):
            self.sounding = 0

    def position(self, turn: Turn | None) -> tuple[float, float] | None:
        """Returns how much of a turn has sounded, and its length (ms); None if no page."""
        if turn is None or not self.all:
            return None
        index, played_ms, at = self._played
        if index != turn.index:
            return 0.0, turn.audio_ms
        if self.sounding == index:
            played_ms += (time.monotonic() - at) * 1000
        return min(played_ms, turn.audio_ms), turn.audio_ms

    def history(self, turns: Iterable[Turn]) -> list[dict[str, Any]]:
        """Returns the conversation so far, as messages for a new page.

        If it is too much, the oldest turns are left out, and images before words.
        """
        before = [*self.earlier, *(note for note in self.notes if note.turn < 1)]
        parts = [before] if before else []
        for turn in turns:
            notes = [note for note in self.notes if note.turn == turn.index]
            parts.append([*_turn_messages(turn), *notes])
        kept: list[list[dict[str, Any]]] = []
        room = protocol.MAX_HISTORY
        for part in reversed(parts):
            messages = _fitting([self._ready(message) for message in part], room)
            if messages is None or len(kept) >= _HISTORY_TURNS:
                kept.append([protocol.as_dict(_LEFT_OUT)])
                break
            room -= sum(map(_size, messages))
            kept.append(messages)
        return [message for messages in reversed(kept) for message in messages]


def _turn_messages(turn: Turn) -> list[protocol.Message]:
    messages: list[protocol.Message] = []
    spoken = [piece for piece in turn.pieces if piece.role == "agent"]
    for piece in turn.pieces:
        if piece.call is not None:
            messages += _call_messages(turn.index, piece.call)
        elif piece.text.strip():
            cut = turn.interrupted and piece in spoken[-1:]
            text = piece.text.strip()
            said = protocol.Transcript(
                turn.index,
                piece.role,
                piece.author,
                text,
                piece.final,
                interrupted=cut,
                withheld=turn.withheld and piece.role == "agent",
                piece=piece.number,
            )
            messages.append(said)
    if turn.sources:
        messages.append(protocol.Sources(turn.index, turn.sources))
    return messages


def _call_messages(index: int, call: ToolCall) -> list[protocol.Message]:
    messages: list[protocol.Message] = [protocol.ToolCalled(index, call.id, call.name, call.args)]
    if call.output:
        messages.append(protocol.ToolOutput(index, call.id, call.output[: protocol.MAX_OUTPUT]))
    messages += [protocol.ToolOutput(index, call.id, image=image) for image in call.images]
    if call.question is not None:
        question = call.question
        messages.append(
            protocol.Question(index, call.id, call.name, call.args, question, call.sign_in)
        )
    if call.ms is not None:
        messages.append(
            protocol.ToolReturned(index, call.id, call.name, call.ms, call.result, call.error)
        )
    return messages


def _fitting(messages: list[protocol.Message], room: int) -> list[dict[str, Any]] | None:
    """Returns messages that fit, without images if need be; None if they do not fit."""
    whole = [protocol.as_dict(message) for message in messages]
    words = [message for message in whole if not message.get("image")]
    spoken = [message for message in whole if message["type"] in _SPOKEN]
    return next((some for some in (whole, words, spoken) if sum(map(_size, some)) <= room), None)


def _size(message: dict[str, Any]) -> int:
    return len(to_json(message).encode())


def result_text(result: Any) -> str:
    """Returns a tool's result as text."""
    return result if isinstance(result, str) else to_json(result)


def bounded(message: protocol.Message) -> protocol.Message:  # noqa: C901, PLR0911 - one a message
    """Returns a message with long values cut."""
    match message:
        case protocol.Transcript():
            return replace(message, text=_beginning(message.text))
        case protocol.Failure():
            remedy = _beginning(message.remedy)
            return replace(message, message=_beginning(message.message), remedy=remedy)
        case protocol.Note():
            return replace(message, text=_beginning(message.text))
        case protocol.Sources():
            return replace(message, sources=[_short_source(one) for one in message.sources[:50]])
        case protocol.ToolCalled():
            return replace(message, name=message.name[:_MAX_NAME], args=_shorter(message.args))
        case protocol.Question() if len(to_json(message.args)) > protocol.MAX_MORE:
            hint = "The arguments are shortened here; see live.questions for all of them."
            args = _shorter(message.args)
            hint = f"{_beginning(message.hint)} {hint}".strip()
            return replace(message, args=args, hint=hint)
        case protocol.Question():
            return replace(message, hint=_beginning(message.hint))
        case protocol.ToolReturned(error=str(error)):
            return replace(message, error=_beginning(error))
        case protocol.ToolReturned():
            text = result_text(message.result)
            if len(text) > protocol.MAX_SHOWN:
                return replace(message, result=text[: protocol.MAX_SHOWN], length=len(text))
    return message


def _short_source(source: dict[str, str]) -> dict[str, str]:
    return {name: str(value)[:_MAX_URI] for name, value in source.items()}


def _beginning(text: str) -> str:
    if len(text) <= protocol.MAX_SHOWN:
        return text
    return f"{text[: protocol.MAX_SHOWN]} … ({len(text):,} characters)"


def _shorter(args: Any) -> Any:
    """Returns arguments, or the beginning of each if they are long."""
    size = len(to_json(args))
    if size <= protocol.MAX_SHOWN or not isinstance(args, dict):
        return args
    if len(args) > _MAX_ARGS:
        return {"…": f"{size:,} characters"}
    each = protocol.MAX_SHOWN // max(1, len(args))
    texts = {name: result_text(value) for name, value in args.items()}
    short = {
        name: args[name] if len(text) <= each else f"{text[:each]} … ({len(text):,} characters)"
        for name, text in texts.items()
    }
    return short if sum(map(len, texts)) <= protocol.MAX_SHOWN else {"…": f"{size:,} characters"}
