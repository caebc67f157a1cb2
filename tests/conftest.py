"""What all tests share: which run, in which order, and which in one process."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_SECRETS = re.compile("KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL", re.IGNORECASE)
_SLOW = re.compile(r"^pytestmark = .*\bmark\.(browser|models)\b", re.MULTILINE)
_HEAVY = ("playwright", "moonshine_voice", "xllamacpp")
_LONG = ("test_setup.py", "test_interleavings.py", "test_recordings_fuzz.py", "test_server.py",
         "test_assembly.py", "test_turns_fuzz.py")  # fmt: skip
"""The longest modules without a mark: one that begins late would be alone at the end."""

_JUPYTER_HALF = "test_lab_swap.py"
"""The first module of the second half of JupyterLab's, by the time that they take."""


# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")


@pytest.fixture(scope="session", autouse=True)
def _no_secrets_of_the_machine() -> None:
    """What is masked in the tests is what they say, and not what this machine happens to have."""
    for name in [name for name in os.environ if _SECRETS.search(name)]:
        del os.environ[name]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts stand-ins of the Live API, which the environment tells of; takes what `LiveApi` does.

    The tests that use it are in a folder without a .env file.
    """
    from live_api import LiveApi

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    with contextlib.ExitStack() as stack:

        def start(*args: Any, **options: Any) -> LiveApi:
            api = stack.enter_context(LiveApi(*args, **options))
            for name, value in api.environment.items():
                monkeypatch.setenv(name, value)
            return api

        yield start


# --- `--fast`: no browser and no models (`make test-fast` leaves out the mark `long`, too) ---


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fast", action="store_true", help="only the modules that need no browser and no models"
    )
    parser.addoption(
        "--deploy", action="store_true", help="the tests of several instances too: make test-deploy"
    )
    parser.addoption(
        "--front-ends",
        action="store_true",
        help="the tests of further front ends too: make test-front-ends",
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves modules out by the marker in their text: to import them would take long already."""
    if not config.getoption("fast"):
        return None
    if collection_path.is_dir():  # As a whole, or its conftest.py would be imported.
        modules = list(collection_path.rglob("test_*.py"))
        return True if modules and all(map(_is_slow, modules)) else None
    return True if _is_slow(collection_path) else None


def _is_slow(module: Path) -> bool:
    return module.suffix == ".py" and _SLOW.search(module.read_text("utf-8")) is not None


@pytest.fixture(scope="session", autouse=True)
def _fast_without_the_slow(pytestconfig: pytest.Config) -> Iterator[None]:
    yield
    imported = [name for name in _HEAVY if name in sys.modules]
    if pytestconfig.getoption("fast") and imported:
        pytest.fail(f"A module that imports {imported} lacks its mark: `models`, or `browser`.")


# --- what a test printed and logged ---


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Makes text of it that can be encoded: a lone surrogate would end pytest-xdist's process."""
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections
    ]


# --- garbage ---

# What is imported is a million objects, none of them garbage: to look through them again and again
# takes a fifth of the tests' time, and as long as a test of a second or two as the process ends.
gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Leaves what is there already out of all collections to come."""
    gc.freeze()
    gc.set_threshold(700, 10, 50)  # The tests import more, which is looked through seldom.
    gc.enable()


# --- the order, and what of it runs side by side under pytest-xdist ---


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts the slow ones last, as the quick ones fail first; first among several processes.

    There a long one that begins last would keep all others waiting for it.
    """
    items.sort(key=_slowness, reverse=hasattr(config, "workerinput"))
    if config.getoption("fast"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def _slowness(item: pytest.Item) -> int:
    if "jupyter" in item.path.parts:
        return 5
    for slowness, mark in ((4, "slow"), (3, "browser"), (2, "models")):
        if item.get_closest_marker(mark):
            return slowness
    return int(item.path.name in _LONG)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Keeps each module in one process, and JupyterLab's in two, each of which starts one."""
    from xdist.scheduler import LoadScopeScheduling

    class ByModule(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.partition("::")[0]
            folder, _, name = module.rpartition("/")
            # In one they take seven minutes, as long as all the rest in three others.
            return f"{folder} {name >= _JUPYTER_HALF}" if "/jupyter/" in module else module

    config.option.loadscopereorder = False  # Not by the number of tests, but as they are sorted.
    return ByModule(config, log)
