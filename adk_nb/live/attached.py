"""A page of the user's own on a session: a telephone, a robot, another server's client."""

from __future__ import annotations

import inspect
import logging
import time
from typing import TYPE_CHECKING, Any, Self

from adk_nb.adk.user_errors import describe
from adk_nb.exceptions import AdkNbError, AudioError, SessionClosedError
from adk_nb.plain import valid_text
from adk_nb.wire import protocol
from adk_nb.wire.message import MAX_TYPED
from adk_nb.wire.outgoing import masked

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from adk_nb.live.coordinator import Exchange
    from adk_nb.live.session_pages import SessionPages
    from adk_nb.wire.page_hub import Page

logger = logging.getLogger(__name__)

_FRAME_BYTES = 640
"""20 ms at 16 kHz, as a page's microphone sends them."""
_NEEDS = (
    "Give an object with the methods send(message) and send_audio(turn, rate, pcm), which take"
    " what comes and return; see adk_nb.Page."
)


class _Contained:
    """The user's page as the session knows it: what it raises harms nobody else.

    Args:
        page: The user's.
        failed: Called once, with what raised and the error; nothing is told the page after it.
    """

    def __init__(self, page: Page, failed: Callable[[str, BaseException], None]) -> None:
        self._page, self._failed, self._alive = page, failed, True

    @property
    def plays(self) -> bool:
        """Whether the page says what has sounded."""
        return bool(self._do("plays", lambda: getattr(self._page, "plays", True)))

    def send(self, message: protocol.Message) -> None:
        """Tells the page a message."""
        self._do("send()", lambda: self._page.send(message))

    def send_audio(self, turn: int, rate: int, pcm: bytes) -> None:
        """Gives the page a piece of the agent's sound."""
        self._do("send_audio()", lambda: self._page.send_audio(turn, rate, pcm))

    def _do(self, what: str, do: Callable[[], Any]) -> Any:
        if not self._alive:
            return None
        try:
            return do()
        except BaseException as error:  # An exit or a cancellation would end the conversation.
            self._alive = False
            self._failed(what, error)
            return None


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
        _check_page(page)
        self._pages, self._exchange, self._loop = pages, exchange, loop
        self._page = _Contained(page, self._failed)
        self._name = type(page).__qualname__
        self._listens = self._closed = False
        # Why it is no longer on the conversation, if that is an error.
        self._why = ""
        # The bridge's clock less the page's, by its newest estimate.
        self._offset = protocol.ClockOffset(0.0, 0.0)

    async def begin(self) -> Self:
        """Lets the page in, on the bridge thread."""
        told = masked(self._pages.attach(self._page), self._exchange.log.redact)
        assert isinstance(told, protocol.Welcome)
        self.welcome = told
        return self

    def say(self, text: str) -> None:
        """Begins a turn with what was typed, or cuts in with it.

        Raises:
            AdkNbError: There is nothing to say, or too much (100,000 characters).
        """
        check_text(text, "hear() takes sound.")
        if len(text) > MAX_TYPED:
            raise AdkNbError(
                f"A text has {MAX_TYPED:,} characters at most, and this has {len(text):,}.",
                remedy="Put it where a tool can read it.",
                code="text_too_long",
            )
        self.receive(protocol.Text(valid_text(text)))

    def hear(self, pcm: bytes) -> None:
        """Takes what the microphone recorded, PCM16LE mono at 16 kHz, as it is recorded.

        The first piece opens the microphone; `receive(Mic(on=False))` closes it.

        Raises:
            AudioError: These are no bytes, or half a sample.
        """
        if not isinstance(pcm, bytes | bytearray | memoryview):
            raise _not_heard(f"a {type(pcm).__name__}")
        samples = bytes(pcm)  # What is lent may be filled anew before the bridge thread reads it.
        if len(samples) % 2:
            raise _not_heard(f"{len(samples)} bytes, which end in half a sample")
        self._soon(lambda: self._hear(samples))

    def interrupt(self) -> None:
        """Cuts the agent off."""
        self.receive(protocol.Interrupt())

    def receive(self, message: protocol.Message) -> None:
        """Takes any other message of a page's, such as `Confirm`, `Playback` or `Take`.

        Times of `Playback` are those of `time.monotonic()` (ms), unless a `ClockOffset` has told
        how far the page's clock is from it. What is wrong with a message is told the page.

        Raises:
            AdkNbError: It is no message.
        """
        if not isinstance(message, protocol.Message):
            raise AdkNbError(
                f"{message!r:.80} is no message of the protocol.",
                remedy="Give one of adk_nb.wire.protocol, such as Interrupt().",
                code="bad_option",
            )
        self._soon(lambda: self._receive(message))

    def close(self) -> None:
        """Takes the page off the conversation, which goes on. Idempotent."""
        if not self._closed and not self._exchange.closed:
            self._soon(lambda: self._pages.detach(self._page))
        self._closed = True

    def _failed(self, what: str, error: BaseException) -> None:
        """Takes the page off the conversation, and says why, once."""
        problem = AdkNbError(
            f"A page was taken off the conversation. {self._name}: its {what} raised "
            f"{describe(error)}.",
            remedy="Mend it, and attach it again.",
            code="page_failed",
        )
        redact = self._exchange.log.redact
        self._closed, self._why = True, redact(problem.message)
        logger.error("%s\n%s", redact(str(problem)), redact.traceback(error))
        # Not now: whoever told the page is in the middle of telling all.
        self._loop.call_soon_threadsafe(self._leave, problem)

    def _leave(self, problem: AdkNbError) -> None:
        if not self._exchange.closed:
            self._pages.detach(self._page)
            self._exchange.report(problem)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _soon(self, do: Callable[[], object]) -> None:
        if self._closed or self._exchange.closed:
            raise SessionClosedError(
                self._why or "This page is no longer on a conversation.",
                remedy="Attach it to one that is open.",
            )
        self._loop.call_soon_threadsafe(do)

    def _receive(self, message: protocol.Message) -> None:
        try:
            self._take(message)
        except AdkNbError as error:
            if self._exchange.log.add_error(self._page, error.code, str(error)):
                self._page.send(protocol.Failure(error.code, error.message, error.remedy))

    def _take(self, message: protocol.Message) -> None:
        match message:
            case protocol.Clock():
                now = time.monotonic() * 1000
                self._page.send(protocol.Clock(message.id, message.clock, now))
            case protocol.ClockOffset():
                self._offset = message
            case protocol.Playback() if message.clock:
                clock, error_ms = message.clock + self._offset.offset_ms, self._offset.error_ms
                self._pages.playback(message, clock, error_ms, page=self._page)
            case protocol.Playback():  # It is reported as it happens.
                self._pages.playback(message, page=self._page)
            case protocol.Mic():
                self._listens = message.on
                self._pages.receive(self._page, message)
            case _:
                self._pages.receive(self._page, message)

    def _hear(self, pcm: bytes) -> None:
        if not self._listens:
            self._receive(protocol.Mic(on=True))
        for start in range(0, len(pcm), _FRAME_BYTES):
            self._exchange.realtime_input.hear(
                self._page, pcm[start : start + _FRAME_BYTES], None, 0
            )


def check_text(text: object, elsewhere: str) -> None:
    """Refuses what cannot be said.

    Args:
        text: What is to be said.
        elsewhere: What takes other things than texts, as a sentence.

    Raises:
        AdkNbError: It is no text, or an empty one.
    """
    if not isinstance(text, str):
        raise AdkNbError(
            f"What is said is a text, and not {text!r:.80}.", remedy=elsewhere, code="bad_option"
        )
    if not text.strip():
        raise AdkNbError("There is nothing to say.", remedy="Give a text that is not empty.")


def _check_page(page: object) -> None:
    """Refuses what could be told nothing."""
    name = type(page).__name__
    if isinstance(page, type):
        raise _no_page(f"{page.__name__} is a class, and no page itself.")
    methods = {method: getattr(page, method, None) for method in ("send", "send_audio")}
    missing = [f"no {method}()" for method, found in methods.items() if not callable(found)]
    if missing:
        raise _no_page(f"A {name} is no page: it has {' and '.join(missing)}.")
    for method, found in methods.items():
        if inspect.iscoroutinefunction(found):
            raise _no_page(f"{name}.{method}() is a coroutine function, which nobody awaits.")


def _no_page(message: str) -> AdkNbError:
    return AdkNbError(message, remedy=_NEEDS, code="bad_option")


def _not_heard(what: str) -> AudioError:
    return AudioError(
        f"hear() takes bytes of PCM16LE mono at 16 kHz, and this is {what}.",
        remedy="speak() of the conversation takes files, arrays and other rates.",
    )
