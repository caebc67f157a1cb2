"""Errors as a model's service, and a connection to it, raise them."""

from __future__ import annotations

from google.genai.errors import ClientError, ServerError
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.frames import Close
from websockets.http11 import Response

KEY = "AIzaSyA-0123456789abcdefghijklmnopqrstu"


def closed(code, reason=""):
    return ConnectionClosedError(Close(code, reason), None, None)


def api(code, status="", message="", *reasons):
    error = {"code": code, "status": status, "message": message}
    if reasons:
        error["details"] = [{"reason": reason} for reason in reasons]
    return (ClientError if code < 500 else ServerError)(code, {"error": error})


def refused(status, body=b""):
    return InvalidStatus(Response(status, "", Headers(), body))
