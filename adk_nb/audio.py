"""PCM16 mono sound: durations, levels, and conversion of other sound to it."""

from __future__ import annotations

import base64
import html
import io
import math
import re
import wave
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from adk_nb.exceptions import AudioError
from adk_nb.private_files import open_private
from adk_nb.resampling import resample
from adk_nb.sound_files import read_sound

if TYPE_CHECKING:
    import os

    import numpy as np
    import numpy.typing as npt

    from adk_nb.sound_files import Floats

MICROPHONE_RATE = 16_000
"""The sample rate that live models listen to (Hz)."""

DEFAULT_RATE = 24_000
"""The sample rate of a model's audio if its MIME type names none (Hz)."""

Sound: TypeAlias = "str | os.PathLike[str] | bytes | Clip | npt.NDArray[np.generic]"
"""A sound file, PCM16LE mono at 16 kHz, a clip, or an array of samples at 16 kHz."""

_RATE = re.compile(r"""rate\s*=\s*["']?(\d{4,6})\b""", re.IGNORECASE)


def rate_of(mime_type: str | None) -> int:
    """Returns the sample rate (Hz) of a MIME type such as `audio/pcm;rate=24000`."""
    found = _RATE.search(mime_type or "")
    return int(found[1]) if found else DEFAULT_RATE


def duration_ms(n_bytes: int, rate: int) -> float:
    """Returns how long so many bytes of PCM16 mono last (ms)."""
    return n_bytes / 2 / rate * 1000


@dataclass(frozen=True, slots=True)
class Clip:
    """A piece of sound that a cell can show and play.

    Attributes:
        pcm: PCM16LE mono samples.
        rate: Samples a second (Hz).
    """

    pcm: bytes
    rate: int = MICROPHONE_RATE

    @property
    def duration_ms(self) -> float:
        """How long it lasts (ms)."""
        return duration_ms(len(self.pcm), self.rate)

    @property
    def samples(self) -> npt.NDArray[np.int16]:
        """The samples as an array of int16, shape `(n,)`."""
        import numpy as np

        return np.frombuffer(self.pcm, dtype="<i2")

    @property
    def level_db(self) -> float:
        """The root mean square level (dB below full scale; -inf for silence)."""
        loudness = Loudness()
        loudness.add(self.pcm)
        return loudness.level_db

    def wav(self) -> bytes:
        """Returns the bytes of a WAV file of this sound."""
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(self.pcm)
        return buffer.getvalue()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes a WAV file, which only its owner can read if it is new, and returns its path."""
        target = Path(path)
        with open_private(target, "wb") as file:
            file.write(self.wav())
        return target

    def __repr__(self) -> str:
        return f"Clip({self.duration_ms / 1000:.2f} s, {self.rate} Hz)"

    def _repr_html_(self) -> str:
        if not self.pcm:
            return html.escape("<Clip: no sound>")
        data = base64.b64encode(self.wav()).decode("ascii")
        return f'<audio controls src="data:audio/wav;base64,{data}"></audio>'


def joined(first: Clip, second: Clip) -> Clip:
    """Returns one clip after the other, at the rate of the second."""
    if not first.pcm or not second.pcm:
        return first if first.pcm else second
    samples = resample(first.samples.astype("f4") / 32768, first.rate, second.rate)
    return Clip(_pcm(samples) + second.pcm, second.rate)


class Loudness:
    """The level of sound that comes in pieces."""

    def __init__(self) -> None:
        self._squares = 0.0
        self._samples = 0

    def add(self, pcm: bytes) -> None:
        """Adds a piece, PCM16LE."""
        import numpy as np

        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
        self._squares += float(np.dot(samples, samples))
        self._samples += len(samples)

    @property
    def level_db(self) -> float:
        """The root mean square level (dB below full scale; -inf for silence)."""
        power = self._squares / max(1, self._samples) / 32768**2
        return 10 * math.log10(power) if power else -math.inf


class SpeechLevel:
    """Distinguishes speech from a room's noise by level alone.

    It is for the log; models detect speech themselves. A frame is loud if it is well above the
    noise level, which follows a quieter frame at once and a louder one slowly.
    """

    _FLOOR_DB = -50.0
    _MARGIN_DB = 12.0
    _CREEP_DB = 0.02

    def __init__(self) -> None:
        self._noise_db = self._FLOOR_DB

    def loud(self, pcm: bytes) -> bool:
        """Whether a frame of PCM16LE is loud; call it for each frame in turn."""
        level_db = Clip(pcm).level_db
        self._noise_db = max(self._FLOOR_DB, min(level_db, self._noise_db + self._CREEP_DB))
        return level_db > self._noise_db + self._MARGIN_DB


def clip_of(sound: Sound) -> Clip:
    """Returns any kind of sound as 16 kHz mono, the way a microphone would send it.

    Args:
        sound: A path of a sound file (WAV; FLAC, OGG and MP3 with soundfile), PCM16LE mono bytes
            at 16 kHz, the bytes of a WAV file, a `Clip`, or an array at 16 kHz: int16, or floats
            in -1..1.

    Raises:
        AudioError: There is no such file, it cannot be read here, or it holds no sound.
    """
    import numpy as np

    if isinstance(sound, bytes | bytearray) and not sound.startswith(b"RIFF"):
        if len(sound) % 2:
            raise AudioError(
                "PCM16 has two bytes a sample, and these are an odd number.",
                remedy="Give PCM16LE mono at 16 kHz, or the path of a sound file.",
            )
        clip = Clip(bytes(sound))
    elif isinstance(sound, Clip):
        clip = _clip(sound.samples.astype(np.float32) / 32768, sound.rate)
    elif isinstance(sound, np.ndarray):
        if sound.dtype.kind not in "iuf":
            raise AudioError(
                f"An array of {sound.dtype} is no sound.",
                remedy="Give samples at 16 kHz: int16, or floats in -1..1.",
            )
        scale = 32768 if sound.dtype.kind == "i" else 1
        clip = _clip(sound.astype(np.float32) / scale, MICROPHONE_RATE)
    elif isinstance(sound, str | bytes | bytearray | PathLike):
        clip = _clip(*read_sound(sound))
    else:
        raise AudioError(
            f"{type(sound).__name__} is no sound.",
            remedy="Give the path of a sound file, PCM16LE bytes at 16 kHz, a Clip, or an array.",
        )
    if not clip.pcm:
        raise AudioError("There is no sound in it.", remedy="Give at least one sample.")
    return clip


def _clip(samples: Floats, rate: int) -> Clip:
    if samples.ndim == 2:
        samples = samples.mean(axis=1)
    return Clip(_pcm(resample(samples, rate, MICROPHONE_RATE)), MICROPHONE_RATE)


def _pcm(samples: Floats) -> bytes:
    import numpy as np

    return np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tobytes()
