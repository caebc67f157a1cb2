"""Texts joined and cut in scripts with and without blanks between words."""

import itertools

import pytest
import regex
from hypothesis import given, strategies as st

from adk_nb.log.turn import Turn
from adk_nb.log.word_boundaries import joined, spaced, whole_words

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
WAVE = "\U0001f44b\U0001f3fd"
GERMANY, FRANCE = "\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"


@pytest.mark.parametrize(
    ("text", "end", "heard"),
    [
        # Chinese: signs, and no punctuation at the beginning of what was not heard.
        ("今天天气很好。", 4, "今天天气"),
        ("今天天气很好。我们走吧", 6, "今天天气很"),
        ("今天天气很好。我们走吧", 7, "今天天气很好。"),
        ("他说「你好」。", 3, "他说"),
        # Japanese: a word in katakana is one, also with halves of the width.
        ("今日はコーヒーを飲む", 5, "今日は"),
        ("今日はコーヒーを飲む", 7, "今日はコーヒー"),
        ("ｶﾞｲﾄﾞさん", 4, ""),
        ("か\u3099きく", 1, ""),
        ("か\u3099きく", 2, "か\u3099"),
        # Thai, Lao: a vowel or a tone stays with its consonant.
        ("สวัสดีครับ", 2, "ส"),
        ("สวัสดีครับ", 5, "สวัส"),
        ("น้ำดื่ม", 2, ""),
        ("ສະບາຍດີ", 6, "ສະບາຍ"),
        # Khmer and Burmese: consonants that are written as one stay together.
        ("សួស្តីពិភព", 4, "សួ"),
        ("သင်္ဘောသီး", 3, "သ"),
        ("ကျောင်းသား", 4, "ကျော"),
        # Emoji, flags, keycaps and signs of several characters.
        (f"はい{FAMILY}です", 5, "はい"),
        (f"{WAVE}{FAMILY}", 1, ""),
        (f"{WAVE}{FAMILY}", 3, WAVE),
        (f"{GERMANY}{FRANCE}", 3, GERMANY),
        ("葛\U000e0100城市", 1, ""),
        # Several scripts.
        ("Pythonは楽しい", 5, ""),
        ("Pythonは楽しい", 6, "Python"),
        ("これは3.5リットル", 5, "これは"),
        ("これは3.5リットル", 6, "これは3.5"),
        ("We eat 寿司 today", 8, "We eat 寿"),
        ("We eat 寿司 today", 14, "We eat 寿司"),
        # With blanks: whole words alone, whatever else is in them.
        ("It's a well-known fact", 12, "It's a"),
        ("नमस्ते दुनिया", 8, "नमस्ते"),
        ("안녕하세요 여러분", 7, "안녕하세요"),
        ("שלום לכולם", 7, "שלום"),
        ("مرحبا، كيف الحال", 7, "مرحبا،"),
        ("Cafe\u0301 noir", 4, ""),
        ("one\u3000two", 5, "one"),
    ],
)  # fmt: skip
def test_what_was_heard_ends_with_a_whole_word(text, end, heard):
    assert whole_words(text, end) == heard


@pytest.mark.parametrize(
    ("said", "share", "heard"),
    [
        ("今天天气很好。", 0.6, "今天天气"),
        ("本日は晴天なり。", 0.55, "本日は晴"),
        ("สวัสดีครับ", 0.75, "สวัสดีค"),
    ],
)
def test_of_a_cut_answer_without_blanks_what_sounded_was_heard(said, share, heard):
    one = Turn(1, "dice", agent_text=said, audio_ms=1000.0)
    assert one.heard_at(1000.0 * share) == heard


ANY = st.lists(
    st.one_of(
        st.characters(),
        st.sampled_from([*"aé .,「」。อ่ำ今ーカ្ကសا한\u200d\ufe0f\u0301", WAVE, GERMANY, FAMILY]),
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(ANY, st.integers(0, 60))
def test_of_any_text_it_is_a_beginning_that_parts_no_character(text, end):
    heard = whole_words(text, end)
    assert text.startswith(heard)
    assert len(heard) <= max(end, 0) or heard == text
    ends = {0, *(found.end() for found in regex.finditer(r"\X", text))}
    assert len(heard) in ends
    assert whole_words(text, len(text)) == text


@given(ANY)
def test_more_is_heard_with_time(text):
    heard = [whole_words(text, end) for end in range(len(text) + 1)]
    assert all(later.startswith(one) for one, later in itertools.pairwise(heard))


@pytest.mark.parametrize(
    ("before", "after", "whole"),
    [
        ("One", "two", "One two"),
        ("今天", "天气", "今天天气"),
        ("か", "\u3099き", "か\u3099き"),
        ("e", "\u0301t", "e\u0301t"),
        ("か\u3099", "き", "か\u3099き"),
        ("葛\U000e0100", "城", "葛\U000e0100城"),
        ("ｶﾞ", "ｲﾄﾞ", "ｶﾞｲﾄﾞ"),
        ("น", "้ำ", "น้ำ"),
        ("កម", "្ពុជា", "កម្ពុជា"),
        ("مرحبا", "، كيف", "مرحبا، كيف"),
        ("नमस्ते", "।", "नमस्ते।"),
        ("안녕", "여러분", "안녕 여러분"),
        ("שלום", "לכולם", "שלום לכולם"),
        ("\U0001f469\u200d", "\U0001f467", "\U0001f469\u200d\U0001f467"),
    ],
)
def test_a_blank_is_between_words_of_scripts_that_have_them(before, after, whole):
    assert spaced(before, after) == whole
    assert joined([before, after]) == whole


@given(st.lists(ANY, max_size=5))
def test_joining_loses_nothing_but_blanks(texts):
    def solid(text):
        return "".join(one for one in text if not one.isspace())

    whole = joined(texts)
    assert solid(whole) == solid("".join(texts))


@pytest.mark.parametrize(
    ("script", "dense"),
    [
        ("\u0e01\u0e4f\u0e81\u0edd", True),  # Thai, Lao
        ("\u0f40\u1000\u109e", True),  # Tibetan, Burmese to the end of its block
        ("\u10d0\u13a0\u1200", False),  # Georgian, Cherokee, Ethiopic
        ("\u1780\u17db", True),  # Khmer
        ("\u1820", False),  # Mongolian
        ("\u1950\u1980\u1a00\u1a20", True),  # Tai Le, New Tai Lue, Buginese, Tai Tham
        ("\u1b05\u1b7e", True),  # Balinese
        ("\u1b83\u1c00", False),  # Sundanese, Lepcha
        ("\ua984\ua9e7\uaa61\uaa80", True),  # Javanese, more Burmese, Tai Viet
        ("\uaa40\uaae0\uabc0", False),  # Cham, Meetei Mayek
        ("\uff66\uff71\uff9d", True),  # katakana of half the width
        ("\uffa1\uffc2", False),  # Hangul of half the width
        ("\uff21\u4e00\u3042", True),  # wide letters, Chinese, Japanese
        ("\uac00\ud7a3aé", False),  # Korean, Latin
    ],
)
def test_which_scripts_have_blanks_between_words(script, dense):
    joins = {spaced(letter, letter) == letter * 2 for letter in script}
    assert joins == {dense}


@pytest.mark.parametrize("mark", ["\u0301", "\u093e", "\u20dd", "\u200d"])
def test_a_mark_upon_a_character_is_not_parted_from_it(mark):
    assert spaced("a", f"{mark}b") == f"a{mark}b"
