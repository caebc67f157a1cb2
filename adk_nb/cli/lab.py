"""`python -m adk_nb lab`: opens JupyterLab on the first notebook, as `make lab` does."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adk_nb.cli.notebooks import copy_notebooks
from adk_nb.cli.smollm2 import fetch_smollm2
from adk_nb.exceptions import AdkNbError
from adk_nb.weights import SMOLLM2_MB, find_smollm2

if TYPE_CHECKING:
    import argparse

FIRST = Path("notebooks") / "01_talk.ipynb"


def add_to(commands: Any) -> None:
    """Declares the command."""
    text = "open JupyterLab on a notebook; without one, on the examples in ./notebooks"
    usage = "python -m adk_nb lab [NOTEBOOK] [-- JUPYTERLAB'S OPTIONS]"
    command = commands.add_parser("lab", help=text, description=text, usage=usage)
    command.add_argument("notebook", type=Path, nargs="?", help="the notebook to open")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Runs the command; it ends when JupyterLab does."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise AdkNbError(
            "JupyterLab is not installed here.", remedy="pip install 'adk-nb[all]', and try again."
        )
    if parsed.notebook is None:
        for path in copy_notebooks(FIRST.parent):
            print(f"left as it is: {path}")
    _fetch_model()
    arguments = lab_arguments((parsed.notebook or FIRST).absolute())
    command = [sys.executable, *arguments, *parsed.passed_on]
    if os.name == "posix":
        # In place of this process, so that signals reach JupyterLab alone.
        sys.stdout.flush()
        os.execv(sys.executable, command)  # noqa: S606
    return subprocess.call(command)  # noqa: S603


def lab_arguments(notebook: Path) -> list[str]:
    """Returns Python's arguments to open JupyterLab on a notebook, given by its absolute path."""
    here = Path.cwd()
    folder = here if notebook.is_relative_to(here) else notebook.parent
    address = urllib.parse.quote(notebook.relative_to(folder).as_posix())
    arguments = [
        *("-m", "jupyterlab"),
        f"--LabApp.default_url=/lab/tree/{address}",
        # The user's configuration may name other folders, where there is no such notebook.
        f"--ServerApp.root_dir={folder}",
        f"--ServerApp.preferred_dir={folder}",
        f"--FileContentsManager.root_dir={folder}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    if not _has_desktop():
        arguments.append("--no-browser")
    return arguments


def _has_desktop() -> bool:
    if sys.platform in ("darwin", "win32"):
        desktop = True
    else:
        desktop = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return desktop and not os.environ.get("SSH_CONNECTION")


def _fetch_model() -> None:
    """Fetches SmolLM2 where there is something to run it; all else works without it."""
    if find_smollm2() is not None or importlib.util.find_spec("xllamacpp") is None:
        return
    print(f"fetching SmolLM2, a small language model ({SMOLLM2_MB} MB)", flush=True)
    try:
        fetch_smollm2()
    except AdkNbError as error:
        print(f"{error} Going on without it: small talk will be plainer.", file=sys.stderr)
