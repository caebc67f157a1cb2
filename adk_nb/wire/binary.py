"""The binary frames of the wire: sound and pictures."""

from __future__ import annotations

import math
import struct
from typing import NamedTuple

from adk_nb.exceptions import ProtocolError

MICROPHONE = 1
AGENT_AUDIO = 2
IMAGE = 3

SOURCES = ("camera", "screen")
"""Where an image comes from; its index is the frame's flags."""

MAX_JPEG = 512 << 10
"""The largest image (bytes)."""

_HEADER = struct.Struct("<BBHIIId")
HEADER_SIZE = _HEADER.size
_MIN_RATE, _MAX_RATE = 8_000, 48_000


class AudioFrame(NamedTuple):
    """One binary frame of sound.

    Attributes:
        kind: `MICROPHONE` or `AGENT_AUDIO`.
        seq: The frame's number on its connection, from 0.
        turn: The turn it belongs to; 0 from the microphone.
        rate: Samples a second (Hz).
        clock: The sender's clock (ms).
        samples: PCM16LE mono.
    """

    kind: int
    seq: int
    turn: int
    rate: int
    clock: float
    samples: bytes


def encode_audio(frame: AudioFrame) -> bytes:
    """Returns the bytes of a binary frame."""
    return (
        _HEADER.pack(
            frame.kind,
            0,
            0,
            frame.seq & 0xFFFFFFFF,
            frame.turn & 0xFFFFFFFF,
            frame.rate,
            frame.clock,
        )
        + frame.samples
    )


def decode_audio(data: bytes) -> AudioFrame:
    """Returns the frame that the bytes hold.

    Raises:
        ProtocolError: The bytes are not a frame of this protocol.
    """
    if len(data) < HEADER_SIZE + 2:
        raise ProtocolError(f"A binary frame of {len(data)} bytes is shorter than its header.")
    if len(data) % 2:
        raise ProtocolError("A binary frame holds half a sample.")
    kind, _flags, _reserved, seq, turn, rate, clock = _HEADER.unpack_from(data)
    if kind not in (MICROPHONE, AGENT_AUDIO):
        raise ProtocolError(f"A binary frame of the unknown kind {kind}.")
    if not _MIN_RATE <= rate <= _MAX_RATE:
        raise ProtocolError(f"A binary frame with {rate} samples a second.")
    if not math.isfinite(clock):
        raise ProtocolError("A binary frame whose clock is no number.")
    return AudioFrame(kind, seq, turn, rate, clock, data[HEADER_SIZE:])


class ImageFrame(NamedTuple):
    """One binary frame with a picture.

    Attributes:
        source: One of `SOURCES`.
        seq: The frame's number among the images of its connection, from 0.
        clock: The sender's clock when the picture was taken (ms).
        jpeg: A whole JPEG, with nothing after its end.
    """

    source: str
    seq: int
    clock: float
    jpeg: bytes


def decode_image(data: bytes) -> ImageFrame:
    """Returns the image that the bytes hold; of the JPEG only its two ends are checked.

    Raises:
        ProtocolError: The bytes are not an image frame of this protocol.
    """
    if len(data) < HEADER_SIZE:
        raise ProtocolError(f"A binary frame of {len(data)} bytes is shorter than its header.")
    kind, flags, _reserved, seq, _turn, _rate, clock = _HEADER.unpack_from(data)
    if kind != IMAGE:
        raise ProtocolError(f"A binary frame of kind {kind} where an image was expected.")
    if flags >= len(SOURCES):
        raise ProtocolError(f"An image of the unknown source {flags}.")
    if not math.isfinite(clock):
        raise ProtocolError("A binary frame whose clock is no number.")
    jpeg = data[HEADER_SIZE:]
    if len(jpeg) > MAX_JPEG:
        raise ProtocolError(f"An image of {len(jpeg)} bytes; {MAX_JPEG} are allowed.")
    # A start and an end may not be the same two bytes.
    if len(jpeg) < 4 or not (jpeg.startswith(b"\xff\xd8") and jpeg.endswith(b"\xff\xd9")):
        raise ProtocolError("An image that is no JPEG from its start to its end.")
    return ImageFrame(SOURCES[flags], seq, clock, jpeg)


def decode_frame(data: bytes) -> AudioFrame | ImageFrame:
    """Returns the frame that the bytes hold, of whichever kind.

    Raises:
        ProtocolError: The bytes are not a frame of this protocol.
    """
    return decode_image(data) if data[:1] == bytes([IMAGE]) else decode_audio(data)
