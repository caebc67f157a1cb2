"""Waits for what becomes of a turn that a cell began: its first words, its end, its last sound."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from adk_nb.exceptions import AudioError, LocalModelError, TurnTimeoutError
from adk_nb.live.microphone import FRAME_MS, Playing, feed
from adk_nb.live.turn_callbacks import waits_for

if TYPE_CHECKING:
    from adk_nb.audio import Clip
    from adk_nb.live.coordinator import Exchange
    from adk_nb.log.turn import Turn

_SETTLED_S = 1.0
"""How long `speak` waits after its sound (s), so that the last turn in it has begun."""
_UNHEARD_S = 10.0
"""How long `speak` then waits for a turn if none has begun (s)."""
_REPORTED_S = 1.0
"""How long a page may take to say what it has played of an answer that was cut off (s)."""


class TurnWaits:
    """Waits for turns of an exchange, on the bridge thread."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def speak(self, clip: Clip, timeout: float) -> Turn:  # noqa: ASYNC109
        """Plays a clip to the model in real time and waits for its last turn.

        Raises:
            AudioError: No speech was heard in it.
            LocalModelError: Nobody can hear it.
            TurnTimeoutError: It was not answered in time.
        """
        with contextlib.suppress(TimeoutError):
            # What is said before somebody can hear it is kept for some seconds only.
            await asyncio.wait_for(self._exchange.live.loaded.wait(), timeout)
        self._hears()
        # What is said while it connects would count that as the model's time.
        await self._exchange.live.connected(timeout)
        # The turn that this sound begins; one that is still open was begun by something else.
        first, before = self._exchange.turns.speech_index, self._exchange.microphone.speaker
        me = Playing()
        self._exchange.realtime_input.open_microphone(me, on=True)
        speaking = asyncio.create_task(
            feed(clip, lambda pcm: self._exchange.realtime_input.hear(me, pcm))
        )
        try:
            await asyncio.sleep(clip.duration_ms / 1000)
            await asyncio.sleep(_SETTLED_S)
            deadline = time.monotonic() + min(timeout, _UNHEARD_S)
            while (turn := self._exchange.turns.spoken_since(first)) is None:
                self._hears()
                if time.monotonic() > deadline:
                    raise AudioError(
                        "No speech was heard in it.",
                        remedy="Play the sound: is it loud enough, and is it speech?",
                        code="no_speech",
                    )
                await asyncio.sleep(FRAME_MS / 1000)
            return await self.finished(turn, timeout)
        finally:
            speaking.cancel()
            if self._exchange.microphone.speaker is me:
                self._exchange.realtime_input.open_microphone(me, on=False)
                self._exchange.microphone.speaker = before

    def _hears(self) -> None:
        """Raises what keeps the agent from hearing, where something does."""
        deaf = self._exchange.capabilities.deaf
        if deaf is not None:
            raise LocalModelError(deaf.message, remedy=deaf.remedy)

    async def answering(self, turn: Turn, timeout: float) -> Turn:  # noqa: ASYNC109
        """Returns a turn when the first words or sound of its answer have come."""
        deadline = time.monotonic() + timeout
        while not (turn.agent_text or turn.audio_ms or turn.ended):
            if time.monotonic() > deadline:
                return await self.finished(turn, 0)
            await asyncio.sleep(FRAME_MS / 1000)
        return turn

    async def heard(self, turn: Turn, left: float, timeout: float) -> None:  # noqa: ASYNC109
        """Waits until a turn has sounded, for the seconds that are left of its timeout."""
        try:
            await asyncio.wait_for(self.sounded(turn), max(left, 0))
        except TimeoutError:
            raise TurnTimeoutError(
                f"Turn {turn.index} is answered, and had not been heard to its end within"
                f" {timeout:g} s.",
                remedy="Wait longer with timeout=.",
            ) from None

    async def finished(self, turn: Turn, timeout: float) -> Turn:  # noqa: ASYNC109
        """Waits for the end of a turn, and returns it."""
        try:
            await asyncio.wait_for(self._exchange.turns.end(turn), timeout)
        except TimeoutError:
            asks = any(call.question is not None for call in turn.tool_calls)
            raise TurnTimeoutError(
                f"Turn {turn.index} was not answered within {timeout:g} s; it goes on:"
                f" {waits_for(turn)}.",
                remedy="Use the widget, or confirm(True)."
                if asks
                else "Wait longer with timeout=, or interrupt().",
            ) from None
        await self._exchange.speech.known([turn.index])
        await self.reported(turn)
        return turn

    async def sounded(self, turn: Turn) -> None:
        """Waits until a turn has sounded in the page, or should have."""
        pages = self._exchange.pages
        deadline = time.monotonic() + turn.audio_ms / 1000 + _SETTLED_S
        while time.monotonic() < deadline:
            position = pages.position(turn)
            if position is None or turn.interrupted:
                await self.reported(turn)
                return
            played_ms, audio_ms = position
            if played_ms >= audio_ms and not pages.sounding:
                return
            await asyncio.sleep(FRAME_MS / 1000)

    async def reported(self, turn: Turn) -> None:
        """Waits until the page has said how much sounded of a turn that was cut off, if any was."""
        deadline = time.monotonic() + _REPORTED_S
        while self._exchange.pages.owes(turn):
            if time.monotonic() > deadline:
                return  # A page that is gone says nothing.
            await asyncio.sleep(FRAME_MS / 1000)
