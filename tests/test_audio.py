import math
import wave

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from adk_nb.audio import Clip, duration_ms, rate_of
from adk_nb.exceptions import AudioError
from adk_nb.sound_input import clip_of


def tone(rate: int, seconds: float = 0.5, hz: float = 440) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)


@pytest.mark.parametrize(
    ("mime", "rate"),
    [
        ("audio/pcm;rate=16000", 16_000),
        ("audio/pcm; rate=24000; channels=1", 24_000),
        ("audio/pcm", 24_000),
        (None, 24_000),
        ("audio/pcm;rate=junk", 24_000),
    ],
)
def test_the_rate_of_a_mime_type(mime, rate):
    assert rate_of(mime) == rate


@given(st.binary(max_size=4000).map(lambda b: b + b), st.sampled_from([8_000, 16_000, 24_000]))
def test_a_wav_holds_the_same_samples(pcm, rate):
    clip = Clip(pcm, rate)
    with wave.open(__import__("io").BytesIO(clip.wav())) as file:
        assert file.getframerate() == rate
        assert file.readframes(file.getnframes()) == pcm
    assert clip.duration_ms == duration_ms(len(pcm), rate) == len(pcm) / 2 / rate * 1000


def test_levels():
    assert Clip(b"").level_db == -math.inf
    assert Clip(bytes(100)).level_db == -math.inf
    loud = clip_of(tone(16_000))
    assert loud.level_db == pytest.approx(20 * math.log10(0.5 / math.sqrt(2)), abs=0.1)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (48_000, 1)])
def test_any_wav_becomes_16_khz_mono(tmp_path, subtype, rate, channels):
    samples = np.repeat(tone(rate)[:, None], channels, axis=1)
    path = tmp_path / "tone.wav"
    soundfile.write(path, samples, rate, subtype=subtype)
    clip = clip_of(path)
    assert clip.rate == 16_000
    assert clip.duration_ms == pytest.approx(500, abs=1)
    spectrum = np.abs(np.fft.rfft(clip.samples * np.hanning(len(clip.samples))))
    assert np.argmax(spectrum) * 16_000 / len(clip.samples) == pytest.approx(440, abs=3)
    assert clip.level_db == pytest.approx(-9.03, abs=0.3)
    assert clip_of(path.read_bytes()).pcm == clip.pcm
    assert clip_of(str(path)).pcm == clip.pcm


def test_arrays_bytes_and_clips():
    ints = (tone(16_000) * 32767).astype(np.int16)
    assert clip_of(ints).pcm == ints.tobytes()
    assert clip_of(ints.tobytes()).pcm == ints.tobytes()
    assert clip_of(np.array([1.2, -1.2])).samples.tolist() == [32767, -32768]
    assert clip_of(Clip(bytes(48_000), 24_000)).duration_ms == pytest.approx(1000)


@pytest.mark.parametrize("bad", [b"", b"\x01", np.array([]), "no-such-file.wav", b"RIFFjunkjunk"])
def test_what_is_no_sound_says_what_to_do(bad):
    with pytest.raises(AudioError) as error:
        clip_of(bad)
    assert error.value.remedy


def test_a_clip_plays_in_a_cell(tmp_path):
    clip = Clip(bytes(3200))
    assert clip._repr_html_().startswith('<audio controls src="data:audio/wav;base64,UklGR')
    assert clip.save(tmp_path / "a.wav").read_bytes() == clip.wav()
    assert "no sound" in Clip(b"")._repr_html_()
    assert repr(clip) == "Clip(0.10 s, 16000 Hz)"


def test_an_array_of_words_is_no_sound():
    with pytest.raises(AudioError, match="is no sound"):
        clip_of(np.array(["a"]))


@pytest.mark.parametrize("odd", [None, 3, ["a.wav"]])
def test_what_is_no_sound_is_refused(odd):
    with pytest.raises(AudioError, match=r"is no sound\. Give the path of a sound file"):
        clip_of(odd)
