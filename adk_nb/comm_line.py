"""The kernel's end of the wire as the widget's own messages: batches of frames, both ways.

`docs/protocol.md` states them. What a page sends comes in whatever thread runs the kernel's comms,
and is handed on to the bridge thread; what it is sent goes from there.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import hmac
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from adk_nb.exceptions import ProtocolError
from adk_nb.wire import protocol, terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from adk_nb.page_connection import Connection, Line

    Send = Callable[[dict[str, Any], list[bytes]], None]

PROBE = bytes(range(256))
"""What is sent both ways at first, to see whether buffers come through."""
_WINDOW = 16
"""Batches that may be on their way before the next wait for `_WAIT_S`."""
_WAIT_S = 0.1
_GAP_S = 0.03
"""The least time between two batches (s): a notebook takes a while for each message."""
_OWED_S = 0.1
"""How long a page may be owed the word that its batch came (s)."""
_MAX_BATCH = 64 << 10
"""Bytes of a batch, and of a part of a longer text."""
_BYTES_A_SECOND = 600_000
"""A Jupyter server drops what is over 1 MB a second on average."""
_MAX_PAGES = 16
"""Pages over the comm; with one more the oldest is closed."""
_SILENT_S = 35.0
"""How long a page may say nothing (s): one that is gone does not say so. It probes every 10 s."""
_SILENT_UNTHREADED_S = 600.0
"""The same where a running cell keeps it from being heard (s)."""
_TOO_BIG = 1009
_GONE = 1001


class CommLine:
    """What carries frames to one page over the comm, on the bridge thread."""

    def __init__(self, channel: str, send: Send, loop: asyncio.AbstractEventLoop) -> None:
        self._channel = channel
        self._send = send
        self._loop = loop
        # Whether buffers reach the page.
        self.binary = True
        self.closed = False
        # Called once when it closes.
        self.on_close: Callable[[], None] = lambda: None
        self._waiting: deque[str | bytes] = deque()
        self._bytes = 0
        self._n = 0
        # Bytes of the batches that the page has not yet taken, by number.
        self._sent: dict[int, int] = {}
        # When the next batch may go (s, the loop's clock).
        self._next = 0.0
        self._sent_at = float("-inf")
        self._flushing: asyncio.Handle | None = None
        # The newest batch of the page that it is not yet told has come.
        self._owed: int | None = None
        self._owing: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Bytes that the page has not yet taken."""
        return self._bytes

    def write(self, data: str | bytes) -> None:
        """Sends a frame: with those of the same moment, and no faster than servers let through."""
        if self.closed:
            return
        self._bytes += len(data)
        self._waiting.append(data)
        if self._flushing is None:
            self._flushing = self._loop.call_soon(self._flush)

    def post(self, step: str, buffers: Sequence[bytes] = (), **content: Any) -> None:
        """Sends a message about the channel."""
        self._send(
            {"type": "comm", "channel": self._channel, "step": step, **content}, list(buffers)
        )

    def taken(self, up_to: object) -> None:
        """The page has all batches up to this one."""
        if isinstance(up_to, int):
            for n in [n for n in self._sent if n <= up_to]:
                self._bytes -= self._sent.pop(n)

    def owe(self, n: object) -> None:
        """Tells the page that its batch came: with the next of ours, or soon by itself."""
        if isinstance(n, int) and not self.closed:
            self._owed = n
            if self._owing is None:
                self._owing = self._loop.call_later(_OWED_S, self._tell_owed)

    def _tell_owed(self) -> None:
        if not self.closed:
            self.post("taken", (), **self._pay())

    def _pay(self) -> dict[str, int]:
        owed, self._owed = self._owed, None
        if self._owing is not None:
            self._owing.cancel()
            self._owing = None
        return {} if owed is None else {"taken": owed}

    def close(self, code: int, reason: str) -> None:
        """Sends what waits, and that it is over."""
        if self.closed:
            return
        self.closed = True
        if self._flushing is not None:
            self._flushing.cancel()
        while self._waiting and code != terms.CLOSE_TOO_SLOW:
            self._send_batch()
        self._waiting.clear()
        self.post("close", code=code, reason=reason)
        self.on_close()

    def _flush(self) -> None:
        self._flushing = None
        while self._waiting and not self.closed:
            now = self._loop.time()
            # A page whose kernel is held by a cell acknowledges nothing, and still hears.
            due = max(self._next, self._sent_at + _GAP_S)
            if len(self._sent) >= _WINDOW:
                due = max(due, self._sent_at + _WAIT_S)
            if now < due:
                self._flushing = self._loop.call_later(due - now, self._flush)
                return
            cost = self._send_batch()
            self._sent_at = now
            self._next = max(self._next, now - _WAIT_S) + cost / _BYTES_A_SECOND

    def _send_batch(self) -> int:
        """Sends a batch; returns its size (bytes)."""
        frames: list[Any] = []
        buffers: list[bytes] = []
        size = cost = 0
        while self._waiting and size < _MAX_BATCH:
            data = self._waiting.popleft()
            if isinstance(data, str) and len(data) > _MAX_BATCH:
                self._waiting.appendleft(data[_MAX_BATCH:])
                data = data[:_MAX_BATCH]
                frames.append({"part": data})
            elif isinstance(data, str):
                frames.append(data)
            elif self.binary:
                frames.append(len(buffers))
                buffers.append(data)
            else:
                frames.append({"base64": base64.b64encode(data).decode()})
                cost += len(data) // 3
            size += len(data)
        n, self._n = self._n, self._n + 1
        self._sent[n] = size
        self.post("frames", buffers, n=n, frames=frames, **self._pay())
        return size + cost


class _CommPage:
    """One page over the comm, from its first message to its last."""

    def __init__(self, line: CommLine, *, threaded: bool) -> None:
        self.line = line
        self.threaded = threaded
        self.connection: Connection | None = None
        self.heard_at = time.monotonic()

    @property
    def silent(self) -> bool:
        """Whether it has said nothing for so long that it must have gone."""
        limit = _SILENT_S if self.threaded else _SILENT_UNTHREADED_S
        return time.monotonic() - self.heard_at > limit


class CommPages:
    """The pages of one widget that reach it over the comm; its methods run on the bridge thread.

    Args:
        token: The session's token.
        join: Makes a connection of a page that has shown the token, and of its hello.
        leave: Removes a connection.
        send: Sends a message of the widget, with buffers.
    """

    def __init__(
        self,
        token: str,
        join: Callable[[Line, protocol.Hello], Connection],
        leave: Callable[[Connection], None],
        send: Send,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._token = token
        self._join = join
        self._leave = leave
        self._send = send
        self._pages: dict[str, _CommPage] = {}
        self._sweep: asyncio.TimerHandle | None = None

    def hand(
        self, content: dict[str, Any], buffers: Sequence[bytes], *, threaded: bool, ipykernel: str
    ) -> bool:
        """Hands a message of a page on to the bridge thread; returns False if that has ended.

        Args:
            content: The message.
            buffers: What came with it.
            threaded: Whether it came although a cell may be running.
            ipykernel: The version of what runs the kernel, to name in the page.
        """
        take = functools.partial(
            self.take, content, buffers, threaded=threaded, ipykernel=ipykernel
        )
        try:
            self._loop.call_soon_threadsafe(take)
        except RuntimeError:
            return False
        return True

    def take(
        self,
        content: dict[str, Any],
        buffers: Sequence[bytes],
        *,
        threaded: bool,
        ipykernel: str = "",
    ) -> None:
        """Takes a message of a page."""
        channel, step = content.get("channel"), content.get("step")
        if not isinstance(channel, str) or not 0 < len(channel) <= 64:
            return
        if step == "open":
            self._open(channel, buffers, threaded=threaded, ipykernel=ipykernel)
            return
        page = self._pages.get(channel)
        if page is None:
            # One that was given up: it is to open another channel.
            if step == "frames":
                self._line(channel).post("close", code=_GONE, reason="unknown channel")
            return
        page.heard_at = time.monotonic()
        match step:
            case "ready":
                page.line.binary = content.get("binary") is True
            case "taken":
                page.line.taken(content.get("taken"))
            case "frames":
                page.line.taken(content.get("taken"))
                page.line.owe(content.get("n"))
                self._frames(page, content, buffers)
            case "close":
                page.line.closed = True
                self._forget(channel)

    def close(self) -> None:
        """Forgets the pages, which were told already."""
        if self._sweep is not None:
            self._sweep.cancel()
        self._pages.clear()

    def _line(self, channel: str) -> CommLine:
        return CommLine(channel, self._send, self._loop)

    def _open(
        self, channel: str, buffers: Sequence[bytes], *, threaded: bool, ipykernel: str
    ) -> None:
        if channel in self._pages:
            return
        while len(self._pages) >= _MAX_PAGES:
            next(iter(self._pages.values())).line.close(_GONE, "too many pages")
        line = self._line(channel)
        line.on_close = lambda: self._forget(channel)
        self._pages[channel] = _CommPage(line, threaded=threaded)
        whole = list(buffers) == [PROBE]
        line.post("opened", [PROBE], binary=whole, threaded=threaded, ipykernel=ipykernel)
        if self._sweep is None:
            self._later()

    def _forget(self, channel: str) -> None:
        page = self._pages.pop(channel, None)
        if page is not None and page.connection is not None:
            self._leave(page.connection)

    def _later(self) -> None:
        self._sweep = self._loop.call_later(_SILENT_S / 2, self._let_go)

    def _let_go(self) -> None:
        """Lets go of pages that have gone without a word."""
        self._sweep = None
        for page in [page for page in self._pages.values() if page.silent]:
            page.line.close(_GONE, "silent")
        if self._pages:
            self._later()

    def _frames(self, page: _CommPage, content: dict[str, Any], buffers: Sequence[bytes]) -> None:
        try:
            for data in _frames(content.get("frames"), buffers):
                if page.line.closed:
                    return
                if len(data) > terms.MAX_MESSAGE:
                    page.line.close(_TOO_BIG, "message too big")
                elif page.connection is not None:
                    page.connection.take(data)
                else:
                    self._greet(page, data)
        except ProtocolError:
            page.line.close(terms.CLOSE_BAD_HELLO, "no frames")

    def _greet(self, page: _CommPage, data: str | bytes) -> None:
        try:
            hello = protocol.decode_message(data) if isinstance(data, str) else None
        except ProtocolError:
            hello = None
        if not isinstance(hello, protocol.Hello):
            page.line.close(terms.CLOSE_BAD_HELLO, "hello expected")
        elif not hmac.compare_digest(hello.token.encode(), self._token.encode()):
            page.line.close(terms.CLOSE_BAD_TOKEN, "wrong token")
        else:
            page.connection = self._join(page.line, hello)


def _frames(items: object, buffers: Sequence[bytes]) -> Iterator[str | bytes]:
    """Returns the frames of a batch in their order: texts, and bytes by buffer or as Base64.

    Raises:
        ProtocolError: It is no batch.
    """
    if not isinstance(items, list):
        raise ProtocolError("A batch without frames.")
    for item in items:
        match item:
            case str():
                yield item
            case bool():
                raise ProtocolError("A frame that is none.")
            case int() if 0 <= item < len(buffers):
                yield buffers[item]
            case {"base64": str(text)}:
                try:
                    yield base64.b64decode(text, validate=True)
                except ValueError as error:
                    raise ProtocolError("A frame that is no Base64.") from error
            case _:
                raise ProtocolError("A frame that is none.")
