"""Finds the agent that a command line names."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adk_nb.exceptions import AdkNbError, CredentialsError
from adk_nb.providers import env_file
from adk_nb.tracebacks import is_users

if TYPE_CHECKING:
    from types import ModuleType

    from google.adk.agents import BaseAgent

_NAMES = ("root_agent", "agent", "app")


def load(name: str) -> BaseAgent:
    """Returns the agent of a module or a file.

    Args:
        name: A folder as `adk create` makes it, a Python file, or a module; with `:variable` after
            it where the agent is not called `root_agent` or `agent`.

    Raises:
        AdkNbError: There is none.
    """
    place, _, variable = name.partition(":") if not Path(name).exists() else (name, "", "")
    module = _module(place)
    inner = getattr(module, "agent", None)  # A folder of ADK's has a module of that name.
    for owner in (module, inner):
        for one in (variable,) if variable else _NAMES:
            found = _agent_of(getattr(owner, one, None))
            if found is not None:
                return found
    wanted = variable or "root_agent"
    raise AdkNbError(
        f"There is no agent {wanted!r} in {place}.",
        remedy="Name the variable: python -m adk_nb serve my_agents:helper",
        code="bad_option",
    )


def _agent_of(found: Any) -> BaseAgent | None:
    from google.adk.agents import BaseAgent

    found = getattr(found, "root_agent", found)  # ADK's App has one.
    return found if isinstance(found, BaseAgent) else None


def _module(place: str) -> ModuleType:
    path = Path(place).expanduser()
    try:
        if path.is_dir():
            env_file.load_of_agent(path.resolve())
            sys.path.insert(0, str(path.resolve().parent))
            return _with_agent(path.resolve().name)
        if path.suffix == ".py":
            env_file.load_of_agent(path.resolve().parent)
            return _of_file(path)
        sys.path.insert(0, str(Path.cwd()))
        env_file.load_of_agent(_folder_of_module(place))
        return importlib.import_module(place)
    except CredentialsError:  # Of a .env file that cannot be read, or of the model in agent.py.
        raise
    except Exception as error:
        where = _own_line(error)
        if where:
            raise AdkNbError(
                f"{place} cannot be loaded: {where}: {_what(error)}",
                remedy=_remedy(error),
                code="bad_option",
            ) from error
        if not isinstance(error, ImportError | FileNotFoundError):
            raise
        raise AdkNbError(
            f"{place} cannot be loaded: {error}.",
            remedy="Give a folder with an agent.py, a Python file, or a module.",
            code="bad_option",
        ) from error


def _own_line(error: Exception) -> str:
    """Returns the last line of the user's own in what led to an error; empty if there is none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    lines = ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        path = frame.f_code.co_filename
        if is_users(frame) and Path(path).is_file():  # Python's own importer is in no file.
            lines = f"{path}, line {number}"
    return lines


def _what(error: Exception) -> str:
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {said}"


def _remedy(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return "Install the package in the environment of this command, or mend the import."
    return "Mend that line."


def _with_agent(name: str) -> ModuleType:
    """Imports a folder of ADK's: the agent is in it or in its module `agent`."""
    module = importlib.import_module(name)
    if not hasattr(module, "root_agent") and importlib.util.find_spec(f"{name}.agent"):
        importlib.import_module(f"{name}.agent")
    return module


def _folder_of_module(name: str) -> Path:
    """Returns the folder that a module is in, without importing it."""
    top, *inner = name.split(".")
    spec = importlib.util.find_spec(top)
    if spec is None or not (spec.has_location or spec.submodule_search_locations):
        return Path.cwd()
    if not spec.submodule_search_locations:
        return Path(str(spec.origin)).parent
    folder = Path(next(iter(spec.submodule_search_locations)), *inner)
    return folder if folder.is_dir() else folder.parent


def _of_file(path: Path) -> ModuleType:
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.exists():
        raise FileNotFoundError(f"there is no such file: {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
