"""Tells raw PCM16 from other bytes, which would be noise at full scale, sent to a model and paid.

Speech moves around zero, never fills the whole range, and changes little from a sample to the next.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from adk_nb.exceptions import AudioError

if TYPE_CHECKING:
    import numpy.typing as npt

_LOUD, _STEPS = 0.3, 1.5
"""Compressed bytes, taken for samples, are as loud, and step as far from one to the next."""
_FULL = 0.75
"""As loud, of 1, is no speech: a sine at full scale has 0.71."""
_OFFSET = 0.1
"""Text and samples without a sign have a mean that is further from 0."""
_LOOKED_AT = 4096
"""Bytes at the beginning in which another header is looked for."""
_TEXT = re.compile(rb"(\xef\xbb\xbf)?[\t\n\r\x20-\x7e]{16}")
"""Sixteen signs of text would be loud samples that are all above zero."""
_NO_SOUND = {
    b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"PK\3\4": "ZIP",
    b"\x1f\x8b": "gzip", b"%PDF": "PDF", b"\x80\4\x95": "pickle", b"\x93NUMPY": "NumPy's format",
    b"SQLite": "SQLite", b"\x7fELF": "ELF", b"PAR1": "Parquet",
}  # fmt: skip


def pcm16_samples(data: bytes, *, asked: bool) -> npt.NDArray[np.floating[Any]]:
    """Returns raw PCM16LE as samples in -1..1.

    Args:
        data: The bytes.
        asked: Whether the user says that they are PCM16; otherwise they have to look like it.

    Raises:
        AudioError: They are an odd number, or do not look like PCM16.
    """
    if not asked:
        kind = _kind(data)
        if kind:
            raise _not_pcm(f"These bytes are no sound: they look like {kind}.")
    if len(data) % 2:
        raise AudioError(
            "PCM16 has two bytes a sample, and these are an odd number.",
            remedy="Give PCM16LE mono at 16 kHz, or the path of a sound file.",
        )
    samples = np.frombuffer(data, "<i2").astype(np.float32) / 32768
    if not asked and _is_noise(samples):
        raise _not_pcm(
            "These bytes are no sound file that is known here, and as PCM16LE they would be noise."
        )
    return samples


def _not_pcm(message: str) -> AudioError:
    remedy = "Give the path of a sound file; or rate=16000, if they are PCM16LE."
    return AudioError(message, remedy=remedy)


def _kind(data: bytes) -> str:
    """Returns what bytes are that are no samples, by how they begin; empty if nothing shows."""
    for begins, kind in _NO_SOUND.items():
        if data.startswith(begins):
            return kind
    if _TEXT.match(data):
        return "text"
    wav = data.find(b"WAVEfmt ", 0, _LOOKED_AT) - 8
    return f"a WAV file that begins {wav} bytes in" if wav > 0 else ""


def _is_noise(samples: npt.NDArray[np.floating[Any]]) -> bool:
    if len(samples) < 2:
        return False
    power = float(np.mean(samples**2))
    steps = float(np.mean(np.diff(samples) ** 2))
    offset = abs(float(np.mean(samples)))
    compressed = power > _LOUD**2 and steps > _STEPS * power
    return compressed or power > _FULL**2 or offset > _OFFSET
