"""How samples lie in bytes, and PCM16LE mono made of them: numbers of any size, and G.711."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from adk_nb.audio import pcm16
from adk_nb.sound_files import as_floats

if TYPE_CHECKING:
    from adk_nb.sound_files import Floats

Coding = Literal["signed", "unsigned", "float", "mu-law", "A-law"]


@dataclass(frozen=True, slots=True)
class Layout:
    """How samples lie in bytes.

    Attributes:
        rate: Samples a second (Hz).
        bits: Bits a sample.
        channels: How many samples a moment has.
        coding: What the bits say.
        big: Whether the first byte of a sample is its highest; None if the samples have to tell.
    """

    rate: int
    bits: int = 16
    channels: int = 1
    coding: Coding = "signed"
    big: bool | None = False

    @property
    def block(self) -> int:
        """Bytes of one moment."""
        return self.bits // 8 * self.channels


def decoded(data: bytes, layout: Layout) -> bytes:
    """Returns samples as PCM16LE mono; their number of bytes is a multiple of `layout.block`."""
    if layout.bits == 16 and layout.coding == "signed" and layout.channels == 1 and not layout.big:
        return data
    samples = _floats(data, layout)
    if layout.channels > 1:
        samples = samples.reshape(-1, layout.channels).mean(axis=1)
    return pcm16(samples)


def _floats(data: bytes, layout: Layout) -> Floats:
    import numpy as np

    order = ">" if layout.big else "<"
    match layout.coding:
        case "mu-law":
            return _mu_law()[np.frombuffer(data, np.uint8)]
        case "A-law":
            return _a_law()[np.frombuffer(data, np.uint8)]
        case "float":
            samples = np.frombuffer(data, f"{order}f{layout.bits // 8}").astype(np.float32)
            return np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
        case "signed" | "unsigned":
            return as_floats(data, layout.bits // 8, big=bool(layout.big))


def _mu_law() -> Floats:
    """Returns the samples that the 256 codes of G.711's mu-law stand for."""
    import numpy as np

    codes = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (codes >> 4 & 7).astype(np.int32), (codes & 15).astype(np.int32)
    size = ((mantissa << 3) + 132 << exponent) - 132
    return (np.where(codes & 128, -size, size) / 32768).astype(np.float32)


def _a_law() -> Floats:
    """Returns the samples that the 256 codes of G.711's A-law stand for."""
    import numpy as np

    codes = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (codes >> 4 & 7).astype(np.int32), (codes & 15).astype(np.int32)
    size = (mantissa << 4) + 8
    size = np.where(exponent > 0, (size + 256) << np.maximum(exponent - 1, 0), size)
    return (np.where(codes & 128, size, -size) / 32768).astype(np.float32)


def looks_big(data: bytes) -> bool | None:
    """Returns whether samples of 16 bits have their highest byte first; None if they do not tell.

    Read in the wrong order, sound jumps from sample to sample as noise does.
    """
    import numpy as np

    if len(data) < 128:
        return None
    jumps = [
        float(np.abs(np.diff(np.frombuffer(data, order).astype(np.float32))).mean())
        for order in ("<i2", ">i2")
    ]
    little, big = jumps
    if 2 * big < little:
        return True
    return False if 2 * little < big else None
