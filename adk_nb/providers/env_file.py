"""The `.env` file beside the notebook, or a served agent, or above it."""

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
"""The variables that were set from a `.env` file, which a changed file may replace."""
_agents: list[Path] = []
"""The folder of the agent that is served, if one is; its file comes before all others."""
_OFF = "ADK_DISABLE_LOAD_DOTENV"
"""ADK's own variable, by which it reads no file of an agent's."""


def load(groups: Iterable[Iterable[str]]) -> Path | None:
    """Sets environment variables from the `.env` file, for ADK to read.

    Variables that the environment has itself are never changed; those that came from the file are
    read again, so that a corrected file needs no restart.

    Args:
        groups: The variables to set. Names of one group mean the same: if the environment has one
            of them, the file sets none of the group.

    Returns:
        The file; None if there is none.

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


def load_of_agent(folder: Path) -> None:
    """Sets all variables of the `.env` file in an agent's folder or above it, as ADK's commands do.

    Variables that the environment has itself are never changed. From then on this file is the one
    that `find` returns.

    Args:
        folder: The agent's folder.

    Raises:
        CredentialsError: The file cannot be read.
    """
    if os.environ.get(_OFF, "").strip().lower() in {"1", "true", "yes", "on"}:
        return
    _agents[:] = [folder]
    path = _above(folder)
    if path is None:
        return
    for name, value in _all_of(path).items():
        if value is not None and os.environ.get(name) == _loaded.get(name):
            os.environ[name] = _loaded[name] = value


def is_of_agent() -> bool:
    """Returns whether an agent's file has been asked for, so that there is no notebook."""
    return bool(_agents)


def find() -> Path | None:
    """Returns the `.env` file of a served agent, of the notebook, or of the working directory.

    It is beside one of them or above it.
    """
    return next((path for path in map(_above, folders()) if path is not None), None)


def _above(folder: Path) -> Path | None:
    """Returns the nearest `.env` file in a folder or above it."""
    for one in (folder, *folder.parents):
        path = one / ".env"
        # A folder of that name may be a virtual environment. os.path returns False for what
        # may not be read, and does not raise.
        if os.path.exists(path) and not os.path.isdir(path):  # noqa: PTH110, PTH112
            return path
    return None


def values() -> dict[str, str]:
    """Returns the variables of the `.env` file; none if it is missing or cannot be read."""
    path = find()
    try:
        return _read(path) if path is not None else {}
    except CredentialsError:
        return {}


def _read(path: Path) -> dict[str, str]:
    return {name: value for name, value in _all_of(path).items() if value}


def _all_of(path: Path) -> dict[str, str | None]:
    """Returns the variables of a file, also those that are empty, or have no `=` (None)."""
    try:
        # Windows' editors begin a file with a byte order mark.
        return dotenv_values(path, encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise CredentialsError(
            f"{path} cannot be read: {type(error).__name__}.",
            remedy="Save it as UTF-8 text, with one NAME=value a line.",
            code="bad_env_file",
        ) from error


def folders() -> Iterator[Path]:
    """Yields the folders of a served agent and of the notebook, if known; the working directory."""
    yield from _agents
    named = [os.environ.get("JPY_SESSION_NAME", "")]
    # VS Code's kernels may run elsewhere than their notebook is.
    if ipython := sys.modules.get("IPython"):
        # Another thread may be importing it just now.
        shell = getattr(ipython, "get_ipython", lambda: None)()
        named.insert(0, str(getattr(shell, "user_ns", {}).get("__vsc_ipynb_file__", "")))
    for name in named:
        folder = Path(name).parent
        if folder.is_absolute() and os.path.isdir(folder):  # noqa: PTH112
            yield folder
    try:
        yield Path.cwd()
    except OSError:  # It was deleted meanwhile.
        return
