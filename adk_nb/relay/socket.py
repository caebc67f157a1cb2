"""The WebSocket at `{base_url}adk-nb/<kernel id>`, which relays to that kernel's bridge.

Frames are copied as they come, one at a time in each direction: what one end does not read, the
other cannot send, so nothing queues here.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.httpclient import HTTPRequest
from tornado.httputil import HTTPHeaders
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler, websocket_connect

from adk_nb import bridge_file
from adk_nb.wire import terms

if TYPE_CHECKING:
    from pathlib import Path

    from tornado.websocket import WebSocketClientConnection

_DIAL_S = 2.0
"""How long the bridge, on this machine, may take to answer."""
_MAX_FROM_BRIDGE = terms.MAX_HISTORY + (1 << 20)
"""The largest message of a bridge (bytes): its first one, with the history."""
_MAX_RELAYED = 32
"""How many connections are relayed to one kernel; more are refused."""
_GOING_AWAY = 1001
_BROKEN = 1011
_NOT_SENT = frozenset({1004, 1005, 1006, 1015})
"""Close codes that stand for what no frame says."""


class RelayHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One page's connection to the bridge of one kernel."""

    auth_resource = "kernels"
    _relayed: dict[str, int] = {}  # noqa: RUF012 - of all connections
    _kernel_id = ""
    _counted = False
    _upstream: WebSocketClientConnection | None = None
    _pumping: asyncio.Task[None] | None = None

    def set_default_headers(self) -> None:
        """Sets none: those of a page make no sense on a WebSocket."""

    def get_compression_options(self) -> None:
        """Compresses nothing: sound would only cost time."""

    @property
    def max_message_size(self) -> int:
        """The largest message of a page (bytes)."""
        return terms.MAX_MESSAGE

    @ws_authenticated
    async def get(self, kernel_id: str) -> None:
        """Dials the bridge, and only then accepts the page."""
        user = self.current_user
        allowed = self.authorizer.is_authorized(self, user, "execute", "kernels")
        if not (await allowed if inspect.isawaitable(allowed) else allowed):
            raise HTTPError(403)
        origin = self.request.headers.get("Origin")
        if origin is None or not self.check_origin(origin):
            raise HTTPError(403)
        if terms.SUBPROTOCOL not in self._offered():
            raise HTTPError(400, f"The subprotocol is {terms.SUBPROTOCOL}.")
        if kernel_id not in self.kernel_manager:
            raise HTTPError(404)
        self._kernel_id = kernel_id
        self._count()
        try:
            self._upstream = await self._dial(origin)
            await super().get(kernel_id=kernel_id)  # It returns when the page has gone.
        finally:
            self._leave(_GOING_AWAY, "")

    def _offered(self) -> list[str]:
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        return [name.strip() for name in offered.split(",")]

    def _count(self) -> None:
        relayed = self._relayed.get(self._kernel_id, 0)
        if relayed >= _MAX_RELAYED:
            raise HTTPError(429)
        self._relayed[self._kernel_id] = relayed + 1
        self._counted = True

    def _file(self) -> Path:
        # A server whose kernels run elsewhere has no such folder, or not these files in it.
        folder = self.kernel_manager.connection_dir or self.settings["serverapp"].runtime_dir
        return bridge_file.path_of(folder, self._kernel_id)

    async def _dial(self, origin: str) -> WebSocketClientConnection:
        """Connects to the kernel's bridge, for a page of that origin."""
        try:
            port = bridge_file.read(self._file())
        except (OSError, ValueError) as error:
            if not isinstance(error, FileNotFoundError):
                self.log.warning("adk-nb: the file of a bridge is not used: %s.", error)
            raise HTTPError(404) from error
        request = HTTPRequest(
            f"ws://127.0.0.1:{port}/",
            headers=HTTPHeaders({"Origin": origin}),
            connect_timeout=_DIAL_S,
            request_timeout=_DIAL_S,
        )
        try:
            upstream = await websocket_connect(
                request,
                subprotocols=[terms.SUBPROTOCOL],
                max_message_size=_MAX_FROM_BRIDGE,
            )
        except Exception as error:
            raise HTTPError(502) from error
        if upstream.selected_subprotocol != terms.SUBPROTOCOL:
            upstream.close()
            raise HTTPError(502)
        return upstream

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Agrees on the wire, as the bridge has already."""
        return terms.SUBPROTOCOL if terms.SUBPROTOCOL in subprotocols else None

    def open(self, kernel_id: str) -> None:
        """Begins to relay what the bridge says."""
        super().open(kernel_id)
        self.set_nodelay(True)
        self._pumping = asyncio.ensure_future(self._pump())

    async def on_message(self, message: str | bytes) -> None:
        """Relays a frame of the page; the next is read when this one is on its way."""
        upstream = self._upstream
        if upstream is None:
            return
        with contextlib.suppress(WebSocketClosedError):
            await upstream.write_message(message, binary=isinstance(message, bytes))

    async def _pump(self) -> None:
        """Relays the frames of the bridge until it closes."""
        upstream = self._upstream
        if upstream is None:
            return
        # To its end, even if the page has gone: what is not read would hold the connection open.
        while (message := await upstream.read_message()) is not None:
            with contextlib.suppress(WebSocketClosedError):
                await self.write_message(message, binary=isinstance(message, bytes))
        self.close(_code(upstream.close_code, _BROKEN), upstream.close_reason or "")

    def on_close(self) -> None:
        """Closes the bridge's end with the code of the page's."""
        super().on_close()
        self._leave(_code(self.close_code, _GOING_AWAY), self.close_reason or "")

    def _leave(self, code: int, reason: str) -> None:
        """Lets go of the bridge, once."""
        if self._counted:
            self._counted = False
            left = self._relayed[self._kernel_id] - 1
            self._relayed[self._kernel_id] = left
            if not left:
                del self._relayed[self._kernel_id]
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            upstream.close(code, reason)


def _code(code: int | None, otherwise: int) -> int:
    """Returns a close code that can be sent; another where there is none, as after a break."""
    return otherwise if code is None or code in _NOT_SENT else code
