"""A Jupyter server of its own, whose kernels run bridges; nothing of the user's reaches it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import process_tree
from jupyter_client.blocking.client import BlockingKernelClient

REPOSITORY = Path(__file__).parents[2]
_PRIVATE = re.compile(r"^(GOOGLE_|GEMINI_|ADK_|JUPYTER|IPYTHON|XDG_|PYTHONPATH|PYTHONSTARTUP)")
SECONDS = 60

TALK = f"""
import sys
sys.path.insert(0, {str(REPOSITORY / "tests")!r})
from google.adk.agents import Agent
from scripted import Scripted, echo
from adk_nb import LiveSession
from adk_nb.server import Bridge
session = LiveSession(Agent(name="a", model=Scripted(echo))).start()
bridge, token = session.bridge.call(Bridge.add(session))
bridge.allow(token, ORIGIN)
print(token)
"""


class Server:
    """A Jupyter server on a free port of 127.0.0.1."""

    def __init__(self, home: Path, *options: str, extension: bool = True) -> None:
        self.home = home
        self.runtime = home / "runtime"
        self.runtime.mkdir(parents=True)
        self.token = secrets.token_hex(16)
        environment = {k: v for k, v in os.environ.items() if not _PRIVATE.match(k)}
        environment |= {
            "HOME": str(home),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "JUPYTER_TOKEN": self.token,
            "IPYTHONDIR": str(home / "ipython"),
            "PYTHONPATH": str(REPOSITORY),
        }
        if extension:
            environment["JUPYTER_CONFIG_PATH"] = str(REPOSITORY / "jupyter-config")
        self._log = (home / "server.log").open("w")
        command = [
            *(sys.executable, "-m", "jupyter_server"),
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port=0",
            f"--ServerApp.root_dir={home}",
            "--ServerApp.allow_root=True",
            "--ServerApp.open_browser=False",
            "--ServerApp.shutdown_no_activity_timeout=600",  # should the tests be killed
            *options,
        ]
        self._process = subprocess.Popen(
            command,
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._clients: list[BlockingKernelClient] = []
        try:
            self.url = self._wait_until_up()
        except BaseException:
            self.close()
            raise

    @property
    def origin(self) -> str:
        """The origin of its pages."""
        return "/".join(self.url.split("/")[:3])

    @property
    def log(self) -> str:
        """What it printed."""
        return (self.home / "server.log").read_text(errors="replace")

    def request(self, path: str, method: str = "GET", *, login: bool = True) -> tuple[int, str]:
        """Asks its REST API; returns the status and the body."""
        headers = {"Authorization": f"token {self.token}"} if login else {}
        request = urllib.request.Request(f"{self.url}{path}", method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def relay(self, kernel_id: str, query: str = "") -> str:
        """The address of the relay to a kernel."""
        return f"{self.url.replace('http', 'ws', 1)}adk-nb/{kernel_id}{query}"

    def start_kernel(self) -> str:
        """Starts a kernel; returns its id."""
        status, body = self.request("api/kernels", "POST")
        assert status == 201, body
        return str(json.loads(body)["id"])

    def run(self, kernel_id: str, code: str) -> str:
        """Runs code in a kernel; returns what it printed."""
        client = BlockingKernelClient(
            connection_file=str(self.runtime / f"kernel-{kernel_id}.json")
        )
        client.load_connection_file()
        client.start_channels(hb=False)  # A kernel that is not up in a second is not a dead one.
        self._clients.append(client)
        client.wait_for_ready(SECONDS)
        printed = []

        def heard(message: dict) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                printed.append(content["text"])
            elif message["msg_type"] == "error":
                raise RuntimeError("\n".join(content["traceback"]))

        client.execute_interactive(code, timeout=SECONDS, output_hook=heard)
        return "".join(printed).strip()

    def talk(self, kernel_id: str, origin: str | None = None) -> str:
        """Begins a session in a kernel; returns its token."""
        told = self.run(kernel_id, TALK.replace("ORIGIN", repr(origin or self.origin)))
        return told.splitlines()[-1]

    def bridge_file(self, kernel_id: str) -> Path:
        """Where a kernel's bridge is told."""
        return self.runtime / f"adk-nb-{kernel_id}.json"

    def close(self) -> None:
        """Ends the server and every process below it."""
        for client in self._clients:
            client.stop_channels()
        process_tree.end(self._process)
        self._log.close()

    def _wait_until_up(self) -> str:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            for file in self.runtime.glob("jpserver-*.json"):
                with contextlib.suppress(json.JSONDecodeError):
                    self.url = str(json.loads(file.read_text())["url"])
                    with contextlib.suppress(OSError):
                        self.request("api/status")
                        return self.url
            time.sleep(0.05)
        raise RuntimeError(f"the Jupyter server did not start:\n{self.log}")
