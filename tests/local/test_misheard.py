"""Which words may be misheard words of the tools, and a text with them changed."""

from __future__ import annotations

import pytest

from adk_nb.local.misheard import Change, changed, trials
from adk_nb.local.vocabulary import words_of


@pytest.mark.parametrize(
    ("text", "chosen", "new"),
    [
        # A word that comes again is changed there too, with its capital.
        ("Dies or no dies.", [Change(0, 1, "dice", 0.0)], "Dice or no dice."),
        # Several words are changed where they stand, and so are small ones.
        ("Re in burse, re in burse.", [Change(0, 3, "reimburse", 0.1)], "Reimburse, re in burse."),
        ("Go to to Rome.", [Change(1, 2, "two", 0.05)], "Go two to Rome."),
        # What one change has taken, the next one leaves alone, and changes elsewhere.
        (
            "in burse the burse",
            [Change(0, 2, "reimburse", 0.1), Change(3, 4, "purse", 0.2)],
            "reimburse the purse",
        ),
        ("dies", [], "dies"),
    ],
)
def test_a_text_with_some_changes(text, chosen, new):
    assert changed(text, words_of(text), chosen) == new


def test_changes_are_tried_alone_and_together_unless_they_are_of_the_same_words():
    one, two, other = Change(0, 2, "a", 0.1), Change(1, 2, "b", 0.2), Change(3, 4, "c", 0.25)
    assert trials([other, two, one]) == [(one,), (two,), (other,), (one, other), (two, other)]
