"""Separates what a tool prints and displays from what the notebook's cells print meanwhile.

Tools run in threads and tasks beside the cells, and all share `sys.stdout`. But each call has its
own context, and a context variable says whose output is being written.
"""

from __future__ import annotations

import sys
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TEXT = 1 << 20
"""How much is kept of what one call prints (characters)."""
MAX_IMAGES = 8
"""How many images are kept of what one call displays."""
MAX_IMAGE = 4 << 20
"""The largest image that is kept (characters of Base64)."""
_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")

_CURRENT: ContextVar[Output | None] = ContextVar("adk_nb_output", default=None)


class Output:
    """What one tool call prints and displays.

    Args:
        told: Called, from any thread, when there is something new to `take`.
        echoes: Whether what is printed goes where all else is printed too.

    Attributes:
        echoes: As given.
    """

    def __init__(self, told: Callable[[], None], *, echoes: bool = False) -> None:
        self._told = told
        self.echoes = echoes
        self._lock = threading.Lock()
        # The pieces that are kept, and how many of them were taken.
        self._text: list[str] = []
        self._taken = 0
        # Characters that were printed, kept or not.
        self._size = 0
        self._n_images = 0
        # Images that were not taken yet.
        self._new_images: list[str] = []
        # Whether `told` was called and nothing was taken since.
        self._waiting = False

    @property
    def text(self) -> str:
        """What was printed, up to `MAX_TEXT`."""
        with self._lock:
            return "".join(self._text)

    @property
    def cut(self) -> str:
        """Says how much of it was not kept; empty if nothing."""
        cut = self._size - MAX_TEXT
        return f"\n… ({cut} more characters were not kept)" if cut > 0 else ""

    def write(self, text: str) -> None:
        """Adds printed text."""
        with self._lock:
            kept = text[: max(0, MAX_TEXT - self._size)]
            self._size += len(text)
            if kept:
                self._text.append(kept)
        self._tell()

    def show(self, data: dict[str, Any]) -> None:
        """Adds a displayed object by its MIME bundle: its image, or else its text."""
        for mime in _IMAGES:
            image = data.get(mime)
            if isinstance(image, str) and len(image) <= MAX_IMAGE:
                with self._lock:
                    if self._n_images < MAX_IMAGES:
                        url = f"data:{mime};base64,{''.join(image.split())}"
                        self._n_images += 1
                        self._new_images.append(url)
                self._tell()
                return
        self.write(f"{data.get('text/plain', '')}\n")

    def take(self) -> tuple[str, list[str]]:
        """Returns the text and the images that came since the last call."""
        with self._lock:
            self._waiting = False
            text = "".join(self._text[self._taken :])
            self._taken = len(self._text)
            images, self._new_images = self._new_images, []
            return text, images

    def _tell(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, True
        if not waiting:
            self._told()


def redirect(output: Output | None) -> None:
    """Sends what the current context prints and displays from now on to `output`."""
    _CURRENT.set(output)


class _Stream:
    """Replaces a stream: what a tool writes goes to its output, all else to the stream."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        output = _CURRENT.get()
        if output is None or output.echoes:
            self._stream.write(text)
        if output is not None:
            output.write(text)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Streams:
    """Replaces the streams while at least one session is open."""

    _lock = threading.Lock()
    _users = 0

    @classmethod
    def install(cls) -> None:
        """Replaces the streams, if they are not replaced yet."""
        with cls._lock:
            cls._users += 1
            for name in ("stdout", "stderr"):
                stream = getattr(sys, name)
                if stream is not None and not isinstance(stream, _Stream):
                    setattr(sys, name, _Stream(stream))
            _publisher(install=True)

    @classmethod
    def remove(cls) -> None:
        """Restores the streams with the last session; one that a cell has replaced stays."""
        with cls._lock:
            cls._users -= 1
            if cls._users > 0:
                return
            for name in ("stdout", "stderr"):
                stream = getattr(sys, name)
                if isinstance(stream, _Stream):
                    setattr(sys, name, stream._stream)  # noqa: SLF001 - one unit
            _publisher(install=False)


def _publisher(*, install: bool) -> None:
    """Does the same for IPython's `display`, if there is one."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    publisher = getattr(shell, "display_pub", None)
    if publisher is None:
        return
    if not install:
        vars(publisher).pop("publish", None)
        return
    if "publish" in vars(publisher):
        return
    publish = publisher.publish

    def routed(data: dict[str, Any], *args: Any, **options: Any) -> Any:
        output = _CURRENT.get()
        if output is None:
            return publish(data, *args, **options)
        return output.show(data)

    publisher.publish = routed
