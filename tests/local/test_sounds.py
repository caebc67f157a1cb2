from __future__ import annotations

import builtins

import pytest

from adk_nb.local import sounds
from adk_nb.local.sounds import SPELLED, LexiconSounds, distance, load_sounds


@pytest.mark.parametrize(
    ("one", "other"), [("dice", "dies"), ("whether", "weather"), ("coin", "coyn"), ("Rome", "rome")]
)
def test_letters_that_sound_alike_are_the_same(one, other):
    assert SPELLED.of(one) == SPELLED.of(other)


@pytest.mark.parametrize(("one", "other"), [("light", "late"), ("roll", "rain"), ("a", "the")])
def test_letters_that_do_not_are_others(one, other):
    assert SPELLED.of(one) != SPELLED.of(other)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("", "", 0.0),
        ("abc", "abc", 0.0),
        ("", "bd", 0.7),
        ("b", "p", 0.3),
        ("fɹɪ", "θɹɪ", 0.4 / 3),
        ("s", "ə", 1.0),
    ],
)
def test_how_far_apart_sounds_are(one, other, apart):
    assert distance(one, other) == pytest.approx(apart)
    assert distance(other, one) == pytest.approx(apart)


def test_the_voices_lexicon_says_how_words_sound():
    pytest.importorskip("hibari")
    spoken = load_sounds()
    assert spoken is not SPELLED
    assert spoken.of("rays") == spoken.of("raise")
    assert spoken.of("whether") == spoken.of("weather ")
    assert distance(spoken.of("we immerse"), spoken.of("reimburse")) < 0.24
    assert distance(spoken.of("light"), spoken.of("lamp")) > 0.24


def test_without_the_voice_letters_will_do(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **options):
        if name.startswith("hibari"):
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(sounds, "_lexicons", [])
    monkeypatch.setattr(builtins, "__import__", refuse)
    assert load_sounds() is SPELLED


def test_a_lexicon_is_asked_once_for_a_word_and_not_for_ever(monkeypatch):
    asked = []

    def g2p(text):
        asked.append(text)
        return None if text == "?" else f"\u02c8{text}\u02d0 T."  # With its stress and length.

    monkeypatch.setattr(sounds, "_MOST_KNOWN", 1)
    spoken = LexiconSounds(g2p)
    assert [spoken.of(text) for text in ("b", "?", "b", "?")] == ["bt", "", "bt", ""]
    assert asked == ["b", "?"]
    assert spoken.of("d") == "dt"  # Too many are known: all are forgotten.
    assert [spoken.of(text) for text in ("d", "b")] == ["dt", "bt"]
    assert asked == ["b", "?", "d", "b"]
