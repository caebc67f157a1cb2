"""`serve --reload`: the same command in a process of its own, anew whenever a file has changed."""

from __future__ import annotations

import importlib.util
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

from adk_nb.exceptions import AdkNbError

NO_EDIT_MENDS = 3
"""The exit code of a server of which no edit of the agent mends why it does not start."""
_FLAG = "ADK_NB_RELOADED"
_LOOK_S = 0.5
_KINDS = frozenset({".py", ".yaml", ".env"})
_ENDS_S = 10.0
_INSTALLED = frozenset({"venv", "env", "node_modules", "site-packages", "__pycache__"})


def run_again_and_again(agent: str) -> int:
    """Runs this process's own command without `--reload` until it is interrupted.

    Args:
        agent: What the command serves: the files beside it are looked at.
    """
    _find(agent)
    folder = folder_of(agent)
    command = [sys.executable, "-m", "adk_nb", *(one for one in sys.argv[1:] if one != "--reload")]
    # Pages come back to the next process by what the one before gave them.
    environment = {"ADK_NB_SECRET": secrets.token_urlsafe(32)} | os.environ | {_FLAG: "1"}
    print(f"It starts again when a file in {folder} changes.", flush=True)
    process = None
    # SIGTERM ends this process as Ctrl-C does, and so the server too.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while True:
            seen = changed_at(folder)
            process = subprocess.Popen([*command, "--drain", "0"], env=environment)  # noqa: S603
            waits = False
            while changed_at(folder) == seen:
                time.sleep(_LOOK_S)
                code = process.poll()
                if code == NO_EDIT_MENDS:
                    return 1
                if code is not None and not waits:
                    waits = True
                    print("It waits for the next change.", flush=True)
            print("A file has changed.", flush=True)
            _end(process)
    except KeyboardInterrupt:
        return 0
    finally:
        if process is not None:
            _end(process)
        signal.signal(signal.SIGTERM, before)


def failed_code() -> int:
    """Returns the exit code for what no edit of the agent mends."""
    return NO_EDIT_MENDS if os.environ.get(_FLAG) else 1


def _find(agent: str) -> None:
    """Refuses what is nowhere, as no edit of it can be waited for."""
    name = agent.partition(":")[0]
    if Path(agent).exists() or Path(name).exists():
        return
    sys.path.insert(0, str(Path.cwd()))
    is_path = name.endswith(".py") or os.sep in name or not name
    if is_path or importlib.util.find_spec(name.partition(".")[0]) is None:
        raise AdkNbError(
            f"{agent} cannot be loaded: there is no such file, folder or module.",
            remedy="Give a folder with an agent.py, a Python file, or a module.",
            code="bad_option",
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_ENDS_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def folder_of(agent: str) -> Path:
    """Returns the folder of a folder, file or module, with or without a variable after it."""
    place = Path(agent)
    if not place.exists():
        name = agent.partition(":")[0]
        place = Path(name) if Path(name).exists() else Path(*name.split("."))
    place = place.resolve()
    if place.is_dir():
        return place
    return place.parent if place.parent.is_dir() else Path.cwd()


def changed_at(folder: Path) -> dict[Path, int]:
    """Returns when each file beside an agent was changed, without what is installed there."""
    found = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if one not in _INSTALLED and not one.startswith(".")]
        for path in (Path(place, name) for name in names):
            if path.suffix in _KINDS or path.name == ".env":
                try:
                    found[path] = path.stat().st_mtime_ns
                except OSError:  # It was deleted meanwhile.
                    continue
    return found
