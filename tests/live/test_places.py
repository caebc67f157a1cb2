"""Where an object is found in a notebook."""

from __future__ import annotations

import sys
import types

import pytest

from adk_nb.live.places import GONE, Names, Place, items


def function(name="roll", module="__main__", qualname=None):
    made = types.FunctionType((lambda: 4).__code__, {}, name)
    made.__module__, made.__qualname__ = module, qualname or name
    return made


class Dice:
    def roll(self): ...


ROLL, OTHER, INSTANCE, NOTES = function(), function(), Dice(), object()


def labels(notebook, thing):
    return [place.label for place in Names(notebook).of(thing)]


@pytest.mark.parametrize(
    ("notebook", "thing", "found"),
    [
        ({"roll": ROLL}, ROLL, ["roll"]),
        ({"throw": ROLL, "roll": ROLL}, ROLL, ["roll"]),
        ({"throw": ROLL, "toss": ROLL}, ROLL, ["throw"]),
        ({"roll": OTHER}, ROLL, ["roll"]),
        ({"roll": 4}, ROLL, []),
        ({"_roll": ROLL}, ROLL, []),
        ({}, ROLL, []),
        ({"d": INSTANCE, "e": INSTANCE}, INSTANCE.roll, ["d.roll", "e.roll"]),
        ({}, INSTANCE.roll, []),
        ({"notes": NOTES, "n": 1}, NOTES, ["notes"]),
        ({"n": 5000}, 5000, []),
        ({"t": "text"}, "", []),
        ({"e": []}, [], []),
    ],
)
def test_what_is_found_under_which_names(notebook, thing, found):
    assert labels(notebook, thing) == found


def test_what_was_made_in_a_function_has_no_successor():
    within = function(qualname="make.<locals>.roll")
    assert labels({"roll": OTHER}, within) == []
    assert labels({"roll": within}, within) == ["roll"]


def test_a_function_of_a_module_is_found_there_too(monkeypatch):
    module = types.ModuleType("my_tools")
    monkeypatch.setitem(sys.modules, "my_tools", module)
    roll = function(module="my_tools")
    assert labels({}, roll) == []
    module.roll = function(module="my_tools")  # It was loaded anew.
    assert labels({}, roll) == ["my_tools.roll"]
    assert labels({"roll": roll}, roll) == ["roll", "my_tools.roll"]
    module.roll = 4
    assert labels({}, roll) == []
    monkeypatch.delitem(sys.modules, "my_tools")
    assert labels({}, roll) == []


def test_what_is_in_a_place_now():
    space = {"d": INSTANCE, "n": 4}
    assert Place(space, "n", "n").now() == 4
    assert Place(space, "d", "d.roll", "roll").now() == INSTANCE.roll
    assert Place(space, "d", "d.flip", "flip").now() is GONE
    del space["n"]
    assert Place(space, "n", "n").now() is GONE


@pytest.mark.parametrize(("fails", "found"), [(0, 1), (4, 1), (5, 0)])
def test_a_namespace_that_changes_while_it_is_read_is_read_again(fails, found):
    class Space(dict):
        left = fails

        def items(self):
            if self.left:
                self.left -= 1
                raise RuntimeError("dictionary changed size during iteration")
            return super().items()

    assert len(items(Space(a=1))) == found
