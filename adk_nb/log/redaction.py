"""Keeps credentials out of what is logged, recorded and shown."""

from __future__ import annotations

import json
import os
import re
import time
import traceback
from typing import TYPE_CHECKING, Any

from adk_nb.plain import plain, valid_text
from adk_nb.providers import env_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

MASK = "[secret]"
_NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL", re.IGNORECASE)
_PLAIN = {"ADK_NB_MODEL", "GOOGLE_CLOUD_LOCATION", "SSL_CERT_FILE"}
"""What a `.env` file says that is no secret, and is shown elsewhere."""
_SHORTEST = 8
"""Characters; a shorter value would mask ordinary words."""
_NOT_THE_USERS = {"google", "adk_nb", "asyncio", "concurrent", "contextvars", "threading"}
"""Packages whose frames at the beginning of a traceback tell a user nothing."""
_FILE_S = 1.0
"""How often the `.env` file is looked at."""


class Redactor:
    """Makes plain values of whatever passes through it, with every secret masked.

    Secret are the values of environment variables whose names say so, those of the `.env` file
    beside the notebook or above it, and whatever is added. What was a secret once stays one.

    Args:
        values: The secrets; by default those of the environment, now and later.
    """

    def __init__(self, values: Iterable[str] | None = None) -> None:
        self._values: set[str] = set(values or ())
        self._follows = values is None
        self._environment: frozenset[tuple[str, str]] = frozenset()
        self._file_at = -_FILE_S
        self._pattern: re.Pattern[str] | None = None
        self._first: re.Pattern[str] | None = None
        self._compile()
        self.refresh()

    def add(self, value: str) -> None:
        """Adds a secret."""
        self._add([value])

    def refresh(self) -> None:
        """Takes in what the environment has become; cheap where it has not changed."""
        if not self._follows:
            return
        environment = frozenset(os.environ.items())
        if environment != self._environment:
            self._environment = environment
            self._add(value for name, value in environment if _NAMES.search(name))
        now = time.monotonic()
        if now - self._file_at >= _FILE_S:
            self._file_at = now
            found = env_file.values().items()
            self._add(value for name, value in found if name not in _PLAIN)

    def __call__(self, value: Any) -> Any:
        """Returns a plain copy of the value (see `plain`) with every secret in it masked."""
        return plain(value, self._masked)

    def open(self, text: str) -> str:
        """Returns a text that goes on, masked, less an end that may be the start of a secret."""
        masked = self._masked(text)
        return masked[: len(masked) - self._held(masked)]

    def pieces(self) -> Pieces:
        """Returns what masks a text that comes in pieces."""
        return Pieces(self)

    def traceback(self, error: BaseException) -> str:
        """Returns the traceback of an error in the user's code, as the kernel's log may show it."""
        frames = _own(error.__traceback__)
        return self._masked("".join(traceback.format_exception(type(error), error, frames)))

    def _split(self, text: str) -> tuple[str, str]:
        """Returns a text masked, and the end of it that may be the start of a secret."""
        masked = self._masked(text)
        kept = len(masked) - self._held(masked)
        return masked[:kept], masked[kept:]

    def _masked(self, text: str) -> str:
        text = valid_text(text)
        return self._pattern.sub(MASK, text) if self._pattern is not None else text

    def _held(self, text: str) -> int:
        """Returns how many characters at the end of a text may be the start of a secret."""
        if self._first is None:
            return 0
        longest = max(map(len, self._values))
        for found in self._first.finditer(text, max(0, len(text) - longest + 1)):
            end = text[found.start() :]
            if any(value.startswith(end) for value in self._values):
                return len(end)
        return 0

    def _add(self, values: Iterable[str]) -> None:
        stripped = (valid_text(value.strip()) for value in values)
        new = {value for value in stripped if len(value) >= _SHORTEST} - self._values
        if new:
            self._values = self._values | new  # Not in place: another thread may be reading.
            self._compile()

    def _compile(self) -> None:
        # As it is, and as it stands within JSON and within a repr.
        forms = {
            form
            for value in self._values
            for form in (value, json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1])
        }
        longest_first = sorted(forms, key=len, reverse=True)
        if longest_first:
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))
            self._first = re.compile("|".join({re.escape(value[0]) for value in self._values}))


def _own(frames: TracebackType | None) -> TracebackType | None:
    """Returns a traceback from the first frame that is not ADK's, asyncio's or our own."""
    first = frames
    while first is not None:
        module = str(first.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] not in _NOT_THE_USERS:
            return first
        first = first.tb_next
    return frames


class Pieces:
    """Masks a text that comes in pieces: an end that may be the start of a secret waits.

    Args:
        redactor: What knows the secrets.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._whole = ""
        self._waiting = ""

    def add(self, text: str, *, whole: bool = False) -> str:
        """Returns what may be shown of a piece, and of what waited.

        Args:
            text: The piece.
            whole: Whether it repeats all that came before; found out where it is not said.
        """
        whole = whole or bool(self._whole and text.startswith(self._whole))
        self._whole = text if whole else self._whole + text
        shown, self._waiting = self._redactor._split(  # noqa: SLF001 - one unit
            text if whole else self._waiting + text
        )
        return shown

    def end(self) -> str:
        """Returns what still waits, as no more comes."""
        waiting, self._whole, self._waiting = self._waiting, "", ""
        return waiting
