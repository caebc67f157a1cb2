"""The notebook's kernel, as a cell finds it."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import pytest

from adk_nb import cells


@pytest.fixture
def kernel(monkeypatch):
    """A kernel of ipykernel's, with or without subshells."""
    monkeypatch.setattr(cells, "_told", False)

    def made(*, subshells, module="ipykernel.ipkernel"):
        kind = type("Kernel", (), {"__module__": module, "_supports_kernel_subshells": subshells})
        monkeypatch.setattr(cells, "_shell", lambda: SimpleNamespace(kernel=kind()))

    return made


def told():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cells.tell_what_waits()
    return [str(one.message) for one in caught]


def test_a_kernel_without_subshells_is_told_once(kernel):
    kernel(subshells=False)
    (said,) = told()
    assert "only between cells" in said
    assert "ipykernel 7" in said
    assert told() == []


def test_of_another_kernel_nothing_is_told(kernel):
    kernel(subshells=True)
    assert told() == []
    kernel(subshells=False, module="xpython.kernel")
    assert told() == []


def test_nothing_is_told_without_a_kernel(monkeypatch):
    monkeypatch.setattr(cells, "_told", False)
    assert told() == []
