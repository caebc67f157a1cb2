"""PCM16 mono sound: durations, levels, and conversion of other sound to it."""

from __future__ import annotations

import base64
import html
import io
import math
import re
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from adk_nb.private_files import open_private
from adk_nb.resampling import resample

if TYPE_CHECKING:
    import os

    import numpy as np
    import numpy.typing as npt

    from adk_nb.sound_files import Floats

MICROPHONE_RATE = 16_000
"""The sample rate that live models listen to (Hz)."""

DEFAULT_RATE = 24_000
"""The sample rate of a model's audio if its MIME type names none (Hz)."""

_LARGEST_SHOWN = 10_000_000
"""The largest sound that a cell shows (bytes): it is kept in the notebook, a third larger."""

Sound: TypeAlias = "str | os.PathLike[str] | bytes | Clip | npt.ArrayLike | Any"
"""A sound file, PCM16LE mono at 16 kHz, a clip, samples; see `adk_nb.sound_input.clip_of`."""

_RATE = re.compile(r"""rate\s*=\s*["']?(\d{4,6})\b""", re.IGNORECASE)


def rate_of(mime_type: str | None) -> int:
    """Returns the sample rate (Hz) of a MIME type such as `audio/pcm;rate=24000`."""
    found = _RATE.search(mime_type or "")
    return int(found[1]) if found else DEFAULT_RATE


def duration_ms(n_bytes: int, rate: int) -> float:
    """Returns how long so many bytes of PCM16 mono last (ms)."""
    return n_bytes / 2 / rate * 1000


class _Samples(bytes):
    """Bytes that become base64 as text: FastAPI decodes those of a dataclass, which are no UTF-8.

    The alphabet is that of pydantic, which is asked where a route says that it returns a clip.
    """

    __slots__ = ()

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        del encoding, errors
        return base64.urlsafe_b64encode(self).decode("ascii")


@dataclass(frozen=True, slots=True)
class Clip:
    """A piece of sound that a cell can show and play.

    A web service returns it as JSON, with `pcm` in URL-safe base64.

    Attributes:
        pcm: PCM16LE samples, of several channels one after the other for each moment.
        rate: Samples a second (Hz).
        channels: How many channels there are: 1 for mono.
    """

    pcm: bytes
    rate: int = MICROPHONE_RATE
    channels: int = 1
    __pydantic_config__: ClassVar = {"ser_json_bytes": "base64", "val_json_bytes": "base64"}

    def __post_init__(self) -> None:
        if type(self.pcm) is bytes:
            object.__setattr__(self, "pcm", _Samples(self.pcm))

    @property
    def duration_ms(self) -> float:
        """How long it lasts (ms)."""
        return duration_ms(len(self.pcm), self.rate) / self.channels

    @property
    def samples(self) -> npt.NDArray[np.int16]:
        """The samples as an array of int16, shape `(n,)`, or `(n, channels)` for several."""
        import numpy as np

        samples = np.frombuffer(self.pcm, dtype="<i2")
        return samples if self.channels == 1 else samples.reshape(-1, self.channels)

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
            file.setnchannels(self.channels)
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(self.pcm)
        return buffer.getvalue()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes a WAV file, which only its owner can read if it is new, and returns its path."""
        target = Path(path).expanduser()
        with open_private(target, "wb") as file:
            file.write(self.wav())
        return target

    def __repr__(self) -> str:
        stereo = ", stereo" if self.channels == 2 else ""
        return f"Clip({self.duration_ms / 1000:.2f} s, {self.rate} Hz{stereo})"

    def _repr_html_(self) -> str:
        if not self.pcm:
            return html.escape("<Clip: no sound>")
        if len(self.pcm) > _LARGEST_SHOWN:
            text = f"{self!r}: too long to be shown in a notebook. Write it: clip.save('sound.wav')"
            return html.escape(text)
        data = base64.b64encode(self.wav()).decode("ascii")
        return f'<audio controls src="data:audio/wav;base64,{data}"></audio>'


def joined(*clips: Clip) -> Clip:
    """Returns one clip after the other, at the highest of their rates."""
    parts = [clip for clip in clips if clip.pcm]
    if len(parts) < 2:
        return parts[0] if parts else Clip(b"")
    rate = max(part.rate for part in parts)
    return Clip(b"".join(at_rate(part, rate).pcm for part in parts), rate)


def at_rate(clip: Clip, rate: int) -> Clip:
    """Returns a mono clip at another rate (Hz)."""
    if clip.rate == rate or not clip.pcm:
        return Clip(clip.pcm, rate)
    return Clip(pcm16(resample(clip.samples.astype("f4") / 32768, clip.rate, rate)), rate)


def mono(clip: Clip) -> Clip:
    """Returns a clip of several channels as one, in which all of them sound."""
    import numpy as np

    if clip.channels == 1:
        return clip
    together = clip.samples.astype("i4").sum(axis=1)
    return Clip(np.clip(together, -32768, 32767).astype("<i2").tobytes(), clip.rate)


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


def pcm16(samples: Floats) -> bytes:
    """Returns samples in -1..1 as PCM16LE; what goes beyond is clipped."""
    import numpy as np

    return np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tobytes()
