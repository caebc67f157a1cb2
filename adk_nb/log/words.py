"""What is said in one turn, as pieces: the agent's words before and after a call are two."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from adk_nb.log.tool_call import ToolCall  # noqa: TC001 - pydantic reads the fields of turns
from adk_nb.log.word_boundaries import joined, spaced

Role = Literal["user", "agent", "tool"]


@dataclass(slots=True, eq=False)
class Piece:
    """What one side said in one go, or a tool call.

    Attributes:
        number: How many pieces of its turn were there before it came.
        role: `user`, `agent` or `tool`.
        author: Who: `user`, or the agent's name.
        t: When it began (s on the session's clock).
        text: What was said.
        final: Whether no more of it is to come.
        call: The tool call; None if it is words.
    """

    number: int
    role: Role
    author: str
    t: float
    text: str = ""
    final: bool = False
    call: ToolCall | None = field(default=None, repr=False)


class Words:
    """The words of one side in one turn, made of what a live model sends of them.

    Models differ: a piece of a transcript is what is new, or (`cumulative`) the whole so far. A
    final text repeats what came in pieces, across calls too, or brings what did not come before.
    """

    __slots__ = ("_open", "_pieces", "_role")

    def __init__(self, role: Role, pieces: list[Piece]) -> None:
        self._role = role
        # All pieces of the turn, of both sides and in order.
        self._pieces = pieces
        # Those of this side of which the model has not sent the final text, oldest first.
        self._open: list[Piece] = []

    def __str__(self) -> str:
        role = self._role
        texts = [piece.text for piece in self._pieces if piece.role == role]
        return texts[0].strip() if len(texts) == 1 else joined(texts)

    @property
    def open_text(self) -> str:
        """What came since the last final text."""
        return "".join(piece.text for piece in self._open)

    @property
    def open_words(self) -> str:
        """The same as it is read, with blanks between its pieces."""
        return joined(piece.text for piece in self._open)

    def add(
        self, author: str, text: str, t: float, *, final: bool, cumulative: bool = False
    ) -> tuple[list[Piece], str | None]:
        """Adds what a model sent.

        Returns:
            The pieces that this changed; and the text, where it is a final one that is shorter than
            what came before, as a cascade reports what was heard of an answer.
        """
        others = self._part_others(author) if self._open else []
        if final:
            changed, cut = self._finish(author, text, t, whole=cumulative)
            return others + changed, cut
        piece = self._newest(author, t)
        if not cumulative:
            piece.text += text
        elif piece is self._open[0]:
            piece.text = text
        else:
            piece.text = text.removeprefix("".join(one.text for one in self._open[:-1]))
        return [*others, piece], None

    def close(self) -> list[Piece]:
        """Makes all pieces final: the turn is over. Returns those that were not.

        A final text that comes all the same still takes their place.
        """
        changed = [one for one in self._pieces if one.role == self._role and not one.final]
        for piece in changed:
            piece.final = True
        return changed

    def forget(self) -> list[Piece]:
        """Forgets what was said: it will be said again. Returns the pieces that were there."""
        mine = [piece for piece in self._pieces if piece.role == self._role]
        for piece in mine:
            piece.text, piece.final = "", False
        self._open = mine[-1:]
        return mine

    def part(self) -> list[Piece]:
        """Makes what is said from now on another piece; returns the pieces that are over."""
        changed = self.close()
        self._open = []
        return changed

    def _part_others(self, author: str) -> list[Piece]:
        """Makes the pieces of other agents final: one hands over to another."""
        for one in self._open:
            if one.author != author:
                break
        else:
            return []
        others = [one for one in self._open if one.author != author]
        for piece in others:
            piece.final = True
            self._open.remove(piece)
        return others

    def _newest(self, author: str, t: float) -> Piece:
        """Returns the piece that goes on; a new one after a call or after other words."""
        last = self._open[-1] if self._open else None
        # The user's words are not parted by what comes meanwhile.
        goes_on = last is not None and (self._role == "user" or last is self._pieces[-1])
        if last is not None and goes_on and last.author == author:
            return last
        piece = Piece(len(self._pieces), self._role, author, t)
        self._pieces.insert(self._end(), piece)
        self._open.append(piece)
        return piece

    def _end(self) -> int:
        """Returns where a new piece goes: the user's come first, also those that come late."""
        if self._role == "agent":
            return len(self._pieces)
        return sum(piece.role == "user" for piece in self._pieces)

    def _finish(
        self, author: str, text: str, t: float, *, whole: bool
    ) -> tuple[list[Piece], str | None]:
        before = self.open_text
        cut = None
        if not text.strip():
            changed = self._open
        elif not before.strip():
            changed = self._closed_with(author, text, t)
        else:
            changed = self._open
            if self._role == "agent" and len(text) < len(before) and before.startswith(text):
                cut = text
            else:
                self._replace(before, text, whole=whole)
        for piece in changed:
            piece.final = True
        self._open = []
        return changed, cut

    def _closed_with(self, author: str, text: str, t: float) -> list[Piece]:
        """Adds a final text of which no pieces came."""
        mine = [piece for piece in self._pieces if piece.role == self._role]
        last = mine[-1] if mine else None
        is_last = last is not None and last is self._pieces[-1] and last.author == author
        if self._role == "agent" and is_last and last is not None and last.final:
            # Some models repeat the last piece at the end of a turn.
            repeated = last.text.strip().endswith(text.strip())
            if repeated:
                return []
        # Several final texts of one utterance are one piece.
        goes_on = is_last or self._role == "user"
        if not goes_on or last is None:
            last = self._newest(author, t)
        last.text = spaced(last.text, text)
        return [last]

    def _replace(self, before: str, text: str, *, whole: bool) -> None:
        """Makes the final text of what came in pieces, each keeping its place.

        `whole` says that each piece replaced the one before.
        """
        if before.strip() == text.strip():
            return
        if not whole and text.rstrip().endswith(before.strip()):
            return  # The end of earlier words that came late stands before it.
        *earlier, last = self._open
        start = "".join(piece.text for piece in earlier)
        if text.startswith(start):
            last.text = text[len(start) :]
            return
        for piece in self._open[1:]:
            piece.text = ""
        self._open[0].text = text
