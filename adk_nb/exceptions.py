"""The errors; each message says what happened and what to do about it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from adk_nb import tracebacks

if TYPE_CHECKING:
    from collections.abc import Collection


class AdkNbError(Exception):
    """The base class of every error that adk_nb raises itself.

    Attributes:
        code: A short, stable name, the same in the page; `docs/errors.md` lists them.
        remedy: What the user can do about it, as a sentence; may be empty.
    """

    code = "error"

    def __init__(self, message: str, *, remedy: str = "", code: str | None = None) -> None:
        # What a library says often ends without a full stop.
        stop = "." if remedy and message.rstrip()[-1:].isalnum() else ""
        super().__init__(f"{message.rstrip()}{stop} {remedy}".strip())
        self.message = message
        self.remedy = remedy
        if code is not None:
            self.code = code

    def _render_traceback_(self) -> list[str]:
        """Returns what IPython shows in a cell: the user's own lines, and what to do."""
        return tracebacks.rendered(self, self.message, self.remedy)


class AdkVersionError(AdkNbError, ImportError):
    """The installed ADK does not fit this version of adk_nb."""

    code = "adk_version"


class ProtocolError(AdkNbError):
    """Bytes or text on the wire that are no message of the protocol."""

    code = "bad_message"


class AudioError(AdkNbError):
    """What was given is not sound that can be read, or holds no speech."""

    code = "bad_audio"


class SessionClosedError(AdkNbError):
    """A closed session was asked to go on."""

    code = "session_closed"


class BusyError(AdkNbError):
    """A server of an agent takes no more sessions at the moment."""

    code = "busy"


class AgentError(AdkNbError):
    """A function that was to make the agent of a server made none; the cause says why."""

    code = "agent_failed"


class TurnTimeoutError(AdkNbError, TimeoutError):
    """A turn was not answered in time; it goes on, and the session with it."""

    code = "turn_timeout"


class ModelError(AdkNbError):
    """The model could not be reached, or ended the conversation with an error."""

    code = "model_failed"


class CredentialsError(ModelError):
    """A Gemini model is asked for, and its key, project or certificate is missing or invalid."""

    code = "no_credentials"


class SwapError(AdkNbError):
    """An agent, its tools or its history could not be changed; the old agent goes on."""

    code = "swap_failed"


class LocalModelError(AdkNbError):
    """A part of the embedded default is missing or failed to load."""

    code = "local_model"


def nearest(name: object, known: Collection[str]) -> str:
    """Returns a remedy for a name that there is not: the nearest one, or all that there are."""
    near = difflib.get_close_matches(str(name), known, 1)
    return f"Is it {near[0]}?" if near else f"There are: {', '.join(known)}."


def together(errors: list[LocalModelError]) -> LocalModelError:
    """Returns one error for several, in which each remedy stands once."""
    messages = " ".join(error.message for error in errors)
    remedies = dict.fromkeys(error.remedy for error in errors if error.remedy)
    return LocalModelError(messages, remedy=" ".join(remedies))


class BridgeError(AdkNbError):
    """The bridge thread or its server cannot do what was asked."""

    code = "bridge"


class RecordingError(AdkNbError):
    """A recording cannot be written, or there is none to read."""

    code = "recording"


def session_closed() -> SessionClosedError:
    """Returns the error of a session that is asked to go on when it is closed."""
    return SessionClosedError(
        "This session is closed.",
        remedy="Call talk(agent) or `with LiveSession(agent) as s:` for a new one.",
    )
