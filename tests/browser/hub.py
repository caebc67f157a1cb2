"""A real JupyterHub with its proxy, and the server of one of its users."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import process_tree
from driver import SECONDS
from lab import write_settings
from notebook_server import NotebookServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

_REPOSITORY = Path(__file__).parents[2]
PROXY = _REPOSITORY / "tests" / "js" / "node_modules" / ".bin" / "configurable-http-proxy"

# Nothing of the machine's owner may reach the Hub, its servers or their kernels.
_PRIVATE = re.compile(r"^(GOOGLE_|GEMINI_|ADK_|JUPYTER|IPYTHON|XDG_|PYTHONPATH|PYTHONSTARTUP)")

_CONFIGURATION = """
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}/"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{ports[1]}/hub/"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}/"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.db_url = "sqlite:///{home}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{home}/cookie_secret"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allowed_users = {{"ada", "bob"}}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{home}/{{username}}"
c.Spawner.default_url = "/lab"
c.Spawner.args = ["--allow-root", "--LabApp.expose_app_in_browser=True"]
c.Spawner.environment = {environment!r}
c.JupyterHub.services = [{{"name": "tests", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "tests", "services": ["tests"], "scopes": ["access:servers"]}}
]
"""


class Hub:
    """A JupyterHub on free ports of 127.0.0.1, whose users ada and bob get in with any password.

    Attributes:
        url: Where a browser opens it.
        token: What the servers of all users take for a login.
    """

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="adk-nb-hub-"))
        self.token = secrets.token_hex(16)
        ports = _free_ports(3)
        self.url = f"http://127.0.0.1:{ports[0]}/"
        write_settings(self.home / "settings")
        (self.home / "jupyterhub_config.py").write_text(
            _CONFIGURATION.format(
                ports=ports,
                proxy=str(PROXY),
                home=self.home,
                token=self.token,
                environment={
                    # Enables the extension, as a wheel that is installed does.
                    "JUPYTER_CONFIG_PATH": str(_REPOSITORY / "jupyter-config"),
                    "JUPYTERLAB_SETTINGS_DIR": str(self.home / "settings"),
                    "PYTHONPATH": str(_REPOSITORY),
                    "ADK_NB_MODEL": "local",
                },
            )
        )
        environment = {k: v for k, v in os.environ.items() if not _PRIVATE.match(k)}
        self._log = (self.home / "hub.log").open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", self.home / "jupyterhub_config.py"],
            cwd=self.home,
            # The command of the users' servers is beside this Python.
            env=environment | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self._wait_until_up()
        except BaseException:
            self.close()
            raise

    @property
    def origin(self) -> str:
        """The origin of its pages."""
        return self.url.rstrip("/")

    @property
    def log(self) -> str:
        """What the Hub, its proxy and its users' servers printed."""
        return (self.home / "hub.log").read_text(errors="replace")

    def sign_in(self, page: Page, user: str, *, server: bool) -> None:
        """Signs a user in by the Hub's form.

        Args:
            page: The browser's page.
            user: The user's name.
            server: Whether the user's server is to be started, and waited for.
        """
        page.goto(f"{self.url}hub/login?next=/hub/{'spawn' if server else 'token'}")
        page.locator("#username_input").fill(user)
        page.locator("#password_input").fill("any")
        page.locator("#login_submit").click()
        then = f"user/{user}/lab*" if server else "hub/token"
        page.wait_for_url(f"{self.url}{then}", timeout=SECONDS * 1000)

    def close(self) -> None:
        """Ends the Hub and every process below it."""
        process_tree.end(self._process)
        self._log.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def _wait_until_up(self) -> None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            # The proxy is up before the Hub, and says 404 until then.
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}hub/api/", timeout=SECONDS).close()
                return
            time.sleep(0.1)
        message = f"JupyterHub did not start:\n{self.log}"
        raise RuntimeError(message)


class UsersServer(NotebookServer):
    """The server of one of the Hub's users, who is signed in at the page that opens it."""

    query = "reset"

    def __init__(self, hub: Hub, user: str) -> None:
        self._hub = hub
        self.token = hub.token
        self.url = self.page_url = f"{hub.url}user/{user}/"
        self.notebooks = hub.home / user
        self.runtime = self.notebooks / ".local" / "share" / "jupyter" / "runtime"

    @property
    def log(self) -> str:
        """What it printed, among all else of the Hub."""
        return self._hub.log


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in held]
