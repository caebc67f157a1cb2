"""`serve --reload`: the same command in a process of its own, anew whenever a file has changed."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

_LOOK_S = 0.5
_KINDS = frozenset({".py", ".yaml", ".env"})
_ENDS_S = 10.0


def run_again_and_again(agent: str) -> int:
    """Runs this process's own command without `--reload` until it is interrupted.

    Args:
        agent: What the command serves: the files beside it are looked at.
    """
    folder = folder_of(agent)
    command = [sys.executable, "-m", "adk_nb", *(one for one in sys.argv[1:] if one != "--reload")]
    # Pages come back to the next process by what the one before gave them.
    environment = {"ADK_NB_SECRET": secrets.token_urlsafe(32)} | os.environ
    print(f"It starts again when a file in {folder} changes.", flush=True)
    process = None
    # SIGTERM ends this process as Ctrl-C does, and so the server too.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while True:
            seen = _changed_at(folder)
            process = subprocess.Popen([*command, "--drain", "0"], env=environment)  # noqa: S603
            while _changed_at(folder) == seen:
                time.sleep(_LOOK_S)
            print("A file has changed.", flush=True)
            _end(process)
    except KeyboardInterrupt:
        return 0
    finally:
        if process is not None:
            _end(process)
        signal.signal(signal.SIGTERM, before)


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


def _changed_at(folder: Path) -> dict[Path, int]:
    found = {}
    for path in folder.rglob("*"):
        if path.suffix in _KINDS or path.name == ".env":
            try:
                found[path] = path.stat().st_mtime_ns
            except OSError:  # It was deleted meanwhile.
                continue
    return found
