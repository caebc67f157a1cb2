from __future__ import annotations

import pytest
from google.adk.tools import FunctionTool
from router_cases import GROUPS
from tool_set_scores import declared
from tool_sets import TOOL_SETS

from adk_nb.local.introduction import (
    Persona,
    abilities,
    examples,
    is_request,
    not_understood,
    small_courtesy,
)
from adk_nb.local.router import Router

PERSONA = Persona("dice_master", "", "You roll dice for the players. Be brief.")


@pytest.fixture
def router():
    return Router([FunctionTool(tool)._get_declaration() for tool in GROUPS["games"]])


@pytest.mark.parametrize("said", ["Who are you?", "What's your name?", "Are you a robot?"])
def test_says_who_it_is(router, said):
    told = small_courtesy(said, PERSONA, router)
    assert told.startswith("I am dice master, a small program on this machine.")
    assert "I roll dice for the players." in told
    assert "\u201cRoll dice.\u201d" in told


@pytest.mark.parametrize("said", ["What can you do?", "Help!", "help", "What can I ask you?"])
def test_says_what_it_can_do(router, said):
    told = small_courtesy(said, PERSONA, router)
    assert told.startswith("I can roll dice, flip coin and pick card.")
    assert told.count("\u201c") == 2


def test_without_tools_it_says_so():
    router = Router([])
    assert "no tools" in small_courtesy("What can you do?", PERSONA, router)
    assert "no tools" in not_understood(router)


@pytest.mark.parametrize(
    ("description", "role"),
    [
        ("You are a pirate. Be rude.", "I am a pirate."),
        ("An agent that bakes bread.", "I am an agent that bakes bread."),
        ("Answers questions.", ""),
        ("", ""),
    ],
)
def test_a_role_in_the_first_person(description, role):
    assert Persona("x", description, "").role == role


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Thanks!", "You are welcome."),
        ("Bye.", "Goodbye!"),
        ("Why is the sky blue?", ""),
        ("Welcome the news of the day with a song.", ""),
    ],
)
def test_courtesies(router, said, answer):
    assert small_courtesy(said, PERSONA, router) == answer


@pytest.mark.parametrize(
    "said",
    ["Hello!", "Greet the user.", "Welcome the visitor of the museum.", "Please say hello to Ada."],
)
def test_who_is_greeted_and_who_is_to_be_greeted(router, said):
    assert small_courtesy(said, PERSONA, router).startswith("Hello! ")


@pytest.mark.parametrize("group", TOOL_SETS)
def test_what_it_says_to_try_works(group):
    router = Router(declared(group))
    said = examples(router)
    assert said
    assert all(router.match([each])[0].calls for each in said)


@pytest.mark.parametrize(
    ("said", "asks"),
    [
        ("Book a flight to Mars.", True),
        ("Could you please order a pizza?", True),
        ("Tell me a joke.", False),
        ("Why?", False),
    ],
)
def test_requests_are_told_from_talk(said, asks):
    assert is_request(said) == asks


def test_a_tool_more_is_one_and_several_are():
    def get_alarms() -> list:
        """Returns the alarms."""

    one = [FunctionTool(get_alarms)._get_declaration()]
    assert "What are the alarms?" in abilities(Router(one))
    five = [each.model_copy(update={"name": f"get_alarms_{i}"}) for i in range(5) for each in one]
    assert "1 more thing." in abilities(Router(five))


def test_a_tool_without_a_verb_in_its_name_is_told_by_its_docstring():
    def next_track() -> str:
        """Skips to the next track."""

    def evaluation(expression: str) -> float:
        """Evaluates an expression, whichever."""

    router = Router([FunctionTool(each)._get_declaration() for each in (next_track, evaluation)])
    assert "I can skip to the next track and evaluate an expression." in abilities(router)
