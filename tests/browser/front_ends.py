"""Front ends beside JupyterLab, and how a browser is led to a widget in them."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import process_tree
from driver import SECONDS
from lab import Lab

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_REPOSITORY = Path(__file__).parents[2]

# Nothing of the machine's owner may reach the servers or their kernels.
_PRIVATE = re.compile(
    r"^(GOOGLE_|GEMINI_|ADK_|JUPYTER|IPYTHON|XDG_|MARIMO|PYTHONPATH|PYTHONSTARTUP)"
)


class Notebook7(Lab):
    """One notebook in one page of Notebook 7, whose shell JupyterLab's driver knows."""

    app = "notebooks"


class _Server:
    """A server for one notebook, on a free port of 127.0.0.1 and with a home of its own.

    Attributes:
        url: Where a browser opens it.
    """

    def __init__(self, files: Mapping[str, str], *command: str) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="adk-nb-front-end-"))
        for name, text in files.items():
            (self.home / name).write_text(text)
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}/"
        environment = {k: v for k, v in os.environ.items() if not _PRIVATE.match(k)}
        environment |= {
            "HOME": str(self.home),
            "JUPYTER_CONFIG_PATH": str(_REPOSITORY / "jupyter-config"),
            "ADK_NB_MODEL": "local",
            # The package beside these tests, whatever is installed.
            "PYTHONPATH": str(_REPOSITORY),
        }
        self._log = (self.home / "server.log").open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", *(part.format(port=port) for part in command)],
            cwd=self.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self._wait_until_up(port)
        except BaseException:
            self.close()
            raise

    @property
    def log(self) -> str:
        """What the server and its kernels printed."""
        return (self.home / "server.log").read_text(errors="replace")

    def close(self) -> None:
        """Ends the server and every process below it."""
        process_tree.end(self._process)
        self._log.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def _wait_until_up(self, port: int) -> None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), SECONDS).close()
                return
            time.sleep(0.1)
        message = f"it did not start:\n{self.log}"
        raise RuntimeError(message)


class Voila(_Server):
    """A notebook as a page of Voilà's own server; its cells run when the page is opened."""

    def __init__(self, cells: Sequence[str]) -> None:
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        command = ("voila", "talk.ipynb", "--no-browser", "--port={port}", "--Voila.ip=127.0.0.1")
        super().__init__({"talk.ipynb": nbformat.writes(made)}, *command)


class Marimo(_Server):
    """A notebook in marimo's editor; its cells run when the page is opened.

    Args:
        cells: Its cells; what a cell takes of another must be among the names.
        names: What each cell gives to the others.
    """

    def __init__(self, cells: Sequence[str], names: Sequence[str]) -> None:
        parts = ["import marimo", "app = marimo.App()"]
        for number, code in enumerate(cells):
            takes = ", ".join(names[:number])
            gives = f"({names[number]},)" if names[number] else ""
            body = textwrap.indent(code.strip(), "    ")
            parts.append(f"@app.cell\ndef _({takes}):\n{body}\n    return {gives}")
        files = {
            "talk.py": "\n\n".join(parts),
            "pyproject.toml": "[tool.marimo.runtime]\nauto_instantiate = true\n",
        }
        command = ("marimo", "-y", "edit", "talk.py", "--headless", "--no-token", "--port={port}")
        super().__init__(files, *command, "--host=127.0.0.1")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])
