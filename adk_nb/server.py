"""The bridge: one WebSocket server a kernel, on 127.0.0.1, for all its sessions and pages.

A page gets in with its session's token, from an Origin that an authenticated widget announced.
"""

from __future__ import annotations

import asyncio
import hmac
import http
import logging
import secrets
import time
from typing import TYPE_CHECKING

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from adk_nb import protocol
from adk_nb.exceptions import AdkNbError, BridgeError, ProtocolError

if TYPE_CHECKING:
    from typing import ClassVar

    from websockets.http11 import Request, Response
    from websockets.typing import Subprotocol

    from adk_nb.session import LiveSession

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
HELLO_S = 5.0
PING_S = 20.0
MAX_WAITING = 8 << 20
"""Bytes that may wait for a page to read them; past it the page is let go."""
MAX_WAITING_AUDIO = 4 << 20
"""Bytes past which agent audio is dropped, and counted, so that messages still get through."""
_FRAME_S = 0.1


class Connection:
    """One page's connection: a session's `Page` on a WebSocket.

    Attributes:
        dropped: Agent audio frames that were dropped because the page did not read.
    """

    def __init__(self, socket: ServerConnection, session: LiveSession) -> None:
        self._socket = socket
        self._session = session
        self._seq = 0
        self._offset: protocol.ClockOffset | None = None
        self.dropped = 0

    def send(self, message: protocol.Message) -> None:
        """Sends a message, or lets the page go where it does not read."""
        if self._waiting() > MAX_WAITING:
            self.close(protocol.CLOSE_TOO_SLOW, "too slow")
            return
        # broadcast() writes without waiting; the write buffer is the queue, bounded above.
        broadcast([self._socket], protocol.encode_message(message))

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
        """Passes what the page sends on to its session, until it goes."""
        async for data in self._socket:
            try:
                if isinstance(data, bytes):
                    self._perceive(protocol.decode_frame(data))
                else:
                    self._take(protocol.decode_message(data))
            except AdkNbError as error:
                self._session.log.add("client", "error", error=str(error))
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
        self._sessions: dict[str, LiveSession] = {}
        self._origins: set[str] = set()
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
            BridgeError: No port can be had.
        """
        if cls.shared is None:
            cls.shared = cls()
        bridge = cls.shared
        return bridge, await bridge._add(session)  # noqa: SLF001

    async def _add(self, session: LiveSession) -> str:
        token = secrets.token_urlsafe(32)
        session.log.keep_secret(token)
        self._sessions[token] = session
        async with self._starting:
            if self._server is None:
                await self._listen()
        return token

    async def remove(self, token: str) -> None:
        """Removes a session, lets its pages go, and stops with the last."""
        self._sessions.pop(token, None)
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

    def allow(self, origin: str) -> None:
        """Lets pages of an origin, such as `http://localhost:8888`, connect."""
        self._origins.add(origin)

    async def _listen(self) -> None:
        subprotocol: Subprotocol = protocol.SUBPROTOCOL  # type: ignore[assignment]
        try:
            self._server = await serve(
                self._serve,
                HOST,
                0,
                process_request=self._admit,
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
        if request.headers.get("Origin") not in self._origins:
            logger.warning("Refused a page of the origin %r.", request.headers.get("Origin"))
            return connection.respond(http.HTTPStatus.FORBIDDEN, "Unknown Origin.\n")
        return None

    async def _serve(self, socket: ServerConnection) -> None:
        found = await self._welcome(socket)
        if found is None:
            return
        token, session = found
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
        given = hello.token.encode()
        for token, session in self._sessions.items():
            if hmac.compare_digest(token.encode(), given):
                return token, session
        logger.warning("Refused a page with a wrong token.")
        await socket.close(protocol.CLOSE_BAD_TOKEN, "wrong token")
        return None
