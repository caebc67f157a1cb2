"""What the other end of the wire writes, and the package only reads or writes as a dictionary."""

from __future__ import annotations

import struct

from adk_nb.plain import to_json
from adk_nb.wire import protocol


def encode_message(message: protocol.Message) -> str:
    """Returns the text frame of a message."""
    return to_json(protocol.as_dict(message))


def encode_image(frame: protocol.ImageFrame) -> bytes:
    """Returns the binary frame of a picture, as `docs/protocol.md` has it."""
    source, seq = protocol.SOURCES.index(frame.source), frame.seq & 0xFFFFFFFF
    return struct.pack("<BBHIIId", protocol.IMAGE, source, 0, seq, 0, 0, frame.clock) + frame.jpeg
