"""What a session and a widget both offer to a cell: plain calls, each with a twin to await."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

from adk_nb.audio import Clip, Sound, clip_of, joined

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import altair as alt
    import pandas as pd

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

    # Its data. Each works on a session that is not started or already closed too.

    def events_df(self, columns: Any = None) -> pd.DataFrame:
        """Returns every event as a row; see `adk_nb.events_df`."""
        from adk_nb import frames

        return frames.events_df(self.session, columns)

    def turns_df(self, columns: Any = None) -> pd.DataFrame:
        """Returns a row a turn, with its latencies; see `adk_nb.turns_df`."""
        from adk_nb import frames

        return frames.turns_df(self.session, columns)

    def tools_df(self, columns: Any = None) -> pd.DataFrame:
        """Returns a row a tool call; see `adk_nb.tools_df`."""
        from adk_nb import frames

        return frames.tools_df(self.session, columns)

    def transcript_df(self, columns: Any = None) -> pd.DataFrame:
        """Returns a row a speaker and turn; see `adk_nb.transcript_df`."""
        from adk_nb import frames

        return frames.transcript_df(self.session, columns)

    def spans_df(self) -> pd.DataFrame:
        """Returns ADK's own OpenTelemetry spans; see `adk_nb.spans_df`."""
        from adk_nb import spans

        return spans.spans_df(self.session)

    def timeline(self) -> alt.TopLevelMixin:
        """Returns a chart of who spoke when; see `adk_nb.timeline`."""
        from adk_nb import chart

        return chart.timeline(self.session)

    def audio(self, turn: int, who: Literal["user", "agent", "both"] = "agent") -> Clip:
        """Returns the sound of a turn, to play in a cell.

        Args:
            turn: The turn's number, from 1.
            who: Whose sound; `both` is the user's followed by the agent's.

        Raises:
            ValueError: `who` is none of these.
        """
        log = self.session.log
        if who == "both":
            return joined(log.clip("user_audio", turn), log.clip("agent_audio", turn))
        if who not in {"user", "agent"}:
            raise ValueError(f"who is 'user', 'agent' or 'both', not {who!r}.")
        return log.clip(f"{who}_audio", turn)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the session so far as a recording, in a folder of its own below `path`.

        Returns:
            The recording's folder.

        Raises:
            RecordingError: It cannot be written there.
        """
        from adk_nb import recording

        return recording.save(self.session.log, path)
