"""Texts between quotation marks: where they are, and whose."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, strategies as st

from adk_nb.local.quotes import quoted, quotes_in
from adk_nb.local.signature import Parameter
from adk_nb.local.vocabulary import words_of


def parameter(told):
    """`name` is a text that must be given, `name?` one that may be, `name[]` a list of texts."""
    name = told.removesuffix("?")
    kind = "array" if name.endswith("[]") else "string"
    return Parameter(name.removesuffix("[]"), kind, required=not told.endswith("?"))


def said(words, span):
    return " ".join(word.text for word in words[slice(*span)])


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ('Send "see you".', ["see you"]),
        ("Send \u201csee you\u201d to \u201cAda\u201d.", ["see you", "Ada"]),
        ("Send 'it's fine' now.", ["it's fine"]),
        ("Send \u2018it\u2019s fine\u2019 now.", ["it\u2019s fine"]),
        ("It's the Smiths' turn.", []),
        ('It is 5" long.', []),
        ('Send "".', []),
        ('Send "?!".', []),
        ("", []),
    ],
)
def test_where_the_quoted_texts_are(sentence, found):
    words = words_of(sentence)
    assert [said(words, span) for span in quotes_in(sentence, words)] == found


@pytest.mark.parametrize(
    ("parameters", "sentence", "found"),
    [
        # What its cue or its name introduces.
        ("recipient message", 'Write to "Ada" that "I am late".', "Ada|I am late"),
        ("recipient message", 'Write: "I am late".', "|I am late"),
        ("artist? song", 'Play "Yesterday" by "The Who".', "The Who|Yesterday"),
        ("list_name item", 'Add "milk" to the list "home".', "home|milk"),
        ("list_name? item", 'Add "milk" to "home".', "home|milk"),
        ("title text", 'Note this under the title "food": "buy milk".', "food|buy milk"),
        ("old_name new_name", 'Rename "a b" to "c d".', "a b|c d"),
        # A cue of somebody else's is none where the sentence has a surer one.
        ("city query", 'Search for "green tea" in Rome.', "|green tea"),
        ("city query", 'Search for "Rome".', "Rome|"),
        ("origin destination", 'From "Rome" and "Oslo".', "Rome|Oslo"),
        ("destination origin", 'Trips of "Rome" and "Oslo".', "Oslo|Rome"),
        # The verb is no parameter's name.
        ("recipient text", 'Text "Ada" "see you".', "Ada|see you"),
        # The text sooner than whom it is for, what must be given sooner than what need not be.
        ("recipient message", 'Send "see you" to Ada.', "|see you"),
        ("recipient message", '"See you" to Ada.', "|See you"),
        ("recipient message", 'Send "Ada" then "see you".', "Ada|see you"),
        ("recipient message?", 'Email Ada "see you".', "|see you"),
        ("title text?", 'Create a note "shopping".', "shopping|"),
        ("title text", 'Create a note "shopping".', "|shopping"),
        ("title order_id", 'Write "thanks" about order 4711.', "thanks|"),
        ("order_id", 'Find order "A 12".', "A 12"),
        ("city", 'The time in "New York".', "New York"),
        ("city", 'The time in "New York" and "Rome".', "New York"),
        # Of a text and its tags the text is quoted; of a list alone, all that is.
        ("tags[] text", 'Add "milk" with the tags home and work.', "|milk"),
        ("guests[]", 'Invite "Ada", "Bob" and "Cy".', "Ada Bob and Cy"),
        ("city", "The time in Rome.", ""),
        ("", 'Say "hello".', ""),
    ],
)
def test_whose_a_quoted_text_is(parameters, sentence, found):
    words = words_of(sentence)
    several = list(map(parameter, parameters.split()))
    spans = quoted(several, sentence, words, set())
    assert "|".join(said(words, spans.get(each.name, (0, 0))) for each in several) == found


@pytest.mark.parametrize("parameters", ["message", "guests[]"])
def test_what_another_argument_has_is_not_quoted(parameters):
    sentence = 'Send "see you tomorrow" now.'
    words, one = words_of(sentence), parameter(parameters)
    assert quoted([one], sentence, words, {3}) == {}
    assert quoted([one], sentence, words, {0, 4}) == {one.name: (1, 4)}


@given(st.text(alphabet="\"'\u201c\u201d\u2018\u2019 :ab", max_size=30))
def test_quoted_texts_are_apart_and_each_parameter_has_one_at_most(sentence):
    words = words_of(sentence)
    spans = quotes_in(sentence, words)
    assert all(0 <= start < end <= len(words) for start, end in spans)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    several = [parameter("message"), parameter("recipient?")]
    found = quoted(several, sentence, words, set())
    assert set(found) <= {each.name for each in several}
    assert sorted(found.values()) == sorted(set(found.values()) & set(spans))
