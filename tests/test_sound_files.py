import io
import random
import re
import sys
import tracemalloc
import wave

import numpy as np
import pytest
import soundfile

from adk_nb.audio import Clip
from adk_nb.exceptions import AudioError
from adk_nb.sound_files import read_sound
from adk_nb.sound_input import clip_of

RATE = 44_100


@pytest.fixture
def no_soundfile(monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)


@pytest.fixture
def no_soxr(monkeypatch):
    monkeypatch.setitem(sys.modules, "soxr", None)


def tone(channels=1):
    one = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE // 4) / RATE)
    return np.repeat(one[:, None], channels, axis=1)


class Whole:
    """Keeps all that is read."""

    def __init__(self, rate, channels):
        self.rate, self.channels, self.blocks = rate, channels, []

    def push(self, block):
        self.blocks.append(block)


def written(path, subtype, channels=1, container="WAV"):
    soundfile.write(path, tone(channels), RATE, subtype=subtype, format=container)
    return path


@pytest.mark.usefixtures("no_soundfile", "no_soxr")
@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32"])
def test_plain_wav_needs_no_package(tmp_path, subtype, channels):
    path = tmp_path / "tone.wav"
    samples = tone(channels)
    width = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4}[subtype]
    scaled = np.round(samples * (2.0 ** (8 * width - 1) - 1)).astype("<i8") + 128 * (width == 1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(RATE)
        file.writeframes(scaled.view(np.uint8).reshape(-1, 8)[:, :width].tobytes())
    read = read_sound(path, Whole)
    assert (read.rate, read.channels) == (RATE, channels)
    assert np.concatenate(read.blocks) == pytest.approx(
        samples, abs=max(1e-6, 2 / 2 ** (8 * width - 1))
    )
    clip = clip_of(path.read_bytes())
    assert clip.duration_ms == pytest.approx(250, abs=1)
    assert clip.level_db == pytest.approx(-9.03, abs=0.1)


@pytest.mark.usefixtures("no_soundfile")
@pytest.mark.parametrize(("subtype", "container"), [("FLOAT", "WAV"), ("PCM_16", "FLAC")])
def test_what_is_no_plain_wav_names_the_extra(tmp_path, monkeypatch, subtype, container):
    with monkeypatch.context() as there:
        there.setitem(sys.modules, "soundfile", soundfile)
        path = written(tmp_path / "tone", subtype, container=container)
    with pytest.raises(AudioError, match=r"pip install 'adk-nb\[audio\]'"):
        clip_of(path)


def test_a_soundfile_that_does_not_load_is_none(tmp_path, monkeypatch):
    class Broken:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "soundfile":
                raise OSError("libsndfile.so.1: cannot open shared object file")

    path = written(tmp_path / "tone.flac", "PCM_16", container="FLAC")
    monkeypatch.delitem(sys.modules, "soundfile")
    monkeypatch.setattr(sys, "meta_path", [Broken, *sys.meta_path])
    with pytest.raises(AudioError, match=r"pip install 'adk-nb\[audio\]'"):
        clip_of(path)


@pytest.mark.parametrize("container", ["FLAC", "OGG", "MP3", "AIFF"])
def test_other_formats_are_read_by_soundfile(tmp_path, container):
    subtype = {"OGG": "VORBIS", "MP3": "MPEG_LAYER_III"}.get(container, "PCM_16")
    clip = clip_of(written(tmp_path / "tone", subtype, 2, container))
    assert clip.duration_ms == pytest.approx(250, abs=60)
    assert clip.level_db == pytest.approx(-9, abs=1)


def mutated(good, seed):
    """A file with a few bytes of its header changed, and sometimes its end cut off."""
    dice = random.Random(seed)
    bad = bytearray(good)
    for _ in range(dice.randrange(1, 4)):
        bad[dice.randrange(4, 60)] = dice.randrange(256)
    return bytes(bad[: dice.randrange(8, len(bad))] if dice.random() < 0.2 else bad)


@pytest.mark.parametrize("there", [True, False], ids=["soundfile", "no soundfile"])
def test_of_a_damaged_file_a_sentence_is_said(monkeypatch, there):
    buffer = io.BytesIO()
    written(buffer, "PCM_16", 2)
    if not there:
        monkeypatch.setitem(sys.modules, "soundfile", None)
    errors = []
    for seed in range(300):
        try:
            clip_of(mutated(buffer.getvalue(), seed))
        except AudioError as error:
            errors.append(error)
    assert len(errors) > 50
    for error in errors:
        assert re.search(r"\w{3}.{3,}\.$", error.message.rpartition("as sound: ")[2])
        assert " object at 0x" not in error.message
        assert error.remedy


def test_a_length_that_a_damaged_file_states_is_not_believed(tmp_path):
    path = written(tmp_path / "tone.flac", "PCM_16", container="FLAC")
    data = bytearray(path.read_bytes())
    data[21:26] = b"\xff" * 5  # The number of samples in its STREAMINFO: 36 bits.
    path.write_bytes(data)
    with pytest.raises(AudioError, match="cannot be read as sound"):
        read_sound(path, Whole)


@pytest.mark.parametrize("rate", [1, 900_000])
def test_a_rate_that_cannot_be_is_refused(tmp_path, rate):
    path = tmp_path / "odd.wav"
    path.write_bytes(Clip(bytes(3200), rate).wav())
    with pytest.raises(AudioError, match=f"{rate} samples a second"):
        clip_of(path)


@pytest.mark.parametrize("missing", ["no-such-file.wav", ".", None, 3])
def test_what_is_no_file_is_named(missing):
    with pytest.raises(AudioError) as error:
        read_sound(missing, Whole)
    assert repr(str(missing)) in error.value.message
    assert error.value.remedy


@pytest.mark.parametrize("container", ["WAV", "FLAC"])
def test_a_long_file_is_read_in_pieces(tmp_path, container):
    path = tmp_path / "long"
    with soundfile.SoundFile(path, "w", 48_000, 2, "PCM_16", format=container) as file:
        second = np.repeat(0.5 * np.sin(np.arange(48_000) / 48_000 * 2764.6)[:, None], 2, axis=1)
        for _ in range(120):
            file.write(second)
    tracemalloc.start()
    try:
        clip = clip_of(path)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert clip.duration_ms == pytest.approx(120_000, abs=1)
    assert clip.level_db == pytest.approx(-9.03, abs=0.1)
    # The clip, the pieces it is joined of, and some blocks; all samples at once are 46 MB.
    assert most < 2 * len(clip.pcm) + 6e6
