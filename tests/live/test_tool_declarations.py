"""How tools are declared, and so which of them the model waits for."""

from __future__ import annotations

import pytest
from desk import Desk, cascade, connected


@pytest.fixture
def desk():
    return connected()


def test_a_cascade_waits_for_every_tool():
    exchange = cascade().exchange
    exchange.declarations.declared({"flip": False})
    assert [exchange.blocks(name) for name in ("roll", "flip")] == [True, True]


@pytest.mark.parametrize("blocking", [None, True, False])
def test_how_tools_are_to_be_declared_is_what_the_session_was_asked(blocking):
    assert Desk(tools_block=blocking).exchange.declarations.blocking is blocking


def test_a_model_that_waits_for_no_tool_is_told_of_once(desk):
    desk.exchange.turns.model = "gemini-3.8-live-extended-thinking"
    for _ in range(2):
        desk.exchange.declarations.declared(
            {"roll": True, "flip": False, "pick": None, "spin": True}
        )
    (failure,) = desk.page.errors()
    assert (failure.code, failure.message.partition(": ")[2]) == ("unsupported", "roll, spin.")
    assert [desk.exchange.blocks(name) for name in ("roll", "flip", "pick", "none")] == [
        True, False, False, False,
    ]  # fmt: skip
    desk.exchange.turns.model = "gemini-2.5-flash"
    desk.exchange.declarations.declared({"roll": True})
    assert len(desk.page.errors()) == 1
    assert desk.exchange.blocks("none")


@pytest.mark.parametrize("model", ["gemini-3.8-live", "gemini-3.1-flash-live-extended-thinking"])
def test_other_models_are_not_told_to_wait_for_no_tool(desk, model):
    desk.exchange.turns.model = model
    desk.exchange.declarations.declared({"roll": True})
    assert desk.page.errors() == []
