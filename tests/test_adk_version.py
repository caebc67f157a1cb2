"""Which ADK there is and which is needed, as its errors say it."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from adk_nb import adk_version

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]


def absent(name):
    raise PackageNotFoundError(name)


def test_a_copy_that_is_not_installed_needs_what_pyproject_says(monkeypatch):
    monkeypatch.setattr(adk_version, "requires", absent)
    assert adk_version.needed() in PROJECT["dependencies"]


def test_what_is_installed_says_the_range_of_pyproject():
    bounds = set(adk_version.NEEDED.removeprefix("google-adk").split(","))
    assert set(adk_version.needed().removeprefix("google-adk").split(",")) == bounds


def test_an_error_names_the_version_and_the_range(monkeypatch):
    monkeypatch.setattr(adk_version, "version", lambda name: "2.12.0")
    error = adk_version.unfit("google.adk.live is not there.")
    assert error.code == "adk_version"
    assert error.message == (
        f"adk_nb needs {adk_version.needed()}, and google-adk 2.12.0 is installed. "
        "google.adk.live is not there."
    )
    assert f"pip install --upgrade adk-nb '{adk_version.needed()}'" in error.remedy


def test_without_any_adk_there_is_nothing_else_to_say(monkeypatch):
    monkeypatch.setattr(adk_version, "version", absent)
    error = adk_version.unfit("google.adk.live is not there.")
    assert error.message == f"adk_nb needs {adk_version.needed()}, and none is installed."


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModuleNotFoundError("No", name="a.b.c"), "a.b.c is not there."),
        (ModuleNotFoundError("No", name="a"), "a.b.c is not there."),
        (
            ModuleNotFoundError("No module named 'd'", name="d"),
            "a.b.c could not be imported: ModuleNotFoundError: No module named 'd'.",
        ),
        (
            ModuleNotFoundError("No module named 'a.bc'", name="a.bc"),
            "a.b.c could not be imported: ModuleNotFoundError: No module named 'a.bc'.",
        ),
        (TypeError("odd."), "a.b.c could not be imported: TypeError: odd."),
    ],
)
def test_what_is_missing_is_told_apart_from_what_fails(error, said):
    assert adk_version.not_imported("a.b.c", error) == said
