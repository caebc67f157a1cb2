"""What a notebook's page is served by, as its driver sees it, and the kernels of its notebooks."""

from __future__ import annotations

import json
import queue
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from driver import SECONDS
from jupyter_client.blocking.client import BlockingKernelClient

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence


class NotebookServer:
    """A Jupyter server of this machine.

    Attributes:
        url: Where its REST API is.
        page_url: Where a browser opens it.
        query: What a browser adds to the address of a notebook.
        token: What the REST API takes for a login.
        notebooks: The folder of its notebooks.
        runtime: The folder of its kernels' connection files.
        trusted: What its certificate is checked by, if it has one.
    """

    url: str
    page_url: str
    query: str
    token: str
    notebooks: Path
    runtime: Path
    trusted: ssl.SSLContext | None = None

    def request(self, path: str, method: str = "GET", body: object = None) -> Any:
        """Asks the server's REST API."""
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=SECONDS, context=self.trusted) as response:
            text = response.read()
        return json.loads(text) if text else None

    def write(self, name: str, cells: Sequence[str]) -> str:
        """Writes a notebook of code cells; returns its path on the server."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        path = f"{name}.ipynb"
        nbformat.write(notebook, self.notebooks / path)
        return path

    def kernel(self, path: str) -> Kernel:
        """Connects to the kernel of an open notebook, past its page."""
        for session in self.request("api/sessions"):
            if session["path"] == path:
                kernel_id = session["kernel"]["id"]
                return Kernel(self.runtime / f"kernel-{kernel_id}.json")
        message = f"no kernel runs for {path}"
        raise LookupError(message)

    def shut_down(self, path: str) -> None:
        """Ends the kernel of a notebook, if there is one."""
        for session in self.request("api/sessions"):
            if session["path"] == path:
                self.request(f"api/sessions/{session['id']}", "DELETE")


class Kernel:
    """A kernel, asked directly: it answers whether or not a page is there."""

    def __init__(self, connection_file: Path) -> None:
        self._client = BlockingKernelClient(connection_file=str(connection_file))
        self._client.load_connection_file()
        self._client.start_channels()
        self._client.hb_channel.time_to_dead = SECONDS  # A busy kernel is not a dead one.
        self._client.wait_for_ready(SECONDS)

    def run(self, code: str, timeout: float = SECONDS) -> str:
        """Runs code; returns what it printed and the text of its last expression."""
        request = self._client.execute(code)
        text = ""
        deadline = time.monotonic() + timeout
        while True:
            try:
                message = self._client.get_iopub_msg(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                late = f"the kernel did not finish in {timeout} s: {code!r}; so far {text!r}"
                raise TimeoutError(late) from None
            if message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    text += content["text"]
                case "execute_result":
                    text += content["data"]["text/plain"]
                case "error":
                    raise RuntimeError("\n".join(content["traceback"]))
                case "status" if content["execution_state"] == "idle":
                    return text

    def value(self, expression: str, timeout: float = SECONDS) -> Any:
        """Returns the value of an expression that JSON can carry."""
        text = self.run(f"import json; print(json.dumps({expression}, default=str))", timeout)
        return json.loads(text)

    def wait_for(
        self, expression: str, timeout: float = SECONDS, accept: Callable[[Any], object] = bool
    ) -> Any:
        """Asks for the value of an expression until it is accepted, and returns it."""
        deadline = time.monotonic() + timeout
        while True:
            value = self.value(expression)
            if accept(value):
                return value
            if time.monotonic() > deadline:
                late = f"after {timeout} s, {expression} is still {value!r}"
                raise TimeoutError(late)
            time.sleep(0.1)

    def close(self) -> None:
        """Lets go of the kernel, which goes on."""
        self._client.stop_channels()
