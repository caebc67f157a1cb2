"""What a server counts, for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from adk_nb.serve.error_log import ErrorLog
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.log.log_row import LogRow
    from adk_nb.session import LiveSession

_BUCKETS_S = (0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30)
_SENDERS = {"user_audio": "client", "agent_audio": "agent"}


class Metrics:
    """The figures of one server.

    Args:
        sessions: Returns how many sessions there are.
        unwritten: Returns how many events wait for the session store.
    """

    def __init__(self, sessions: Callable[[], int], unwritten: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"adk_nb_{name}", text, labels, registry=self._registry)

        Gauge("adk_nb_sessions", "Sessions now.", registry=self._registry).set_function(sessions)
        waiting = Gauge(
            "adk_nb_unwritten_events",
            "Events that wait until the session store is back.",
            registry=self._registry,
        )
        waiting.set_function(unwritten)
        self.turns = counter("turns", "Turns, by how they ended.", "status")
        frames = counter("frames", "Pieces of audio, by who sent them.", "sender")
        # Found once, as they are counted up to a hundred times a second in each session.
        self.frames = {kind: frames.labels(sender) for kind, sender in _SENDERS.items()}
        self.dropped = counter("dropped_seconds", "Agent audio that clients were too slow for.")
        self.errors = counter(
            "errors", "Errors, by kind; `client` is what clients did wrong.", "kind"
        )
        self.latency = Histogram(
            "adk_nb_first_audio_seconds",
            "From the end of the user's speech, or the sending of the text, to the first audio.",
            buckets=_BUCKETS_S,
            registry=self._registry,
        )

    def text(self) -> bytes:
        """Returns the figures in Prometheus' text format."""
        return generate_latest(self._registry)

    def follow(self, session: LiveSession) -> None:
        """Counts what happens in a session from now on."""
        session.log.sinks += [_Counting(self, session), ErrorLog(session.log)]
        session.pages.watch(self._watch)

    def _watch(self, message: protocol.Message) -> None:
        if isinstance(message, protocol.Failure):
            self.errors.labels(message.code).inc()


class _Counting:
    """Follows the log of one session."""

    def __init__(self, metrics: Metrics, session: LiveSession) -> None:
        self._metrics, self._session = metrics, session
        # A row is told again when it has grown.
        self._newest = -1
        # How many were in each row of what a client did wrong.
        self._refused: dict[int, int] = {}

    def row(self, row: LogRow) -> None:
        """Counts a row that is new."""
        if row.kind == "error" and row.source == "client":
            count = row.count or 1
            self._metrics.errors.labels("client").inc(count - self._refused.get(row.seq, 0))
            self._refused[row.seq] = count
        if row.seq <= self._newest:
            return
        self._newest = row.seq
        metrics = self._metrics
        match row.kind:
            case "turn_ended":
                metrics.turns.labels(str(row.status)).inc()
                self._time(row.turn or 0)
            case "audio_lost" if row.source != "client":
                metrics.dropped.inc((row.audio_ms or 0.0) / 1000)

    def _time(self, turn: int) -> None:
        turns = self._session.all_turns()
        ms = turns[turn - 1].first_audio_ms if 0 < turn <= len(turns) else None
        if ms is not None:
            self._metrics.latency.observe(ms / 1000)

    def sound(self, kind: str, turn: int, pcm: bytes, rate: int) -> None:
        """Counts a piece of sound."""
        del turn, pcm, rate
        self._metrics.frames[kind].inc()

    def sound_forgotten(self, kind: str, turn: int) -> None:
        """Sound that is kept no longer was counted."""
