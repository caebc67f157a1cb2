"""A JupyterLab for all tests of this folder, and notebooks in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lab import JupyterServer, Lab
from speech import microphone, silence, speech

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chromium import Microphone
    from playwright.sync_api import BrowserContext

    Browsers = Callable[[Microphone], BrowserContext]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out what needs other packages than the rest: make test-front-ends."""
    wanted = config.getoption("front_ends") or collection_path.name != "test_front_ends.py"
    return None if wanted else True


@pytest.fixture(scope="package")
def jupyter() -> Iterator[JupyterServer]:
    """A JupyterLab of its own, which leaves nothing behind."""
    server = JupyterServer()
    yield server
    server.close()


@pytest.fixture(scope="package")
def voice(tmp_path_factory) -> Path:
    """A microphone that is not silent."""
    return microphone(tmp_path_factory.mktemp("voice"), speech("What time is it?"), silence(60))


class Opener:
    """Opens notebooks, each in a page of its own, and closes them."""

    def __init__(self, server: JupyterServer, browsers: Browsers, opened: list[Any]) -> None:
        self._server = server
        self._browsers = browsers
        self._opened = opened
        self._labs: list[Lab] = []

    def __call__(self, cells: list[str], microphone: Microphone = None) -> Lab:
        """Opens a notebook of these cells in a page with that microphone."""
        lab = Lab(self._server, self._browsers(microphone).new_page())
        self._labs.append(lab)
        self._opened.append(lab)
        lab.open(cells)
        return lab

    def close(self) -> None:
        """Ends the pages and their kernels."""
        for lab in self._labs:
            self._opened.remove(lab)
            lab.close()
            lab.page.close()


@pytest.fixture
def open_lab(jupyter: JupyterServer, browsers: Browsers, opened: list[Any]) -> Iterator[Opener]:
    """Opens notebooks for one test."""
    opener = Opener(jupyter, browsers, opened)
    yield opener
    opener.close()


@pytest.fixture(scope="module")
def open_shared_lab(
    jupyter: JupyterServer, browsers: Browsers, opened: list[Any]
) -> Iterator[Opener]:
    """Opens notebooks for all tests of a module."""
    opener = Opener(jupyter, browsers, opened)
    yield opener
    opener.close()
