"""What is asked again, or told in words, after a connection to the model was lost.

A turn is asked again once, and not where a tool has run in it: then the new connection is told what
the tools have done, and goes on from there. A second loss fails the turn.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from google.adk.agents.live_request_queue import LiveRequest

from adk_nb.adk.request_queue import users
from adk_nb.adk.told_history import as_text
from adk_nb.exceptions import AdkNbError, ModelError
from adk_nb.live.microphone import blob

if TYPE_CHECKING:
    from google.genai import types

    from adk_nb.adk.request_queue import RequestQueue
    from adk_nb.live.event_reader import EventReader
    from adk_nb.live.interruptions import Interruptions
    from adk_nb.live.microphone import Microphone
    from adk_nb.live.tool_calls import ToolCalls
    from adk_nb.live.tool_execution import ToolExecution
    from adk_nb.live.turn_builder import Turns
    from adk_nb.log.turn import Turn


class Asking(Protocol):
    """Sends to the model, and is told what was lost."""

    closed: bool
    tools: ToolExecution
    interruptions: Interruptions

    def queue(self) -> RequestQueue:
        """Returns the queue to the model."""

    def report(self, error: AdkNbError, index: int = 0) -> None:
        """Reports an error that ends nothing."""

    def reconnected(self, text: str) -> None:
        """Shows a line where the connection was lost."""

    def run_failed(self, error: AdkNbError) -> None:
        """Ends the open turn with an error."""


@dataclass(slots=True)
class Dial:
    """What is known of the connection that is being made, or goes on.

    Attributes:
        returned: The ids of the open turn's calls that had returned when it was begun. ADK reads
            its history then, and sends that.
        told_history: Whether the history was sent to it.
        asked: Whether that history ends with what the user waits for an answer to.
        taking_over: Whether it is of an agent that a transfer has just made the current one.
    """

    returned: frozenset[str] = frozenset()
    told_history: bool = False
    asked: bool = False
    taking_over: bool = False


class Reconnection:
    """Knows the current connection, and asks again what was lost with an earlier one.

    Args:
        owner: Sends, and is told.
        turns: The turns.
        reader: Reads the events of ADK's run.
        microphone: Keeps what was said into it.
        calls: Knows the results of tools.

    Attributes:
        dial: What is known of the connection.
        connected: Whether there is one, as far as is known.
    """

    def __init__(
        self,
        owner: Asking,
        turns: Turns,
        reader: EventReader,
        microphone: Microphone,
        calls: ToolCalls,
    ) -> None:
        self._owner = owner
        self._turns = turns
        self._reader = reader
        self._microphone = microphone
        self._calls = calls
        self.dial = Dial()
        self.connected = False
        # How many connections were made, and on which of them each call was made, by its id: a
        # connection knows only its own calls.
        self._connections = 0
        self._called_in: dict[str, int] = {}
        # Earlier turns whose calls' results another connection is still to be told.
        self._untold: list[Turn] = []
        # Turns that were sent to the model again, after a connection was lost.
        self._retried: set[int] = set()

    def dials(self) -> None:
        """Another connection is being made."""
        turn = self._turns.current
        calls = turn.tool_calls if turn is not None else []
        self.dial = Dial(frozenset(call.id for call in calls if call.returned))

    def called(self, call_ids: list[str]) -> None:
        """The model has called tools, on this connection."""
        for call_id in call_ids:
            self._called_in[call_id] = self._connections

    def knows(self, call_ids: list[str]) -> bool:
        """Returns whether calls were made on the connection that there is now."""
        return all(self._called_in.get(one) == self._connections for one in call_ids)

    def awaits_answer(self, history: list[types.Content]) -> bool:
        """Returns whether the user waits for an answer to the last words of a history."""
        self.dial.told_history = True
        turn = self._turns.current
        if turn is None or not history or history[-1].role != "user":
            return False
        if any(call.id not in self.dial.returned for call in turn.tool_calls):
            return False  # What they return is told when it is there.
        words = " ".join(part.text or "" for part in history[-1].parts or ())
        question = self._turns.said(turn).question
        self.dial.asked = bool(turn.tool_calls) or bool(question and question in words)
        return self.dial.asked

    def taking_over(self) -> bool:
        """Returns whether a transfer has just made this agent the current one; resets itself."""
        taking_over, self.dial.taking_over = self.dial.taking_over, False
        return taking_over

    def lost(self) -> bool:
        """The connection is lost; returns whether the open turn was asked again before."""
        self.connected = False
        self._turns.machine.connection_lost()
        turn = self._turns.current
        return turn is not None and turn.index in self._retried

    def lost_twice(self) -> None:
        """Ends a turn that was asked again in vain."""
        turn = self._turns.current
        if turn is not None:
            self._owner.interruptions.take_back(turn)
        lost = "The connection to the model was lost twice in this turn."
        error = ModelError(lost, remedy="Say it again.", code="connection_lost")
        self._owner.run_failed(error)

    def made(self, *, resumed: bool | None) -> bool | None:
        """Another connection is made; returns `resumed`, or None where nothing was lost."""
        told, self.dial.told_history = self.dial.told_history, False
        self._connections += 1
        self.connected = True
        if resumed and (told or not self._reader.resumable):
            return None  # A transfer within one run.
        return resumed

    def ask_again(self, *, resumed: bool) -> None:
        """Sends again what was lost with a connection, at most once in each turn.

        Args:
            resumed: Whether the service resumed its session; False if the history was sent.
        """
        turn = self._turns.current
        if turn is None:
            self._say_again(self._microphone.unanswered())
            return
        if turn.index in self._retried:
            self.lost_twice()
            return
        if any(one.content for one in self._owner.queue().waiting):
            return  # It was typed without a connection and still waits.
        self._retried.add(turn.index)
        by_history = self.dial.asked and not resumed
        if self._calls.must_not_run_again(turn.tool_calls):
            self._report(turn, "it was told what had been done")
            self._calls.continued()
            if by_history:
                self._told(turn)
            else:
                self.go_on([call.id for call in turn.tool_calls])
            return
        self._report(turn, "it was asked again")
        if turn.spoken:
            if not by_history:
                self._turns.transcripts.forget_speech()
            self._say_again([] if by_history else self._microphone.again(turn.index))
        elif not by_history:
            content = users(self._turns.said(turn).question)
            self._owner.queue().send_first([LiveRequest(content=content)])

    def _report(self, turn: Turn, done: str) -> None:
        said = f"The connection to the model was lost in mid-turn; {done}."
        self._owner.report(ModelError(said, code="connection_lost"), turn.index)
        self._owner.reconnected(said)

    def _say_again(self, speech: list[bytes]) -> None:
        """Sends speech again, except what still waits to be sent for the first time."""
        queue = self._owner.queue()
        waiting = sum(len(one.blob.data or b"") for one in queue.waiting if one.blob is not None)
        while speech and waiting > 0:
            newest = speech.pop()
            if len(newest) > waiting:
                speech.append(newest[:-waiting])
            waiting -= len(newest)
        queue.send_first(LiveRequest(blob=blob(pcm)) for pcm in speech)

    def go_on(self, call_ids: list[str]) -> None:
        """Tells a new connection, in words, what an earlier one has called and what came back."""
        turn = next((turn for one in call_ids if (turn := self._turns.calls.find(one)[0])), None)
        if turn is not None:
            self._go_on_with(turn)

    def _go_on_with(self, turn: Turn) -> None:
        running = self._owner.tools.runs.running
        if any(not call.returned and call.id in running for call in turn.tool_calls):
            return  # The last that returns tells them all.
        if self._turns.current not in (None, turn):
            if turn not in self._untold:
                self._untold.append(turn)  # The question that stands comes first.
            return
        text = as_text(self._turns.said(turn).question, self._calls.outcomes(turn.tool_calls))
        self._owner.queue().send_text(text)
        self._told(turn)

    def _told(self, turn: Turn) -> None:
        for call in turn.tool_calls:
            self._turns.calls.tool_told(call.id)

    def turn_ended(self) -> None:
        """Soon tells the model the results that had to wait for the answer to another question."""
        if self._untold:
            asyncio.get_running_loop().call_soon(self._tell_untold)

    def _tell_untold(self) -> None:
        turns, self._untold = self._untold, []
        if self.connected and not self._owner.closed:
            for turn in turns:
                self._go_on_with(turn)
