"""The notebook's kernel, as a cell finds it."""

from __future__ import annotations

import sys
import warnings
from contextvars import ContextVar
from types import ModuleType, SimpleNamespace

import pytest
from ipykernel.comm.comm import BaseComm

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


# --- what a cell made


class Made:
    def __init__(self, name, closed):
        self.name, self._closed = name, closed

    def close(self):
        self._closed.append(self.name)


@pytest.fixture
def run(monkeypatch):
    """Runs a cell: the next one is of that id and that execution."""

    def run(cell, execution):
        parent = {"metadata": {"cellId": cell}, "header": {"msg_id": execution}}
        shell = SimpleNamespace(get_parent=lambda: parent)
        monkeypatch.setattr("IPython.get_ipython", lambda: shell)

    return run


def test_a_cell_that_runs_again_closes_what_it_made_before(run):
    made, closed = cells.MadeByCells(), []
    run("a", "1")
    made.add(Made("a1", closed))
    made.add(Made("a1 too", closed))
    run("b", "2")
    made.add(Made("b2", closed))
    assert closed == []
    run("a", "3")
    made.add(Made("a3", closed))
    assert closed == ["a1", "a1 too"]
    made.add(Made("a3 too", closed))
    assert closed == ["a1", "a1 too"]
    run("a", "4")
    made.add(Made("a4", closed))
    assert closed == ["a1", "a1 too", "a3", "a3 too"]


def test_where_no_cell_is_known_nothing_is_closed(run):
    made, closed = cells.MadeByCells(), []
    for cell, execution in (("", "1"), (None, "2")):
        run(cell, execution)
        made.add(Made("made", closed))
    assert closed == []


@pytest.mark.parametrize(
    ("parent", "found"),
    [
        ({"metadata": {"cellId": "c"}, "header": {"msg_id": "m"}}, ("c", "m")),
        ({"metadata": None, "header": None}, ("", "")),
        ({"metadata": {"cellId": None}, "header": {"msg_id": None}}, ("", "")),
        ({}, ("", "")),
        # A button was clicked.
        (
            {"header": {"msg_type": "comm_msg", "msg_id": "m"}, "content": {"comm_id": "b"}},
            ("b", "m"),
        ),
    ],
)
def test_which_cell_runs(monkeypatch, parent, found):
    shell = SimpleNamespace(get_parent=lambda: parent)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    assert cells.running_cell() == found


@pytest.mark.parametrize("shell", [None, SimpleNamespace()])
def test_outside_a_front_end_no_cell_runs(monkeypatch, shell):
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    assert cells.running_cell() == ("", "")


def test_without_ipython_no_cell_runs(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    assert cells.running_cell() == ("", "")


# --- what names hold


@pytest.fixture
def names(monkeypatch):
    """The notebook's names."""
    held = {}
    monkeypatch.setattr(cells, "_shell", lambda: SimpleNamespace(user_ns=held))
    return held


class Box:
    def __init__(self, *children):
        self._kept = children

    @property
    def children(self):
        return self._kept


def closing_over(thing):
    def function():
        return thing

    return function


HOLDERS = [
    lambda thing: thing,
    lambda thing: [1, {"a": (thing,)}],
    lambda thing: Box(Box(thing)),
    closing_over,
    lambda thing: SimpleNamespace(live=thing),
    lambda thing: {"type": type(thing), "thing": frozenset([thing])},
]


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_name_holds_it(names, holder, monkeypatch):
    thing = Made("a", [])
    shell = type("Shell", (), {"__module__": "IPython.core.interactiveshell"})()
    shell.hook = thing
    monkeypatch.setattr(sys, "displayhook", SimpleNamespace(last=thing), raising=False)
    names |= {
        "x": 1,
        "sys": sys,
        "ip": shell,
        "_": thing,
        "_3": thing,
        "Out": {3: thing},
        "kind": Made,
    }
    assert not cells.is_named(thing)
    names["y"] = holder(thing)
    assert cells.is_named(thing)
    assert not cells.is_named(Made("b", []))


def test_names_that_hold_themselves_or_too_much(names):
    names["me"] = [names]
    names["unfilled"] = closing_over
    assert not cells.is_named(Made("a", []))
    names["many"] = [[n] for n in range(30_000)]
    assert cells.is_named(Made("a", []))


def test_the_cells_that_were_deleted(monkeypatch):
    calls = []
    parent = {"metadata": {"deletedCells": ["a", "b"]}}
    events = SimpleNamespace(register=lambda _, call: calls.append(call))
    shell = SimpleNamespace(events=events, get_parent=lambda: parent)
    monkeypatch.setattr(cells, "_shell", lambda: shell)
    deleted = cells.DeletedCells()
    for _ in range(2):
        deleted.watch()
    (call,) = calls
    assert "a" not in deleted
    call()
    assert ("a" in deleted, "b" in deleted, "c" in deleted) == (True, True, False)
    for odd in (None, 3, "a"):
        parent["metadata"] = {"deletedCells": odd}
        call()


def test_which_cell_made_it(run):
    made = cells.MadeByCells()
    one, other = Made("1", []), Made("2", [])
    run("a", "1")
    made.add(one)
    run("b", "2")
    made.add(other)
    assert (made.of(one), made.of(other), made.of(Made("3", []))) == ("a", "b", "")


# --- marimo, which has no IPython


class MarimosContext(ModuleType):
    """Stands in for what marimo says of the cell that runs."""

    def __init__(self):
        super().__init__("marimo._messaging.context")
        self.EXECUTION_CTX = ContextVar("execution", default=None)


def test_the_cell_of_marimo_that_runs(monkeypatch):
    assert cells.running_cell() == ("", "")
    context = MarimosContext()
    monkeypatch.setitem(sys.modules, context.__name__, context)
    assert cells.running_cell() == ("", "")
    context.EXECUTION_CTX.set(SimpleNamespace(cell_id="Hbol", id="1"))
    assert cells.running_cell() == ("Hbol", "1")
    # What a library shows by IPython makes a shell, which runs no cell.
    monkeypatch.setattr(cells, "_shell", SimpleNamespace)
    assert cells.running_cell() == ("Hbol", "1")
    context.EXECUTION_CTX.set("something else")
    assert cells.running_cell() == ("", "")


def test_the_names_of_the_program_hold_it_too(monkeypatch):
    thing = Made("a", [])
    assert not cells.is_named(thing)
    monkeypatch.setattr(sys.modules["__main__"], "live", thing, raising=False)
    assert cells.is_named(thing)


def test_what_a_page_sends_is_taken_where_its_front_end_wants():
    """Also where the kernel has sent something from the thread of the cells meanwhile."""
    comm = BaseComm(target_name="jupyter.widget", primary=False)
    comm._reply_subshell_id = None
    cells.hear_beside_cells(comm)
    route = getattr(comm, "_reply_subshell_for", lambda _data, wanted: wanted)  # New in 7.4.
    assert route({"method": "custom"}, "a subshell") == "a subshell"
    cells.hear_beside_cells(None)
