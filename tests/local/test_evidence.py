"""How much a word speaks for a tool."""

from __future__ import annotations

from adk_nb.local.evidence import Vocabulary, light_verb
from adk_nb.local.signature import Parameter, Signature
from adk_nb.local.vocabulary import words_of

DICE = Signature("roll_dice", "Rolls dice.", "", (Parameter("sides", "integer", required=True),))
COIN = Signature("flip_coin", "Flips a coin.", "", ())
ROOMS = Signature("check_availability", "Looks for a room.", "", ())


def word(text):
    (found,) = words_of(text)
    return found


def test_words_of_a_name_speak_most_and_of_parameters_less():
    known = Vocabulary([DICE, COIN])
    name, alone = known.evidence(word("rolling"), DICE)
    parameter, _ = known.evidence(word("sides"), DICE)
    assert name > parameter > 0
    assert alone == name  # No other tool has it.
    assert known.evidence(word("rolling"), COIN) == (0.0, 0.0)


def test_a_word_that_two_tools_have_speaks_less_for_either_alone():
    again = Signature("roll_barrel", "Rolls a barrel.", "", ())
    strength, alone = Vocabulary([DICE, again]).evidence(word("roll"), DICE)
    assert 0 < alone < strength


def test_another_word_of_the_meaning_or_the_family_speaks_a_little_less():
    known = Vocabulary([DICE, ROOMS])
    assert 0 < known.evidence(word("throw"), DICE)[0] < known.evidence(word("roll"), DICE)[0]
    assert known.evidence(word("available"), ROOMS)[0] > 0


def test_a_name_of_nothing_but_small_words_has_its_verb():
    assert light_verb(DICE) is None
    assert light_verb(Signature("do_it", "", "", ())) is not None
    assert light_verb(Signature("", "", "", ())) is None
