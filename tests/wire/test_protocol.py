import contextlib
import dataclasses
import json
import math
import re
from pathlib import Path

import golden_wire
import pytest
from hypothesis import given, strategies as st
from wire_frames import encode_message

from adk_nb.exceptions import ProtocolError
from adk_nb.plain import to_json
from adk_nb.wire import bridge_messages, page_messages, protocol

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
        ('{"type": "text", "text": "a", "id": "%s"}' % ("x" * 65), "'id' is wrong: String should"),
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
    text = encode_message(message)
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
    data = json.loads(encode_message(message).encode())
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
    data = json.loads(encode_message(protocol.Failure("c", "m", "r")))
    assert data == {"type": "error", "code": "c", "message": "m", "remedy": "r", "lasts": False}


def test_both_ends_agree_on_the_wire_as_it_is_written_down():
    assert golden_wire.text() == golden_wire.FILE.read_text("utf-8"), golden_wire.__doc__


@pytest.mark.parametrize("message", golden_wire.FROM_PAGE)
def test_a_golden_message_of_a_page_comes_back_as_it_went(message):
    assert protocol.decode_message(encode_message(message)) == message


def test_every_message_is_written_down():
    written = {type(message) for message in golden_wire.FROM_PAGE + golden_wire.TO_PAGE}
    kinds = {kind for kind in vars(protocol).values() if isinstance(kind, type)}
    assert written == {kind for kind in kinds if issubclass(kind, protocol.Message) and kind.type}


@pytest.mark.parametrize(
    ("field", "largest", "beyond"),
    [
        ("clock", 1e14, 1.1e14),
        ("clock", -1e14, -1.1e14),
        ("played_ms", 1e9, 1.1e9),
        ("played_ms", 0, -0.1),
        ("turn", 2**32 - 1, 2**32),
        ("turn", 0, -1),
    ],
)
def test_the_bounds_of_a_players_report(field, largest, beyond):
    report = {"type": "playback", "event": "drained", "turn": 1}
    assert getattr(protocol.decode_message(to_json(report | {field: largest})), field) == largest
    with pytest.raises(ProtocolError):
        protocol.decode_message(to_json(report | {field: beyond}))


def test_a_report_that_says_no_more_says_nothing_was_played():
    played = protocol.decode_message('{"type": "playback", "event": "started", "turn": 1}')
    assert played == protocol.Playback("started", 1, 0.0, 0.0, 0)


def test_an_unknown_type_is_named_by_its_beginning():
    with pytest.raises(ProtocolError) as error:
        protocol.decode_message(to_json({"type": "t" * 100}))
    assert str(error.value).count("t" * 40) == 1
    assert "t" * 41 not in str(error.value)


DOCUMENT = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")


def documented(heading):
    """Returns the fields of each message in the table below a line of the document."""
    table = DOCUMENT.split(heading)[1].split("\n\n")[1]
    rows = [line.strip("|").split("|") for line in table.splitlines()[2:]]
    names = [(row[0], row[1]) for row in rows]
    return {
        kind: re.findall(r"`(\w+)`", told)
        for kinds, told in names
        for kind in re.findall(r"`(\w+)`", kinds)
    }


@pytest.mark.parametrize(
    ("heading", "module"),
    [("Page to bridge:", page_messages), ("Bridge to page:", bridge_messages)],
)
def test_every_field_of_every_message_is_documented(heading, module):
    messages = {
        cls.type: {field.name for field in dataclasses.fields(cls)}
        for cls in vars(module).values()
        if dataclasses.is_dataclass(cls)
        and cls.__module__ == module.__name__
        and hasattr(cls, "type")
    }
    for kind in {"redeem", "admitted"} & set(messages):  # The way in has a section of its own.
        assert f'"type": "{kind}"' in DOCUMENT
        del messages[kind]
    told = {kind: set(names) for kind, names in documented(heading).items()}
    if heading == "Page to bridge:":
        told["clock"].add("bridge_clock")  # The answer's own; one class serves both.
    assert {kind: told.get(kind) for kind in messages} == messages
