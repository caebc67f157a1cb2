"""The notebook's cells: which one runs, and what it made when it was run before."""

from __future__ import annotations

from typing import Any, Protocol


class Closable(Protocol):
    """What a cell makes and its next run closes."""

    def close(self) -> None:
        """Ends it."""


class MadeByCells:
    """What the cells of a notebook have made; a cell that is run again closes its earlier things.

    One execution may make several.
    """

    def __init__(self) -> None:
        self._by_cell: dict[str, tuple[str, list[Closable]]] = {}

    def add(self, made: Closable) -> None:
        """Takes note of something, and closes what an earlier run of its cell made."""
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
    try:
        from IPython import get_ipython
    except ImportError:
        return "", ""
    parent: dict[str, Any] = getattr(get_ipython(), "get_parent", dict)()
    cell = (parent.get("metadata") or {}).get("cellId") or ""
    return str(cell), str((parent.get("header") or {}).get("msg_id") or "")
