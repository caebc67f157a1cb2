"""Whose run it is: what the connections that ADK makes ask of the session behind them."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from google.genai import types


class Knowing(Protocol):
    """What a session knows better."""

    def position(self) -> tuple[float, float] | None:
        """Returns what has sounded of the turn, and all of it (ms); None without a page."""

    def taking_over(self) -> bool:
        """Whether an agent takes over from another that handed the turn to it; once."""

    def in_turn(self) -> bool:
        """Whether a turn is under way."""

    def awaits_answer(self, history: list[types.Content]) -> bool:
        """Whether the user waits for an answer to what a history ends with."""


SESSION: ContextVar[Knowing | None] = ContextVar("adk_nb_session", default=None)
"""The session whose run the current context is; None in anybody else's."""
