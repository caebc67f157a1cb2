import enum
import json
import threading

import pytest
from hypothesis import given, strategies as st
from pydantic import BaseModel

from adk_nb.plain import MAX_DEPTH, MAX_REPR, one_line, plain, to_json, valid_text


@given(st.text(st.characters(codec=None, categories=("L", "Cs", "So"))))
def test_text_can_be_encoded_and_stays_what_it_is_where_it_could(text):
    valid = valid_text(text)
    valid.encode()
    try:
        text.encode()
    except UnicodeEncodeError:
        assert "\ufffd" in valid or len(valid) < len(text)
    else:
        assert valid is text


def test_two_halves_of_a_character_become_one():
    assert valid_text("a\ud83d\ude00b\ud83d") == "a\U0001f600b\ufffd"


@given(st.text())
def test_one_line_is_one_line(text):
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line


def test_control_characters_are_escaped_and_all_else_stays():
    assert one_line("grün\n\x1b[31m\x85\u2028 ok\x7f") == r"grün\n\x1b[31m\x85\u2028 ok\x7f"


class Kind(str, enum.Enum):  # noqa: UP042 - what users have
    RED = "red"


class Model(BaseModel):
    name: str
    parts: list[bytes] = []


class Mute:
    def __repr__(self):
        raise RuntimeError("no words")


class Leaving:
    def __repr__(self):
        raise SystemExit(3)


def test_what_json_lacks_becomes_what_it_has():
    value = {
        1: (1, 2.5, None, True),
        "set": {"x"},
        "nan": float("nan"),
        "large": 10**30,
        "kind": Kind.RED,
        "bytes": b"\xff",
        "model": Model(name="n"),
        "class": Model,
        "name\udcff": "file\udcff",
    }
    assert plain(value) == {
        "1": [1, 2.5, None, True],
        "set": ["x"],
        "nan": "nan",
        "large": str(10**30),
        "kind": "red",
        "bytes": r"b'\xff'",
        "model": {"name": "n", "parts": []},
        "class": repr(Model),
        "name\ufffd": "file\ufffd",
    }
    assert type(plain(Kind.RED)) is str


@pytest.mark.parametrize(
    "value",
    [Mute(), [Leaving()], Model(name="n", parts=[b"\xff"]), 10**9999],
    ids=["mute", "within", "model", "number"],
)
def test_what_cannot_be_shown_is_named(value):
    json.dumps(plain(value), allow_nan=False)


def test_what_holds_itself_or_is_endlessly_deep_ends():
    cycle: list = [1]
    cycle += [cycle, cycle]
    assert plain(cycle)[0] == 1
    deep: list = []
    for _ in range(MAX_DEPTH * 100):
        deep = [deep]
    json.dumps(plain(deep))


def test_a_copy_does_not_change_with_the_original():
    cart = {"items": ["milk"]}
    copy = plain(cart)
    cart["items"].append("eggs")
    assert copy == {"items": ["milk"]}


def test_what_a_thread_goes_on_filling_can_be_copied():
    growing = {0: 0}
    over = threading.Event()

    def fill():
        number = 0
        while not over.is_set():
            number += 1
            growing[number % 5000] = number
            growing.pop((number * 7) % 5000, None)

    thread = threading.Thread(target=fill)
    thread.start()
    try:
        for _ in range(300):
            assert isinstance(plain(growing), dict)
    finally:
        over.set()
        thread.join()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)  # fmt: skip


@given(json_values)
def test_what_json_has_stays_as_it_is(value):
    assert plain(value) == value


class Restless(dict):
    """Changes its size whenever it is read, as often as it is told."""

    def __init__(self, times):
        super().__init__(a=1)
        self.times = times

    def items(self):
        if self.times:
            self.times -= 1
            raise RuntimeError("dictionary changed size during iteration")
        return super().items()


def test_a_container_that_never_settles_is_empty():
    assert plain(Restless(99)) == {"a": 1}
    assert plain(Restless(100)) == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"ö": [1, None, "\ud83d"]}, '{"ö": [1, null, "�"]}'),
        (Kind.RED, '"red"'),
        (float("nan"), '"nan"'),
        ({(1, 2): {3}}, '{"(1, 2)": [3]}'),
        (b"x", "\"b'x'\""),
    ],
    ids=["plain", "enum", "nan", "keys", "bytes"],
)
def test_anything_is_standard_json(value, text):
    assert to_json(value) == text


def test_a_cycle_is_json_too():
    cycle: list = [1]
    cycle.append(cycle)
    assert json.loads(to_json(cycle))[0] == 1


def test_where_the_limits_are():
    assert plain([2**63 - 1, 2**63, -(2**63), -(2**63) + 1]) == [
        2**63 - 1, str(2**63), str(-(2**63)), -(2**63) + 1,
    ]  # fmt: skip
    assert plain(b"x" * 20_000) == repr(b"x" * 20_000)[:MAX_REPR]
    deep: list = ["end"]
    for _ in range(MAX_DEPTH - 1):
        deep = [deep]
    copy = plain(deep)
    assert copy == deep
    copy = plain([deep])
    for _ in range(MAX_DEPTH):
        (copy,) = copy
    assert copy == "['end']"


def test_what_is_in_two_places_is_no_cycle():
    shared = [1]
    assert plain([shared, shared, {"a": shared}]) == [[1], [1], {"a": [1]}]
