"""Text as it is written to text as it is spoken, sentence by sentence."""

from __future__ import annotations

import re

from adk_nb.local.vocabulary import word_set

# A full stop after one of these, or after a single letter, ends no sentence.
_ABBREVIATIONS = word_set(
    "mr mrs ms dr prof st no vs etc e.g i.e eg ie cf al fig approx dept est inc ltd jr sr"
)
_END = re.compile(r"([.!?\u2026]+[\"')\]\u201d\u2019*_`]*)(\s+)|(\n\s*)")
_CLAUSE = re.compile(r"[,;:]\s+")
_LAST_WORD = re.compile(r"([\w.]+)$")

_MARKUP = [
    (re.compile(r"```.*?(?:```|$)", re.DOTALL), " "),
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"https?://(?:www\.)?([\w.-]+)\S*"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>]*>"), " "),
    (re.compile(r"^\s{0,3}(?:#{1,6}|>|[-*+\u2022])\s+", re.MULTILINE), ""),
    (re.compile(r"^\s*[-*_=|:\s]{3,}$", re.MULTILINE), ""),
    (re.compile(r"(\*\*|__|~~|`)"), ""),
    (re.compile(r"(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)"), ""),
]
_WORDS = {
    "<=": " at most ",
    ">=": " at least ",
    "->": " to ",
    "<": " less than ",
    ">": " greater than ",
    "&": " and ",
    "%": " percent ",
    "\u00b0C": " degrees Celsius ",
    "\u00b0F": " degrees Fahrenheit ",
    "\u00b0": " degrees ",
    "_": " ",
    "|": ", ",
    "\\": " ",
    "[": " ",
    "]": " ",
    "*": " times ",
    "\u2192": " to ",
    "\u2013": ", ",
    "\u2014": ", ",
    "\u2026": "...",
}
_TO_WORDS = re.compile("|".join(re.escape(mark) for mark in sorted(_WORDS, key=len, reverse=True)))
# Capitals and digits that are joined, with at least one of each: "B3R7K9", "#W549", "BA-117"; and
# digits that begin with a zero, as telephone numbers do.
_CODE = re.compile(
    r"#?\b(?=[A-Z0-9-]*[A-Z])(?=[A-Z0-9-]*\d)[A-Z0-9]+(?:-[A-Z0-9]+)*\b|(?<![\d.,:])\b0\d{2,}\b"
)
# A clause that is shorter would be spoken in jerks.
_SHORTEST_CLAUSE = 14
_TYPOGRAPHY = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})
# The voices speak Latin letters; what else there is (emoji, control characters) it stumbles over.
_UNSPEAKABLE = re.compile(r"[^\x20-\x7e\u00a1-\u017f\u20ac]+")


def speakable(text: str) -> str:
    """Returns text with its markdown and markup taken off and its signs put into words.

    Args:
        text: Text as a model writes it.

    Returns:
        One line of words and punctuation; empty if there is nothing to say.
    """
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    text = _CODE.sub(lambda match: _spelled(match[0]), text)
    text = _TO_WORDS.sub(lambda match: _WORDS[match[0]], text.translate(_TYPOGRAPHY))
    text = " ".join(_UNSPEAKABLE.sub(" ", text).split())
    return text if re.search(r"\w", text) else ""


def _spelled(code: str) -> str:
    """Returns a code as it can be heard, letter by letter: "B 3 R 7 K 9"."""
    return " ".join(each for each in code if each.isalnum())


def first_clause(text: str) -> int:
    """Returns where the first clause of a text ends that is worth being spoken alone; 0 if none.

    Args:
        text: The beginning of an answer, whose first sentence has not ended.
    """
    ends = (match.end() for match in _CLAUSE.finditer(text))
    return next((end for end in ends if end >= _SHORTEST_CLAUSE), 0)


def split_sentences(text: str, *, longest: int) -> tuple[list[str], str]:
    """Splits streamed text into whole sentences and a rest that may still go on.

    Args:
        text: The text so far.
        longest: Characters after which a sentence is split at a clause instead.

    Returns:
        The sentences, each with the whitespace after it, and the rest. Together they are the text.
    """
    sentences: list[str] = []
    start = 0
    for match in _END.finditer(text):
        if match[3] is None and _is_abbreviation(text[start : match.start()], match[1]):
            continue
        sentences.append(text[start : match.end()])
        start = match.end()
    rest = text[start:]
    while len(rest) > longest and (cut := _clause_end(rest, longest)):
        sentences.append(rest[:cut])
        rest = rest[cut:]
    return [part for sentence in sentences for part in _clauses(sentence, longest)], rest


def _clauses(sentence: str, longest: int) -> list[str]:
    parts = []
    while len(sentence) > longest and (cut := _clause_end(sentence, longest)):
        parts.append(sentence[:cut])
        sentence = sentence[cut:]
    return [*parts, sentence]


def _clause_end(text: str, longest: int) -> int:
    """Returns where the last clause within `longest` ends, else the last word; 0 if neither."""
    ends = [match.end() for match in _CLAUSE.finditer(text, 0, longest + 1)]
    if ends and ends[-1] >= longest // 3:
        return ends[-1]
    return text.rfind(" ", 0, longest) + 1


def _is_abbreviation(before: str, mark: str) -> bool:
    if mark != ".":
        return False
    word = _LAST_WORD.search(before)
    if word is None:
        return False
    last = word[1].lower()
    # "1. First" is a list, "U.S. law" an abbreviation, "vitamin C. Then" the price of both.
    is_list_number = last.isdigit() and not before[: word.start()].strip()
    return (
        last.strip(".") in _ABBREVIATIONS
        or (len(last) == 1 and last.isalpha() and last != "i")
        or is_list_number
    )
