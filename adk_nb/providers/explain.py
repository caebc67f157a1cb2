"""Explains errors of a model, of ADK and of the user's own code, and what to do about them.

An error is read by its structure if it has one: a close code, an HTTP status, a kind of `OSError`;
only then by its text. Keys are masked; see `mask`.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adk_nb.exceptions import AdkNbError, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

MASK = "[secret]"
_LONGEST = 600
"""How much of an error's own text is shown (characters)."""
_DEEPEST = 20
"""How many nested errors are looked at."""

_LOCAL = "adk_nb.local_model()"


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What an error means: a short stable name, a sentence, and what to do about it."""

    code: str
    meaning: str
    remedy: str


_MEANINGS = {
    one.code: one
    for one in (
        _Meaning(
            "no_credentials",
            "The model cannot be reached: there is no key for it.",
            "Write GOOGLE_API_KEY=... into a .env file beside the notebook; for Vertex AI set "
            "GOOGLE_CLOUD_PROJECT and GOOGLE_CLOUD_LOCATION, and run `gcloud auth "
            f"application-default login` in a terminal. Or use {_LOCAL}.",
        ),
        _Meaning(
            "bad_credentials",
            "The model cannot be reached: the API does not accept the key.",
            "Check GOOGLE_API_KEY against https://aistudio.google.com/apikey, correct it in the "
            ".env file, and run the cell again.",
        ),
        _Meaning(
            "expired_credentials",
            "The model cannot be reached: the key or the login has expired.",
            "Make a new key at https://aistudio.google.com/apikey, or run `gcloud auth "
            "application-default login` for Vertex AI.",
        ),
        _Meaning(
            "permission_denied",
            "The model cannot be reached: the key or the account may not use it.",
            "See in the Google Cloud console that the API is enabled and that the key, the "
            "account and the region are allowed to use the model.",
        ),
        _Meaning(
            "model_not_found",
            "The model cannot be reached: there is no live model of that name here.",
            f"adk_nb.models() lists those that the key offers; or use {_LOCAL}.",
        ),
        _Meaning(
            "invalid_argument",
            "The model refused what it was asked for.",
            "Look at the session's options and at the tools' parameters: not every model "
            "supports all; docs/gemini.md says which.",
        ),
        _Meaning(
            "quota",
            "The model's quota is used up.",
            "Wait a minute and say it again; see https://ai.google.dev/gemini-api/docs/rate-limits "
            "for the limits, and close sessions that are not needed.",
        ),
        _Meaning(
            "unavailable",
            "The model's service is not available at the moment.",
            "Say it again in a while; the next turn connects again.",
        ),
        _Meaning(
            "internal_error",
            "The model's service failed within.",
            "Say it again; the next turn connects again. If that goes on, try another model, or "
            "fewer tools and a shorter instruction.",
        ),
        _Meaning(
            "session_limit",
            "The model's time limit for a session or for an answer was reached.",
            "Say it again; the next turn connects again. For long conversations leave "
            "resumption on and turn context-window compression on.",
        ),
        _Meaning(
            "session_not_found",
            "The model does not know the session that was to be resumed.",
            "Say it again; the next turn begins a new one with the history so far.",
        ),
        _Meaning(
            "connection_refused",
            "The model closed the connection: what was sent is against its rules.",
            "Look at the reason; a new turn connects again.",
        ),
        _Meaning(
            "operation_refused",
            "The model's service closed the connection, and does not say over what.",
            "Say it again; the next turn connects again. It happens in the middle of conversations "
            "with nothing wrong here. If it comes at once each time, the model lacks something "
            "that the session asks for: docs/gemini.md says what each model has.",
        ),
        _Meaning(
            "connection_lost",
            "The connection to the model was lost.",
            "Check the network; the next turn connects again.",
        ),
        _Meaning(
            "connection_closed",
            "The model ended the connection.",
            "Say it again; the next turn connects again.",
        ),
        _Meaning(
            "no_network",
            "The model cannot be reached: there is no way to its address.",
            f"Check the network and the proxy, or use {_LOCAL}.",
        ),
        _Meaning(
            "timeout",
            "The model did not answer in time.",
            f"Check the network and say it again, or use {_LOCAL}.",
        ),
        _Meaning(
            "certificate",
            "The model cannot be reached: its certificate could not be verified.",
            "Point SSL_CERT_FILE at the right certificates; `python -m certifi` prints where "
            "there are some, a company's proxy may need its own.",
        ),
    )
}

_MISSING_PACKAGE = _Meaning(
    "missing_package",
    "The conversation failed: a package is missing.",
    "Install what the error names, and run the cell again.",
)
_UNKNOWN = _Meaning(
    "model_failed",
    "The conversation failed.",
    "The next turn connects again; if it fails too, mend what the error names.",
)

# The meaning of a reason in words; the first that is found counts.
_WORDS = {
    r"api key expired|token (has )?expired": "expired_credentials",
    r"api[_ ]key[_ ](not valid|invalid)|invalid api key": "bad_credentials",
    r"reported as leaked": "bad_credentials",
    r"no api[_ ]key|missing key|project or api key must be set": "no_credentials",
    r"default credentials were not found": "no_credentials",
    r"is not found for api version|not supported for bidigeneratecontent": "model_not_found",
    r"\bmodel (\S+ )?not found|\bmodel .{0,200} was not found": "model_not_found",
    r"resource_exhausted": "quota",
    r"certificate[ _]verify[ _]failed": "certificate",
    r"getaddrinfo|name or service not known|connect call failed": "no_network",
    r"transparent session resumption": "invalid_argument",
}
# These only if the text is surely from the model's service.
_PEERS_WORDS = {
    r"session (was )?not found|session expired|resumption handle": "session_not_found",
    r"requested entity was not found": "model_not_found",
    r"not implemented, or supported": "operation_refused",
    r"quota|rate limit|too many requests|billing|credits": "quota",
    r"permission|forbidden|service_disabled|denied access": "permission_denied",
    r"location is not supported|has not been used in project": "permission_denied",
    r"requests? .{0,80} are blocked": "permission_denied",
    r"deadline expired|session duration|time limit|operation was aborted": "session_limit",
    r"currently unavailable|overloaded|try again later": "unavailable",
    r"keepalive ping timeout": "connection_lost",
}
_REASONS = [(re.compile(sign, re.IGNORECASE), code) for sign, code in _WORDS.items()]
_PEERS_REASONS = _REASONS + [
    (re.compile(sign, re.IGNORECASE), code) for sign, code in _PEERS_WORDS.items()
]

# https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1, as the Live API uses it.
_CLOSES = {
    1000: "connection_closed",
    1001: "connection_closed",
    1006: "connection_lost",
    1007: "invalid_argument",
    1008: "connection_refused",
    1009: "invalid_argument",
    1011: "internal_error",
    1012: "unavailable",
    1013: "unavailable",
}

# https://ai.google.dev/gemini-api/docs/troubleshooting
_STATUSES = {
    400: "invalid_argument",
    401: "bad_credentials",
    403: "permission_denied",
    404: "model_not_found",
    408: "timeout",
    429: "quota",
    500: "internal_error",
    502: "unavailable",
    503: "unavailable",
    504: "timeout",
}

_UNREACHABLE = {
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.EADDRNOTAVAIL,
    errno.ECONNREFUSED,
}

_BUILT_IN = re.compile(r"tool is not supported for model")
"""What ADK's tools that Gemini runs itself, such as `google_search`, say to other models."""

_KEY_SHAPES = re.compile(
    r"AIza[\w-]{8,}|\bAQ\.[\w-]{8,}|ya29\.[\w.-]{8,}|auth_tokens/[\w-]+"
    r"|(?<=[Bb]earer )[\w.~+/=-]+|(?<=Token )[\w.~+/=-]{12,}"
)
# `key=…` in a URL, `api_key: '…'` in a dictionary, and the header that google-genai sends.
_KEY_VALUES = re.compile(
    r"((?:key\s*=|(?:api[_-]?key|access[_-]?token)['\"]?\s*[=:])\s*b?['\"]?)([^\s'\"&,;)}\]]+)",
    re.IGNORECASE,
)
_KEY_NAMES = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
_SHORTEST_KEY = 8
_SQL = re.compile(r"\s*(\[SQL:|\[parameters:|\(Background on this error).*", re.DOTALL)

# Where Python's own modules and installed packages are; other files are the user's.
_LIBRARY = sysconfig.get_path("stdlib")
_OURS = str(Path(__file__).parents[1])
_FOREIGN = (_LIBRARY, str(Path(_LIBRARY).resolve()), "<frozen", _OURS)
_INSTALLED = ("site-packages", "dist-packages")


def explain(error: BaseException) -> AdkNbError:
    """Returns an `AdkNbError` that explains an error of a model, of ADK or of the user's code.

    Args:
        error: The error; the errors that it wraps or that caused it are read too.
    """
    if isinstance(error, AdkNbError):
        return error
    wrapped = [one for one in _within(error, context=False) if isinstance(one, AdkNbError)]
    if wrapped:
        return wrapped[0]
    chain = list(_within(error)) or [error]
    return _not_the_models(chain) or _the_models(chain)


def _not_the_models(chain: list[BaseException]) -> AdkNbError | None:
    """Returns the explanation of an error that is not the model's; None if it is."""
    where, inner = _origin(chain)
    if not where:
        return None
    said = f"The conversation failed: {where} raised {_text(inner)}"
    if _BUILT_IN.search(str(inner)):
        raised = f"The conversation failed: {_text(inner)}."
        remedy = (
            "It is a tool of Gemini's own, which needs a Gemini model, and that a key: write "
            "GOOGLE_API_KEY=... into a .env file beside the notebook, and make the agent anew with "
            "adk_nb.default_model(). Or leave the tool out."
        )
        return AdkNbError(raised, remedy=remedy, code="tool_needs_gemini")
    if where == _SESSIONS and type(inner).__name__ == "StaleSessionError":
        remedy = "It is open elsewhere too: close it there, or take another session_id."
        return AdkNbError(said, remedy=remedy, code="shared_session")
    if where == _SESSIONS:
        remedy = "The model is not to blame: check the service's address, disk and permissions."
        return AdkNbError(said, remedy=remedy, code="sessions_failed")
    remedy = "The model is not to blame: mend what the error names, and run the cell again."
    return AdkNbError(said, remedy=remedy, code="code_failed")


def _the_models(chain: list[BaseException]) -> ModelError:
    for one in chain:
        if isinstance(one, ImportError):
            return _made(_MISSING_PACKAGE, one)
        if code := _code(one):
            return _made(_MEANINGS[code], one)
    return _made(_UNKNOWN, chain[0])


def mask(text: str) -> str:
    """Returns a text with everything masked that is a key or looks like one."""
    known = [os.environ.get(name, "").strip() for name in _KEY_NAMES]
    for value in sorted(known, key=len, reverse=True):
        if len(value) >= _SHORTEST_KEY:
            text = text.replace(value, MASK)
    return _KEY_SHAPES.sub(MASK, _KEY_VALUES.sub(rf"\g<1>{MASK}", text))


def _made(meaning: _Meaning, error: BaseException) -> ModelError:
    return ModelError(f"{meaning.meaning} {_text(error)}", remedy=meaning.remedy, code=meaning.code)


def _within(error: BaseException, *, context: bool = True) -> Iterator[BaseException]:
    """Yields an error, the errors that it groups, and those that caused it, each once.

    Args:
        error: The error.
        context: Whether to include errors that were being handled when it was raised.
    """
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < _DEEPEST:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, BaseExceptionGroup):
            # The group itself says nothing.
            waiting = [*one.exceptions, *waiting]
        else:
            yield one
        cause = one.__cause__
        if cause is None and context and not one.__suppress_context__:
            cause = one.__context__
        if cause is not None:
            waiting.append(cause)


def _kinds(error: object) -> set[str]:
    """Returns the full names of an object's classes, so that no package has to be imported."""
    return {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}


# Where an error comes from.


_SESSIONS = "its session service"
_TOOLS = "a tool of the agent's"
_CALLERS = ("google.adk", "adk_nb.adk.user_errors")
"""What calls the user's code."""


def _origin(chain: list[BaseException]) -> tuple[str, BaseException]:
    """Returns what raised the error, and the error; empty if it was the model's side."""
    for one in chain:
        if where := _raised_by(one):
            return where, one
    for one in chain:
        if any(kind.startswith("sqlalchemy.") for kind in _kinds(one)):
            return _SESSIONS, one
    return "", chain[0]


def _raised_by(error: BaseException) -> str:
    traceback, entered, where = error.__traceback__, False, ""
    while traceback is not None:
        frame = traceback.tb_frame
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(("google.adk.sessions", "google.adk.artifacts")):
            return _SESSIONS
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
    kinds = {kind.rsplit(".", 1)[-1] for kind in _kinds(frame.f_locals.get("self"))}
    if kinds & {"BaseLlm", "BaseLlmConnection"}:
        return ""  # The user's own model class.
    if kinds & {"BaseSessionService", "BaseArtifactService"}:
        return _SESSIONS
    return f"{frame.f_code.co_name}() in your code"


# What an error of the model's means.


def _code(error: BaseException) -> str:
    """Returns the code of an error's meaning; empty if it is not known."""
    kinds = _kinds(error)
    for kind, read in _READERS.items():
        if kind in kinds:
            return read(error)
    if isinstance(error, OSError):
        return _os_error(error)
    return _reason(_words(error))


def _reason(text: str, *, peer: bool = False) -> str:
    """Returns the code for a text; `peer` if the text is from the model's service."""
    signs = _PEERS_REASONS if peer else _REASONS
    return next((code for sign, code in signs if sign.search(text)), "")


def _closed(error: Any) -> str:
    """Reads a `websockets.ConnectionClosed`: the peer's close code and reason."""
    if error.rcvd is None:
        return "connection_lost"
    found = _close(error.rcvd.code, error.rcvd.reason)
    # The model was found when the connection was made, so something else was not.
    return "connection_refused" if found == "model_not_found" else found


def _close(code: int, reason: str) -> str:
    return _reason(reason, peer=True) or _CLOSES.get(code, "connection_closed")


def _api_error(error: Any) -> str:
    """Reads a `google.genai.errors.APIError`, whose code may be HTTP's or a close code."""
    code = error.code if isinstance(error.code, int) else 0
    message = _api_message(error)
    if code >= 1000:
        return _close(code, message)
    return _status(code, f"{error.status} {' '.join(_api_reasons(error))} {message}")


def _api_message(error: Any) -> str:
    if isinstance(error.message, str):
        return error.message
    return error.details if isinstance(error.details, str) else ""


def _api_reasons(error: Any) -> Iterator[str]:
    """Yields the machine-readable reasons, as `API_KEY_INVALID`."""
    details = error.details if isinstance(error.details, dict) else {}
    inner = details.get("error", details)
    listed = inner.get("details") if isinstance(inner, dict) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("reason"), str):
            yield one["reason"]


def _status(code: int, text: str) -> str:
    """Reads an HTTP status; for 400, 401 and 403 the text decides first."""
    if code in {400, 401, 403}:
        found = _reason(text, peer=True)
        if found.endswith("_credentials") or found in {"permission_denied", "model_not_found"}:
            return found
    return (
        _STATUSES.get(code) or _reason(text, peer=True) or ("internal_error" if code >= 500 else "")
    )


def _refused(error: Any) -> str:
    """Reads a `websockets.InvalidStatus`: the handshake's HTTP response."""
    return _status(error.response.status_code, _body(error))


def _body(error: Any) -> str:
    return bytes(error.response.body or b"").decode(errors="replace")


def _http_error(error: BaseException) -> str:
    return _reason(str(error)) or "no_network"


def _os_error(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "certificate"
    if isinstance(error, socket.gaierror) or error.errno in _UNREACHABLE:
        return "no_network"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "no_network"
    if isinstance(error, ConnectionError):
        return "connection_lost"
    return _reason(_words(error))


_READERS: dict[str, Callable[[Any], str]] = {
    "websockets.exceptions.ConnectionClosed": _closed,
    "websockets.exceptions.InvalidStatus": _refused,
    "websockets.exceptions.ProxyError": lambda _: "no_network",
    "websockets.exceptions.InvalidMessage": lambda _: "connection_lost",
    "google.genai.errors.APIError": _api_error,
    "google.auth.exceptions.DefaultCredentialsError": lambda _: "no_credentials",
    "google.auth.exceptions.RefreshError": lambda _: "expired_credentials",
    "google.auth.exceptions.TransportError": _http_error,
    "httpx.TimeoutException": lambda _: "timeout",
    "httpx.NetworkError": _http_error,
    "httpx.ProxyError": lambda _: "no_network",
    "aiohttp.client_exceptions.ClientConnectionError": _http_error,
    "requests.exceptions.ConnectionError": _http_error,
}


# What is shown of an error.


def _text(error: BaseException) -> str:
    """Returns an error's kind and words, with no SQL and no key, and not too long."""
    text = f"{type(error).__name__}: {_words(error)}".strip().rstrip(":")
    text = mask(_SQL.sub("", text))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _words(error: Any) -> str:
    kinds = _kinds(error)
    if "sqlalchemy.exc.StatementError" in kinds and getattr(error, "orig", None) is not None:
        # Its own text has the statement and the parameters, so a user's words.
        return next(iter(str(error.orig).splitlines()), "")
    if "google.genai.errors.APIError" in kinds:
        return f"{error.code} {error.status or ''} {_api_message(error)}".replace("  ", " ").strip()
    if "websockets.exceptions.InvalidStatus" in kinds:
        return f"{error} {' '.join(_body(error).split())}".strip()
    try:
        return str(error)
    except Exception:  # Its `__str__` may raise.
        return ""
