"""Which errors of sessions are in the server's log, and how."""

from __future__ import annotations

import logging

import pytest

from adk_nb.log.event_log import EventLog
from adk_nb.serve.error_log import ErrorLog


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG)
    made = EventLog("s-1")
    made.sinks.append(ErrorLog(made))
    return made


def told(caplog):
    return [(one.levelname, one.getMessage()) for one in caplog.records]


@pytest.mark.parametrize(
    ("source", "row", "level"),
    [
        ("bridge", {"kind": "error"}, "ERROR"),
        ("adk", {"kind": "error", "status": "failed"}, "ERROR"),
        ("bridge", {"kind": "error", "status": "warning"}, "WARNING"),
        ("client", {"kind": "error"}, "WARNING"),
        ("bridge", {"kind": "disconnected"}, "WARNING"),
    ],
)
def test_what_passes_is_a_warning(log, caplog, source, row, level):
    log.add(source, **row, turn=2, error="It broke.\nTwice.")
    assert told(caplog) == [(level, r"Session s-1, turn 2: It broke.\nTwice.")]


def test_what_is_no_error_of_the_session_is_not_told(log, caplog):
    log.add("adk", "tool_result", turn=1, error="ValueError")
    log.add("bridge", "disconnected", turn=1)
    log.add("client", "user_text", turn=1, text="It broke.")
    assert told(caplog) == []


def test_before_any_turn_there_is_none_to_name(log, caplog):
    log.add("bridge", "error", error="It broke.")
    assert told(caplog) == [("ERROR", "Session s-1: It broke.")]


def test_an_error_is_told_once_after_itself_and_again_after_another(log, caplog):
    for turn, error in ((1, "A."), (1, "A."), (2, "A."), (2, "B."), (2, "A."), (2, "A.")):
        log.add("bridge", "error", turn=turn, error=error)
    assert [said for _, said in told(caplog)] == [
        "Session s-1, turn 1: A.",
        "Session s-1, turn 2: A.",
        "Session s-1, turn 2: B.",
        "Session s-1, turn 2: A.",
    ]


def test_an_error_that_is_counted_in_its_row_is_told_once(log, caplog):
    for _ in range(3):
        log.add_error("page", "bad_message", "No words.")
    log.add_error("page", "bad_audio", "No sound.")
    log.add_error("page", "bad_message", "No words.")
    assert [said for _, said in told(caplog)] == [
        "Session s-1: No words.",
        "Session s-1: No sound.",
    ]


def test_sound_and_its_end_are_no_errors(log, caplog):
    log.add_audio("client", "user_audio", 1, bytes(640), 16_000)
    log.forget_sound("user_audio", 1)
    assert told(caplog) == []
