"""The notebooks run from top to bottom, with no page to show them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import live_api
import nbformat
import pytest
from nbclient import NotebookClient
from websockets.datastructures import Headers
from websockets.http11 import Response

pytestmark = pytest.mark.models

TESTS = Path(__file__).parent
NOTEBOOKS = sorted((TESTS.parent / "notebooks").glob("*.ipynb"))

CANNED = f"import sys; sys.path.append({str(TESTS)!r}); import canned_llama; canned_llama.install()"
"""Runs before the cells of a notebook whose small talk is not the point."""

SHOWN = {
    "01_talk.ipynb": [
        "roll_dice({'sides': 20})",
        "data:audio/wav;base64,",
        "heard:  What time is it in Tokyo?",
        "said:   It is ",
        "10 miles are 16.1 kilometers.",
    ],
    "03_swap.ipynb": [
        "Added: get_weather. A new conversation begins.",
        "asking the weather service about London",
        "In London: 15 degrees, cloudy, and rain by five.",
        "meteorologist answers in place of weatherman.",
        "Everybody in London was warned.",
    ],
    "04_gemini.ipynb": [
        "GOOGLE_API_KEY is not set, and gemini-3.8-live needs an API key.",
        ".env, and run the cell again",
        "gemini-2.5-flash-native-audio-preview-12-2025",
    ],
    "05_edit.ipynb": [
        "Paris is 214 miles away.",
        "Redefined: get_distance.",
        "Paris is 344 kilometers away.",
        "Paris is two hours away by train.",
    ],
}
"""What the cells of a notebook must have shown."""

AFTERWARDS = """
if "live" in globals():  # Without a key, the Gemini notebook makes none.
    print(f"At the end it is {live.status}, and says: {live.say('What time is it?').agent_text}.")
"""
"""What a user does who has run all cells: they go on speaking."""


def shown(notebook: nbformat.NotebookNode) -> str:
    """Everything that the cells printed or displayed."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = []
    for output in outputs:
        data = output.get("data", {})
        texts += [output.get("text", ""), data.get("text/plain", ""), data.get("text/html", "")]
    return "\n".join(texts)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a notebook in a folder of its own, with no key but what the test sets."""
    for name in [one for one in os.environ if one.startswith(("GOOGLE_", "GEMINI_", "ADK_NB_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)

    def execute(path):
        if path.name != "01_talk.ipynb":  # There it is what a new user hears.
            (startup / "canned.py").write_text(CANNED)
        notebook = nbformat.read(path, as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell(AFTERWARDS))
        place = {"metadata": {"path": str(tmp_path)}}
        NotebookClient(notebook, timeout=200, kernel_name="python3", resources=place).execute()
        return shown(notebook)

    return execute


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs(path, run, monkeypatch):
    monkeypatch.setenv("ADK_NB_MODEL", "local")
    text = run(path)
    at = 0
    for expected in SHOWN.get(path.name, []):  # In that order.
        assert expected in text[at:]
        at = text.index(expected, at)
    if path.name != "04_gemini.ipynb":
        assert re.search("At the end it is ready, and says: .+", text)


class Listing(live_api.LiveApi):
    """The stand-in, which also says what models there are."""

    async def _upgrade(self, ws, request):
        if not request.path.partition("?")[0].endswith("/models"):
            return await super()._upgrade(ws, request)
        model = {
            "name": "models/gemini-9-live",
            "supportedGenerationMethods": ["bidiGenerateContent"],
        }
        body = json.dumps({"models": [model]}).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        return Response(200, "OK", Headers(headers), body)


def test_the_gemini_notebook_with_a_key(run, monkeypatch):
    (path,) = (one for one in NOTEBOOKS if one.name == "04_gemini.ipynb")
    with Listing(live_api.google_search("It rained in Oslo.")) as api:
        for name, value in api.environment.items():
            monkeypatch.setenv(name, value)
        text = run(path)
    assert "Ready: gemini-3.8-live on AI Studio." in text
    assert "gemini-9-live" in text
    assert "It rained in Oslo." in text
    assert "yr.no https://www.yr.no/oslo" in text
    assert "data:audio/wav;base64," in text
    assert re.search("At the end it is ready, and says: .+", text)
    # One with a voice alone lies between them, where it was made before the swap.
    first, *_, swapped = api.connections
    assert first.texts == ["Did it rain in Oslo yesterday?"]
    assert swapped.texts == [*first.texts, "What time is it?"]
    speech = swapped.setup.generation_config.speech_config
    assert speech.voice_config.prebuilt_voice_config.voice_name == "Kore"
    assert swapped.setup.context_window_compression is not None
    assert "Answer in German." in str(swapped.setup.system_instruction)
