"""Ends what a test has started, with all that it started itself."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    import subprocess


def end(process: subprocess.Popen[Any]) -> None:
    """Kills a process and every one below it, and waits until it is gone."""
    below: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        below = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    for one in below:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait()
