"""Codes in a sentence: order numbers, flight numbers, phone numbers, and other ids."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adk_nb.local.spoken_numbers import Number, digit_runs
from adk_nb.local.vocabulary import Word, same_meaning, word_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adk_nb.local.signature import Parameter

_GENERIC = word_set("id code number zip postcode phone reference serial isbn sku pin uid uuid")
_CODE = re.compile(r"#\w+|(?=\w*\d)(?=\w*[A-Za-z])\w+(?:-\w+)*|[A-Za-z]+-\d+", re.IGNORECASE)
_NO_CODE = re.compile(r"\d+(?:st|nd|rd|th|am|pm)|\d+:\d\d\w*", re.IGNORECASE)
_LETTERS = re.compile(r"[A-Z]{1,3}")

_NEAR = 3
_LINKS = word_set("number is the no id of with code")


@dataclass(frozen=True)
class Code:
    """A code in a sentence.

    Attributes:
        start: Index of its first word.
        end: Index after its last word.
        text: The code, without blanks.
        is_plain: Whether it is only a number, which may as well be a quantity.
    """

    start: int
    end: int
    text: str
    is_plain: bool


def is_code(parameter: Parameter) -> bool:
    """Whether a parameter is a code: "order_id", or a "number" that is a text."""
    return (
        parameter.kind == "string"
        and not parameter.choices
        and (bool(_GENERIC & set(parameter.name_words)) or _is_digits(parameter.name_words))
    )


def _is_digits(names: Sequence[str]) -> bool:
    """Whether a name means the end of a code: "last_four", "last4", "last_digits"."""
    return bool(re.search(r"\blast ?(?:\w+ )?(?:digits?|four|4)\b", " ".join(names)))


def codes_in(words: list[Word], numbers: list[Number]) -> list[Code]:
    """Returns the codes in a sentence, with runs of digits and letters before them joined."""
    runs = {run.start: run for run in digit_runs(numbers)}
    codes: list[Code] = []
    index = 0
    while index < len(words):
        text = words[index].text
        spelled = _spelled(words, runs, index)
        if _CODE.fullmatch(text) and not _NO_CODE.fullmatch(text):
            codes.append(Code(index, index + 1, text, is_plain=False))
        elif spelled:
            codes.append(spelled)
        elif index in runs:
            codes.append(Code(index, runs[index].end, runs[index].text, is_plain=True))
        index = codes[-1].end if codes and codes[-1].end > index else index + 1
    return codes


def _spelled(words: list[Word], runs: dict[int, Number], start: int) -> Code | None:
    """Reads letters and digits said one by one: "B 3 R 7", "Q X seven R two one"."""
    if words[start].text in {"I", "A"} or not _LETTERS.fullmatch(words[start].text):
        return None
    text, index, has_digit = "", start, False
    while index < len(words):
        if run := runs.get(index):
            text, index, has_digit = text + run.text, run.end, True
        elif _LETTERS.fullmatch(words[index].text):
            text, index = text + words[index].text, index + 1
        else:
            break
    return Code(start, index, text, is_plain=False) if has_digit else None


def assign(
    parameters: list[Parameter], words: list[Word], codes: list[Code], taken: set[int]
) -> Iterator[tuple[Parameter, Code]]:
    """Yields each code that belongs to a parameter: the one after its name, or else the only one.

    Args:
        parameters: The parameters that are codes.
        words: The sentence.
        codes: Its codes.
        taken: Indices of words that are other arguments.
    """
    free = [code for code in codes if not set(range(code.start, code.end)) & taken]
    left = list(parameters)
    for parameter in parameters:
        near = [code for code in free if _is_named(parameter, words, code)]
        if near:
            code = min(near, key=lambda each: each.is_plain)
            yield parameter, code
            free.remove(code)
            left.remove(parameter)
    required = [each for each in left if each.required]
    for parameter in required or left[:1]:
        clear = [code for code in free if not code.is_plain] or free
        if clear and (parameter.required or not clear[0].is_plain):
            yield parameter, clear[0]
            free.remove(clear[0])


def _is_named(parameter: Parameter, words: list[Word], code: Code) -> bool:
    names = {stem for stem in parameter.name_stems if stem not in _GENERIC} or (
        parameter.name_stems
    )
    at = code.start - 1
    while at >= 0 and words[at].lower in _LINKS and code.start - at <= _NEAR:
        at -= 1
    if at < 0:
        return False
    return words[at].stem in names or any(same_meaning(words[at].stem, each) for each in names)
