"""The microphone of a session: who has it, and the speech that no model has answered."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from google.genai import types

from adk_nb.audio import MICROPHONE_RATE, Clip, SpeechLevel, duration_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.adk.request_queue import RequestQueue
    from adk_nb.live.turn_builder import Turns
    from adk_nb.log.event_log import EventLog

FRAME_MS = 20
_FRAME_BYTES = MICROPHONE_RATE * FRAME_MS // 1000 * 2
_SILENCE = bytes(_FRAME_BYTES)
_AGAIN_FRAMES = 5
"""How many frames are sent together when speech is sent again."""
_OPEN_SPEECH_S = 8.0
"""How much of an unfinished utterance is sent again to the agent of a swap (s)."""
_FRESH_SPEECH_S = 1.5
"""How much of it, if no model has transcribed any words yet (s)."""
_FRESH_S = 0.5
"""So long after a loud frame, speech without words may still go on (s)."""
_OLDEST_S = 60.0
"""How long ago a frame may have been captured for its stamp to be believed (s)."""
_AHEAD_S = 0.05
"""How far ahead a stamp may be, as clocks are compared with an error (s)."""
_PAUSE_S = 0.6
"""A pause between two utterances is at least so long (s)."""
_SPEECH_MS = 100.0
"""So much of loud sound is speech (ms)."""


class Playing:
    """A call of `speak`, in a microphone's place."""


class Microphone:
    """Takes microphone frames for a session, on the bridge thread.

    Attributes:
        speaker: The page, or call of `speak`, that has the microphone; None if it is closed.
        dropped: How many frames came from another source, or without a connection.
    """

    def __init__(self, log: EventLog, turns: Turns) -> None:
        self._log = log
        self._turns = turns
        self._level = SpeechLevel()
        # When a frame was last loud, on the monotonic clock.
        self._loud_at = 0.0
        # How much sound was loud since the last pause (ms).
        self._loud_ms = 0.0
        self.speaker: object | None = None
        self.dropped = 0

    def hear(
        self,
        source: object,
        pcm: bytes,
        queue: RequestQueue | None,
        captured_ms: float | None = None,
        lost: int = 0,
    ) -> bool:
        """Takes a frame, PCM16LE mono at 16 kHz; only from the source that has the microphone.

        Args:
            source: The page, or call of `speak`.
            pcm: The samples.
            queue: Takes it to the model; None without a connection.
            captured_ms: When its last sample was captured, on the bridge's clock (ms), if that is
                known.
            lost: How many frames were lost on the way just before it.

        Returns:
            Whether the user has begun to speak: this is the fifth loud frame since a pause.
        """
        if source is not self.speaker or queue is None:
            self.dropped += 1
            return False
        began = self._begins(pcm)
        index = self._turns.speech_index
        at = self._began(pcm, captured_ms)
        by = "file" if isinstance(source, Playing) else None
        self._log.add_audio(
            "client", "user_audio", index, pcm, MICROPHONE_RATE, at=at, lost=lost, by=by
        )
        queue.send_realtime(blob(pcm))
        return began

    def _began(self, pcm: bytes, captured_ms: float | None) -> float | None:
        """Returns when a frame began (s on the session's clock), if its stamp can be believed."""
        if captured_ms is None:
            return None
        at = self._log.to_t(captured_ms)
        if not -_OLDEST_S <= at - self._log.now() <= _AHEAD_S:
            return None
        return max(0.0, at - duration_ms(len(pcm), MICROPHONE_RATE) / 1000)

    def _begins(self, pcm: bytes) -> bool:
        now = time.monotonic()
        if not self._level.loud(pcm):
            return False
        if now - self._loud_at > _PAUSE_S:
            self._loud_ms = 0.0
        self._loud_at = now
        before = self._loud_ms
        self._loud_ms += duration_ms(len(pcm), MICROPHONE_RATE)
        return before < _SPEECH_MS <= self._loud_ms

    @property
    def speaks(self) -> bool:
        """Whether the user speaks, or has just done so."""
        recently = time.monotonic() - self._loud_at < _PAUSE_S
        return recently and self._loud_ms >= _SPEECH_MS

    def is_loud(self, pcm: bytes) -> bool:
        """Returns whether a frame that was dropped may be speech."""
        return self._level.loud(pcm)

    def unanswered(self) -> list[bytes]:
        """Returns the unfinished utterance, to be sent again to another model."""
        turn = self._turns.current
        if self.speaker is None:
            return []
        if turn is not None and turn.spoken:
            self._turns.transcripts.forget_speech()
            seconds = _OPEN_SPEECH_S
        elif time.monotonic() - self._loud_at < _FRESH_S:
            seconds = _FRESH_SPEECH_S
        else:
            return []
        return self.again(self._turns.speech_index, seconds)

    def again(self, index: int, seconds: float = _OPEN_SPEECH_S) -> list[bytes]:
        """Returns the newest speech of a turn, in pieces to send."""
        pcm = self._log.clip_end("user_audio", index, seconds).pcm
        step = _FRAME_BYTES * _AGAIN_FRAMES
        return [pcm[start : start + step] for start in range(0, len(pcm), step)]


def blob(pcm: bytes) -> types.Blob:
    """Returns microphone audio as ADK takes it."""
    return types.Blob(data=pcm, mime_type=f"audio/pcm;rate={MICROPHONE_RATE}")


async def feed(clip: Clip, hear: Callable[[bytes], None]) -> None:
    """Sends a clip in real time, and silence after it, until it is cancelled."""
    start = time.monotonic()
    sent = 0
    while True:
        frame = clip.pcm[sent * _FRAME_BYTES : (sent + 1) * _FRAME_BYTES]
        hear(frame + _SILENCE[len(frame) :])
        sent += 1
        await asyncio.sleep(max(0.0, start + sent * FRAME_MS / 1000 - time.monotonic()))
