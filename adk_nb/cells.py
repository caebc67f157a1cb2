"""Which cell runs, and which objects its earlier runs made."""

from __future__ import annotations

import contextlib
import contextvars
import itertools
import sys
import types
import warnings
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Closable(Protocol):
    """An object that a cell makes and that its next run closes."""

    def close(self) -> None:
        """Closes the object."""


class MadeByCells:
    """The objects that cells have made; running a cell again closes those of its earlier run.

    One run may make several. What a button or `interact` makes is its own in the same way.
    """

    def __init__(self) -> None:
        self._by_cell: dict[str, tuple[str, list[Closable]]] = {}

    def add(self, made: Closable) -> None:
        """Remembers an object, and closes those that an earlier run of its cell made."""
        cell, execution = running_cell()
        if not cell:
            return
        made_by, things = self._by_cell.get(cell, ("", []))
        if made_by != execution:
            for earlier in things:
                earlier.close()
            things = []
        self._by_cell[cell] = (execution, [*things, made])

    def of(self, made: Closable) -> str:
        """Returns the id of the cell that made an object; empty if it is not known."""
        return next((c for c, (_, things) in self._by_cell.items() if made in things), "")

    def forget(self, made: Closable) -> None:
        """Forgets an object that is closed."""
        for cell, (execution, things) in list(self._by_cell.items()):
            if any(one is made for one in things):
                left = [one for one in things if one is not made]
                self._by_cell[cell] = (execution, left)


def running_cell() -> tuple[str, str]:
    """Returns the ids of the cell and of the execution under way; empty outside a front end.

    What runs when a button is clicked is a message of that button; its id stands for a cell's.
    """
    if marimos := _marimos_cell():
        return marimos
    parent: dict[str, Any] = getattr(_shell(), "get_parent", dict)()
    cell = (parent.get("metadata") or {}).get("cellId") or ""
    if not cell and (parent.get("header") or {}).get("msg_type") == "comm_msg":
        cell = (parent.get("content") or {}).get("comm_id") or ""
    return str(cell), str((parent.get("header") or {}).get("msg_id") or "")


def _marimos_cell() -> tuple[str, str] | None:
    # marimo says it nowhere in public; without this an earlier run's conversation would go on.
    context = getattr(sys.modules.get("marimo._messaging.context"), "EXECUTION_CTX", None)
    execution = context.get(None) if isinstance(context, contextvars.ContextVar) else None
    cell, run = getattr(execution, "cell_id", None), getattr(execution, "id", None)
    return (str(cell), str(run)) if cell and run else None


class DeletedCells:
    """The ids of the cells that were deleted; JupyterLab tells them with the next run."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._end: Callable[[], None] | None = None

    def __contains__(self, cell: str) -> bool:
        return cell in self._ids

    def watch(self) -> None:
        """Begins to take them down. Idempotent."""
        if self._end is None and _shell() is not None:
            self._end = after_each_cell(self._look)

    def _look(self) -> None:
        parent: dict[str, Any] = getattr(_shell(), "get_parent", dict)()
        told = (parent.get("metadata") or {}).get("deletedCells")
        if isinstance(told, list):
            self._ids.update(map(str, told))


deleted_cells = DeletedCells()

_DEEPEST = 3
_MOST = 20_000
"""How many objects are looked at for one that a name may hold."""
_RESULTS = {"In", "Out", "exit", "quit", "get_ipython"}


def is_named(*things: object) -> bool:
    """Returns whether a name of the notebook holds one of these, itself or within what it holds.

    IPython's own names for results, such as `_` and `Out`, do not count. Those of `__main__`
    do, where marimo's editor has the notebook's. Where there is too much to look through, the
    answer is yes.
    """
    wanted = {id(thing) for thing in things}
    names = list((vars(sys.modules["__main__"]) | dict(namespace())).items())
    level = [value for name, value in names if not name.startswith("_") and name not in _RESULTS]
    seen: set[int] = set()
    for _ in range(_DEEPEST + 1):
        if len(level) > _MOST or any(id(value) in wanted for value in level):
            return True
        seen.update(map(id, level))
        below = (inner for value in level for inner in _inside(value) if id(inner) not in seen)
        level = list(itertools.islice(below, _MOST + 1))
    return False


def _inside(value: Any) -> list[Any]:
    """Returns what an object holds: a container, a box of widgets, a closure, attributes."""
    match value:
        case dict():
            return list(value.values())
        case list() | tuple() | set() | frozenset():
            return list(value)
        case types.FunctionType():
            return [cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell)]
        case types.ModuleType() if not _is_users(value):
            return []
    # Through what is ours every conversation is reached from every other, through the kernel's
    # shell the one that was shown last.
    closed = isinstance(value, type) or type(value).__module__.startswith(_CLOSED)
    held = [] if closed else list(getattr(value, "__dict__", {}).values())
    if hasattr(type(value), "children"):
        # What a box of ipywidgets holds is in no attribute of its own; others may raise there.
        with contextlib.suppress(Exception):
            held += value.children
    return held


def _is_users(module: types.ModuleType) -> bool:
    """Returns whether a module is a file of the user's, or was made in a cell."""
    if f"{module.__name__}.".startswith(_CLOSED):
        return False
    file = getattr(module, "__file__", None)
    if file is None:  # Python's own ones, such as sys, are in no file.
        return module.__spec__ is None
    return not str(file).startswith(_INSTALLED)


_INSTALLED = (sys.prefix, sys.base_prefix)
_CLOSED = ("adk_nb.", "IPython.", "ipykernel.")


def _is_filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


_told = False


def tell_what_waits() -> None:
    """Warns, once, of a kernel that takes no message from a page while a cell runs."""
    global _told  # noqa: PLW0603 - one kernel a process
    kernel = getattr(_shell(), "kernel", None)
    if _told or not type(kernel).__module__.startswith("ipykernel."):
        return
    _told = True
    if not getattr(kernel, "_supports_kernel_subshells", False):
        found = getattr(sys.modules.get("ipykernel"), "__version__", "6")
        warnings.warn(
            f"ipykernel {found} answers a page only between cells: a widget that is shown or "
            "reloaded while a cell runs waits for its end. Speech goes on meanwhile. "
            "ipykernel 7 answers at once.",
            stacklevel=4,  # The cell's line that calls talk().
        )


def hear_beside_cells(comm: Any) -> None:
    """Has the messages of a page taken where its front end wants: in a subshell, while a cell runs.

    ipykernel 7.4 takes them where the kernel last sent one from, so where cells run:
    https://github.com/ipython/ipykernel, `BaseComm._reply_subshell_for`.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = _wanted_subshell  # noqa: SLF001 - there is no public way


def _wanted_subshell(_data: object, wanted: object) -> object:
    return wanted


def namespace() -> Mapping[str, Any]:
    """Returns the notebook's names and what they hold; empty outside IPython."""
    found = getattr(_shell(), "user_ns", None)
    return found if isinstance(found, dict) else {}


def after_each_cell(call: Callable[[], None]) -> Callable[[], None]:
    """Calls a function whenever a cell has run, in the thread that ran it.

    Returns:
        A function that ends that.
    """
    events = getattr(_shell(), "events", None)
    if events is None:
        return lambda: None

    def ran(_result: object = None) -> None:
        call()

    def end() -> None:
        with contextlib.suppress(ValueError):  # It was ended before.
            events.unregister("post_run_cell", ran)

    events.register("post_run_cell", ran)
    return end


def _shell() -> Any:
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()
