"""A JupyterLab for all browser tests, and Chromium with whatever microphone a test asks for."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from lab import JupyterServer, Lab
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from playwright.sync_api import BrowserContext, Playwright

    Microphone = Path | Literal["none", "denied"] | None

REPOSITORY = Path(__file__).parents[2]

_FLAGS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium_path() -> str | None:
    """Finds the browser: `CHROMIUM`, or what is installed; None for Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    for name in (os.environ.get("CHROMIUM"), *names):
        if name and (path := shutil.which(name)):
            return path
    return None


def microphone_flags(microphone: Microphone) -> list[str]:
    """Chromium's flags for a microphone: a WAV that it plays, none at all, or one refused."""
    fake_device = "--use-fake-device-for-media-stream"
    if microphone == "none":
        return ["--use-fake-ui-for-media-stream", "--disable-audio-input"]
    if microphone == "denied":
        return [fake_device, "--use-fake-ui-for-media-stream=deny"]
    flags = [fake_device, "--use-fake-ui-for-media-stream"]
    if microphone is not None:
        flags.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    return flags


# Scope "package": Playwright's synchronous API keeps an event loop running in the main thread,
# in which no asynchronous test could run. So it must end with this folder.
@pytest.fixture(scope="package")
def _playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def _browsers(_playwright: Playwright) -> Iterator[Callable[[Microphone], BrowserContext]]:
    """One browser a microphone: its file is a flag at the browser's start."""
    running: dict[Microphone, BrowserContext] = {}

    def launch(microphone: Microphone) -> BrowserContext:
        if microphone not in running:
            browser = _playwright.chromium.launch(
                executable_path=chromium_path(), args=[*_FLAGS, *microphone_flags(microphone)]
            )
            # Pages of one context share the cache, so JupyterLab is fetched and compiled once.
            running[microphone] = browser.new_context(viewport={"width": 1200, "height": 900})
        return running[microphone]

    yield launch
    for context in running.values():
        assert context.browser is not None
        context.browser.close()


@pytest.fixture(scope="package")
def jupyter() -> Iterator[JupyterServer]:
    """A JupyterLab of its own, which leaves nothing behind."""
    server = JupyterServer()
    yield server
    server.close()


class Opener:
    """Opens notebooks, each in a page of its own, and closes them."""

    def __init__(
        self, server: JupyterServer, browser: Callable[[Microphone], BrowserContext]
    ) -> None:
        self._server = server
        self._browser = browser
        self._labs: list[Lab] = []

    def __call__(self, cells: list[str], microphone: Microphone = None) -> Lab:
        """Opens a notebook of these cells in a page with that microphone."""
        page = self._browser(microphone).new_page()
        lab = Lab(self._server, page, REPOSITORY / "screenshots")
        self._labs.append(lab)
        _open.append(lab)
        lab.open(cells)
        return lab

    def close(self) -> None:
        """Ends the pages and their kernels."""
        for lab in self._labs:
            _open.remove(lab)
            lab.close()
            lab.page.close()


_open: list[Lab] = []


@pytest.fixture
def open_lab(
    jupyter: JupyterServer, _browsers: Callable[[Microphone], BrowserContext]
) -> Iterator[Opener]:
    """Opens notebooks for one test."""
    opener = Opener(jupyter, _browsers)
    yield opener
    opener.close()


@pytest.fixture(scope="module")
def open_shared_lab(
    jupyter: JupyterServer, _browsers: Callable[[Microphone], BrowserContext]
) -> Iterator[Opener]:
    """Opens notebooks for all tests of a module."""
    opener = Opener(jupyter, _browsers)
    yield opener
    opener.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, object]:
    """Shows, where a test fails, what the pages looked like and what was logged."""
    report = yield
    if report.failed:
        for number, lab in enumerate(_open):
            report.sections.append((f"page {number}'s console", "\n".join(lab.console[-40:])))
            if not lab.page.is_closed():
                name = re.sub(r"\W+", "-", item.name)
                report.sections.append(
                    (f"page {number}'s picture", str(lab.screenshot(f"failed-{name}-{number}")))
                )
        if _open:
            report.sections.append(("JupyterLab's log", _open[0].server.log[-4000:]))
    return report
