"""Reads sound files: plain WAV with Python's `wave`, others with soundfile if it is installed."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
import warnings
import wave
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import numpy as np

from adk_nb.exceptions import AudioError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    import numpy.typing as npt

    Source: TypeAlias = str | os.PathLike[str] | bytes | bytearray
    Floats: TypeAlias = npt.NDArray[np.floating[Any]]

RATES = (1_000, 768_000)
"""The sample rates (Hz) that a file may state: with others it is damaged."""
BLOCK = 1 << 16
"""Samples that are read at once: a damaged file may state any length, and a sound one be long."""
_GIVE = "Give the path of a WAV, FLAC, OGG or MP3 file."
_INSTALL = (
    "Without soundfile only plain WAV can be read (PCM with 8, 16, 24 or 32 bits). For this one "
    "run pip install 'adk-nb[audio]', and then this cell again."
)


class Sink(Protocol):
    """What the samples of a file go into."""

    def push(self, block: Floats, /) -> None:
        """Takes the next samples, in -1..1, of shape `(n, channels)`."""


Into = TypeVar("Into", bound=Sink)


_BEGINNINGS = (
    (b"RIFF", "WAV"), (b"RIFX", "WAV"), (b"RF64", "RF64"), (b"BW64", "RF64"),
    (b"riff\x2e\x91", "W64"),
    (b"FORM", "AIFF"), (b"fLaC", "FLAC"), (b"OggS", "OGG"), (b"ID3", "MP3"), (b".snd", "AU"),
    (b"NIST_1A", "NIST SPHERE"), (b"MATLAB 5.0", "MAT5"), (b"Creative Voice", "VOC"),
    (b"\x64\xa3\1\0", "IRCAM"), (b"\x64\xa3\2\0", "IRCAM"), (b"\x64\xa3\3\0", "IRCAM"),
    (b"\0\1\xa3\x64", "IRCAM"), (b"\0\2\xa3\x64", "IRCAM"), (b"\0\3\xa3\x64", "IRCAM"),
    (b" paf", "PAF"), (b"fap ", "PAF"), (b"caff", "CAF"),
    (b"\x1a\x45\xdf\xa3", "WebM"), (b"#!AMR", "AMR"), (b"MThd", "MIDI"),
)  # fmt: skip
_BY_FFMPEG = ("WebM", "M4A", "AMR", "AAC")


def container_of(data: bytes) -> str:
    """Returns what kind of sound file bytes are, by the first of them; empty if none is known."""
    for begins, kind in _BEGINNINGS:
        if data.startswith(begins):
            return kind
    if data[4:8] == b"ftyp":
        return "M4A"
    if len(data) > 3 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
        return "AAC"
    # An MPEG frame: the sync, a version, a layer, a bit rate and a sample rate that there are.
    if len(data) > 3 and data[0] == 0xFF and data[1] & 0xE6 in (0xE2, 0xE4, 0xE6):
        known = (
            data[1] & 0x18 != 0x08 and data[2] & 0xF0 not in (0, 0xF0) and data[2] & 0x0C != 0x0C
        )
        return "MP3" if known else ""
    return ""


def _beginning(source: Source) -> bytes:
    with _opened(source) as opened:
        return opened.read(16)


def _read_by_ffmpeg(source: Source, name: str, kind: str, make: Callable[[int, int], Into]) -> Into:
    """Reads a kind of file that soundfile does not, where ffmpeg is installed."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise AudioError(
            f"{name} cannot be read as sound: it is {kind}.",
            remedy="Install ffmpeg, or convert it to WAV or FLAC.",
        )
    with tempfile.TemporaryDirectory(prefix="adk-nb-") as folder:
        given, made = Path(folder) / "given", Path(folder) / "made.wav"
        if isinstance(source, bytes | bytearray):
            given.write_bytes(source)
        else:
            given = Path(source).absolute()
        command = [program, "-v", "error", "-i", str(given), "-vn", "-c:a", "pcm_s16le", str(made)]
        done = subprocess.run(  # noqa: S603 - what `which` found, and names of our own
            command, capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
        if done.returncode or not made.exists():
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["ffmpeg failed"]
            raise AudioError(f"{name} cannot be read as sound: {said[-1]}", remedy=_GIVE)
        with made.open("rb") as opened:
            return _read_wav(opened, name, make)


def read_sound(source: Source, make: Callable[[int, int], Into]) -> Into:
    """Reads a sound file in pieces into a sink, and returns that.

    Args:
        source: Its path or its bytes.
        make: Makes a sink for a rate (Hz) and a number of channels; the last that it made counts.

    Raises:
        AudioError: There is no such file, or it cannot be read.
    """
    raw = isinstance(source, bytes | bytearray)
    name = "These bytes" if raw else repr(str(source))
    try:
        opened = _opened(source)
    except FileNotFoundError as error:
        raise AudioError(f"There is no file {name}.", remedy=_GIVE, code="no_file") from error
    except (OSError, TypeError, ValueError) as error:
        raise AudioError(f"{name} cannot be read as sound: {error}.", remedy=_GIVE) from error
    with opened:
        try:
            return _read_wav(opened, name, make)
        except AudioError:
            raise
        except Exception as error:
            # `wave` raises various errors for a damaged file, also a RuntimeError without text.
            return _read_other(source, name, error, make)


def _check(rate: int, name: str) -> None:
    if not RATES[0] <= rate <= RATES[1]:
        raise AudioError(
            f"{name} cannot be read as sound: {rate} samples a second are stated in it.",
            remedy="It is damaged; write it anew.",
        )


def _opened(source: Source) -> IO[bytes]:
    if isinstance(source, bytes | bytearray):
        return io.BytesIO(source)
    return Path(source).open("rb")


def _read_wav(opened: IO[bytes], name: str, make: Callable[[int, int], Into]) -> Into:
    with wave.open(opened, "rb") as file:
        width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
        stated, there = file.getnframes(), 0
        _check(rate, name)
        sink = make(rate, channels)
        while frames := file.readframes(BLOCK):
            whole = len(frames) // (width * channels)
            there += whole
            sink.push(as_floats(frames[: whole * width * channels], width).reshape(-1, channels))
    if there < stated:
        warnings.warn(
            f"The sound is cut short: {there / rate:.1f} of {stated / rate:.1f} s are there.",
            stacklevel=5,
        )
    return sink


def as_floats(data: bytes, width: int, *, big: bool = False) -> Floats:
    """Returns PCM samples of so many bytes each in -1..1; `big` if the highest byte is first."""
    if width == 1:  # The only width whose samples have no sign.
        return np.frombuffer(data, np.uint8).astype(np.float32) / 128 - 1
    if width == 3:
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        triples = np.frombuffer(data, np.uint8).reshape(-1, 3)
        padded[:, 1:] = triples[:, ::-1] if big else triples
        data, width, big = padded.tobytes(), 4, False
    return np.frombuffer(data, f"{'>' if big else '<'}i{width}").astype(np.float32) / 2.0 ** (
        8 * width - 1
    )


def _read_other(
    source: Source, name: str, error: Exception, make: Callable[[int, int], Into]
) -> Into:
    try:
        import soundfile
    except (ImportError, OSError):
        said = str(error) or "it is damaged"
        raise AudioError(f"{name} cannot be read as sound: {said}.", remedy=_INSTALL) from error
    file_or_path = io.BytesIO(source) if isinstance(source, bytes | bytearray) else source
    try:
        with soundfile.SoundFile(file_or_path) as file:
            _check(int(file.samplerate), name)
            sink = make(int(file.samplerate), file.channels)
            while len(block := file.read(BLOCK, dtype="float32", always_2d=True)):
                sink.push(np.nan_to_num(block))
            return sink
    except AudioError:
        raise
    except Exception as failed:
        kind = container_of(_beginning(source))
        if kind in _BY_FFMPEG:
            return _read_by_ffmpeg(source, name, kind, make)
        # libsndfile's message names a stream by its address, and may be empty.
        said = str(getattr(failed, "error_string", failed)).rstrip(".") or "it is damaged"
        raise AudioError(f"{name} cannot be read as sound: {said}.", remedy=_GIVE) from failed
