"""Keeps credentials out of what is logged, recorded and shown."""

from __future__ import annotations

import functools
import json
import os
import re
import reprlib
import time
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from adk_nb.exceptions import AdkNbError
from adk_nb.plain import plain, valid_text
from adk_nb.providers import env_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

MASK = "[secret]"
"""What stands for a secret that is of no variable."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""The words of a name, parted by their case or by anything that is no letter."""
_CREDENTIAL = re.compile(
    r"(?:password|passwd|passphrase|credential|secret|(?:api|auth|access|private)key)s?|pwd|"
    r".+(?:password|passwd|passphrase|credential|secret|apikey|authkey|accesskey|privatekey)s?|"
    r".+token"
)
"""Words that say that a value is a credential, wherever they are in the name."""
_CREDENTIAL_PAIR = re.compile(r"\b(?:api|auth|access|private) (?:key|token)")
"""Two words that say so, wherever they are."""
_CREDENTIAL_AT_END = {"key", "keys", "token", "pass", "pat"}
"""Words that say so at the end of a name."""
_FOLDERS = {"PWD", "OLDPWD"}
"""Where a shell is and was: no passwords."""
_NO_CREDENTIAL = {"primary", "foreign", "sort", "partition"}
"""Words before `key` that say what kind of a key it is."""
_MAYBE = {"key", "keys", "token", "tokens"}
"""Words that say that a value may be one, unless it is made of ordinary words."""
_ORDINARY = re.compile(
    r"(?:[A-Z]?[a-z]{1,14}|[A-Z]{1,15})(?:[ _-](?:[A-Z]?[a-z]{1,14}|[A-Z]{1,15}))*"
)
"""Words, as in `unlimited`, `customer_id` or `B flat minor`."""
_LONGEST_ORDINARY = 30
"""The longest value (characters) that is taken for ordinary words."""
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
        "ghu_": r"\w{30,}",
        "ghr_": r"\w{30,}",
        "github_pat_": r"\w{20,}",
        "xoxb-": r"[\w-]{10,}",
        "xoxp-": r"[\w-]{10,}",
        "xapp-": r"[\w-]{20,}",
        "hf_": r"[A-Za-z0-9]{30,}",
        "gsk_": r"[A-Za-z0-9]{30,}",
        "glpat-": r"[\w-]{20,}",
        "GOCSPX-": r"[\w-]{20,}",
        "sk_live_": r"\w{20,}",
        "rk_live_": r"\w{20,}",
        "npm_": r"[A-Za-z0-9]{30,}",
        "pypi-": r"[\w-]{30,}",
        "AKIA": r"[A-Z0-9]{16}\b",
        "ASIA": r"[A-Z0-9]{16}\b",
        "eyJ": r"[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}",
    }.items()
}
"""What has the form of a key, by its beginning: of Google, OpenAI, GitHub, GitLab, Slack, Hugging
Face, Groq, Stripe, npm, PyPI and Amazon, and JSON Web Tokens. Each begins with plain characters,
which are found fast in a long text."""
_BEGINS = sorted(_SHAPES, key=len)
_LONGEST_SHAPE = 4096
"""The longest key (characters) whose end is waited for, where it comes in pieces."""
_OPEN_SHAPE = re.compile(
    rf"(?<!\w)(?:(?:{'|'.join(map(re.escape, _BEGINS))})[\w.-]*"
    rf"|{'|'.join({re.escape(begins[:n]) for begins in _BEGINS for n in range(1, len(begins))})})\Z"
)
"""The end of a text that may be the beginning of what has the form of a key."""
_SHORTEST = 8
"""The shortest value that is masked (characters): shorter ones may be ordinary words."""
_NOT_THE_USERS = {"google", "adk_nb", "asyncio", "concurrent", "contextvars", "threading"}
"""Packages whose frames are left out at the beginning of a traceback."""
_FILE_S = 1.0
"""The least time between two looks at the `.env` file (s)."""


def environment_as_it_is() -> frozenset[tuple[object, object]]:
    """Returns what is equal for as long as the environment is; asked for at every row of a log.

    `os.environ` decodes each variable each time, which takes ten times as long as to compare them.
    """
    return frozenset(getattr(os.environ, "_data", os.environ).items())


class Redactor:
    """Makes plain copies of values, with every secret masked.

    Secrets are the values of variables whose names say so, in the environment and in the `.env`
    file beside the notebook or above it; what has the form of a key; and values that are added. The
    value of a variable is masked by its name. A secret stays one for ever.

    Args:
        values: The secrets; by default those of the environment, now and later.
        chosen: By a variable's name, whether its value is masked, whatever the name says.

    Raises:
        AdkNbError: `chosen` does not say so.

    Attributes:
        masked: What was masked so far: names of variables, or `secret`.
        on_masked: Called with each of these when it is masked for the first time, on any thread.
    """

    def __init__(
        self, values: Iterable[str] | None = None, chosen: Mapping[str, bool] | None = None
    ) -> None:
        # The secrets, with what stands for them.
        self._values: dict[str, str] = dict.fromkeys(values or (), MASK)
        self._chosen = _checked({} if chosen is None else chosen)
        self._labels: dict[str, str] = {}
        self.masked: set[str] = set()
        self.on_masked: Callable[[str], None] = lambda _name: None
        # Whether the environment and the `.env` file are followed, and what they were last.
        self._follows = values is None
        self._environment: frozenset[tuple[object, object]] = frozenset()
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
        environment = environment_as_it_is()
        if environment != self._environment:
            self._environment = environment
            found = list(os.environ.items())
            self._add((value, name) for name, value in found if self._is_secret(name, value))
        now = time.monotonic()
        if now - self._file_at >= _FILE_S:
            self._file_at = now
            in_file = env_file.values().items()
            self._add((value, name) for name, value in in_file if self._is_secret(name, value))

    def _is_secret(self, name: str, value: str) -> bool:
        chosen = self._chosen.get(name)
        return _is_credential(name, value) if chosen is None else chosen

    def __call__(self, value: Any) -> Any:
        """Returns a plain copy of the value (see `plain`) with every secret in it masked."""
        return self._masked(value) if type(value) is str else plain(value, self._masked)

    def open(self, text: str) -> str:
        """Returns an unfinished text masked, without an end that may be the start of a secret."""
        return self._split(text)[0]

    def pieces(self) -> Pieces:
        """Returns a `Pieces` to mask a text that comes in pieces."""
        return Pieces(self)

    def traceback(self, error: BaseException) -> str:
        """Returns the masked traceback of an error in the user's code, for the kernel's log."""
        frames = _own(error.__traceback__)
        return self._masked("".join(traceback.format_exception(type(error), error, frames)))

    def _split(self, text: str) -> tuple[str, str]:
        """Returns a text masked, and the end of it that may be the start of a secret, as it is."""
        begins = self._open_shape(text)
        masked = self._masked(text[:begins])
        kept = len(masked) - self._held(masked)
        return masked[:kept], masked[kept:] + text[begins:]

    def _open_shape(self, text: str) -> int:
        """Returns where something begins that may become a key of some form, or the length."""
        shape = _OPEN_SHAPE.search(text, max(0, len(text) - _LONGEST_SHAPE))
        if shape is None or (self._pattern is not None and self._pattern.fullmatch(shape[0])):
            return len(text)
        return shape.start()

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
        longest = max(map(len, self._labels))
        for found in self._first.finditer(text, max(0, len(text) - longest + 1)):
            end = text[found.start() :]
            if any(form.startswith(end) for form in self._labels):
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
            self._first = re.compile("|".join({re.escape(form[0]) for form in labels}))


def _checked(chosen: Mapping[str, bool]) -> dict[str, bool]:
    if isinstance(chosen, Mapping):
        pairs = chosen.items()
        if all(isinstance(name, str) and isinstance(masks, bool) for name, masks in pairs):
            return dict(pairs)
    raise AdkNbError(
        f"mask cannot be {reprlib.repr(chosen)}.",
        remedy="It says of variables whether their values are masked, by their names: "
        'mask={"MY_PIN": True, "WEATHER_KEY": False}.',
        code="bad_option",
    )


@functools.lru_cache(maxsize=4096)
def _is_credential(name: str, value: str) -> bool:
    """Returns whether a variable's value is a credential; in doubt it is."""
    if name in _FOLDERS:
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    if any(map(_CREDENTIAL.fullmatch, words)) or _CREDENTIAL_PAIR.search(" ".join(words)):
        return True
    if words and words[-1] in _CREDENTIAL_AT_END and not _NO_CREDENTIAL.intersection(words[-2:-1]):
        return True
    value = value.strip()
    ordinary = len(value) <= _LONGEST_ORDINARY and _ORDINARY.fullmatch(value)
    return not ordinary and not _MAYBE.isdisjoint(words)


def _forms(value: str) -> tuple[str, ...]:
    """Returns a secret as it is, and as it stands in JSON, in reprs and in a URL."""
    return (
        value,
        json.dumps(value, ensure_ascii=False)[1:-1],
        json.dumps(value)[1:-1],
        repr(value)[1:-1],
        repr(value.encode())[2:-1],
        quote(value, safe=""),
        quote_plus(value),
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

    def spanning(self, text: str) -> str | None:
        """Returns what was held back and a last piece, masked, if a secret is in both."""
        redact = self._redactor._masked  # noqa: SLF001 - one unit
        whole = redact(self._waiting + text)
        return None if whole == redact(self._waiting) + redact(text) else whole

    def end(self) -> str:
        """Returns what is still held back, as the text has ended."""
        waiting, self._whole, self._waiting = self._waiting, "", ""
        return self._redactor._masked(waiting)  # noqa: SLF001 - one unit
