"""What is known of a model without asking it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from desk import Desk, cascade, connected
from google.adk.agents import Agent
from scripted import Scripted, echo

from adk_nb.exceptions import LocalModelError
from adk_nb.live import model_capabilities


@pytest.fixture
def desk():
    return connected()


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("gemini-2.5-flash-native-audio", (False, True, False, True)),
        ("gemini-3.1-flash-live", (False, True, False, False)),
        ("models/gemini-3.8-live", (False, True, False, False)),
        (Scripted(echo), (False, False, True, True)),
    ],
)
def test_what_is_known_of_a_model(model, known):
    exchange = Desk(Agent(name="dice", model=model)).exchange
    turns = exchange.turns
    assert known == (
        exchange.reader.cumulative,
        turns.transcripts.deltas,
        turns.transcripts.ends_with_final,
        turns.machine.calls.completes_calls,
    )


def test_what_is_known_of_a_cascade():
    exchange = cascade().exchange
    assert exchange.reader.cumulative
    assert exchange.turns.transcripts.deltas
    assert not exchange.turns.machine.calls.completes_calls


@pytest.mark.parametrize(
    ("model", "waits"),
    [
        ("gemini-3.8-live", False),
        ("models/gemini-3.8-live-extended-thinking", False),
        ("gemini-3.1-flash-live", True),
        ("not-gemini-3.8-live", True),
        ("", True),
    ],
)
def test_which_models_wait_for_a_tool(desk, model, waits):
    desk.exchange.turns.model = model
    assert desk.exchange.blocks("roll") is waits
    assert model_capabilities.waits_for_no_tool(model) is not waits


def test_a_cascade_sees_nothing():
    assert not cascade().exchange.capabilities.sees
    assert Desk().exchange.capabilities.sees


@pytest.mark.parametrize(
    ("model", "refuses"),
    [
        ("models/gemini-3.8-live-extended-thinking", True),
        ("gemini-3.8-live", False),
        ("gemini-3.1-live-extended-thinking", False),
    ],
)
def test_which_models_take_no_tool_that_blocks(model, refuses):
    assert model_capabilities.refuses_blocking(model) is refuses


@pytest.mark.parametrize(
    ("problem", "is_deaf"), [(LocalModelError("No ears."), True), ("of another kind", False)]
)
def test_only_our_own_problem_makes_a_cascade_deaf(problem, is_deaf):
    model = Scripted(echo)
    object.__setattr__(model, "stt", SimpleNamespace(problem=problem))
    desk = Desk()
    desk.exchange.swaps.agent = Agent(name="deaf", model=model)
    assert desk.exchange.capabilities.deaf is (problem if is_deaf else None)
