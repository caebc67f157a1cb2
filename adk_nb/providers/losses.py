"""Which errors of a connection say that it was lost, and which that it was refused."""

from __future__ import annotations

import socket

from google.genai.errors import APIError
from websockets.exceptions import ConnectionClosed, InvalidStatus

_LOST = {1001, 1005, 1006, 1011, 1012, 1013, 1014}
"""Close codes of RFC 6455, and its registry, after which another connection may go well."""


def is_loss(error: BaseException) -> bool:
    """Whether a connection was lost for a reason that may pass, and was not refused."""
    if "quota" in str(error).lower():  # It comes as 1011 too.
        return False
    if isinstance(error, ConnectionClosed):
        return error.rcvd is None or error.rcvd.code in _LOST
    if isinstance(error, APIError):
        return error.code in _LOST
    if isinstance(error, InvalidStatus):
        return error.response.status_code >= 500
    return isinstance(error, ConnectionError | TimeoutError | socket.gaierror)


def is_refused_handle(error: BaseException) -> bool:
    """Whether the API no longer knows the session that ADK wanted to resume."""
    code = error.code if isinstance(error, APIError) else None
    if isinstance(error, ConnectionClosed) and error.rcvd is not None:
        code = error.rcvd.code
    return code in {1007, 1008} and "session" in str(error).lower()
