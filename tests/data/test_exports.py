"""Frames go into other programs and files, and come back as they were."""

import contextlib
import io
import json
import sqlite3
import warnings

import pandas as pd
import pytest
from late import Late

from adk_nb.data.tables import (
    EVENT_COLUMNS,
    EVENT_MORE,
    TOOL_COLUMNS,
    TOOL_MORE,
    TRANSCRIPT_COLUMNS,
    TURN_COLUMNS,
    TURN_MORE,
    TURN_TOKENS,
    Column,
    events_df,
    tools_df,
    transcript_df,
    turns_df,
)
from adk_nb.log.event_log import EventLog

duckdb = Late("duckdb")
pl = Late("polars")

RESULTS = [4, "four", {"n": 4, "of": [6, None, 0.5]}, ["a", {"b": 1}], None, True, 0.25, {"n": "x"}]
COLUMNS = {
    events_df: EVENT_COLUMNS + EVENT_MORE,
    turns_df: TURN_COLUMNS + TURN_MORE + TURN_TOKENS,
    tools_df: TOOL_COLUMNS + TOOL_MORE,
    transcript_df: TRANSCRIPT_COLUMNS,
}
FRAMES = list(COLUMNS)
KEYS = {
    events_df: ["run_id", "seq"],
    turns_df: ["run_id", "turn"],
    tools_df: ["run_id", "call"],
    transcript_df: ["run_id", "turn", "piece"],
}


def log_of(session_id: str) -> EventLog:
    """A session whose tools return something else at each call."""
    log = EventLog(session_id)
    log.add("bridge", "connected", agent="dice", model="m")
    for turn, result in enumerate(RESULTS, 1):
        said = {"turn": turn, "author": "user", "text": f'Say "{turn}", ünï\nplease'}
        log.add("client", "user_text", final=True, **said)
        call = {"turn": turn, "tool": "look_up", "tool_call_id": f"c{turn}", "author": "dice"}
        args = {"q": turn if turn % 2 else str(turn), f"k{turn}": None}
        log.add("adk", "tool_call", agent="dice", args=args, **call)
        log.add("adk", "tool_result", agent="dice", result=result, **call)
        sources = {"sources": [{"title": "A", "uri": "https://a"}]} if turn == 2 else None
        log.add("adk", "agent_text", turn=turn, agent="dice", text="It is.", result=sources)
        log.add("adk", "usage", turn=turn, total_tokens=turn, tokens={"prompt_audio": turn})
        log.add("bridge", "turn_ended", turn=turn, status="complete")
    log.add("client", "user_text", turn=9, author="user", text="And now?", final=True)
    return log


@pytest.fixture(scope="module")
def logs():
    return [log_of("monday"), log_of("tuesday")]


def made(frame, logs, **options):
    whole = frame(logs, COLUMNS[frame], json=True, **options)
    assert len(whole) > len(RESULTS)
    return whole


def plain_values(frame: pd.DataFrame) -> list[tuple]:
    """The rows as Python has them: None for what is missing, times in UTC to the microsecond."""

    def value(one):
        if pd.api.types.is_scalar(one) and pd.isna(one):
            return None
        if isinstance(one, pd.Timestamp):
            return one.tz_localize("UTC") if one.tz is None else one.tz_convert("UTC")
        return one.item() if hasattr(one, "item") else one

    return [tuple(map(value, row)) for row in frame.astype(object).itertuples(index=False)]


@pytest.mark.parametrize("frame", FRAMES)
def test_as_json_a_frame_can_be_counted_and_compared(frame, logs):
    whole = made(frame, logs)
    assert "object" not in set(whole.dtypes.astype(str))
    twice = pd.concat([whole, whole], ignore_index=True)
    pd.testing.assert_frame_equal(twice.drop_duplicates(), whole)
    assert (whole.nunique() <= len(whole)).all()
    assert not whole.duplicated(KEYS[frame]).any()


def test_json_is_the_value_and_nothing_stays_missing(logs):
    texts, values = tools_df(logs, json=True), tools_df(logs)
    assert [None if pd.isna(one) else json.loads(one) for one in texts.result] == RESULTS * 2
    assert values.result.tolist() == RESULTS * 2
    assert list(map(json.loads, texts.args)) == values.args.tolist()
    own = [Column("pair", "object", lambda call: (call.name, float("nan")))]
    assert tools_df(logs, own, json=True).pair[0] == '["look_up", "nan"]'
    empty = events_df(EventLog("e"), json=True)
    pd.testing.assert_series_equal(empty.dtypes, events_df(logs, json=True).dtypes)


@pytest.mark.parametrize("frame", FRAMES)
def test_parquet(frame, logs, tmp_path):
    whole = made(frame, logs)
    whole.to_parquet(tmp_path / "frame.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "frame.parquet"), whole)


@pytest.mark.parametrize("frame", [turns_df, transcript_df])
def test_frames_without_objects_are_arrows_as_they_are(frame, logs, tmp_path):
    whole = frame(logs)
    whole.to_parquet(tmp_path / "frame.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "frame.parquet"), whole)
    assert pl.from_pandas(whole).height == len(whole)


@pytest.mark.parametrize("frame", FRAMES)
def test_polars(frame, logs):
    whole = made(frame, logs)
    there = pl.from_pandas(whole)
    assert there.columns == list(whole)
    assert plain_values(there.to_pandas()) == plain_values(whole)


@pytest.mark.parametrize("frame", FRAMES)
def test_duckdb(frame, logs, tmp_path):
    whole = made(frame, logs)
    with contextlib.closing(duckdb.connect(str(tmp_path / "frames.duckdb"))) as base:
        base.sql("set timezone = 'UTC'")
        base.execute("create table frame as select * from whole")
    with contextlib.closing(duckdb.connect(str(tmp_path / "frames.duckdb"))) as base:
        base.sql("set timezone = 'UTC'")
        back = base.sql("select * from frame").df()
        assert plain_values(back) == plain_values(whole)
        if "result" in whole:
            found = base.sql("select result::json ->> 'n' from frame where result like '{%n%}'")
            assert {"4", "x"} <= {row[0] for row in found.fetchall()}


@pytest.mark.parametrize("frame", FRAMES)
def test_sqlite(frame, logs, tmp_path):
    whole = made(frame, logs)
    times = [name for name in whole if isinstance(whole[name].dtype, pd.DatetimeTZDtype)]
    flags = [name for name in whole if whole[name].dtype.name in ("bool", "boolean")]
    with contextlib.closing(sqlite3.connect(tmp_path / "frames.db")) as base:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # sqlite3's, over pandas' times
            whole.to_sql("frame", base, index=False)
        back = pd.read_sql("select * from frame", base, parse_dates=times)
    for name in flags:
        back[name] = back[name].astype("boolean")
    assert plain_values(back) == plain_values(whole)


@pytest.mark.parametrize("frame", FRAMES)
def test_csv(frame, logs):
    whole = made(frame, logs)
    times = [name for name in whole if isinstance(whole[name].dtype, pd.DatetimeTZDtype)]
    dtypes = {name: whole[name].dtype for name in whole if name not in times}
    # What is missing and what is empty are one in CSV, unless quotes tell them apart.
    text = whole.to_csv(index=False)
    back = pd.read_csv(io.StringIO(text), dtype=dtypes, parse_dates=times)
    for name in whole.select_dtypes("string"):
        whole[name] = whole[name].replace("", None)
    assert plain_values(back) == plain_values(whole)


@pytest.mark.parametrize("frame", FRAMES)
def test_excel(frame, logs, tmp_path):
    whole = made(frame, logs, naive=True)
    whole.to_excel(tmp_path / "frame.xlsx", index=False)
    back = pd.read_excel(tmp_path / "frame.xlsx", keep_default_na=False, na_values=[""])
    for name in whole.select_dtypes("string"):
        whole[name] = whole[name].replace("", None)
    assert list(back) == list(whole)
    for name in whole:
        if str(whole[name].dtype).startswith("datetime64"):
            assert whole[name].dt.tz is None
            assert ((back[name] - whole[name]).abs() <= pd.Timedelta("1ms")).all()  # its own unit
            back[name] = whole[name]
        elif back[name].dtype.kind == "f":
            assert back[name].to_list() == pytest.approx(
                whole[name].astype("Float64").to_numpy("float64", float("nan")).tolist(),
                nan_ok=True,
            )
            back[name] = whole[name]
    assert plain_values(back) == plain_values(whole)


@pytest.mark.parametrize("frame", FRAMES)
def test_naive_times_are_those_of_utc(frame, logs):
    whole, naive = made(frame, logs), made(frame, logs, naive=True)
    assert list(whole) == list(naive)
    for name in whole:
        if isinstance(whole[name].dtype, pd.DatetimeTZDtype):
            assert str(whole[name].dtype) == "datetime64[us, UTC]"
            pd.testing.assert_series_equal(whole[name].dt.tz_localize(None), naive[name])
        else:
            pd.testing.assert_series_equal(whole[name], naive[name])
