"""What Google's SDK prints into a notebook, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HERE = Path(__file__).parent

SESSION = """
    import asyncio, contextlib, gc, os
    from google.adk.agents import Agent
    from google.adk.tools import AgentTool
    from live_api import LiveApi, no_model
    from scripted import DONE, Scripted, call, result_of, said, text_of
    from adk_nb import LiveSession

    def answer(came):
        if text_of(came):
            return [CALL, DONE]
        return [said("Asked.", finished=True), DONE] if result_of(came) else []

    async def cell(agent):
        "As a cell is: the kernel's loop runs, and what is collected finds it."
        live = LiveSession(agent).start()
        turn = live.say("hi")
        print(turn.error or turn.tool_calls[0].error)
        live.close()
        del live, turn
        for _ in range(3):
            gc.collect()
            await asyncio.sleep(0.01)
"""
WITHOUT_A_KEY = {
    "a model": """
        agent = Agent(name="t", model="gemini-3.8-live")
    """,
    "a tool that is an agent": """
        CALL = call("expert", request="hi")
        expert = AgentTool(Agent(name="expert", model="gemini-2.5-flash", description="Knows."))
        agent = Agent(name="t", model=Scripted(answer), tools=[expert])
    """,
    "an agent that takes over": """
        CALL = call("transfer_to_agent", agent_name="expert")
        expert = Agent(name="expert", model="gemini-3.8-live", description="Knows.")
        agent = Agent(name="t", model=Scripted(answer), sub_agents=[expert])
    """,
}


def said(code, tmp_path):
    """Runs it without a key; returns what it prints, and all that it says on stderr."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GOOGLE", "GEMINI", "ADK_NB"))
    }
    paths = [str(HERE), str(HERE.parent), *filter(None, sys.path)]
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(SESSION) + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": os.pathsep.join(paths)},
    )
    return run.stdout, run.stderr


@pytest.mark.long
@pytest.mark.parametrize("made", WITHOUT_A_KEY.values(), ids=WITHOUT_A_KEY)
def test_no_key_leaves_no_traceback(made, tmp_path):
    shown, errors = said(textwrap.dedent(made) + "\nasyncio.run(cell(agent))\n", tmp_path)
    assert "key" in shown
    assert errors == ""


@pytest.mark.long
def test_an_unknown_model_leaves_no_traceback(tmp_path):
    code = """
    with LiveApi(no_model) as api:
        os.environ.update(api.environment)
        asyncio.run(cell(Agent(name="t", model="gemini-nope")))
    """
    shown, errors = said(code, tmp_path)
    assert "no live model of that name" in shown
    assert errors == ""


@pytest.mark.long
def test_a_client_of_a_cell_leaves_no_traceback(tmp_path):
    code = """
    import adk_nb.session
    from google import genai

    async def own():
        with contextlib.suppress(ValueError):
            genai.Client()
        with contextlib.suppress(ValueError):
            genai.Client(project="p", api_key="k")
        gc.collect()
        await asyncio.sleep(0.01)

    asyncio.run(own())
    """
    assert said(code, tmp_path) == ("", "")
