"""Checks the private names of ADK that the package relies on before they are used.

ADK may change what begins with an underscore in any release, and makes one every two weeks. `check`
reports what an ADK lacks; `install` puts our replacements in place, once.
"""

from __future__ import annotations

import importlib
import inspect
import re
import threading
import warnings

from adk_nb import adk_version
from adk_nb.adk.private_names import PRIVATE, Private

_lock = threading.Lock()
_installed = False


def check() -> None:
    """Checks that the installed ADK has what the package relies on.

    Warns if something is missing that is not essential.

    Raises:
        AdkVersionError: Something essential is missing.
    """
    missing = [(one, problem) for one in PRIVATE if (problem := _problem(one))]
    # Where a module is missing, each name in it is.
    grave = dict.fromkeys(problem for one, problem in missing if not one.costs)
    if grave:
        raise adk_version.unfit(" ".join(grave))
    for one, problem in missing:
        warnings.warn(f"{problem} {one.costs}", RuntimeWarning, stacklevel=2)


def install() -> None:
    """Puts our replacements in the places of ADK's own; idempotent."""
    global _installed  # noqa: PLW0603 - once a process, like what it changes
    with _lock:
        if _installed:
            return
        from google.adk.live import _cascade_live
        from google.adk.models import google_llm

        from adk_nb.adk import (
            background_tools,
            cascade_connection,
            gemini_connection,
            genai_client,
            log_filter,
            user_errors,
            withheld,
        )

        # Each is a subclass that does as its base does in a run that is not a session's.
        _cascade_live.CascadeLiveConnection = cascade_connection.HeardConnection  # type: ignore[attr-defined]
        google_llm.GeminiLlmConnection = gemini_connection.LongConnection  # type: ignore[attr-defined]
        log_filter.listen()
        user_errors.install()
        background_tools.install()
        genai_client.install()
        withheld.install()
        _installed = True


def _problem(private: Private) -> str:
    """Returns what is wrong with a private name, in a sentence; nothing if it is as expected."""
    where = f"{private.module}.{private.name}"
    try:
        found: object = importlib.import_module(private.module)
    except Exception as error:
        return adk_version.not_imported(private.module, error)
    for part in private.name.split("."):
        # A private attribute of a pydantic model is no attribute of its class.
        inside = getattr(found, "__private_attributes__", {})
        found = inside[part] if part in inside else getattr(found, part, None)
        if found is None:
            return f"{where} is not there."
    return _signature_problem(private, where, found) or _class_problem(private, where, found)


def _signature_problem(private: Private, where: str, found: object) -> str:
    wanted = private.parameters
    if wanted is None:
        return ""
    there = _parameters(found)
    lacking = [name for name in wanted if name not in there]
    if lacking:
        return f"{where} takes no {', '.join(lacking)}."
    others = [
        name
        for name, one in there.items()
        if name not in wanted
        and one.kind not in {one.VAR_POSITIONAL, one.VAR_KEYWORD}
        and (private.replaced or one.default is one.empty)
    ]
    return f"{where} takes {', '.join(others)} too." if others else ""


def _class_problem(private: Private, where: str, found: object) -> str:
    if not private.set_by and not private.ours:
        return ""
    mentioned = _mentioned(found)
    unset = [name for name in private.set_by if mentioned and name not in mentioned]
    if unset:
        return f"{where} has no {', '.join(unset)}."
    taken = [name for name in private.ours if name in mentioned or hasattr(found, name)]
    return f"{where} has its own {', '.join(taken)}." if taken else ""


def _parameters(function: object) -> dict[str, inspect.Parameter]:
    """Returns a function's parameters by name, without `self`."""
    try:
        found = dict(inspect.signature(function).parameters)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return {}
    found.pop("self", None)
    return found


def _mentioned(cls: object) -> set[str]:
    """Returns the attributes of itself that a class's code mentions; none without the code."""
    try:
        return set(re.findall(r"\bself\.(\w+)", inspect.getsource(cls)))  # type: ignore[arg-type]
    except (OSError, TypeError):
        return set()
