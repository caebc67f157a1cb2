"""Where an object is found in a notebook: its names, and the modules' that functions are from."""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

GONE = object()
"""What is in a place that is no more."""
_UNNAMED = (bool, int, float, type(None), list, tuple, dict)
"""Of these a name tells nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object is found: a name of the notebook's or a module's, or an attribute of it."""

    space: Mapping[str, Any]
    name: str
    label: str
    attribute: str = ""

    def now(self) -> Any:
        """Returns what is there now."""
        held = self.space.get(self.name, GONE)
        return getattr(held, self.attribute, GONE) if self.attribute else held


class Names:
    """The names that objects have, of the notebook's and of modules."""

    def __init__(self, notebook: Mapping[str, Any]) -> None:
        self._notebook = notebook
        self._by_id: dict[int, list[str]] = {}
        for name, value in items(notebook):
            if not name.startswith("_"):
                self._by_id.setdefault(id(value), []).append(name)

    def of(self, thing: Any) -> list[Place]:
        """Returns where an object is found; for a function also where its successor would be."""
        if isinstance(thing, types.MethodType):
            label = thing.__name__
            return [
                Place(self._notebook, name, f"{name}.{label}", label)
                for name in self._by_id.get(id(thing.__self__), ())
            ]
        if isinstance(thing, types.FunctionType):
            return self._of_function(thing)
        if isinstance(thing, _UNNAMED) or thing == "":
            return []
        return [self._place(name) for name in self._by_id.get(id(thing), ())]

    def _of_function(self, function: types.FunctionType) -> list[Place]:
        own, held = function.__name__, self._by_id.get(id(function), [])
        places = [self._place(own if own in held else held[0])] if held else []
        if function.__qualname__ != own:  # It was made in another function, or in a class.
            return places
        module = function.__module__
        if module == "__main__":
            if not held and isinstance(self._notebook.get(own), types.FunctionType):
                places.append(self._place(own))
            return places
        space = vars(sys.modules[module]) if module in sys.modules else {}
        if isinstance(space.get(own), types.FunctionType):
            places.append(Place(space, own, f"{module}.{own}"))
        return places

    def _place(self, name: str) -> Place:
        return Place(self._notebook, name, name)


def items(space: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Returns what a namespace holds, which another thread may be changing."""
    for _ in range(5):
        try:
            return list(space.items())
        except RuntimeError:  # It changed meanwhile.
            continue
    return []
