"""What is said, called and returned is shown as text, whatever markup is in it."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parents[1]
HOSTILE = "<img src=x onerror='window.ran=1'><script>window.ran=1</script>"

CELL = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from scripted import DONE, Scripted, call, result_of, said, text_of
from google.adk.agents import Agent
from google.adk.tools import FunctionTool
import adk_nb

HOSTILE = {HOSTILE!r}

def work(text: str) -> dict:
    print(HOSTILE)
    return {{HOSTILE: HOSTILE}}

def fail(text: str) -> str:
    raise ValueError(HOSTILE)

def delete(text: str) -> str:
    return HOSTILE

def answer(came):
    text = text_of(came)
    if text:
        return [call(name, text=HOSTILE) for name in ("work", "fail", "delete")]
    return [said(HOSTILE, finished=True), DONE] if result_of(came) else []

work.__doc__ = fail.__doc__ = delete.__doc__ = HOSTILE
tools = [work, fail, FunctionTool(delete, require_confirmation=True)]
live = adk_nb.talk(Agent(name="agent", model=Scripted(answer, model=HOSTILE), tools=tools))
live
"""


def test_markup_is_shown_and_not_run(open_lab):
    lab = open_lab([CELL, "live.turns[-1]"])
    lab.run_cell(0, timeout=60)
    widget = lab.widget()
    widget.wait_for_state("ready")
    widget.type(HOSTILE)
    lab.kernel.wait_for("len(live.questions)")
    lab.kernel.run("live.confirm()")
    lab.kernel.wait_for("live.turns[0].ended.is_set()")
    lab.kernel.run("live.swap(instruction=HOSTILE)")
    lab.run_cell(1, timeout=60)
    shown = widget.part("transcript").inner_text()
    assert shown.count("<script>") >= 6
    assert lab.page.evaluate("window.ran") is None
    assert lab.page.locator(".adk-nb img, .adk-nb script").count() == 0
    lab.screenshot("markup")
