"""The timeline and the inspector, in a real JupyterLab that reaches no network."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from driver import screenshot
from speech import wav

if TYPE_CHECKING:
    from lab import Lab
    from playwright.sync_api import Locator

pytestmark = pytest.mark.browser

TESTS = Path(__file__).parents[2]

AGENT = f'''
import sys, time
sys.path.insert(0, {str(TESTS)!r})
from google.adk.agents import Agent
from google.genai import types
from scripted import DONE, Scripted, audio, call, heard, result_of, said, text_of
import adk_nb
from adk_nb import inspect, timeline

def get_time(city: str) -> str:
    """Returns the local time in a city."""
    time.sleep(0.3)
    return f"It is <b>noon</b> in {{city}}."

def search(query: str) -> str:
    """Searches, slowly."""
    time.sleep(0.8)
    return "Nothing was found."

frames = 0

def answer(came):
    global frames
    text, result = text_of(came), result_of(came)
    if isinstance(came, types.Blob):
        frames += 1
        if frames == 100:
            asked = heard("What time is it in Tokyo?", finished=True)
            return [asked, call("get_time", city="Tokyo")]
        return []
    if result is not None:
        return [said(f"The tool says: {{result['result']}}"), audio(1500), DONE]
    if text is None:
        return []
    if "find" in text:
        return [call("search", query=text)]
    if "long" in text:
        return [said("This is a long story of a river and a hill."), audio(10_000), DONE]
    return [said(f"You said {{text}}."), audio(900), DONE]

agent = Agent(name="guide", model=Scripted(answer), tools=[get_time, search])
live = adk_nb.talk(agent)
live
'''
TALK = f"""
def until(holds):
    while not holds():
        time.sleep(0.02)

def row(kind, turn):
    until(lambda: any(r.kind == kind and r.turn == turn.index for r in live.session.log))

row("playback_drained", live.speak({str(wav("What time is it in Tokyo?"))!r}))
row("playback_drained", live.say("good morning"))
row("playback_drained", live.say("find a hotel"))
story = live.say("tell a long story")
until(lambda: live.session._exchange.pages.position(story)[0] > 1000)
live.interrupt()
row("playback_flushed", story)
row("playback_drained", live.say("thank you"))
"""
HELLO = 'turn = live.say("hello again")'

CHART, PANEL, SAY = 2, 3, 4
"""The cells."""
COLOURS = {
    "user": "#4c86c6",
    "to the first audio": "#b8860b",
    "generated": "#3a9a5c",
    "heard": "#2f8f8f",
    "search": "#f58518",
    "interrupted": "#d64545",
    "text": "#808080",
}


@pytest.fixture(scope="module")
def lab(open_shared_lab):
    """A notebook in which the user has spoken, typed, waited for a tool and cut in."""
    lab = open_shared_lab([AGENT, TALK, "timeline(live)", "panel = inspect(live)\npanel", HELLO])
    lab.page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    lab.asked = []
    lab.page.on("request", lambda request: lab.asked.append(request.url))
    lab.run_cell(0, timeout=120)
    lab.widget().wait_for_state("ready")
    lab.run_cell(1, timeout=120)
    yield lab
    lab.set_theme("Light")


def clean(lab: Lab) -> None:
    """Nothing was asked of a network, and nothing failed."""
    hosts = {urlsplit(url).hostname for url in lab.asked} - {"127.0.0.1", "localhost", None}
    assert hosts == set()
    assert [line for line in lab.console if line.startswith(("error", "uncaught", "warning"))] == []


def scroll_to(lab: Lab, index: int) -> None:
    lab.page.evaluate(
        "index => window.jupyterapp.shell.currentWidget.content.scrollToItem(index, 'start')", index
    )


def chart(lab: Lab, cell: int) -> Locator:
    """The chart in a cell's output, once it is drawn."""
    canvas = lab.cell(cell).locator("canvas.marks")
    canvas.wait_for()
    return canvas


def find(canvas: Locator, colour: str) -> dict[str, float] | None:
    """Where a colour is drawn in it first, from the top."""
    return canvas.evaluate(
        """(canvas, colour) => {
          const copy = new OffscreenCanvas(canvas.width, canvas.height);
          const context = copy.getContext("2d", {willReadFrequently: true});
          context.drawImage(canvas, 0, 0);
          const {data, width} = context.getImageData(0, 0, canvas.width, canvas.height);
          const [red, green, blue] = colour.match(/[0-9a-f]{2}/g).map(hex => parseInt(hex, 16));
          const ratio = canvas.clientWidth / canvas.width;
          for (let at = 0; at < data.length; at += 4)
            if (data[at] === red && data[at + 1] === green && data[at + 2] === blue)
              return {x: (at / 4 % width + 2) * ratio, y: (Math.floor(at / 4 / width) + 2) * ratio};
          return null;
        }""",
        colour,
    )


def told(lab: Lab, canvas: Locator, colour: str) -> str:
    """The tooltip of a mark of a colour."""
    canvas.hover(position=find(canvas, colour))
    tip = lab.page.locator("#vg-tooltip-element.visible")
    tip.wait_for()
    text = tip.inner_text()
    lab.page.mouse.move(0, 0)
    tip.wait_for(state="hidden")
    return text


class Panel:
    """The inspector in the page."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.root = lab.cell(PANEL).locator(".adk-nb-inspector")

    def tab(self, name: str) -> None:
        self.root.get_by_role("tab", name=name).click()

    def rows(self) -> list[list[str]]:
        """The cells' texts of the table that is seen."""
        return [row.split("\t") for row in self.root.locator("tbody tr:visible").all_inner_texts()]

    def wait_for_row(self, pattern: str) -> Locator:
        row = self.root.locator("tbody tr:visible").filter(has_text=re.compile(pattern))
        row.first.wait_for()
        return row.first

    def json(self, having: str) -> dict[str, object]:
        """The JSON that is shown, once it has a text in it."""
        shown = self.root.locator("pre").filter(has_text=having)
        shown.wait_for()
        return json.loads(shown.inner_text())


def test_the_timeline_is_drawn_without_a_network(lab):
    lab.run_cell(CHART)
    canvas = chart(lab, CHART)
    for colour in COLOURS.values():
        assert find(canvas, colour) is not None, colour
    tool = told(lab, canvas, COLOURS["search"])
    assert "search" in tool
    assert '{"query": "find a hotel"}' in tool
    assert "Nothing was found." in tool
    assert "What time is it in Tokyo?" in told(lab, canvas, COLOURS["user"])
    assert "The tool says: It is <b>noon</b>" in told(lab, canvas, COLOURS["heard"])
    clean(lab)


def test_the_timeline_can_be_zoomed(lab):
    canvas = chart(lab, CHART)
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    canvas.hover(position={"x": 300, "y": 60})
    lab.page.mouse.wheel(0, -400)
    lab.page.wait_for_function(
        "([canvas, before]) => canvas.toDataURL() !== before",
        arg=[canvas.element_handle(), before],
    )
    canvas.dblclick(position={"x": 300, "y": 60})


def test_the_inspector_shows_the_turns_and_plays_one(lab):
    lab.run_cell(PANEL)
    panel = Panel(lab)
    panel.wait_for_row("good morning")
    newest, cut = panel.rows()[:2]
    assert newest[:3] == ["5", "guide", "thank you"]
    assert cut[:3] == ["4", "guide", "tell a long story"]
    assert "yes" in cut
    panel.wait_for_row("good morning").click()
    assert panel.json("good morning")["agent_text"] == "You said good morning."
    assert panel.root.locator("audio").count() == 1
    panel.wait_for_row("What time is it in Tokyo").click()
    assert panel.json("What time is it")["tools"] == "get_time"
    assert panel.root.locator("audio").count() == 2
    clean(lab)


def test_it_filters_events_by_kind_and_shows_one_as_json(lab):
    panel = Panel(lab)
    panel.tab("Events")
    panel.wait_for_row("turn_complete")
    panel.root.get_by_label("kinds").select_option("tools")
    panel.wait_for_row("tool_result").click()
    shown = panel.json('"tool_result"')
    assert {row[3] for row in panel.rows()} == {"tool_call", "tool_result"}
    assert shown["result"] == "Nothing was found."
    # A click names its row's event, wherever the table is sorted to.
    panel.root.locator("th:visible", has_text="seq").click()
    panel.wait_for_row("tool_call").click()
    assert panel.json('"tool_call"')["args"] == {"city": "Tokyo"}
    clean(lab)


def test_it_follows_the_session_while_a_cell_speaks(lab):
    panel = Panel(lab)
    panel.root.get_by_label("kinds").select_option("user_text")
    row = panel.wait_for_row("thank you")
    row.click()
    panel.json('"thank you"')
    lab.run_cell(SAY)
    panel.wait_for_row("hello again")
    assert panel.rows()[0][-1] == "hello again"
    # The selected row is still the same one.
    assert panel.root.locator("tr.selected:visible").inner_text().endswith("thank you")
    panel.tab("Turns")
    panel.wait_for_row("hello again")
    clean(lab)


def test_its_timeline_follows_too(lab):
    panel = Panel(lab)
    panel.tab("Timeline")
    canvas = panel.root.locator("canvas.marks")
    canvas.wait_for()
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    lab.kernel.run("live.say('once more')")
    lab.page.wait_for_function(
        """before => {
          const canvas = document.querySelector(".adk-nb-inspector canvas.marks");
          return canvas && canvas.toDataURL() !== before;
        }""",
        arg=before,
    )
    clean(lab)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_how_they_look(lab, theme):
    panel = Panel(lab)
    lab.set_theme(theme)
    lab.run_cell(CHART)
    assert find(chart(lab, CHART), COLOURS["text"]) is not None
    scroll_to(lab, CHART)
    screenshot(lab.page, f"timeline-{theme.lower()}")
    for tab in ("Turns", "Events", "Timeline"):
        scroll_to(lab, PANEL)
        panel.tab(tab)
        if tab == "Events":
            panel.root.get_by_label("kinds").select_option("all")
            panel.wait_for_row("playback_drained")  # A row that is of no other choice.
        if tab == "Timeline":
            panel.root.locator("canvas.marks").wait_for()
        else:
            panel.wait_for_row("once more").click()
            panel.json("once more")
        screenshot(lab.page, f"inspector-{tab.lower()}-{theme.lower()}")
    clean(lab)


def test_it_stops_with_the_session_and_is_replaced_when_its_cell_is_run_again(lab):
    lab.kernel.run("earlier = panel")
    lab.run_cell(PANEL)
    assert lab.kernel.value("[earlier.following, panel.following]") == [False, True]
    lab.kernel.run("live.close()")
    lab.kernel.wait_for("not panel.following")
    names = "[t.name for t in __import__('threading').enumerate() if t.name.startswith('adk-nb')]"
    lab.kernel.wait_for(names, accept=lambda names: names == [])
    Panel(lab).root.get_by_text(re.compile("closed, 7 turns")).first.wait_for()
    clean(lab)
