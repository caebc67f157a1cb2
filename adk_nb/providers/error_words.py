"""What is read of an error and shown of it: its kinds, and its words without SQL and keys."""

from __future__ import annotations

import os
import re
from typing import Any

MASK = "[secret]"
_LONGEST = 600
"""How much of an error's own text is shown (characters)."""
_KEY_SHAPES = re.compile(
    r"AIza[\w-]{8,}|\bAQ\.[\w-]{8,}|ya29\.[\w.-]{8,}|auth_tokens/[\w-]+"
    r"|(?<=[Bb]earer )[\w.~+/=-]+|(?<=Token )[\w.~+/=-]{12,}"
)
# `key=…` in a URL, `api_key: '…'` in a dictionary, and the header that google-genai sends.
_KEY_VALUES = re.compile(
    r"((?:key\s*=|(?:api[_-]?key|access[_-]?token)['\"]?\s*[=:])\s*b?['\"]?)([^\s'\"&,;)}\]]+)",
    re.IGNORECASE,
)
_KEY_NAMES = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
_SHORTEST_KEY = 8
_SQL = re.compile(r"\s*(\[SQL:|\[parameters:|\(Background on this error).*", re.DOTALL)


def kinds_of(error: object) -> set[str]:
    """Returns the full names of an object's classes, so that no package has to be imported."""
    return {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}


def text_of(error: BaseException) -> str:
    """Returns an error's kind and words, with no SQL and no key, and not too long."""
    text = f"{type(error).__name__}: {words_of(error)}".strip().rstrip(":")
    text = mask(_SQL.sub("", text))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def words_of(error: Any) -> str:
    """Returns an error's own words, keys and all, without its statement if it is of a database."""
    kinds = kinds_of(error)
    if "sqlalchemy.exc.StatementError" in kinds and getattr(error, "orig", None) is not None:
        # Its own text has the statement and the parameters, so a user's words.
        return next(iter(str(error.orig).splitlines()), "")
    if "google.genai.errors.APIError" in kinds:
        return f"{error.code} {error.status or ''} {api_message(error)}".replace("  ", " ").strip()
    if "websockets.exceptions.InvalidStatus" in kinds:
        return f"{error} {' '.join(body_of(error).split())}".strip()
    try:
        return str(error)
    except Exception:  # Its `__str__` may raise.
        return ""


def api_message(error: Any) -> str:
    """Returns the message of a `google.genai.errors.APIError`, whatever it has."""
    if isinstance(error.message, str):
        return error.message
    return error.details if isinstance(error.details, str) else ""


def body_of(error: Any) -> str:
    """Returns what the service said in its refusal, a `websockets.InvalidStatus`."""
    return bytes(error.response.body or b"").decode(errors="replace")


def mask(text: str) -> str:
    """Returns a text with everything masked that is a key or looks like one."""
    known = [os.environ.get(name, "").strip() for name in _KEY_NAMES]
    for value in sorted(known, key=len, reverse=True):
        if len(value) >= _SHORTEST_KEY:
            text = text.replace(value, MASK)
    return _KEY_SHAPES.sub(MASK, _KEY_VALUES.sub(rf"\g<1>{MASK}", text))
