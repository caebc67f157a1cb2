"""Conversations that a button makes, and one whose cell is deleted, in a real JupyterLab."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

TESTS = Path(__file__).parents[2]

SETUP = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from scripted import Scripted, echo
from google.adk.agents import Agent
import adk_nb, adk_nb.widget, ipywidgets
adk_nb.widget.UNSHOWN_S = 2
made = adk_nb.widget.LiveWidget._made
def make():
    return adk_nb.talk(Agent(name="teller", model=Scripted(echo)))
"""
BUTTON = """
from IPython.display import display
button, out, count = ipywidgets.Button(description="Talk"), ipywidgets.Output(), []
sessions = []
def clicked(_):
    out.clear_output()
    with out:
        shown = make()
        display(shown)
    sessions.append(shown.session.id)
    count.append(shown.session._exchange)
button.on_click(clicked)
display(button, out)
"""
OPEN = "[not one.closed for one in count]"


def test_five_clicks_leave_one_session_and_a_deleted_cell_none(open_lab):
    lab = open_lab([SETUP, BUTTON, "live = make()\nlive", "pass"])
    lab.run_all()
    button = lab.page.get_by_role("button", name="Talk", exact=True)
    for number in range(1, 6):
        button.click()
        lab.kernel.wait_for(f"len(count) == {number}")
    lab.kernel.wait_for(OPEN, accept=lambda found: found == [False] * 4 + [True])
    lab.widget(0).wait_for_state("ready")
    lab.widget(0).type("hello")
    lab.widget(0).wait_for_entry("agent", "You said hello")

    lab.widget(1).wait_for_state("ready")
    lab.page.evaluate(
        """() => {
          window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2;
          return window.jupyterapp.commands.execute("notebook:delete-cell");
        }"""
    )
    lab.run_cell(2)
    lab.kernel.wait_for("live.status == 'closed'")
    assert lab.kernel.value(OPEN)[-1]
