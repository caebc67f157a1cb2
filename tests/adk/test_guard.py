"""The guard knows what the package takes of ADK, and says what an ADK lacks."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from adk_nb.adk import guard
from adk_nb.exceptions import AdkNbError, AdkVersionError

PACKAGE = Path(guard.__file__).parents[1]
FILES = sorted(PACKAGE.rglob("*.py"))


def test_the_installed_adk_fits():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        guard.check()


def without(monkeypatch, private):
    """Takes a private name away from ADK."""
    if not private.name:
        monkeypatch.setitem(sys.modules, private.module, None)
        return
    owner = importlib.import_module(private.module)
    *outer, name = private.name.split(".")
    for part in outer:
        owner = getattr(owner, part)
    inside = getattr(owner, "__private_attributes__", {})
    if name in inside:
        monkeypatch.delitem(inside, name)
    else:
        monkeypatch.delattr(owner, name)


def named(private):
    return ".".join(filter(None, (private.module.rpartition(".")[2], private.name)))


@pytest.mark.parametrize("private", guard.PRIVATE, ids=named)
def test_what_is_missing_is_named_with_what_to_do(monkeypatch, private):
    without(monkeypatch, private)
    if private.costs:
        with pytest.warns(RuntimeWarning, match=private.costs[:20]):
            guard.check()
        return
    with pytest.raises(AdkVersionError) as raised:
        guard.check()
    assert private.name in str(raised.value)
    assert "google-adk 2." in str(raised.value)
    assert "pip install" in raised.value.remedy
    assert isinstance(raised.value, AdkNbError | ImportError)


@pytest.mark.parametrize("private", [one for one in guard.PRIVATE if one.parameters], ids=named)
def test_another_signature_is_named(monkeypatch, private):
    owner = importlib.import_module(private.module)
    *outer, name = private.name.split(".")
    for part in outer:
        owner = getattr(owner, part)
    monkeypatch.setattr(owner, name, lambda: None)
    with pytest.raises(AdkVersionError, match=f"takes no {private.parameters[0]}"):
        guard.check()


@pytest.mark.parametrize("private", [one for one in guard.PRIVATE if one.set_by], ids=named)
def test_an_attribute_that_is_set_no_more_is_named(monkeypatch, private):
    class Other:
        """Nothing of the kind."""

    for part in private.name.split("."):
        Other.__name__ = part
    monkeypatch.setattr(importlib.import_module(private.module), private.name, Other)
    with pytest.raises(AdkVersionError, match=f"has no {private.set_by[0]}"):
        guard.check()


def test_what_has_no_source_or_signature_is_let_pass():
    assert guard._parameters(3) == set()
    assert "_queue" in guard._code(int)


def test_replacements_are_made_once():
    from google.adk.live import _cascade_live
    from google.adk.models import google_llm

    from adk_nb.adk.cascade_connection import HeardConnection
    from adk_nb.adk.gemini_connection import LongConnection

    guard.install()
    guard.install()
    assert _cascade_live.CascadeLiveConnection is HeardConnection
    assert google_llm.GeminiLlmConnection is LongConnection


def test_an_adk_that_does_not_fit_is_refused_before_anything_else():
    code = (
        "from google.adk.utils import _sync_runner\n"
        "del _sync_runner._get_tool_thread_pool\n"
        "import adk_nb\n"
        "try:\n    adk_nb.talk\n"
        "except ImportError as error:\n    print(type(error).__name__, error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("AdkVersionError adk_nb does not fit google-adk 2.")


def private_imports(path):
    """Yields what a module imports of ADK that begins with an underscore."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("google.adk"):
            for alias in node.names:
                if "._" in f"{node.module}.{alias.name}":
                    yield node.module, alias.name


def attributes(path):
    tree = ast.parse(path.read_text())
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_what_is_private_in_adk_is_touched_in_one_room_alone():
    inside = [path for path in FILES if path.parent.name == "adk"]
    used = {part for one in guard.PRIVATE for part in one.name.split(".") if part.startswith("_")}
    for path in FILES:
        if path not in inside:
            assert not list(private_imports(path)), path
            assert not used & attributes(path), path


def test_the_guard_knows_every_private_import():
    known = {(one.module, one.name.partition(".")[0]) for one in guard.PRIVATE}
    modules = {one.module for one in guard.PRIVATE}
    for path in FILES:
        for module, name in private_imports(path):
            assert (module, name) in known or f"{module}.{name}" in modules, (path, module, name)
