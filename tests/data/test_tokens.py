"""Tokens by modality, and what they cost."""

from __future__ import annotations

import pytest

from adk_nb.data.tokens import cost, count
from adk_nb.log.turn import Turn

PRICES = {
    "m": {"prompt_text": 1.0, "prompt": 3.0, "response": 4.0, "response_audio": 10.0, "cached": 0.5}
}


def turn(model="m", **tokens):
    return Turn(1, "a", model, tokens=tokens)


@pytest.mark.parametrize(
    ("tokens", "kind", "found"),
    [
        ({"prompt_audio": 3}, "prompt_audio", 3),
        ({"prompt_audio": 3}, "prompt_text", 0),
        ({"prompt_audio": 3, "prompt": 1}, "prompt_text", None),
        ({"prompt_audio": 3}, "response_text", None),
        ({"thoughts": 2}, "thoughts", 2),
        ({"prompt_audio": 3}, "thoughts", None),
        ({}, "prompt_audio", None),
    ],
)
def test_what_is_not_told_is_missing_and_what_is_not_named_is_none(tokens, kind, found):
    assert count(turn(**tokens), kind) == found


@pytest.mark.parametrize(
    ("tokens", "millions"),
    [
        ({"prompt_text": 2}, 2.0),
        ({"prompt_audio": 2}, 6.0),
        ({"prompt": 2, "response_audio": 1, "response_text": 1}, 20.0),
        ({"thoughts": 1, "tool_use": 1}, 7.0),
        ({"prompt_text": 4, "cached_text": 3}, 1.0 + 1.5),
        ({"prompt": 4, "cached": 4}, 2.0),
    ],
)
def test_each_kind_costs_its_price_or_that_of_its_side(tokens, millions):
    assert cost(turn(**tokens), PRICES) == pytest.approx(millions / 1e6)
    assert cost(turn("models/m", **tokens), PRICES) == pytest.approx(millions / 1e6)


@pytest.mark.parametrize(
    ("made", "prices"),
    [
        (turn(), PRICES),
        (turn("other", prompt=1), PRICES),
        (turn(prompt_text=1), {"m": {"response": 1.0}}),
        (turn(thoughts=1), {"m": {"prompt": 1.0}}),
        (turn(cached_text=1), {"m": {"cached": 1.0}}),
        (turn(prompt=1, cached=1), {"m": {"prompt": 1.0}}),
    ],
)
def test_a_cost_that_is_not_known_is_missing(made, prices):
    assert cost(made, prices) is None
