"""Chromium with whatever microphone a test asks for, and a page of this process's widgets."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from chromium import FLAGS, chromium_path, microphone_flags
from driver import screenshot
from host import Host, HostPage
from playwright.sync_api import Error, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from chromium import Microphone
    from host import HostedWidget
    from playwright.sync_api import BrowserContext, Page, Playwright

    from adk_nb.widget import LiveWidget

    Browsers = Callable[[Microphone], BrowserContext]


# Scope "module": Playwright's synchronous API keeps an event loop running in the main thread, in
# which no asynchronous test could run; and a browser that nobody needs costs the next ones time.
@pytest.fixture(scope="module")
def driver() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        if chromium_path() is None and not own.exists() and not os.environ.get("CI"):
            pytest.skip("there is no Chromium or Chrome; CHROMIUM=/path/to/chrome names one")
        yield playwright


@pytest.fixture(scope="module")
def browsers(driver: Playwright) -> Iterator[Browsers]:
    """One browser a microphone: its file is a flag at the browser's start."""
    running: dict[Microphone, BrowserContext] = {}

    def launch(microphone: Microphone) -> BrowserContext:
        if microphone not in running:
            browser = driver.chromium.launch(
                executable_path=chromium_path(), args=[*FLAGS, *microphone_flags(microphone)]
            )
            # Pages of one context share the cache, so JupyterLab is fetched and compiled once.
            running[microphone] = browser.new_context(viewport={"width": 1200, "height": 900})
        return running[microphone]

    yield launch
    for context in running.values():
        assert context.browser is not None
        context.browser.close()


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """The server of the page."""
    host = Host()
    yield host
    host.close()


class Show:
    """Shows widgets in pages of this process, and closes them."""

    def __init__(self, host: Host, browsers: Browsers, opened: list[Any]) -> None:
        self._host = host
        self._browsers = browsers
        self._opened = opened
        self._pages: list[HostPage] = []

    def __call__(
        self,
        live: LiveWidget,
        microphone: Microphone = None,
        prepare: Callable[[Page], None] | None = None,
    ) -> HostedWidget:
        """Shows a widget in the test's page, which the first call of a test opens.

        Args:
            live: The widget.
            microphone: The page's microphone; by default one that the test speaks into.
            prepare: What to do with the page before it loads.
        """
        page = self._pages[0] if self._pages else self._open(microphone, prepare)
        return page.show(live)

    def other_page(self, live: LiveWidget) -> HostedWidget:
        """Shows a widget in one more page."""
        return self._open(None).show(live)

    def _open(
        self, microphone: Microphone, prepare: Callable[[Page], None] | None = None
    ) -> HostPage:
        page = self._browsers(microphone).new_page()
        if prepare is not None:
            prepare(page)
        opened = HostPage(self._host, page, spoken_into=microphone is None)
        self._pages.append(opened)
        self._opened.append(opened)
        return opened

    def close(self) -> None:
        """Closes the widgets and the pages."""
        for page in self._pages:
            self._opened.remove(page)
            page.close()


@pytest.fixture
def show(host: Host, browsers: Browsers, opened: list[Any]) -> Iterator[Show]:
    """`show(live)` shows a widget in a page of the test's own; see `Show`."""
    show = Show(host, browsers, opened)
    yield show
    show.close()


_opened: list[Any] = []


@pytest.fixture(scope="session")
def opened() -> list[Any]:
    """What is open: `HostPage` and `Lab`; a test that fails shows them."""
    return _opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, object]:
    """Shows, where a test fails, what the pages looked like and what was logged."""
    report = yield
    if report.failed:
        for number, shown in enumerate(_opened):
            report.sections.append((f"page {number}'s console", "\n".join(shown.console[-40:])))
            if not shown.page.is_closed():
                name = re.sub(r"\W+", "-", item.name)
                picture = _picture(shown.page, f"failed-{name}-{number}")
                report.sections.append((f"page {number}'s picture", picture))
            if hasattr(shown, "server"):
                report.sections.append(("JupyterLab's log", shown.server.log[-4000:]))
    return report


def _picture(page: Page, name: str) -> str:
    """Where the page's picture is. An error in a hook would end the whole run, unreported."""
    try:
        return str(screenshot(page, name))
    except Error as error:  # The page has crashed, say, or its processes hang.
        return f"there is none: {error.message}"
