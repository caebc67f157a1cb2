"""The notebooks run from top to bottom, with no page to show them."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))

SHOWN = {
    "01_talk.ipynb": [
        "roll_dice({'sides': 20})",
        "heard:  What time is it in Tokyo?",
        "said:   It is ",
        "10 miles are 16.1 kilometers.",
        "data:audio/wav;base64,",
    ],
    "03_swap.ipynb": [
        "Added: get_weather. A new conversation begins.",
        "asking the weather service about London",
        "In London: 15 degrees, cloudy, and rain by five.",
        "meteorologist answers in place of weatherman.",
        "Everybody in London was warned.",
    ],
}
"""What the cells of a notebook must have shown."""


def shown(notebook: nbformat.NotebookNode) -> str:
    """Everything that the cells printed or displayed."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = []
    for output in outputs:
        data = output.get("data", {})
        texts += [output.get("text", ""), data.get("text/plain", ""), data.get("text/html", "")]
    return "\n".join(texts)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs(path, tmp_path, monkeypatch):
    monkeypatch.setenv("ADK_NB_MODEL", "local")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=100, kernel_name="python3", resources=place).execute()
    text = shown(notebook)
    for expected in SHOWN.get(path.name, []):
        assert expected in text
