"""The code of an error of a model's, as `meanings.py` has it.

An error is read by its structure if it has one: a close code, an HTTP status, a kind of `OSError`;
only then by its text.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from typing import TYPE_CHECKING, Any

from adk_nb.providers.error_words import api_message, body_of, kinds_of, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def code_of(error: BaseException) -> str:
    """Returns the code of an error's meaning; empty if it is not known."""
    kinds = kinds_of(error)
    for kind, read in _READERS.items():
        if kind in kinds:
            return read(error)
    if isinstance(error, OSError):
        return _os_error(error)
    return _reason(words_of(error))


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
    message = api_message(error)
    if code >= 1000:
        return _close(code, message)
    return _status(code, f"{error.status} {' '.join(_api_reasons(error))} {message}")


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
    return _status(error.response.status_code, body_of(error))


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
    return _reason(words_of(error))


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
