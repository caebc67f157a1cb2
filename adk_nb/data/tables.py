"""Dataframes of sessions: their events, turns, tool calls and words.

Each frame is a list of columns, and each column a name, a dtype, and an attribute or a function of
the frame's items. Choose columns by name, by group or make your own:

    events_df(live, EVENT_BASE + [Column("words", "Int64", lambda e: len((e.text or "").split()))])

`docs/dataframes.md` states every column.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack, overload

from adk_nb.data.assembly import Kind, Options, assemble
from adk_nb.data.columns import (
    Column,
    ColumnGroup,
    Items,
)
from adk_nb.data.event_columns import (
    EVENT_BASE,
    EVENT_COLUMNS,
    EVENT_MORE,
    EVENT_OUTCOME,
    EVENT_SPEECH,
    EVENT_TOKENS,
    EVENT_TOOLS,
    EVENT_WHO,
    Events,
)
from adk_nb.data.sources import logs_of
from adk_nb.data.tokens import cost
from adk_nb.data.tool_columns import (
    TOOL_COLUMNS,
    TOOL_MORE,
)
from adk_nb.data.transcript_columns import (
    TRANSCRIPT_COLUMNS,
    TRANSCRIPT_MORE,
)
from adk_nb.data.turn_columns import (
    TURN_AUDIO,
    TURN_BASE,
    TURN_COLUMNS,
    TURN_LATENCY,
    TURN_MORE,
    TURN_OUTCOME,
    TURN_TEXT,
    TURN_TOKENS,
    TURN_TOOLS,
)
from adk_nb.log.tool_call import ToolCall
from adk_nb.log.turn import Turn
from adk_nb.log.turns_from_log import (
    Utterance,
    logged_calls,
    logged_turns,
    utterances,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from adk_nb.data.columns import Columns
    from adk_nb.data.sources import Source
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
    "TRANSCRIPT_MORE",
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


class _Ways(TypedDict, total=False):
    """How a frame is made, as in `Options`."""

    json: bool
    naive: bool
    workers: int | None
    progress: bool


class _Turns(Items):
    """The turns of one log."""

    def __init__(self, log: Log) -> None:
        super().__init__(logged_turns(log), log)

    def release(self) -> None:
        """Parts the turns from their calls."""
        _part(call for turn in self.all for call in turn.tool_calls)


class _Calls(Items):
    """The tool calls of one log."""

    def __init__(self, log: Log) -> None:
        super().__init__(logged_calls(log), log)

    def release(self) -> None:
        """Parts the calls from their turns."""
        _part(self.all)


class _Utterances(Items):
    """What was said in one log."""

    def __init__(self, log: Log) -> None:
        super().__init__(utterances(log), log)

    def release(self) -> None:
        """Parts the turns from their calls."""
        _part(call for said in self.all for call in said.turn.tool_calls)


def _part(calls: Iterable[ToolCall]) -> None:
    """Parts calls from their turns: the collector takes long to find that both are free."""
    for call in calls:
        call.turn = None


_EVENTS = Kind(Events, EVENT_COLUMNS, EVENT_MORE)
_TURNS = Kind(_Turns, TURN_COLUMNS, TURN_MORE + TURN_TOKENS)
_TOOLS = Kind(_Calls, TOOL_COLUMNS, TOOL_MORE)
_TRANSCRIPT = Kind(_Utterances, TRANSCRIPT_COLUMNS, TRANSCRIPT_MORE)


@overload
def events_df(
    source: Source,
    columns: Columns | None = None,
    *,
    strict: Literal[True] = True,
    **ways: Unpack[_Ways],
) -> pd.DataFrame: ...
@overload
def events_df(
    source: Source,
    columns: Columns | None = None,
    *,
    strict: Literal[False],
    **ways: Unpack[_Ways],
) -> tuple[pd.DataFrame, pd.DataFrame]: ...
def events_df(  # noqa: PLR0913 - all but the first are options
    source: Source,
    columns: Columns | None = None,
    *,
    strict: bool = True,
    json: bool = False,
    naive: bool = False,
    workers: int | None = None,
    progress: bool = True,
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    """Returns a frame with a row for each event, in the order of the log.

    Args:
        source: A widget, a session, a log, the path of a recording or of a folder of recordings
            (in folders of it too), a pattern of paths such as `"recordings/2026*"`, or a list, a
            dictionary or a Series of any of these.
        columns: Names, `Column`s and groups of them, such as `EVENT_BASE`; a function gets a
            `LogRow`. By default `EVENT_COLUMNS`.
        strict: By default a damaged line is warned of, and a recording that cannot be read at all
            is an error. If False nothing of a recording is: the frame comes with another that has a
            row for each fault, with its `file`, `line` and `what` is wrong.
        json: Whether columns of objects, such as `args` and `result`, are text in JSON instead:
            what Parquet, Arrow and databases can hold, and what can be compared and counted.
        naive: Whether times are in UTC without saying so, as Excel wants them.
        workers: How many processes read recordings: by default one, or one a processor where there
            is much to read and all columns are adk_nb's own.
        progress: Whether there is a progress bar over what takes longer than a second.

    Returns:
        The frame. `time` is UTC, `t` counts seconds on the session's clock, what ends in `_ms` is
        in milliseconds. Where it is not `strict`, that and the frame of faults.

    Raises:
        AdkNbError: The source has no events, or there is no such column.
        RecordingError: There is no recording at a path, or one cannot be read, and it is `strict`.
    """
    options = Options(strict, json, naive, workers, progress)
    return assemble(source, _EVENTS, columns, options)


@overload
def turns_df(
    source: Source,
    columns: Columns | None = None,
    prices: Prices | None = None,
    *,
    strict: Literal[True] = True,
    **ways: Unpack[_Ways],
) -> pd.DataFrame: ...
@overload
def turns_df(
    source: Source,
    columns: Columns | None = None,
    prices: Prices | None = None,
    *,
    strict: Literal[False],
    **ways: Unpack[_Ways],
) -> tuple[pd.DataFrame, pd.DataFrame]: ...
def turns_df(  # noqa: PLR0913 - all but the first are options
    source: Source,
    columns: Columns | None = None,
    prices: Prices | None = None,
    *,
    strict: bool = True,
    json: bool = False,
    naive: bool = False,
    workers: int | None = None,
    progress: bool = True,
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    """Returns a frame with a row for each turn: texts, tools, latencies.

    Args:
        source: As in `events_df`.
        columns: Names, `Column`s and groups of them, such as `TURN_LATENCY`; a function gets a
            `Turn`. By default `TURN_COLUMNS`.
        prices: What a million tokens cost, by model and kind, in any currency: then the frame has a
            column `cost`. See `docs/dataframes.md`.
        strict: As in `events_df`; so are the others.
        json: Whether columns of objects are text in JSON.
        naive: Whether times are without a zone.
        workers: How many processes read recordings.
        progress: Whether there is a progress bar.

    Returns:
        The frame. What ends in `_ms` is in milliseconds; the latencies count from `speech_end_t`
        (s on the session's clock), the end of the user's speech or the sending of the text. Where
        it is not `strict`, that and the frame of faults.

    Raises:
        AdkNbError: The source has no events, or there is no such column.
        RecordingError: There is no recording at a path, or one cannot be read, and it is `strict`.
    """
    wanted = TURN_COLUMNS if columns is None else columns
    if prices is not None:
        wanted = [wanted, Column("cost", "float64", partial(cost, prices=prices))]
    options = Options(strict, json, naive, workers, progress)
    return assemble(source, _TURNS, wanted, options)


@overload
def tools_df(
    source: Source,
    columns: Columns | None = None,
    *,
    strict: Literal[True] = True,
    **ways: Unpack[_Ways],
) -> pd.DataFrame: ...
@overload
def tools_df(
    source: Source,
    columns: Columns | None = None,
    *,
    strict: Literal[False],
    **ways: Unpack[_Ways],
) -> tuple[pd.DataFrame, pd.DataFrame]: ...
def tools_df(  # noqa: PLR0913 - all but the first are options
    source: Source,
    columns: Columns | None = None,
    *,
    strict: bool = True,
    json: bool = False,
    naive: bool = False,
    workers: int | None = None,
    progress: bool = True,
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    """Returns a frame with a row for each tool call.

    Args:
        source: As in `events_df`.
        columns: Names, `Column`s and groups of them; a function gets a `ToolCall`. By default
            `TOOL_COLUMNS`.
        strict: As in `events_df`; so are the others.
        json: Whether columns of objects are text in JSON.
        naive: Whether times are without a zone.
        workers: How many processes read recordings.
        progress: Whether there is a progress bar.

    Returns:
        The frame. `t` is when the tool was called (s on the session's clock), `ms` how long it
        ran, until it returned or was cut off (ms; missing while it runs). Where it is not
        `strict`, that and the frame of faults.

    Raises:
        AdkNbError: The source has no events, or there is no such column.
        RecordingError: There is no recording at a path, or one cannot be read, and it is `strict`.
    """
    options = Options(strict, json, naive, workers, progress)
    return assemble(source, _TOOLS, columns, options)


@overload
def transcript_df(
    source: Source,
    columns: Columns | None = None,
    *,
    strict: Literal[True] = True,
    **ways: Unpack[_Ways],
) -> pd.DataFrame: ...
@overload
def transcript_df(
    source: Source,
    columns: Columns | None = None,
    *,
    strict: Literal[False],
    **ways: Unpack[_Ways],
) -> tuple[pd.DataFrame, pd.DataFrame]: ...
def transcript_df(  # noqa: PLR0913 - all but the first are options
    source: Source,
    columns: Columns | None = None,
    *,
    strict: bool = True,
    json: bool = False,
    naive: bool = False,
    workers: int | None = None,
    progress: bool = True,
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    """Returns a frame with one row for each side of each turn, in the order of the conversation.

    Args:
        source: As in `events_df`.
        columns: Names, `Column`s and groups of them; a function gets an `Utterance`. By default
            `TRANSCRIPT_COLUMNS`.
        strict: As in `events_df`; so are the others.
        json: Whether columns of objects are text in JSON.
        naive: Whether times are without a zone.
        workers: How many processes read recordings.
        progress: Whether there is a progress bar.

    Returns:
        The frame. `t` is when the first of it came (s on the session's clock). Where it is not
        `strict`, that and the frame of faults.

    Raises:
        AdkNbError: The source has no events, or there is no such column.
        RecordingError: There is no recording at a path, or one cannot be read, and it is `strict`.
    """
    options = Options(strict, json, naive, workers, progress)
    return assemble(source, _TRANSCRIPT, columns, options)
