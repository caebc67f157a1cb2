"""The words of both sides as they come in pieces, and to which turn each piece is added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.live.folded_turns import FoldedTurns
    from adk_nb.live.turn_machine import TurnMachine
    from adk_nb.live.turn_messages import TurnMessages
    from adk_nb.live.turn_state import TurnState
    from adk_nb.log.turn import Turn

_ENDINGS = ".!?…\"'”’)。！？"  # noqa: RUF001 - as they are in texts


class Transcripts:
    """Makes rows of what the user is heard to say, and of what the agent says.

    Args:
        machine: Decides which turn words belong to.
        turns: Gets the rows.
        messages: Tells the pages of answers.
        settle: Logs and tells which turns the machine has ended.

    Attributes:
        deltas: Whether the model's pieces of its own words are what is new; where that is not
            known, a piece that begins with all before it is taken for the whole so far.
        ends_with_final: Whether no words of an answer follow its final text.
        ahead_ms: How much sound is still to follow the words that are being read (ms).
    """

    def __init__(
        self,
        machine: TurnMachine,
        turns: FoldedTurns,
        messages: TurnMessages,
        settle: Callable[[], None],
    ) -> None:
        self._machine = machine
        self._turns = turns
        self._messages = messages
        self._settle = settle
        self.deltas = False
        self.ends_with_final = True
        self.ahead_ms = 0.0
        # Words that came after their answer was over, since the last final text.
        self._late = ""
        # The newest turn of whose answer the model has sent the final words.
        self._worded = 0

    # The user's.

    def user_said(self, text: str, *, final: bool, cumulative: bool = False, **values: Any) -> Turn:
        """Adds a piece of the user's transcript."""

        def matches(state: TurnState) -> bool:
            known = self._turns.said(state.index).user.open_text.strip()
            return bool(known) and text.strip().startswith(known)

        state = self._machine.utterances.words(final=final, matches=matches)
        self._settle()
        known = self._turns.said(state.index).user.open_text
        self._turns.add_words(
            "adk",
            "user_transcript",
            state.index,
            author="user",
            text=text,
            final=final,
            cumulative=cumulative or (not final and self._is_whole(text, known)),
            **values,
        )
        return self._turns.of(state)

    def forget_speech(self) -> None:
        """Forgets the words of the utterance so far: it is sent again to another model."""
        state = self._machine.current
        turn = self._turns.of(state) if state is not None else None
        if state is not None and turn is not None and turn.spoken and turn.user_text:
            self._machine.utterances.unsaid(state)
            self._turns.add_words(
                "bridge", "user_transcript", turn.index, author="user", text="", cumulative=True
            )

    # The agent's.

    def agent_said(
        self, author: str, text: str, *, final: bool, kind: str = "agent_transcript", **values: Any
    ) -> Turn | None:
        """Adds a piece of what the agent says; None if it is of an answer that was cut off."""
        # ADK gives late words once more, as a final text, when something else has ended.
        again = final and bool(self._late) and text == self._late
        late = self._machine.bookings.late_words(unfinished=self._wants_an_end, again=again)
        known = str(self._turns.said(late.index).said) if late is not None else ""
        repeats = final and bool(known) and text.lstrip().startswith(known)
        if late is not None and (kind == "agent_transcript" or repeats):
            if repeats and (kind == "agent_text" or text.strip() != known):
                text = self._without_beginning(late, text, known)
            self._late = "" if final else self._late + text
            if late.cut:
                return None
            turn = self._turns.of(late)
            return self.add_agents(turn, kind, author, text, final=final, by="late", **values)
        if final and self._late:
            text = text.removeprefix(self._late)  # ADK gives it once more, with the next answer.
            self._late = ""
        booking = self._machine.bookings.output_came()
        self._settle()
        if booking.dropped:
            return None
        turn = self._turns.of(booking.turn)
        self._messages.answers(turn, booking)
        self._worded = turn.index if final else self._worded
        known = self._turns.said(turn.index).said.open_text
        values |= {
            "cumulative": not final and self._is_whole(text, known),
            "audio_ms": turn.audio_ms + self.ahead_ms,
        }
        return self.add_agents(turn, kind, author, text, final=final, **booking.rule, **values)

    def add_agents(self, turn: Turn, kind: str, author: str, text: str, **values: Any) -> Turn:
        """Adds a row with an agent's words to a turn, and returns the turn."""
        values = {"audio_ms": turn.audio_ms} | values
        self._turns.add_words(
            "adk", kind, turn.index, author=author, agent=author, text=text, **values
        )
        return turn

    def heard_by_model(self, turn: Turn, author: str, text: str, **values: Any) -> None:
        """Adds what a model reports as heard of an answer that was cut off."""
        self._turns.add_words(
            "adk", "agent_transcript", turn.index, author=author, text=text, final=True, **values
        )

    def _without_beginning(self, state: TurnState, text: str, known: str) -> str:
        """Returns what of a final text is not in pieces that are over, of which it repeats all.

        Pieces that are still open are left in it: it takes their place.
        """
        still_open = self._turns.said(state.index).said.open_words
        over = known.removesuffix(still_open)
        return text.lstrip().removeprefix(over) if over else text

    def _is_whole(self, text: str, before: str) -> bool:
        """Returns whether a piece repeats what was said so far, as far as that can be known."""
        return not self.deltas and bool(before) and text.startswith(before)

    def _wants_an_end(self) -> bool:
        """Returns whether the last answer ends in the middle of a sentence, as far as is known."""
        state = self._machine.answer.last
        turn = self._turns.of(state) if state is not None else None
        if turn is not None and turn.index == self._worded and self.ends_with_final:
            return False
        text = turn.agent_text.strip() if turn is not None and turn.audio_ms else ""
        return bool(text) and text[-1] not in _ENDINGS
