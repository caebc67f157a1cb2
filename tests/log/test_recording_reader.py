import json
import os
import tracemalloc
from pathlib import Path

import pytest
from logs import read_recording

from adk_nb import turns_df
from adk_nb.exceptions import RecordingError
from adk_nb.log.event_log import EventLog
from adk_nb.log.recording import EVENTS, save
from adk_nb.log.recording_reader import Fault, find_recordings, read_folder


@pytest.fixture
def saved(tmp_path):
    log = EventLog("abc")
    for turn in range(1, 11):
        log.add("client", "user_text", turn=turn, author="user", text=f"hi {turn}")
    return save(log, tmp_path / "saved")


def lines_of(folder):
    return (folder / EVENTS).read_bytes().splitlines(keepends=True)


def write(folder, lines):
    (folder / EVENTS).write_bytes(b"".join(lines))


def told(folder):
    """What is wrong, by line."""
    faults = read_folder(folder).faults
    assert {fault.file for fault in faults} <= {str(folder / EVENTS)}
    return {fault.line: fault.what for fault in faults}


# Rows that are missing.


@pytest.mark.parametrize(
    ("gone", "faults"),
    [
        ([], {}),
        ([3], {4: "row 2 is missing before it"}),
        ([1, 2], {2: "rows 0 to 1 are missing before it"}),
        ([3, 4, 5, 8], {4: "rows 2 to 4 are missing before it", 6: "row 7 is missing before it"}),
        ([9, 10], {}),  # Nobody can know of rows after the last.
        ([0], {1: "there is no header before it"}),
        ([0, 1], {1: "row 0 is missing before it"}),
    ],
)
def test_rows_that_are_missing_are_told(saved, gone, faults):
    write(saved, [line for place, line in enumerate(lines_of(saved)) if place not in gone])
    assert told(saved) == faults
    assert {row.seq for row in read_folder(saved)} == set(range(10)) - {one - 1 for one in gone}


def test_an_empty_file_is_told(saved):
    write(saved, [])
    assert told(saved) == {1: "the file is empty"}


def test_a_line_that_was_skipped_explains_the_row_that_is_missing(saved):
    lines = lines_of(saved)
    lines[3] = lines[3][:30] + b"\n"
    write(saved, lines)
    assert list(told(saved)) == [4]
    assert "skipped" in told(saved)[4]
    del lines[4:6]
    write(saved, lines)
    assert told(saved)[5] == "rows 2 to 4 are missing before it"


def test_rows_in_any_order_are_all_there(saved):
    header, *rows = lines_of(saved)
    write(saved, [header, *rows[::-1]])
    assert told(saved) == {}
    assert [row.seq for row in read_folder(saved)] == list(range(10))
    write(saved, [header, rows[9], *rows[1:4], *rows[5:9:2]])
    assert told(saved) == {2: "rows 0, 4, 6, 8 are missing before it"}


def test_a_number_that_is_far_off_costs_no_memory(saved):
    far = json.loads(lines_of(saved)[-1]) | {"seq": 2**53 - 1}
    with (saved / EVENTS).open("a") as file:
        file.write(json.dumps(far) + "\n")
    tracemalloc.start()
    assert told(saved) == {12: f"rows 10 to {2**53 - 2} are missing before it"}
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_of_many_stretches_the_first_are_told(saved):
    header, first, *_ = lines_of(saved)
    row = json.loads(first)
    rows = [json.dumps(row | {"seq": seq}).encode() + b"\n" for seq in (100, *range(0, 60, 2))]
    write(saved, [header, *rows])
    assert told(saved) == {
        2: "rows 1, 3, 5, 7, 9, 11, 13, 15, 17, 19 and more are missing before it"
    }


def test_a_fault_says_where():
    assert str(Fault("a/events.jsonl", 3, "skipped (x)")) == "a/events.jsonl, line 3: skipped (x)."
    assert str(Fault("a", None, "it is of version 9")) == "a: it is of version 9."


def test_a_recording_is_read_with_a_warning_for_each_fault(saved):
    write(saved, [line for place, line in enumerate(lines_of(saved)) if place != 4])
    with pytest.warns(UserWarning, match=rf"{EVENTS}, line 5: row 3 is missing") as warned:
        assert len(read_recording(saved)) == 9
    assert [one.filename for one in warned] == [__file__]


# Where recordings are.


@pytest.fixture
def many(tmp_path):
    """Recordings in folders in folders, by their session's id."""
    found = {}
    for name, folder in [("a", "."), ("b", "team/monday"), ("c", "team/tuesday/late"), ("d", ".")]:
        found[name] = save(EventLog(name), tmp_path / "recordings" / folder)
    return found


def ids(path):
    return "".join(read_folder(one).session_id for one in find_recordings(path))


def test_folders_in_folders_are_looked_through_and_the_oldest_comes_first(many, tmp_path):
    assert ids(tmp_path / "recordings") == ids(str(tmp_path)) == "abcd"
    assert ids(tmp_path / "recordings" / "team") == "bc"
    assert ids(many["c"] / EVENTS) == "c"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("recordings/team/*", "bc"),
        ("recordings/**/late", "c"),
        ("recordings/**/*.jsonl", "abcd"),
        ("recordings/*-[ad]", "ad"),
        ("**/*-b", "b"),
        ("*", "abcd"),
    ],
)
def test_patterns_match_paths(many, tmp_path, monkeypatch, pattern, found):
    assert ids(tmp_path / pattern) == found
    monkeypatch.chdir(tmp_path)
    assert ids(pattern) == found
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert ids(f"~/{pattern}") == found


def test_a_pattern_that_matches_nothing_is_told(many, tmp_path):
    with pytest.raises(RecordingError, match=r"no recording in .*z\*"):
        find_recordings(tmp_path / "z*")


def test_a_name_that_looks_like_a_pattern_is_a_name(tmp_path):
    folder = save(EventLog("odd"), tmp_path / "take [1]")
    assert find_recordings(tmp_path / "take [1]") == [folder]


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make links")
def test_links_are_followed_once(many, tmp_path):
    (tmp_path / "recordings" / "team" / "up").symlink_to(tmp_path / "recordings")
    assert ids(tmp_path / "recordings") == "abcd"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "linked").symlink_to(many["c"])
    assert ids(tmp_path / "elsewhere") == "c"


def test_a_session_id_is_no_path(tmp_path):
    inside = tmp_path / "a" / "b" / "record"
    for name in ("x/../../../outside", "team/monday", "..", "/etc", "c:\\x", "~root"):
        folder = save(EventLog(name), inside)
        assert folder.parent == inside
        assert read_recording(folder).session_id == name
    assert sorted(one.name for one in (tmp_path / "a").iterdir()) == ["b"]
    assert len(find_recordings(inside)) == 6


def test_a_folder_that_may_not_be_looked_at_is_told(many, tmp_path, monkeypatch):
    real = os.scandir

    def refuse(path):
        if Path(path).name == "team":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(RecordingError, match="Permission denied"):
        find_recordings(tmp_path)


@pytest.mark.parametrize("started", ["NaN", "1e18", "-5", '"noon"', "null"])
def test_a_beginning_that_is_no_time_is_told_and_costs_nothing_else(started, saved):
    header, *rows = lines_of(saved)
    header = json.dumps(json.loads(header) | {"started": "X"}).replace('"X"', started)
    write(saved, [header.encode() + b"\n", *rows])
    (fault,) = told(saved).items()
    assert fault[0] == 1
    assert fault[1].startswith("ignored (started: ")
    log = read_folder(saved)
    assert (log.session_id, len(log)) == ("abc", 10)


def test_an_empty_path_is_not_the_working_folder(saved, monkeypatch):
    monkeypatch.chdir(saved.parent)
    with pytest.raises(RecordingError, match='"" names no recording'):
        turns_df("")
    frame, faults = turns_df(["", "."], strict=False)
    assert (len(frame), faults.what.tolist()) == (10, ['"" names no recording'])
