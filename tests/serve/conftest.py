from __future__ import annotations

import logging

import pytest
from served import Served, echo

from adk_nb.providers import env_file
from adk_nb.wire import message_log


@pytest.fixture(autouse=True)
def _no_agent_of_another_test(monkeypatch):
    """The `.env` file of an agent that one test has loaded is none of the next test's."""
    monkeypatch.setattr(env_file, "_agents", [])
    monkeypatch.setattr(env_file, "_loaded", {})


@pytest.fixture(autouse=True)
def _unheard_messages(monkeypatch):
    """The command sets up the logger of messages for the whole process."""
    for name, value in (("handlers", []), ("propagate", True)):
        monkeypatch.setattr(message_log.logger, name, value)
    level = message_log.logger.level
    message_log.logger.setLevel(logging.NOTSET)
    yield
    message_log.logger.setLevel(level)


@pytest.fixture
def served():
    """`served(answer, **options)` serves an agent with a scripted model."""
    opened = []

    def make(answer=echo, **options):
        opened.append(Served(answer, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
