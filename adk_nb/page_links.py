"""The links to the page that a bridge serves: each opens it once, and not for long."""

from __future__ import annotations

import hmac
import http
import secrets
import time
from collections import OrderedDict

from websockets.datastructures import Headers
from websockets.http11 import Response

from adk_nb import served_page

PATH = "/page/"
"""Where a bridge serves the page."""
VALID_S = 600.0
"""How long a link opens it (s)."""
_MOST = 32
"""Links that were not opened yet; with one more the oldest opens nothing."""


class PageLinks:
    """The codes of the links that were made, on any thread."""

    def __init__(self) -> None:
        # By the code: the token that it stands for, and until when (s, monotonic).
        self._codes: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def make(self, token: str) -> str:
        """Returns a code for a session's token."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = token, time.monotonic() + VALID_S
        while len(self._codes) > _MOST:
            self._codes.popitem(last=False)
        return code

    def redeem(self, given: str) -> str | None:
        """Returns the token for a code, which opens nothing more; None if it opens nothing."""
        encoded = given.encode()
        for code in list(self._codes):
            if hmac.compare_digest(code.encode(), encoded):
                token, until = self._codes.pop(code)
                return token if time.monotonic() < until else None
        return None


def served(path: str) -> Response:
    """Returns a file of the page, by its path below it."""
    file = served_page.files().get(path.partition("?")[0])
    status = http.HTTPStatus.OK if file is not None else http.HTTPStatus.NOT_FOUND
    body = file.body if file is not None else b""
    headers = Headers(served_page.HEADERS)
    headers["Content-Type"] = file.type if file is not None else "text/plain"
    headers["Content-Length"] = str(len(body))
    headers["Connection"] = "close"
    return Response(status.value, status.phrase, headers, body)
