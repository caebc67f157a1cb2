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
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

MASK = "[secret]"
"""What stands for a secret that is of no variable."""
_NAMES = re.compile(
    r"(?:^|[^A-Z])(?:API)?(?:KEY|TOKEN)S?(?:[^A-Z]|$)|SECRET|PASSWORD|PASSWD|CREDENTIAL",
    re.IGNORECASE,
)
"""Names of variables with credentials: KEY and TOKEN are in others' too, as parts of words."""
_SHAPES = {
    begins: re.compile(re.escape(begins) + rest)
    for begins, rest in {
        "AIza": r"[\w-]{30,}",
        "AQ.": r"[\w-]{20,}",
        "ya29.": r"[\w.-]{20,}",
        "sk-": r"[\w-]{20,}",
        "ghp_": r"\w{30,}",
        "gho_": r"\w{30,}",
        "ghs_": r"\w{30,}",
        "github_pat_": r"\w{20,}",
        "xoxb-": r"[\w-]{10,}",
        "xoxp-": r"[\w-]{10,}",
        "AKIA": r"[A-Z0-9]{16}\b",
        "eyJ": r"[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}",
    }.items()
}
"""What has the form of a key, by its beginning: of Google, OpenAI, GitHub, Slack and Amazon, and
JSON Web Tokens. Each begins with plain characters, which are found fast in a long text."""
_SHORTEST = 8
"""The shortest value that is masked (characters): shorter ones may be ordinary words."""
_NOT_THE_USERS = {"google", "adk_nb", "asyncio", "concurrent", "contextvars", "threading"}
"""Packages whose frames are left out at the beginning of a traceback."""
_FILE_S = 1.0
"""The least time between two looks at the `.env` file (s)."""


class Redactor:
    """Makes plain copies of values, with every secret masked.

    Secrets are the values of variables whose names say so, in the environment and in the `.env`
    file beside the notebook or above it; what has the form of a key; and values that are added. The
    value of a variable is masked by its name. A secret stays one for ever.

    Args:
        values: The secrets; by default those of the environment, now and later.
        chosen: By a variable's name, whether its value is masked, whatever the name says.

    Attributes:
        masked: What was masked so far: names of variables, or `secret`.
        on_masked: Called with each of these when it is masked for the first time, on any thread.
    """

    def __init__(
        self, values: Iterable[str] | None = None, chosen: Mapping[str, bool] | None = None
    ) -> None:
        # The secrets, with what stands for them.
        self._values: dict[str, str] = dict.fromkeys(values or (), MASK)
        self._chosen = dict(chosen or {})
        self._labels: dict[str, str] = {}
        self.masked: set[str] = set()
        self.on_masked: Callable[[str], None] = lambda _name: None
        # Whether the environment and the `.env` file are followed, and what they were last.
        self._follows = values is None
        self._environment: frozenset[tuple[str, str]] = frozenset()
        self._file_at = -_FILE_S
        # Matches a secret, and the first character of one.
        self._pattern: re.Pattern[str] | None = None
        self._first: re.Pattern[str] | None = None
        self._compile()
        self.refresh()

    def add(self, value: str) -> None:
        """Adds a secret."""
        self._add([(value, "")])

    def refresh(self) -> None:
        """Reads the environment again; cheap if it has not changed."""
        if not self._follows:
            return
        environment = frozenset(os.environ.items())
        if environment != self._environment:
            self._environment = environment
            self._add((value, name) for name, value in environment if self._is_secret(name))
        now = time.monotonic()
        if now - self._file_at >= _FILE_S:
            self._file_at = now
            found = env_file.values().items()
            self._add((value, name) for name, value in found if self._is_secret(name))

    def _is_secret(self, name: str) -> bool:
        return self._chosen.get(name, bool(_NAMES.search(name)))

    def __call__(self, value: Any) -> Any:
        """Returns a plain copy of the value (see `plain`) with every secret in it masked."""
        return plain(value, self._masked)

    def open(self, text: str) -> str:
        """Returns an unfinished text masked, without an end that may be the start of a secret."""
        masked = self._masked(text)
        return masked[: len(masked) - self._held(masked)]

    def pieces(self) -> Pieces:
        """Returns a `Pieces` to mask a text that comes in pieces."""
        return Pieces(self)

    def traceback(self, error: BaseException) -> str:
        """Returns the masked traceback of an error in the user's code, for the kernel's log."""
        frames = _own(error.__traceback__)
        return self._masked("".join(traceback.format_exception(type(error), error, frames)))

    def _split(self, text: str) -> tuple[str, str]:
        """Returns a text masked, and the end of it that may be the start of a secret."""
        masked = self._masked(text)
        kept = len(masked) - self._held(masked)
        return masked[:kept], masked[kept:]

    def _masked(self, text: str) -> str:
        text = valid_text(text)
        if self._pattern is not None:
            text = self._pattern.sub(self._mask, text)
        for begins, shape in _SHAPES.items():
            if begins in text:
                text = shape.sub(self._mask_word, text)
        return text

    def _mask_word(self, found: re.Match[str]) -> str:
        """Masks what has the form of a key, unless it is the end of a longer word."""
        before = found.string[found.start() - 1 : found.start()]
        return found[0] if before.isalnum() else self._mask(found)

    def _mask(self, found: re.Match[str]) -> str:
        label = self._labels.get(found[0], MASK)
        if label not in self.masked:
            self.masked = self.masked | {label}  # Another thread may be reading the old set.
            self.on_masked(label[1:-1])
        return label

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

    def _add(self, values: Iterable[tuple[str, str]]) -> None:
        found = ((valid_text(value.strip()), name) for value, name in values)
        new = {
            value: f"[{name}]" if name else MASK
            for value, name in found
            if len(value) >= _SHORTEST and value not in self._values
        }
        if new:
            self._values = self._values | new  # Another thread may be reading the old one.
            self._compile()

    def _compile(self) -> None:
        # As it is, and as it is written in JSON and in a repr.
        labels = {form: label for value, label in self._values.items() for form in _forms(value)}
        longest_first = sorted(labels, key=len, reverse=True)
        self._labels = labels
        if longest_first:
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))
            self._first = re.compile("|".join({re.escape(value[0]) for value in self._values}))


def _forms(value: str) -> tuple[str, ...]:
    """Returns a secret as it is, and as it stands in JSON, in a repr and in the repr of bytes."""
    return (
        value,
        json.dumps(value, ensure_ascii=False)[1:-1],
        json.dumps(value)[1:-1],
        repr(value)[1:-1],
        repr(value.encode())[2:-1],
    )


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
    """Masks a text that comes in pieces; holds back an end that may be the start of a secret.

    Args:
        redactor: Knows the secrets.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._whole = ""
        self._waiting = ""

    def add(self, text: str, *, whole: bool = False) -> str:
        """Returns what can be shown of a piece, and of what was held back.

        Args:
            text: The piece.
            whole: Whether it repeats all pieces before; detected if it is not given.
        """
        whole = whole or bool(self._whole and text.startswith(self._whole))
        self._whole = text if whole else self._whole + text
        shown, self._waiting = self._redactor._split(  # noqa: SLF001 - one unit
            text if whole else self._waiting + text
        )
        return shown

    def end(self) -> str:
        """Returns what is still held back, as the text has ended."""
        waiting, self._whole, self._waiting = self._waiting, "", ""
        return waiting
