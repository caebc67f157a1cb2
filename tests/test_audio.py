import io
import math
import wave

import numpy as np
import pytest
import soundfile
from hypothesis import given, strategies as st

from adk_nb.audio import Clip, Loudness, SpeechLevel, duration_ms, joined, mono, pcm16, rate_of
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
    with wave.open(io.BytesIO(clip.wav())) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (rate, 1, 2)
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


def of(*samples: int) -> bytes:
    return np.array(samples, "<i2").tobytes()


@pytest.mark.parametrize(
    ("samples", "level_db"),
    [
        ([], -math.inf),
        ([0] * 8, -math.inf),
        ([-32768], 0.0),
        ([3277], -20.0),
        ([3277, -3277], -20.0),
        ([3277, 0], -23.01),
        ([1], -90.31),
    ],
)
def test_a_level_is_the_root_mean_square_of_its_samples(samples, level_db):
    assert Clip(of(*samples)).level_db == pytest.approx(level_db, abs=0.01)


def test_the_level_of_pieces_is_that_of_the_whole():
    loudness = Loudness()
    assert loudness.level_db == -math.inf
    for piece in ([3277], [], [0, 0, 0]):
        loudness.add(of(*piece))
    assert loudness.level_db == pytest.approx(Clip(of(3277, 0, 0, 0)).level_db)
    assert loudness.level_db == pytest.approx(-26.02, abs=0.01)


def at(level_db: float) -> bytes:
    """A frame of 20 ms of that level."""
    size = 32768 * 10 ** (level_db / 20)
    return of(*[round(size), -round(size)] * 160)


def test_speech_is_well_above_the_noise_from_the_first_frame_on():
    assert SpeechLevel().loud(at(-37))  # 12 dB above a quiet room, which is at -50
    assert not SpeechLevel().loud(at(-39))
    assert not SpeechLevel().loud(b"")


def test_the_noise_follows_a_louder_room_slowly_and_a_quieter_one_at_once():
    room = SpeechLevel()
    heard = [room.loud(at(-35)) for _ in range(300)]
    # The noise creeps up by 0.02 dB a frame: after 150 from -50 to -47, which is 12 below -35.
    assert heard == [True] * 150 + [False] * 150
    assert not room.loud(at(-33.5))
    assert not room.loud(at(-90))  # as quiet as can be: the noise is at its floor again
    assert room.loud(at(-37))
    assert not room.loud(at(-39))


def test_one_clip_after_the_other_is_at_the_rate_of_the_second():
    one, other = Clip(of(*[1000, -1000] * 800), 8_000), Clip(of(1, 2, 3), 16_000)
    both = joined(one, other)
    assert (both.rate, len(both.samples)) == (16_000, 3203)
    assert both.samples[-3:].tolist() == [1, 2, 3]
    same = joined(Clip(of(-32768, 5, 32767), 8_000), Clip(of(7), 8_000))
    assert same == Clip(of(-32768, 5, 32767, 7), 8_000)


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        (Clip(b"", 8_000), Clip(of(1), 16_000), Clip(of(1), 16_000)),
        (Clip(of(1), 8_000), Clip(b"", 16_000), Clip(of(1), 8_000)),
        (Clip(b"", 8_000), Clip(b"", 16_000), Clip(b"", 16_000)),
    ],
)
def test_nothing_before_or_after_a_clip_leaves_it_as_it_is(first, second, whole):
    assert joined(first, second) == whole


def test_samples_are_rounded_and_clipped():
    samples = np.array([0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 0.4 / 32768, -0.6 / 32768])
    assert np.frombuffer(pcm16(samples), "<i2").tolist() == [
        0, 16384, -16384, 32767, -32768, 32767, -32768, 0, -1,
    ]  # fmt: skip


def test_a_clip_that_is_too_long_for_a_notebook_says_what_to_do():
    shown = Clip(bytes(60_000_000))._repr_html_()
    assert len(shown) < 300
    assert "save(" in shown


def test_of_several_channels_all_sound_in_one():
    one = Clip(b"\1\0", 8000)
    assert mono(one) is one
    samples = np.array([[1, 2], [30_000, 30_000], [-30_000, -30_000], [5, -5]], "<i2")
    assert mono(Clip(samples.tobytes(), 8000, 2)) == Clip(
        np.array([3, 32_767, -32_768, 0], "<i2").tobytes(), 8000
    )
    three = np.array([[1, 2, 4]], "<i2")
    assert mono(Clip(three.tobytes(), 8000, 3)).samples.tolist() == [7]


def test_a_clip_of_several_channels_is_as_long_as_one_of_them():
    clip = Clip(bytes(2 * 2 * 8000), 8000, 2)
    assert (clip.duration_ms, clip.samples.shape) == (1000, (8000, 2))
    assert repr(clip) == "Clip(1.00 s, 8000 Hz, stereo)"
    assert repr(Clip(bytes(8000), 8000)) == "Clip(0.50 s, 8000 Hz)"
