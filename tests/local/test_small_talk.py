from __future__ import annotations

import pytest

from adk_nb.local.introduction import Persona
from adk_nb.local.small_talk import NOTHING, Speech, claims_action, messages, prefix


def speak(text, size=7):
    speech = Speech()
    let = "".join(speech.add(text[at : at + size]) for at in range(0, len(text), size))
    let += speech.close()
    assert let == speech.said
    return let


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("The sky is blue.", "The sky is blue."),
        ("One. Two! Three. Four", "One. Two!"),
        ("I'm sorry, I'm not a table. I'm sorry, I'm sorry, I", "I'm sorry, I'm not a table."),
        ("I'm a cat. I'm a cat. I'm a cat.", "I'm a cat."),
        ("It is what it is what it is what it is, yes.", NOTHING),
        ("Well, it goes on and", "Well,\u2026"),
        ("I have booked a table for you.", NOTHING),
        ("Sure, I've added milk.", "Sure,\u2026"),
        ("word " * 60 + ".", NOTHING),
        ("", NOTHING),
    ],
)
def test_speech_ends_where_it_is_enough(made, said):
    assert speak(made) == said


def test_a_clause_is_let_through_before_its_sentence_ends():
    speech = Speech()
    assert speech.add("The sky is blue, because") == "The sky is blue,"
    assert speech.add(" of the light. ") == " because of the light."


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("I booked a table", True),
        ("I've just added it to the list", True),
        ("I'm playing the song", True),
        ("I can play a song", False),
        ("I like rolling hills", False),
        ("You added it", False),
        ("You rolled 2, 3 and 1.", True),
        ("You have 2 hands.", False),
    ],
)
def test_what_claims_that_something_was_done(text, claims):
    assert claims_action(text) == claims


def test_an_agents_conversations_begin_alike():
    persona = Persona("dice_agent", "", "You roll dice.")
    read = prefix(persona)
    assert messages(persona, [])[: len(read)] == read
    assert "You roll dice." in str(read)
    assert "dice agent" in str(read)
