"""Times of day and dates as they are spoken: "half past six", "at seven", "on March 12th"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from adk_nb.local.spoken_numbers import numbers_in
from adk_nb.local.vocabulary import word_set

if TYPE_CHECKING:
    from adk_nb.local.signature import Parameter
    from adk_nb.local.vocabulary import Word

_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_RELATIVE = {"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1}
_ORDINALS = {
    word: value
    for value, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
        ],
        start=1,
    )
} | {"thirtieth": 30}
_HALF_DAYS = {"am": "am", "a.m": "am", "pm": "pm", "p.m": "pm"}
_DAY_PARTS = {"morning": "am", "afternoon": "pm", "evening": "pm", "night": "pm"}
_NAMED = {"noon": 12, "midday": 12, "midnight": 0}
_AT = word_set("at by around until till")
_PARTS = [[part] for part in _DAY_PARTS]
_BETWEEN = word_set("at on in the by")
_CLOCK = re.compile(r"(\d{1,2})(?::(\d\d))?([ap]m)?")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_ISO_DATE = re.compile(r"yyyy-mm-dd|\d{4}-\d\d-\d\d", re.IGNORECASE)
_ISO_TIME = re.compile(r"\bhh:mm|['\"\s(]\d\d:\d\d|24[- ]hour", re.IGNORECASE)

_WHEN_NAMES = word_set("when datetime")
_DATE_NAMES = word_set("date day weekday birthday deadline")
_TIME_NAMES = word_set("time hour clock")
# A "time" that is none: "time range", "how many times".
_NO_TIME = word_set("timezone zone range times limit unit out format")


class Kind(Enum):
    """What a parameter takes."""

    DATE = "date"
    TIME = "time"
    WHEN = "when"

    def fits(self, moment: Moment) -> bool:
        """Whether a moment is of this kind."""
        if self is Kind.WHEN:
            return True
        return (moment.day is not None) == (self is Kind.DATE)


@dataclass(frozen=True)
class Moment:
    """A time of day or a date in a sentence.

    Attributes:
        start: Index of its first word.
        end: Index after its last word.
        day: The date; None if it is a time of day.
        hour: The hour, 0 to 23; None if it is a date.
        minute: The minute.
        sure: Whether it can be nothing else: "at seven" could be, "7:30" could not.
    """

    start: int
    end: int
    day: date | None = None
    hour: int | None = None
    minute: int = 0
    sure: bool = True

    def written(self, parameter: Parameter, said: str) -> str:
        """Returns it as a parameter wants it: in ISO's form where its description shows that.

        Args:
            parameter: The parameter.
            said: How it was said.
        """
        if self.day is not None and _ISO_DATE.search(parameter.description):
            return self.day.isoformat()
        if self.hour is not None and _ISO_TIME.search(parameter.description):
            return f"{self.hour:02}:{self.minute:02}"
        return said


def kind_of_moment(parameter: Parameter) -> Kind | None:
    """Returns whether a parameter is a date or a time of day; None if it is neither.

    A number is one only where it is the hour or the minute of a time.
    """
    names = set(parameter.name_words)
    if parameter.kind in {"integer", "number"}:
        return Kind.TIME if names in ({"hour"}, {"minute"}) else None
    if parameter.kind != "string" or names & _NO_TIME:
        return None
    is_date = bool(_ISO_DATE.search(parameter.description))
    is_time = bool(_ISO_TIME.search(parameter.description))
    by_name = (
        (_WHEN_NAMES, None if is_date or is_time else Kind.WHEN),
        (_DATE_NAMES | _WHEN_NAMES, Kind.DATE),
        (_TIME_NAMES, Kind.TIME),
    )
    named = next((kind for known, kind in by_name if kind and names & known), None)
    return named or (Kind.DATE if is_date else Kind.TIME if is_time else None)


def moments_in(words: list[Word], now: datetime) -> list[Moment]:
    """Returns the times and dates in a sentence, in order; none overlap.

    Args:
        words: The sentence.
        now: What "tomorrow" counts from.
    """
    lower = [word.lower for word in words]
    found: list[Moment] = []
    index = 0
    while index < len(lower):
        # "Yesterday" with a capital is a song.
        is_name = index > 0 and words[index].text[0].isupper() and lower[index] in _RELATIVE
        moment = None if is_name else _date(lower, index, now.date()) or _time(lower, index)
        if moment is not None:
            found.append(moment)
        index = moment.end if moment else index + 1
    return found


def joined(moments: list[Moment], words: list[Word]) -> Moment | None:
    """Returns "tomorrow morning at six" as one, where nothing else lies between its parts."""
    if not moments:
        return None
    first, last = moments[0], moments[-1]
    lower = [word.lower for word in words]
    parts = {i for each in moments for i in range(each.start, each.end)}
    end = last.end + (lower[last.end : last.end + 1] in _PARTS and last.hour is None)
    between = {lower[i] for i in range(first.start, end) if i not in parts}
    if between - _BETWEEN - {*_DAY_PARTS}:
        return None
    return replace(first, end=end)


# --- dates ---------------------------------------------------------------------------------------


def _date(words: list[str], start: int, today: date) -> Moment | None:
    word = words[start]
    rest = words[start:]
    if word in _RELATIVE:
        return Moment(start, start + 1, today + timedelta(_RELATIVE[word]))
    if rest[:4] == ["the", "day", "after", "tomorrow"] or rest[:3] == ["day", "after", "tomorrow"]:
        end = start + 3 + (word == "the")
        return Moment(start, end, today + timedelta(2))
    skip = int(word in {"next", "this", "coming"})
    if len(rest) > skip and rest[skip] in _WEEKDAYS:
        ahead = (_WEEKDAYS.index(rest[skip]) - today.weekday() - 1) % 7 + 1
        return Moment(start, start + skip + 1, today + timedelta(ahead))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", word):
        try:
            return Moment(start, start + 1, date.fromisoformat(word))
        except ValueError:
            return None
    return (
        _month_first(words, start, today)
        or _day_first(words, start, today)
        or _day_alone(words, start, today)
    )


def _month_first(words: list[str], start: int, today: date) -> Moment | None:
    """Reads "March 12th", "March the twelfth", "March 12"."""
    if words[start] not in _MONTHS:
        return None
    at = start + 1 + (words[start + 1 : start + 2] == ["the"])
    day, end = _day(words, at)
    return _in_year(words[start], day, start, end, today) if day else None


def _day_first(words: list[str], start: int, today: date) -> Moment | None:
    """Reads "12 March", "the twelfth of March"."""
    at = start + (words[start] == "the")
    day, end = _day(words, at)
    if not day:
        return None
    end += words[end : end + 1] == ["of"]
    if end < len(words) and words[end] in _MONTHS:
        return _in_year(words[end], day, start, end + 1, today)
    return None


def _day_alone(words: list[str], start: int, today: date) -> Moment | None:
    """Reads "on the first", which is the next first of a month."""
    if not start or words[start - 1 : start + 1] != ["on", "the"]:
        return None
    day, end = _ordinal(words, start + 1)
    if end < len(words) and words[end] not in {"at", "in", "please"}:
        return None  # "On the first floor".
    for ahead in range(62):
        found = today + timedelta(ahead)
        if found.day == day:
            return Moment(start, end, found)
    return None


def _day(words: list[str], at: int) -> tuple[int, int]:
    """Returns a day of the month and the index after it; 0 if there is none."""
    day, end = _ordinal(words, at)
    if day:
        return day, end
    number = numbers_in(words[at : at + 2])
    if number and number[0].start == 0 and 1 <= number[0].value <= 31:
        return int(number[0].value), at + number[0].end
    return 0, at


def _ordinal(words: list[str], at: int) -> tuple[int, int]:
    """Reads "12th", "twelfth" and "twenty first"; as `_day`."""
    word = words[at] if at < len(words) else ""
    if ordinal := _ORDINAL.fullmatch(word):
        return int(ordinal[1]), at + 1
    if word in _ORDINALS:
        return _ORDINALS[word], at + 1
    tens = {"twenty": 20, "thirty": 30}.get(word, 0)
    if tens and at + 1 < len(words) and _ORDINALS.get(words[at + 1], 10) < 10:
        return tens + _ORDINALS[words[at + 1]], at + 2
    return 0, at


def _in_year(month: str, day: int, start: int, end: int, today: date) -> Moment | None:
    """Returns a day of this year, or of the next one that has it where it is over.

    It is eight years from one February 29th to the next where a century ends.
    """
    for year in range(today.year, today.year + 9):
        try:
            found = date(year, _MONTHS.index(month) + 1, day)
        except ValueError:
            continue
        if found >= today:
            return Moment(start, end, found)
    return None


# --- times of day --------------------------------------------------------------------------------


def _time(words: list[str], start: int) -> Moment | None:
    return _named(words, start) or _past_or_to(words, start) or _clock(words, start)


def _named(words: list[str], start: int) -> Moment | None:
    hour = _NAMED.get(words[start])
    return None if hour is None else Moment(start, start + 1, hour=hour)


def _past_or_to(words: list[str], start: int) -> Moment | None:
    """Reads "half past six", "a quarter to five", "twenty minutes past nine"."""
    minutes, at = 0, start + (words[start] == "a")
    fraction = {"half": 30, "quarter": 15}.get(words[at] if at < len(words) else "", 0)
    if fraction:
        minutes, at = fraction, at + 1
    else:
        number = numbers_in(words[start : start + 2])
        if not number or number[0].start or not 0 < number[0].value < 60:
            return None
        minutes, at = int(number[0].value), start + number[0].end
        at += words[at : at + 1] == ["minutes"]
    if at + 1 >= len(words) or words[at] not in {"past", "to", "after"}:
        return None
    hour, end = _hour(words, at + 1)
    # "Ten to twenty" is a range; "ten to four" is told by its "at".
    told = fraction or words[at] == "past" or words[start - 1 : start] == ["at"]
    if hour is None or hour > 12 or not told:
        return None
    half, end = _half_day(words, end)
    total = _on_clock(hour, half) * 60 + (-minutes if words[at] == "to" else minutes)
    return Moment(start, end, hour=total // 60 % 24, minute=total % 60)


def _clock(words: list[str], start: int) -> Moment | None:
    """Reads "7:30 pm", "3 pm", "seven thirty am", "nine o'clock", and "at seven"."""
    hour, end = _hour(words, start)
    minute = 0
    match = _CLOCK.fullmatch(words[start])
    clear = bool(match and (match[2] or match[3]))
    half = ""
    if match and clear:
        hour, minute, end = int(match[1]), int(match[2] or 0), start + 1
        half = match[3] or ""
    if hour is None or hour > 24 or minute > 59:
        return None
    if not clear:
        more = numbers_in(words[end : end + 2])
        if more and more[0].start == 0 and 10 <= more[0].value < 60:
            minute, end = int(more[0].value), end + more[0].end
    if words[end : end + 1] == ["o'clock"]:
        clear, end = True, end + 1
    said, after = _half_day(words, end)
    clear = clear or bool(said)
    at = start > 0 and words[start - 1] in _AT
    if not (clear or at):
        return None
    return Moment(start, after, hour=_on_clock(hour, half or said), minute=minute, sure=clear)


def _hour(words: list[str], at: int) -> tuple[int | None, int]:
    numbers = numbers_in(words[at : at + 1])
    if not numbers or not 0 <= numbers[0].value <= 24 or numbers[0].value % 1:
        return None, at
    return int(numbers[0].value), at + 1


def _half_day(words: list[str], at: int) -> tuple[str, int]:
    """Reads "pm" and "in the evening"; returns which half and the index after it."""
    if at < len(words) and words[at].rstrip(".") in _HALF_DAYS:
        return _HALF_DAYS[words[at].rstrip(".")], at + 1
    if words[at : at + 2] == ["in", "the"] and at + 2 < len(words) and words[at + 2] in _DAY_PARTS:
        return _DAY_PARTS[words[at + 2]], at + 3
    return "", at


def _on_clock(hour: int, half: str) -> int:
    """Returns an hour of 24; one without a half of the day stays as it was said."""
    if half == "pm" and hour < 12:
        return hour + 12
    return 0 if half == "am" and hour == 12 else hour % 24
