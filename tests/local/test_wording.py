"""Results in words: verbs, plurals, numbers, lists and times."""

from __future__ import annotations

import pytest

from adk_nb.local import wording


@pytest.mark.parametrize(
    ("verb", "past"),
    [("book", "booked"), ("save", "saved"), ("send", "sent"), ("notify", "notified"),
     ("play", "played"), ("weather", "")],
)  # fmt: skip
def test_verbs_in_the_past(verb, past):
    assert wording.past(verb) == past


@pytest.mark.parametrize(
    ("verb", "infinitive"),
    [("notifies", "notify"), ("Carries", "carry"), ("fetches", "fetch"), ("goes", "go"),
     ("fixes", "fix"), ("Evaluates", "evaluate"), ("press", ""), ("gas", ""), ("roll", "")],
)  # fmt: skip
def test_verbs_in_the_third_person(verb, infinitive):
    assert wording.infinitive(verb) == infinitive


@pytest.mark.parametrize(
    ("noun", "count", "said"),
    [("results", 1, "result"), ("glass", 1, "glass"), ("results", 2, "results"),
     ("city", 3, "cities"), ("day", 3, "days"), ("box", 0, "boxes"), ("event", 2, "events")],
)  # fmt: skip
def test_nouns_after_a_count(noun, count, said):
    assert wording.plural(noun, count) == said


@pytest.mark.parametrize(
    ("number", "said"), [(0, "zero"), (12, "twelve"), (13, "13"), (2.5, "2.5"), (-1, "-1")]
)
def test_small_numbers_are_words(number, said):
    assert wording.spoken(number) == said


def test_sentences_and_titles():
    assert wording.title("get_weatherNow") == "Get weather now"
    assert wording.title("???") == "???"
    assert wording.sentence(" it rains ") == "It rains."
    assert wording.sentence("Does it?") == "Does it?"
    assert wording.enumerate_([]) == ""
    assert wording.enumerate_(["a"]) == "a"
    assert wording.enumerate_(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (True, "yes"),
        (False, "no"),
        (2.0, "2"),
        (3.14159, "3.14"),
        (0.00123, "0.0012"),
        ("partly_cloudy", "partly cloudy"),
        ("Not_this", "Not_this"),
        ("2026-03-04T17:05:00", "17:05 on March 4, 2026"),
        ("2026-13-40T17:05:00", "2026-13-40T17:05:00"),
        ("x" * 700, "x" * 600),
        (None, "None"),
        ([], "nothing"),
        ([1, 2, 3], "1, 2 and 3"),
        (list(range(8)), "0, 1, 2, 3, 4 and 3 more"),
        ({"city": "Rome", "empty": "", "none": None, "wind_speed": 3}, "city Rome, wind speed 3"),
        ([{"name": "Ada"}, {"title": "Emma"}], "Ada; Emma"),
        ({"a": {"b": {"c": 1}}}, "a b {'c': 1}"),
    ],
)
def test_values_as_they_are_said(value, said):
    assert wording.value_text(value) == said
