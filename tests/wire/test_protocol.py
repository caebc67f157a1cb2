import contextlib
import json
import math
import struct

import golden_wire
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adk_nb.exceptions import ProtocolError
from adk_nb.plain import to_json
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
    assert protocol.decode_image(protocol.encode_image(image)) == image


@given(frames | images)
def test_a_frame_of_either_kind_comes_back_as_it_went(frame):
    audio = isinstance(frame, protocol.AudioFrame)
    data = protocol.encode_audio(frame) if audio else protocol.encode_image(frame)
    assert protocol.decode_frame(data) == frame


def test_the_header_of_an_image_is_the_documented_one():
    data = protocol.encode_image(IMAGE)
    assert data == struct.pack("<BBHIIId", 3, 1, 0, 3, 0, 0, 5.5) + b"\xff\xd8inside\xff\xd9"


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


def _image(kind=3, flags=0, clock=0.0, jpeg=IMAGE.jpeg):
    return struct.pack("<BBHIIId", kind, flags, 0, 0, 0, 0, clock) + jpeg


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
    data = protocol.encode_image(image)
    assert protocol.decode_frame(data) == image
    assert len(data) < protocol.MAX_MESSAGE


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
from_page = [
    *("hello", "text", "mic", "camera", "interrupt", "playback", "clock", "clock_offset", "error"),
]


@given(st.text() | json_values.map(json.dumps))
def test_random_text_is_a_message_or_a_protocol_error(text):
    with contextlib.suppress(ProtocolError):
        protocol.decode_message(text)


@given(
    st.sampled_from(from_page),
    st.dictionaries(
        st.sampled_from(
            ["token", "text", "on", "event", "turn", "clock", "id", "played_ms", "source"]
        ),
        json_values,
    ),
)
def test_fields_of_any_shape_are_a_message_or_a_protocol_error(kind, values):
    try:
        message = protocol.decode_message(json.dumps({"type": kind} | values))
    except ProtocolError:
        return
    assert message.type == kind


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no JSON"),
        ("[1]", "no object"),
        ('{"type": 3}', "no object"),
        ('{"type": "dance"}', "unknown type"),
        ('{"type": "text"}', "lacks 'text'"),
        ('{"type": "text", "text": 3}', "'text' is wrong: Input should be a valid string"),
        ('{"type": "text", "text": "%s"}' % ("x" * 100_001), "too long"),
        ('{"type": "mic", "on": 1}', "'on' is wrong: Input should be a valid boolean"),
        ('{"type": "camera", "source": "kitchen", "on": true}', "'camera' or 'screen'"),
        ('{"type": "playback", "event": "started", "turn": true}', "'turn' is wrong"),
        ('{"type": "playback", "event": "started", "turn": -9}', "'turn' is wrong"),
        ('{"type": "playback", "event": "started", "turn": 1%s}' % ("0" * 30), "'turn' is wrong"),
        ('{"type": "playback", "event": "danced", "turn": 1}', "'started', 'progress'"),
        ('{"type": "playback", "event": "started", "turn": 1, "played_ms": -1}', "'played_ms'"),
        ('{"type": "playback", "event": "started", "turn": 1, "clock": 1e300}', "'clock'"),
        ('{"type": "clock", "id": 1, "clock": NaN}', "'clock' is wrong"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_a_wrong_message_says_what_is_wrong(text, says):
    with pytest.raises(ProtocolError, match=says):
        protocol.decode_message(text)


def test_unknown_fields_are_ignored_and_integers_are_clocks():
    message = protocol.decode_message('{"type": "clock", "id": 7, "clock": 12, "new": []}')
    assert message == protocol.Clock(7, 12.0)
    assert isinstance(message.clock, float)


@given(json_values)
def test_results_of_any_shape_become_json_that_a_browser_reads(value):
    message = protocol.ToolReturned(1, "id", "tool", 2.0, result=value)
    text = protocol.encode_message(message)
    # parse_constant sees NaN and Infinity, which no browser reads.
    data = json.loads(text, parse_constant=pytest.fail)
    assert data["type"] == "tool_result"


def test_text_from_a_page_is_valid_unicode():
    message = protocol.decode_message(
        '{"type": "text", "text": "half \\ud83d, whole \\ud83d\\ude00"}'
    )
    assert message == protocol.Text("half \ufffd, whole \U0001f600")


def test_what_is_no_unicode_is_replaced_on_its_way_out():
    message = protocol.ToolReturned(
        1, "id", "ls", 1.0, result={"na\udcffme": ["\ud83d", {1: "\udcff"}]}
    )
    data = json.loads(protocol.encode_message(message).encode())
    assert data["result"] == {"na\ufffdme": ["\ufffd", {"1": "\ufffd"}]}


def test_a_long_complaint_of_a_page_is_cut():
    complaint = protocol.decode_message(
        json.dumps({"type": "error", "code": "c" * 999, "message": "m" * 9999})
    )
    assert (len(complaint.code), len(complaint.message)) == (100, 2000)


class _Odd:
    def __repr__(self):
        return "<odd>"


def test_what_is_no_json_becomes_its_repr():
    cycle: list = []
    cycle.append(cycle)
    for value in (_Odd(), {"a": _Odd()}, {1, 2}, {("a", 1): math.nan}, cycle, b"\xff", [math.inf]):
        json.loads(to_json({"result": value}), parse_constant=pytest.fail)
    assert json.loads(to_json(_Odd())) == "<odd>"


def test_a_message_carries_its_type_and_all_its_fields():
    data = json.loads(protocol.encode_message(protocol.Failure("c", "m", "r")))
    assert data == {"type": "error", "code": "c", "message": "m", "remedy": "r"}


def test_both_ends_agree_on_the_wire_as_it_is_written_down():
    assert golden_wire.text() == golden_wire.FILE.read_text("utf-8"), golden_wire.__doc__


@pytest.mark.parametrize("frame", [*golden_wire.AUDIO.values(), *golden_wire.IMAGES.values()])
def test_a_golden_frame_comes_back_as_it_went(frame):
    audio = isinstance(frame, protocol.AudioFrame)
    data = protocol.encode_audio(frame) if audio else protocol.encode_image(frame)
    assert protocol.decode_frame(data) == frame


@pytest.mark.parametrize("name", golden_wire.BAD_AUDIO)
def test_a_golden_bad_audio_frame_is_refused(name):
    with pytest.raises(ProtocolError):
        protocol.decode_audio(golden_wire.BAD_AUDIO[name])


@pytest.mark.parametrize("name", golden_wire.BAD_IMAGES)
def test_a_golden_bad_image_is_refused(name):
    with pytest.raises(ProtocolError):
        protocol.decode_image(golden_wire.BAD_IMAGES[name])


@pytest.mark.parametrize("message", golden_wire.FROM_PAGE)
def test_a_golden_message_of_a_page_comes_back_as_it_went(message):
    assert protocol.decode_message(protocol.encode_message(message)) == message


def test_every_message_is_written_down():
    written = {type(message) for message in golden_wire.FROM_PAGE + golden_wire.TO_PAGE}
    kinds = {kind for kind in vars(protocol).values() if isinstance(kind, type)}
    assert written == {kind for kind in kinds if issubclass(kind, protocol.Message) and kind.type}
