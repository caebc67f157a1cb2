"""The command line itself; its commands have tests of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import threading, time
from adk_nb import cli
cli._TOOLS_S = {patience}
threading.Thread(target=time.sleep, args=({tool},)).start()
cli.end(3)
"""


@pytest.mark.parametrize(
    ("patience", "tool", "told"),
    [(0.1, 300, "A tool has not returned. The process ends without it.\n"), (300, 0.1, "")],
)
def test_a_tool_that_does_not_return_keeps_no_process(patience, tool, told):
    command = [sys.executable, "-c", CODE.format(patience=patience, tool=tool)]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert (run.returncode, run.stderr) == (3, told)
