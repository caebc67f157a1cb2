"""`python -m adk_nb notebooks` copies the notebooks, and overwrites none."""

from __future__ import annotations

from pathlib import Path

from adk_nb.cli import main
from adk_nb.cli.notebooks import copy_notebooks, shipped_notebooks

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def test_every_notebook_is_shipped():
    assert [one.name for one in shipped_notebooks()] == sorted(
        one.name for one in NOTEBOOKS.glob("*.ipynb")
    )


def test_they_are_copied_into_a_folder_that_is_made(tmp_path, capsys):
    folder = tmp_path / "new" / "folder"
    assert main(["notebooks", str(folder)]) == 0
    for one in shipped_notebooks():
        assert (folder / one.name).read_bytes() == one.read_bytes()
    assert capsys.readouterr().out == f"The notebooks are in {folder}\n"


def test_what_was_changed_stays_and_is_named(tmp_path, capsys):
    first, second, *_ = shipped_notebooks()
    copy_notebooks(tmp_path)
    (tmp_path / first.name).write_text("mine")
    (tmp_path / second.name).unlink()
    assert copy_notebooks(tmp_path) == [tmp_path / first.name]
    assert (tmp_path / first.name).read_text() == "mine"
    assert (tmp_path / second.name).exists()
    main(["notebooks", str(tmp_path)])
    assert f"left as it is: {tmp_path / first.name}" in capsys.readouterr().out
