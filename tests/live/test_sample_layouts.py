"""Samples of every layout, decoded to PCM16LE mono."""

from __future__ import annotations

import numpy as np
import pytest

from adk_nb.live.sample_layouts import Layout, decoded, looks_big


def samples(data, layout):
    return np.frombuffer(decoded(data, layout), "<i2").tolist()


def test_pcm16_little_endian_mono_stays_as_it_is():
    data = b"\x01\x02\x03\x04"
    assert decoded(data, Layout(24_000)) is data


@pytest.mark.parametrize(
    ("data", "layout", "expected"),
    [
        (b"\x01\x00\xff\xfe", {"big": True}, [256, -2]),
        (b"\x00\x80\xff", {"bits": 8, "coding": "unsigned"}, [-32768, 0, 32512]),
        (b"\x56\x34\x12", {"bits": 24}, [0x1234]),
        (b"\x12\x34\x56", {"bits": 24, "big": True}, [0x1234]),
        (b"\x00\x00\x34\x12", {"bits": 32}, [0x1234]),
        (np.array([100, 200, -3, 1], "<i2").tobytes(), {"channels": 2}, [150, -1]),
        (np.array([0.5, -2.0, np.nan, np.inf], "<f4").tobytes(),
         {"bits": 32, "coding": "float"}, [16384, -32768, 0, 32767]),
        (np.array([0.5], ">f8").tobytes(), {"bits": 64, "coding": "float", "big": True}, [16384]),
    ],
)  # fmt: skip
def test_each_layout(data, layout, expected):
    got = samples(data, Layout(8_000, **layout))
    assert np.abs(np.subtract(got, expected)).max() <= 1


# ITU-T G.711: the codes of silence, and of the loudest samples.
@pytest.mark.parametrize(
    ("coding", "codes", "expected"),
    [
        ("mu-law", [0xFF, 0x7F, 0x80, 0x00], [0, 0, 32124, -32124]),
        ("A-law", [0xD5, 0x55, 0xAA, 0x2A], [8, -8, 32256, -32256]),
    ],
)
def test_g711(coding, codes, expected):
    assert samples(bytes(codes), Layout(8_000, 8, coding=coding)) == expected


@pytest.mark.parametrize("coding", ["mu-law", "A-law"])
def test_all_256_codes_are_ordered_and_symmetric(coding):
    found = np.array(samples(bytes(range(256)), Layout(8_000, 8, coding=coding)))
    assert found[:128].tolist() == (-found[128:]).tolist()
    distinct = 255 if coding == "mu-law" else 256  # Mu-law has a positive and a negative zero.
    assert len(set(found.tolist())) == distinct


def test_the_size_of_a_moment():
    assert Layout(8_000, 24, 2).block == 6


def test_sound_tells_its_byte_order_and_noise_and_little_of_it_do_not():
    tone = (8000 * np.sin(np.arange(500) / 20)).astype(np.int16)
    assert looks_big(tone.astype(">i2").tobytes()) is True
    assert looks_big(tone.astype("<i2").tobytes()) is False
    assert looks_big(tone[:63].astype("<i2").tobytes()) is None
    noise = np.random.default_rng(1).integers(-32768, 32767, 500, np.int16)
    assert looks_big(noise.tobytes()) is None
