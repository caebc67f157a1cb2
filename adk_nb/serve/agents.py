"""Finds the agent that a command line names, and what a session has of it."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from adk_nb.exceptions import AdkNbError, AgentError, CredentialsError
from adk_nb.providers import env_file
from adk_nb.serve.visitors import LATER
from adk_nb.tracebacks import is_users

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeAlias

    from google.adk.agents import BaseAgent
    from google.adk.apps import App
    from google.adk.plugins.base_plugin import BasePlugin

    Made: TypeAlias = BaseAgent | App
    Agents: TypeAlias = Made | Callable[[], Made]

logger = logging.getLogger(__name__)

_OF_ADK = ("app", "root_agent")
"""The variables that ADK's own commands look for, in their order."""
_CONFIG = "root_agent.yaml"
_CONFIGS = frozenset({".yaml", ".yml"})
_UNUSED = ("events_compaction_config", "context_cache_config", "resumability_config")
"""What an App may have that a live conversation makes no use of."""


def checked(given: Agents) -> Agents:
    """Returns what is to be served, and says what of an App is not used.

    Raises:
        AdkNbError: It is no agent, App or function.
    """
    from google.adk.agents import BaseAgent
    from google.adk.apps import App

    if isinstance(given, App):
        _root_of(given)
        unused = [name for name in _UNUSED if getattr(given, name, None) is not None]
        if unused:
            logger.warning("Live conversations make no use of the App's %s.", " and ".join(unused))
    elif not (isinstance(given, BaseAgent) or callable(given)):
        raise _no_agent(given)
    return given


def plugins_of(given: Agents) -> list[BasePlugin]:
    """Returns the plugins of an App; of what else there is, none."""
    return list(getattr(given, "plugins", None) or ())


def of_session(given: Agents, options: Mapping[str, Any]) -> tuple[BaseAgent, dict[str, Any]]:
    """Returns the agent of a session, and its options with the plugins and the name of an App.

    Args:
        given: The agent or App, or a function that makes one for each session.
        options: The options of the session; an `app_name` in them stands in the place of the App's.

    Raises:
        AgentError: The function makes none; the cause says why, and its text is for the log alone.
    """
    from google.adk.apps import App

    try:
        made, agent = _made(given)
    except Exception as error:
        message = "There is no agent to speak to at the moment."
        raise AgentError(message, remedy=LATER) from error
    if not isinstance(made, App):
        return agent, dict(options)
    plugins = [*made.plugins, *options.get("plugins", ())]
    return agent, {"app_name": made.name, **options, "plugins": plugins}


def _made(given: Agents) -> tuple[Made, BaseAgent]:
    """Returns what a session is made of, and its agent."""
    from google.adk.agents import BaseAgent
    from google.adk.apps import App

    made = given if isinstance(given, BaseAgent | App) else given()
    agent = _root_of(made) if isinstance(made, App) else made
    if not isinstance(agent, BaseAgent):
        raise _no_agent(agent)
    return made, agent


def _no_agent(given: object) -> AdkNbError:
    return AdkNbError(
        f"{given!r:.80} is no agent of ADK's.",
        remedy="Give an agent, an App of ADK's, or a function that makes one.",
        code="bad_option",
    )


def _root_of(app: App) -> BaseAgent:
    from google.adk.agents import BaseAgent

    root = app.root_agent
    if not isinstance(root, BaseAgent):
        raise AdkNbError(
            f"The App {app.name!r} has a {type(root).__name__} at its root, and no agent.",
            remedy="Only agents can be spoken to: give the App an agent as root_agent.",
            code="bad_option",
        )
    return root


def load(name: str) -> Made:
    """Returns the agent of a module or a file, or ADK's App around it.

    Args:
        name: A folder as `adk create` makes it, also of the type `config`, a Python file, or a
            module; with `:variable` after it where the agent is not called `root_agent` or `agent`.

    Raises:
        AdkNbError: There is none.
    """
    place, _, variable = name.partition(":") if not Path(name).exists() else (name, "", "")
    config = Path(place).expanduser()
    if config.suffix in _CONFIGS and config.is_file():
        env_file.load_of_agent(config.resolve().parent)
        return _of_config(config)
    module = _module(place)
    names = (variable,) if variable else (*_OF_ADK, "agent")
    found = _among(module, names)
    if found is None:  # A folder of ADK's has a module of that name.
        found = _among(getattr(module, "agent", None), names)
    if found is not None:
        return found
    if not variable and (config / _CONFIG).is_file():
        return _of_config(config / _CONFIG)
    wanted = variable or "root_agent"
    raise AdkNbError(
        f"There is no agent {wanted!r} in {place}.",
        remedy="Name the variable: python -m adk_nb serve my_agents:helper",
        code="bad_option",
    )


def _of_config(path: Path) -> BaseAgent:
    """Returns the agent that a file of `adk create --type=config` describes."""
    from google.adk.agents import BaseAgent

    try:
        from google.adk.agents.config_agent_utils import from_config
    except ImportError as error:
        raise AdkNbError(
            f"{path} cannot be loaded: the installed ADK reads no such files.",
            remedy="Write an agent.py with a root_agent.",
            code="bad_option",
        ) from error
    sys.path.insert(0, str(path.resolve().parents[1]))  # Where the modules of its tools are.
    try:
        made = from_config(str(path))
    except Exception as error:
        raise AdkNbError(
            f"{path} cannot be loaded: {' '.join(_what(error).split())}.",
            remedy="Mend that file.",
            code="bad_option",
        ) from error
    if not isinstance(made, BaseAgent):
        raise AdkNbError(
            f"{path} describes a {type(made).__name__}, and no agent.",
            remedy="Only agents can be spoken to.",
            code="bad_option",
        )
    return made


def _among(owner: Any, names: Iterable[str]) -> Made | None:
    """Returns the first variable of a module that is an agent or an App."""
    from google.adk.agents import BaseAgent
    from google.adk.apps import App

    for name in names:
        found = getattr(owner, name, None)
        if isinstance(found, ModuleType):
            found = _among(found, _OF_ADK)
        if isinstance(found, App):
            _root_of(found)
            return found
        if isinstance(found, BaseAgent):
            return found
    return None


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
