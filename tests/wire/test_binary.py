"""The binary frames: sound and pictures."""

import math
import struct

import golden_wire
import pytest
from hypothesis import given, strategies as st
from wire_frames import encode_image

from adk_nb.exceptions import ProtocolError
from adk_nb.wire import protocol

frames = st.builds(
    protocol.AudioFrame,
    kind=st.sampled_from([protocol.MICROPHONE, protocol.AGENT_AUDIO]),
    seq=st.integers(0, 2**32 - 1),
    turn=st.integers(0, 2**32 - 1),
    rate=st.integers(8_000, 48_000),
    clock=st.floats(allow_nan=False, allow_infinity=False),
    samples=st.binary(min_size=1).map(lambda b: b + b),
)


images = st.builds(
    protocol.ImageFrame,
    source=st.sampled_from(protocol.SOURCES),
    seq=st.integers(0, 2**32 - 1),
    clock=st.floats(allow_nan=False, allow_infinity=False),
    jpeg=st.binary().map(lambda inside: b"\xff\xd8" + inside + b"\xff\xd9"),
)


IMAGE = protocol.ImageFrame("screen", 3, 5.5, b"\xff\xd8inside\xff\xd9")


def test_the_header_of_an_image_is_the_documented_one():
    data = encode_image(IMAGE)
    assert data == struct.pack("<BBHIIId", 3, 1, 0, 3, 0, 0, 5.5) + b"\xff\xd8inside\xff\xd9"


def _image(kind=3, flags=0, clock=0.0, jpeg=IMAGE.jpeg):
    return struct.pack("<BBHIIId", kind, flags, 0, 0, 0, 0, clock) + jpeg


@given(frames)
def test_audio_comes_back_as_it_went(frame):
    assert protocol.decode_audio(protocol.encode_audio(frame)) == frame


def test_the_header_is_the_documented_one():
    data = protocol.encode_audio(protocol.AudioFrame(2, 3, 4, 24_000, 5.5, b"\x01\x02"))
    assert data == struct.pack("<BBHIIId", 2, 0, 0, 3, 4, 24_000, 5.5) + b"\x01\x02"
    assert protocol.HEADER_SIZE == 24


@given(st.binary(max_size=200))
def test_random_bytes_are_a_frame_or_a_protocol_error(data):
    try:
        frame = protocol.decode_audio(data)
    except ProtocolError:
        return
    assert 8_000 <= frame.rate <= 48_000
    assert len(frame.samples) % 2 == 0


@given(images)
def test_an_image_comes_back_as_it_went(image):
    assert protocol.decode_image(encode_image(image)) == image


@given(frames | images)
def test_a_frame_of_either_kind_comes_back_as_it_went(frame):
    audio = isinstance(frame, protocol.AudioFrame)
    data = protocol.encode_audio(frame) if audio else encode_image(frame)
    assert protocol.decode_frame(data) == frame


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x03", b"\x03\x00", b"\x03\x01\0\0"]))
def test_random_bytes_are_a_frame_of_either_kind_or_a_protocol_error(data, start):
    for decode in (protocol.decode_frame, protocol.decode_image):
        try:
            frame = decode(start + data)
        except ProtocolError:
            continue
        if isinstance(frame, protocol.ImageFrame):
            assert frame.source in protocol.SOURCES
            assert frame.jpeg.startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (_image()[:23], "shorter than its header"),
        (_image(kind=1), "kind 1 where an image"),
        (_image(flags=2), "unknown source 2"),
        (_image(clock=math.nan), "no number"),
        (_image(jpeg=b""), "no JPEG"),
        (_image(jpeg=b"\xff\xd8\xd9"), "no JPEG"),
        (_image(jpeg=b"\x89PNG\xff\xd9"), "no JPEG"),
        (_image(jpeg=IMAGE.jpeg + b"\0"), "no JPEG"),
        (_image(jpeg=b"\xff\xd8" + bytes(protocol.MAX_JPEG) + b"\xff\xd9"), "are allowed"),
    ],
)
def test_a_wrong_image_says_what_is_wrong(data, says):
    with pytest.raises(ProtocolError, match=says):
        protocol.decode_image(data)


def test_the_largest_image_fits_into_a_message():
    inside = bytes(protocol.MAX_JPEG - 4)
    image = IMAGE._replace(jpeg=b"\xff\xd8" + inside + b"\xff\xd9")
    data = encode_image(image)
    assert protocol.decode_frame(data) == image
    assert len(data) < protocol.MAX_MESSAGE


@pytest.mark.parametrize("frame", [*golden_wire.AUDIO.values(), *golden_wire.IMAGES.values()])
def test_a_golden_frame_comes_back_as_it_went(frame):
    audio = isinstance(frame, protocol.AudioFrame)
    data = protocol.encode_audio(frame) if audio else encode_image(frame)
    assert protocol.decode_frame(data) == frame


@pytest.mark.parametrize("name", golden_wire.BAD_AUDIO)
def test_a_golden_bad_audio_frame_is_refused(name):
    with pytest.raises(ProtocolError):
        protocol.decode_audio(golden_wire.BAD_AUDIO[name])


@pytest.mark.parametrize("name", golden_wire.BAD_IMAGES)
def test_a_golden_bad_image_is_refused(name):
    with pytest.raises(ProtocolError):
        protocol.decode_image(golden_wire.BAD_IMAGES[name])
