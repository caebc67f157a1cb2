from __future__ import annotations

import pytest

from adk_nb.local.small_talk import claims_action
from adk_nb.local.statements import answer, name_asked

SORRY, GLAD = "I am sorry to hear that.", "I am glad to hear that."
WRONG = "I may well be wrong: I am a small program, and I know very little."
WORLD = "I cannot see that from here, so I take your word for it."


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("I had a bad day.", SORRY),
        ("My grandmother died.", SORRY),
        ("I can\u2019t sleep.", SORRY),
        ("I'm not happy.", SORRY),
        ("I passed my exam!", GLAD),
        ("The food was delicious.", GLAD),
        ("It is raining.", WORLD),
        ("There is snow outside.", WORLD),
        ("My name is Ada.", "Nice to meet you, Ada."),
        ("my name's ada", "Nice to meet you, Ada."),
        ("Hi, I'm Ada.", "Nice to meet you, Ada."),
        ("Call me Ishmael.", "Nice to meet you, Ishmael."),
        ("Today is my birthday.", "Happy birthday!"),
        ("You are funny.", "Thank you."),
        ("I like your voice.", "Thank you."),
        ("You are stupid.", WRONG),
        ("That is not true.", WRONG),
        ("I don't believe you.", WRONG),
        ("You sound like my sister.", "I am only a small program."),
        ("Tom sent me a letter.", "I see. I know little about that, but thank you for telling me."),
        # What asks or wants something is no statement.
        ("I need a taxi.", ""),
        ("I'd like a coffee", ""),
        ("Is it raining?", ""),
        ("Why is the sky blue?", ""),
        ("Tell me a joke.", ""),
        ("Really?", ""),
        ("", ""),
    ],
)
def test_what_is_told_is_answered_honestly(said, answered):
    assert answer(said, 0) == answered
    assert not claims_action(answered)


def test_it_does_not_say_the_same_twice_running():
    assert answer("I am German.", 1) != answer("I like chess.", 2)


@pytest.mark.parametrize(
    ("told", "answered"),
    [
        (["Hello.", "My name is Ada.", "I like chess."], "Your name is Ada."),
        (["My name is Ada.", "Call me Countess."], "Your name is Countess."),
        (["Hello."], "You have not told me your name."),
        ([], "You have not told me your name."),
    ],
)
def test_a_name_that_was_told_is_known(told, answered):
    assert name_asked("What\u2019s my name?", told) == answered
    assert name_asked("What is your name?", told) == ""
