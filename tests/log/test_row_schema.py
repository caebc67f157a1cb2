import dataclasses
import json

import pytest

from adk_nb.log.log_row import LogRow
from adk_nb.log.row_schema import read_header, read_row

ROW = {"seq": 1, "time": 1.5e9, "t": 0.5, "source": "adk", "kind": "usage"}


def line(**values):
    return json.dumps({**ROW, **values}).encode()


def row_of(*lines):
    known = {}
    for one in lines:
        read_row(one, known)
    (row,) = known.values()
    return row


def refused(one):
    known = {}
    with pytest.raises(ValueError) as error:
        read_row(one, known)
    assert known == {}
    return str(error.value)


def test_every_field_is_read_as_it_was():
    row = LogRow(
        seq=1, time=1.5e9, t=-0.25, source="client", kind="kind of later", turn=3, author="user",
        agent="a", invocation_id="e", model="m", text="ü\0", final=False, cumulative=True,
        audio_ms=1.0, speech_t=0.5, tool="t", tool_call_id="c", args={"a": [None, {"b": 1}]},
        result=[1, 2.5, "x"], error="e", interrupted=True, turn_complete=True, prompt_tokens=1,
        response_tokens=2, total_tokens=3, error_ms=0.0, output="o",
        status="failed", end_reason="empty", level_db=-20.0, by="result", ambiguous=True, ms=1.5,
        tokens={"prompt": 1}, underruns=2, event_id="e1", variant="brief",
    )  # fmt: skip
    values = dataclasses.asdict(row)
    assert all(value is not None for value in values.values())
    assert row_of(json.dumps(values).encode()) == row


def test_a_number_without_a_fraction_is_a_float_too():
    row = row_of(line(t=3))
    assert (row.t, type(row.t)) == (3.0, float)


def test_a_later_line_changes_the_fields_that_it_has():
    row = row_of(line(text="a", audio_ms=1), b'{"seq": 1, "text": "b", "of_later": 1}')
    assert (row.text, row.audio_ms) == ("b", 1.0)


def test_what_is_missing_is_named():
    assert refused(b'{"seq": 1, "time": 1, "kind": "usage"}') == "t, source is missing"
    assert "seq" in refused(b"{}")


NUMBERS = ("time", "t", "audio_ms", "speech_t", "error_ms")
COUNTS = ("seq", "turn", "prompt_tokens", "response_tokens", "total_tokens")
TEXTS = ("source", "kind", "author", "agent", "model", "text", "tool", "tool_call_id", "error")
BOOLS = ("final", "cumulative", "interrupted", "turn_complete")
NO_NUMBER = ("true", '"1"', "[]", "{}", "NaN", "Infinity", "-Infinity", "1e999")
WRONG = [
    (NUMBERS, (*NO_NUMBER, "1e308", "-1e16")),
    (COUNTS, (*NO_NUMBER, "-1", "1.5", "9007199254740992", "9" * 400)),
    (TEXTS, ("1", "true", "[]", "{}", '"\\ud83d"')),
    (BOOLS, ("0", '"true"', "[]")),
    (("seq", "time", "t", "source", "kind", "turn", "cumulative"), ("null",)),
    (("args",), ("1", '"a"', "[]", '{"a": "\\udc00"}')),
    (("result",), ('"\\ud83d"', "[" * 5000 + "]" * 5000, "9" * 5000)),
]


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for names, values in WRONG for name in names for value in values],
)
def test_what_a_field_cannot_hold_is_refused_and_the_row_stays_as_it_was(name, value):
    text = f'"{name}": {value}'
    # Of two fields with one name the later counts.
    assert len(refused(f"{json.dumps(ROW)[:-1]}, {text}}}".encode())) < 200
    known = {}
    read_row(line(), known)
    with pytest.raises(ValueError):
        read_row(f'{{"seq": 1, "text": "new", {text}}}'.encode(), known)
    assert known == {1: LogRow(**ROW)}


def test_bounds_are_those_that_the_frames_can_hold():
    row = row_of(line(seq=2**53 - 1, turn=2**53 - 1, time=253_402_300_799.5, total_tokens=2**39))
    assert row.turn == 2**53 - 1
    refused(line(time=253_402_300_800))
    refused(line(time=-1))
    refused(line(audio_ms=-1))
    refused(line(total_tokens=2**40))


@pytest.mark.parametrize("one", [b"", b"\n", b"\xff\xfe", b"[1]", b"null", b'{"seq": 1', b"\0"])
def test_what_is_no_row_is_refused(one):
    refused(one)


def test_what_is_refused_is_not_repeated():
    assert "secret" not in refused(line(turn="secret"))


def test_a_header():
    header = {"format": "f", "version": 1, "session_id": "s"}
    assert read_header(json.dumps({**header, "started": 1.5}).encode()) == header
    assert read_header(line()) == {}
    for odd in ({"version": True}, {"version": "1"}, {"session_id": {}}, {"format": None}):
        with pytest.raises(ValueError):
            read_header(json.dumps({**header, **odd}).encode())
