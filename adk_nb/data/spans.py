"""`spans_df`: ADK's own OpenTelemetry spans of a session, as a dataframe."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from adk_nb.log.span_collector import collected
from adk_nb.log.turns_from_log import logged_turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd
    from opentelemetry.sdk.trace import ReadableSpan

    from adk_nb.data.tables import Source
    from adk_nb.log.turns_from_log import Log

MAX_TEXT = 10_000
"""How much of an attribute the frame has (characters)."""

_INVOCATION = "gcp.vertex.agent.invocation_id"
_DTYPES = {
    "session_id": "string",
    "turn": "Int64",
    "invocation_id": "string",
    "trace_id": "string",
    "span_id": "string",
    "parent_id": "string",
    "name": "string",
    "start": "datetime64[ns, UTC]",
    "t": "float64",
    "ms": "float64",
    "status": "string",
    "error": "string",
    "attributes": "object",
}


def spans_df(source: Source) -> pd.DataFrame:
    """Returns a frame with a row for each finished OpenTelemetry span, in the order they began.

    It also has other spans that are made while the agent works, such as the requests of a tool. A
    span belongs to the turn that was open when it began. The agent's own span ends with the session
    and appears then: a live run is one invocation over many turns.

    Args:
        source: A widget or a session, or a list of these. Recordings keep no spans.

    Returns:
        The frame: `session_id`, `turn`, `invocation_id`, `trace_id`, `span_id`, `parent_id`,
        `name`, `start` (UTC), `t` (s on the session's clock), `ms` (how long it took),
        `status` (`unset`, `ok` or `error`), `error`, and `attributes` (a dict, secrets masked).

    Raises:
        AdkNbError: The source has no events.
        RecordingError: There is no recording at a path.
    """
    import pandas as pd

    from adk_nb.data.tables import logs_of

    rows = [row for log in logs_of(source) for row in _rows(log)]
    frame = pd.DataFrame(rows, columns=list(_DTYPES))
    frame["start"] = pd.to_datetime(frame["start"], unit="ns", utc=True)
    return frame.astype(_DTYPES)


def _rows(log: Any) -> Iterator[dict[str, Any]]:
    kept = collected(log)
    if not kept:
        return
    turns = _TurnsOf(log, (one.first for one in kept))
    for first, t, span in sorted(kept, key=lambda one: one.t):
        attributes = {
            name: _shown(log.redact(value)) for name, value in (span.attributes or {}).items()
        }
        invocation = attributes.get(_INVOCATION) or turns.invocation(first)
        yield {
            "session_id": log.session_id,
            "turn": turns.open_at(t, invocation),
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
        self._invocations: dict[int, str | None] = {}

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
        """Returns the invocation's newest turn that had begun then; None before the first."""
        for turn in reversed(self._turns[: bisect_right(self._starts, t)]):
            if invocation is None or turn.invocation_id in (None, invocation):
                return turn.index
        return None
