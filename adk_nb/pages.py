"""The pages of a session: what they are told, and what their player says it has played."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from adk_nb import protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adk_nb.turns import ToolCall, Turn

_HISTORY_TURNS = 200


class Page(Protocol):
    """What takes a session's messages and audio: a connection of the bridge."""

    def send(self, message: protocol.Message) -> None:
        """Takes a message."""

    def send_audio(self, turn: int, rate: int, pcm: bytes) -> None:
        """Takes agent audio, PCM16LE mono."""


class Pages:
    """The pages that show a session, on the bridge thread.

    Attributes:
        all: The pages.
        sounding: The number of the turn that a player plays; 0 where none does.
        earlier: What was said before this session, in a conversation that was resumed.
        notes: The lines between the turns.
    """

    def __init__(self) -> None:
        self.all: list[Page] = []
        self.watchers: list[Callable[[protocol.Message], None]] = []
        self.sounding = 0
        self.earlier: list[protocol.Message] = []
        self.notes: list[protocol.Note] = []
        self._played = (0, 0.0, 0.0)

    def emit(self, message: protocol.Message) -> None:
        """Sends a message to every page and watcher."""
        for page in self.all[:]:
            page.send(message)
        for watcher in self.watchers:
            watcher(message)

    def send_audio(self, turn: int, rate: int, pcm: bytes) -> None:
        """Sends agent audio to every page."""
        for page in self.all:
            page.send_audio(turn, rate, pcm)

    def note(self, turn: int, kind: str, text: str) -> None:
        """Shows a line after what there is of a turn."""
        note = protocol.Note(str(len(self.notes) + 1), turn, kind, text)
        self.notes.append(note)
        self.emit(note)

    def remove(self, page: Page) -> bool:
        """Takes a page away; returns whether it was there."""
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
        """Returns what has sounded of a turn, and all of it (ms); None without a page."""
        if turn is None or not self.all:
            return None
        index, played_ms, at = self._played
        if index != turn.index:
            return 0.0, turn.audio_ms
        if self.sounding == index:
            played_ms += (time.monotonic() - at) * 1000
        return min(played_ms, turn.audio_ms), turn.audio_ms

    def history(self, turns: Iterable[Turn]) -> list[dict[str, Any]]:
        """Returns what was said so far, as messages for a page that has just come."""
        messages = self.earlier[:]
        messages += [note for note in self.notes if note.turn < 1]
        for turn in list(turns)[-_HISTORY_TURNS:]:
            messages += _turn_messages(turn)
            messages += [note for note in self.notes if note.turn == turn.index]
        return [protocol.as_dict(message) for message in messages]


def _turn_messages(turn: Turn) -> list[protocol.Message]:
    ended = turn.ended.is_set()
    messages: list[protocol.Message] = []
    if turn.user_text:
        messages.append(protocol.Transcript(turn.index, "user", "user", turn.user_text, ended))
    for call in turn.tool_calls:
        messages += _call_messages(turn.index, call)
    messages += [
        protocol.Transcript(turn.index, "agent", author, text, ended, turn.interrupted)
        for author, text in turn.said_by.items()
    ]
    if turn.sources:
        messages.append(protocol.Sources(turn.index, turn.sources))
    return messages


def _call_messages(index: int, call: ToolCall) -> list[protocol.Message]:
    messages: list[protocol.Message] = [protocol.ToolCalled(index, call.id, call.name, call.args)]
    if call.output:
        messages.append(protocol.ToolOutput(index, call.id, call.output[: protocol.MAX_OUTPUT]))
    messages += [protocol.ToolOutput(index, call.id, image=image) for image in call.images]
    if call.question is not None:
        messages.append(protocol.Question(index, call.id, call.name, call.args, call.question))
    if call.ms is not None:
        messages.append(
            protocol.ToolReturned(index, call.id, call.name, call.ms, call.result, call.error)
        )
    return messages
