"""Texts that come in pieces, as they are added to the log: without half a secret in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.log.log_row import LogRow
    from adk_nb.log.redaction import Pieces

PIECES = {"agent_text", "agent_transcript", "user_transcript"}
"""Kinds of rows whose text comes in pieces."""


@dataclass(slots=True)
class _Open:
    """A text that comes in pieces.

    Attributes:
        pieces: Masks it.
        row: Its newest row.
    """

    pieces: Pieces
    row: LogRow | None = None


class OpenTexts:
    """The texts of which more pieces may come, by kind, turn and author.

    Args:
        pieces: Returns what masks a text in pieces; see `Pieces`.
        append: Appends a row to the log: its source, kind, time and values.
        tell: Tells that a row has grown.
    """

    def __init__(
        self,
        pieces: Callable[[], Pieces],
        append: Callable[[str, str, float | None, dict[str, Any]], LogRow],
        tell: Callable[[LogRow], None],
    ) -> None:
        self._pieces = pieces
        self._append = append
        self._tell = tell
        self._open: dict[tuple[str, int, str | None], _Open] = {}

    def add(self, source: str, kind: str, t: float | None, values: dict[str, Any]) -> LogRow:
        """Adds a piece of a text, without an end that may be the start of a secret."""
        key = (kind, values.get("turn", 0), values.get("author"))
        text = self._open.get(key)
        if values.get("final"):
            whole = text.pieces.spanning(values.get("text") or "") if text is not None else None
            if whole is None:
                self._end_one(key)
            else:
                del self._open[key]
                values["text"] = whole
            return self._append(source, kind, t, values)
        if text is None:
            text = self._open[key] = _Open(self._pieces())
        values["text"] = text.pieces.add(
            values.get("text") or "", whole=bool(values.get("cumulative"))
        )
        text.row = self._append(source, kind, t, values)
        return text.row

    def end(self) -> None:
        """Adds what is held back of every text: no more of them comes."""
        for key in list(self._open):
            self._end_one(key)

    def _end_one(self, key: tuple[str, int, str | None]) -> None:
        text = self._open.pop(key, None)
        rest = text.pieces.end() if text is not None else ""
        if not rest or text is None or text.row is None:
            return
        row = text.row
        if row.cumulative:
            row.text = (row.text or "") + rest
            self._tell(row)
            return
        same = ("turn", "author", "agent", "invocation_id", "final", "audio_ms")
        values = {name: getattr(row, name) for name in same}
        self._append(row.source, row.kind, None, values | {"text": rest})
