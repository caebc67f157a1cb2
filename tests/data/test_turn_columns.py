"""The columns of turns: what is missing in a turn, and what is not."""

from __future__ import annotations

import pytest

from adk_nb.data.columns import Items
from adk_nb.data.turn_columns import TURN_COLUMNS, TURN_MORE, TURN_TOKENS
from adk_nb.log.turn import Status, Turn

ALL = TURN_COLUMNS + TURN_MORE + TURN_TOKENS


def value(name, **values):
    """The value of a column in a turn of these values."""
    (column,) = [one for one in ALL if one.name == name]
    turn = Turn(1, values.pop("agent", ""))
    for key, one in values.items():
        setattr(turn, key, one)
    return column.values(Items([turn]))[0]


def test_no_two_columns_have_one_name():
    names = [column.name for column in ALL]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("name", ["agent", "model", "variant", "prompt"])
def test_what_a_turn_does_not_know_is_missing_and_no_empty_text(name):
    assert value(name, **{name: ""}) is None
    assert value(name, **{name: "x"}) == "x"


def test_a_turn_without_an_end_is_open():
    assert value("status") == "open"
    assert value("status", status=Status.COMPLETE) == "complete"


def test_tokens_are_counted_by_their_modality():
    assert value("prompt_audio_tokens") is None
    assert value("prompt_audio_tokens", tokens={"prompt_audio": 3, "prompt_text": 1}) == 3
    assert value("prompt_image_tokens", tokens={"prompt_audio": 3}) == 0
    assert value("thoughts_tokens", tokens={"thoughts": 5}) == 5
