"""Speak to Google ADK agents inside a notebook cell.

The names below are loaded when they are first used: importing adk_nb imports neither google.adk
nor a model.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    from IPython.core.interactiveshell import InteractiveShell

    from adk_nb.adk.retriable import retriable
    from adk_nb.audio import Clip
    from adk_nb.data.spans import spans_df
    from adk_nb.data.tables import events_df, tools_df, transcript_df, turns_df
    from adk_nb.data.timeline import timeline
    from adk_nb.exceptions import AdkNbError
    from adk_nb.live.silence import Silence
    from adk_nb.local import local_model
    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.turn import Turn
    from adk_nb.notebook.doctor import doctor
    from adk_nb.notebook.inspector import inspect
    from adk_nb.own_page import connect_info, open  # noqa: A004 - as in webbrowser.open
    from adk_nb.providers.gemini import default_model, models
    from adk_nb.session import LiveSession
    from adk_nb.widget import LiveWidget, talk
    from adk_nb.wire.page_hub import Page

__version__ = "0.1.0"

_HOMES = {
    "AdkNbError": "exceptions",
    "Clip": "audio",
    "LiveSession": "session",
    "LiveWidget": "widget",
    "Page": "wire.page_hub",
    "Silence": "live.silence",
    "ToolCall": "log.tool_call",
    "Turn": "log.turn",
    "connect_info": "own_page",
    "default_model": "providers.gemini",
    "doctor": "notebook.doctor",
    "events_df": "data.tables",
    "inspect": "notebook.inspector",
    "local_model": "local",
    "models": "providers.gemini",
    "open": "own_page",
    "retriable": "adk.retriable",
    "spans_df": "data.spans",
    "talk": "widget",
    "timeline": "data.timeline",
    "tools_df": "data.tables",
    "transcript_df": "data.tables",
    "turns_df": "data.tables",
}
_MODULES = frozenset({"frames", "gemini", "serve"})
"""Modules that are there without an import of their own."""

__all__ = [
    "AdkNbError",
    "Clip",
    "LiveSession",
    "LiveWidget",
    "Page",
    "Silence",
    "ToolCall",
    "Turn",
    "connect_info",
    "default_model",
    "doctor",
    "events_df",
    "inspect",
    "local_model",
    "models",
    "open",
    "retriable",
    "spans_df",
    "talk",
    "timeline",
    "tools_df",
    "transcript_df",
    "turns_df",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return _module(name)
    if name not in _HOMES:
        raise AttributeError(f"module 'adk_nb' has no attribute {name!r}")
    value = getattr(_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def _module(name: str) -> ModuleType:
    """Imports a module of the package; of an ADK that lacks what it needs the error says so."""
    try:
        return importlib.import_module(f"adk_nb.{name}")
    except ImportError as error:
        if error.name is None or not f"{error.name}.".startswith("google.adk."):
            raise
        from adk_nb import adk_version

        raise adk_version.unfit(adk_version.not_imported(error.name, error)) from error


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Runs for `%load_ext adk_nb`: adds the magics, and `asyncio.run()` in cells."""
    from adk_nb.notebook import magics

    magics.load(ipython)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """Runs for `%unload_ext adk_nb`: removes the magics; nest-asyncio's patches stay."""
    from adk_nb.notebook import magics

    magics.unload(ipython)
