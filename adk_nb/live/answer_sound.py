"""The sound of the model's answers: whose each piece is, and when it is played."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from adk_nb.exceptions import AdkNbError, AudioError
from adk_nb.live.agent_audio import AgentAudio, is_sound

if TYPE_CHECKING:
    from google.genai import types

    from adk_nb.audio import Clip
    from adk_nb.live.turn_builder import Turns
    from adk_nb.live.turn_machine import TurnMachine
    from adk_nb.live.turn_state import TurnState
    from adk_nb.log.turn import Turn


class SoundListener(Protocol):
    """What is reported of sound.

    Attributes:
        voice: Whether the agent speaks; it only writes otherwise.
    """

    voice: bool

    def agent_audio(self, turn: Turn, rate: int, pcm: bytes) -> None:
        """Agent audio came."""

    def set_state(self, state: str) -> None:
        """What the session does has changed."""

    def report(self, error: AdkNbError, index: int = 0) -> None:
        """Something is wrong with a turn, which goes on."""

    def still_talking(self) -> None:
        """The model goes on with an answer that was interrupted."""


class _Answer(NamedTuple):
    """The answer that a piece of sound belongs to.

    Attributes:
        turn: Its turn; None where nothing of it was there yet, as the piece is less than a sample.
        newest: The newest turn then.
    """

    turn: TurnState | None
    newest: TurnState | None

    @classmethod
    def now(cls, machine: TurnMachine) -> _Answer:
        """Returns the answer that goes on, or is to begin."""
        return cls(machine.answer.turn, machine.all[-1] if machine.all else None)

    def goes_on(self, machine: TurnMachine) -> bool:
        """Returns whether what comes next is of it too."""
        now = self.now(machine)
        return now.newest is self.newest if self.turn is None else now.turn is self.turn


class AnswerSound:
    """Takes the sound of a run's events, and hands it on as the sound of turns."""

    def __init__(self, turns: Turns, listener: SoundListener) -> None:
        self._turns = turns
        self._listener = listener
        self._audio = AgentAudio()
        # To what answer the sound belonged that came last; None if none has since an answer's end.
        self._sounding: _Answer | None = None
        # What was refused, as turns and messages: each is told once a turn.
        self._refused: set[tuple[int, str]] = set()

    def came(self, author: str, blob: types.Blob) -> None:
        """Takes a piece of an event, if it is sound that is to be heard."""
        mime_type = blob.mime_type or ""
        if not blob.data or not self._listener.voice or not is_sound(mime_type):
            return
        if self._sounding is not None and not self._sounding.goes_on(self._turns.machine):
            self._audio.drop()  # Another answer begins.
        self._sounding = _Answer.now(self._turns.machine)
        try:
            clip = self._audio.push(mime_type, blob.data)
        except AudioError as error:
            self._refuse(error)
        else:
            self._play(author, clip)

    def finish(self, author: str) -> None:
        """Plays what of an answer could not be played before its end."""
        try:
            self._play(author, self._audio.finish())
        except AudioError as error:
            self._refuse(error)
        self._sounding = None

    def drop(self) -> None:
        """Drops what of an answer was not played yet: it was interrupted."""
        self._audio.drop()
        self._sounding = None

    def _play(self, author: str, clip: Clip) -> None:
        if not clip.pcm:
            return
        turn = self._turns.agent_audio(author, clip.pcm, clip.rate)
        self._sounding = _Answer.now(self._turns.machine)
        if turn is None:
            self._audio.drop()
            self._listener.still_talking()
            return
        self._listener.set_state("speaking")
        self._listener.agent_audio(turn, clip.rate, clip.pcm)

    def _refuse(self, error: AudioError) -> None:
        turn = self._turns.answering
        index = turn.index if turn is not None else 0
        if (index, error.message) not in self._refused:
            self._refused.add((index, error.message))
            self._listener.report(error, index)
