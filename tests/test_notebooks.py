"""The notebooks run from top to bottom, with no page to show them."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def outputs(notebook: nbformat.NotebookNode) -> str:
    """Everything that the cells printed or showed as text."""
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts.append(output.get("text", ""))
            texts.append(output.get("data", {}).get("text/plain", ""))
    return "\n".join(texts)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a notebook with the local model and a configuration of its own."""
    monkeypatch.setenv("ADK_NB_MODEL", "local")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))

    def run_(path):
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(
            notebook,
            timeout=100,
            kernel_name="python3",
            resources={"metadata": {"path": str(tmp_path)}},
        )
        client.execute()
        return notebook

    return run_


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_it_runs(run, path):
    run(path)


def test_the_talk_notebook_shows_what_it_says(run):
    notebook = run(NOTEBOOKS[0])
    text = outputs(notebook)
    assert "roll_dice({'sides': 20})" in text
    assert "heard:  What time is it in Tokyo?" in text
    assert "said:   It is " in text
    assert "10 miles are 16.1 kilometers." in text
    audio = [
        output.data["text/html"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]
    assert any("data:audio/wav;base64," in html for html in audio)
