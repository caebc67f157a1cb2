"""A page without a browser, written from docs/protocol.md alone, on a plain socket.

It uses nothing of the package: neither its constants nor its codec.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import socket
import struct
import time
from urllib.parse import urlsplit

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
# kind, flags, reserved, seq, turn, rate, clock
HEADER = struct.Struct("<BBHIIId")


class RefusedError(Exception):
    """The handshake was answered with another status than 101."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class PlainClient:
    """One connection; everything blocks, and nothing is read until it is asked for.

    Attributes:
        welcome: The bridge's hello.
        sound: The agent's audio so far: (turn, rate, samples) a frame.
        code: The code that the bridge closed with; 1006 where the connection broke.
    """

    def __init__(self, info, *, receive_buffer=None, headers=None, subprotocol=None) -> None:
        to = urlsplit(info.url)
        self._socket = socket.socket()
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(60)
        self._socket.connect((to.hostname, to.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._came = bytearray()
        self.code = None
        self.sound = []
        self._seq = 0
        key = base64.b64encode(os.urandom(16)).decode()
        lines = {
            "Host": to.netloc,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Protocol": subprotocol or info.subprotocol,
            "Origin": info.origin,
        } | (headers or {})
        asked = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
        self._socket.sendall(f"GET / HTTP/1.1\r\n{asked}\r\n".encode())
        answer = self._until(b"\r\n\r\n").decode()
        status = int(answer.split()[1])
        if status != 101:
            self.close()
            raise RefusedError(status)
        guid = f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        assert base64.b64encode(hashlib.sha1(guid.encode()).digest()).decode() in answer

    def hello(self, token: str) -> dict:
        """Gets in; returns the bridge's hello."""
        self.say(type="hello", token=token, clock=self.clock())
        self.welcome = self.next("hello")
        return self.welcome

    @staticmethod
    def clock() -> float:
        """This page's clock (ms)."""
        return time.perf_counter() * 1000

    def compare_clocks(self) -> None:
        """Tells the bridge how far its clock is ahead of this one's."""
        sent = self.clock()
        self.say(type="clock", id=1, clock=sent)
        answer = self.next("clock")
        came = self.clock()
        offset = answer["bridge_clock"] - (sent + came) / 2
        self.say(type="clock_offset", offset_ms=offset, error_ms=(came - sent) / 2)

    def say(self, **message) -> None:
        """Sends a text frame."""
        self._send(TEXT, json.dumps(message).encode())

    def speak(self, pcm: bytes, rate: int = 16_000, seq: int | None = None) -> None:
        """Sends a microphone frame."""
        self._seq = self._seq if seq is None else seq
        header = HEADER.pack(1, 0, 0, self._seq, 0, rate, self.clock())
        self._seq += 1
        self._send(BINARY, header + pcm)

    def played(self, event: str, turn: int, played_ms: float = 0.0) -> None:
        """Reports what a player did."""
        self.say(
            type="playback", event=event, turn=turn, played_ms=played_ms, clock=self.clock(),
            underruns=0,
        )  # fmt: skip

    def next(self, kind: str | None = None, **values) -> dict:
        """Returns the next message of a type with these values; sound on the way is kept."""
        while True:
            message = self.read()
            if message is None:
                raise ConnectionError(f"closed with {self.code}")
            if kind in (None, message["type"]) and values.items() <= message.items():
                return message

    def read(self) -> dict | None:
        """Returns the next message; None when the bridge has closed."""
        while self.code is None:
            try:
                operation, payload = self._frame()
            except OSError:
                self.code = 1006
                break
            if operation == TEXT:
                return json.loads(payload)
            if operation == BINARY:
                kind, _flags, _none, _seq, turn, rate, _clock = HEADER.unpack_from(payload)
                assert kind == 2
                self.sound.append((turn, rate, payload[HEADER.size :]))
            elif operation == PING:
                self._send(PONG, payload)
            elif operation == CLOSE:
                self.code = struct.unpack("!H", payload[:2])[0] if payload else 1005
        return None

    def close(self) -> None:
        """Leaves without a word, as a page that is closed may."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # Whoever reads is let go.
        self._socket.close()

    def _send(self, operation: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | operation, 0x80 | size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", 0x80 | operation, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | operation, 0x80 | 127, size)
        mask = os.urandom(4)
        repeated = (mask * (size // 4 + 1))[:size]
        number = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
        self._socket.sendall(head + mask + number.to_bytes(size, "big"))

    def _frame(self) -> tuple[int, bytes]:
        parts = b""
        operation = 0
        while True:
            first, second = self._exactly(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", self._exactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", self._exactly(8))
            operation = first & 0x0F or operation
            parts += self._exactly(size)
            if first & 0x80:
                return operation, parts

    def _exactly(self, size: int) -> bytes:
        while len(self._came) < size:
            self._more()
        taken, self._came = bytes(self._came[:size]), self._came[size:]
        return taken

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._came:
            self._more()
        return self._exactly(self._came.index(mark) + len(mark))

    def _more(self) -> None:
        came = self._socket.recv(1 << 16)
        if not came:
            raise ConnectionResetError
        self._came += came
