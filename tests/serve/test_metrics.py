"""What a server counts."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from adk_nb.log.event_log import EventLog
from adk_nb.serve.metrics import Metrics
from adk_nb.wire import protocol


@pytest.fixture
def counted():
    """A session that is counted, with two turns, and how to read the figures."""
    metrics = Metrics(lambda: 3, lambda: 5)
    log, watchers = EventLog("s"), []
    turns = [SimpleNamespace(first_audio_ms=ms) for ms in (250.0, None)]
    pages = SimpleNamespace(watch=watchers.append)
    session = SimpleNamespace(log=log, pages=pages, all_turns=lambda: turns)
    metrics.follow(session)

    def value(name: str, **labels: str) -> float:
        """Returns one figure; 0 if it is not there."""
        said = ",".join(f'{label}="{of}"' for label, of in labels.items())
        start = f"{name}{{{said}}} " if labels else f"{name} "
        lines = metrics.text().decode().splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(start)), 0.0)

    return SimpleNamespace(log=log, turns=turns, tell=watchers[0], value=value, text=metrics.text)


def test_sessions_and_what_is_unwritten_are_asked_for(counted):
    assert counted.value("adk_nb_sessions") == 3
    assert counted.value("adk_nb_unwritten_events") == 5


def test_every_figure_says_what_it_is(counted):
    helps = [line for line in counted.text().decode().splitlines() if line.startswith("# HELP")]
    assert [line.split()[2] for line in helps] == [
        "adk_nb_sessions", "adk_nb_unwritten_events", "adk_nb_turns_total", "adk_nb_frames_total",
        "adk_nb_frames_created", "adk_nb_dropped_seconds_total", "adk_nb_dropped_seconds_created",
        "adk_nb_errors_total", "adk_nb_first_audio_seconds", "adk_nb_first_audio_seconds_created",
    ]  # fmt: skip
    assert all(len(line.split()) > 3 for line in helps)


def test_turns_are_counted_by_how_they_ended_and_how_long_they_took(counted):
    counted.log.add("bridge", "turn_ended", turn=1, status="complete")
    counted.log.add("bridge", "turn_ended", turn=2, status="complete")
    for turn in (0, 3):
        counted.log.add("bridge", "turn_ended", turn=turn, status="failed")
    assert counted.value("adk_nb_turns_total", status="complete") == 2
    assert counted.value("adk_nb_turns_total", status="failed") == 2
    assert counted.value("adk_nb_first_audio_seconds_count") == 1
    assert counted.value("adk_nb_first_audio_seconds_sum") == 0.25
    buckets = {at: counted.value("adk_nb_first_audio_seconds_bucket", le=at)
               for at in ("0.1", "0.2", "0.3", "30.0", "+Inf")}  # fmt: skip
    assert buckets == {"0.1": 0, "0.2": 0, "0.3": 1, "30.0": 1, "+Inf": 1}


def test_a_row_that_has_grown_is_not_counted_again(counted):
    row = counted.log.add("bridge", "turn_ended", turn=1, status="complete")
    for sink in counted.log.sinks:
        sink.row(row)
    assert counted.value("adk_nb_turns_total", status="complete") == 1


def test_what_clients_were_too_slow_for_is_counted_and_what_they_lost_is_not(counted):
    counted.log.add("bridge", "audio_lost", turn=1, audio_ms=1500.0)
    counted.log.add("bridge", "audio_lost", turn=1)
    counted.log.add("client", "audio_lost", turn=1, audio_ms=4000.0)
    assert counted.value("adk_nb_dropped_seconds_total") == 1.5


def test_sound_is_counted_by_who_sent_it(counted):
    for kind in ("user_audio", "user_audio", "agent_audio"):
        counted.log.add_audio("client", kind, 1, bytes(640), 16_000)
    assert counted.value("adk_nb_frames_total", sender="client") == 2
    assert counted.value("adk_nb_frames_total", sender="agent") == 1


def test_errors_are_counted_by_their_codes_and_nothing_else_is_one(counted):
    counted.tell(protocol.Failure("quota", "No."))
    counted.tell(protocol.Failure("quota", "No."))
    counted.tell(protocol.State("ready"))
    counted.log.add("bridge", "error", error="It broke.")
    assert counted.value("adk_nb_errors_total", kind="quota") == 2
    assert counted.value("adk_nb_errors_total", kind="client") == 0


def test_what_a_client_does_wrong_is_counted_as_often_as_it_does_it(counted):
    for _ in range(3):
        counted.log.add_error("page", "bad_message", "No words.")
    counted.log.add_error("page", "bad_audio", "No sound.")
    assert counted.value("adk_nb_errors_total", kind="client") == 4


def test_the_newest_turn_is_timed_and_latencies_have_these_bounds(counted):
    counted.turns.append(SimpleNamespace(first_audio_ms=4000.0))
    counted.log.add("bridge", "turn_ended", turn=3, status="complete")
    assert counted.value("adk_nb_first_audio_seconds_sum") == 4.0
    bounds = re.findall(r'first_audio_seconds_bucket\{le="([^"]+)"\} (\d)', counted.text().decode())
    assert bounds == [
        *(
            (bound, "0")
            for bound in ["0.1", "0.2", "0.3", "0.5", "0.75", "1.0", "1.5", "2.0", "3.0"]
        ),
        *((bound, "1") for bound in ["5.0", "10.0", "30.0", "+Inf"]),
    ]
