"""Recordings that were damaged, or made up, in any way: read as far as they go, never a crash.

A case is a real recording that a seeded mutator changed, or rows that hypothesis made up. Whatever
it is, reading it, its frames, its sound and its timeline raise an `AdkNbError` or nothing.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import time
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from logs import read_recording
from mutations import cases
from scripted import DONE, audio, call, result_of, said, text_of
from sessions import agent, attach, do

from adk_nb import LiveSession
from adk_nb.data.tables import EVENT_COLUMNS, EVENT_MORE, TOOL_MORE, TURN_COLUMNS, TURN_MORE
from adk_nb.data.timeline import marks, timeline
from adk_nb.exceptions import AdkNbError
from adk_nb.frames import TOOL_COLUMNS, events_df, tools_df, transcript_df, turns_df
from adk_nb.log.log_row import KINDS, LogRow
from adk_nb.log.recording import EVENTS
from adk_nb.log.recording_reader import RecordedLog
from adk_nb.log.turns_from_log import logged_turns
from adk_nb.wire import protocol

CASES = cases(0.3)
MADE_UP = CASES // 10
FIELDS = [field.name for field in fields(LogRow)]
FRAMES = {
    events_df: EVENT_COLUMNS + EVENT_MORE,
    turns_df: TURN_COLUMNS + TURN_MORE,
    tools_df: TOOL_COLUMNS + TOOL_MORE,
    transcript_df: None,
}
SLOW_EVERY = 300
"""A chart takes many times as long as all the rest: few cases have one."""
AT_ONCE = 30
"""Recordings in one frame, which takes about as long to make as of one."""
ALONE_EVERY = 10
"""Some have a frame of their own."""


def answer(came):
    text, result = text_of(came), result_of(came)
    if result is not None:
        return [audio(40), said("Four ", finished=False), said("It is four.", finished=True), DONE]
    if text is None:
        return []
    if "die" in text:
        return [call("roll", "c1", sides=6)]
    return [audio(60), said(f"You said {text} ✓", finished=True), DONE]


def roll(sides: int) -> dict:
    """Rolls a die."""
    print("rolling")
    return {"number": 4, "of": [sides, None, 0.5]}


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """A recording of a session with a page, a tool, and an answer that was cut off."""
    with LiveSession(agent(answer, roll)) as session:
        page = attach(session)
        for text in ("Roll a die.", "Hello."):
            turn = session.say(text)
            do(
                session,
                session.pages.playback,
                protocol.Playback("started", turn.index),
                time.monotonic() * 1000,
            )
            do(session, session.pages.hear, page, bytes(640))
        do(session, session.pages.receive, page, protocol.Interrupt())
        do(session, session.pages.playback, protocol.Playback("flushed", turn.index, 30.0))
        do(session, session.log.add_audio, "client", "user_audio", 2, b"\x10\x20" * 1600, 16_000)
        return session.save(tmp_path_factory.mktemp("real"))


def read(folder: Path, *, chart: bool = False) -> list[RecordedLog]:
    """Reads a recording and its turns; returns its log, or nothing where there is none to read."""
    try:
        log = read_recording(folder)
    except AdkNbError:
        return []
    for turn in logged_turns(log):
        turn._repr_html_()
    marks(log)
    if chart:
        timeline([folder, folder]).to_json()
        for frame in FRAMES:
            frame(folder).to_csv()
    return [log]


def frames(logs: list[RecordedLog]) -> None:
    """Makes every frame of them with every column."""
    for frame, columns in FRAMES.items():
        frame(logs, columns)


# Values that are JSON, or nearly so, as they stand in the file.

ODD = [
    "null", "true", "false", "0", "-1", "1", "2", "3", "0.5", "-0.0", "1e-320", "1e308", "-1e308",
    "1e999", "NaN", "Infinity", "-Infinity", str(2**31), str(2**53 - 1), str(2**53), str(2**63),
    str(-(2**63) - 1), str(10**30), "9" * 5000, "253402300799", "253402300800", "1795331700.12",
    '""', '"1"', '"user"', '"\\u0000"', '"\\ud83d"', '"\\ude00\\ud83d"', '"\\ud83d\\ude00"',
    '"ü\U0001f3b2"', '"<script>alert(1)</script>"', '"' + "x" * 10_000 + '"', "[]", "{}", "[[[]]]",
    '["a", null]', '{"": {"": NaN}}', '{"a": "\\ud800"}', '{"sources": 5}', '{"sources": "abc"}',
    '{"sources": [5, {"title": 1}, {"title": "t", "uri": "javascript:0"}]}', '{"sources": null}',
    "[" * 150 + "]" * 150, "[" * 100_000, '{"a":' * 5000 + "1" + "}" * 5000, "undefined", "01", "'",
]  # fmt: skip
HEADERS = [
    "{}", "[]", "null", '{"format": "adk-nb.recording"}', '{"format": 1, "version": 1}',
    '{"format": "other", "version": 1}', '{"format": "adk-nb.recording", "version": 2}',
    *(f'{{"format": "adk-nb.recording", "version": {odd}}}' for odd in ODD),
    *(f'{{"format": "adk-nb.recording", "version": 1, "session_id": {odd}}}' for odd in ODD),
]  # fmt: skip
BYTES = [
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r",
    b"\n",
    b"\n\n",
    b'"',
    b"{",
    b"}",
    b",",
    b"\\",
]


class Mutator:
    """Changes a recording in one to four ways, all of them told by the seed."""

    def __init__(self, seed: str, folder: Path, lines: list[bytes]) -> None:
        self.random = random.Random(seed)
        self.folder = folder
        self.lines = lines[:]
        self.sounds: list[Path] = []

    def run(self) -> None:
        ways = [
            *(self.field,) * 8, *(self.mix,) * 4, self.header, self.drop_field, self.twice,
            self.duplicate, self.swap, self.remove, self.flip, self.insert, self.truncate, self.wav,
        ]  # fmt: skip
        for _ in range(self.random.randint(1, 4)):
            self.random.choice(ways)()
        (self.folder / EVENTS).write_bytes(b"".join(self.lines))

    def place(self) -> int:
        return self.random.randrange(len(self.lines)) if self.lines else 0

    def row(self):
        """A row's fields as they stand in the file; an empty one where its line is no row."""
        try:
            place = self.place()
            values = json.loads(self.lines[place])
            return place, {name: json.dumps(value) for name, value in values.items()}
        except (ValueError, AttributeError, IndexError, RecursionError):
            return self.place(), {}

    def put(self, place: int, pairs) -> None:
        text = ", ".join(f"{json.dumps(name)}: {value}" for name, value in pairs)
        self.lines[place : place + 1] = [b"{" + text.encode("utf-8", "surrogatepass") + b"}\n"]

    def field(self) -> None:
        place, row = self.row()
        row[self.random.choice([*FIELDS, "unknown", "format"])] = self.random.choice(ODD)
        self.put(place, row.items())

    def mix(self) -> None:
        """Gives a row what is right, but elsewhere."""
        place, row = self.row()
        values = {
            "kind": json.dumps(self.random.choice([*KINDS, "new_kind"])),
            "turn": str(self.random.choice([0, 1, 2, 3, 10**9, 2**53 - 1])),
            "audio_ms": self.random.choice(["0", "1e-9", "40.0", "1e15", "null"]),
            "t": self.random.choice(["0", "-5", "1e-300", "9e15", "0.1"]),
            "tool_call_id": self.random.choice(['"c1"', '""', "null"]),
            "interrupted": self.random.choice(["true", "false"]),
            "final": self.random.choice(["true", "false", "null"]),
            "result": self.random.choice(ODD),
        }
        for name in self.random.sample(sorted(values), self.random.randint(1, 3)):
            row[name] = values[name]
        self.put(place, row.items())

    def header(self) -> None:
        self.lines[:1] = [self.random.choice(HEADERS).encode() + b"\n"]

    def drop_field(self) -> None:
        place, row = self.row()
        if row:
            del row[self.random.choice(sorted(row))]
        self.put(place, row.items())

    def twice(self) -> None:
        place, row = self.row()
        self.put(place, [*row.items(), (self.random.choice(FIELDS), self.random.choice(ODD))])

    def duplicate(self) -> None:
        self.lines[self.place() : 0] = self.lines[self.place() :][:3]

    def swap(self) -> None:
        self.random.shuffle(self.lines)

    def remove(self) -> None:
        del self.lines[self.place() :][:3]
        self.lines = self.lines[: self.place()] + self.lines[self.place() :]

    def data(self) -> bytearray:
        return bytearray(b"".join(self.lines))

    def flip(self) -> None:
        data = self.data()
        for _ in range(self.random.choice([1, 1, 10, 100])):
            if data:
                data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)
        self.lines = bytes(data).splitlines(keepends=True)

    def insert(self) -> None:
        data = self.data()
        at = self.random.randrange(len(data) + 1)
        data[at:at] = self.random.choice([*BYTES, self.random.randbytes(30)])
        self.lines = bytes(data).splitlines(keepends=True)

    def truncate(self) -> None:
        data = self.data()
        self.lines = bytes(data[: self.random.randrange(len(data) + 1)]).splitlines(keepends=True)

    def wav(self) -> None:
        file = self.random.choice(sorted(self.folder.glob("*.wav")))
        data = bytearray(file.read_bytes())
        way = self.random.randrange(4)
        if way == 0:
            del data[self.random.randrange(len(data) + 1) :]
        elif way == 1:
            data[4:8] = data[40:44] = self.random.choice(
                [b"\xff" * 4, b"\0" * 4, b"\xfe\xff\xff\x7f"]
            )
        elif way == 2:
            for _ in range(3):
                data[self.random.randrange(min(60, len(data)))] = self.random.randrange(256)
        else:
            data = bytearray(self.random.randbytes(100))
        file.write_bytes(data)
        self.sounds.append(file)


@contextlib.contextmanager
def told(case: str):
    """Adds to an error which case it was."""
    try:
        yield
    except Exception as error:
        error.add_note(f"This was {case}.")
        raise


@pytest.mark.timeout(120 + CASES // 5)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_recording_that_was_changed_in_any_way(real, tmp_path):
    folder = shutil.copytree(real, tmp_path / "case")
    lines = (real / EVENTS).read_bytes().splitlines(keepends=True)
    logs = []
    for number in range(CASES - MADE_UP):
        mutator = Mutator(f"recording {number}", folder, lines)
        mutator.run()
        with told(f"case {number}, which is in {folder}"):
            logs += read(folder, chart=number % SLOW_EVERY == 0)
        for file in mutator.sounds:
            shutil.copy(real / file.name, file)
        if number % AT_ONCE == AT_ONCE - 1:
            with told(f"one of the cases {number - AT_ONCE + 1} to {number}"):
                frames(logs)
            logs.clear()


# Where it is known what was done, it is known what must be read, and what must be told.


class Damage:
    """One thing that is done to a recording; says what must still be read and what be told.

    Attributes:
        lines: The lines of the file, afterwards.
        kept: The rows that must be read as they were, by their number.
        told: What must be among the lines that are told; None for the whole recording.
        field: What a line that is told must name.
    """

    def __init__(self, number: int, lines: list[bytes]) -> None:
        self.random = random.Random(f"damage {number}")
        # The folder is named so too: the session has its name whatever happens to its header.
        self.name = f"r{number:04d}"
        header = json.loads(lines[0]) | {"session_id": self.name}
        self.lines = [json.dumps(header).encode() + b"\n", *lines[1:]]
        self.kept = set(range(len(lines) - 1))
        self.told: set[int | None] = set()
        self.field = ""
        ways = (self.cut, self.flip, self.retype, self.delete, self.newer)
        ways[number % len(ways)]()

    def row(self) -> int:
        return self.random.randrange(1, len(self.lines))

    def cut(self) -> None:
        place = self.row()
        end = self.random.randrange(1, len(self.lines[place]) - 2)
        self.lines[place:] = [self.lines[place][:end]]
        self.kept = set(range(place - 1))
        self.told = {place + 1}

    def flip(self) -> None:
        place = self.random.randrange(len(self.lines))
        line = bytearray(self.lines[place])
        at = self.random.randrange(len(line) if place else line.index(self.name.encode()))
        line[at] ^= 1 << self.random.randrange(8)
        self.lines[place] = bytes(line)
        self.kept.discard(place - 1)
        if line[-1:] != b"\n":
            self.kept.discard(place)  # It is one line with the next.
        with contextlib.suppress(ValueError):
            # It may now be the row of another number, which it changes.
            self.kept.discard(json.loads(line.decode()).get("seq"))

    def retype(self) -> None:
        place = self.row()
        values = json.loads(self.lines[place])
        self.field = self.random.choice(sorted(WRONG))
        values[self.field] = self.random.choice(WRONG[self.field])
        self.lines[place] = json.dumps(values).encode() + b"\n"
        self.kept.discard(place - 1)
        self.told = {place + 1}

    def delete(self) -> None:
        first = self.random.randrange(len(self.lines) - 1)
        end = min(first + self.random.randint(1, 3), len(self.lines) - 1)
        del self.lines[first:end]
        self.kept -= set(range(first - 1, end - 1))
        self.told = {first + 1}

    def newer(self) -> None:
        header = json.loads(self.lines[0]) | {"version": self.random.choice([2, 3, 10**6])}
        self.lines[0] = json.dumps(header).encode() + b"\n"
        self.kept = set()
        self.told = {None}


WRONG = {
    "seq": ["1", -1, 1.5, [], None],
    "time": ["now", -1, 1e15, {}],
    "t": ["0.5", None, []],
    "kind": [1, None, {}],
    "turn": ["1", 1.5, -1, None],
    "text": [1, [], {}],
    "audio_ms": ["40", -1],
    "args": ["x", 3, []],
    "interrupted": ["true", 1, None],
    "total_tokens": ["5", -1, 2**50],
    "tokens": [{"prompt": "1"}, []],
}
DAMAGED = 1000
IN_ONE = 20


@pytest.mark.timeout(240)
@pytest.mark.filterwarnings("error")
def test_every_row_that_can_be_read_is_there_and_each_fault_is_named(real, tmp_path):
    lines = (real / EVENTS).read_bytes().splitlines(keepends=True)
    before = by_session(events_df(real)).popitem()[1]
    for start in range(0, DAMAGED, IN_ONE):
        folder = tmp_path / str(start)
        damages = [Damage(start + n, lines) for n in range(IN_ONE)]
        for damage in damages:
            (folder / damage.name).mkdir(parents=True)
            (folder / damage.name / EVENTS).write_bytes(b"".join(damage.lines))
        events, faults = events_df(folder, strict=False)
        rows = by_session(events)
        for damage in damages:
            with told(f"the recording {folder / damage.name}"):
                check(damage, rows.pop(damage.name, {}), faults, before)
        assert not rows
        for frame, columns in FRAMES.items():
            made, same = frame(folder, columns, strict=False, json=True)
            assert set(made.session_id) <= set(events.session_id)
            assert same.equals(faults)
        shutil.rmtree(folder)


def by_session(events):
    """The rows of a frame by session and number, each as text."""
    found = {}
    # Without a header a recording has its folder's name for a `run_id`.
    for session_id, seq, *values in (
        events.drop(columns="run_id").astype(str).itertuples(index=False)
    ):
        found.setdefault(session_id, {})[int(seq)] = values
    return found


def check(damage, rows, faults, before) -> None:
    faults = faults[faults.file.str.contains(damage.name)]
    lines = [None if pd.isna(line) else line for line in faults.line]
    assert damage.told <= set(lines)
    if damage.field:
        (what,) = faults.what[faults.line.isin(damage.told)]
        assert what.startswith(f"skipped ({damage.field}")
    assert damage.kept <= set(rows)
    assert {seq: rows[seq] for seq in damage.kept} == {seq: before[seq] for seq in damage.kept}
    missing = set(before) - set(rows)
    if missing and min(missing) < max(rows, default=0):
        assert lines


json_text = st.text(st.characters(exclude_categories=()), max_size=5).map(json.dumps)
json_value = st.recursive(
    st.sampled_from(ODD) | json_text | st.integers().map(str) | st.floats().map(json.dumps),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(json_text, inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"
        )
    ),
    max_leaves=5,
)
fitting = {
    "seq": st.integers(0, 5).map(str),
    "time": st.floats(0, 2e9).map(repr),
    "t": st.floats(-1e9, 1e9).map(repr),
    "source": st.sampled_from(["client", "bridge", "adk", "new"]).map(json.dumps),
    "kind": st.sampled_from([*KINDS, "new"]).map(json.dumps),
    "turn": st.integers(0, 3).map(str),
    "audio_ms": st.floats(0, 1e9).map(repr),
    "text": json_text,
    "args": st.dictionaries(json_text, json_value, max_size=2).map(
        lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"
    ),
}
NEEDED = ("seq", "time", "t", "source", "kind")
rows = st.lists(
    st.fixed_dictionaries(
        {name: fitting[name] for name in NEEDED},
        optional={name: fitting.get(name, json_value) for name in FIELDS if name not in NEEDED},
    ),
    max_size=6,
)


@pytest.mark.timeout(120 + CASES // 5)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_rows_that_are_made_up(tmp_path):
    readable = []

    @given(rows)
    @settings(
        max_examples=MADE_UP,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    def each(made_up):
        lines = [", ".join(f'"{name}": {value}' for name, value in row.items()) for row in made_up]
        text = "".join(f"{{{line}}}\n" for line in lines)
        (tmp_path / EVENTS).write_text(text, "utf-8", "surrogatepass")
        logs = read(tmp_path)
        if len(readable) % ALONE_EVERY == 0:
            frames(logs)
        readable.extend((text, log) for log in logs)

    each()
    for start in range(0, len(readable), AT_ONCE):
        texts, logs = zip(*readable[start : start + AT_ONCE], strict=True)
        with told(f"one of {texts}"):
            frames(list(logs))
