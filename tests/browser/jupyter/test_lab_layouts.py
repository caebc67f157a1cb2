"""The widget in every layout of ipywidgets, in a real JupyterLab."""

from __future__ import annotations

from pathlib import Path

import pytest
from driver import screenshot

pytestmark = pytest.mark.browser

TESTS = Path(__file__).parents[2]
LEAST = 280
"""The width at which the widget is still usable (px)."""

AGENTS = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
import ipywidgets as w
from google.adk.agents import Agent
from scripted import Scripted, echo
import adk_nb

one = adk_nb.talk(Agent(name="one", model=Scripted(echo)))
two = adk_nb.talk(Agent(name="two", model=Scripted(echo)))
"""
LAYOUTS = {
    "alone": "one",
    "side by side": "w.HBox([one, two])",
    "beside a slider": "w.HBox([one, w.IntSlider(description='n')])",
    "in a box": "w.Box([one])",
    "below": "w.VBox([one, two])",
    "in a stack": "w.Stack([one, two], selected_index=0)",
    "in tabs": "w.Tab([one, two], titles=['one', 'two'])",
    "in an accordion": "w.Accordion([one, two], selected_index=0, titles=['one', 'two'])",
    "in a grid": "w.GridBox([one, two], layout=w.Layout(grid_template_columns='1fr 1fr'))",
    "in a grid of its own": "w.TwoByTwoLayout(top_left=w.Box([one]), top_right=w.Box([two]))",
    "nested": "w.HBox([w.VBox([one]), w.VBox([w.HBox([two])])])",
}
TWO = ("side by side", "below", "in a grid", "in a grid of its own", "nested")
NUMBERS = {name: 2 if name in TWO else 1 for name in LAYOUTS}
SIZES = """child => [...child.querySelectorAll(".adk-nb")].map((one) => {
  const inside = one.getBoundingClientRect();
  const parts = [...one.querySelectorAll("[data-adk-nb]")].filter((part) => part.offsetParent);
  return {
    shown: one.offsetParent !== null,
    width: inside.width,
    place: child.querySelector(".jp-OutputArea-output").getBoundingClientRect().width,
    outside: parts.filter((part) => {
      const box = part.getBoundingClientRect();
      return box.left < inside.left - 1 || box.right > inside.right + 1;
    }).map((part) => part.dataset.adkNb),
  };
}).filter(({shown}) => shown)"""


@pytest.fixture(scope="module")
def lab(open_shared_lab):
    """A notebook with every layout in one cell's output; two agents, with many views."""
    displays = "\n".join(f"display({code})" for code in LAYOUTS.values())
    lab = open_shared_lab([AGENTS, displays])
    lab.page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    lab.run_all(timeout=120)
    return lab


def sizes(lab, name):
    """What is seen of the widgets of a layout, once they are all there."""
    children = lab.cell(1).locator(".jp-OutputArea-child")
    child = children.nth(list(LAYOUTS).index(name))
    mics = child.locator('.adk-nb [data-adk-nb="mic"]:visible')
    mics.nth(NUMBERS[name] - 1).wait_for()
    child.scroll_into_view_if_needed()
    return child.evaluate(SIZES)


def test_two_agents_side_by_side_look_well(lab):
    for width, theme in ((1440, "Light"), (1100, "Dark")):
        lab.page.set_viewport_size({"width": width, "height": 900})
        lab.set_theme(theme)
        assert sizes(lab, "side by side")
        screenshot(lab.page, f"side-by-side-{theme.lower()}-{width}")
    lab.set_theme("Light")


@pytest.mark.parametrize("width", [1440, 700])
def test_the_widget_is_usable_in_every_layout(lab, width):
    lab.page.set_viewport_size({"width": width, "height": 900})
    found = {name: sizes(lab, name) for name in LAYOUTS}
    assert {name: len(seen) for name, seen in found.items()} == NUMBERS
    widths = {name: [one["width"] for one in seen] for name, seen in found.items()}
    assert {name: some for name, some in widths.items() if min(some) < LEAST - 1} == {}
    assert {name for name, seen in found.items() for one in seen if one["outside"]} == set()
    one, two = widths["side by side"]
    assert one == pytest.approx(two, abs=2)
    assert one == pytest.approx(widths["in a grid"][0], abs=16)


def test_only_the_keys_that_the_widget_uses_are_its_own(lab):
    count = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
    before = lab.page.evaluate(count)
    text = lab.widget().part("text")
    text.fill("add")
    text.press("Control+a")
    text.press("d")
    assert text.input_value() == "d"
    text.press("Control+s")
    lab.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    text.press("Control+Shift+c")
    lab.page.locator("#modal-command-palette:visible").wait_for()
    lab.page.keyboard.press("Escape")
    lab.widget().part("transcript").focus()
    for key in ("d", "d", "x"):
        lab.page.keyboard.press(key)
    assert lab.page.evaluate(count) == before


def test_it_is_as_wide_as_its_place_where_the_layout_says_so(lab):
    lab.page.set_viewport_size({"width": 1440, "height": 900})
    (before,) = sizes(lab, "alone")
    assert before["width"] == pytest.approx(860, abs=8)
    lab.kernel.run("one.layout.width = '100%'")
    lab.page.wait_for_function(
        "before => document.querySelector('.adk-nb').offsetWidth > before + 100",
        arg=before["width"],
    )
    (wide,) = sizes(lab, "alone")
    assert wide["width"] == pytest.approx(wide["place"], abs=12)
