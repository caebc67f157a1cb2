"""The `.env` file beside the notebook or above it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values

from adk_nb.exceptions import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_loaded: dict[str, str] = {}
"""What came from a `.env`: it may be replaced when the file is mended."""


def load(groups: Iterable[Iterable[str]]) -> Path | None:
    """Puts what a `.env` file says of Gemini into the environment, where ADK reads it.

    What the environment has itself is never overridden; what came from the file earlier is taken
    anew, so that a mended file needs no restart.

    Args:
        groups: The variables that are looked for. Names of one group say the same thing: where the
            environment has one, the file sets no other.

    Returns:
        The file; None where there is none.

    Raises:
        CredentialsError: It cannot be read.
    """
    path = find()
    if path is None:
        return None
    found = _read(path)
    for group in map(tuple, groups):
        if any(name in os.environ and os.environ[name] != _loaded.get(name) for name in group):
            continue
        for name in group:
            if value := found.get(name):
                os.environ[name] = _loaded[name] = value
    return path


def find() -> Path | None:
    """Returns the `.env` file beside the notebook, in the working directory, or above either."""
    for folder in folders():
        for one in (folder, *folder.parents):
            path = one / ".env"
            # A folder of that name is somebody's virtual environment; os.path forgives what the
            # user may not look into.
            if os.path.exists(path) and not os.path.isdir(path):  # noqa: PTH110, PTH112
                return path
    return None


def values() -> dict[str, str]:
    """Returns what the `.env` file says; nothing where there is none or it cannot be read."""
    path = find()
    try:
        return _read(path) if path is not None else {}
    except CredentialsError:
        return {}


def _read(path: Path) -> dict[str, str]:
    try:
        # Windows' editors begin a file with a byte order mark.
        found = dotenv_values(path, encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise CredentialsError(
            f"{path} cannot be read: {type(error).__name__}.",
            remedy="Save it as UTF-8 text, with one NAME=value a line.",
            code="bad_env_file",
        ) from error
    return {name: value for name, value in found.items() if value}


def folders() -> Iterator[Path]:
    """Yields the folder of the notebook, where it is known, and the working directory."""
    named = [os.environ.get("JPY_SESSION_NAME", "")]
    # VS Code's kernels may run elsewhere than their notebook is.
    if ipython := sys.modules.get("IPython"):
        shell = ipython.get_ipython()
        named.insert(0, str(getattr(shell, "user_ns", {}).get("__vsc_ipynb_file__", "")))
    for name in named:
        folder = Path(name).parent
        if folder.is_absolute() and os.path.isdir(folder):  # noqa: PTH112
            yield folder
    try:
        yield Path.cwd()
    except OSError:  # It was deleted meanwhile.
        return
