"""The recordings of a server: whether they can be written, and what visitors are told if not."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any

from adk_nb.exceptions import RecordingError
from adk_nb.log.recording import folder_of
from adk_nb.private_files import make_folder
from adk_nb.serve.reasons import Reasons
from adk_nb.serve.visitors import NOT_RECORDED

_PROBE = bytes(4096)


def writable_folder_of(record: Any) -> Path | None:
    """Returns the folder of the option `record`; None if nothing is recorded.

    Raises:
        AdkNbError: It is no folder, or it cannot be written to.
    """
    named = folder_of(record)
    if named is None:
        return None
    folder = Path(named).expanduser()
    try:
        _write(folder)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise RecordingError(
            f"Recordings cannot be written to {folder}: {why}.",
            remedy="Give a folder that can be written to.",
        ) from error
    return folder


def _write(folder: Path) -> None:
    """Writes a file and removes it: a full disk lets one be made, and no more."""
    if not folder.is_dir():
        make_folder(folder)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(_PROBE)
        file.flush()
        os.fsync(file.fileno())


class RecordingsCheck:
    """Asks whether recordings can be written.

    Args:
        folder: Their folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._reasons = folder, Reasons()

    async def problem(self) -> str:
        """Returns why not, without the server's path, or an empty text."""
        try:
            await asyncio.to_thread(_write, self._folder)  # A disk may be slow.
        except OSError as error:
            self._reasons.tell(f"Recordings cannot be written to {self._folder}: {error}")
            return NOT_RECORDED
        self._reasons.tell("")
        return ""
