"""Pages of the researcher's own: what they need to connect to a conversation."""

from __future__ import annotations

import functools
import html
import os
import re
import sys
import webbrowser
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from adk_nb import bridge_file
from adk_nb.exceptions import AdkNbError
from adk_nb.server import Bridge
from adk_nb.wire import protocol, terms

if TYPE_CHECKING:
    from adk_nb.session import LiveSession
    from adk_nb.widget import LiveWidget

_PORTS = {"http": 80, "https": 443}
"""Which a browser leaves out of an origin."""
_HOST = re.compile(r"[a-z0-9._:-]+")
"""A host as browsers send it, where an IPv6 address has lost its brackets."""


@dataclass(frozen=True, slots=True)
class ConnectInfo:
    """What a page or program needs to connect to a conversation; `docs/protocol.md` says how.

    Attributes:
        url: The bridge's WebSocket, on this machine alone.
        token: What the first message shows; whoever has it and sends the origin is in. It is not
            shown with the rest, as what a cell shows is saved in its notebook.
        origin: The `Origin` header that the connection must have. A browser sends the one of its
            page, a program must send it itself.
        subprotocol: The WebSocket's subprotocol.
        relay: The same through the Jupyter server: a path below its base URL, where pages of the
            server's own origin get in; empty where this is no kernel of a server.
    """

    url: str
    token: str = field(repr=False)
    origin: str
    subprotocol: str
    relay: str


def connect_info(live: LiveWidget | LiveSession, origin: str = "http://localhost") -> ConnectInfo:
    """Lets a page or program of your own connect to a conversation, and returns how.

    What may connect, may speak and type as you do, and see the whole conversation. It may do so
    until the conversation is closed.

    Args:
        live: The widget, or a session without one, which is started if it is not.
        origin: Where the page comes from: scheme, host and port, such as `http://localhost:5173`.
            A program that is no browser sends whatever is given here.

    Raises:
        SessionClosedError: The conversation is closed.
        AdkNbError: It is no origin, or the one of every page without a server.
        BridgeError: The bridge can open no port.
    """
    session = live.session
    allowed = _checked(origin)
    bridge, token = session.bridge.call(joined(session))
    bridge.allow(token, allowed)
    kernel = bridge_file.own_kernel_id()
    return ConnectInfo(
        url=bridge.url,
        token=token,
        origin=allowed,
        subprotocol=protocol.SUBPROTOCOL,
        relay=f"{terms.RELAY_PATH}/{kernel}" if kernel else "",
    )


@dataclass(frozen=True, slots=True)
class PageLink:
    """A link to the page of a conversation: it opens it once, within ten minutes.

    Attributes:
        url: The page at the bridge, for a browser on the kernel's machine.
        relay: The same below the base URL of the kernel's Jupyter server, for a browser that is
            logged in there; empty where this is no kernel of a server.
    """

    url: str
    relay: str

    def _repr_html_(self) -> str:
        return (
            f'<a href="{html.escape(self.url)}" target="_blank" rel="noreferrer">'
            "Open the conversation in a page of its own</a> (once, within ten minutes)"
        )


def open(live: LiveWidget | LiveSession) -> PageLink:  # noqa: A001 - as in webbrowser.open
    """Opens a conversation in a page of its own, in your browser, and returns the link.

    The page has the microphone where the notebook's editor gives none; the widget in the cell
    follows. Where the kernel runs on another machine, no browser is opened: take the link that
    the widget shows when it gets no microphone, or `relay` below the server's address.

    Args:
        live: The widget, or a session without one, which is started if it is not.

    Raises:
        SessionClosedError: The conversation is closed.
        BridgeError: The bridge can open no port.
    """
    session = live.session
    bridge, token = session.bridge.call(joined(session))
    link = page_link(bridge, token)
    if _has_screen():
        webbrowser.open(link.url)
    return link


def page_link(bridge: Bridge, token: str) -> PageLink:
    """Returns a link to the page of a session of a bridge."""
    code, kernel = bridge.link(token), bridge_file.own_kernel_id()
    address = bridge.url.replace("ws:", "http:")
    relay = f"{terms.RELAY_PATH}/page/#{code}.{kernel}" if kernel else ""
    return PageLink(f"{address}page/#{code}", relay)


def _has_screen() -> bool:
    """Whether a browser that is opened here is likely to be seen by who runs the cell."""
    if os.environ.get("SSH_CONNECTION"):
        return False
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def joined(session: LiveSession) -> tuple[Bridge, str]:
    """Returns the bridge and a session's token there; adds a session that no widget has added."""
    shared = Bridge.shared
    token = shared.token_of(session) if shared is not None else None
    if shared is not None and token is not None:
        return shared, token
    bridge, token = await Bridge.add(session)
    session.pages.watch(functools.partial(_leave, bridge, token))
    return bridge, token


def _leave(bridge: Bridge, token: str, message: protocol.Message) -> None:
    """Takes a session that has ended off the bridge."""
    if isinstance(message, protocol.State) and message.state == "closed":
        bridge.remove_soon(token)


def _checked(origin: str) -> str:
    """Returns an origin as browsers send it."""
    parts = _parts(origin)
    scheme, host = parts.scheme.lower(), parts.hostname or ""
    rest = (parts.path.strip("/"), parts.query, parts.fragment, parts.username)
    if not scheme or not _HOST.fullmatch(host) or any(rest):
        raise AdkNbError(
            f"{origin!r:.200} is no origin that can be let in.",
            remedy='Give scheme, host and port of the page, such as "http://localhost:5173" (a name'
            " with other letters as browsers send it, xn--…); a page opened as a file has none,"
            " so serve it: python -m http.server.",
            code="bad_option",
        )
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _PORTS.get(scheme)) else f":{parts.port}"
    return f"{scheme}://{host}{port}"


def _parts(origin: str) -> SplitResult:
    """Returns the parts of an address; of what is none, empty ones."""
    try:
        parts = urlsplit(origin if isinstance(origin, str) else "")
        _ = parts.port  # Raises where it is no number.
    except ValueError:
        return urlsplit("")
    return parts
