"""Which cell runs, and which objects its earlier runs made."""

from __future__ import annotations

import sys
import warnings
from typing import Any, Protocol


class Closable(Protocol):
    """An object that a cell makes and that its next run closes."""

    def close(self) -> None:
        """Closes the object."""


class MadeByCells:
    """The objects that cells have made; running a cell again closes those of its earlier run.

    One run may make several.
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


def running_cell() -> tuple[str, str]:
    """Returns the ids of the cell and of the execution under way; empty outside a front end."""
    parent: dict[str, Any] = getattr(_shell(), "get_parent", dict)()
    cell = (parent.get("metadata") or {}).get("cellId") or ""
    return str(cell), str((parent.get("header") or {}).get("msg_id") or "")


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


def _shell() -> Any:
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()
