import gc
import json
import os
import re
import subprocess
import sys
import textwrap
import warnings

import pandas as pd
import pytest

from adk_nb.data import assembly
from adk_nb.data.tables import (
    EVENT_COLUMNS,
    EVENT_MORE,
    TURN_COLUMNS,
    TURN_MORE,
    Column,
    events_df,
    tools_df,
    transcript_df,
    turns_df,
)
from adk_nb.exceptions import AdkNbError, RecordingError
from adk_nb.log.event_log import EventLog
from adk_nb.log.log_row import LogRow
from adk_nb.log.recording import EVENTS, save
from adk_nb.log.turn import Turn

FRAMES = [events_df, turns_df, tools_df, transcript_df]
TURNS = 5


def log_of(name):
    log = EventLog(name)
    log.add("bridge", "connected", agent="dice", model="m")
    for turn in range(1, TURNS + 1):
        log.add("client", "user_text", turn=turn, author="user", text=f"roll {turn}", final=True)
        call = {"turn": turn, "tool": "roll", "tool_call_id": f"c{turn}", "agent": "dice"}
        log.add("adk", "tool_call", args={"sides": turn}, **call)
        log.add("adk", "tool_result", result=[turn, name], **call)
        log.add("adk", "agent_text", turn=turn, agent="dice", text=f"It is {turn}.", final=True)
        log.add("bridge", "turn_ended", turn=turn, status="complete")
    return log


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("recordings")
    for number in range(6):
        save(log_of(f"s{number}"), root)
    return root


@pytest.fixture
def damaged(tmp_path):
    """Five recordings, of which two have damaged lines and two cannot be read at all."""
    paths = [save(log_of(f"s{number}"), tmp_path) for number in range(5)]
    lines = (paths[0] / EVENTS).read_text().splitlines(keepends=True)
    lines[3] = "junk\n"
    (paths[0] / EVENTS).write_text("".join(lines))
    (paths[1] / EVENTS).write_text('{"format": "adk-nb.recording", "version": 99}\n')
    text = (paths[2] / EVENTS).read_text()
    (paths[2] / EVENTS).write_text(text.replace('"turn": 2', '"turn": "two"', 1))
    (paths[4] / EVENTS).unlink()
    (paths[4] / EVENTS).symlink_to(paths[4])  # A folder, as soon as it is opened.
    return tmp_path, paths


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# A batch at a time.


@pytest.mark.parametrize("frame", FRAMES)
def test_a_frame_in_batches_is_the_frame_at_once(folder, monkeypatch, frame):
    whole = frame(folder)
    assert whole.session_id.unique().tolist() == [f"s{number}" for number in range(6)]
    for size in (1, 60, 100):
        monkeypatch.setattr(assembly, "BATCH", size)
        pd.testing.assert_frame_equal(frame(folder), whole)


def test_what_only_some_batches_have_is_in_the_whole_column(tmp_path, monkeypatch):
    monkeypatch.setattr(assembly, "BATCH", 1)
    for number, kind in enumerate(["zeta", "user_text", "alpha"]):
        log = EventLog(f"s{number}")
        log.add("client", kind, turn=number, args={"n": number} if number else None)
        save(log, tmp_path)
    own = [
        Column("any", "category", lambda row: row.turn * 2 or None),
        Column("level", pd.CategoricalDtype([4, 3]), lambda row: row.turn or None),
        Column("list", "object", lambda row: [row.turn] if row.turn else None),
        Column("mark", "string", lambda row: "x" if row.turn else None),
        Column("number", "Int64", lambda row: row.turn or None),
    ]
    frame = events_df(tmp_path, [EVENT_COLUMNS, *own])
    assert frame.kind.tolist() == ["zeta", "user_text", "alpha"]
    assert frame.kind.cat.categories[-2:].tolist() == ["alpha", "zeta"]
    monkeypatch.setattr(assembly, "BATCH", 1000)
    pd.testing.assert_frame_equal(events_df(tmp_path, [EVENT_COLUMNS, *own]), frame)


def test_memory_is_that_of_a_batch_and_the_frame(folder, monkeypatch):
    rows = len(events_df(folder))
    monkeypatch.setattr(assembly, "BATCH", rows // 3)
    alive = []

    def living():
        return sum(isinstance(one, LogRow | Turn) for one in gc.get_objects())

    gc.collect()
    gc.freeze()  # What other tests hold is a million objects, and not counted.
    turns_df(folder, [Column("count", "object", lambda _turn: alive.append(living()))])
    assert rows // 4 < max(alive) < rows // 2
    assert gc.isenabled()


# What cannot be read.


def test_strict_frames_warn_of_lines_and_raise_for_recordings(damaged):
    _, paths = damaged
    with pytest.raises(RecordingError, match=r"version 99.*With strict=False"):
        turns_df(paths[1:3])
    with pytest.warns(UserWarning, match="line 4: skipped") as warned:
        assert len(turns_df(paths[0])) == TURNS
    assert warned[0].filename == __file__


@pytest.mark.long
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_damaged_recording_costs_no_other(damaged, frame, workers, tmp_path):
    root, paths = damaged
    sources = [root, root / "nowhere", paths[4]]
    made, faults = frame(sources, strict=False, workers=workers)
    assert made.session_id.unique().tolist() == ["s0", "s2", "s3"]
    assert faults.dtypes.astype(str).to_dict() == {
        "file": "string", "line": "Int64", "what": "string",
    }  # fmt: skip
    told = faults.sort_values("file", kind="stable")
    found = [(row.file, None if pd.isna(row.line) else row.line) for row in told.itertuples()]
    assert found == [
        (str(paths[0] / EVENTS), 4), (str(paths[1]), None), (str(paths[2] / EVENTS), 8),
        (str(paths[4]), None), (str(root / "nowhere"), None),
    ]  # fmt: skip
    assert told.what.tolist()[0].startswith("skipped (Invalid JSON")
    assert "version 99" in told.what.tolist()[1]
    assert told.what.tolist()[2].startswith("skipped (turn: ")
    pd.testing.assert_series_equal(made.dtypes, frame(paths[3]).dtypes)


def test_where_nothing_is_wrong_the_faults_are_none(folder):
    made, faults = turns_df(folder, strict=False)
    pd.testing.assert_frame_equal(made, turns_df(folder))
    assert faults.empty
    assert list(faults) == ["file", "line", "what"]


def test_what_is_wrong_with_a_call_is_still_an_error(folder):
    with pytest.raises(AdkNbError, match="no column"):
        turns_df(folder, ["nothing"], strict=False)
    with pytest.raises(AdkNbError, match="no events"):
        turns_df([3], strict=False)


# Several processes.


@pytest.mark.long
@pytest.mark.parametrize("frame", FRAMES)
def test_several_processes_make_the_same_frame(folder, monkeypatch, frame):
    monkeypatch.setattr(assembly, "CHUNK", 1)
    columns = {events_df: EVENT_COLUMNS + EVENT_MORE, turns_df: TURN_COLUMNS + TURN_MORE}
    wanted = columns.get(frame)
    made = frame(folder, wanted, workers=2)
    pd.testing.assert_frame_equal(made, frame(folder, wanted, workers=1))


def test_functions_of_a_cell_run_in_other_processes_where_that_is_asked_for(folder, monkeypatch):
    own = Column("process", "Int64", lambda _turn: os.getpid())
    assert set(turns_df(folder, own, workers=2).process) != {os.getpid()}
    assert set(turns_df(folder, own).process) == {os.getpid()}
    monkeypatch.setattr(assembly, "MANY", 0)
    monkeypatch.setattr(assembly, "CHUNK", 1)
    monkeypatch.setattr(assembly, "_processors", lambda: 2)
    assert set(turns_df(folder, own).process) == {os.getpid()}
    used = []
    monkeypatch.setattr(
        assembly, "_by_processes", lambda work, chunks, workers, bar: used.append(workers) or []
    )
    turns_df(folder)
    turns_df(folder, prices={"m": {"prompt": 1.0, "response": 1.0}})
    turns_df([folder, log_of("live")])  # A session is of this process.
    assert used == [2, 2]


@pytest.mark.long
def test_a_script_without_a_guard_is_not_run_again(folder, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        print("begins")
        from adk_nb import turns_df
        print(len(turns_df({str(folder)!r}, workers=2, progress=False)))
        """)
    )
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["begins", str(6 * TURNS)]
    assert run.stderr == ""


@pytest.mark.long
def test_an_error_of_another_process_is_the_users(folder, damaged):
    with pytest.raises(RecordingError, match="version 99") as error:
        turns_df(damaged[1][1:3], workers=2)
    assert error.value.remedy == "Update adk_nb. With strict=False the others are read."

    def fails(_turn):
        raise KeyError("no")

    with pytest.raises(KeyError) as error:
        turns_df(folder, Column("own", "object", fails), workers=2)
    assert error.value.__notes__ == ["This was in the column 'own' (object)."]


# How far it is.


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 2])
def test_there_is_a_bar_over_what_takes_long(folder, monkeypatch, capsys, workers):
    monkeypatch.setattr(assembly, "DELAY_S", 1000)
    monkeypatch.setattr(assembly, "CHUNK", 1)
    turns_df(folder, workers=workers)
    monkeypatch.setattr(assembly, "DELAY_S", 0)
    turns_df(folder, workers=workers, progress=False)
    turns_df(log_of("live"))
    assert capsys.readouterr().err == ""
    turns_df(folder, workers=workers)
    assert re.match(r"\rRecordings:  1\d%.*\r +\r$", capsys.readouterr().err, re.DOTALL)


def test_json_of_a_column_of_ones_own_is_its_values(folder):
    own = Column("pair", "object", lambda call: {"id": call.id, "args": call.args})
    values, texts = tools_df(folder, own).pair, tools_df(folder, own, json=True).pair
    assert list(map(json.loads, texts)) == values.tolist()


@pytest.mark.parametrize("workers", [0, -1, "x", 1.5, True])
def test_a_number_of_processes_that_is_none_is_refused_in_words(workers, folder):
    with pytest.raises(AdkNbError, match="no number of processes") as refused:
        turns_df(folder, workers=workers)
    assert refused.value.code == "bad_option"


def test_what_looks_like_a_formula_stays_a_text_in_excel(tmp_path):
    log = EventLog("s")
    log.add("client", "user_text", turn=1, text="=1+1")
    with pd.ExcelWriter(tmp_path / "turns.xlsx", engine="openpyxl") as writer:
        turns_df(log, json=True, naive=True).to_excel(writer, index=False)
        for cell in (cell for row in writer.sheets["Sheet1"].iter_rows() for cell in row):
            if cell.data_type == "f":
                cell.data_type = "s"
    assert pd.read_excel(tmp_path / "turns.xlsx").user_text.tolist() == ["=1+1"]
