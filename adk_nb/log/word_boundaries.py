"""Where texts are joined and cut, in scripts with blanks between words and in those without."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NO_BLANKS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x109F),  # Tibetan, Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x1AAF),  # Tai Le, New Tai Lue, Khmer symbols, Buginese, Tai Tham
    (0x1B00, 0x1B7F),  # Balinese
    (0xA980, 0xA9FF),  # Javanese, more Burmese
    (0xAA60, 0xAADF),  # more Burmese, Tai Viet
    (0xFF66, 0xFF9F),  # katakana of half the width
    (0x1F1E6, 0x1F1FF),  # the letters of flags
)
"""Scripts without blanks between words whose characters are not wide."""
_CLOSING = ",.;:!?)]}…%'\u2019\u201d،؛؟।॥\u06d4\u0589"


def joined(texts: Iterable[str]) -> str:
    """Returns pieces of a text as one, with blanks between them where their script has blanks."""
    whole = ""
    for text in texts:
        whole = spaced(whole, text.strip()) if whole else text.strip()
    return whole


def spaced(before: str, after: str) -> str:
    """Returns one text after the other, with a blank between them where their script has blanks."""
    if not before or not after:
        return before + after
    if before[-1].isspace():
        return before + after.lstrip()
    if after[0].isspace() or _extends(after[0]):
        return before + after
    apart = not (_is_dense(_base(before)) or _is_dense(after[0]) or after[0] in _CLOSING)
    return f"{before} {after}" if apart else before + after


def whole_words(text: str, end: int) -> str:
    """Returns the beginning of a text, up to the last whole word within so many characters.

    Words are parted by blanks. Where a script has none, the boundaries are those of Unicode's
    UAX 29: without a dictionary they lie between syllables or signs, but never inside what a reader
    takes for one character, and never between a word and the punctuation that closes it.
    """
    if end >= len(text):
        return text
    return text[: max((place for place in _boundaries(text) if place <= end), default=0)]


def word_ends(text: str, since: int = 0) -> Iterator[int]:
    """Yields where the words of a text end, as `whole_words` has them.

    Args:
        text: The text.
        since: The end of a word (characters): only those after it are yielded.
    """
    for place in _boundaries(text[since:]):
        yield since + place
    if len(text) > since:
        yield len(text)


def _boundaries(text: str) -> Iterable[int]:
    """Yields where a word ends, except at the end of the text."""
    import regex  # Takes 15 ms, which not every session needs.

    breaks = {found.start() for found in regex.finditer(r"(?w)\b", text)}
    # The two disagree: a word may break between the consonants of one Khmer syllable.
    for found in regex.finditer(r"\X", text):
        place = found.end()
        if place == len(text) or found[0].isspace():
            continue
        after = text[place]
        if after.isspace():
            yield place
        elif place in breaks and (_is_dense(found[0][0]) or _is_dense(after)):
            opens = unicodedata.category(found[0][0]) in ("Ps", "Pi")
            closes = unicodedata.category(after) in ("Pc", "Pd", "Pe", "Pf", "Po")
            if not opens and not closes:
                yield place


def _base(text: str) -> str:
    """Returns the last character that is no mark upon another."""
    return next((one for one in reversed(text) if not _extends(one)), text[-1])


def _extends(character: str) -> bool:
    """Returns whether a character is part of the one before it, as an accent is."""
    return unicodedata.category(character) in ("Mn", "Mc", "Me") or character == "\u200d"


def _is_dense(character: str) -> bool:
    """Returns whether a character is of a script that has no blanks between words."""
    if unicodedata.east_asian_width(character) in ("W", "F"):
        return not 0xAC00 <= ord(character) <= 0xD7A3  # Korean has blanks.
    return any(first <= ord(character) <= last for first, last in _NO_BLANKS)
