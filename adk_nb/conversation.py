"""What a session and a widget both offer to a cell: plain calls, each with a twin to await."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from adk_nb.audio import Sound, clip_of

if TYPE_CHECKING:
    from adk_nb.session import LiveSession
    from adk_nb.turns import Turn


class Conversation:
    """A conversation that a cell drives; `LiveSession` and `LiveWidget` are ones."""

    @property
    def session(self) -> LiveSession:
        """The session itself."""
        raise NotImplementedError

    @property
    def turns(self) -> list[Turn]:
        """The turns so far, oldest first."""
        return self.session.all_turns()

    def say(self, text: str, timeout: float = 60) -> Turn:
        """Types a turn to the agent and waits for the answer.

        It cuts in where the agent still answers an earlier turn. A model that fails is told in the
        turn's `error`. Ctrl-C comes back at once and leaves the session alive.

        Args:
            text: What to say.
            timeout: How long to wait (s).

        Returns:
            The turn, when the model has completed it.

        Raises:
            SessionClosedError: The session is not started, or closed.
            TurnTimeoutError: The answer took longer; it still comes.
        """
        return self.session.bridge.call(self.session.run_say(text, timeout))

    async def say_async(self, text: str, timeout: float = 60) -> Turn:  # noqa: ASYNC109
        """Is `say` to await, from any event loop."""
        return await self.session.bridge.call_async(self.session.run_say(text, timeout))

    def speak(self, wav_or_pcm: Sound, timeout: float = 60) -> Turn:
        """Speaks a sound to the agent as the microphone would, in real time.

        Args:
            wav_or_pcm: A sound file's path, PCM16LE mono at 16 kHz, a `Clip`, or an array.
            timeout: How long to wait after the sound's end (s).

        Returns:
            The turn that the sound's last words made.

        Raises:
            AudioError: It is no sound, or no speech was heard in it.
            SessionClosedError: The session is not started, or closed.
            TurnTimeoutError: The answer took longer; it still comes.
        """
        clip = clip_of(wav_or_pcm)
        return self.session.bridge.call(self.session.run_speak(clip, timeout))

    async def speak_async(self, wav_or_pcm: Sound, timeout: float = 60) -> Turn:  # noqa: ASYNC109
        """Is `speak` to await, from any event loop."""
        clip = await asyncio.to_thread(clip_of, wav_or_pcm)
        return await self.session.bridge.call_async(self.session.run_speak(clip, timeout))

    def interrupt(self) -> None:
        """Cuts the agent off: the player falls silent and the rest of the answer is dropped.

        Raises:
            SessionClosedError: The session is not started, or closed.
        """
        self.session.bridge.call(self.session.run_interrupt())

    async def interrupt_async(self) -> None:
        """Is `interrupt` to await, from any event loop."""
        await self.session.bridge.call_async(self.session.run_interrupt())
