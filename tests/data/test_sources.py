from types import SimpleNamespace

import pandas as pd
import pytest

from adk_nb.data.sources import found, logs_of
from adk_nb.exceptions import AdkNbError, RecordingError
from adk_nb.log.event_log import EventLog
from adk_nb.log.recording import EVENTS, save


@pytest.fixture
def log():
    made = EventLog("s")
    made.add("client", "user_text", turn=1, author="user", text="hi")
    return made


def test_whatever_holds_sources_is_one(log, tmp_path):
    path = save(log, tmp_path)
    session = SimpleNamespace(log=log)
    one = [log, session, SimpleNamespace(session=session, log=None), path, str(path)]
    for source in one:
        assert [each.session_id for each in logs_of(source)] == ["s"]
    for many in (
        one,
        tuple(one),
        iter(one),
        (each for each in one),
        dict(enumerate(one)),
        dict(enumerate(one)).values(),
        pd.Series(one),
        pd.Series(one, dtype="object").to_numpy(),
        {"a": one[:2], "b": {"c": pd.Series(one[2:])}},
    ):
        assert len(list(found(many))) == len(one)


def test_the_labels_of_a_series_are_no_attributes(log):
    labels = ["log", "session", "session_id", "clip"]
    assert list(found(pd.Series([log] * 4, index=labels))) == [log] * 4


def test_a_table_and_bytes_are_no_sources():
    for bad in (pd.DataFrame({"log": ["x"]}), b"recordings", bytearray(b"x"), 3, None, [None]):
        with pytest.raises(AdkNbError, match="There are no events in a") as error:
            list(found(bad))
        assert error.value.code == "bad_source"


def test_what_is_wrong_with_a_path_is_raised_or_told(log, tmp_path):
    faults = []
    sources = [tmp_path / "none", save(log, tmp_path / "there")]
    with pytest.raises(RecordingError):
        list(found(sources))
    assert list(found(sources, faults.append)) == sources[1:]
    ((file, line, what),) = [(one.file, one.line, one.what) for one in faults]
    assert (file, line) == (str(tmp_path / "none"), None)
    assert what.startswith("There is no recording in")


def test_logs_are_read_one_by_one_with_warnings_where_they_are_asked_for(log, tmp_path):
    path = save(log, tmp_path)
    with (path / EVENTS).open("a") as file:
        file.write("junk\n")
    with pytest.warns(UserWarning, match="line 3: skipped") as warned:
        list(logs_of(path))
    assert warned[0].filename == __file__
