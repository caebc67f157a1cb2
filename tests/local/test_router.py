from __future__ import annotations

from enum import Enum
from typing import Literal

import pytest
from google.adk.tools import FunctionTool
from google.genai import types
from hypothesis import given, settings, strategies as st
from router_cases import DEV, GROUPS, HELD_OUT, HELD_OUT_GROUPS, SECOND, SECOND_GROUPS

from adk_nb.local.matching import Call
from adk_nb.local.router import route
from adk_nb.local.signature import signature_of


def declare(*functions):
    return [FunctionTool(function)._get_declaration() for function in functions]


def called(sentence, *functions):
    """Returns the only call, as a name and arguments."""
    calls = route([sentence], declare(*functions))
    assert len(calls) <= 1
    return (calls[0].name, calls[0].args) if calls else None


def only_call(*args):
    (call,) = route(*args)
    return call


def cases(table):
    return [
        pytest.param(group, *case, id=case[0]) for group, rows in table.items() for case in rows
    ]


# --- the tables ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("group", "sentence", "tool", "args"), cases(DEV))
def test_the_table(group, sentence, tool, args):
    assert called(sentence, *GROUPS[group]) == ((tool, args) if tool else None)


# What is not understood; no other sentence may join them.
MISSED = {
    "Tell me the time in New York please.",  # among all tools
    "How far is Vienna from Prague?",
    "Tell John that the meeting is cancelled by sending him a message.",
    "Write an email to Sarah about the new results.",
}


@pytest.mark.parametrize(
    ("table", "groups"),
    [(DEV, GROUPS), (SECOND, SECOND_GROUPS), (HELD_OUT, HELD_OUT_GROUPS)],
    ids=["dev", "second", "held out"],
)
@pytest.mark.parametrize("all_tools", [False, True])
def test_a_table_among_its_own_tools_and_among_all(table, groups, all_tools):
    tools = {each.__name__: each for group in groups.values() for each in group}.values()
    missed = {
        sentence
        for group, rows in table.items()
        for sentence, tool, args in rows
        if called(sentence, *(tools if all_tools else groups[group]))
        != ((tool, args) if tool else None)
    }
    assert missed <= MISSED


# --- types ---------------------------------------------------------------------------------------


class Level(Enum):
    LOW = "low"
    VERY_HIGH = "very high"


def configure(level: Level, retries: int | None = None, tags: list[str] = []) -> str:  # noqa: B006
    """Configures the alarm level."""


def wait_for(seconds: float) -> str:
    """Waits for some time."""


def pick(numbers: list[int]) -> int:
    """Picks one of some numbers."""


def ask(question: str, payload: dict) -> str:
    """Asks a question."""


@pytest.mark.parametrize(
    ("sentence", "call"),
    [
        ("Configure the alarm level to very high.", ("configure", {"level": "very high"})),
        (
            "Configure level low with three retries",
            ("configure", {"level": "low", "retries": 3}),
        ),
        ("Configure the alarm.", None),
        ("Wait for two minutes.", ("wait_for", {"seconds": 120.0})),
        ("Wait for half a minute.", ("wait_for", {"seconds": 30.0})),
        ("Pick one of the numbers 3, 7 and 12", ("pick", {"numbers": [3, 7, 12]})),
        ("Ask a question about nothing.", None),
    ],
)
def test_types(sentence, call):
    found = called(sentence, configure, wait_for, pick, ask)
    if call and call[0] == "pick":
        assert found
        assert found[0] == "pick"
        assert found[1]["numbers"][-3:] == [3, 7, 12]
    else:
        assert found == call


def test_both_ways_to_declare_parameters(monkeypatch):
    (by_json_schema,) = declare(configure)
    monkeypatch.setenv("ADK_DISABLE_JSON_SCHEMA_FOR_FUNC_DECL", "1")
    (by_schema,) = declare(configure)
    assert by_schema.parameters is not None
    for declaration in (by_json_schema, by_schema):
        call = only_call(["Set the alarm level to very high, configure it"], [declaration])
        assert call.args["level"] == "very high"
        kinds = [each.kind for each in signature_of(declaration).parameters]
        assert kinds == ["string", "integer", "array"]


def test_docstrings_are_read():
    def search(q: str, limit: int = 5) -> list:
        """Finds things.

        In all the libraries.

        Args:
            q (str): What to find,
                and where.
            limit: How many.

        Returns:
            Things.
        """

    (declaration,) = declare(search)
    signature = signature_of(declaration)
    assert signature.summary == "Finds things."
    assert signature.details == "In all the libraries."
    assert signature.parameters[0].description == "What to find, and where."
    assert signature.parameters[1].default == 5


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        {"properties": {"x": {}}},
        {"properties": {"x": None}},
        {"properties": {"x": {"$ref": "#/$defs/None"}}},
        {"properties": {"x": {"anyOf": []}}},
        {"properties": {"x": {"type": ["null", "integer"]}}},
        {"properties": {"x": {"enum": []}}},
        {"properties": {"x": {"enum": [1, "two", None, True]}}, "required": ["x"]},
        {"properties": {"x": {"type": "array"}}, "required": ["x"]},
        {"properties": {"": {"type": "string"}}, "required": ["", "y"]},
    ],
)
def test_odd_schemas_are_survived(schema):
    declaration = types.FunctionDeclaration(
        name="do_it", description="", parameters_json_schema=schema
    )
    for sentence in ("Do it.", "Do it with two and x", ""):
        assert all(isinstance(each, Call) for each in route([sentence], [declaration]))


@settings(max_examples=60)
@given(st.text(max_size=80))
def test_any_text_is_survived(sentence):
    functions = [function for group in GROUPS.values() for function in group]
    assert all(isinstance(each, Call) for each in route([sentence], declare(*functions)))


# --- more than one utterance ---------------------------------------------------------------------


def test_a_sentence_cut_by_a_pause_is_one():
    call = only_call(["What time is it", "in Tokyo?"], declare(*GROUPS["travel"]))
    assert call.args == {"city": "Tokyo"}


def test_the_newest_sentence_counts():
    call = only_call(["Flip a coin.", "Roll a die."], declare(*GROUPS["games"]))
    assert call.name == "roll_dice"


def test_nothing_said_and_no_tools():
    assert route([], declare(*GROUPS["games"])) == []
    assert route(["Roll a die."], []) == []


# --- more than one call --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "calls"),
    [
        ("Roll two dice.", ["roll_dice"] * 2),
        ("Roll the dice three times.", ["roll_dice"] * 3),
        ("Flip a coin twice.", ["flip_coin"] * 2),
        ("Flip a coin and roll the dice.", ["flip_coin", "roll_dice"]),
        ("Flip a coin. Then roll the dice.", ["flip_coin", "roll_dice"]),
        ("Flip a coin and smile.", ["flip_coin"]),
    ],
)
def test_a_sentence_may_say_more_than_one_call(sentence, calls):
    assert [call.name for call in route([sentence], declare(*GROUPS["games"]))] == calls


def test_times_between_two_numbers_is_no_repetition():
    def multiply(a: float, b: float) -> float:
        """Multiplies two numbers, one times the other."""

    assert called("What is five times six?", multiply) == ("multiply", {"a": 5.0, "b": 6.0})


def test_a_number_that_is_left_over_fails_the_match():
    assert called("Set a timer for five minutes.", *GROUPS["home"])
    assert called("Set a timer for five six minutes.", *GROUPS["home"]) is None
    assert called("Set a timer for point five minutes.", *GROUPS["home"]) is None


# --- transfer ------------------------------------------------------------------------------------

_AGENTS = """You roll dice.

You have a list of other agents to transfer to:

Agent name: billing_agent
Agent description: Answers questions about invoices and payments.

Agent name: greeter
Agent description: Greets people.
"""


def transfer_to_agent(agent_name: str) -> None:
    """Transfer the query to another agent.

    Use this tool to hand off control to another agent that is more suitable to
    answer the user's query according to the agent's description.
    """


@pytest.mark.parametrize(
    ("sentence", "agent"),
    [
        ("Transfer me to billing, please.", "billing_agent"),
        ("Let me talk to the greeter.", "greeter"),
        ("I have a question about my invoices and payments.", None),
        ("I want to ask about payments and invoices.", "billing_agent"),
        ("Can you answer a question about my invoice payment?", "billing_agent"),
        ("Hello.", None),
        ("What time is it?", None),
        ("Is there another agent?", None),
    ],
)
def test_transfers_only_where_it_is_asked_for(sentence, agent):
    tools = declare(*GROUPS["games"], transfer_to_agent)
    calls = route([sentence], tools, _AGENTS)
    assert [call.args for call in calls] == ([{"agent_name": agent}] if agent else [])


def test_a_tool_of_its_own_comes_before_a_transfer():
    call = only_call(["Roll a die."], declare(*GROUPS["games"], transfer_to_agent), _AGENTS)
    assert call.name == "roll_dice"


def test_a_choice_after_an_and_is_part_of_the_call():
    def forecast(city: str, scale: Literal["celsius", "fahrenheit"] = "celsius") -> str:
        """Weather forecast for a city."""

    expected = ("forecast", {"city": "Miami", "scale": "fahrenheit"})
    assert called("The forecast for Miami and Fahrenheit.", forecast) == expected
