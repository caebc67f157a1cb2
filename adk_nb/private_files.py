"""Files and folders that only their owner can read, from the moment they are made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any


def open_private(path: str | os.PathLike[str], mode: str, encoding: str | None = None) -> IO[Any]:
    """Opens a file as `open` does; one that is made has mode 0600, and text the same line ends."""
    newline = None if "b" in mode else "\n"  # Windows would write others.
    return open(path, mode, encoding=encoding, newline=newline, opener=_opener)


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def make_folder(path: str | os.PathLike[str]) -> None:
    """Makes a new folder with mode 0700, and those above it that are missing likewise.

    Raises:
        OSError: It is there already, or cannot be made.
    """
    folder = Path(path)
    # `mkdir(parents=True)` would give those above it the mode that everything else has.
    for above in reversed(folder.parents):
        if not above.exists():
            above.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700)
