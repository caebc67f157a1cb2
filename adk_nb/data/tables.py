"""Dataframes of sessions: their events, turns, tool calls and words.

Each frame is a list of columns, and each column a name, a dtype, and an attribute or a function of
the frame's items. Choose columns by name, by group or make your own:

    events_df(live, EVENT_BASE + [Column("words", "Int64", lambda e: len((e.text or "").split()))])

`docs/dataframes.md` states every column.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from adk_nb.data.columns import (
    EVENT_BASE,
    EVENT_COLUMNS,
    EVENT_MORE,
    EVENT_OUTCOME,
    EVENT_SPEECH,
    EVENT_TOKENS,
    EVENT_TOOLS,
    EVENT_WHO,
    TOOL_COLUMNS,
    TOOL_MORE,
    TRANSCRIPT_COLUMNS,
    TURN_AUDIO,
    TURN_BASE,
    TURN_COLUMNS,
    TURN_LATENCY,
    TURN_MORE,
    TURN_OUTCOME,
    TURN_TEXT,
    TURN_TOKENS,
    TURN_TOOLS,
    Column,
    ColumnGroup,
    Events,
    Items,
    array,
    chosen,
)
from adk_nb.data.tokens import cost
from adk_nb.exceptions import AdkNbError
from adk_nb.log.recording import find_recordings, read_recording
from adk_nb.log.tool_call import ToolCall
from adk_nb.log.turn import Turn
from adk_nb.log.turns_from_log import (
    Utterance,
    logged_calls,
    logged_turns,
    utterances,
)

if TYPE_CHECKING:
    from typing import TypeAlias

    from adk_nb.data.columns import Columns
    from adk_nb.data.tokens import Prices
    from adk_nb.log.turns_from_log import Log

__all__ = [
    "EVENT_BASE",
    "EVENT_COLUMNS",
    "EVENT_MORE",
    "EVENT_OUTCOME",
    "EVENT_SPEECH",
    "EVENT_TOKENS",
    "EVENT_TOOLS",
    "EVENT_WHO",
    "TOOL_COLUMNS",
    "TOOL_MORE",
    "TRANSCRIPT_COLUMNS",
    "TURN_AUDIO",
    "TURN_BASE",
    "TURN_COLUMNS",
    "TURN_LATENCY",
    "TURN_MORE",
    "TURN_OUTCOME",
    "TURN_TEXT",
    "TURN_TOKENS",
    "TURN_TOOLS",
    "Column",
    "ColumnGroup",
    "ToolCall",
    "Turn",
    "Utterance",
    "events_df",
    "logs_of",
    "tools_df",
    "transcript_df",
    "turns_df",
]


class HasLog(Protocol):
    """Has a log, as a `LiveSession` has."""

    @property
    def log(self) -> Log:
        """The event log."""


class HasSession(Protocol):
    """Has a session, as a `LiveWidget` has."""

    @property
    def session(self) -> HasLog:
        """The session."""


Source: TypeAlias = "str | os.PathLike[str] | Log | HasLog | HasSession | Iterable[Source]"
"""A widget, a session, a log, the path of a recording or of a folder of them, or a list."""


def events_df(source: Source, columns: Columns | None = None) -> pd.DataFrame:
    """Returns a frame with a row for each event, in the order of the log.

    Args:
        source: A widget, a session, a log, the path of a recording or of a folder of recordings,
            or a list of any of these.
        columns: Names, `Column`s and groups of them, such as `EVENT_BASE`; a function gets a
            `LogRow`. By default `EVENT_COLUMNS`.

    Returns:
        The frame. `time` is UTC, `t` counts seconds on the session's clock, what ends in `_ms` is
        in milliseconds.

    Raises:
        AdkNbError: The source has no events, or there is no such column.
        RecordingError: There is no recording at a path, or none that can be read.
    """
    return _frame(source, Events, columns, EVENT_COLUMNS, EVENT_MORE)


def turns_df(
    source: Source, columns: Columns | None = None, prices: Prices | None = None
) -> pd.DataFrame:
    """Returns a frame with a row for each turn: texts, tools, latencies.

    Args:
        source: As in `events_df`.
        columns: Names, `Column`s and groups of them, such as `TURN_LATENCY`; a function gets a
            `Turn`. By default `TURN_COLUMNS`.
        prices: What a million tokens cost, by model and kind, in any currency: then the frame has a
            column `cost`. See `docs/dataframes.md`.

    Returns:
        The frame. What ends in `_ms` is in milliseconds; the latencies count from `speech_end_t`
        (s on the session's clock), the end of the user's speech or the sending of the text.

    Raises:
        AdkNbError: The source has no events, or there is no such column.
        RecordingError: There is no recording at a path, or none that can be read.
    """
    wanted = TURN_COLUMNS if columns is None else columns
    if prices is not None:
        wanted = [wanted, Column("cost", "float64", partial(cost, prices=prices))]
    more = TURN_MORE + TURN_TOKENS
    return _frame(source, lambda log: Items(logged_turns(log)), wanted, TURN_COLUMNS, more)


def tools_df(source: Source, columns: Columns | None = None) -> pd.DataFrame:
    """Returns a frame with a row for each tool call.

    Args:
        source: As in `events_df`.
        columns: Names, `Column`s and groups of them; a function gets a `ToolCall`. By default
            `TOOL_COLUMNS`.

    Returns:
        The frame. `t` is when the tool was called (s on the session's clock), `ms` how long it
        took (ms; missing where it never returned).

    Raises:
        AdkNbError: The source has no events, or there is no such column.
        RecordingError: There is no recording at a path, or none that can be read.
    """
    return _frame(source, lambda log: Items(logged_calls(log)), columns, TOOL_COLUMNS, TOOL_MORE)


def transcript_df(source: Source, columns: Columns | None = None) -> pd.DataFrame:
    """Returns a frame with one row for each side of each turn, in the order of the conversation.

    Args:
        source: As in `events_df`.
        columns: Names, `Column`s and groups of them; a function gets an `Utterance`. By default
            `TRANSCRIPT_COLUMNS`.

    Returns:
        The frame. `t` is when the first of it came (s on the session's clock).

    Raises:
        AdkNbError: The source has no events, or there is no such column.
        RecordingError: There is no recording at a path, or none that can be read.
    """
    return _frame(
        source, lambda log: Items(utterances(log)), columns, TRANSCRIPT_COLUMNS, ColumnGroup()
    )


def _frame(
    source: Source,
    items_of: Callable[[Log], Items],
    columns: Columns | None,
    default: ColumnGroup,
    more: ColumnGroup,
) -> pd.DataFrame:
    wanted = chosen(default if columns is None else columns, default + more)
    logs = [items_of(log) for log in logs_of(source)]
    return pd.DataFrame({column.name: array(column, logs) for column in wanted}, copy=False)


def logs_of(source: Any) -> Iterator[Log]:
    """Yields the logs of a source.

    Raises:
        AdkNbError: The source has no events.
        RecordingError: There is no recording at a path, or none that can be read.
    """
    if isinstance(source, str | os.PathLike):
        yield from map(read_recording, find_recordings(source))
    elif hasattr(source, "session_id") and hasattr(source, "clip"):
        yield source
    elif hasattr(source, "session"):
        # Before `log`: a widget's own `log` is a logger.
        yield source.session.log
    elif hasattr(source, "log"):
        yield source.log
    elif isinstance(source, list | tuple | set | Iterator):
        for one in source:
            yield from logs_of(one)
    else:
        raise AdkNbError(
            f"There are no events in a {type(source).__name__}.",
            remedy="Give a LiveWidget, a LiveSession, the path of a recording or of a folder of "
            "recordings, or a list of these.",
            code="bad_source",
        )
