"""A notebook that is saved, opened again without its kernel, and converted."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from driver import screenshot
from nbconvert import HTMLExporter

pytestmark = pytest.mark.browser

TESTS = Path(__file__).parents[2]
VIEW = "application/vnd.jupyter.widget-view+json"

SETUP = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from scripted import Scripted, echo
from google.adk.agents import Agent
import adk_nb
def make():
    return adk_nb.talk(Agent(name="teller", model=Scripted(echo)))
"""
SHOWN = [1, 2, 3]


def outputs(lab):
    """What the saved file holds below its cells, and how many bytes of it that is."""
    notebook = json.loads((lab.server.notebooks / lab.path).read_text())
    return [cell["outputs"] for cell in notebook["cells"]], len(json.dumps(notebook))


def test_a_saved_notebook_shows_what_was_said(open_lab, browsers):
    lab = open_lab([SETUP, "first = make()\nfirst", "other = make()\nother", "other", "pass"])
    lab.run_all()
    widgets = [lab.widget(index) for index in range(3)]
    for widget in widgets:
        widget.wait_for_state("ready")
    for index, words in ((0, "first words"), (1, "other <b>words</b>")):
        widgets[index].type(words)
        widgets[index].wait_for_entry("agent", f"You said {words.split()[0]}")
    lab.save()
    _, open_size = outputs(lab)
    lab.edit_cell(4, "first.close()\nother.session.close()")
    lab.run_cell(4)
    saved = lab.page.locator('[data-adk-nb="saved"]')
    saved.nth(2).wait_for()
    assert lab.page.locator(".adk-nb").count() == 0
    screenshot(lab.page, "saved-open")
    lab.save()
    held, size = outputs(lab)
    for index, words in zip(SHOWN, ("first words", *["other <b>words</b>"] * 2), strict=True):
        (output,) = held[index]
        assert set(output["data"]) == {"text/html", "text/plain"}
        assert f"You said {words}." in "".join(output["data"]["text/plain"])
    assert size < open_size + 3000

    # Opened again, without its kernel.
    lab.server.shut_down(lab.path)
    lab.forget_kernel()
    lab.load()
    lab.page.locator('[data-adk-nb="saved"]').nth(2).wait_for()
    text = lab.page.locator(".jp-Notebook").inner_text()
    assert "You said other <b>words</b>." in text
    assert "Error displaying widget" not in text

    # Converted, and read with scripts off.
    notebook = nbformat.read(lab.server.notebooks / lab.path, as_version=4)
    body, _ = HTMLExporter().from_notebook_node(notebook)
    browser = browsers(None).browser
    context = browser.new_context(java_script_enabled=False, offline=True)
    try:
        page = context.new_page()
        page.set_content(body)
        text = page.locator("body").inner_text()
        assert "You said first words." in text
        assert "You said other <b>words</b>." in text
        assert "Error displaying widget" not in text
        screenshot(page, "saved-converted")
    finally:
        context.close()


def test_running_the_cell_again_leaves_no_dead_widget_elsewhere(open_lab):
    lab = open_lab([SETUP, "live = make()", "live"])
    lab.run_all()
    lab.widget().wait_for_state("ready")
    lab.widget().type("hello")
    lab.widget().wait_for_entry("agent", "You said hello")
    lab.run_cell(1)
    lab.page.locator('[data-adk-nb="saved"]').wait_for()
    assert "You said hello." in lab.output(2)
    lab.run_cell(2)
    lab.widget().wait_for_state("ready")
    assert "You said hello." not in lab.output(2)


def test_what_was_said_stays_where_the_output_cannot_be_replaced(open_lab):
    boxed = "import ipywidgets\nboxed = make()\nipywidgets.HBox([boxed])"
    within = "out = ipywidgets.Output()\nwith out:\n    display(within := make())\nout"
    lab = open_lab([SETUP, "live = make()\nlive", boxed, within, "pass"])
    lab.run_all()
    for index, words in enumerate(("one", "two", "three")):
        lab.widget(index).wait_for_state("ready")
        lab.widget(index).type(words)
        lab.widget(index).wait_for_entry("agent", f"You said {words}")
    lab.save()
    lab.load()  # The page forgets under which ids its outputs are.
    lab.widget(2).wait_for_state("ready")
    lab.edit_cell(4, "for one in (live, boxed, within):\n    one.close()")
    lab.run_cell(4)
    saved = lab.page.locator('[data-adk-nb="saved"]')
    saved.nth(2).wait_for()
    screenshot(lab.page, "saved-in-place")
    assert lab.page.locator(".adk-nb").count() == 0
    for index, words in enumerate(("one", "two", "three")):
        assert f"You said {words}." in lab.cell(index + 1).inner_text()
    lab.load()
    saved.nth(2).wait_for()
    screenshot(lab.page, "saved-in-place-again")
    assert "Error displaying widget" not in lab.page.locator(".jp-Notebook").inner_text()
