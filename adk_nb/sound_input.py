"""Takes sound in every form in which Python programs hand it about, for `speak`.

Files and the bytes of files are known by their first bytes. What is ambiguous is refused with the
reason, as sound that is read wrongly is noise to a model, which is sent and paid for.
"""

from __future__ import annotations

import warnings
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from adk_nb.audio import MICROPHONE_RATE, Clip
from adk_nb.exceptions import AudioError
from adk_nb.resampling import resample
from adk_nb.sound_files import RATES, container_of, read_sound

if TYPE_CHECKING:
    from adk_nb.sound_files import Floats

Channel: TypeAlias = 'Literal["left", "right"] | int | None'
"""Which channel of several; None mixes them."""

_MOST_CHANNELS = 8
_OVERSHOOT = 1.5
"""Resampled sound goes somewhat beyond 1; what goes further is at another scale."""
_NOISE_LEVEL, _NOISE_STEPS = 0.3, 1.5
"""Compressed bytes, taken for samples, are as loud, and step as far from one to the next."""
_CANCELS = 0.1
"""A mix that has so little of the level of its channels has lost most of them."""
_GIVE = (
    "Give the path of a sound file, its bytes, PCM16LE bytes at 16 kHz, a Clip, or an array of "
    "samples with rate=."
)


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
    samples, found = _samples(_unwrapped(sound), rate)
    if not RATES[0] <= found <= RATES[1]:
        raise AudioError(
            f"{found} samples a second are no rate of sound.", remedy=f"It is from {RATES[0]} up."
        )
    mono = _mono(samples, channel)
    pcm = np.clip(np.rint(resample(mono, found, MICROPHONE_RATE) * 32768), -32768, 32767)
    if not len(pcm):
        raise AudioError("There is no sound in it.", remedy="Give at least one sample.")
    return Clip(pcm.astype("<i2").tobytes(), MICROPHONE_RATE)


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
        sound = sound.read()
    if isinstance(sound, bytearray | memoryview):
        sound = bytes(sound)
    return sound


def _samples(sound: Any, rate: int | None) -> tuple[Floats, int]:
    """Returns samples of shape `(n,)` or `(n, channels)` in -1..1, and their rate (Hz)."""
    if isinstance(sound, Clip):
        return sound.samples.astype(np.float32) / 32768, sound.rate
    if isinstance(sound, str | PathLike):
        return read_sound(Path(sound).expanduser())
    if isinstance(sound, bytes):
        return read_sound(sound) if container_of(sound) else (_pcm16(sound, rate), _or_16k(rate))
    if isinstance(sound, tuple | list) and len(sound) == 2:
        for first, second in (sound, sound[::-1]):
            if isinstance(first, int | np.integer) and not np.isscalar(second):
                return _scaled(_array(second)), int(first)
    return _scaled(_array(sound)), _or_16k(rate)


def _or_16k(rate: int | None) -> int:
    return MICROPHONE_RATE if rate is None else int(rate)


def _pcm16(data: bytes, rate: int | None) -> Floats:
    if len(data) % 2:
        raise AudioError(
            "PCM16 has two bytes a sample, and these are an odd number.",
            remedy="Give PCM16LE mono at 16 kHz, or the path of a sound file.",
        )
    samples = np.frombuffer(data, "<i2").astype(np.float32) / 32768
    if rate is None and len(samples) > 1:
        power = float(np.mean(samples**2))
        steps = float(np.mean(np.diff(samples) ** 2))
        if power > _NOISE_LEVEL**2 and steps > _NOISE_STEPS * power:
            raise AudioError(
                "These bytes are no sound file that is known here, and as PCM16LE they would be "
                "noise.",
                remedy="Give the path of the file; or rate=16000, if they are PCM16LE.",
            )
    return samples


def _array(sound: Any) -> Any:
    """Returns an array of what is one, or can be made one; no library is imported for that."""
    for step in ("detach", "cpu", "numpy"):  # Tensors; those of PyTorch may be on a GPU.
        if hasattr(sound, step) and not isinstance(sound, np.ndarray):
            sound = getattr(sound, step)()
    if isinstance(sound, dict | set) or sound is None or np.isscalar(sound):
        raise AudioError(f"{type(sound).__name__} is no sound.", remedy=_GIVE)
    try:
        return np.asarray(sound)
    except Exception as error:
        raise AudioError(f"{type(sound).__name__} is no sound.", remedy=_GIVE) from error


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
    if bits == 64 and peak < 2**15:  # What a list of whole numbers becomes.
        return 2.0**15
    if 0 < peak < 2**15:
        raise AudioError(
            f"Samples of {dtype} go up to 2147483648, and these to {peak:.0f}.",
            remedy='Say astype("int16"), if they are PCM16.',
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


def _mono(samples: Floats, channel: Channel) -> Floats:
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    if channel is not None:
        index: Any = {"left": 0, "right": 1}.get(str(channel), channel)
        if not isinstance(index, int) or not 0 <= index < channels:
            raise AudioError(
                f"There is no channel {channel!r}: there is {channels}."
                if channels == 1
                else f"There is no channel {channel!r}: there are {channels}.",
                remedy='Say "left", "right", or a number from 0.',
            )
        found: Floats = samples.reshape(len(samples), -1)[:, index]
        return found
    if channels == 1:
        return samples.reshape(-1)
    mixed: Floats = samples.mean(axis=1)
    if _level(mixed) < _CANCELS * _level(samples):
        warnings.warn(
            'The channels cancel each other out: choose one with channel="left".', stacklevel=3
        )
    return mixed


def _level(samples: Floats) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if samples.size else 0.0
