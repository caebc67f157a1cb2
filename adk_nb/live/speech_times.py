"""When the user spoke: found in the sound of a turn, for every model alike.

Speech ends with the last frame of 20 ms within 20 dB of the utterance's peak. Where noise is as
loud as that, the end is put half-way between the last frame above the noise and the end of what
Silero's voice detector takes for a voice, less the time by which that is late (its median over 56
clips of humans and of three synthesisers). `tests/truth/test_speech_ends.py` states how far off
both are.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from adk_nb.audio import MICROPHONE_RATE
from adk_nb.exceptions import LocalModelError
from adk_nb.local.endpointing import WINDOW_SAMPLES
from adk_nb.local.parts import load_first
from adk_nb.local.vad import VADS
from adk_nb.log.gaps import clock_offset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from adk_nb.audio import Clip
    from adk_nb.local.vad import VoiceActivity
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.log_row import LogRow

    Floats = npt.NDArray[np.floating[Any]]
    Bools = npt.NDArray[np.bool_]

_HOP = MICROPHONE_RATE // 100
_FRAME = 2 * _HOP
_RANGE_DB = 20.0
"""What is this much quieter than the utterance's peak is no longer speech (dB)."""
_ABOVE_NOISE_DB = 3.0
"""What is this much louder than the noise stands out of it (dB)."""
_VOICED, _QUIET = 0.5, 0.2
"""From which probability on a window is a voice, and below which it is none."""
_VAD_LATE_S = 0.09
"""By how much the detector goes on after the end of speech (s)."""
_TAIL_FRAMES = 10
"""So many frames after the last voiced one may belong to the speech (of 10 ms)."""
_PAUSE_FRAMES = 200
"""A pause of so many frames parts two utterances (of 10 ms)."""
_SILENCE_DB = -120.0
_LOUD_DB = 12.0
"""Without a detector, what is this much louder than the noise is taken for a voice (dB)."""
_LONGEST_S = 60.0
"""How much of a turn's sound is looked at, its end (s)."""

_KEPT_TURNS = 20
"""Of so many turns it is known where their sound is."""
_ANSWERS = {"agent_audio", "agent_transcript", "agent_text", "tool_call", "turn_ended"}
"""Kinds of rows by which the user has said what there was to say."""


class Speech(NamedTuple):
    """Where the last utterance in a sound is.

    Attributes:
        start: Its beginning (s from the beginning of the sound).
        end: Its end (s).
    """

    start: float
    end: float


def last_utterance(
    samples: npt.NDArray[np.int16], probabilities: Floats | None = None
) -> Speech | None:
    """Returns the last utterance in a sound at 16 kHz; None if there is no voice in it.

    Args:
        samples: The sound, shape `(n,)`.
        probabilities: The probability of a voice in each of its windows of 512 samples, shape
            `(n // 512,)`; by default the level alone decides.
    """
    level_db = _levels(samples)
    if not len(level_db):
        return None
    voiced, quiet = _voices(level_db, probabilities)
    frames = np.flatnonzero(voiced)
    if not len(frames):
        return None
    noise_db = float(np.median(level_db[quiet])) if quiet.any() else _SILENCE_DB
    breaks = np.flatnonzero(np.diff(frames) > _PAUSE_FRAMES)
    first = int(frames[breaks[-1] + 1]) if len(breaks) else int(frames[0])
    last = int(frames[-1])
    near = slice(max(0, first - _TAIL_FRAMES), last + _TAIL_FRAMES + 1)
    level_db = level_db[near]
    least_db = float(level_db[voiced[near]].max()) - _RANGE_DB
    clear = least_db >= noise_db + _ABOVE_NOISE_DB
    loud = np.flatnonzero(level_db >= (least_db if clear else noise_db + _ABOVE_NOISE_DB))
    voice_end = _seconds(last + 2) - (0.0 if probabilities is None else _VAD_LATE_S)
    if not len(loud):  # The level tells nothing of a voice that is no louder than the noise.
        return Speech(_seconds(first), max(_seconds(first), voice_end))
    start, end = _seconds(near.start + int(loud[0])), _seconds(near.start + int(loud[-1]) + 2)
    if not clear and probabilities is not None:
        end = (end + voice_end) / 2
    return Speech(start, max(start, end))


def _levels(samples: npt.NDArray[np.int16]) -> Floats:
    """Returns the level of each frame of 20 ms, one each 10 ms (dBFS)."""
    blocks = samples[: len(samples) // _HOP * _HOP].reshape(-1, _HOP).astype(np.float32)
    power = np.mean(np.square(blocks), axis=1) / 32768**2
    level_db: Floats = 10 * np.log10((power[1:] + power[:-1]) / 2 + 10 ** (_SILENCE_DB / 10))
    return level_db


def _voices(level_db: Floats, probabilities: Floats | None) -> tuple[Bools, Bools]:
    """Returns in which frames there is a voice, and in which certainly none."""
    if probabilities is None or not len(probabilities):
        floor_db = float(np.clip(np.percentile(level_db, 10), -62, -35))
        voiced = level_db > floor_db + _LOUD_DB
        return voiced, ~voiced
    ends = np.arange(len(level_db)) * _HOP + _FRAME - 1
    of_frame = probabilities[np.minimum(ends // WINDOW_SAMPLES, len(probabilities) - 1)]
    return of_frame >= _VOICED, of_frame < _QUIET


def _seconds(hops: int) -> float:
    return hops * _HOP / MICROPHONE_RATE


class Detector:
    """Silero over whole sounds, on any thread."""

    def __init__(self, load: Callable[[], VoiceActivity]) -> None:
        self._lock = threading.Lock()
        self._load = load

    @functools.cached_property
    def _vad(self) -> VoiceActivity | None:
        try:
            return self._load()
        except LocalModelError:
            return None  # The level decides, and the rows say so.

    def probabilities(self, samples: npt.NDArray[np.int16]) -> Floats | None:
        """Returns the probability of a voice in each window of 512 samples; None without Silero."""
        with self._lock:
            vad = self._vad
            if vad is None:
                return None
            vad.reset()
            windows = len(samples) // WINDOW_SAMPLES
            parts = samples[: windows * WINDOW_SAMPLES].reshape(windows, WINDOW_SAMPLES)
            return np.fromiter(map(vad.probability, parts), np.float64, windows)


DETECTOR = Detector(lambda: load_first(VADS))


class Times(Protocol):
    """Finds the user's speech in a sound."""

    def __call__(self, samples: npt.NDArray[np.int16]) -> tuple[Speech | None, str]:
        """Returns the last utterance, and by what it was found: `vad` or `level`."""


def find(samples: npt.NDArray[np.int16]) -> tuple[Speech | None, str]:
    """Returns the last utterance in a sound at 16 kHz, and by what it was found."""
    probabilities = DETECTOR.probabilities(samples)
    return last_utterance(samples, probabilities), "level" if probabilities is None else "vad"


@dataclass
class _Heard:
    """What the rows say of the user's sound in a turn.

    Attributes:
        rows: The rows of its sound.
        spoken: Whether the model has heard words in it.
        searched_ms: How much of it there was when it was searched last (ms).
        found: When the user spoke (s on the session's clock).
    """

    rows: list[LogRow]
    spoken: bool = False
    searched_ms: float = 0.0
    found: tuple[float, float] | None = None

    @property
    def ms(self) -> float:
        """How much of it there is (ms)."""
        return sum(row.audio_ms or 0.0 for row in self.rows)

    def at(self, position: float) -> float:
        """Converts a position in the sound (s) to the session's clock (s), pauses included."""
        return position + clock_offset(self.rows, position)


class SpeechTimes:
    """Adds a row `user_speech` to a log when a spoken turn is answered or ends; it is a `Sink`.

    The sound is searched in a thread, so the row comes a little later.

    Args:
        log: The log.
        find: Finds speech in a sound.
    """

    def __init__(self, log: EventLog, find: Times = find) -> None:
        self._log = log
        self._find = find
        self._heard: dict[int, _Heard] = {}
        self._searches: dict[int, asyncio.Task[None]] = {}
        log.sinks.append(self)

    def row(self, row: LogRow) -> None:
        """Takes a row that was added or has grown."""
        if row.kind == "user_audio":
            self._sounds(row)
            return
        heard = self._heard.get(row.turn)
        if heard is None:
            return
        heard.spoken |= row.kind == "user_transcript"
        if row.kind in _ANSWERS:
            self._search(row.turn, heard)

    def _sounds(self, row: LogRow) -> None:
        heard = self._heard.get(row.turn)
        if heard is None:
            heard = self._heard[row.turn] = _Heard([])
            for turn in list(self._heard)[:-_KEPT_TURNS]:
                del self._heard[turn]
        if not heard.rows or heard.rows[-1] is not row:
            heard.rows.append(row)

    def sound(self, kind: str, turn: int, pcm: bytes, rate: int) -> None:
        """Takes sound, which is read from the log when it is wanted."""

    def sound_forgotten(self, kind: str, turn: int) -> None:
        """Sound was forgotten; when it was said stays known."""

    async def known(self, turns: Iterable[int] | None = None) -> None:
        """Waits until the searches are over, of some turns or all."""
        wanted = self._searches if turns is None else turns
        tasks = [self._searches[turn] for turn in wanted if turn in self._searches]
        if tasks:
            await asyncio.wait(tasks)

    def _search(self, turn: int, heard: _Heard) -> None:
        if not heard.spoken or turn in self._searches or heard.ms == heard.searched_ms:
            return
        heard.searched_ms = heard.ms
        clip = self._log.clip_end("user_audio", turn, _LONGEST_S)
        task = asyncio.ensure_future(self._found(turn, heard, clip))
        self._searches[turn] = task
        task.add_done_callback(lambda _task: self._searches.pop(turn, None))

    async def _found(self, turn: int, heard: _Heard, clip: Clip) -> None:
        before = max(0.0, heard.ms - clip.duration_ms) / 1000
        speech, by = await asyncio.to_thread(self._find, clip.samples)
        if speech is None:
            return
        start, end = heard.at(before + speech.start), heard.at(before + speech.end)
        if heard.found == (start, end):
            return
        heard.found = (start, end)
        by = "file" if heard.rows[-1].by == "file" else by
        self._log.add("bridge", "user_speech", t=start, turn=turn, speech_t=end, by=by)
