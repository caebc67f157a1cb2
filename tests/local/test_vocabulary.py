"""Words, their stems and their meanings."""

from __future__ import annotations

from adk_nb.local.vocabulary import is_kind_of, names_in, same_meaning, stem, word_set, words_of


def test_stems_and_meanings():
    assert stem("dice") == stem("die")
    assert stem("converts") == stem("converting") == stem("convert")
    assert stem("cities") == stem("city")
    assert stem("times") != stem("time")
    assert same_meaning(stem("throw"), stem("rolls"))
    assert not same_meaning(stem("dog"), stem("cat"))
    assert names_in("fromUnit from_unit HTTP2.") == ["from", "unit", "from", "unit", "http2"]


def test_the_words_of_a_sentence_keep_their_text():
    words = words_of("Roll it, please!")
    assert [word.text for word in words] == ["Roll", "it", "please"]
    assert [word.lower for word in words] == ["roll", "it", "please"]
    assert [word.has_meaning for word in words][:2] == [True, False]


def test_some_words_name_a_kind_of_another():
    assert not is_kind_of(stem("dog"), stem("dog"))
    assert word_set("a b a") == {"a", "b"}
