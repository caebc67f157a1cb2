"""Numbers as they are spoken, digit by digit too, and what of their words cannot be read."""

from __future__ import annotations

import pytest

from adk_nb.local.spoken_numbers import digit_runs, numbers_in, unread
from adk_nb.local.vocabulary import words_of


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("twenty one", [21]),
        ("three point five", [3.5]),
        ("3 point 1 4", [3.14]),
        ("a hundred and twenty", [120]),
        ("two thousand and twenty one", [2021]),
        ("nineteen ninety eight", [1998]),
        ("twenty twenty one", [2021]),
        ("three and four", [3, 4]),
        ("one two three", [1, 2, 3]),
        ("two and a half meters", [2.5]),
        ("half an hour", [0.5]),
        ("minus two", [-2]),
        ("five minus two", [5, 2]),
        ("a couple of days", [2]),
        ("two hundred thousand", [200_000]),
        ("1,000 and 21.5", [1000, 21.5]),
        ("-7 degrees", [-7]),
        ("no one", []),
        ("a dozen", [12]),
        ("one point five million", [1_500_000]),
        ("one point two million", [1_200_000]),
        ("two and a half thousand", [2500]),
        ("two oh seven", [207]),
        ("room one oh five", [105]),
        ("double seven", [77]),
        ("nineteen oh five", [1905]),
        ("half a dozen", [6]),
        ("a quarter of an hour", [0.25]),
        ("five point", []),
        ("and a point", []),
        ("7.5.2", [7.5, 2]),
        ("", []),
    ],
)
def test_spoken_numbers(text, numbers):
    found = [number.value for number in numbers_in([word.lower for word in words_of(text)])]
    assert found == numbers


def test_a_word_that_only_begins_with_a_digit_is_no_number():
    assert [number.value for number in numbers_in(["3rd", "2"])] == [2]


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("two oh seven", "207"),
        ("triple 5", "555"),
        ("nineteen oh five", "1905"),
        ("0134", "0134"),
        ("twenty one", "21"),
        ("half", "0.5"),
        ("two million", "2000000"),
    ],
)
def test_a_number_is_written_as_it_was_said(text, digits):
    (number,) = numbers_in(text.split())
    assert (number.text, number.start, number.end) == (digits, 0, len(text.split()))


def test_digits_that_follow_each_other_are_one_code():
    runs = digit_runs(numbers_in([*"4409", "or", "555", "0134", "or", "minus", "3", "or", "2.5"]))
    assert [run.text for run in runs] == ["4409", "5550134"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("thousand lights", {0}),
        ("twenty one lights", set()),
        ("five point and six", {0}),
        ("this one", set()),
        ("and a million", set()),
        ("seven point", {0}),
    ],
)
def test_number_words_that_are_part_of_no_number(text, left):
    assert unread(text.split()) == left
