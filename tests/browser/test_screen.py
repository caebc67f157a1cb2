"""What the page shows around the conversation: written answers, what is further down, the keys."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from google.adk.agents import Agent
from google.adk.tools import FunctionTool
from scripted import DONE, Scripted, audio, call, said, text_of

import adk_nb

pytestmark = pytest.mark.browser

ANSWER = """Here is **what** I found:

1. `one`
2. [two](https://example.org)

| a | b |
|---|---|
| 1 | 2 |

<img src=x onerror="window.hurt = true"> [three](javascript:hurt)"""


def roll(sides: int) -> int:
    """Rolls a die."""
    return sides


def answer(came):
    text = text_of(came)
    if text == "roll":
        return [call("roll", sides=6)]
    if text == "write":
        return [said(ANSWER, finished=True), DONE]
    return [audio(20), said(f"**You** said {text}.", finished=True), DONE] if text else []


@pytest.fixture
def widget(show):
    widget = show(adk_nb.talk(Agent(name="script", model=Scripted(answer))))
    widget.wait_for_state("ready")
    return widget


def test_a_written_answer_is_rendered_and_a_spoken_one_is_not(widget):
    widget.type("write")
    entry = widget.part("transcript").locator("[data-role=agent]")
    entry.locator("table td").first.wait_for()
    assert entry.locator("strong").inner_text() == "what"
    assert entry.locator("ol li").count() == 2
    link = entry.locator("a")
    assert (link.get_attribute("href"), link.get_attribute("rel")) == (
        "https://example.org/", "noopener noreferrer",
    )  # fmt: skip
    assert entry.locator("img").count() == 0
    assert '<img src=x onerror="window.hurt = true">' in entry.inner_text()
    widget.type("hello")
    widget.wait_for_entry("agent", "said hello")
    widget.wait_for_state("ready")
    assert widget.part("transcript").locator("[data-turn='2'] strong").count() == 0
    again = widget.reload()  # A page that comes later shows the same.
    again.part("transcript").locator("[data-turn='1'] table td").first.wait_for()
    assert again.page.evaluate("window.hurt") is None


def test_what_comes_further_down_is_counted_and_one_click_away(widget):
    for number in range(12):
        widget.type(f"line {number}")
        widget.wait_for_entry("agent", f"said line {number}")
    transcript = widget.part("transcript")
    scroll_up(transcript)
    # A cell asks: who types in the page wants to see the answer.
    widget.live.say("from a cell")
    newer = widget.part("newer")
    newer.get_by_text("2 new").wait_for()
    assert at(transcript) == 0
    newer.focus()
    widget.page.keyboard.press("Enter")
    widget.until(lambda: at(transcript) > 100)
    assert newer.is_hidden()
    assert transcript.evaluate("(box) => document.activeElement === box")


def scroll_up(transcript):
    """Scrolls to the top."""
    transcript.evaluate("(box) => { box.scrollTop = 0; }")


def at(transcript):
    return transcript.evaluate("(box) => box.scrollTop")


def test_the_transcript_can_be_dragged_higher(widget):
    for number in range(12):
        widget.type(f"line {number}")
        widget.wait_for_entry("agent", f"said line {number}")
    transcript = widget.part("transcript")
    box = transcript.bounding_box()
    mouse = widget.page.mouse
    corner = box["x"] + box["width"] - 3, box["y"] + box["height"] - 3
    mouse.move(*corner)
    mouse.down()
    mouse.move(corner[0], corner[1] + 120, steps=5)
    mouse.up()
    assert transcript.bounding_box()["height"] == pytest.approx(box["height"] + 120, abs=4)


def test_the_keys_are_a_question_mark_away(widget):
    widget.part("status").click()
    widget.page.keyboard.press("?")
    sheet = widget.part("help-sheet")
    sheet.get_by_text("live.turns_df()").wait_for()
    widget.page.keyboard.press("Escape")
    assert sheet.is_hidden()
    widget.part("text").click()
    widget.page.keyboard.press("?")
    assert (widget.part("text").input_value(), sheet.is_hidden()) == ("?", True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_out(show, scheme):
    tools = [FunctionTool(roll, require_confirmation=True)]
    live = adk_nb.talk(Agent(name="script", model=Scripted(answer), tools=tools))
    widget = show(live, prepare=lambda page: page.emulate_media(color_scheme=scheme))
    widget.wait_for_state("ready")
    widget.type("write")
    widget.part("transcript").locator("table td").first.wait_for()
    for number in range(4):
        live.say(f"line {number}")
    widget.wait_for_entry("agent", "said line 3")
    scroll_up(widget.part("transcript"))
    live.say("from a cell")
    widget.part("newer").wait_for()
    widget.part("help").click()
    widget.part("panel").click()
    found = Axe().run(widget.page, context=".adk-nb")
    widget.type("roll")  # Its question leads to the end.
    widget.part("approve").wait_for()
    asked = Axe().run(widget.page, context=".adk-nb")
    for one in (found, asked):
        assert one.violations_count == 0, one.generate_report()
        assert len(one.response["passes"]) > 20
