"""What ADK's runner is made of and asked for; ADK itself is played by the test."""

from __future__ import annotations

import asyncio

import pytest
from google.adk.agents import Agent
from google.adk.plugins.base_plugin import BasePlugin
from played_runner import HISTORIES, PlayedRunner, configure
from scripted import Scripted, echo

from adk_nb.exceptions import ModelError
from adk_nb.live import adk_runner
from adk_nb.live.adk_runner import AdkRunner


@pytest.fixture
def runner(monkeypatch):
    monkeypatch.setattr(adk_runner, "Runner", PlayedRunner)
    monkeypatch.setattr(PlayedRunner, "stays_s", 0)
    PlayedRunner.made.clear()
    plugins = [BasePlugin(name="mine"), BasePlugin(name="ours")]
    return AdkRunner(HISTORIES, plugins, configure, "none yet")


@pytest.fixture
def agent():
    return Agent(name="first", model=Scripted(echo))


async def test_what_adks_runner_is_made_of_and_asked_for(runner, agent):
    assert runner.config.custom_metadata == {"for": "str"}
    taken, queue = [], object()
    await runner.converse(agent, queue, taken.append)
    assert taken == ["first", "second"]
    (made,) = PlayedRunner.made
    app = made.options.pop("app")
    assert (app.name, app.root_agent) == ("talks", agent)
    assert [plugin.name for plugin in app.plugins] == ["mine", "ours"]
    assert made.options == {
        "session_service": "sessions", "artifact_service": "artifacts",
        "memory_service": "memory", "auto_create_session": True,
    }  # fmt: skip
    config = made.asked.pop("run_config")
    assert config is runner.config
    assert config.custom_metadata == {"for": "Scripted"}
    assert made.asked == {
        "user_id": "ann", "session_id": "monday", "live_request_queue": queue,
    }  # fmt: skip


async def test_a_run_that_is_left_is_closed(runner, agent):
    def take(_event):
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        await runner.converse(agent, object(), take)
    assert PlayedRunner.made[0].closed


async def test_what_is_missing_for_a_model_is_told_before_it_is_asked(runner, agent, monkeypatch):
    problem = ModelError("There is no key.")
    monkeypatch.setattr(adk_runner.gemini, "problem", lambda _model: problem)
    with pytest.raises(ModelError, match="There is no key"):
        await runner.converse(agent, object(), print)
    assert PlayedRunner.made == []


async def test_toolsets_are_closed_and_one_that_hangs_keeps_nothing(runner, agent, monkeypatch):
    class Toolset:
        def __init__(self, error=None, hangs_s=0.0):
            self.error, self.hangs_s, self.closed = error, hangs_s, 0

        async def close(self):
            self.closed += 1
            await asyncio.sleep(self.hangs_s)
            if self.error is not None:
                raise self.error

    monkeypatch.setattr(adk_runner, "_CLOSE_S", 0.05)
    some = [Toolset(), Toolset(ValueError("odd")), Toolset(hangs_s=1000)]
    monkeypatch.setattr(adk_runner, "toolsets", lambda _agent: some[:2])
    await runner.converse(agent, object(), print)
    monkeypatch.setattr(adk_runner, "toolsets", lambda _agent: some[1:])  # Of another agent.
    await runner.converse(agent, object(), print)
    await runner.close()
    assert [each.closed for each in some] == [1, 1, 1]
