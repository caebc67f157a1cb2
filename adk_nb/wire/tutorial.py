"""The protocol of ADK's tutorial on custom audio streaming: JSON with a MIME type and data.

A client sends `{"mime_type": "text/plain", "data": "hello"}`, or audio as `audio/pcm` in base64,
PCM16LE mono at 16 kHz. It gets text as it comes, a piece at a time, or audio, PCM16LE mono at
24 kHz, and `{"turn_complete": …, "interrupted": …}`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass

from adk_nb.exceptions import ProtocolError
from adk_nb.plain import plain
from adk_nb.wire.protocol import MAX_TYPED

IN_RATE = 16_000
OUT_RATE = 24_000
TEXT = "text/plain"
AUDIO = "audio/pcm"
_SHOWN = 100
"""How much of what is wrong with a message is said (characters)."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What a user typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """A piece of what a user said: PCM16LE mono at 16 kHz."""

    pcm: bytes


def decode(text: str | bytes) -> Typed | Spoken:
    """Returns the message that a client's frame holds.

    Raises:
        ProtocolError: It is a binary frame, no JSON, lacks a field, is of another MIME type, or
            its data are wrong.
    """
    if isinstance(text, bytes):
        raise ProtocolError("A binary frame; this protocol has text frames alone.")
    try:
        message = plain(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise ProtocolError("A text frame that is no JSON.") from error
    if not isinstance(message, dict):
        raise ProtocolError("A text frame that is no object.")
    kind, data = message.get("mime_type"), message.get("data")
    if not isinstance(kind, str) or not isinstance(data, str):
        raise ProtocolError("A message needs the texts 'mime_type' and 'data'.")
    plain_kind = kind.partition(";")[0].strip()
    if plain_kind == TEXT:
        return _typed(data)
    if plain_kind == AUDIO:
        _check_rate(kind)
        return _spoken(data)
    raise ProtocolError(
        f"Mime type not supported: {kind[:_SHOWN]}.", remedy=f"Send {TEXT} or {AUDIO}."
    )


def _typed(data: str) -> Typed:
    if len(data) > MAX_TYPED:
        raise ProtocolError(
            f"The text is too long to be sent at once: {len(data):,} characters.",
            remedy=f"Send at most {MAX_TYPED:,}.",
            code="text_too_long",
        )
    if not data.strip():
        raise ProtocolError("There are no words in the text.", remedy="Send some.")
    return Typed(data)


def _check_rate(kind: str) -> None:
    rate = re.search(r"rate\s*=\s*(\d{1,9})", kind)
    if rate is not None and int(rate[1]) != IN_RATE:
        raise ProtocolError(
            f"Audio of {rate[1]} samples a second; {IN_RATE} are taken.",
            remedy=f"Resample it to {IN_RATE} Hz, mono.",
        )


def _spoken(data: str) -> Spoken:
    try:
        pcm = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProtocolError(f"Audio that is no base64: {error}.") from error
    if len(pcm) % 2:
        raise ProtocolError("Audio of an odd number of bytes: PCM16 has two a sample.")
    if not pcm:
        raise ProtocolError("There is no sound in the audio.", remedy="Send some.")
    return Spoken(pcm)


def text_piece(text: str) -> str:
    """Returns the frame of a piece of text, which follows what came before."""
    return json.dumps({"mime_type": TEXT, "data": text})


def audio_piece(pcm: bytes) -> str:
    """Returns the frame of a piece of audio, PCM16LE mono at 24 kHz."""
    return json.dumps({"mime_type": AUDIO, "data": base64.b64encode(pcm).decode("ascii")})


def turn_state(*, complete: bool = False, interrupted: bool = False) -> str:
    """Returns the frame that ends a turn, or cuts it off; what is not so is null, as ADK has it."""
    return json.dumps({"turn_complete": complete or None, "interrupted": interrupted or None})


def failure(code: str, message: str, remedy: str) -> str:
    """Returns the frame of an error, which the tutorial lacks: its page takes no notice of it."""
    return json.dumps({"error": {"code": code, "message": message, "remedy": remedy}})
