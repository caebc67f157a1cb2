"""Reads sound files: plain WAV with Python's `wave`, others with soundfile if it is installed."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import numpy as np

from adk_nb.exceptions import AudioError

if TYPE_CHECKING:
    import os

    import numpy.typing as npt

    Source: TypeAlias = str | os.PathLike[str] | bytes | bytearray
    Floats: TypeAlias = npt.NDArray[np.floating[Any]]

_RATES = (1_000, 768_000)
"""The sample rates (Hz) that a file may state: with others it is damaged."""
_BLOCK = 1 << 16
"""Samples that are read at once: a damaged file may state any length."""
_GIVE = "Give the path of a WAV, FLAC, OGG or MP3 file."
_INSTALL = (
    "Without soundfile only plain WAV can be read (PCM with 8, 16, 24 or 32 bits). For this one "
    "run pip install 'adk-nb[audio]', and then this cell again."
)


def read_sound(source: Source) -> tuple[Floats, int]:
    """Returns the samples of a sound file, in -1..1 and mono, and its rate (Hz).

    Raises:
        AudioError: There is no such file, or it cannot be read.
    """
    raw = isinstance(source, bytes | bytearray)
    name = "These bytes" if raw else repr(str(source))
    try:
        opened = _opened(source)
    except (OSError, TypeError, ValueError) as error:
        raise AudioError(f"{name} cannot be read as sound: {error}.", remedy=_GIVE) from error
    with opened:
        try:
            samples, rate = _read_wav(opened)
        except Exception as error:
            # `wave` raises various errors for a damaged file, also a RuntimeError without text.
            samples, rate = _read_other(source, name, error)
    if not _RATES[0] <= rate <= _RATES[1]:
        raise AudioError(
            f"{name} cannot be read as sound: {rate} samples a second are stated in it.",
            remedy="It is damaged; write it anew.",
        )
    return samples, rate


def _opened(source: Source) -> IO[bytes]:
    if isinstance(source, bytes | bytearray):
        return io.BytesIO(source)
    return Path(source).open("rb")


def _read_wav(opened: IO[bytes]) -> tuple[Floats, int]:
    with wave.open(opened, "rb") as file:
        width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
        frames = file.readframes(file.getnframes())
    samples = _as_floats(frames[: len(frames) // (width * channels) * width * channels], width)
    return samples.reshape(-1, channels).mean(axis=1), rate


def _as_floats(data: bytes, width: int) -> Floats:
    """Returns PCM samples of so many bytes each in -1..1."""
    if width == 1:  # The only width whose samples have no sign.
        return np.frombuffer(data, np.uint8).astype(np.float32) / 128 - 1
    if width == 3:
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        data, width = padded.tobytes(), 4
    return np.frombuffer(data, f"<i{width}").astype(np.float32) / 2.0 ** (8 * width - 1)


def _read_other(source: Source, name: str, error: Exception) -> tuple[Floats, int]:
    try:
        import soundfile
    except (ImportError, OSError):
        said = str(error) or "it is damaged"
        raise AudioError(f"{name} cannot be read as sound: {said}.", remedy=_INSTALL) from error
    file_or_path = io.BytesIO(source) if isinstance(source, bytes | bytearray) else source
    try:
        with soundfile.SoundFile(file_or_path) as file:
            parts = [np.zeros(0, np.float32)]
            while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
                parts.append(np.nan_to_num(block).mean(axis=1))
            return np.concatenate(parts), int(file.samplerate)
    except Exception as failed:
        # libsndfile's message names a stream by its address, and may be empty.
        said = str(getattr(failed, "error_string", failed)).rstrip(".") or "it is damaged"
        raise AudioError(f"{name} cannot be read as sound: {said}.", remedy=_GIVE) from failed
