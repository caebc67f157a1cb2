"""Sound of every format against soundfile, an independent decoder, in pieces of any size."""

import io
import sys

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, strategies as st

from adk_nb.exceptions import AudioError
from adk_nb.live.agent_audio import AgentAudio, is_sound, media_type

RATE = 8_000
T = np.arange(RATE // 4) / RATE
SIGNAL = (0.5 * np.sin(2 * np.pi * (200 + 1500 * T) * T) * (1 - T)).astype("f4")
STEREO = np.stack([SIGNAL, 0.5 * SIGNAL], axis=1)
LITTLE = np.rint(SIGNAL * 32767).astype("<i2").tobytes()
BIG = np.frombuffer(LITTLE, "<i2").astype(">i2").tobytes()


def encoded(form, subtype, samples=SIGNAL, rate=RATE, **options):
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=form, subtype=subtype, **options)
    return file.getvalue()


def reference(data, **options):
    """What soundfile makes of it, in the range of PCM16, and its rate."""
    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True, **options)
    return samples.mean(axis=1) * 32768, rate


def pieces(data, sizes):
    at = 0
    for size in sizes:
        if at < len(data):
            yield data[at : at + size]
        at += size
    yield data[at:]


def played(mime, *given):
    audio = AgentAudio()
    clips = [*(audio.push(mime, piece) for piece in given), audio.finish()]
    rates = {clip.rate for clip in clips if clip.pcm}
    assert len(rates) == 1
    return np.frombuffer(b"".join(clip.pcm for clip in clips), "<i2").astype("f4"), rates.pop()


def same(one, other, within=1.0):
    assert len(one[0]) == len(other[0])
    assert one[1] == other[1]
    assert np.abs(one[0] - other[0]).max() <= within


SIZES = st.lists(st.integers(1, 700), max_size=20)
PLAIN = np.frombuffer(LITTLE, "<i2").astype("f4")


@pytest.mark.parametrize(
    ("mime", "rate"),
    [
        ("audio/pcm", 24_000),
        ("AUDIO/PCM", 24_000),
        ("audio/pcm;rate=16000", 16_000),
        ("Audio/PCM; Rate = 16000", 16_000),
        ('audio/pcm ; rate="16000" ; foo ; =; bar=1', 16_000),
        ("audio/pcm;rate=abc", 24_000),
        ("audio/pcm;rate=16k", 16_000),
        ("audio/pcm;rate=44100;channels=1", 44_100),
        ("audio/L16;codec=pcm;rate=24000", 24_000),
        ("audio/l16;rate=24000", 24_000),
        ("audio/x-raw;encoding=s16le;sample_rate=22050", 22_050),
        ("pcm;rate=8000", 8_000),
    ],
)
def test_a_type_is_read_however_it_is_written(mime, rate):
    assert is_sound(mime)
    same(played(mime, LITTLE), (PLAIN, rate))


@pytest.mark.parametrize(
    "mime",
    [
        "audio/L16;rate=8000",
        "audio/pcm;rate=8000;endianness=big",
        "audio/pcm;encoding=s16be;rate=8000",
    ],
)
def test_the_highest_byte_may_come_first(mime):
    same(played(mime, BIG), (PLAIN, RATE))


def test_silence_before_it_does_not_tell_the_order():
    silence = np.zeros(400, "f4")
    expected = np.concatenate([silence, PLAIN])
    same(played("audio/l16;rate=8000", bytes(800), BIG), (expected, RATE))
    same(played("audio/l16;rate=8000", bytes(800), LITTLE), (expected, RATE))


@given(SIZES)
@example([1] * 20)
def test_samples_are_joined_over_pieces_of_any_size(sizes):
    same(played("audio/pcm;rate=8000", *pieces(LITTLE, sizes)), (PLAIN, RATE))
    stereo = np.rint(STEREO * 32767).astype("<i2")
    heard = played("audio/pcm;rate=8000;channels=2", *pieces(stereo.tobytes(), sizes))
    same(heard, (stereo.astype("f4").mean(axis=1), RATE))


@pytest.mark.parametrize(
    ("mime", "subtype"),
    [
        ("audio/basic", "ULAW"),
        ("audio/PCMU", "ULAW"),
        ("audio/x-mulaw;rate=8000", "ULAW"),
        ("audio/mulaw", "ULAW"),
        ("mulaw;rate=8000", "ULAW"),
        ("audio/pcm;encoding=mu-law;rate=8000", "ULAW"),
        ("audio/PCMA", "ALAW"),
        ("audio/x-alaw", "ALAW"),
        ("audio/l8;rate=8000", "PCM_U8"),
        ("audio/pcm;bits=24;rate=8000", "PCM_24"),
        ("audio/pcm;bits=32;rate=8000", "PCM_32"),
        ("audio/pcm;encoding=pcm_f32le;rate=8000", "FLOAT"),
        ("audio/pcm;encoding=float64;rate=8000", "DOUBLE"),
    ],
)
@given(sizes=SIZES)
def test_raw_samples_sound_as_soundfile_has_them(mime, subtype, sizes):
    data = encoded("RAW", subtype, endian="LITTLE")
    options = {"format": "RAW", "subtype": subtype, "endian": "LITTLE"}
    expected = reference(data, samplerate=RATE, channels=1, **options)
    same(played(mime, *pieces(data, sizes)), expected)


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW"])
def test_each_of_the_256_codes_of_g711_is_that_of_soundfile(subtype):
    codes = bytes(range(256))
    options = {"format": "RAW", "subtype": subtype, "samplerate": RATE, "channels": 1}
    kind = {"ULAW": "audio/pcmu", "ALAW": "audio/pcma"}[subtype]
    same(played(kind, codes), reference(codes, **options), within=0)


def test_l24_has_its_highest_byte_first():
    data = encoded("RAW", "PCM_24", endian="BIG")
    same(played("audio/L24;rate=8000", data), (SIGNAL * 32768, RATE))


WAVS = ["PCM_16", "PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"]


@pytest.mark.parametrize("form", ["WAV", "WAVEX"])
@pytest.mark.parametrize("subtype", WAVS)
@given(sizes=SIZES)
def test_wav_in_pieces_sounds_as_soundfile_has_it(form, subtype, sizes):
    data = encoded(form, subtype, STEREO)
    same(played("audio/wav", *pieces(data, sizes)), reference(data))


def test_each_piece_may_be_a_wav_file_or_only_the_first():
    parts = [SIGNAL[:700], SIGNAL[700:1500], SIGNAL[1500:]]
    files = [encoded("WAV", "PCM_16", part) for part in parts]
    expected = (np.concatenate([reference(file)[0] for file in files]), RATE)
    same(played("audio/x-wav", *files), expected)
    header = files[0].index(b"data") + 8
    raw = [file[header:] for file in files]
    for size in (len(raw[0]), 0, 0xFFFFFFFF):
        first = files[0][: header - 4] + size.to_bytes(4, "little") + raw[0]
        same(played("audio/wav", first, *raw[1:]), expected)
    same(played("audio/wav", files[0] + b"LIST\4\0\0\0abcd", *files[1:]), expected)
    same(played("audio/wav", files[0], b"LIST\4\0\0\0abcd", *files[1:]), expected)
    # Also where it is called PCM.
    same(played("audio/pcm;rate=24000", *files), expected)


@pytest.mark.parametrize(
    ("mime", "form", "subtype"),
    [
        ("audio/ogg", "OGG", "OPUS"),
        ("audio/ogg;codecs=opus", "OGG", "OPUS"),
        ("audio/opus", "OGG", "OPUS"),
        ("application/ogg", "OGG", "VORBIS"),
        ("audio/flac", "FLAC", "PCM_16"),
        ("audio/x-flac", "FLAC", "PCM_24"),
        ("audio/mpeg", "MP3", "MPEG_LAYER_III"),
        ("audio/mp3", "MP3", "MPEG_LAYER_III"),
        ("audio/aiff", "AIFF", "PCM_16"),
        ("audio/basic", "AU", "ULAW"),
    ],
)
def test_files_in_pieces_or_one_after_the_other_sound_as_soundfile_has_them(mime, form, subtype):
    data = encoded(form, subtype, STEREO)
    expected = reference(data)
    for size in (len(data), 100, 333):
        sizes = [size] * (len(data) // size)
        same(played(mime, *pieces(data, sizes)), expected)
    twice = (np.tile(expected[0], 2), expected[1])
    same(played(mime, data, data), twice)


def test_ogg_sounds_before_it_is_whole():
    long = np.tile(SIGNAL, 20)
    data = encoded("OGG", "OPUS", long)
    audio = AgentAudio()
    first = audio.push("audio/ogg", data[: 2 * len(data) // 3])
    assert first.duration_ms > 1000


def test_what_is_not_complete_is_dropped_at_a_cut():
    audio = AgentAudio()
    assert audio.push("audio/pcm;rate=8000", LITTLE[:3]).pcm == LITTLE[:2]
    audio.drop()
    assert audio.push("audio/pcm;rate=8000", LITTLE[:4]).pcm == LITTLE[:4]
    wav = encoded("WAV", "PCM_16")
    header = wav.index(b"data") + 8
    assert audio.push("audio/wav", wav[: header + 3]).pcm == LITTLE[:2]
    audio.drop()
    assert audio.push("audio/wav", LITTLE[:4]).pcm == LITTLE[:4]
    mp3 = encoded("MP3", "MPEG_LAYER_III")
    assert audio.push("audio/mpeg", mp3[:400]).pcm == b""
    audio.drop()
    assert audio.finish().pcm == b""


@pytest.mark.parametrize(
    ("mime", "data"),
    [
        ("audio/aac", b"\xff\xf1abc"),
        ("audio/webm;codecs=opus", b"\x1a\x45\xdf\xa3"),
        ("", b"abcd"),
        ("audio/", b"abcd"),
        ("audio/pcm;rate=5", b"abcd"),
        ("audio/pcm;rate=9999999", b"abcd"),
        ("audio/pcm;bits=12", b"abcd"),
        ("audio/pcm;channels=99", b"abcd"),
        ("audio/wav", b"not a header at all"),
        ("audio/wav", b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd"),
        ("audio/wav", b"RIFF\0\0\0\0WAVEfmt \4\0\0\0abcd"),
        ("audio/wav", encoded("WAV", "IMA_ADPCM")),
        ("audio/opus", b"\xfc\xff\xfe" * 40),
        ("audio/mpeg", b"no frames" * 40),
    ],
)  # fmt: skip
def test_what_is_not_known_is_refused_by_its_name_and_never_noise(mime, data):
    with pytest.raises(AudioError) as refused:
        played(mime, data)
    assert (repr(mime) if mime else "without a MIME type") in refused.value.message
    assert "audio/pcm" in refused.value.remedy


def test_without_soundfile_the_remedy_is_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(AudioError, match=r"takes soundfile.*pip install 'adk-nb\[audio\]'"):
        AgentAudio().push("audio/flac", b"fLaC")


KINDS = st.sampled_from(
    ["audio/pcm", "audio/l16", "audio/wav", "audio/pcmu", "audio/ogg", "audio/flac", "audio/x", ""]
)
STARTS = st.sampled_from(
    [b"", b"RIFF\0\0\0\0WAVEfmt ", b"OggS", b"fLaC", encoded("WAV", "PCM_16")[:60]]
)
ANYTHING = st.tuples(STARTS, st.binary(max_size=200)).map(b"".join)


@given(KINDS, st.text(max_size=30), st.lists(ANYTHING, max_size=5))
def test_whatever_comes_it_is_whole_samples_or_refused(kind, parameters, given):
    audio = AgentAudio()
    for piece in given:
        try:
            clip = audio.push(f"{kind};{parameters}", piece)
        except AudioError:
            continue
        assert len(clip.pcm) % 2 == 0
        assert 1000 <= clip.rate <= 768_000


def test_pictures_are_no_sound():
    assert not is_sound("image/jpeg")
    assert not is_sound("video/mp4")
    assert is_sound("")
    assert media_type("AUDIO/PCM; Sample-Rate='8000'") == ("audio/pcm", {"samplerate": "8000"})
