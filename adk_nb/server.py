"""The bridge: one WebSocket server a kernel, on 127.0.0.1, for all its sessions and pages.

A page is admitted with its session's token, from an Origin that its widget has announced.
"""

from __future__ import annotations

import asyncio
import functools
import hmac
import http
import logging
import secrets
import time
from collections import deque
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from adk_nb.exceptions import AdkNbError, BridgeError, ProtocolError
from adk_nb.plain import to_json
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from websockets.http11 import Request, Response
    from websockets.typing import Subprotocol

    from adk_nb.session import LiveSession

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
HELLO_S = 5.0
PING_S = 20.0
MAX_WAITING = 8 << 20
"""Bytes that may wait for a page to read them; past it the connection is closed."""
MAX_WAITING_AUDIO = 4 << 20
"""Bytes that may wait before agent audio is dropped and counted; messages still go out."""
MAX_STRANGERS = 32
"""Connections that have not sent a hello yet; past it the oldest of them is closed."""
_ENDED_TOKENS = 256
"""How many tokens of ended sessions are remembered, so that their pages stop reconnecting."""
_QUIET_S = 1.0
"""The least time between two log lines about refusals (s)."""
_FRAME_S = 0.1


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
        if record.getMessage() != "opening handshake failed":
            return record.levelno > logging.INFO
        self._refusals.add("it made no WebSocket handshake")
        return False


class _Stranger(ServerConnection):
    """A connection; until it has sent its hello it counts towards `MAX_STRANGERS`."""

    def __init__(self, strangers: dict[_Stranger, None], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._strangers = strangers

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
        self._strangers.pop(self, None)


class Connection:
    """One page's connection: a session's `Page` on a WebSocket.

    Attributes:
        dropped: Agent audio frames that were dropped because the page did not read.
    """

    def __init__(self, socket: ServerConnection, session: LiveSession) -> None:
        self._socket = socket
        self._session = session
        # The number of the next audio frame.
        self._seq = 0
        # The bridge's clock less the page's, by the page's newest estimate.
        self._offset: protocol.ClockOffset | None = None
        self.dropped = 0

    def send(self, message: protocol.Message) -> None:
        """Sends a message, or closes the connection if the page does not read."""
        if self._waiting() > MAX_WAITING:
            self.close(protocol.CLOSE_TOO_SLOW, "too slow")
            return
        # broadcast() writes without waiting; the write buffer is the queue, bounded above.
        broadcast([self._socket], self._encoded(message))

    def _encoded(self, message: protocol.Message) -> str:
        """Returns the JSON of a message with every secret masked."""
        redact = self._session.log.redact
        redact.refresh()
        masked = {one.name: redact(getattr(message, one.name)) for one in fields(message)}
        return to_json({"type": message.type} | masked)

    def send_audio(self, turn: int, rate: int, pcm: bytes) -> None:
        """Sends agent audio, PCM16LE mono, in frames of at most 100 ms."""
        size = int(rate * _FRAME_S) * 2
        for start in range(0, len(pcm), size):
            seq, self._seq = self._seq, self._seq + 1
            if self._waiting() > MAX_WAITING_AUDIO:
                self.dropped += 1
                continue
            frame = protocol.AudioFrame(
                protocol.AGENT_AUDIO,
                seq,
                turn,
                rate,
                time.monotonic() * 1000,
                pcm[start : start + size],
            )
            broadcast([self._socket], protocol.encode_audio(frame))

    def close(self, code: int, reason: str) -> None:
        """Begins to close the connection."""
        task = asyncio.ensure_future(self._socket.close(code, reason))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _waiting(self) -> int:
        return self._socket.transport.get_write_buffer_size()

    async def serve(self) -> None:
        """Hands what the page sends to its session, until the connection ends."""
        async for data in self._socket:
            try:
                if isinstance(data, bytes):
                    self._perceive(protocol.decode_frame(data))
                else:
                    self._take(protocol.decode_message(data))
            except AdkNbError as error:
                if self._session.log.add_error(self, error.code, str(error)):
                    self.send(protocol.Failure(error.code, error.message, error.remedy))

    def _perceive(self, frame: protocol.AudioFrame | protocol.ImageFrame) -> None:
        if isinstance(frame, protocol.ImageFrame):
            self._session.see(self, frame.source, frame.jpeg)
            return
        if frame.kind != protocol.MICROPHONE or frame.rate != 16_000:
            raise ProtocolError("A page sends microphone frames of 16 kHz.")
        self._session.hear(self, frame.samples)

    def _take(self, message: protocol.Message) -> None:
        match message:
            case protocol.Clock():
                now = time.monotonic() * 1000
                self.send(protocol.Clock(message.id, message.clock, now))
            case protocol.ClockOffset():
                self._offset = message
            case protocol.Playback():
                offset = self._offset
                if offset is None:
                    self._session.playback(message)
                else:
                    clock = message.clock + offset.offset_ms
                    self._session.playback(message, clock, offset.error_ms)
            case protocol.Hello():
                raise ProtocolError("A page says hello once.")
            case _:
                self._session.receive(self, message)


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
        self._starting = asyncio.Lock()

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
                server, self._server = self._server, None
                server.close(close_connections=True)
                await server.wait_closed()

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
                open_timeout=HELLO_S,
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

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.path == "/healthz":
            return connection.respond(http.HTTPStatus.OK, "ok\n")
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
        token, session = found
        if isinstance(socket, _Stranger):
            socket.known()
        connection = Connection(socket, session)
        self._connections[connection] = token
        try:
            connection.send(session.attach(connection))
            await connection.serve()
        except ConnectionClosed as closed:
            if closed.sent is not None and closed.sent.code == 1009:
                session.log.add("client", "error", error="A message over 1 MiB; connection closed.")
        finally:
            del self._connections[connection]
            session.detach(connection)

    async def _welcome(self, socket: ServerConnection) -> tuple[str, LiveSession] | None:
        try:
            async with asyncio.timeout(HELLO_S):
                data = await socket.recv()
            hello = protocol.decode_message(data) if isinstance(data, str) else None
        except (TimeoutError, ProtocolError):
            hello = None
        except ConnectionClosed:
            return None
        if not isinstance(hello, protocol.Hello):
            await socket.close(protocol.CLOSE_BAD_HELLO, "hello expected")
            return None
        origin = _origin(socket.request)
        token = _same(hello.token, self._sessions)
        if token is not None and origin in self._origins[token]:
            return token, self._sessions[token]
        if _same(hello.token, self._ended) is not None:
            await socket.close(protocol.CLOSE_NO_SESSION, "session ended")
            return None
        self._refusals.add("its token is wrong")
        await socket.close(protocol.CLOSE_BAD_TOKEN, "wrong token")
        return None


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
