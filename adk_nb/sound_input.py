"""Takes sound in every form in which Python programs hand it about, for `speak`.

Files and the bytes of files are known by their first bytes. What is ambiguous is refused with the
reason, as sound that is read wrongly is noise to a model, which is sent and paid for.
"""

from __future__ import annotations

import functools
import warnings
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from adk_nb.audio import MICROPHONE_RATE, Clip, pcm16
from adk_nb.exceptions import AudioError
from adk_nb.raw_pcm import pcm16_samples
from adk_nb.resampling import FloatResampler
from adk_nb.sound_files import BLOCK, RATES, container_of, read_sound

if TYPE_CHECKING:
    from adk_nb.sound_files import Floats

Channel: TypeAlias = 'Literal["left", "right"] | int | None'
"""Which channel of several; None mixes them."""

_MOST_CHANNELS = 8
_OVERSHOOT = 1.5
"""Resampled sound goes somewhat beyond 1; what goes further is at another scale."""
_CANCELS = 0.1
"""A mix that has so little of the level of its channels has lost most of them."""
_GIVE = (
    "Give the path of a sound file, its bytes, PCM16LE bytes at 16 kHz, a Clip, or an array of "
    "samples with rate=."
)
_BINARY = 'Open it with open(path, "rb"), or give its path.'


def clip_of(sound: Any, rate: int | None = None, channel: Channel = None) -> Clip:
    """Returns any kind of sound as 16 kHz mono, the way a microphone would send it.

    Args:
        sound: The path of a sound file, its bytes, or an open file (WAV; others with soundfile, or
            with ffmpeg where it is installed); raw PCM16LE mono; a `Clip`; an array, a tensor or a
            list of samples of shape `(n,)`, `(n, channels)` or `(channels, n)`, whole numbers at
            the scale of their type, or floats in -1..1; `(rate, samples)` or `(samples, rate)`;
            IPython's `Audio`; an upload of ipywidgets.
        rate: The rate of samples that do not state one (Hz), by default 16,000. Bytes that are no
            file are PCM16LE if it is given, or if they look like it.
        channel: Which channel: `"left"`, `"right"` or a number from 0. By default all are mixed.

    Raises:
        AudioError: There is no such file, it cannot be read here, what it is cannot be told, or it
            holds no sound.
    """
    sound = _unwrapped(sound)
    make = functools.partial(_Mono, channel)
    if isinstance(sound, str | PathLike):
        return read_sound(_path(sound), make).clip()
    if isinstance(sound, bytes) and container_of(sound):
        return read_sound(sound, make).clip()
    samples, found = _samples(sound, rate)
    samples = samples[:, None] if samples.ndim == 1 else samples
    mono = make(found, samples.shape[1])
    for start in range(0, len(samples), BLOCK):
        mono.push(samples[start : start + BLOCK])
    return mono.clip()


def _unwrapped(sound: Any) -> Any:
    """Returns what is in an upload, an `Audio` or an open file."""
    name = type(sound).__name__
    if name == "FileUpload":
        sound = sound.value
    if isinstance(sound, tuple | list) and sound and isinstance(sound[0], dict):
        sound = sound[0]
    if isinstance(sound, dict) and "content" in sound:
        sound = sound["content"]
    elif name == "Audio" and isinstance(getattr(sound, "data", None), bytes):
        sound = sound.data  # IPython makes a WAV file of arrays.
    elif hasattr(sound, "read") and not isinstance(sound, str | PathLike):
        sound = _read(sound)
    if isinstance(sound, bytearray | memoryview):
        sound = bytes(sound)
    return sound


def _read(opened: Any) -> Any:
    try:
        data = opened.read()
    except (OSError, ValueError) as error:
        raise AudioError(f"The open file cannot be read: {error}.", remedy=_BINARY) from error
    if isinstance(data, str):
        raise AudioError("The open file holds text.", remedy=_BINARY)
    return data


def _path(sound: str | PathLike[str]) -> Path:
    try:
        return Path(sound).expanduser()
    except RuntimeError as error:  # There is no such user.
        raise AudioError(f"There is no file {str(sound)!r}: {error}", remedy=_GIVE) from error


def _samples(sound: Any, rate: Any) -> tuple[Floats, int]:
    """Returns samples of shape `(n,)` or `(n, channels)` in -1..1, and their rate (Hz)."""
    if isinstance(sound, Clip):
        return sound.samples.astype(np.float32) / 32768, sound.rate
    if isinstance(sound, bytes):
        return pcm16_samples(sound, asked=rate is not None), _rate(rate)
    if isinstance(sound, tuple | list) and len(sound) == 2:
        for first, second in (sound, sound[::-1]):
            if np.isscalar(first) and not isinstance(first, str) and not np.isscalar(second):
                return _scaled(_array(second)), _rate(first)
    return _scaled(_array(sound)), _rate(rate)


def _rate(rate: Any) -> int:
    """Returns a rate in whole Hz; librosa's are floats."""
    if rate is None:
        return MICROPHONE_RATE
    try:
        whole = int(rate)
        if whole == rate and RATES[0] <= whole <= RATES[1]:
            return whole
    except (TypeError, ValueError, OverflowError):
        pass
    raise AudioError(
        f"{rate!r} samples a second are no rate of sound.",
        remedy=f"It is a whole number from {RATES[0]} up, such as rate=16000.",
    )


def _array(sound: Any) -> Any:
    """Returns an array of what is one, or can be made one; no library is imported for that."""
    if isinstance(sound, dict | set) or sound is None or np.isscalar(sound):
        raise AudioError(f"{type(sound).__name__} is no sound.", remedy=_GIVE)
    try:
        if isinstance(sound, tuple | list) and sound and hasattr(sound[0], "numpy"):
            return np.asarray([_of_tensor(one) for one in sound])
        return np.asarray(_of_tensor(sound))
    except Exception as error:
        what = f"{type(sound).__name__} is no sound that can be read: {error}."
        raise AudioError(what, remedy=_GIVE) from error


def _of_tensor(sound: Any) -> Any:
    for step in ("detach", "cpu", "numpy"):  # Tensors of PyTorch may be on a GPU.
        if hasattr(sound, step) and not isinstance(sound, np.ndarray):
            sound = getattr(sound, step)()
    return sound


def _scaled(samples: Any) -> Floats:
    """Returns samples in -1..1, of shape `(n,)` or `(n, channels)`."""
    if samples.dtype.kind not in "iuf":
        raise AudioError(f"An array of {samples.dtype} is no sound.", remedy=_GIVE)
    floats = samples.astype(np.float32)
    if not np.isfinite(floats).all():
        raise AudioError(
            "There are values in it that are no numbers (NaN or infinity).",
            remedy="Find out where they come from; numpy.nan_to_num(samples) makes them 0.",
        )
    peak = float(np.abs(floats).max(initial=0.0))
    return _by_channel(floats / _scale(samples.dtype, peak) - (samples.dtype == np.uint8))


def _scale(dtype: Any, peak: float) -> float:
    """Returns what a full-scale sample is, of samples of a dtype and with that peak."""
    if dtype.kind == "f":
        if peak > _OVERSHOOT:
            raise AudioError(
                f"Floats are samples in -1..1, and these go up to {peak:.4g}.",
                remedy="Divide them by their full scale: by 32768, if they were PCM16.",
            )
        return 1.0
    if dtype == np.uint8:
        return 128.0
    bits = 8 * dtype.itemsize
    if dtype.kind == "u":
        raise AudioError(
            f"{dtype} is no form of samples: it has no sign.", remedy="Give int16, or floats."
        )
    if bits <= 16:
        return float(2 ** (bits - 1))
    if bits == 64 and peak <= 2**15:  # What a list of whole numbers becomes.
        return 2.0**15
    if 0 < peak <= 2**23:
        how = 'astype("int16")' if peak <= 2**15 else "astype(float) / 2**23"
        raise AudioError(
            f"Samples of {dtype} go up to 2147483648, and these to {peak:.0f}.",
            remedy=f"Say {how}, if they are of {16 if peak <= 2**15 else 24} bits.",
        )
    return float(2**31)


def _by_channel(samples: Floats) -> Floats:
    """Returns samples of shape `(n,)` or `(n, channels)`: there are fewer channels than samples."""
    if samples.ndim == 1:
        return samples
    if samples.ndim == 2 and min(samples.shape) <= _MOST_CHANNELS:
        n, channels = samples.shape
        if n > _MOST_CHANNELS or channels == 1:
            return samples
        if channels > _MOST_CHANNELS or n == 1:
            return samples.T
    raise AudioError(
        f"Which axis of the shape {samples.shape} is that of the channels cannot be told.",
        remedy="Give the shape (n,), (n, channels) or (channels, n), with at most 8 channels.",
    )


class _Mono:
    """Makes 16 kHz mono of sound that comes in pieces: hours of it fit into little memory.

    Args:
        channel: Which channel it takes; None mixes them.
        rate: The rate of what comes (Hz).
        channels: How many channels it has.
    """

    def __init__(self, channel: Channel, rate: int, channels: int) -> None:
        self._index = _index(channel, channels)
        self._resampler = FloatResampler(rate, MICROPHONE_RATE)
        self._pcm: list[bytes] = []
        # The sums of the squares of the mix, and of the channels' samples divided by their number.
        self._mixed = self._power = 0.0

    def push(self, block: Floats) -> None:
        """Takes samples, in -1..1, of shape `(n, channels)`."""
        if self._index is not None:
            mono = block[:, self._index]
        else:
            mono = block.mean(axis=1, dtype=np.float64)
            self._mixed += float(np.sum(mono**2))
            self._power += float(np.sum(block.astype(np.float64) ** 2)) / block.shape[1]
        self._pcm.append(pcm16(self._resampler.push(mono.astype(np.float32))))

    def clip(self) -> Clip:
        """Returns all that came."""
        self._pcm.append(pcm16(self._resampler.rest()))
        if self._mixed < _CANCELS**2 * self._power:
            warnings.warn(
                'The channels cancel each other out: choose one with channel="left".', stacklevel=3
            )
        pcm = b"".join(self._pcm)
        if not pcm:
            raise AudioError("There is no sound in it.", remedy="Give at least one sample.")
        return Clip(pcm, MICROPHONE_RATE)


def _index(channel: Channel, channels: int) -> int | None:
    """Returns the number of the channel to take; None where all are mixed."""
    if channel is None:
        return 0 if channels == 1 else None
    index: Any = {"left": 0, "right": 1}.get(str(channel), channel)
    if not isinstance(index, int | np.integer) or not 0 <= index < channels:
        there = "is 1" if channels == 1 else f"are {channels}"
        raise AudioError(
            f"There is no channel {channel!r}: there {there}.",
            remedy='Say "left", "right", or a number from 0.',
        )
    return int(index)
