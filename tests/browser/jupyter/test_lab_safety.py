"""No secret is shown or kept, and no markup is run, in a real JupyterLab."""

from __future__ import annotations

import json
from pathlib import Path

import live_api as live
import pytest
from driver import screenshot

pytestmark = pytest.mark.browser

TESTS = Path(__file__).parents[2]
KEY = "AIzaSy-the-key-of-these-tests-" + "0123456789"

GEMINI_AGENT = '''
import os
from google.adk.agents import Agent
import adk_nb

def reveal() -> str:
    """Returns the key."""
    print("the key is", os.environ["GOOGLE_API_KEY"])
    return os.environ["GOOGLE_API_KEY"]

agent = Agent(name="gemini", model="gemini-3.1-flash-live-preview", tools=[reveal])
'''

SCRIPTED_AGENT = f'''
import sys
sys.path.insert(0, {str(TESTS)!r})
from scripted import DONE, Scripted, audio, call, result_of, said, text_of
from google.adk.agents import Agent
import adk_nb

def get_key(city: str) -> str:
    """Returns the key of a city."""
    return f"The key of {{city}} is " + os.environ["MY_API_KEY"]

def answer(came):
    result = result_of(came)
    if result is not None:
        return [audio(100), said(result["result"]), DONE]
    return [call("get_key", city="Paris")] if text_of(came) else []

agent = Agent(name="leaky", model=Scripted(answer), tools=[get_key])
'''

HOSTILE = "<img src=x onerror='window.ran=1'><script>window.ran=1</script>"

HOSTILE_AGENT = f"""
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


async def indiscreet(call):
    """Has a tool tell the key, says it, and closes with it."""
    await call.setup()
    await call.text_turn(timeout=None)
    result = await call.tool("reveal")
    await call.say(f"It is {result['result']}.")
    await call.done()
    await call.text_turn(timeout=None)
    await call.close(1007, f"API key {KEY} expired. Please renew it.")


def received(page):
    """What comes over the page's sockets to the bridge, from now on."""
    frames = []

    def record(socket):
        if not socket.url.partition("?")[0].endswith("/channels"):  # JupyterLab's own.
            socket.on("framereceived", lambda frame: frames.append(frame))  # noqa: PLW0108

    page.on("websocket", record)
    return frames


def test_geminis_key_is_nowhere_to_be_seen(open_lab, tmp_path):
    lab = open_lab([GEMINI_AGENT, "live = adk_nb.talk(agent, record='recorded')\nlive"])
    frames = received(lab.page)
    key_file = tmp_path / "key"
    key_file.write_text(KEY)
    with live.LiveApi(indiscreet) as api:
        environment = {k: v for k, v in api.environment.items() if k != "GOOGLE_API_KEY"}
        # No cell has the key, nor IPython's history.
        lab.kernel.run(
            f"import os; os.environ.update({environment},"
            f" GOOGLE_API_KEY=open({str(key_file)!r}).read())"
        )
        lab.run_all(timeout=120)
        widget = lab.widget()
        widget.wait_for_state("ready")
        widget.type("hello")
        widget.wait_for_entry("agent", "It is")
        widget.wait_for_state("ready")
        widget.type(f"is it {KEY}?")
        widget.part("error").wait_for()
        assert {connection.key for connection in api.connections} == {KEY}

        # The page, and what came to it.
        assert KEY not in lab.page.content()
        assert KEY not in json.dumps(widget.look("(root, adkNb) => adkNb.entries"))
        assert frames
        assert not [text for text in frames if isinstance(text, str) and KEY in text]
        assert KEY not in " ".join(lab.console)
        assert lab.cell(1).locator('[data-mime-type$="stderr"]').all_inner_texts() == []
        # It was there to be masked.
        assert "[GOOGLE_API_KEY]" in widget.entries("tool")[0]
        assert "[GOOGLE_API_KEY]" in widget.entries("agent")[0]
        assert "[GOOGLE_API_KEY]" in widget.entries("user")[1]

        # What the cells see.
        tables = ("events_df", "turns_df", "tools_df", "transcript_df", "spans_df")
        seen = ["'\\n'.join(map(repr, live.session.log))", "repr(live)", "repr(live.turns)"]
        seen += [f"live.{table}().to_csv()" for table in tables]
        for expression in seen:
            leaks = f"os.environ['GOOGLE_API_KEY'] in {expression}"
            assert not lab.kernel.value(leaks), expression

        # What is kept: the notebook with the widgets' state, the recording, and all else there is.
        toggle = "'@jupyter-widgets/jupyterlab-manager:saveWidgetState'"
        lab.page.evaluate(f"() => window.jupyterapp.commands.execute({toggle})")
        lab.save()
        notebook = (lab.server.notebooks / lab.path).read_text()
        states = json.loads(notebook)["metadata"]["widgets"].values()
        assert any("agent_name" in json.dumps(state) for state in states)
        assert KEY not in notebook
        lab.kernel.run("live.close()")
    lab.save()
    lab.page.evaluate(f"() => window.jupyterapp.commands.execute({toggle})")
    assert KEY not in (lab.server.notebooks / lab.path).read_text()
    (recorded,) = (lab.server.notebooks / "recorded").rglob("events.jsonl")
    assert "[GOOGLE_API_KEY]" in recorded.read_text()
    files = [file for file in lab.server.home.rglob("*") if file.is_file()]
    assert recorded in files
    assert [file for file in files if KEY.encode() in file.read_bytes()] == []


def test_no_secret_is_in_a_saved_notebook_or_a_recording(open_lab, tmp_path):
    secret = "import os\nos.environ['MY_API_KEY'] = 'sk-very-secret-0123456789'"
    cells = [
        secret,
        SCRIPTED_AGENT,
        f"live = adk_nb.talk(agent, record={str(tmp_path)!r})\nlive",
        "live.say('Get the key of Paris.')",
        "live.events_df()",
    ]
    lab = open_lab(cells)
    lab.run_all(timeout=120)
    assert "get_key" in lab.kernel.value("live.turns_df().tools[0]")
    lab.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    token = lab.kernel.value("live._token")
    saved = lab.server.notebooks / lab.path
    lab.kernel.wait_for(f"'The key of Paris' in open({str(saved)!r}).read()")
    lab.kernel.run("live.close()")
    texts = {saved: saved.read_text()}
    for file in Path(tmp_path).rglob("*.jsonl"):
        texts[file] = file.read_text()
    assert len(texts) == 2
    for file, text in texts.items():
        assert "The key of Paris" in text, file
        assert token not in text, file
        # The cell that sets the key is the user's own; nothing of ours repeats it.
        shown = text.replace(secret.partition("\n")[2], "")
        assert "sk-very-secret" not in shown, file


def test_markup_is_shown_and_not_run(open_lab):
    lab = open_lab([HOSTILE_AGENT, "live.turns[-1]"])
    lab.run_cell(0, timeout=120)
    widget = lab.widget()
    widget.wait_for_state("ready")
    widget.type(HOSTILE)
    lab.kernel.wait_for("len(live.questions)")
    lab.kernel.run("live.confirm()")
    lab.kernel.wait_for("live.turns[0].ended")
    lab.kernel.run("live.swap(instruction=HOSTILE)")
    lab.run_cell(1, timeout=120)
    shown = widget.part("transcript").inner_text()
    assert shown.count("<script>") >= 6
    assert lab.page.evaluate("window.ran") is None
    assert lab.page.locator(".adk-nb img, .adk-nb script").count() == 0
    screenshot(lab.page, "markup")
