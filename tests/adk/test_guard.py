"""The guard knows what the package takes of ADK, and says what an ADK lacks."""

from __future__ import annotations

import ast
import enum
import importlib
import inspect
import subprocess
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import pytest

from adk_nb import adk_version
from adk_nb.adk import guard
from adk_nb.adk.cascade_connection import HeardConnection
from adk_nb.adk.gemini_connection import LongConnection
from adk_nb.adk.request_queue import RequestQueue
from adk_nb.exceptions import AdkNbError, AdkVersionError

PACKAGE = Path(guard.__file__).parents[1]
FILES = sorted(PACKAGE.rglob("*.py"))


def test_the_installed_adk_fits():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        guard.check()


def place_of(private):
    """Returns what has a private name, and the name there."""
    owner = importlib.import_module(private.module)
    *outer, name = private.name.split(".")
    for part in outer:
        owner = getattr(owner, part)
    return owner, name


def without(monkeypatch, private):
    """Takes a private name away from ADK."""
    owner, name = place_of(private)
    inside = getattr(owner, "__private_attributes__", {})
    if isinstance(owner, enum.EnumMeta):
        outer, _, _ = private.name.partition(".")
        monkeypatch.setattr(importlib.import_module(private.module), outer, object())
    elif name in inside:
        monkeypatch.delitem(inside, name)
    else:
        monkeypatch.delattr(owner, name)


def named(private):
    return ".".join(filter(None, (private.module.rpartition(".")[2], private.name)))


@pytest.mark.parametrize("private", guard.PRIVATE, ids=named)
def test_what_is_missing_is_named_with_what_to_do(monkeypatch, private):
    monkeypatch.setattr(guard, "PRIVATE", (private,))
    without(monkeypatch, private)
    if private.costs:
        with pytest.warns(RuntimeWarning, match=private.costs[:20]):
            guard.check()
        return
    with pytest.raises(AdkVersionError) as raised:
        guard.check()
    assert private.name in str(raised.value)
    assert f"google-adk {version('google-adk')} is installed" in str(raised.value)
    assert f"'{adk_version.needed()}'" in raised.value.remedy
    assert isinstance(raised.value, AdkNbError | ImportError)


FUNCTIONS = [one for one in guard.PRIVATE if one.parameters is not None]


@pytest.mark.parametrize("private", [one for one in FUNCTIONS if one.parameters], ids=named)
def test_another_signature_is_named(monkeypatch, private):
    owner, name = place_of(private)
    monkeypatch.setattr(owner, name, lambda: None)
    assert f"takes no {private.parameters[0]}" in guard._problem(private)


@pytest.mark.parametrize("private", FUNCTIONS, ids=named)
def test_a_parameter_that_nobody_gives_is_named(monkeypatch, private):
    owner, name = place_of(private)
    monkeypatch.setattr(owner, name, made(*private.parameters, "another"))
    assert "takes another too" in guard._problem(private)


@pytest.mark.parametrize("private", FUNCTIONS, ids=named)
def test_a_further_option_matters_only_to_what_is_replaced(monkeypatch, private):
    owner, name = place_of(private)
    monkeypatch.setattr(owner, name, made(*private.parameters, "another=None"))
    if private.replaced:
        assert "takes another too" in guard._problem(private)
    else:
        assert guard._problem(private) == ""


def made(*parameters):
    """Returns a function with these parameters."""
    return eval(f"lambda {', '.join(parameters)}: None")


SUBCLASSES = (HeardConnection, LongConnection, RequestQueue)
OWN = [one for one in guard.PRIVATE if one.ours]


@pytest.mark.parametrize("private", OWN, ids=named)
def test_a_name_of_ours_that_adk_takes_is_named(monkeypatch, private):
    owner, name = place_of(private)
    monkeypatch.setattr(getattr(owner, name), private.ours[0], None, raising=False)
    assert f"has its own {private.ours[0]}" in guard._problem(private)


def test_a_name_of_ours_that_adk_sets_on_instances_is_named(monkeypatch):
    private = next(one for one in OWN if "_queue" in one.set_by)

    class LiveRequestQueue:
        def __init__(self):
            self._queue = self._sender = None

    monkeypatch.setattr(*place_of(private), LiveRequestQueue)
    assert "has its own _sender" in guard._problem(private)


@pytest.mark.parametrize("private", OWN, ids=named)
def test_the_guard_knows_every_name_that_a_subclass_adds(private):
    owner, name = place_of(private)
    base = getattr(owner, name)
    (ours,) = [one for one in SUBCLASSES if issubclass(one, base)]
    added = {one for one in vars(ours) if one.startswith("_") and not one.startswith("__")}
    tree = ast.parse(inspect.getsource(ours))
    added |= {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    assert added - guard._mentioned(base) - set(dir(base)) == set(private.ours)


@pytest.mark.parametrize("private", [one for one in guard.PRIVATE if one.set_by], ids=named)
def test_an_attribute_that_is_set_no_more_is_named(monkeypatch, private):
    class Other:
        def __init__(self):
            self.other = 1

    monkeypatch.setattr(*place_of(private), Other)
    assert f"has no {private.set_by[0]}" in guard._problem(private)


def test_what_has_no_source_or_signature_is_let_pass():
    assert guard._parameters(3) == {}
    assert guard._mentioned(int) == set()
    assert guard._class_problem(guard.PRIVATE[1], "int", int) == ""


def test_replacements_are_made_once():
    from google.adk.live import _cascade_live
    from google.adk.models import google_llm

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
    assert run.stdout.startswith("AdkVersionError adk_nb needs google-adk")
    assert "._get_tool_thread_pool is not there." in run.stdout


BROKEN = """
import importlib.abc, sys, warnings

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == BLOCKED:
            raise ERROR

sys.meta_path.insert(0, Finder())
warnings.simplefilter("ignore")
import adk_nb
try:
    adk_nb.USED
except ImportError as error:
    print(type(error).__name__, error)
"""


def in_a_broken_adk(blocked, error, used):
    """Returns what a use of the package says where a module of ADK cannot be imported."""
    code = BROKEN.replace("BLOCKED", repr(blocked)).replace("ERROR", error).replace("USED", used)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout


@pytest.mark.long
@pytest.mark.parametrize("used", ["LiveSession", "talk", "local_model()", "doctor"])
def test_an_adk_whose_live_part_lacks_a_name_is_told(used):
    code = (
        "import google.adk.live\ndel google.adk.live.CascadeLive\nimport adk_nb\n"
        f"try:\n    adk_nb.{used}\n"
        "except ImportError as error:\n    print(type(error).__name__, error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("AdkVersionError adk_nb needs google-adk")
    assert "cannot import name 'CascadeLive'" in run.stdout


def test_niceties_are_not_told_beside_what_is_grave(monkeypatch):
    nicety = next(one for one in guard.PRIVATE if one.costs)
    grave = next(one for one in guard.PRIVATE if not one.costs)
    monkeypatch.setattr(guard, "PRIVATE", (nicety, grave))
    monkeypatch.setattr(guard, "_problem", lambda one: f"{one.name} is not there.")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(AdkVersionError, match=grave.name):
            guard.check()


@pytest.mark.long
@pytest.mark.parametrize("used", ["default_model()", "local_model()", "talk", "LiveSession"])
def test_an_adk_without_its_live_part_is_named_with_what_to_do(monkeypatch, used):
    monkeypatch.setenv("ADK_NB_MODEL", "local")
    missing = "ModuleNotFoundError('No module', name=name)"
    said = in_a_broken_adk("google.adk.live", missing, used)
    assert said.startswith("AdkVersionError adk_nb needs google-adk")
    assert f"google-adk {version('google-adk')} is installed" in said
    assert "google.adk.live" in said
    assert "is not there." in said
    assert "pip install --upgrade adk-nb" in said


@pytest.mark.long
@pytest.mark.parametrize("used", ["local_model()", "talk"])
def test_a_module_that_fails_is_not_said_to_be_missing(used):
    said = in_a_broken_adk("google.adk.live", "ImportError('no grpc here')", used)
    assert "could not be imported: ImportError: no grpc here." in said
    assert "live is not there" not in said


def private_imports(path):
    """Yields what a module imports of ADK that begins with an underscore."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("google.adk"):
            for alias in node.names:
                if "._" in f"{node.module}.{alias.name}":
                    yield node.module, alias.name


def private_names(path):
    """Returns the private names in a module's code: of attributes, and as text for getattr."""
    found = set()
    nodes = list(ast.walk(ast.parse(path.read_text())))
    pieces = {id(one) for node in nodes if isinstance(node, ast.JoinedStr) for one in node.values}
    for node in nodes:
        name = getattr(node, "attr", getattr(node, "value", None))
        if id(node) in pieces:
            continue
        if isinstance(name, str) and name.startswith("_"):
            found.add(name)
    return found


def test_what_is_private_in_adk_is_touched_in_one_room_alone():
    used = {part for one in guard.PRIVATE for part in one.name.split(".") if part.startswith("_")}
    for path in FILES:
        if path.parent.name != "adk":
            assert not list(private_imports(path)), path
            assert not used & private_names(path), path


def defined(path):
    """Returns the private names that a module defines itself."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        name = getattr(node, "name", None)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            name = node.attr if getattr(node.value, "id", "") == "self" else None
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = node.id
        found |= {name} if name else set()
    return found


def test_the_guard_knows_every_private_name_that_is_touched():
    known = {
        name for one in guard.PRIVATE for name in (*one.name.split("."), *one.set_by, *one.ours)
    }
    for path in FILES:
        if path.parent.name == "adk" and path.name != "private_names.py":
            own = defined(path)
            touched = {one for one in private_names(path) if one != "_" and one[:2] != "__"}
            assert touched - own - known == set(), path


def test_the_guard_knows_every_private_import():
    known = {(one.module, one.name.partition(".")[0]) for one in guard.PRIVATE}
    modules = {one.module for one in guard.PRIVATE}
    for path in FILES:
        for module, name in private_imports(path):
            assert (module, name) in known or f"{module}.{name}" in modules, (path, module, name)
