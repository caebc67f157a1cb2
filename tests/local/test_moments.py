from __future__ import annotations

from datetime import date, datetime

import pytest

from adk_nb.local.moments import Kind, joined, kind_of_moment, moments_in
from adk_nb.local.signature import Parameter
from adk_nb.local.vocabulary import words_of

NOW = datetime(2026, 3, 4, 10, tzinfo=None)  # noqa: DTZ001 - A Wednesday, on the user's clock.


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("at seven", ["7:00"]),
        ("at half past six", ["6:30"]),
        ("a quarter to five in the evening", ["16:45"]),
        ("twenty minutes past nine", ["9:20"]),
        ("7:30 pm", ["19:30"]),
        ("7:30pm", ["19:30"]),
        ("seven thirty am", ["7:30"]),
        ("9 o'clock", ["9:00"]),
        ("noon", ["12:00"]),
        ("12 am", ["0:00"]),
        ("tomorrow at nine", [date(2026, 3, 5), "9:00"]),
        ("on Friday", [date(2026, 3, 6)]),
        ("next Wednesday", [date(2026, 3, 11)]),
        ("March 12th", [date(2026, 3, 12)]),
        ("the twelfth of May", [date(2026, 5, 12)]),
        ("January 2nd", [date(2027, 1, 2)]),
        ("2026-04-01", [date(2026, 4, 1)]),
        ("the day after tomorrow", [date(2026, 3, 6)]),
        ("the twenty third of May", [date(2026, 5, 23)]),
        ("December thirty first", [date(2026, 12, 31)]),
        ("on the first", [date(2026, 4, 1)]),  # Of the month that is next to have one.
        ("on the 31st at nine", [date(2026, 3, 31), "9:00"]),
        ("on the twenty first", [date(2026, 3, 21)]),
        ("on the thirty first at nine", [date(2026, 3, 31), "9:00"]),
        ("on February 29th", [date(2028, 2, 29)]),  # Of the year that is next to have one.
        ("add ten to four", []),
        ("for seven people", []),
        ("at 31", []),
        ("February 31st", []),
        ("2026-13-01", []),
        ("the song Yesterday", []),
        ("on the first floor", []),
        ("on the twenty first floor", []),
        ("on the twenty", []),
        ("on the 45th", []),
        ("on the", []),
    ],
)
def test_moments(text, found):
    told = [
        moment.day or f"{moment.hour}:{moment.minute:02}"
        for moment in moments_in(words_of(text), NOW)
    ]
    assert told == found


@pytest.mark.parametrize(
    ("name", "kind", "description", "wanted"),
    [
        ("date", "string", "", Kind.DATE),
        ("start_time", "string", "", Kind.TIME),
        ("check_in", "string", "Arrival (YYYY-MM-DD)", Kind.DATE),
        ("hour", "integer", "", Kind.TIME),
        ("hours", "integer", "", None),
        ("timezone", "string", "", None),
        ("time_limit", "string", "", None),
        ("city", "string", "", None),
    ],
)
def test_which_parameters_are_moments(name, kind, description, wanted):
    parameter = Parameter(name, kind, required=True, description=description)
    assert kind_of_moment(parameter) is wanted


def test_a_moment_is_written_as_the_parameter_wants_it():
    (day, time) = moments_in(words_of("tomorrow at nine"), NOW)
    plain = Parameter("x", "string", required=True)
    dated = Parameter("x", "string", required=True, description="as YYYY-MM-DD, e.g. '15:00'")
    assert (day.written(plain, "tomorrow"), time.written(plain, "nine")) == ("tomorrow", "nine")
    assert (day.written(dated, "tomorrow"), time.written(dated, "nine")) == ("2026-03-05", "09:00")


@pytest.mark.parametrize(
    ("text", "start", "end", "when"),
    [
        ("tomorrow morning at six", 0, 4, date(2026, 3, 5)),
        ("wake me tomorrow", 2, 3, date(2026, 3, 5)),
        ("tomorrow in the morning", 0, 1, date(2026, 3, 5)),
        ("on Friday morning", 1, 3, date(2026, 3, 6)),
        ("at six tomorrow morning", 1, 4, None),
    ],
)
def test_moments_that_belong_together_are_one(text, start, end, when):
    words = words_of(text)
    whole = joined(moments_in(words, NOW), words)
    assert (whole.start, whole.end, whole.day) == (start, end, when)


@pytest.mark.parametrize("text", ["tomorrow we meet at six", "today or tomorrow", "soon"])
def test_moments_with_words_between_are_not_one_and_none_is_none(text):
    words = words_of(text)
    assert joined(moments_in(words, NOW), words) is None
