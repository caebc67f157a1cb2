"""What was heard as it is written: "example dot org", "U.S.", "May sixteenth", "report MD"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adk_nb.local.codes import is_code
from adk_nb.local.spoken_numbers import UNITS, digit_runs, numbers_in
from adk_nb.local.vocabulary import STOP_WORDS, word_set, words_of

if TYPE_CHECKING:
    from adk_nb.local.router import Router
    from adk_nb.local.signature import Parameter

_PAST = re.compile(r"\b(half|quarter)-(past|to)\b", re.IGNORECASE)
# "3:00 p.m.", "ten a. M", as "3 pm" and "10 am" are written.
_HOURS = "|".join(word for word, value in UNITS.items() if 0 < value <= 12)
_HALF_DAY = re.compile(
    rf"\b(\d{{1,2}}|{_HOURS})(:\d\d)? ?([ap])\.? ?m\b(?:\.(?=.))?", re.IGNORECASE
)
# A code that is said letter by letter: "B-A-1-1-7", "W-2378156"; nobody says the hyphens.
_LETTERS = re.compile(r"\b(?:[A-Z]{1,2}|\d)(?:-(?:[A-Z]|\d))+\b|\b[A-Z]{1,2}-\d{2,}\b")
_SCALES = {"C": " degrees Celsius", "F": " degrees Fahrenheit", None: " degrees"}
_DEGREES = re.compile(r" ?\u00b0(?: ?([CF])\b)?")
_DOUBLE_U = re.compile(r"\bdouble[- ](?:u|you)\b", re.IGNORECASE)
_INITIALS = re.compile(r"\b(?:[A-Z]\.){2,}")
_MONTHS = word_set(
    "January February March April May June July August September October November December"
)
_NAMED = "|".join(sorted(_MONTHS))
_FIRST = {"first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12}
_ORDINALS = _FIRST | {
    f"{word}th": value
    for word, value in UNITS.items()
    if 0 < value < 20 and value not in _FIRST.values()
}
_TENTHS = {"twentieth": 20, "thirtieth": 30}
_TENS = {"twenty": 20, "thirty": 30}
_SPOKEN = rf"(?:(?:twenty|thirty)[- ])?(?:{'|'.join(_ORDINALS)})|{'|'.join(_TENTHS)}"
_DATE = re.compile(
    rf"(?P<before>\b(?:{_NAMED})(?: the)? )(?P<day>{_SPOKEN})\b"
    rf"|\b(?P<first>{_SPOKEN})(?P<after> of (?:{_NAMED}))\b",
    re.IGNORECASE,
)
# What takes names of files, addresses of pages and of people.
_PATHS = word_set("path file filename source destination folder directory")
_PAGES = word_set("url link website page site domain")
_MAILS = word_set("email mail to recipient recipients address attendees")
_EXTENSIONS = word_set(
    "bmp c cfg csv css doc docx gif html ini ipynb jpeg jpg js json log md mp3 mp4 npy npz odt pdf "
    "png ppt pptx py rst sh sql svg tex toml ts tsv txt wav xls xlsx xml yaml yml zip"
)
_DOMAINS = word_set("com org net io edu gov info")
_DOT = re.compile(r"(?<=\w) dot (\w+)", re.IGNORECASE)
_PART = re.compile(r"[A-Za-z]*[a-z][A-Za-z]+")
_SLASH = re.compile(r"(?<=\w) slash (?=\w)", re.IGNORECASE)
_AT = re.compile(r"\b([\w.]+) at (?=[\w-]+\.\w{2,}\b)", re.IGNORECASE)


def written(heard: str, router: Router) -> str:
    """Returns what was heard with dates, names of files, addresses and codes as they are written.

    Args:
        heard: What was heard.
        router: The tools; names of files are looked for only where one takes them, and so on.
    """
    text = _PAST.sub(r"\1 \2", heard)
    text = _HALF_DAY.sub(_half_day, text)
    text = _DEGREES.sub(lambda match: _SCALES[match[1]], text)
    text = _DOUBLE_U.sub("W", text)
    text = _LETTERS.sub(lambda match: match[0].replace("-", ""), text)
    text = _INITIALS.sub(lambda match: match[0].replace(".", ""), text)
    text = _DATE.sub(_date, text)
    parameters = [each for tool in router.tools for each in tool.parameters]
    takes = {name for each in parameters for name in each.name_words}
    text = _with_names(text, takes)
    return _with_codes(text, [each for each in parameters if is_code(each)])


def _half_day(match: re.Match[str]) -> str:
    minutes = "" if match[2] in (None, ":00") else match[2]
    return f"{match[1]}{minutes} {match[3].lower()}m"


def _date(match: re.Match[str]) -> str:
    spoken = (match["day"] or match["first"]).lower()
    *tens, last = re.split(r"[- ]", spoken)
    day = sum(_TENS[each] for each in tens) + (_ORDINALS | _TENTHS)[last]
    ending = "th" if 4 <= day <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{match['before'] or ''}{day}{ending}{match['after'] or ''}"


def _with_names(text: str, takes: set[str]) -> str:
    """Returns "report.md" for "report MD", and what a "dot", a "slash" or an "at" joins."""
    endings = (_EXTENSIONS if takes & _PATHS else set()) | (
        _DOMAINS if takes & (_PAGES | _MAILS) else set()
    )
    if not endings:
        return text
    text = _DOT.sub(lambda match: match[0] if match[1] in STOP_WORDS else f".{match[1]}", text)
    ending = re.compile(rf"\b(\w{{2,}}) (?:dot)?({'|'.join(endings)})\b(?!\.\w)", re.IGNORECASE)
    text = _SLASH.sub("/", ending.sub(_ended, text))
    return _AT.sub(r"\1@", text) if takes & _MAILS else text


def _ended(match: re.Match[str]) -> str:
    name = match[1]
    is_name = name.lower() not in STOP_WORDS and not name.isdigit()
    return f"{name}.{match[2].lower()}" if is_name else match[0]


def _with_codes(text: str, codes: list[Parameter]) -> str:
    """Returns "product soil-123" for "product soil 123", where a tool takes a product's code."""
    names = {each for one in codes for each in one.name_stems if len(each) > 2}
    words = words_of(text)
    runs = {run.start: run for run in digit_runs(numbers_in([word.lower for word in words]))}
    for at in range(len(words) - 2):
        word, run = words[at + 1], runs.get(at + 2)
        # "UA 900" is read as a code already.
        is_part = word.has_meaning and word.stem not in names and _PART.fullmatch(word.text)
        if run and is_part and words[at].stem in names and text[word.end] == " ":
            end = words[run.end - 1].end
            return f"{text[: word.end]}-{run.text}{text[end:]}"
    return text
