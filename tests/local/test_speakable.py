"""Sentences that are too long to be spoken in one go, and odd ones."""

from __future__ import annotations

import pytest

from adk_nb.local.speakable import split_sentences


@pytest.mark.parametrize(
    ("text", "sentences", "rest"),
    [
        # A sentence that is too long is split at its clauses, else at its words.
        (
            "One, two and three, four, five. Six",
            ["One, ", "two and three, ", "four, five. "],
            "Six",
        ),
        ("one two three four five. Six", ["one two three ", "four five. "], "Six"),
        ("abcdefghijklmnopqrst. Six", ["abcdefghijklmnopqrst. "], "Six"),
        # A mark that closes no word ends what there is.
        ("(...). Six", ["(...). "], "Six"),
    ],
)
def test_long_and_odd_sentences(text, sentences, rest):
    found, left = split_sentences(text, longest=14)
    assert (found, left) == (sentences, rest)
