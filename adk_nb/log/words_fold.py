"""What rows with words do to their turn: the user's, the agents', and a guard's in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adk_nb.log.word_boundaries import joined
from adk_nb.log.words import Piece
from adk_nb.plain import copied

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.log.log_row import LogRow
    from adk_nb.log.turn import Turn


class WordsFold:
    """Adds words to turns, a method for each kind of row; each returns the pieces it changed.

    Args:
        redact: Masks secrets in a text whose pieces are in several rows.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact

    def rows(self) -> dict[str, Callable[[Turn, LogRow], list[Piece] | None]]:
        """Returns what each kind of row does."""
        return {
            "user_text": self.user_text,
            "prompt": self.prompt,
            "user_transcript": self.user_transcript,
            "agent_text": self.agent_text,
            "agent_transcript": self.agent_transcript,
            "disconnected": self.disconnected,
            "answer_disowned": self.disowned,
            "withheld": self.withheld,
        }

    def _masked(self, text: str, row: LogRow) -> str:
        """Returns a text with secrets masked that its rows show in part only, and so not masked."""
        # A row that has all of the text was masked itself when it was logged.
        return text if text == (row.text or "").strip() else self._redact(text)

    # The user's.

    def user_text(self, turn: Turn, row: LogRow) -> list[Piece]:
        """The user typed."""
        changed, _ = turn.user.add("user", row.text or "", row.t, final=True)
        turn.user_text = row.text or ""
        turn.typed_t = turn.user_t = row.t
        return changed

    def prompt(self, turn: Turn, row: LogRow) -> None:
        """The notebook asked."""
        turn.prompt = row.text or ""
        turn.typed_t = row.t

    def user_transcript(self, turn: Turn, row: LogRow) -> list[Piece]:
        """The user was heard to say something."""
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

    # The agents'.

    def agent_transcript(self, turn: Turn, row: LogRow) -> list[Piece]:
        """An agent spoke, or after an interruption a model reports once more what was heard."""
        if turn.interrupted and row.final and row.audio_ms is None:
            if not turn.flushed:
                turn.heard_text = self._redact((row.text or "").strip())
            return []
        return self.agent_text(turn, row)

    def agent_text(self, turn: Turn, row: LogRow) -> list[Piece]:
        """An agent wrote or spoke, or named its sources."""
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

    def disconnected(self, turn: Turn, row: LogRow) -> list[Piece]:
        """The next connection knows nothing of the words before it: its final text has its own."""
        del row
        return turn.said.part()

    def disowned(self, turn: Turn, row: LogRow) -> list[Piece]:
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

    def withheld(self, turn: Turn, row: LogRow) -> list[Piece]:
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


def _sources(found: Any) -> list[dict[str, str]]:
    """Returns copies of what is a source of what a row calls so: a file may say anything."""
    return [
        copied(one)
        for one in (found if isinstance(found, list) else ())
        if isinstance(one, dict) and all(isinstance(one.get(key), str) for key in ("title", "uri"))
    ]
