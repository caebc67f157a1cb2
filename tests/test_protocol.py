import contextlib
import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adk_nb import protocol
from adk_nb.exceptions import ProtocolError

frames = st.builds(
    protocol.AudioFrame,
    kind=st.sampled_from([protocol.MICROPHONE, protocol.AGENT_AUDIO]),
    seq=st.integers(0, 2**32 - 1),
    turn=st.integers(0, 2**32 - 1),
    rate=st.integers(8_000, 48_000),
    clock=st.floats(allow_nan=False, allow_infinity=False),
    samples=st.binary(min_size=1).map(lambda b: b + b),
)


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


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
from_page = ["hello", "text", "mic", "interrupt", "playback", "clock", "clock_offset", "error"]


@given(st.text() | json_values.map(json.dumps))
def test_random_text_is_a_message_or_a_protocol_error(text):
    with contextlib.suppress(ProtocolError):
        protocol.decode_message(text)


@given(
    st.sampled_from(from_page),
    st.dictionaries(
        st.sampled_from(["token", "text", "on", "event", "turn", "clock", "id", "played_ms"]),
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
        ('{"type": "text"}', "lacks a field"),
        ('{"type": "text", "text": 3}', "'text' is no str"),
        ('{"type": "mic", "on": 1}', "'on' is no bool"),
        ('{"type": "playback", "event": "started", "turn": true}', "'turn' is no int"),
        ('{"type": "clock", "id": 1, "clock": NaN}', "'clock' is no float"),
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


class _Odd:
    def __repr__(self):
        return "<odd>"


def test_what_is_no_json_becomes_its_repr():
    cycle: list = []
    cycle.append(cycle)
    for value in (_Odd(), {"a": _Odd()}, {1, 2}, {("a", 1): math.nan}, cycle, b"\xff", [math.inf]):
        json.loads(protocol.to_json({"result": value}), parse_constant=pytest.fail)
    assert json.loads(protocol.to_json(_Odd())) == "<odd>"


def test_a_message_carries_its_type_and_all_its_fields():
    data = json.loads(protocol.encode_message(protocol.Failure("c", "m", "r")))
    assert data == {"type": "error", "code": "c", "message": "m", "remedy": "r", "fatal": False}
