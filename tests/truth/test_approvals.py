"""What the frames say of tools that wait for their user, against stamps in tools and cells."""

from __future__ import annotations

import asyncio
import time

import pytest
from google.adk.tools import FunctionTool
from google.adk.tools.tool_context import ToolContext
from sessions import wait_for
from test_tools import OFF_MS, Stamps, talk

from adk_nb import tools_df, turns_df

WORK_S, WAIT_S = 0.2, 0.6


def approved(session, text):
    """Asks, approves after a while, and returns how long that was, by the cell's clock (ms)."""
    saying = session.bridge.submit(session.requests.say(text, 60))
    wait_for(lambda: session.questions)
    asked = time.monotonic()
    time.sleep(WAIT_S)
    session.confirm()
    waited = time.monotonic() - asked
    saying.result(60)
    return waited * 1000


@pytest.mark.parametrize("beside", [False, True])
def test_waiting_for_the_user_is_no_work_of_a_tool_that_is_asked_for(tmp_path, beside):
    stamps = Stamps()
    pay = FunctionTool(stamps.tool("pay", WORK_S), require_confirmation=True)
    tools = [pay, stamps.tool("look", 0.1)]
    names = ["pay", "look"] if beside else ["pay"]
    with talk(stamps, tools, tmp_path / "talk", go=names) as session:
        waited = approved(session, "go")
    for source in (session, tmp_path / "talk"):
        frame = tools_df(source).set_index("tool")
        for name in names:
            assert frame.ms[name] == pytest.approx(stamps.ms(name), abs=OFF_MS)
        # A cell learns of the question a little after it was asked.
        assert waited - OFF_MS <= frame.approval_ms["pay"] <= waited + 4 * OFF_MS
        (turn,) = turns_df(source, ["tool_ms", "approval_ms"]).itertuples(index=False)
        assert turn.tool_ms == pytest.approx(sum(map(stamps.ms, names)), abs=2 * OFF_MS)
        assert turn.approval_ms == frame.approval_ms["pay"]


async def book(tool_context: ToolContext) -> dict:
    """Books; it asks by itself."""
    await asyncio.sleep(WORK_S)
    if tool_context.tool_confirmation is None:
        tool_context.request_confirmation(hint="Sure?")
    return {"status": "booked"}


@pytest.mark.long
def test_nor_of_one_that_asks_by_itself(tmp_path):
    with talk(Stamps(), [book], tmp_path / "talk", go=["book"]) as session:
        approved(session, "go")
    for source in (session, tmp_path / "talk"):
        (ms,) = tools_df(source).ms
        assert WORK_S * 1000 - OFF_MS <= ms <= 2 * WORK_S * 1000 + 2 * OFF_MS
