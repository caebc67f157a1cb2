"""Turns, tool calls and utterances of a log, for the dataframes."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from adk_nb.log.redaction import Redactor, environment_as_it_is
from adk_nb.log.turn import Status
from adk_nb.log.turn_fold import TurnFold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adk_nb.audio import Clip
    from adk_nb.log.log_row import LogRow
    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.turn import Turn
    from adk_nb.log.words import Piece


class Log(Protocol):
    """The interface that `EventLog` and `RecordedLog` have in common."""

    @property
    def session_id(self) -> str:
        """The session's id."""

    @property
    def run_id(self) -> str:
        """The id of its sitting."""

    @property
    def tags(self) -> dict[str, str]:
        """What tells the session from others, by name."""

    def __iter__(self) -> Iterator[LogRow]:
        """Yields the rows, oldest first."""

    def clip(self, kind: str, turn: int) -> Clip:
        """Returns the sound of a turn: `kind` is `user_audio` or `agent_audio`."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one side said in one go; the functions of `transcript_df`'s columns get one.

    What an agent says before and after a tool call are two.

    Attributes:
        turn: The `Turn`.
        role: `user` or `agent`.
        author: `user`, or the agent's name.
        text: What was said.
        heard_text: The part of it that had sounded when the user interrupted; None for the user,
            and while that is not known.
        interrupted: Whether its turn was interrupted.
        t: When the first of it came (s on the session's clock).
        piece: Its number in the turn, from 0; that of what the turn's other pieces are counts too.
    """

    turn: Turn
    role: str
    author: str
    text: str
    heard_text: str | None
    interrupted: bool
    t: float
    piece: int


def logged_turns(log: Log) -> list[Turn]:
    """Returns the turns of a log, by their number."""
    fold = _folded(log)
    turns = fold.begun()
    if hasattr(log, "now"):
        return turns  # A running session's log tells the time: what is open there is open.
    for turn in turns:
        if turn.status is None:
            turn.status = _guessed(turn, fold, later=turn is not turns[-1])
    return turns


def logged_calls(log: Log) -> list[ToolCall]:
    """Returns the tool calls of a log, oldest first."""
    return _folded(log).calls


def utterances(log: Log) -> list[Utterance]:
    """Returns what both sides said, turn by turn, in the order in which it was said."""
    redact = _redactor(log)
    return [said for turn in logged_turns(log) for said in _said(turn, redact)]


def _folded(log: Log) -> TurnFold:
    sound = functools.partial(log.clip, "agent_audio")
    fold = TurnFold(log.session_id, sound, _redactor(log), run_id=log.run_id)
    for row in log:
        fold.add(row)
    return fold


def _redactor(log: Log) -> Redactor:
    known = getattr(log, "redact", None)
    if known is None:
        known = _of_environment(environment_as_it_is())
        known.refresh()
    return known


@functools.lru_cache(maxsize=1)
def _of_environment(_variables: frozenset[tuple[object, object]]) -> Redactor:
    """Returns what masks the secrets of the environment: the same for many recordings."""
    return Redactor()


def _said(turn: Turn, redact: Redactor) -> Iterator[Utterance]:
    heard = turn.heard_text
    for piece in turn.pieces:
        text = piece.text.strip()
        if not text or piece.role == "tool":
            continue
        if text not in (turn.user_text, turn.agent_text):  # Those are masked.
            text = redact(text)
        if piece.role == "user":
            # A transcript comes after its sound; the order must be that of the sound.
            end = turn.speech_end_t
            t = min(piece.t, turn.t if end is None else end, turn.t)
            yield Utterance(
                turn, "user", "user", text, None, interrupted=False, t=t, piece=piece.number
            )
            continue
        # What was heard of the turn is what was heard of its pieces, one after the other.
        part, heard = heard[: len(text)].strip(), heard[len(text) :].lstrip()
        author, t = piece.author or turn.agent, _began(piece, turn)
        known = part if turn.heard_known else None
        yield Utterance(turn, "agent", author, text, known, turn.interrupted, t, piece.number)


def _began(piece: Piece, turn: Turn) -> float:
    """Returns when a piece of the agent's began: of the first one, its sound may be known."""
    first = next(one for one in turn.pieces if one.role == "agent")
    if piece is not first or turn.audio_t is None:
        return piece.t
    return min(piece.t, turn.audio_t)


def _guessed(turn: Turn, fold: TurnFold, *, later: bool) -> Status:
    """Returns how a turn ended that has no row which says so, as in an earlier version's file.

    `later` says whether another turn came after it.
    """
    if turn.interrupted:
        return Status.INTERRUPTED
    runs = any(not call.returned for call in turn.tool_calls)
    if (turn.index in fold.completed and not runs) or (later and turn.answered):
        return Status.COMPLETE
    if turn.error:
        return Status.FAILED
    return Status.UNANSWERED if later else Status.ABANDONED
