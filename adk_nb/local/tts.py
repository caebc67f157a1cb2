"""Text to speech without a network, sentence by sentence: hibari, or SVOX Pico."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import TYPE_CHECKING

import numpy as np
from google.adk.live import AgentSpokenOutput, AudioChunk, EgressEvent, LiveEgress
from google.genai import types

from adk_nb.exceptions import LocalModelError
from adk_nb.local.parts import load_first, without
from adk_nb.local.speakable import first_clause, speakable, split_sentences
from adk_nb.local.voices import PICO_VOICES, Synth, hibari, pico

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from adk_nb.local.parts import Part

_logger = logging.getLogger(__name__)

_ANY_RATE = 16_000
# The user waits for the first words; later ones are made while the first sound.
_FIRST_LONGEST = 60
_LONGEST = 160
_QUIET = 200
_TRIAL = "Ready."

# The voices are not known to be thread-safe.
_synthesis = ThreadPoolExecutor(max_workers=1, thread_name_prefix="adk-nb-tts")


class SpokenText(LiveEgress):
    """Speaks, offline: what the voices have in common.

    Yields 16-bit mono PCM in chunks of 100 ms at most, sentence by sentence while the text still
    streams in, and after a sentence's sound its text. Falls silent at once on `cancel`. Where no
    voice can be loaded, only the text is yielded.
    """

    def __init__(self, *parts: Part[Synth]) -> None:
        """Nothing is loaded before `warm_up` or the first sentence.

        Args:
            parts: The voices; the first that can be loaded speaks.
        """
        self._parts = parts
        self._synth: Synth | None = None
        self._problem: LocalModelError | None = None

    def warm_up(self) -> None:
        """Loads the voice, in under a second; blocks, so call it off the event loop.

        Raises:
            LocalModelError: There is none: it is silent until there is.
        """
        _synthesis.submit(self._load, _TRIAL).result()

    async def __call__(
        self, text: AsyncIterator[str], *, cancel: asyncio.Event
    ) -> AsyncGenerator[EgressEvent, None]:
        """Speaks text while it streams in.

        Args:
            text: The text's pieces, cut anywhere.
            cancel: Ends the speech at once when it is set.

        Yields:
            The sound of each sentence, then its text as it was written.
        """
        async with aclosing(_sentences(text)) as sentences:
            async for sentence in sentences:
                pcm, rate = await self._synthesise(sentence)
                chunk = rate // 10 * 2
                for start in range(0, len(pcm), chunk):
                    if cancel.is_set():
                        return
                    data = pcm[start : start + chunk]
                    blob = types.Blob(data=data, mime_type=f"audio/pcm;rate={rate}")
                    yield AudioChunk(blob=blob)
                if cancel.is_set():
                    return
                yield AgentSpokenOutput(text=sentence)

    async def _synthesise(self, sentence: str) -> tuple[bytes, int]:
        """Returns a sentence's sound and its samples a second."""
        words = speakable(sentence)
        loop = asyncio.get_running_loop()
        if words and self._synth is None and self._problem is None:
            try:
                await loop.run_in_executor(_synthesis, self._load)
            except LocalModelError as error:
                _logger.warning("%s", error)
        if not words or self._synth is None:
            return b"", _ANY_RATE
        pcm = await loop.run_in_executor(_synthesis, self._speak, self._synth, words)
        return pcm, self._synth.rate

    def _load(self, trial: str = "") -> None:
        """Loads the voice, and tries it; `_problem` says from then on where it has none."""
        try:
            synth = self._synth or load_first(self._parts)
            if trial:
                synth.speak(trial)
        except LocalModelError as error:
            self._synth = None
            self._problem = without("The agent has no voice, and answers in text", error)
            raise self._problem from error
        self._synth, self._problem = synth, None

    @staticmethod
    def _speak(synth: Synth, words: str) -> bytes:
        return _trim(synth.speak(words), synth.rate)


class HibariTTS(SpokenText):
    """Speaks American English at 24 kHz with hibari's voice; a `LiveEgress` for `CascadeLive`.

    Where hibari cannot be loaded, Pico speaks in its place, if that is there.
    """

    def __init__(self, *, speed: float = 1.0, volume: float = 1.0) -> None:
        """Nothing is loaded before `warm_up` or the first sentence.

        Args:
            speed: Factor on the speed, 0.5 to 2.
            volume: Factor on the amplitude.
        """
        self.speed, self.volume = speed, volume
        super().__init__(hibari(speed, volume), pico("en-US", speed))


class PicoTTS(SpokenText):
    """Speaks at 16 kHz with SVOX Pico, in five languages; a `LiveEgress` for `CascadeLive`."""

    def __init__(
        self,
        *,
        voice: str = "en-GB",
        speed: float = 1.0,
        pitch: float = 1.0,
        volume: float = 0.5,
    ) -> None:
        """Chooses the voice; nothing is loaded before `warm_up` or the first sentence.

        Args:
            voice: One of "en-GB", "en-US", "de-DE", "es-ES", "fr-FR", "it-IT".
            speed: Factor on the speed, 0.2 to 5.
            pitch: Factor on the pitch, 0.5 to 2.
            volume: Factor on the amplitude, 0 to 5; at 1.0 loud vowels clip.

        Raises:
            LocalModelError: There is no such voice.
        """
        if voice not in PICO_VOICES:
            raise LocalModelError(
                f"There is no voice {voice!r}.", remedy=f"Choose one of {', '.join(PICO_VOICES)}."
            )
        self.voice, self.speed, self.pitch, self.volume = voice, speed, pitch, volume
        super().__init__(pico(voice, speed, pitch, volume))


async def _sentences(text: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """Yields whole sentences, the first as soon as its end is seen."""
    rest = ""
    longest = _FIRST_LONGEST
    async for delta in text:
        whole, rest = split_sentences(rest + delta, longest=longest)
        if not whole and longest == _FIRST_LONGEST and (cut := first_clause(rest)):
            whole, rest = [rest[:cut]], rest[cut:]
        for sentence in whole:
            longest = _LONGEST
            yield sentence
    if rest:
        whole, rest = split_sentences(rest, longest=longest)
        for sentence in filter(None, [*whole, rest]):
            yield sentence


def _trim(pcm: bytes, rate: int) -> bytes:
    """Takes off silence: all but 20 ms before the speech, and all but 250 ms after it."""
    samples = np.frombuffer(pcm, "<i2")
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _QUIET)
    if not loud.size:
        return b""
    start = max(0, int(loud[0]) - rate // 50)
    end = min(len(samples), int(loud[-1]) + rate // 4)
    return samples[start:end].tobytes()
