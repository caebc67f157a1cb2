"""What the user types, and the messages to the model that are not the user's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from adk_nb.live.turn_state import Phase
from adk_nb.plain import valid_text

if TYPE_CHECKING:
    from adk_nb.adk.request_queue import RequestQueue
    from adk_nb.live.interruptions import Interruptions
    from adk_nb.live.reconnection import Reconnection
    from adk_nb.live.silence import SilenceWatch
    from adk_nb.live.turn_builder import Turns
    from adk_nb.log.turn import Turn
    from adk_nb.wire.page_hub import Pages

_WORDLESS_S = 5.0
"""How long after it was sent speech may stay without words before a typed text overtakes it (s)."""


class TextOwner(Protocol):
    """The exchange with the model that gets the texts."""

    reconnection: Reconnection
    silence: SilenceWatch

    def queue(self) -> RequestQueue:
        """Returns the queue to the model."""

    def set_state(self, state: str) -> None:
        """Tells the pages what the session does."""


class TextInput:
    """Sends texts to the model, one after the other.

    Args:
        owner: The exchange with the model.
        turns: The turns.
        pages: The pages that show the session.
        interruptions: Interrupt an answer that goes on.
    """

    def __init__(
        self, owner: TextOwner, turns: Turns, pages: Pages, interruptions: Interruptions
    ) -> None:
        self._owner = owner
        self._turns = turns
        self._pages = pages
        self._interruptions = interruptions

    def typed(self, text: str, *, cut_in: bool) -> Turn:
        """Begins a typed turn; with `cut_in`, an answer that still sounds is interrupted."""
        text = valid_text(text)
        queue = self._owner.queue()
        current = self._turns.machine.current
        if current is not None and current.phase is Phase.SAYING and not current.worded:
            # What was said before it waits for a connection, or for its words: one after the other.
            turn = self._turns.user_typed(text, wait=True)
            if self._owner.reconnection.connected:
                self.expect_words()
            self._owner.set_state("thinking")
            return turn
        if current is not None:
            self._interruptions.make_way(queue)
        elif cut_in and self._pages.sounding:
            self._interruptions.silenced(self._pages.sounding)
        turn = self._turns.user_typed(text)
        self.send(turn, text)
        return turn

    def prompt(self, text: str) -> Turn:
        """Sends the model a message that is not the user's, when the open turn is over."""
        text = valid_text(text)
        self._owner.queue()
        current = self._turns.machine.current
        turn = self._turns.user_typed(text, wait=current is not None, prompt=True)
        self._pages.note(turn.index - 1, "prompt", f"Prompt: {text}")
        if current is None:
            self.send(turn, text)
        elif self._owner.reconnection.connected:
            self.expect_words()
        return turn

    def send(self, turn: Turn, text: str) -> None:
        """Sends the text of a turn."""
        del turn
        self._owner.set_state("thinking")
        self._owner.silence.heard()
        self._owner.queue().send_text(text)

    def expect_words(self) -> None:
        """Ends speech that no words come of, if something typed waits for its answer."""
        current = self._turns.machine.current
        saying = current is not None and current.phase is Phase.SAYING and not current.worded
        if current is None or not saying or not self._turns.machine.waits:
            return

        def overtake() -> None:
            goes_on = current is self._turns.machine.current
            if goes_on and not (current.worded or current.answered):
                self._turns.failed("no_words", unanswered=True)

        asyncio.get_running_loop().call_later(_WORDLESS_S, overtake)
