"""Agents and tools changed between cells, in a real JupyterLab."""

from __future__ import annotations

from pathlib import Path

import pytest
from speech import silence, speech
from test_talk import recording

TESTS = Path(__file__).parents[1]

LOCAL = '''
from google.adk.agents import Agent
import adk_nb

def get_weather(city: str) -> str:
    """Returns the current weather in a city."""
    return f"It is sunny in {city}."

def weather_report(city: str) -> str:
    """Returns the current weather in a city."""
    return f"It rains in {city}."

weatherman = Agent(name="weatherman", model=adk_nb.local_model(), tools=[get_weather])
reporter = Agent(name="reporter", model=adk_nb.local_model(), tools=[weather_report])
'''
SHOW = "live = adk_nb.talk(agent)\nlive"

SCRIPTED = f'''
import sys, threading, time
sys.path.insert(0, {str(TESTS)!r})
from scripted import DONE, Scripted, audio, call, result_of, said, text_of
from google.adk.agents import Agent
from google.adk.tools import FunctionTool
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

def delete(file: str) -> str:
    """Deletes a file."""
    return f"{{file}} is gone"

def answer(came):
    text, result = text_of(came), result_of(came)
    if result is not None:
        return [audio(100), said(f"It came back with {{result}}."), DONE]
    if text == "work":
        return [call("work", n=42)]
    if text == "delete":
        return [call("delete", file="a.txt")]
    return [audio(100), said(f"You said {{text}}."), DONE] if text else []

def make(name="script", *refusals):
    tools = [work, FunctionTool(delete, require_confirmation=True)]
    return Agent(name=name, model=Scripted(answer, refusals), tools=tools)

agent = make()
'''


@pytest.fixture(scope="module")
def three_questions(tmp_path_factory):
    question = speech("What is the weather in London?")
    parts = [part for _ in range(3) for part in (question, silence(12))]
    return recording(tmp_path_factory.mktemp("w"), *parts, silence(30))


def test_ask_swap_tools_ask_swap_agent_ask_with_the_microphone_on(open_lab, three_questions):
    cells = [
        LOCAL,
        "live = adk_nb.talk(weatherman)\nlive",
        "live.say('Hello.').agent_text",
        "first = live.wait_for_turn(40)\nfirst.agent_text",
        "live.swap(tools=[weather_report])",
        "second = live.wait_for_turn(40)\nsecond.agent_text",
        "live.agent = reporter",
        "third = live.wait_for_turn(40)\nthird.agent_text",
    ]
    lab = open_lab(cells, three_questions)
    for index in range(3):
        lab.run_cell(index, timeout=60)
    widget = lab.widget()
    widget.wait_for_state("ready")
    widget.part("mic").click()
    for index in range(3, 8):
        lab.run_cell(index, timeout=60)
    assert "sunny in London" in lab.output(3)
    assert "Added: weather_report. Removed: get_weather." in lab.output(4)
    assert "rains in London" in lab.output(5)
    assert "rains in London" in lab.output(7)
    frame = "live.turns_df()[1:]"
    assert lab.kernel.value(f"{frame}.agent.tolist()") == ["weatherman"] * 2 + ["reporter"]
    assert lab.kernel.value(f"{frame}.tools.tolist()") == [
        "get_weather", "weather_report", "weather_report",
    ]  # fmt: skip
    swapped = "[r.agent for r in live.session.log if r.kind == 'agent_swapped']"
    assert lab.kernel.value(swapped) == ["weatherman", "reporter"]
    assert widget.part("mic").get_attribute("aria-pressed") == "true"
    assert widget.look("(root, adkNb) => adkNb.socketsDialled") == 1
    assert widget.look("(root, adkNb) => adkNb.framesDropped") == 0
    assert lab.kernel.value("live.session.mic_dropped") == 0
    assert widget.part("agent").first.inner_text() == "reporter"
    assert [note for note in widget.entries("note") if "reporter answers" in note]
    assert len(widget.entries("user")) == 4
    lab.screenshot("swap")


@pytest.fixture(scope="module")
def scripted_lab(open_shared_lab):
    lab = open_shared_lab([SCRIPTED, SHOW])
    lab.run_cell(0)
    return lab


@pytest.fixture
def shown(scripted_lab):
    scripted_lab.run_cell(1)
    widget = scripted_lab.widget()
    widget.wait_for_state("ready")
    return widget


def test_what_a_tool_prints_and_displays_is_shown_with_it(shown):
    shown.type("work")
    entry = shown.wait_for_entry("tool", "done")
    assert "working on 42" in entry
    assert "'answer': 42" in entry
    image = shown.root.locator('[data-role="tool"] img')
    image.wait_for()
    assert image.evaluate("image => image.naturalWidth") == 1
    rows = "[r.output for r in live.session.log if r.kind == 'tool_result']"
    assert shown.lab.kernel.value(rows) == ["working on 42\n{'answer': 42}\n"]
    assert shown.lab.output(1).count("working on") == 1  # In the widget, not under the cell.


def test_a_tool_that_asks_is_answered_with_the_keyboard(shown):
    shown.type("delete")
    shown.part("approve").wait_for()
    assert "a.txt" in shown.wait_for_entry("tool", "approval")
    shown.lab.screenshot("question")
    shown.part("reject").focus()
    shown.part("reject").press("Enter")
    assert "rejected" in shown.wait_for_entry("tool", "rejected")
    shown.wait_for_state("ready")
    shown.type("delete")
    shown.part("approve").click()
    shown.wait_for_entry("tool", "a.txt is gone")
    assert shown.part("approve").count() == 0


def test_tools_are_switched_in_the_panel(shown):
    shown.part("panel").click()
    assert "2 tools" in shown.part("panel").inner_text()
    box = shown.root.locator('[data-tool="work"]')
    assert box.is_checked()
    box.uncheck()
    kernel = shown.lab.kernel
    kernel.wait_for("[t.__name__ if hasattr(t, '__name__') else t.name for t in live.tools]",
                    accept=lambda names: names == ["delete"])  # fmt: skip
    shown.root.locator('[data-role="note"]', has_text="Switched off: work.").wait_for()
    assert "1 of 2 tools" in shown.part("panel").inner_text()
    shown.root.locator('[data-tool="work"]').check()
    kernel.wait_for("len(live.tools)", accept=lambda count: count == 2)
    shown.lab.screenshot("panel")
    shown.root.locator('[data-tool="work"]').press("Escape")
    assert not shown.part("agent-panel").is_visible()


def test_a_swap_that_fails_says_why_and_the_old_agent_goes_on(shown):
    kernel = shown.lab.kernel
    with pytest.raises(RuntimeError, match="no route"):
        kernel.run("live.swap(make('other', ConnectionError('no route')))")
    shown.part("error").wait_for()
    assert "script goes on." in shown.part("error").inner_text()
    assert "no route" in shown.part("error").inner_text()
    shown.type("hello")
    shown.wait_for_entry("agent", "You said hello.")
    assert shown.part("agent").first.inner_text() == "script"


def test_a_waiting_cell_is_stopped_and_the_session_goes_on(open_lab):
    lab = open_lab([SCRIPTED, SHOW, "live.wait_for_turn()"])
    lab.run_cell(0)
    lab.run_cell(1)
    lab.widget().wait_for_state("ready")
    lab.run_cell(2, wait=False)
    lab.page.wait_for_timeout(500)
    assert lab.is_running(2)
    lab.interrupt_kernel()
    assert "KeyboardInterrupt" in lab.output(2)
    lab.widget().type("hello")
    lab.widget().wait_for_entry("agent", "You said hello.")


def test_mondays_conversation_goes_on_after_a_restart(open_lab):
    show = "live = adk_nb.talk(agent, sessions='sqlite:///talk.db', session_id='monday')\nlive"
    lab = open_lab([SCRIPTED, show])
    lab.run_all()
    lab.widget().wait_for_state("ready")
    lab.widget().type("the word is apple")
    lab.widget().wait_for_entry("agent", "You said the word is apple.")
    lab.widget().wait_for_state("ready")
    lab.restart_kernel()
    lab.widget().wait_for_state("closed", "reconnecting")
    lab.run_cell(0)
    lab.run_cell(1)
    widget = lab.widget()
    widget.wait_for_state("ready")
    widget.wait_for_entry("user", "the word is apple")
    widget.wait_for_entry("note", "monday goes on")
    widget.type("which word?")
    widget.wait_for_entry("agent", "You said which word")
    sent = "[p.text for c in agent.model.histories[-1] for p in c.parts]"
    assert "the word is apple" in lab.kernel.value(sent)
    lab.screenshot("monday")


def test_the_magics(open_lab):
    code = (
        "import asyncio\n"
        "async def main():\n    await asyncio.sleep(0.01)\n    return 'ran'\n"
        "asyncio.run(main())"
    )
    cells = ["%load_ext adk_nb", SCRIPTED, "%adk_talk agent", "%%adk_say\nhello there", code]
    lab = open_lab(cells)
    lab.run_all()
    assert "You said hello there." in lab.output(3)
    assert "'ran'" in lab.output(4)
    lab.widget().wait_for_entry("user", "hello there")
