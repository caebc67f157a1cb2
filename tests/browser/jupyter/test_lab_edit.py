"""A tool's cell that is edited and run again between two turns, in a real JupyterLab."""

from __future__ import annotations

from pathlib import Path

import pytest
from driver import screenshot

pytestmark = pytest.mark.browser

TESTS = Path(__file__).parents[2]

SETUP = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from scripted import DONE, Scripted, audio, call, result_of, said, text_of
from google.adk.agents import Agent
import adk_nb

def answer(came):
    result = result_of(came)
    if result is not None:
        return [audio(300), said(f"It is {{result['result']}}."), DONE]
    return [call("get_time")] if text_of(came) else []
"""
TIME = 'def get_time() -> str:\n    "Tells the time."\n    return "twelve"'
AGENT = "agent = Agent(name='clock', model=Scripted(answer), tools=[get_time])"
TOOL, SHOW = 1, 3


def test_a_tools_cell_is_edited_and_run_again_between_two_turns(open_lab):
    lab = open_lab([SETUP, TIME, AGENT, "live = adk_nb.talk(agent)\nlive"])
    lab.run_all()
    widget = lab.widget()
    widget.wait_for_state("ready")
    widget.type("time?")
    widget.wait_for_entry("agent", "It is twelve")
    line = widget.part("redefined")
    lab.run_cell(TOOL)  # Unchanged.
    lab.edit_cell(TOOL, TIME.replace("twelve", "one"))
    assert not line.is_visible()
    lab.run_cell(TOOL)
    line.wait_for()
    assert line.locator("span").inner_text() == "get_time was redefined."
    screenshot(lab.page, "redefined-light")
    widget.part("reload").click()
    widget.wait_for_entry("note", "Redefined: get_time")
    line.wait_for(state="hidden")
    widget.type("time?")
    widget.wait_for_entry("agent", "It is one")

    lab.edit_cell(SHOW, "live = adk_nb.talk(agent, follow=True)\nlive")
    lab.run_cell(TOOL)
    lab.run_cell(SHOW)
    widget = lab.widget()
    widget.wait_for_state("ready")
    lab.edit_cell(TOOL, TIME.replace("twelve", "two"))
    lab.run_cell(TOOL)
    widget.wait_for_entry("note", "Redefined: get_time")
    widget.type("time?")
    widget.wait_for_entry("agent", "It is two")
    assert not widget.part("redefined").is_visible()
