"""The bridge: one WebSocket server a kernel, on 127.0.0.1, for all its sessions and pages.

A page is admitted with its session's token, from an Origin that its widget has announced.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import hmac
import http
import logging
import os
import re
import secrets
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from adk_nb import bridge_file, page_links
from adk_nb.exceptions import BridgeError, ProtocolError
from adk_nb.page_connection import Connection
from adk_nb.page_links import PageLinks
from adk_nb.plain import to_json
from adk_nb.wire import protocol, terms

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import ClassVar

    from websockets.http11 import Request, Response
    from websockets.typing import Subprotocol

    from adk_nb.page_connection import Line
    from adk_nb.session import LiveSession

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
_NAMES = frozenset({HOST, "localhost", "[::1]"})
"""What a `Host` header may name, with any port: it may have been forwarded."""
PING_S = 20.0
MAX_STRANGERS = 32
"""Connections that have not sent a hello yet; past it the oldest of them is closed."""
_ENDED_TOKENS = 256
"""How many tokens of ended sessions are remembered, so that their pages stop reconnecting."""
_QUIET_S = 1.0
"""The least time between two log lines about refusals (s)."""


class Refusals:
    """Logs refused connections, at most one line a second, with their number."""

    def __init__(self) -> None:
        self._count = 0
        self._logged_at = -_QUIET_S

    def add(self, why: str) -> None:
        """Counts a refused connection."""
        self._count += 1
        now = time.monotonic()
        if now - self._logged_at < _QUIET_S:
            return
        more = f" ({self._count} since the last time)" if self._count > 1 else ""
        logger.warning("Refused a connection: %s%s.", why, more)
        self._count, self._logged_at = 0, now


class _Handshakes(logging.Filter):
    """Replaces websockets' tracebacks about failed handshakes by counted refusals."""

    def __init__(self, refusals: Refusals) -> None:
        super().__init__()
        self._refusals = refusals

    def filter(self, record: logging.LogRecord) -> bool:
        match record.getMessage():
            case "opening handshake failed":
                self._refusals.add("it made no WebSocket handshake")
                return False
            case "unexpected internal error" if not _greeted(record):
                return False  # Frames that come with the handshake; its failure follows.
        return record.levelno > logging.INFO


def _greeted(record: logging.LogRecord) -> bool:
    connection = getattr(record, "websocket", None)
    return not isinstance(connection, _Stranger) or connection.greeted


class _Stranger(ServerConnection):
    """A connection; until it has sent its hello it counts towards `MAX_STRANGERS`.

    Attributes:
        greeted: Whether it has sent its hello.
    """

    def __init__(self, strangers: dict[_Stranger, None], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._strangers = strangers
        self.greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Aborts the oldest such connection if there are too many."""
        super().connection_made(transport)
        self._strangers[self] = None
        if len(self._strangers) > MAX_STRANGERS:
            oldest = next(iter(self._strangers))
            del self._strangers[oldest]
            oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops counting it: it is closed."""
        self._strangers.pop(self, None)
        super().connection_lost(exc)

    def known(self) -> None:
        """Stops counting it: it has sent its hello."""
        self.greeted = True
        self._strangers.pop(self, None)


class _SocketLine:
    """A page's WebSocket, as the line that its frames take."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket

    @property
    def waiting(self) -> int:
        """Bytes that wait for the page to read them."""
        return self._socket.transport.get_write_buffer_size()

    def write(self, data: str | bytes) -> None:
        """Sends a frame without waiting; the write buffer is the queue, which the caller bounds."""
        broadcast([self._socket], data)

    def close(self, code: int, reason: str) -> None:
        """Begins to close the socket."""
        task = asyncio.ensure_future(self._socket.close(code, reason))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())


class Bridge:
    """The WebSocket server of this kernel; its methods run on the bridge thread.

    It starts with the first session that is added and ends with the last that is removed.
    """

    shared: ClassVar[Bridge | None] = None

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        # By token.
        self._sessions: dict[str, LiveSession] = {}
        # The origins that may connect, by token.
        self._origins: dict[str, set[str]] = {}
        # Tokens of closed sessions.
        self._ended: deque[str] = deque(maxlen=_ENDED_TOKENS)
        # Connections without a hello, oldest first.
        self._strangers: dict[_Stranger, None] = {}
        self._refusals = Refusals()
        # The token of each connection.
        self._connections: dict[Connection, str] = {}
        self._server: Server | None = None
        # Where the Jupyter server finds the port; None where it could not be written.
        self._file: Path | None = None
        self._starting = asyncio.Lock()
        # Takes sessions off that were closed by themselves.
        self._removing: set[asyncio.Task[None]] = set()
        self._links = PageLinks()

    @property
    def port(self) -> int:
        """The port that it listens on; 0 while it does not."""
        sockets = list(self._server.sockets) if self._server is not None else []
        return int(sockets[0].getsockname()[1]) if sockets else 0

    @property
    def url(self) -> str:
        """The address for a page."""
        return f"ws://{HOST}:{self.port}/"

    @classmethod
    async def add(cls, session: LiveSession) -> tuple[Bridge, str]:
        """Adds a session to the kernel's bridge; returns the bridge and the session's token.

        Raises:
            BridgeError: The bridge can open no port.
        """
        shared = cls.shared
        if shared is None or shared._loop is not asyncio.get_running_loop():  # noqa: SLF001
            shared = cls.shared = cls()  # The loop of an earlier one has ended.
        return shared, await shared._add(session)

    async def _add(self, session: LiveSession) -> str:
        token = secrets.token_urlsafe(32)
        session.log.keep_secret(token)
        async with self._starting:
            if self._server is None:
                await self._listen()
        self._sessions[token] = session
        self._origins[token] = set()
        return token

    async def remove(self, token: str) -> None:
        """Removes a session and closes its pages; with the last session the server stops."""
        if self._sessions.pop(token, None) is not None:
            self._ended.append(token)
        self._origins.pop(token, None)
        for connection, owner in list(self._connections.items()):
            if owner == token:
                connection.close(protocol.CLOSE_SESSION_ENDED, "session closed")
        if not self._sessions:
            if Bridge.shared is self:
                Bridge.shared = None
            if self._server is not None:
                self._hide()
                server, self._server = self._server, None
                server.close(close_connections=True)
                await server.wait_closed()

    def token_of(self, session: LiveSession) -> str | None:
        """Returns a session's token; None if it was not added."""
        return next((one for one, owner in self._sessions.items() if owner is session), None)

    def remove_soon(self, token: str) -> None:
        """Begins to remove a session that has ended; see `remove`."""
        removing = asyncio.ensure_future(self.remove(token))
        self._removing.add(removing)
        removing.add_done_callback(self._removing.discard)

    def link(self, token: str) -> str:
        """Returns a code that opens the served page for a session, once."""
        for host in (HOST, "localhost"):
            self.allow(token, f"http://{host}:{self.port}")
        return self._links.make(token)

    def allow(self, token: str, origin: str) -> None:
        """Lets pages of an origin, such as `http://localhost:8888`, connect to a session."""
        if token in self._origins:
            self._origins[token].add(origin)

    async def _listen(self) -> None:
        subprotocol: Subprotocol = protocol.SUBPROTOCOL  # type: ignore[assignment]
        handshakes = logging.Logger(f"{__name__}.handshakes")  # noqa: LOG001 - goes with the bridge
        handshakes.parent = logger
        handshakes.addFilter(_Handshakes(self._refusals))
        try:
            self._server = await serve(
                self._serve,
                HOST,
                0,
                # websockets calls it, and would take any callable.
                create_connection=functools.partial(_Stranger, self._strangers),  # type: ignore[arg-type]
                process_request=self._admit,
                open_timeout=terms.HELLO_S,
                logger=handshakes,
                subprotocols=[subprotocol],
                # PCM does not compress, and zlib would cost more than all the rest.
                compression=None,
                max_size=protocol.MAX_MESSAGE,
                max_queue=64,
                ping_interval=PING_S,
                ping_timeout=PING_S,
                close_timeout=2,
            )
        except OSError as error:
            raise BridgeError(
                f"The bridge cannot listen on {HOST}: {error}.",
                remedy="Free a port or some file descriptors, and run the cell again.",
            ) from error

        self._show()

    def _show(self) -> None:
        """Tells the Jupyter server of this kernel where the bridge is."""
        path = bridge_file.own_path()
        if path is None:
            return
        try:
            bridge_file.write(path, self.port)
        except OSError as error:
            logger.warning("The Jupyter server will not find the bridge: %s.", error)
            return
        self._file = path
        # A kernel that is shut down ends no session.
        atexit.register(_remove, path, os.getpid())

    def _hide(self) -> None:
        path, self._file = self._file, None
        if path is not None:
            atexit.unregister(_remove)
            _remove(path, os.getpid())

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if not _is_local(request):
            # A name that leads here may be a foreign page's own, so that its origin were this one.
            self._refusals.add("it asks for another host")
            return connection.respond(http.HTTPStatus.FORBIDDEN, "Unknown Host.\n")
        if request.path == "/healthz":
            return connection.respond(http.HTTPStatus.OK, "ok\n")
        if request.path.startswith(page_links.PATH):
            return page_links.served(request.path.removeprefix(page_links.PATH))
        if not _is_plain(request):
            self._refusals.add("a header of its handshake is not ASCII")
            return connection.respond(http.HTTPStatus.BAD_REQUEST, "A header is not ASCII.\n")
        if _origin(request) not in set().union(*self._origins.values()):
            self._refusals.add(f"its origin is {request.headers.get_all('Origin')!r:.200}")
            return connection.respond(http.HTTPStatus.FORBIDDEN, "Unknown Origin.\n")
        return None

    async def _serve(self, socket: ServerConnection) -> None:
        found = await self._welcome(socket)
        if found is None:
            return
        token, session, hello = found
        if isinstance(socket, _Stranger):
            socket.known()
        connection = self.join(token, session, _SocketLine(socket), hello)
        try:
            async for data in socket:
                connection.take(data)
        except ConnectionClosed as closed:
            if closed.sent is not None and closed.sent.code == 1009:
                session.log.add("client", "error", error="A message over 1 MiB; connection closed.")
        finally:
            self.leave(connection, session)

    def join(
        self, token: str, session: LiveSession, line: Line, hello: protocol.Hello
    ) -> Connection:
        """Adds a page that is in, whatever way it came; the first it is sent is its welcome."""
        connection = Connection(line, session)
        self._connections[connection] = token
        connection.send(session.pages.attach(connection, hello))
        return connection

    def leave(self, connection: Connection, session: LiveSession) -> None:
        """Removes a page whose connection has ended."""
        if self._connections.pop(connection, None) is not None:
            session.pages.detach(connection)

    async def _redeem(
        self, socket: ServerConnection, token: str | None, origin: str | None
    ) -> None:
        """Tells the served page, once, the token that the code of its link stands for."""
        if token is not None and origin in self._origins.get(token, ()):
            await socket.send(to_json(protocol.as_dict(protocol.Admitted(token))))
            await socket.close()
            return
        self._refusals.add("the code of its link opens nothing")
        await socket.close(protocol.CLOSE_BAD_TOKEN, "wrong code")

    async def _welcome(
        self, socket: ServerConnection
    ) -> tuple[str, LiveSession, protocol.Hello] | None:
        try:
            async with asyncio.timeout(terms.HELLO_S):
                data = await socket.recv()
            hello = protocol.decode_message(data) if isinstance(data, str) else None
        except (TimeoutError, ProtocolError):
            hello = None
        except ConnectionClosed:
            return None
        origin = _origin(socket.request)
        if isinstance(hello, protocol.Redeem):
            await self._redeem(socket, self._links.redeem(hello.code), origin)
            return None
        if not isinstance(hello, protocol.Hello):
            await socket.close(protocol.CLOSE_BAD_HELLO, "hello expected")
            return None
        token = _same(hello.token, self._sessions)
        if token is not None and origin in self._origins[token]:
            return token, self._sessions[token], hello
        if _same(hello.token, self._ended) is not None:
            await socket.close(protocol.CLOSE_NO_SESSION, "session ended")
            return None
        self._refusals.add("its token is wrong")
        await socket.close(protocol.CLOSE_BAD_TOKEN, "wrong token")
        return None


def _remove(path: Path, process: int) -> None:
    """Removes a file, unless it is of the process that this one was forked from."""
    if os.getpid() == process:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _is_local(request: Request) -> bool:
    """Returns whether a request asks for this machine by one of its own names, at any port."""
    named = request.headers.get_all("Host")
    return len(named) == 1 and re.sub(r":\d+$", "", named[0].lower()) in _NAMES


def _is_plain(request: Request) -> bool:
    """Returns whether the headers of a handshake are ASCII; cookies may hold what they like.

    websockets quotes what is wrong with one in its answer, and could not encode that.
    """
    return all(
        value.isascii()
        for name, value in request.headers.raw_items()
        if name.lower() in ("upgrade", "connection") or name.lower().startswith("sec-websocket-")
    )


def _origin(request: Request | None) -> str | None:
    """Returns the origin of a request; None if it has none, or several."""
    origins = request.headers.get_all("Origin") if request is not None else []
    return origins[0] if len(origins) == 1 else None


def _same(given: str, tokens: Iterable[str]) -> str | None:
    """Returns the given token if it is one of these, in constant time."""
    encoded = given.encode()
    found = [token for token in tokens if hmac.compare_digest(token.encode(), encoded)]
    return found[0] if found else None
