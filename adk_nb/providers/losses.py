"""Whether an error of a connection means that it was lost, or that it was refused."""

from __future__ import annotations

import socket

from google.genai.errors import APIError
from websockets.exceptions import ConnectionClosed, InvalidStatus

_LOST = {1001, 1005, 1006, 1011, 1012, 1013, 1014}
"""Close codes of RFC 6455, and its registry, after which to connect again."""


_REFUSED = "not implemented, or supported"
"""What 1008 says in the middle of conversations for reasons that are the service's own."""


def is_loss(error: BaseException) -> bool:
    """Returns whether a connection was lost for a reason that may pass, and not refused."""
    if "quota" in str(error).lower():  # It comes as 1011 too.
        return False
    if isinstance(error, ConnectionClosed):
        return error.rcvd is None or error.rcvd.code in _LOST or is_unexplained(error)
    if isinstance(error, APIError):
        return error.code in _LOST or is_unexplained(error)
    if isinstance(error, InvalidStatus):
        return error.response.status_code >= 500
    return isinstance(error, ConnectionError | TimeoutError | socket.gaierror)


def is_refused_handle(error: BaseException) -> bool:
    """Returns whether the API no longer knows the session that ADK wanted to resume."""
    return _code(error) in {1007, 1008} and "session" in str(error).lower()


def is_unexplained(error: BaseException) -> bool:
    """Returns whether the service has closed a connection for something that it does not name."""
    return _code(error) == 1008 and _REFUSED in str(error).lower()


def _code(error: BaseException) -> int | None:
    if isinstance(error, ConnectionClosed):
        return error.rcvd.code if error.rcvd is not None else None
    return error.code if isinstance(error, APIError) else None
