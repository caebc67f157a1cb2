"""A real JupyterLab, and a driver for the page that a researcher would sit at."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psutil
from driver import ROOT, SECONDS, Widget
from notebook_server import Kernel, NotebookServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Locator, Page

_REPOSITORY = Path(__file__).parents[2]

# Nothing of the user's may reach the server or the kernels: no keys, no configuration.
_PRIVATE = re.compile(r"^(GOOGLE_|GEMINI_|ADK_|JUPYTER|IPYTHON|XDG_|PYTHONPATH|PYTHONSTARTUP)")

_SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
    "@jupyterlab/notebook-extension/tracker": {"kernelShutdown": False},
}


# Where jupyter-collaboration is installed, it makes every notebook a shared one.
_NOT_SHARED = {
    "jupyter_server_config.d/jupyter_collaboration.json": {
        "ServerApp": {"jpserver_extensions": {"jupyter_server_ydoc": False}}
    },
    "labconfig/page_config.json": {
        "disabledExtensions": {
            "@jupyter/collaboration-extension": True,
            "@jupyter/docprovider-extension": True,
        }
    },
}


def write_settings(folder: Path) -> None:
    """Writes settings of JupyterLab with which nothing comes between a test and its notebook."""
    for plugin, settings in _SETTINGS.items():
        package, name = plugin.rsplit("/", 1)
        file = folder / package / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))


def _write_not_shared(folder: Path) -> None:
    for name, content in _NOT_SHARED.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))


class JupyterServer(NotebookServer):
    """JupyterLab on a free port of 127.0.0.1, with a home of its own that vanishes with it.

    Args:
        options: More of its options.
        module: What is started: `jupyterlab`, or `notebook` for Notebook 7.
        shared: Whether notebooks are shared ones, where jupyter-collaboration is installed.
        trusted: What its certificate is checked by, if it has one.
    """

    def __init__(
        self,
        *options: str,
        module: Literal["jupyterlab", "notebook"] = "jupyterlab",
        shared: bool = False,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self.trusted = trusted
        self.home = Path(tempfile.mkdtemp(prefix="adk-nb-lab-"))
        self.notebooks = self.home / "notebooks"
        self.runtime = self.home / "runtime"
        self.token = secrets.token_hex(16)
        self.query = f"reset&token={self.token}"
        self._log = (self.home / "jupyter.log").open("w")
        for folder in (self.notebooks, self.runtime):
            folder.mkdir()
        write_settings(self.home / "settings")
        if not shared:
            _write_not_shared(self.home / "config")
        environment = {k: v for k, v in os.environ.items() if not _PRIVATE.match(k)}
        environment |= {
            "HOME": str(self.home),
            "JUPYTER_CONFIG_DIR": str(self.home / "config"),
            # Enables the extension, as a wheel that is installed does.
            "JUPYTER_CONFIG_PATH": str(_REPOSITORY / "jupyter-config"),
            "JUPYTER_DATA_DIR": str(self.home / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.home / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(self.home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.home / "workspaces"),
            "JUPYTER_TOKEN": self.token,
            "IPYTHONDIR": str(self.home / "ipython"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_CONFIG_HOME": str(self.home / "xdg"),
            "ADK_NB_MODEL": "local",
            # The package beside these tests, whatever is installed.
            "PYTHONPATH": str(_REPOSITORY),
        }
        command = [
            *(sys.executable, "-m", module, "--no-browser"),
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port=0",
            f"--ServerApp.root_dir={self.notebooks}",
            "--ServerApp.allow_root=True",
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            "--LabApp.extensions_in_dev_mode=False",
            "--FileContentsManager.delete_to_trash=False",
            # Should the tests be killed, it ends itself.
            "--MappingKernelManager.cull_idle_timeout=1800",
            "--MappingKernelManager.cull_connected=True",
            "--ServerApp.shutdown_no_activity_timeout=300",
            *options,
        ]
        self._process = subprocess.Popen(
            command,
            cwd=self.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self.url = self.page_url = self._wait_until_up()
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What the server and its kernels printed."""
        return (self.home / "jupyter.log").read_text(errors="replace")

    def close(self) -> None:
        """Ends the server and every process below it."""
        try:
            processes = psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            processes = []
        if self._process.poll() is None:
            with contextlib.suppress(OSError, AttributeError):
                self.request("api/shutdown", "POST")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.kill()
        self._process.wait()
        self._log.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def _wait_until_up(self) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            for file in (self.home / "runtime").glob("jpserver-*.json"):
                with contextlib.suppress(json.JSONDecodeError):
                    self.url = str(json.loads(file.read_text())["url"])
                    with contextlib.suppress(OSError):
                        self.request("api/status")
                        return self.url
            time.sleep(0.1)
        message = f"JupyterLab did not start:\n{self.log}"
        raise RuntimeError(message)


class Lab:
    """One notebook in one page of JupyterLab.

    Attributes:
        app: Where the server has notebooks, as that front end shows them.
    """

    app = "lab/tree"

    def __init__(self, server: NotebookServer, page: Page) -> None:
        self.server = server
        self.page = page
        self.path = ""
        self.console: list[str] = []
        self._kernel: Kernel | None = None
        page.set_default_timeout(SECONDS * 1000)
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))

    # --- notebook and kernel ---

    def open(self, cells: Sequence[str], name: str | None = None) -> None:
        """Writes a notebook, opens it and waits until its kernel is idle."""
        self.path = self.server.write(name or f"nb-{secrets.token_hex(4)}", cells)
        self.load()

    def load(self) -> None:
        """Loads the page anew, as the browser's reload would with no tab restored."""
        self.page.goto(f"{self.server.page_url}{self.app}/{self.path}?{self.server.query}")
        self.page.wait_for_function(
            """path => {
              const panel = window.jupyterapp?.shell.currentWidget;
              return panel?.context?.path === path && panel.context.isReady
                && panel.sessionContext.session?.kernel?.status === "idle";
            }""",
            arg=self.path,
        )

    @property
    def kernel(self) -> Kernel:
        """The notebook's kernel."""
        if self._kernel is None:
            self._kernel = self.server.kernel(self.path)
        return self._kernel

    def cell(self, index: int) -> Locator:
        """The element of a cell."""
        return self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]')

    def run_cell(self, index: int, *, wait: bool = True, timeout: float = SECONDS) -> None:
        """Clicks into a cell and presses Shift+Enter, as a user does."""
        self.page.evaluate(
            """index => {
              const {content} = window.jupyterapp.shell.currentWidget;
              content.activeCellIndex = index;
              content.deselectAll();
              content.widgets[index].model.executionCount = null;
              return content.scrollToItem(index);
            }""",
            index,
        )
        self.cell(index).locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Shift+Enter")
        if wait:
            self.page.wait_for_function(
                """index => window.jupyterapp.shell.currentWidget.content
                  .widgets[index].model.executionCount !== null""",
                arg=index,
                timeout=timeout * 1000,
            )

    def run_all(self, timeout: float = SECONDS) -> None:
        """Runs every cell in order."""
        count = self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
        )
        for index in range(count):
            self.run_cell(index, timeout=timeout)

    def output(self, index: int) -> str:
        """The text that a cell printed or returned."""
        return self.cell(index).locator(".jp-OutputArea").inner_text()

    def add_cell(self, code: str) -> int:
        """Adds a cell at the end and returns its index."""
        index: int = self.page.evaluate(
            """code => {
              const {content} = window.jupyterapp.shell.currentWidget;
              content.model.sharedModel.addCell({cell_type: "code", source: code});
              return content.model.cells.length - 1;
            }""",
            code,
        )
        return index

    def edit_cell(self, index: int, code: str) -> None:
        """Puts other code into a cell, which stays the same cell."""
        self.page.evaluate(
            """([index, code]) => window.jupyterapp.shell.currentWidget.content
              .widgets[index].model.sharedModel.setSource(code)""",
            [index, code],
        )

    def is_running(self, index: int) -> bool:
        """Whether a cell that was run has not yet finished."""
        running: bool = self.page.evaluate(
            """index => window.jupyterapp.shell.currentWidget.content
              .widgets[index].model.executionState === 'running'""",
            index,
        )
        return running

    def wait_until_running(self, index: int) -> None:
        """Waits until the kernel has begun with a cell."""
        self.page.wait_for_function(
            """index => window.jupyterapp.shell.currentWidget.content
              .widgets[index].model.executionState === 'running'""",
            arg=index,
        )

    def interrupt_kernel(self) -> None:
        """Stops what the kernel runs, as the menu does, and waits until it has."""
        self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget
              .sessionContext.session.kernel.interrupt()"""
        )
        self.kernel.run("pass")

    def restart_kernel(self) -> None:
        """Restarts the kernel, as the menu does."""
        self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget
              .sessionContext.session.kernel.restart()"""
        )
        self.forget_kernel()

    def forget_kernel(self) -> None:
        """Lets go of the client of a kernel that is gone."""
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None

    # --- the widget ---

    def widget(self, index: int = 0) -> LabWidget:
        """The page's widget with that number, in the page's order."""
        return LabWidget(self, self.page.locator(ROOT).nth(index))

    def set_theme(self, theme: Literal["Light", "Dark"]) -> None:
        """Changes JupyterLab's theme, for this page and for every later one."""
        self.page.evaluate(
            """theme => window.jupyterapp.commands.execute("apputils:change-theme", {theme})""",
            f"JupyterLab {theme}",
        )
        light = str(theme == "Light").lower()
        self.page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached")

    def save(self) -> None:
        """Saves the notebook, with its widgets' state, as the menu does."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        self.page.wait_for_function(
            "() => !window.jupyterapp.shell.currentWidget.context.model.dirty"
        )

    def close(self) -> None:
        """Ends the notebook's kernel; the page belongs to its browser."""
        self.forget_kernel()
        if self.path:
            self.server.shut_down(self.path)
            (self.server.notebooks / self.path).unlink(missing_ok=True)


class LabWidget(Widget):
    """A widget in a notebook's page."""

    def __init__(self, lab: Lab, root: Locator) -> None:
        super().__init__(lab.page, root)
        self.lab = lab
