"""Modules that take long to import, for the tests that need them.

Under pytest-xdist each process imports every test module, and runs only some.
"""

from __future__ import annotations

import importlib
from typing import Any


class Late:
    """A module that is imported when it is first used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # pytest looks for its own marks in all that a module has.
            raise AttributeError(name)
        return getattr(importlib.import_module(self._name), name)
