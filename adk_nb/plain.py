"""Copies of values that JSON can hold: valid text, dictionaries, lists, finite numbers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Set as AbstractSet
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DEPTH = 50
"""How deep containers may be nested; what lies deeper becomes its repr."""
MAX_REPR = 10_000
"""Longest repr of a value that JSON has no form for (characters)."""
_MARGIN = 4096
"""How much more of a repr is looked at for secrets that its end would cut in two (characters)."""
_NO_SECRET = 10**7
"""Integers below are no secrets."""
_LARGEST = 2**63
"""Integers from here on are written as text: many readers of JSON cannot take them."""

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def one_line(text: str) -> str:
    """Returns a text with its control characters as escapes, so that it is one line of a log."""
    return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)


def valid_text(text: str) -> str:
    """Returns text that every encoder takes.

    A surrogate that stands alone, as in half an emoji or a file name that is not UTF-8, becomes
    U+FFFD. Two that make one character become that character.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def plain(
    value: Any,
    text: Callable[[str], str] = valid_text,
    keep: tuple[type, ...] = (),
    kept: Callable[[Any], Any] | None = None,
) -> Any:
    """Returns a copy of a value that JSON can hold.

    Tuples and sets become lists, keys become strings, pydantic models become dictionaries;
    anything else, NaN, infinity and integers over 64 bits become their repr.

    Args:
        value: Anything; it may contain itself, and other threads may change it meanwhile.
        text: A function for each string, such as masking; it must return valid text.
        keep: Types whose values are left as they are.
        kept: Returns what stands in the copy for such a value, in the place of the value itself.
    """
    return _Copy(text, keep, kept).of(value, 0)


def copied(value: Any) -> Any:
    """Returns a copy of a value that JSON can hold."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return list(map(copied, value)) if isinstance(value, list) else value


class _Copy:
    """Copies one value; remembers which containers it is inside of."""

    def __init__(
        self,
        text: Callable[[str], str],
        keep: tuple[type, ...],
        kept: Callable[[Any], Any] | None,
    ) -> None:
        self._text = text
        self._keep = keep
        self._kept = kept
        self._inside: set[int] = set()

    def of(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, (bool, *self._keep)):
            kept = self._kept if isinstance(value, self._keep) else None
            return value if kept is None else kept(value)
        if isinstance(value, str):
            return self._text(str.__str__(value))  # An enumeration's member is a string too.
        if isinstance(value, int):
            return self._integer(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else repr(float(value))
        if depth >= MAX_DEPTH or id(value) in self._inside:
            return self._repr(value)
        self._inside.add(id(value))
        try:
            return self._container(value, depth + 1)
        finally:
            self._inside.discard(id(value))

    def _integer(self, value: int) -> int | str:
        if abs(value) < _NO_SECRET:
            return int(value)
        if abs(value) >= _LARGEST:
            return self._repr(value)
        shown = str(int(value))
        masked = self._text(shown)
        return int(value) if masked == shown else masked

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            return {self._text(str(key)): self.of(item, depth) for key, item in _items(value)}
        if isinstance(value, list | tuple | AbstractSet):
            return [self.of(item, depth) for item in _members(value)]
        dump = getattr(value, "model_dump", None)
        if callable(dump) and not isinstance(value, type):
            try:
                return self.of(dump(mode="json"), depth)
            except Exception:
                return self._repr(value)
        return self._repr(value)

    def _repr(self, value: Any) -> str:
        try:
            shown = repr(value)
        except BaseException as error:
            # It is the user's code, and may even exit; or an integer of too many digits.
            shown = f"<{type(value).__name__} without a repr: {type(error).__name__}>"
        # Masked before it is cut, or half a secret would be left. The first cut leaves one too,
        # which the margin holds.
        masked = self._text(shown[: MAX_REPR + _MARGIN])
        if len(shown) > MAX_REPR + _MARGIN:
            masked = masked[: max(0, len(masked) - _MARGIN)]
        return masked[:MAX_REPR]


def _items(value: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    return _settled(lambda: list(value.items()))


def _members(value: Any) -> list[Any]:
    return _settled(lambda: list(value))


def _settled(read: Callable[[], list[Any]]) -> list[Any]:
    """Reads a container that another thread may be changing, again until it succeeds."""
    for _ in range(100):
        try:
            return read()
        except RuntimeError:  # It changed its size meanwhile.
            continue
    return []


def to_json(value: Any) -> str:
    """Returns standard JSON: valid text, no NaN, and the repr of what has no form in JSON."""
    try:
        return valid_text(json.dumps(value, allow_nan=False, default=repr, ensure_ascii=False))
    except (ValueError, TypeError, RecursionError):
        # NaN, a cycle, or keys of odd types: tool results may hold anything.
        return json.dumps(plain(value), ensure_ascii=False)
