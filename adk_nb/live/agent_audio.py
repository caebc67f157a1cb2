"""The agent's sound as PCM16LE mono, in whatever format its model sends it.

Gemini's models send 16-bit PCM. Other models and gateways send mu-law (telephony), WAV, or files
in pieces; what is not known is refused by name, as it would be played as noise.
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import replace
from typing import Any, Protocol

from adk_nb.audio import DEFAULT_RATE, Clip, pcm16
from adk_nb.exceptions import AudioError
from adk_nb.live.sample_layouts import Coding, Layout, decoded, looks_big
from adk_nb.sound_files import RATES

_PCM = {"pcm": 16, "lpcm": 16, "raw": 16, "l8": 8, "l16": 16, "l24": 24}
"""Formats without a header, and their bits a sample where none are stated."""
_COMPANDED: dict[str, Coding] = {
    "basic": "mu-law", "pcmu": "mu-law", "mulaw": "mu-law", "ulaw": "mu-law",
    "pcma": "A-law", "alaw": "A-law",
}  # fmt: skip
_WAV = {"wav", "wave", "vnd.wave"}
_FILES = {"ogg", "opus", "vorbis", "flac", "mpeg", "mp3", "aiff"}
"""Files that soundfile reads."""
_TELEPHONE_RATE = 8_000
_MAX_CHANNELS = 8
_MAX_HEADER = 1 << 20
_MAX_FILE = 1 << 26
"""Bytes of a header and of one answer's file: with more of them they are damaged."""
_NO_SAMPLES = (b"LIST", b"id3 ", b"ID3 ", b"fact", b"cue ", b"JUNK", b"bext")
"""What may follow the samples of a WAV file."""
_WAV_CODINGS: dict[tuple[int, int], Coding] = {
    (1, 8): "unsigned", (1, 16): "signed", (1, 24): "signed", (1, 32): "signed",
    (3, 32): "float", (3, 64): "float", (6, 8): "A-law", (7, 8): "mu-law",
}  # fmt: skip
"""By a WAV file's format tag and its bits a sample."""
_REMEDY = (
    "Have the model send audio/pcm (16-bit), mu-law, A-law or WAV; with pip install "
    "'adk-nb[audio]' also Ogg, FLAC or MP3."
)


class Decoder(Protocol):
    """Makes a clip of each piece of one stream."""

    def push(self, data: bytes) -> Clip:
        """Takes a piece; returns the sound that it completes."""

    def finish(self) -> Clip:
        """Returns what is left at the end of an answer."""

    def drop(self) -> None:
        """Forgets what waits for its other part, which will not come."""


class AgentAudio:
    """Decodes what a model sends, piece by piece, in one format after the other."""

    def __init__(self) -> None:
        self._mime_type: str | None = None
        self._decoder: Decoder | None = None

    def push(self, mime_type: str, data: bytes) -> Clip:
        """Takes a piece of sound; returns what it completes, which may be nothing.

        Raises:
            AudioError: It cannot be decoded here.
        """
        if mime_type != self._mime_type or self._decoder is None:
            self._decoder, self._mime_type = _decoder(mime_type, data), mime_type
        return self._decoder.push(data)

    def finish(self) -> Clip:
        """Returns what is left at the end of an answer.

        Raises:
            AudioError: It cannot be decoded here.
        """
        return self._decoder.finish() if self._decoder is not None else Clip(b"")

    def drop(self) -> None:
        """Forgets a sample or a file that is not complete."""
        if self._decoder is not None:
            self._decoder.drop()


def is_sound(mime_type: str) -> bool:
    """Returns whether a MIME type is one of sound, or none that says what it is."""
    kind, _ = media_type(mime_type)
    return kind.startswith("audio/") or kind in ("application/ogg", "application/octet-stream")


def media_type(text: str) -> tuple[str, dict[str, str]]:
    """Returns a MIME type and its parameters in small letters, however they are written."""
    kind, *rest = (part.strip(" \t\"'").lower() for part in text.split(";"))
    parameters = {}
    for part in rest:
        name, _, value = part.partition("=")
        parameters[re.sub(r"[\s_-]", "", name)] = value.strip(" \t\"'")
    return (kind if "/" in kind else f"audio/{kind}"), parameters


def _decoder(mime_type: str, data: bytes) -> Decoder:
    """Returns a decoder for the stream that begins with a piece."""
    kind, parameters = media_type(mime_type)
    name = kind.partition("/")[2].removeprefix("x-").replace("-", "")
    if name in _WAV or _begins_wav(data):
        return _WavStream(mime_type)
    if name in _FILES or data.startswith((b"OggS", b"fLaC", b".snd")):
        return _FileStream(mime_type)
    layout = _layout(name, parameters, mime_type)
    if layout is None:
        raise _refusal(mime_type)
    return _Samples(layout)


def _refusal(mime_type: str, why: str = "") -> AudioError:
    named = f"as {mime_type[:100]!r}" if mime_type.strip() else "without a MIME type"
    said = f"The model sends sound {named}, which cannot be played{why or ' here'}."
    return AudioError(said, remedy=_REMEDY)


def _layout(name: str, parameters: dict[str, str], mime_type: str) -> Layout | None:
    """Returns the layout that a MIME type names; None if it names no known one."""
    codings = ("encoding", "codec", "format")
    stated = next((parameters[one] for one in codings if one in parameters), "")
    stated = re.sub(r"[\s_-]", "", stated)
    coding = _COMPANDED.get(name) or _COMPANDED.get(stated)
    if coding is None and name not in _PCM:
        return None
    rate = _number(parameters, ("rate", "samplerate", "clockrate"))
    channels = _number(parameters, ("channels", "channel")) or 1
    bits = _number(parameters, ("bits", "bitdepth", "bitspersample")) or _PCM.get(name, 8)
    layout = Layout(rate or DEFAULT_RATE, bits, channels)
    if coding is not None:
        layout = replace(layout, rate=rate or _TELEPHONE_RATE, bits=8, coding=coding)
    elif re.match(r"(pcm)?(float|f(32|64))", stated):
        layout = replace(layout, bits=64 if "64" in stated else 32, coding="float")
    elif bits == 8:
        layout = replace(layout, coding="unsigned")
    layout = replace(layout, big=_byte_order(name, stated, parameters))
    known = layout.bits in (8, 16, 24, 32) or layout.coding == "float"
    in_range = RATES[0] <= layout.rate <= RATES[1] and 1 <= channels <= _MAX_CHANNELS
    if not (known and in_range):
        raise _refusal(mime_type)
    return layout


def _byte_order(name: str, stated: str, parameters: dict[str, str]) -> bool | None:
    """Returns whether the highest byte comes first; None if only the samples tell."""
    orders = ("endian", "endianness", "byteorder")
    order = next((parameters[one] for one in orders if one in parameters), "")
    order = order or stated[-2:] if re.search(r"\d[bl]e$", stated) else order
    if order:
        return order.startswith(("b", "network"))
    # RFC 2586 has the highest byte of L16 first; Gemini's `audio/L16;codec=pcm` has the lowest.
    if name == "l24":
        return True
    return None if name == "l16" and stated != "pcm" else False


def _number(parameters: dict[str, str], names: tuple[str, ...]) -> int:
    """Returns a number that is stated under one of several names; 0 if none is."""
    stated = next((parameters[one] for one in names if one in parameters), "")
    found = re.match(r"(\d{1,7})(?:\.(\d))?\s*(k)?", stated)
    if found is None:
        return 0
    return int(float(f"{found[1]}.{found[2] or 0}") * (1000 if found[3] else 1))


class _Samples:
    """Decodes samples without a header; a sample may be parted over two pieces."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._rest = b""

    def push(self, data: bytes) -> Clip:
        data = self._rest + data
        whole = len(data) - len(data) % self._layout.block
        self._rest, data = data[whole:], data[:whole]
        if self._layout.big is None and (big := looks_big(data)) is not None:
            self._layout = replace(self._layout, big=big)
        return Clip(decoded(data, self._layout), self._layout.rate)

    def finish(self) -> Clip:
        self.drop()
        return Clip(b"")

    def drop(self) -> None:
        self._rest = b""


class _WavStream:
    """Decodes WAV in pieces: the first, or each, begins with a header."""

    def __init__(self, mime_type: str) -> None:
        self._mime_type = mime_type
        # The header, as far as it has come; None after it.
        self._head: bytes | None = b""
        self._samples: _Samples | None = None
        # Bytes of samples that the header still promises; None if it does not say.
        self._left: int | None = None

    def push(self, data: bytes) -> Clip:
        if self._head is None and _begins_wav(data):
            self.drop()
            self._head = b""
        if self._head is not None:
            self._head += data
            found = _wav_header(self._head, self._mime_type)
            if found is None:
                return Clip(b"")
            layout, start, self._left = found
            self._samples, data, self._head = _Samples(layout), self._head[start:], None
        assert self._samples is not None
        if self._left == 0:
            if data.startswith(_NO_SAMPLES):
                return Clip(b"")
            self._left = None  # The header told of the first piece alone.
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        return self._samples.push(data)

    def finish(self) -> Clip:
        self.drop()
        return Clip(b"")

    def drop(self) -> None:
        if self._samples is not None:
            # What comes next may be of the same format, without a header.
            self._samples.drop()
            self._head = self._left = None
        else:
            self._head = b""


class _FileStream:
    """Decodes files that come in pieces: Ogg and FLAC while they come, others when they are whole.

    Of an MP3 it cannot be told before its end how much of it is there.
    """

    def __init__(self, mime_type: str) -> None:
        self._mime_type = mime_type
        self._data = bytearray()
        # Samples that were returned, of each channel.
        self._at = 0
        self._soundfile = _soundfile(mime_type)

    def push(self, data: bytes) -> Clip:
        before = self.finish() if self._data and _begins_file(data) else Clip(b"")
        self._data += data
        if len(self._data) > _MAX_FILE:
            self.drop()
            raise _refusal(self._mime_type, " in one answer for so long")
        if not self._data.startswith((b"OggS", b"fLaC")):
            return before
        clip = self._read()
        return Clip(before.pcm + clip.pcm, clip.rate) if before.rate == clip.rate else clip

    def finish(self) -> Clip:
        try:
            clip = self._read() if self._data else Clip(b"")
            if self._data and not self._at:
                raise _refusal(self._mime_type, ": it is damaged, or no such file")
        finally:
            self.drop()
        return clip

    def drop(self) -> None:
        self._data.clear()
        self._at = 0

    def _read(self) -> Clip:
        """Returns what can be read and was not yet."""
        blocks, rate = [], DEFAULT_RATE
        try:
            with self._soundfile.SoundFile(io.BytesIO(self._data)) as file:
                rate = int(file.samplerate)
                if self._at:
                    file.seek(self._at)
                while len(block := file.read(1024, dtype="float32", always_2d=True)):
                    blocks.append(block.mean(axis=1))
                    self._at += len(block)
        except (self._soundfile.SoundFileError, RuntimeError):
            pass  # Its last part has not come yet.
        return Clip(b"".join(map(pcm16, blocks)), rate)


def _soundfile(mime_type: str) -> Any:
    try:
        import soundfile
    except (ImportError, OSError) as error:
        said = f"The model sends sound as {mime_type[:100]!r}, which takes soundfile to be played."
        remedy = "Run pip install 'adk-nb[audio]', and restart the kernel."
        raise AudioError(said, remedy=remedy) from error
    return soundfile


def _begins_wav(data: bytes) -> bool:
    return data.startswith(b"RIFF") and data[8:12] == b"WAVE"


def _begins_file(data: bytes) -> bool:
    """Returns whether a piece is the first of a file."""
    first_of_ogg = data.startswith(b"OggS") and len(data) > 5 and bool(data[5] & 2)
    # Its first frame says how long it is.
    first_of_mp3 = data.startswith(b"\xff") and (b"Xing" in data[:64] or b"Info" in data[:64])
    return first_of_ogg or first_of_mp3 or data.startswith((b"fLaC", b"ID3", b"FORM", b".snd"))


def _wav_header(head: bytes, mime_type: str) -> tuple[Layout, int, int | None] | None:
    """Reads the header of a WAV stream.

    Returns:
        The layout; where the samples begin (bytes); and how long they are (bytes), or None if the
        header does not say. None in place of all three as long as the header is not complete.

    Raises:
        AudioError: It is no header, or a damaged one.
    """
    if not (head.startswith(b"RIFF"[: len(head)]) and b"WAVE".startswith(head[8:12])):
        raise _refusal(mime_type, ": it has no header")
    at, layout = 12, None
    while at + 8 <= len(head):
        name, size = struct.unpack_from("<4sI", head, at)
        at += 8
        if name == b"data":
            if layout is None:
                raise _refusal(mime_type, ": its header is damaged")
            # A stream's length is not known when its header is written: it says 0, or the greatest.
            return layout, at, size if 0 < size < 0x7FFF_0000 else None
        if name == b"fmt " and at + size <= len(head):
            layout = _wav_layout(head[at : at + size], mime_type)
        at += size + size % 2
    if max(at, len(head)) > _MAX_HEADER:
        raise _refusal(mime_type, ": its header is damaged")
    return None


def _wav_layout(chunk: bytes, mime_type: str) -> Layout:
    if len(chunk) < 16:
        raise _refusal(mime_type, ": its header is damaged")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == 0xFFFE and len(chunk) >= 26:  # The format proper is in an extension.
        tag = int.from_bytes(chunk[24:26], "little")
    coding = _WAV_CODINGS.get((tag, bits))
    in_range = RATES[0] <= rate <= RATES[1] and 1 <= channels <= _MAX_CHANNELS
    if coding is None or not in_range:
        raise _refusal(mime_type, f" with format {tag}, {bits} bits, {rate} Hz")
    return Layout(rate, bits, channels, coding)
