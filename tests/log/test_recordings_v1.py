"""A recording as the first version wrote it is read for ever as it was then.

The session had a scripted model and a page: a tool that printed, an answer cut off by voice, a
tool and a model that failed, an agent swapped, a text with letters of all kinds. `expected.json`
has the frames that the first version made of it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from logs import read_recording

from adk_nb.frames import (
    EVENT_COLUMNS,
    EVENT_MORE,
    TOOL_COLUMNS,
    TOOL_MORE,
    TRANSCRIPT_COLUMNS,
    TURN_COLUMNS,
    TURN_MORE,
    events_df,
    tools_df,
    transcript_df,
    turns_df,
)

RECORDING = Path(__file__).parents[1] / "data" / "recordings" / "v1-dice"
FRAMES = {
    "events": (events_df, EVENT_COLUMNS + EVENT_MORE),
    "turns": (turns_df, TURN_COLUMNS + TURN_MORE),
    "tools": (tools_df, TOOL_COLUMNS + TOOL_MORE),
    "transcript": (transcript_df, TRANSCRIPT_COLUMNS),
}


def plain(value):
    if isinstance(value, dict | list):
        return value
    if pd.isna(value):
        return None
    return (
        value.isoformat()
        if isinstance(value, pd.Timestamp)
        else getattr(value, "item", lambda: value)()
    )


def described(frame):
    dtypes = frame.dtypes.astype(str).str.replace("[python]", "")
    rows = [[plain(value) for value in row] for row in frame.itertuples(index=False)]
    return {"dtypes": dtypes.to_dict(), "rows": rows}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", FRAMES)
def test_its_frames_are_those_of_then(name):
    expected = json.loads((RECORDING / "expected.json").read_text("utf-8"))[name]
    frame, _ = FRAMES[name]
    # By the names of then: later versions may have more columns.
    assert described(frame(RECORDING, list(expected["dtypes"]))) == expected


def test_its_sound_is_that_of_then():
    log = read_recording(RECORDING)
    ms = {
        (kind, turn): log.clip(kind, turn).duration_ms
        for kind in ("user_audio", "agent_audio")
        for turn in range(1, 6)
    }
    assert {key: value for key, value in ms.items() if value} == {
        ("agent_audio", 1): 600.0, ("user_audio", 2): 2200.0, ("agent_audio", 2): 1000.0,
        ("user_audio", 3): 220.0, ("agent_audio", 3): 200.0, ("agent_audio", 5): 150.0,
    }  # fmt: skip
    for (kind, turn), value in ms.items():
        said = [row.audio_ms for row in log if (row.kind, row.turn) == (kind, turn)]
        assert sum(said) == value
