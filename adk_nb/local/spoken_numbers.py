"""Numbers as they are spoken: "twenty one", "three point five", "a hundred and twenty"."""

from __future__ import annotations

from dataclasses import dataclass

from adk_nb.local.vocabulary import word_set

_UNITS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: value * 10
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
} | {"fourty": 40}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_SCALES |= {"dozen": 12}
_NO_COUNT = word_set("this that no the which each every any another some")


@dataclass(frozen=True)
class Number:
    """A number in a sentence.

    Attributes:
        value: Its value.
        start: Index of its first word.
        end: Index after its last word.
    """

    value: float
    start: int
    end: int


def numbers_in(words: list[str]) -> list[Number]:
    """Returns the numbers in a sentence's words, which are in lower case."""
    numbers: list[Number] = []
    index = 0
    while index < len(words):
        after_number = bool(numbers) and numbers[-1].end == index
        number = None if after_number and words[index] == "minus" else _number(words, index)
        if number is not None:
            numbers.append(number)
        index = number.end if number else index + 1
    return numbers


def _number(words: list[str], start: int) -> Number | None:
    if words[start] in {"minus", "negative"} and start + 1 < len(words):
        number = _number(words, start + 1)
        return Number(-number.value, start, number.end) if number else None
    if words[start] == "one" and start and words[start - 1] in _NO_COUNT:
        return None
    value, end = _whole(words, start)
    if end == start:
        return _half(words, start)
    value, end = _decimals(words, value, end)
    if words[end : end + 3] == ["and", "a", "half"]:
        value, end = value + 0.5, end + 3
    return Number(value, start, end)


def _half(words: list[str], start: int) -> Number | None:
    """Reads "half an hour", "a half", "half", "a couple of"."""
    rest = words[start : start + 3]
    for phrase, value in (("half a", 0.5), ("half an", 0.5), ("a half", 0.5), ("half", 0.5)):
        if rest[: len(phrase.split())] == phrase.split():
            return Number(value, start, start + len(phrase.split()))
    return Number(2.0, start, start + 2) if rest[:2] == ["a", "couple"] else None


def _whole(words: list[str], start: int) -> tuple[float, int]:
    """Returns a number's whole part and the index after it; that is `start` where there is none."""
    total, index = _below_hundred(words, start)
    if index == start:
        has_article = words[start] in {"a", "an"}
        if not (has_article and start + 1 < len(words) and words[start + 1] in _SCALES):
            return 0.0, start
        total, index = 1.0, start + 1
    year, after = _below_hundred(words, index)
    if 16 <= total <= 21 and after > index and year >= 10 and words[start] in {**_UNITS, **_TENS}:
        return total * 100 + year, after
    group = total
    total = 0.0
    while index < len(words):
        scale = _SCALES.get(words[index])
        if scale is None:
            joined = words[index] == "and" and words[index - 1] in _SCALES
            below, after = _below_hundred(words, index + joined)
            if after == index + joined or words[index - 1] not in _SCALES:
                break
            group, index = group + below, after
        elif scale <= 100:
            group, index = group * scale, index + 1
        else:
            total, group, index = total + group * scale, 0.0, index + 1
    return total + group, index


def _below_hundred(words: list[str], start: int) -> tuple[float, int]:
    """Returns digits or a number word up to ninety-nine, and the index after it."""
    if start >= len(words):
        return 0.0, start
    word = words[start]
    if word.lstrip("-")[:1].isdigit():
        try:
            return float(word.replace(",", "")), start + 1
        except ValueError:
            return 0.0, start
    if word in _UNITS:
        return float(_UNITS[word]), start + 1
    if word in _TENS:
        unit = _UNITS.get(words[start + 1], 0) if start + 1 < len(words) else 0
        return float(_TENS[word] + (unit if 0 < unit < 10 else 0)), start + 1 + (0 < unit < 10)
    return 0.0, start


def _decimals(words: list[str], value: float, end: int) -> tuple[float, int]:
    """Reads "point two five" after a whole number."""
    if words[end : end + 1] != ["point"]:
        return value, end
    digits, index = "", end + 1
    while index < len(words) and (words[index].isdigit() or _UNITS.get(words[index], 10) < 10):
        digits += words[index] if words[index].isdigit() else str(_UNITS[words[index]])
        index += 1
    if not digits:
        return value, end
    return float(f"{int(value)}.{digits}"), index
