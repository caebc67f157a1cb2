"""Cells that print, wait, swap and resume, in a real JupyterLab."""

from __future__ import annotations

from pathlib import Path

import pytest
from driver import screenshot

pytestmark = pytest.mark.browser

TESTS = Path(__file__).parents[2]

AGENT = f'''
import sys
sys.path.insert(0, {str(TESTS)!r})
from scripted import DONE, Scripted, audio, call, result_of, said, text_of
from google.adk.agents import Agent
import adk_nb

PIXEL = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
         "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")

def work(n: int) -> str:
    """Prints and displays."""
    import base64
    from IPython.display import Image, display
    print("working on", n)
    display(Image(base64.b64decode(PIXEL)))
    display({{"answer": n}})
    return "done"

def answer(came):
    text, result = text_of(came), result_of(came)
    if result is not None:
        return [audio(100), said(f"It came back with {{result}}."), DONE]
    if text == "work":
        return [call("work", n=42)]
    return [audio(100), said(f"You said {{text}}."), DONE] if text else []

def make(name="script"):
    return Agent(name=name, model=Scripted(answer), tools=[work])

agent = make()
'''
MAGIC, SHOW, SAY, RUN, SWAP, WAIT = range(1, 7)
CELLS = [
    AGENT,
    "%load_ext adk_nb",
    "live = adk_nb.talk(agent, sessions='sqlite:///talk.db', session_id='monday')\nlive",
    "%%adk_say\nhello there",
    """
import asyncio
async def main():
    await asyncio.sleep(0.01)
    return 'ran'
asyncio.run(main())
""",
    "live.swap(make('other'))",
    "live.wait_for_turn()",
]


@pytest.fixture(scope="module")
def lab(open_shared_lab):
    """A notebook with a conversation that is kept in a database."""
    lab = open_shared_lab(CELLS)
    for index in (0, MAGIC, SHOW):
        lab.run_cell(index)
    lab.widget().wait_for_state("ready")
    return lab


def test_the_magics(lab):
    lab.run_cell(SAY)
    lab.run_cell(RUN)
    assert "You said hello there." in lab.output(SAY)
    assert "'ran'" in lab.output(RUN)
    lab.widget().wait_for_entry("user", "hello there")


def test_what_a_tool_prints_and_displays_is_shown_with_it(lab):
    widget = lab.widget()
    widget.type("work")
    entry = widget.wait_for_entry("tool", "done")
    assert "working on 42" in entry
    assert "'answer': 42" in entry
    image = widget.root.locator('[data-role="tool"] img')
    image.wait_for()
    assert image.evaluate("image => image.naturalWidth") == 1
    rows = "[r.output for r in live.session.log if r.kind == 'tool_result']"
    assert lab.kernel.value(rows) == ["working on 42\n{'answer': 42}\n"]
    assert lab.output(SHOW).count("working on") == 1  # In the widget, not under the cell.


def test_a_swap_says_what_it_changed(lab):
    lab.run_cell(SWAP)
    assert "other answers in place of script" in lab.output(SWAP)
    lab.widget().wait_for_entry("note", "other answers")
    screenshot(lab.page, "swap")


def test_a_waiting_cell_is_stopped_and_the_session_goes_on(lab):
    lab.run_cell(WAIT, wait=False)
    lab.wait_until_running(WAIT)
    lab.interrupt_kernel()
    assert "KeyboardInterrupt" in lab.output(WAIT)
    lab.widget().type("hello")
    lab.widget().wait_for_entry("agent", r"You said hello\.")


def test_a_magic_shows_a_widget_of_its_own(lab):
    index = lab.add_cell("%adk_talk make('shown')")
    lab.run_cell(index)
    widget = lab.widget(1)
    widget.wait_for_state("ready")
    assert widget.part("agent").first.inner_text() == "shown"
    lab.edit_cell(index, "pass")
    lab.run_cell(index)


def test_mondays_conversation_goes_on_after_a_restart(lab):
    lab.widget().type("the word is apple")
    lab.widget().wait_for_entry("agent", "You said the word is apple.")
    lab.widget().wait_for_state("ready")
    lab.restart_kernel()
    lab.widget().wait_for_state("closed", "reconnecting")
    lab.run_cell(0)
    lab.run_cell(SHOW)
    widget = lab.widget()
    widget.wait_for_state("ready")
    widget.wait_for_entry("user", "the word is apple")
    widget.wait_for_entry("note", "monday goes on")
    widget.type("which word?")
    widget.wait_for_entry("agent", "You said which word")
    sent = "[p.text for c in agent.model.histories[-1] for p in c.parts]"
    assert "the word is apple" in lab.kernel.value(sent)
    screenshot(lab.page, "monday")
