"""`spans_df`: ADK's own OpenTelemetry spans of a session, as a dataframe."""

from __future__ import annotations

import warnings
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import pandas as pd

from adk_nb.data.columns import as_json
from adk_nb.data.sources import logs_of
from adk_nb.log.span_collector import collected, why_none
from adk_nb.log.turns_from_log import logged_turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opentelemetry.sdk.trace import ReadableSpan

    from adk_nb.data.sources import Source
    from adk_nb.log.turns_from_log import Log

MAX_TEXT = 10_000
"""How much of an attribute the frame has (characters)."""

_INVOCATION = "gcp.vertex.agent.invocation_id"
_DTYPES = {
    "session_id": "string",
    "run_id": "string",
    "turn": "Int64",
    "variant": "string",
    "invocation_id": "string",
    "trace_id": "string",
    "span_id": "string",
    "parent_id": "string",
    "name": "string",
    "start": "datetime64[us, UTC]",
    "t": "float64",
    "ms": "float64",
    "status": "string",
    "error": "string",
    "attributes": "object",
}


def spans_df(source: Source, *, json: bool = False, naive: bool = False) -> pd.DataFrame:
    """Returns a frame with a row for each finished OpenTelemetry span, in the order they began.

    It also has other spans that are made while the agent works, such as the requests of a tool. A
    span belongs to the turn that was open when it began; those of a new connection, as after a
    swap, to the first turn that it answers. The agent's own span ends with the session, or with a
    swap, and appears then: a live run is one invocation over many turns. Where OpenTelemetry keeps
    spans from adk_nb, a warning says why there are none.

    Args:
        source: A widget or a session, or a list of these. Recordings keep no spans.
        json: Whether `attributes` is text in JSON.
        naive: Whether `start` is in UTC without saying so, as Excel wants it.

    Returns:
        The frame: `session_id`, `run_id`, `turn`, `variant`, `invocation_id`, `trace_id`,
        `span_id`, `parent_id`, `name`, `start` (UTC), `t` (s on the session's clock), `ms` (how
        long it took), `status` (`unset`, `ok` or `error`), `error`, and `attributes` (a dict,
        secrets masked).

    Raises:
        AdkNbError: The source has no events.
        RecordingError: There is no recording at a path.
    """
    rows = [row for log in logs_of(source) for row in _rows(log)]
    if json:
        rows = [row | {"attributes": as_json(row["attributes"])} for row in rows]
    frame = pd.DataFrame(rows, columns=list(_DTYPES))
    # To the microsecond, as every time in the other frames: pandas joins no two units.
    start = pd.to_datetime(frame["start"], unit="ns", utc=True).dt.as_unit("us")
    frame["start"] = start.dt.tz_localize(None) if naive else start
    changed = {"attributes": "string"} if json else {}
    changed |= {"start": "datetime64[us]"} if naive else {}
    return frame.astype(_DTYPES | changed)


def _rows(log: Any) -> Iterator[dict[str, Any]]:
    kept = collected(log)
    if not kept:
        why = why_none(log)
        if why:
            warnings.warn(f"There are no spans of {log.session_id}: {why}.", stacklevel=4)
        return
    turns = _TurnsOf(log, (one.first for one in kept))
    for first, t, span in sorted(kept, key=lambda one: one.t):
        attributes = {
            log.redact(name): _shown(log.redact(value))
            for name, value in (span.attributes or {}).items()
        }
        invocation = attributes.get(_INVOCATION) or turns.invocation(first)
        yield {
            "session_id": log.session_id,
            "run_id": log.run_id,
            "turn": turns.open_at(t, invocation),
            "variant": turns.variant_at(t),
            "invocation_id": invocation,
            **_ids(span),
            "name": log.redact(span.name),
            "start": span.start_time,
            "t": t,
            "ms": ((span.end_time or 0) - (span.start_time or 0)) / 1e6,
            "status": span.status.status_code.name.lower(),
            "error": log.redact(span.status.description),
            "attributes": attributes,
        }


def _ids(span: ReadableSpan) -> dict[str, str | None]:
    context = span.get_span_context()
    return {
        "trace_id": f"{context.trace_id:032x}" if context is not None else None,
        "span_id": f"{context.span_id:016x}" if context is not None else None,
        "parent_id": f"{span.parent.span_id:016x}" if span.parent is not None else None,
    }


def _shown(value: Any) -> Any:
    return value[:MAX_TEXT] if isinstance(value, str) else value


class _TurnsOf:
    """Finds the turn and the invocation at a time in a log.

    Args:
        log: The log.
        firsts: The numbers of the first rows of its runs.
    """

    def __init__(self, log: Log, firsts: Iterable[int]) -> None:
        self._firsts = sorted(set(firsts))
        self._turns = logged_turns(log)
        self._starts = [turn.t for turn in self._turns]
        self._rows = list(log)
        swaps = [row for row in self._rows if row.kind == "agent_swapped"]
        self._changes = [*self._rows[:1], *swaps]
        # The invocations in which each turn was answered: several, if it went on in a new run.
        self._answered_in: dict[int, set[str]] = {}
        for row in self._rows:
            if row.turn and row.invocation_id:
                self._answered_in.setdefault(row.turn, set()).add(row.invocation_id)
        self._invocations: dict[int, str | None] = {}

    def variant_at(self, t: float) -> str | None:
        """Returns which variant of the agent there was at a time (s on the session's clock)."""
        before = [row.variant for row in self._changes if row.t <= t]
        return before[-1] if before else None

    def invocation(self, first: int) -> str | None:
        """Returns the invocation of the run whose first row has that number."""
        if first not in self._invocations:
            self._invocations[first] = self._found(first)
        return self._invocations[first]

    def _found(self, first: int) -> str | None:
        # Up to the next run: its first rows may have been typed before it was connected.
        end = next((other for other in self._firsts if other > first), None)
        return next((row.invocation_id for row in self._rows[first:end] if row.invocation_id), None)

    def open_at(self, t: float, invocation: str | None) -> int | None:
        """Returns the invocation's newest turn that had begun then, or the first that follows.

        None if there is neither.
        """
        for turn in reversed(self._turns[: bisect_right(self._starts, t)]):
            answered_in = self._answered_in.get(turn.index)
            if invocation is None or answered_in is None or invocation in answered_in:
                return turn.index
        return next((n for n, ids in sorted(self._answered_in.items()) if invocation in ids), None)
