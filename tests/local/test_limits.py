from __future__ import annotations

import everyday
import pytest
from google.adk.tools import FunctionTool

from adk_nb.local.limits import beyond, is_foreign
from adk_nb.local.router import Router

TOOLS = [everyday.get_weather, everyday.unlock_door, everyday.book_train, everyday.add_item]
ROUTER = Router([FunctionTool(tool)._get_declaration() for tool in TOOLS])
LEAVE_IT = "Left."


@pytest.mark.parametrize(
    "said",
    [
        "Is the back door locked?",
        "How much is a ticket?",
        "Do you know when the train leaves?",
        "how many legs has a spider",
        "and on Friday?",
        "Do I have anything on the third of June?",
        "wake me up at half past six",
        "take the eggs off the table",
        "two first class seats please",
        "asdf qwer zxcv",
        "New York City",
        "Rename the cat.",
    ],
)
def test_what_would_be_made_up_is_not_answered(said):
    assert beyond(said, ROUTER, LEAVE_IT).startswith("I cannot do that, or did not understand it.")


@pytest.mark.parametrize(
    "said",
    [
        "I hate rain",
        "I had a long day.",
        "the weather was lovely in Spain last year",
        "Do you like trains?",
        "Tell me a joke.",
        "Why is the sky blue?",
        "What do you think about cats?",
        "Really?",
        "What a day.",
        "",
    ],
)
def test_talk_is_left_to_the_model(said):
    assert not beyond(said, ROUTER, LEAVE_IT)


@pytest.mark.parametrize("said", ["don't unlock the garage", "No, do not add anything."])
def test_what_is_not_to_be_done_is_left(said):
    assert beyond(said, ROUTER, LEAVE_IT) == LEAVE_IT


@pytest.mark.parametrize(
    ("said", "foreign"),
    [
        ("Wie ist das Wetter in Berlin?", True),
        ("Quel temps fait-il à Lyon ? Je ne sais pas.", True),
        ("¿Qué tiempo hace en Madrid?", True),
        ("¿Cuánto cuesta la acción de Apple?", True),
        ("Che tempo fa e quanto è freddo?", True),
        ("Какая погода в Москве?", True),
        ("東京の天気は？", True),
        ("Play La Vie en Rose for me.", False),
        ("What is the weather in Los Angeles?", False),
        ("Is there snow in São Paulo?", False),
        ("😀", False),
    ],
)
def test_other_languages_are_told(said, foreign):
    assert is_foreign(said) == foreign
    assert beyond(said, ROUTER, LEAVE_IT).startswith("I understand English only.") == foreign


def test_without_tools_it_talks():
    assert not beyond("How many legs has a spider?", Router([]), LEAVE_IT)
