"""A page of the user's own on a session: a telephone, a robot, another server's client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from adk_nb.exceptions import SessionClosedError
from adk_nb.wire import protocol
from adk_nb.wire.outgoing import masked

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from adk_nb.live.coordinator import Exchange
    from adk_nb.live.session_pages import SessionPages
    from adk_nb.wire.page_hub import Page

_FRAME_BYTES = 640
"""20 ms at 16 kHz, as a page's microphone sends them."""


class Attached:
    """What `attach` returns: what your page does to the conversation; a context manager too.

    All of it can be called from any thread, and waits for nothing. After `close`, or when the
    conversation is closed, it raises `SessionClosedError`.

    Attributes:
        welcome: What a page is told first: the agent, its tools, and the conversation so far.
    """

    welcome: protocol.Welcome

    def __init__(
        self, page: Page, pages: SessionPages, exchange: Exchange, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._page, self._pages, self._exchange, self._loop = page, pages, exchange, loop
        self._listens = self._closed = False

    async def begin(self) -> Self:
        """Lets the page in, on the bridge thread."""
        told = masked(self._pages.attach(self._page), self._exchange.log.redact)
        assert isinstance(told, protocol.Welcome)
        self.welcome = told
        return self

    def say(self, text: str) -> None:
        """Begins a turn with what was typed, or cuts in with it."""
        self.receive(protocol.Text(text))

    def hear(self, pcm: bytes) -> None:
        """Takes what the microphone recorded, PCM16LE mono at 16 kHz, as it is recorded.

        The first piece opens the microphone; `receive(Mic(on=False))` closes it.
        """
        self._soon(lambda: self._hear(pcm))

    def interrupt(self) -> None:
        """Cuts the agent off."""
        self.receive(protocol.Interrupt())

    def receive(self, message: protocol.Message) -> None:
        """Takes any other message of a page's, such as `Confirm`, `Playback` or `Take`."""
        self._soon(lambda: self._receive(message))

    def close(self) -> None:
        """Takes the page off the conversation, which goes on. Idempotent."""
        if not self._closed and not self._exchange.closed:
            self._soon(lambda: self._pages.detach(self._page))
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _soon(self, do: Callable[[], object]) -> None:
        if self._closed or self._exchange.closed:
            raise SessionClosedError(
                "This page is no longer on a conversation.",
                remedy="Attach it to one that is open.",
            )
        self._loop.call_soon_threadsafe(do)

    def _receive(self, message: protocol.Message) -> None:
        if isinstance(message, protocol.Mic):
            self._listens = message.on
        self._pages.receive(self._page, message)

    def _hear(self, pcm: bytes) -> None:
        if not self._listens:
            self._receive(protocol.Mic(on=True))
        for start in range(0, len(pcm), _FRAME_BYTES):
            self._exchange.hear(self._page, pcm[start : start + _FRAME_BYTES], None, 0)
