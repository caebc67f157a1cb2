"""Who may come in: by the host that is asked for, the origin of the page, and a token."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adk_nb.exceptions import AdkNbError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import HTTPConnection
    from starlette.responses import Response

_LOCAL = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE)
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d+)?")
_USUAL_PORTS = {"http": ":80", "https": ":443"}
"""Ports that browsers leave out of an origin."""


def origins_of(given: Iterable[str]) -> frozenset[str]:
    """Returns origins as browsers send them: in small letters, without a slash at the end.

    Raises:
        AdkNbError: One is no origin.
    """
    return frozenset(map(_origin, [given] if isinstance(given, str) else given))


def _origin(given: str) -> str:
    found = _ORIGIN.fullmatch(given.strip().lower().rstrip("/"))
    if found is None:
        raise AdkNbError(
            f"{given!r} is no origin of pages.",
            remedy="Write each as scheme, host and port if it has one, such as "
            "https://agent.example.org or http://localhost:3000.",
            code="bad_option",
        )
    scheme, host, port = found.groups()
    return f"{scheme}://{host}{'' if port == _USUAL_PORTS.get(scheme) else port or ''}"


@dataclass(frozen=True)
class Door:
    """Lets clients in, or says why not.

    Attributes:
        token: What a client must show; empty for none.
        origins: Pages of other origins that may connect, such as `https://example.org`; a proxy in
            front of this server may have the name too.
        local: Whether only this machine's own names may be asked for: a foreign page's own name
            may lead here, so that its origin were this one.
    """

    token: str
    origins: frozenset[str]
    local: bool

    def _names(self, host: str) -> bool:
        """Whether an origin that may connect is a proxy's in front of this server."""
        return any(origin.partition("://")[2] == host for origin in self.origins)

    def refusal(self, client: HTTPConnection, token: str = "") -> str:
        """Returns why a client is refused; empty if it may come in.

        Args:
            client: Its request.
            token: What it shows; by default its cookie counts.
        """
        host = client.headers.get("host", "")
        if self.local and not (_LOCAL.fullmatch(host) or self._names(host)):
            return "Unknown Host."
        origin = client.headers.get("origin")
        own = {f"http://{host}", f"https://{host}"}
        if origin is not None and origin not in own | self.origins:
            return "Unknown Origin."
        if self.token and not self._opens(client, token):
            return "The token is missing or wrong."
        return ""

    def _opens(self, client: HTTPConnection, token: str) -> bool:
        if token:
            return hmac.compare_digest(token.encode(), self.token.encode())
        shown = client.cookies.get(self._cookie, "")
        return hmac.compare_digest(shown.encode(), self._digest("value").encode())

    def remember(self, client: HTTPConnection, response: Response) -> None:
        """Gives a client that has shown the token a cookie in its place.

        It has a digest of the token, as not every character can be in a cookie.
        """
        if not self.token:
            return
        response.set_cookie(
            self._cookie,
            self._digest("value"),
            httponly=True,
            samesite="strict",
            secure=client.url.scheme == "https",
            # Browsers take that of the page, as they see it: also where a proxy changes it.
            path=None,
        )

    @property
    def _cookie(self) -> str:
        """Its name, for this token alone: a browser shows the cookies of all ports of a host."""
        return f"adk_nb_{self._digest('name')[:12]}"

    def _digest(self, purpose: str) -> str:
        said = f"adk-nb cookie {purpose} 1".encode()
        return hmac.new(self.token.encode(), said, hashlib.sha256).hexdigest()
