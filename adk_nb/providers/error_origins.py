"""Whose an error is: the model's, a tool's, the session service's, or the user's own code's."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from adk_nb.providers.error_words import kinds_of

if TYPE_CHECKING:
    from types import FrameType

SESSIONS = "its session service"
_TOOLS = "a tool of the agent's"
_CALLERS = ("google.adk", "adk_nb.adk.user_errors")
"""What calls the user's code."""

# Where Python's own modules and installed packages are; other files are the user's.
_LIBRARY = sysconfig.get_path("stdlib")
_OURS = str(Path(__file__).parents[1])
_FOREIGN = (_LIBRARY, str(Path(_LIBRARY).resolve()), "<frozen", _OURS)
_INSTALLED = ("site-packages", "dist-packages")


def origin(chain: list[BaseException]) -> tuple[str, BaseException]:
    """Returns what raised the error, and the error; empty if it was the model's side."""
    for one in chain:
        if where := _raised_by(one):
            return where, one
    for one in chain:
        if any(kind.startswith("sqlalchemy.") for kind in kinds_of(one)):
            return SESSIONS, one
    return "", chain[0]


def _raised_by(error: BaseException) -> str:
    traceback, entered, where = error.__traceback__, False, ""
    while traceback is not None:
        frame = traceback.tb_frame
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(("google.adk.sessions", "google.adk.artifacts")):
            return SESSIONS
        # The user's first frame below ADK's is the callback, tool or plugin that ADK called.
        if entered and _is_users(frame):
            return _role(frame)
        if module.startswith("google.adk.tools"):
            where = _TOOLS
        elif module.startswith(("google.adk.models", "google.genai")):
            where = ""  # A tool that is an agent has its own model.
        entered = entered or module.startswith(_CALLERS)
        traceback = traceback.tb_next
    return where


def _is_users(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    return not file.startswith(_FOREIGN) and not any(part in file for part in _INSTALLED)


def _role(frame: FrameType) -> str:
    kinds = {kind.rsplit(".", 1)[-1] for kind in kinds_of(frame.f_locals.get("self"))}
    if kinds & {"BaseLlm", "BaseLlmConnection"}:
        return ""  # The user's own model class.
    if kinds & {"BaseSessionService", "BaseArtifactService"}:
        return SESSIONS
    return f"{frame.f_code.co_name}() in your code"
