"""Text to speech without a network: SVOX Pico, or macOS' own voice."""

from __future__ import annotations

import asyncio
import logging
import shutil
import subprocess
import tempfile
import wave
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from google.adk.live import AgentSpokenOutput, AudioChunk, EgressEvent, LiveEgress
from google.genai import types

from adk_nb.exceptions import LocalModelError
from adk_nb.local.parts import Part, load_first, without
from adk_nb.local.speakable import speakable, split_sentences

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

_logger = logging.getLogger(__name__)

SAMPLE_RATE = 16_000
VOICES = ("en-GB", "en-US", "de-DE", "es-ES", "fr-FR", "it-IT")

_MIME_TYPE = f"audio/pcm;rate={SAMPLE_RATE}"
_CHUNK_BYTES = SAMPLE_RATE // 10 * 2
# The user waits for the first words; later ones are made while the first sound.
_FIRST_LONGEST = 60
_LONGEST = 160
_QUIET = 200
_TRIAL = "Ready."

# Pico is not known to be thread-safe.
_synthesis = ThreadPoolExecutor(max_workers=1, thread_name_prefix="adk-nb-tts")


class Synth(Protocol):
    """Makes sound of a sentence."""

    def speak(self, text: str) -> bytes:
        """Returns 16 kHz PCM16LE mono of a speakable sentence; blocks."""


class PicoSynth:
    """SVOX Pico through py-nanotts; 5 to 40 ms a sentence."""

    def __init__(self, voice: str, speed: float, pitch: float, volume: float) -> None:
        """Loads the engine; see `PicoTTS` for the arguments."""
        from py_nanotts import NanoTTS

        self._engine = NanoTTS()
        self._voice, self._speed, self._pitch, self._volume = voice, speed, pitch, volume

    def speak(self, text: str) -> bytes:
        """Returns 16 kHz PCM16LE mono of a speakable sentence; blocks."""
        pcm = self._engine.speak(
            text, voice=self._voice, speed=self._speed, pitch=self._pitch, volume=self._volume
        )
        return bytes(pcm)


class SaySynth:
    """The `say` program of macOS, which knows neither `pitch` nor `volume`."""

    # Words a minute at which `say` speaks when nothing else is asked for.
    _NORMAL_RATE = 175
    _VOICE_NAMES = {  # noqa: RUF012
        "en-GB": "Daniel",
        "en-US": "Samantha",
        "de-DE": "Anna",
        "es-ES": "M\u00f3nica",
        "fr-FR": "Thomas",
        "it-IT": "Alice",
    }

    def __init__(self, voice: str, speed: float) -> None:
        """Chooses the voice; see `PicoTTS` for the arguments."""
        self._voice = self._VOICE_NAMES[voice]
        self._rate = round(self._NORMAL_RATE * speed)

    def command(self, text: str, path: Path) -> list[str]:
        """Returns the command line that speaks a sentence into a WAV file."""
        options = ["-v", self._voice, "-r", str(self._rate), "-o", str(path)]
        return ["say", *options, f"--data-format=LEI16@{SAMPLE_RATE}", "--", text]

    def speak(self, text: str) -> bytes:
        """Returns 16 kHz PCM16LE mono of a speakable sentence; blocks."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "speech.wav"
            run = subprocess.run(  # noqa: S603
                self.command(text, path), capture_output=True, text=True, check=False, timeout=30
            )
            if run.returncode:
                raise LocalModelError(
                    f"say failed: {run.stderr.strip()}",
                    remedy="Try `say hello` in a terminal; another voice may have to be installed.",
                )
            with wave.open(str(path)) as recording:
                return bytes(recording.readframes(recording.getnframes()))


def _load_synth(voice: str, speed: float, pitch: float, volume: float) -> Synth:
    pico: Part[Synth] = Part(
        "py-nanotts", ("py_nanotts",), "local", lambda: PicoSynth(voice, speed, pitch, volume)
    )
    try:
        return load_first([pico])
    except LocalModelError as error:
        if shutil.which("say"):
            return SaySynth(voice, speed)
        raise without("The agent has no voice, and answers in text", error) from error


class PicoTTS(LiveEgress):
    """Speaks, offline: a `LiveEgress` for `CascadeLive`.

    Yields 16 kHz 16-bit mono PCM in chunks of 100 ms at most, sentence by sentence while the text
    still streams in, and after a sentence's sound its text. Falls silent at once on `cancel`.
    Where py-nanotts cannot be loaded, the system's `say` program speaks (macOS), and where there
    is none either, only the text is yielded.
    """

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
        if voice not in VOICES:
            raise LocalModelError(
                f"There is no voice {voice!r}.", remedy=f"Choose one of {', '.join(VOICES)}."
            )
        self.voice, self.speed, self.pitch, self.volume = voice, speed, pitch, volume
        self._synth: Synth | None = None
        self._problem: LocalModelError | None = None

    def warm_up(self) -> None:
        """Loads the voice, which takes about 0.1 s; blocks, so call it off the event loop.

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
                pcm = await self._synthesise(sentence)
                for start in range(0, len(pcm), _CHUNK_BYTES):
                    if cancel.is_set():
                        return
                    data = pcm[start : start + _CHUNK_BYTES]
                    yield AudioChunk(blob=types.Blob(data=data, mime_type=_MIME_TYPE))
                if cancel.is_set():
                    return
                yield AgentSpokenOutput(text=sentence)

    async def _synthesise(self, sentence: str) -> bytes:
        words = speakable(sentence)
        loop = asyncio.get_running_loop()
        if words and self._synth is None and self._problem is None:
            try:
                await loop.run_in_executor(_synthesis, self._load)
            except LocalModelError as error:
                _logger.warning("%s", error)
        if not words or self._synth is None:
            return b""
        return await loop.run_in_executor(_synthesis, self._speak, self._synth, words)

    def _load(self, trial: str = "") -> None:
        """Loads the voice, and tries it; `_problem` says from then on where it has none."""
        try:
            synth = self._synth or _load_synth(self.voice, self.speed, self.pitch, self.volume)
            if trial:
                synth.speak(trial)
        except LocalModelError as error:
            self._synth, self._problem = None, error
            raise
        self._synth, self._problem = synth, None

    @staticmethod
    def _speak(synth: Synth, words: str) -> bytes:
        return _trim(synth.speak(words))


async def _sentences(text: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """Yields whole sentences, the first as soon as its end is seen."""
    rest = ""
    longest = _FIRST_LONGEST
    async for delta in text:
        whole, rest = split_sentences(rest + delta, longest=longest)
        for sentence in whole:
            longest = _LONGEST
            yield sentence
    if rest:
        whole, rest = split_sentences(rest, longest=longest)
        for sentence in filter(None, [*whole, rest]):
            yield sentence


def _trim(pcm: bytes) -> bytes:
    """Takes off silence: all but 20 ms before the speech, and all but 250 ms after it."""
    samples = np.frombuffer(pcm, "<i2")
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _QUIET)
    if not loud.size:
        return b""
    start = max(0, int(loud[0]) - SAMPLE_RATE // 50)
    end = min(len(samples), int(loud[-1]) + SAMPLE_RATE // 4)
    return samples[start:end].tobytes()
