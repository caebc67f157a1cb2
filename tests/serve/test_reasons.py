"""Why a server is not ready, in its log."""

from __future__ import annotations

from adk_nb.serve.reasons import Reasons


def test_a_reason_is_told_once_and_again_after_another_or_none(caplog):
    reasons = Reasons()
    for reason in ("", "full", "full", "slow", "full", "", "", "full"):
        reasons.tell(reason)
    told = [line.removeprefix("No session can be taken: ") for line in caplog.messages]
    assert told == ["full", "slow", "full", "full"]
    assert {record.levelname for record in caplog.records} == {"WARNING"}


def test_the_first_reason_is_told(caplog):
    Reasons().tell("full")
    assert caplog.messages == ["No session can be taken: full"]
