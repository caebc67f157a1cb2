"""Sound in every form in which programs hand it about: heard as it was, or refused."""

from __future__ import annotations

import io
import types
import warnings

import numpy as np
import pytest
import soundfile
from IPython.display import Audio

from adk_nb.audio import Clip
from adk_nb.exceptions import AudioError
from adk_nb.sound_files import container_of
from adk_nb.sound_input import clip_of

RATE = 16_000


def melody(rate=RATE, seconds=0.6):
    """Two tones one after the other, so that what is reversed or shifted shows."""
    t = np.arange(int(rate * seconds)) / rate
    return 0.4 * np.sin(2 * np.pi * np.where(t < seconds / 2, 330.0, 550.0) * t)


ORIGINAL = melody()
OTHER = np.random.default_rng(1).normal(0, 0.1, len(ORIGINAL)).clip(-0.9, 0.9)
TWO = np.stack([ORIGINAL, OTHER], axis=1)
INT16 = np.round(ORIGINAL * 32767).astype("<i2")


def file(container, subtype=None, samples=ORIGINAL, rate=RATE):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=container, subtype=subtype)
    return buffer.getvalue()


def likeness(clip, original=ORIGINAL):
    """Returns the correlation with the original, at the best shift of up to 100 ms."""
    heard, best = clip.samples.astype(float), 0.0
    for shift in range(0, 1600, 4):
        n = min(len(heard) - shift, len(original))
        for one, two in ((heard[shift:], original), (heard, original[shift:])):
            n = min(len(one), len(two))
            best = max(best, float(np.corrcoef(one[:n], two[:n])[0, 1]))
        if best > 0.995:
            break
    return best


class Tensor:
    """A tensor on a GPU, as PyTorch's."""

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return ORIGINAL.astype(np.float32)


class Half(Tensor):
    """A tensor of a type that numpy has not."""

    def numpy(self):
        raise TypeError("Got unsupported ScalarType BFloat16")


def upload(data):
    return types.new_class(
        "FileUpload", (), {}, lambda ns: ns.update(value=({"content": memoryview(data)},))
    )()


HEARD = {
    **{f"{one} bytes": (file(one),) for one in ("WAV", "FLAC", "AIFF", "W64", "RF64", "CAF", "AU")},
    "OGG bytes": (file("OGG", "VORBIS"),),
    "MP3 bytes": (file("MP3"),),
    "WAV at 44.1 kHz": (file("WAV", samples=melody(44_100), rate=44_100),),
    "an open file": (io.BytesIO(file("FLAC")),),
    "raw PCM16": (INT16.tobytes(),),
    "raw PCM16 at 8 kHz": (np.round(melody(8_000) * 32767).astype("<i2").tobytes(), 8_000),
    "a bytearray": (bytearray(INT16.tobytes()),),
    "int16": (INT16,),
    "int8": (np.round(ORIGINAL * 127).astype("i1"),),
    "uint8": (np.round(ORIGINAL * 127 + 128).astype("u1"),),
    "int32": (np.round(ORIGINAL * 2**31).astype("i4"),),
    "24 bits in int32": (np.round(ORIGINAL * 2**23).astype("i4") * 256,),
    "float16": (ORIGINAL.astype("f2"),),
    "float32": (ORIGINAL.astype("f4"),),
    "float64": (ORIGINAL,),
    "big-endian int16": (INT16.astype(">i2"),),
    "(n, 1)": (ORIGINAL[:, None],),
    "(1, n)": (ORIGINAL[None, :],),
    "(n, 2), the left": (TWO, None, "left"),
    "(2, n), channel 0": (TWO.T, None, 0),
    "stereo WAV, the left": (file("WAV", samples=TWO), None, "left"),
    "(rate, samples)": ((22_050, melody(22_050)),),
    "(samples, rate)": ((melody(48_000), 48_000),),
    "with rate=": (melody(32_000), 32_000),
    "a list of floats": (ORIGINAL.tolist(),),
    "a list of whole numbers": (INT16.tolist(),),
    "a tensor": (Tensor(),),
    "a clip": (Clip(INT16.tobytes(), RATE),),
    "a list with the lowest of int16": ([-32768, *INT16.tolist()[1:]],),
    "a list of tensors": ([Tensor(), Tensor()], None, 0),
    "a rate that is a float": ((22_050.0, melody(22_050)),),
    "a rate of numpy": ((melody(8_000), np.float64(8_000)),),
    "a channel of numpy": (TWO, None, np.int64(0)),
    "NIST SPHERE bytes": (file("NIST"),),
    "MAT5 bytes": (file("MAT5"),),
    "IRCAM bytes": (file("IRCAM"),),
    "VOC bytes": (file("VOC"),),
    "PAF bytes": (file("PAF"),),
    "IPython's Audio": (Audio(ORIGINAL, rate=RATE, normalize=False),),
    "an upload": (upload(file("WAV")),),
}
NOISE = np.random.default_rng(2).integers(0, 256, 40_000, dtype=np.uint8).tobytes()
NAN = np.where(np.arange(len(ORIGINAL)) == 5, np.nan, ORIGINAL)
REFUSED = {
    "WebM bytes": ((b"\x1a\x45\xdf\xa3" + NOISE,), "it is WebM"),
    "M4A bytes": ((b"\0\0\0\x20ftypM4A " + NOISE,), "it is M4A"),
    "AMR bytes": ((b"#!AMR\n" + NOISE,), "it is AMR"),
    "a damaged FLAC": ((file("FLAC")[:100],), "cannot be read"),
    "bytes of nothing known": ((NOISE,), "as PCM16LE they would be noise"),
    "an odd number of bytes": ((INT16.tobytes()[1:],), "odd number"),
    "floats at the scale of int16": ((ORIGINAL * 32768,), "go up to 1.3"),
    "int32 at the scale of int16": ((INT16.astype("i4"),), 'astype\\("int16"\\)'),
    "int32 at the scale of 24 bits": ((np.round(ORIGINAL * 2**23).astype("i4"),), "of 24 bits"),
    "a list at the scale of 24 bits": (
        (np.round(ORIGINAL * 2**23).astype(int).tolist(),),
        "of 24 bits",
    ),
    "int32 with the lowest of int16": (
        (np.r_[-32768, INT16[1:]].astype("i4"),),
        'astype\\("int16"\\)',
    ),
    "a page": ((b"<!DOCTYPE html><html><body>404 Not Found</body></html>" * 40,), "like text"),
    "JSON": ((b'{"error": "not found", "code": 404}\n' * 40,), "like text"),
    "Japanese": (("\u97f3\u58f0\u3067\u306f\u306a\u3044\u3002\u3042".encode() * 400,), "be noise"),
    "a picture": ((b"\x89PNG\r\n\x1a\n" + bytes(4000),), "like PNG"),
    "gzip": ((b"\x1f\x8b\x08\0" + bytes(4000),), "like gzip"),
    "raw uint8": ((np.round(ORIGINAL * 127 + 128).astype("u1").tobytes(),), "be noise"),
    "raw quiet uint8": ((np.round(ORIGINAL * 12 + 128).astype("u1").tobytes(),), "be noise"),
    "raw floats": ((ORIGINAL.astype("f4").tobytes(),), "be noise"),
    "a WAV after two bytes": ((b"\r\n" + file("WAV"),), "begins 2 bytes in"),
    "a user that is not there": (("~nobody-here/x.wav",), "no file '~nobody-here/x.wav'"),
    "a long path": (("x" * 5000,), "cannot be read"),
    "a rate that is no number": ((ORIGINAL, float("nan")), "no rate"),
    "a rate in words": ((ORIGINAL, "16k"), "no rate"),
    "half a rate": ((ORIGINAL, 16_000.5), "no rate"),
    "a file of text": ((io.StringIO("words"),), "holds text"),
    "a file that is opened as text": (
        (io.TextIOWrapper(io.BytesIO(file("FLAC")), "utf-8"),),
        "cannot be read",
    ),
    "bfloat16": ((Half(),), "BFloat16"),
    "uint16": ((INT16.astype("u2"),), "no sign"),
    "NaN": ((NAN,), "no numbers"),
    "infinity": ((np.where(np.isnan(NAN), np.inf, NAN),), "no numbers"),
    "a square": ((np.zeros((4, 4)),), "Which axis"),
    "twelve channels": ((np.zeros((1000, 12)),), "Which axis"),
    "three axes": ((np.zeros((2, 1000, 2)),), "Which axis"),
    "words": ((["a", "b", "c"],), "no sound"),
    "complex numbers": ((ORIGINAL + 1j,), "no sound"),
    "nothing": ((None,), "no sound"),
    "an empty array": ((np.zeros(0),), "no sound in it"),
    "a rate that is none": ((ORIGINAL, 12), "no rate"),
    "a channel that is not there": ((TWO, None, 2), "no channel 2"),
    "the right of mono": ((ORIGINAL, None, "right"), "no channel 'right'"),
    "a missing file": (("no/such.wav",), "There is no file 'no/such.wav'"),
}


@pytest.mark.parametrize("given", HEARD.values(), ids=HEARD)
def test_sound_is_heard_as_it_was(given):
    clip = clip_of(*given)
    assert clip.rate == RATE
    assert clip.duration_ms == pytest.approx(600, abs=75)  # Some codecs add silence.
    assert likeness(clip) >= 0.99
    assert clip.level_db == pytest.approx(20 * np.log10(0.4 / np.sqrt(2)), abs=1.0)


@pytest.mark.parametrize(("given", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_told_is_refused_with_the_reason(given, reason, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(AudioError, match=reason) as error:
        clip_of(*given)
    assert error.value.remedy


def test_a_mix_of_channels_that_cancel_each_other_warns_and_one_can_be_chosen():
    opposed = np.stack([ORIGINAL, -ORIGINAL], axis=1)
    with pytest.warns(UserWarning, match='channel="left"'):
        clip_of(opposed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert likeness(clip_of(opposed, channel="left")) >= 0.99
        clip_of(TWO)


def test_a_file_that_is_cut_short_says_so(tmp_path):
    (tmp_path / "call.wav").write_bytes(file("WAV")[: 44 + RATE // 2])
    with pytest.warns(UserWarning, match=r"cut short: 0\.2 of 0\.6 s"):
        assert clip_of(tmp_path / "call.wav").duration_ms == pytest.approx(250)


def test_a_home_folder_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "call.wav").write_bytes(file("WAV"))
    assert likeness(clip_of("~/call.wav")) >= 0.99


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(8000),
        np.full(8000, 0.05) + 0.001 * OTHER[:8000],  # An offset, as cheap microphones have.
        np.sin(np.arange(8000) / 5),
        np.sign(np.sin(np.arange(8000) / 20)) * 0.7,
        OTHER * 3,
    ],
    ids=["silence", "an offset", "a sine at full scale", "a loud square", "loud noise"],
)
def test_odd_samples_are_samples(samples):
    pcm = np.round(samples.clip(-1, 1) * 32767).astype("<i2").tobytes()
    assert clip_of(pcm).pcm == pcm


@pytest.mark.parametrize("frame", [b"\xff\xfb\x90\x44", b"\xff\xf3\x40\xc4", b"ID3\x04"])
def test_mp3_is_known_by_its_frames(frame):
    assert container_of(frame + bytes(8)) == "MP3"


@pytest.mark.parametrize(
    "samples", [b"\xff\xff\xff\xff", b"\xff\xe0\xf0\x0c", bytes(4), b"\xff\xfe\x01\x00"]
)
def test_samples_are_no_mp3(samples):
    assert container_of(samples + bytes(8)) == ""
