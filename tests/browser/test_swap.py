"""What of an agent and its tools can be seen and changed in the page, in a real browser."""

from __future__ import annotations

import pytest
from driver import screenshot
from google.adk.agents import Agent
from google.adk.tools import FunctionTool
from scripted import DONE, Scripted, audio, call, result_of, said, text_of

import adk_nb
from adk_nb.adk.agents import tool_names
from adk_nb.exceptions import SwapError

pytestmark = pytest.mark.browser


def work(n: int) -> str:
    """Works."""
    return "done"


def delete(file: str) -> str:
    """Deletes a file."""
    return f"{file} is gone"


def answer(came):
    text, result = text_of(came), result_of(came)
    if result is not None:
        return [audio(100), said(f"It came back with {result}."), DONE]
    if text == "delete":
        return [call("delete", file="a.txt")]
    return [audio(100), said(f"You said {text}."), DONE] if text else []


def make(name="script", *refusals):
    tools = [work, FunctionTool(delete, require_confirmation=True)]
    return Agent(name=name, model=Scripted(answer, refusals), tools=tools)


@pytest.fixture
def widget(show):
    """A fresh widget of the scripted model."""
    widget = show(adk_nb.talk(make()))
    widget.wait_for_state("ready")
    return widget


def test_a_tool_that_asks_is_answered_with_the_keyboard(widget):
    widget.type("delete")
    widget.part("approve").wait_for()
    assert "a.txt" in widget.wait_for_entry("tool", "approval")
    screenshot(widget.page, "question")
    widget.part("reject").focus()
    widget.part("reject").press("Enter")
    assert "rejected" in widget.wait_for_entry("tool", "rejected")
    widget.wait_for_state("ready")
    widget.type("delete")
    widget.part("approve").click()
    widget.wait_for_entry("tool", "a.txt is gone")
    assert widget.part("approve").count() == 0


def test_tools_are_switched_in_the_panel(widget):
    widget.part("panel").click()
    assert "2 tools" in widget.part("panel").inner_text()
    box = widget.root.locator('[data-tool="work"]')
    assert box.is_checked()
    box.uncheck()
    widget.until(lambda: tool_names(widget.live.agent) == ["delete"])
    widget.root.locator('[data-role="note"]', has_text="Switched off: work.").wait_for()
    assert "1 of 2 tools" in widget.part("panel").inner_text()
    box.check()
    widget.until(lambda: len(widget.live.tools) == 2)
    screenshot(widget.page, "panel")
    box.press("Escape")
    assert not widget.part("agent-panel").is_visible()


def test_a_swap_that_fails_says_why_and_the_old_agent_goes_on(widget):
    with pytest.raises(SwapError, match="no route"):
        widget.live.swap(make("other", ConnectionError("no route")))
    widget.part("error").wait_for()
    assert "script goes on." in widget.part("error").inner_text()
    assert "no route" in widget.part("error").inner_text()
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello.")
    assert widget.part("agent").first.inner_text() == "script"


def test_a_swap_shows_in_the_page(widget):
    widget.live.swap(make("other"))
    widget.wait_for_entry("note", "other answers in place of script")
    widget.until(lambda: widget.part("agent").first.inner_text() == "other")
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello.")
    assert widget.look("(root, adkNb) => adkNb.socketsDialled") == 1
