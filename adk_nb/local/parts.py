"""The packages of the embedded default; each of them may be missing, or not load.

A part that cannot be loaded counts as missing. The user is told once what is missing and what to
do; everything that works without it still works.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from adk_nb.exceptions import LocalModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

# What the loader says of a shared library that the system lacks.
_LIBRARY = re.compile(r"(lib[\w.+-]+?\.so[\d.]*): cannot open shared object file")
_DEBIAN = {
    "libgomp.so.1": "libgomp1",
    "libstdc++.so.6": "libstdc++6",
    "libatomic.so.1": "libatomic1",
}


def installed(*modules: str) -> bool:
    """Returns whether the files of all these modules are there; imports none."""
    return all(_spec(module) is not None for module in modules)


def _spec(module: str) -> object:
    try:
        return importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """One implementation of a part of the embedded default.

    Attributes:
        name: What users call it.
        modules: What is imported for it.
        extra: The extra of adk-nb that brings it.
        load: Loads it.
        hint: What else to do where it is not installed, as a sentence; may be empty.
    """

    name: str
    modules: tuple[str, ...]
    extra: str
    load: Callable[[], T]
    hint: str = ""

    @property
    def installed(self) -> bool:
        """Whether its packages are there."""
        return installed(*self.modules)

    def unusable(self, error: Exception) -> LocalModelError:
        """Returns the error if it could not be loaded."""
        if isinstance(error, LocalModelError):
            return error
        if not self.installed:
            remedy = f"Run pip install 'adk-nb[{self.extra}]', and then the agent's cell again."
            remedy = f"{remedy} {self.hint}".strip()
            return LocalModelError(f"{self.name} is not installed.", remedy=remedy)
        said = f"{type(error).__name__}: {error}".rstrip(". :")
        message = f"{self.name} is installed, but cannot be loaded ({said})."
        return LocalModelError(message, remedy=self._remedy(str(error)))

    def _remedy(self, said: str) -> str:
        library = _LIBRARY.search(said)
        if library is None:
            return f"Run pip install --upgrade 'adk-nb[{self.extra}]', and restart the kernel."
        package = _DEBIAN.get(library[1])
        how = f" (on Debian and Ubuntu: apt-get install {package})" if package else ""
        return f"Install the system's {library[1]}{how}, and restart the kernel."


def load_first(parts: Sequence[Part[T]]) -> T:
    """Returns the first of several parts that can be loaded; blocks while it loads.

    Raises:
        LocalModelError: None can be loaded.
    """
    failures = []
    for part in parts:
        try:
            return part.load()
        except Exception as error:
            failures.append(part.unusable(error))
    # An error of a part that is installed is more useful than that another is missing.
    told = next((at for at, part in enumerate(parts) if part.installed), 0)
    raise failures[told]


def missing(parts: Sequence[Part[T]]) -> LocalModelError | None:
    """Returns the error if none of the parts is installed; loads nothing."""
    if any(part.installed for part in parts):
        return None
    return parts[0].unusable(ImportError())


def without(loss: str, error: LocalModelError) -> LocalModelError:
    """Returns the error for a missing part: what is lost, why, and the remedy.

    Args:
        loss: What is lost, such as "The agent has no voice".
        error: Why.
    """
    return LocalModelError(f"{loss}: {error.message}", remedy=error.remedy)
