"""Turns by themselves: what is logged of them, and what the pages are told."""

from __future__ import annotations

import pytest
from turn_rules import Rules

from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog


@pytest.fixture
def sent():
    return []


@pytest.fixture
def log():
    return EventLog("s")


@pytest.fixture
def turns(log, sent):
    made = Turns(log, sent.append)
    made.agent, made.model = "dice", "m"
    made.machine.answer.clock = lambda: 0.0  # However busy the machine is.
    return made


@pytest.fixture
def rules():
    return Rules()
