"""Whether the recordings of a server can be written."""

from __future__ import annotations

import errno
import os

import pytest

from adk_nb.exceptions import RecordingError
from adk_nb.serve import recordings
from adk_nb.serve.recordings import RecordingsCheck, writable_folder_of
from adk_nb.serve.visitors import NOT_RECORDED


@pytest.fixture
def full(monkeypatch):
    """A disk that lets a file be made, and takes nothing."""

    def fsync(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return lambda: monkeypatch.setattr(recordings.os, "fsync", fsync)


@pytest.mark.parametrize("record", [None, False])
def test_where_nothing_is_recorded_there_is_no_folder(record, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert writable_folder_of(record) is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_made_for_its_owner_alone_and_nothing_is_left_in_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for record, name in ((True, "recordings"), ("~/mine", "mine"), (tmp_path / "a", "a")):
        folder = writable_folder_of(record)
        assert folder.resolve() == (tmp_path / name).resolve()
        assert list(folder.iterdir()) == []
        if os.name == "posix":
            assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_there_stays_as_it_is(tmp_path):
    (tmp_path / "session.json").write_text("{}")
    tmp_path.chmod(0o755)
    assert writable_folder_of(tmp_path) == tmp_path
    assert [file.name for file in tmp_path.iterdir()] == ["session.json"]
    if os.name == "posix":
        assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_full_disk_is_told_at_the_start_with_the_folder(tmp_path, full):
    full()
    with pytest.raises(RecordingError) as raised:
        writable_folder_of(tmp_path)
    said = f"Recordings cannot be written to {tmp_path}: {os.strerror(errno.ENOSPC)}."
    assert raised.value.message == said
    assert raised.value.remedy == "Give a folder that can be written to."


def test_a_block_of_a_disk_is_written_before_it_is_asked_whether_there_was_room(
    tmp_path, monkeypatch
):
    sizes = []
    monkeypatch.setattr(recordings.os, "fsync", lambda file: sizes.append(os.fstat(file).st_size))
    writable_folder_of(tmp_path)
    assert sizes == [4096]


def test_an_error_without_words_is_told_by_its_name(tmp_path, monkeypatch):
    def fsync(_):
        raise BlockingIOError

    monkeypatch.setattr(recordings.os, "fsync", fsync)
    with pytest.raises(RecordingError, match="BlockingIOError"):
        writable_folder_of(tmp_path)


async def test_visitors_are_told_without_the_path_and_the_log_with_it_once(tmp_path, full, caplog):
    check = RecordingsCheck(tmp_path)
    assert await check.problem() == ""
    full()
    assert [await check.problem() for _ in range(2)] == [NOT_RECORDED] * 2
    (line,) = caplog.messages
    assert str(tmp_path) in line
    assert os.strerror(errno.ENOSPC) in line


async def test_it_is_told_again_when_it_was_well_in_between(tmp_path, full, caplog, monkeypatch):
    check = RecordingsCheck(tmp_path)
    full()
    await check.problem()
    monkeypatch.undo()
    assert await check.problem() == ""
    full()
    assert await check.problem() == NOT_RECORDED
    assert len(caplog.messages) == 2


async def test_a_folder_that_was_removed_is_made_again(tmp_path):
    folder = tmp_path / "a"
    assert await RecordingsCheck(folder).problem() == ""
    assert folder.is_dir()
