"""Numbers as they are spoken, read whole or not at all.

"twenty one", "three point five", "one point two million", "two and a half thousand", "two oh
seven", "double seven", "half a dozen". What of a number's words is left over makes it no number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from adk_nb.local.vocabulary import word_set

UNITS = {
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
_SCALES = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 1000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "trillion": 1_000_000_000_000,
}
_FRACTIONS = {
    "half a": 0.5,
    "half an": 0.5,
    "a half": 0.5,
    "half": 0.5,
    "a quarter of a": 0.25,
    "a quarter of an": 0.25,
    "quarter of a": 0.25,
    "quarter of an": 0.25,
    "three quarters of a": 0.75,
    "three quarters of an": 0.75,
    "a couple of": 2.0,
    "a couple": 2.0,
}
_ADDED = {"and a half": 0.5, "and a quarter": 0.25, "and three quarters": 0.75}
_OH = word_set("oh o")
_MULTIPLES = {"double": 2, "triple": 3}
_NO_COUNT = word_set("this that no the which each every any another some")
_DIGITS = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?|-?\d+(?:\.\d+)?e[-+]?\d{1,3}")
# The most words that a fraction has.
_LONGEST_FRACTION = 5


@dataclass(frozen=True)
class Number:
    """A number in a sentence.

    Attributes:
        value: Its value.
        start: Index of its first word.
        end: Index after its last word.
        digits: As it is written in a code, where it was said digit by digit: "207"; else empty.
    """

    value: float
    start: int
    end: int
    digits: str = ""

    @property
    def text(self) -> str:
        """The number as digits."""
        return self.digits or f"{self.value:.10g}"


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
    loose = _loose(words, numbers)
    return [each for each in numbers if not loose & {each.start - 1, each.end}]


def unread(words: list[str]) -> set[int]:
    """Returns the indices of number words that are part of no number that can be read."""
    numbers = numbers_in(words)
    read = {i for number in numbers for i in range(number.start, number.end)}
    return {
        i
        for i, word in enumerate(words)
        if i not in read and _is_number_word(word) and not _is_pronoun(words, i)
    }


def digit_runs(numbers: list[Number]) -> list[Number]:
    """Returns numbers that follow each other joined, as in a code: "4 4 0 9", "555 0134"."""
    runs: list[Number] = []
    for number in numbers:
        if number.value < 0 or number.value != int(number.value):
            continue
        if runs and runs[-1].end == number.start:
            digits = runs[-1].text + number.text
            runs[-1] = Number(float(digits), runs[-1].start, number.end, digits)
        else:
            runs.append(number)
    return runs


def _is_number_word(word: str) -> bool:
    return word in UNITS or word in _TENS or word in _SCALES


def _is_pronoun(words: list[str], index: int) -> bool:
    return words[index] == "one"


def _loose(words: list[str], numbers: list[Number]) -> set[int]:
    """Returns the indices of words that make a number beside them another, unknown one."""
    read = {i for number in numbers for i in range(number.start, number.end)}
    loose = {i for i, word in enumerate(words) if i not in read and word in _SCALES}
    for number in numbers:
        after = number.end
        if words[after : after + 1] == ["point"]:
            loose.add(after)
        if words[number.start - 1 : number.start] == ["point"]:
            loose.add(number.start - 1)
        if after < len(words) and words[after] in _OH and number.digits:
            loose.add(after)
        if number.start and words[number.start - 1] in _MULTIPLES and not number.digits:
            loose.add(number.start - 1)
    return loose


def _number(words: list[str], start: int) -> Number | None:
    if words[start] in {"minus", "negative"} and start + 1 < len(words):
        number = _number(words, start + 1)
        return Number(-number.value, start, number.end) if number else None
    if words[start] == "one" and start and words[start - 1] in _NO_COUNT:
        return None
    if run := _spelled(words, start):
        return run
    value, end = _fraction(words, start)
    if end == start and words[start] == "point" and not _follows_number(words, start):
        value, end = _decimals(words, 0.0, start)
    if end == start:
        value, end = _whole(words, start)
        if end == start:
            return None
        value, end = _decimals(words, value, end)
        value, end = _added(words, value, end)
    while end < len(words) and words[end] in _SCALES:
        value, end = value * _SCALES[words[end]], end + 1
    return Number(value, start, end, _leading_zeros(words, start, end))


def _follows_number(words: list[str], index: int) -> bool:
    """Whether a word stands after a number, whose "point" then cannot begin one."""
    before = words[index - 1] if index else ""
    return bool(_DIGITS.fullmatch(before)) or _is_number_word(before)


def _leading_zeros(words: list[str], start: int, end: int) -> str:
    """Returns digits that a number would lose: "0134"."""
    is_code = end == start + 1 and re.fullmatch(r"0\d+", words[start])
    return words[start] if is_code else ""


def _spelled(words: list[str], start: int) -> Number | None:
    """Reads digits one by one, where an "oh", a "double" or a "triple" shows that they are."""
    digits, index, shown = "", start, False
    while index < len(words):
        times = _MULTIPLES.get(words[index], 1)
        at = index + (times > 1)
        digit = _digit(words[at]) if at < len(words) else ""
        if not digit:
            break
        digits += digit * times
        shown = shown or times > 1 or (words[at] in _OH and index > start)
        index = at + 1
    if shown and len(digits) > 1 and words[start] not in _OH:
        # A trailing "oh" belongs to what follows: "seven oh".
        return Number(float(digits), start, index, digits)
    teens, after = _below_hundred(words, start)
    if after > start and teens >= 10 and words[after : after + 1] and words[after] in _OH:
        unit = _digit(words[after + 1]) if after + 1 < len(words) else ""
        if unit and unit != "0":
            digits = f"{teens:.0f}0{unit}"
            return Number(float(digits), start, after + 2, digits)
    return None


def _digit(word: str) -> str:
    if len(word) == 1 and word.isdigit():
        return word
    if word in _OH:
        return "0"
    return str(UNITS[word]) if UNITS.get(word, 10) < 10 else ""


def _fraction(words: list[str], start: int) -> tuple[float, int]:
    """Reads "half an hour", "a half", "a quarter of a million", "a couple of"."""
    for length in range(_LONGEST_FRACTION, 0, -1):
        phrase = " ".join(words[start : start + length])
        if phrase in _FRACTIONS and start + length <= len(words):
            return _FRACTIONS[phrase], start + length
    return 0.0, start


def _added(words: list[str], value: float, end: int) -> tuple[float, int]:
    """Reads "and a half" after a number."""
    added = _ADDED.get(" ".join(words[end : end + 3]))
    return (value + added, end + 3) if added else (value, end)


def _whole(words: list[str], start: int) -> tuple[float, int]:
    """Returns a number's whole part and the index after it; that is `start` where there is none."""
    total, index = _below_hundred(words, start)
    if index == start:
        has_article = words[start] in {"a", "an"}
        if not (has_article and start + 1 < len(words) and words[start + 1] in _SCALES):
            return 0.0, start
        total, index = 1.0, start + 1
    year, after = _below_hundred(words, index)
    if 16 <= total <= 21 and after > index and year >= 10 and words[start] in {**UNITS, **_TENS}:
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
    if _DIGITS.fullmatch(word):
        return float(word.replace(",", "")), start + 1
    if word in UNITS:
        return float(UNITS[word]), start + 1
    if word in _TENS:
        unit = UNITS.get(words[start + 1], 0) if start + 1 < len(words) else 0
        return float(_TENS[word] + (unit if 0 < unit < 10 else 0)), start + 1 + (0 < unit < 10)
    return 0.0, start


def _decimals(words: list[str], value: float, end: int) -> tuple[float, int]:
    """Reads "point two five" after a whole number."""
    if words[end : end + 1] != ["point"]:
        return value, end
    digits, index = "", end + 1
    while index < len(words) and (words[index].isdigit() or _digit(words[index])):
        digits += words[index] if words[index].isdigit() else _digit(words[index])
        index += 1
    if not digits:
        return value, end
    return float(f"{int(value)}.{digits}"), index
