"""Cells that were run again, and what of them does the same."""

from __future__ import annotations

import functools
import types

import pytest

from adk_nb.sameness import declares, same


def cell(code, **names):
    """What a cell with this code defines."""
    space = {"__name__": "__main__", **names}
    exec(code, space)
    return types.SimpleNamespace(**space)


TOOL = 'def tool(city: str, days: int = 1) -> str:\n    "Tells."\n    return f"{city} {days}"\n'

UNCHANGED = [
    (TOOL, TOOL),
    (TOOL, "\n\n# a comment\n" + TOOL.replace("    return", "    # why\n\n    return")),
    ("def tool():\n    return lambda x: x + 1\n",) * 2,
    ("async def tool(n):\n    yield n\n",) * 2,
    ("class Kit:\n    'A kit.'\n    def __init__(self):\n        self.n = 3\ntool = Kit()\n",) * 2,
    ("class Kit:\n    def tell(self):\n        return 1\ntool = Kit().tell\n",) * 2,
    ("class tool:\n    @property\n    def p(self): 0\n    @staticmethod\n    def s(): 0\n",) * 2,
    ("import functools\ntool = functools.partial(print, 1, sep='')",) * 2,
    ("tool = {'a': [1, (2.0, None)], 'b': {1, 2}}",) * 2,
    ("import json\ntool = [json, len, ...]",) * 2,
    ("import threading\ntool = threading.Lock()",) * 2,
    ("class T:\n    pass\ntool = T()\ntool.me = tool\ntool.n = 1\n",) * 2,
]

CHANGED = [
    (TOOL, TOOL.replace("{city} {days}", "{days} {city}")),
    (TOOL, TOOL.replace("Tells", "Says")),
    (TOOL, TOOL.replace("= 1", "= 2")),
    (TOOL, TOOL.replace("days: int", "days: float")),
    (TOOL, "async " + TOOL),
    (TOOL, TOOL.replace("def tool", "def other") + "tool = other\n"),
    ("def tool():\n    return 1\n", "def tool():\n    return 1.0\n"),
    ("def tool():\n    return True\n", "def tool():\n    return 1\n"),
    ("def tool(*, n=1):\n    return n\n", "def tool(*, n=2):\n    return n\n"),
    ("def tool():\n    return lambda x: x + 1\n", "def tool():\n    return lambda x: x + 2\n"),
    ("def tool():\n    return print(1)\n", "def tool():\n    return repr(1)\n"),
    ("def tool(): pass\ntool.mark = 1\n", "def tool(): pass\ntool.mark = 2\n"),
    ("def of(n):\n    def tool(): return n\n    return tool\ntool = of(1)",
     "def of(n):\n    def tool(): return n\n    return tool\ntool = of(2)"),
    ("class Kit: n = 1\ntool = Kit()", "class Kit: n = 2\ntool = Kit()"),
    ("class Kit: pass\ntool = Kit()\ntool.n = 1", "class Kit: pass\ntool = Kit()\ntool.n = 2"),
    ("class A: pass\ntool = A()", "class B: pass\ntool = B()"),
    ("tool = [1, 2]", "tool = [1, 2, 3]"),
    ("tool = {1: 2}", "tool = {2: 2}"),
    ("tool = {1}", "tool = {2}"),
    ("tool = 'a'", "tool = 'b'"),
    ("tool = None", "tool = 'b'"),
    ("import functools\ntool = functools.partial(print, 1)",
     "import functools\ntool = functools.partial(print, 2)"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), UNCHANGED)
def test_what_is_run_again_unchanged_does_the_same(before, after):
    one, other = cell(before).tool, cell(after).tool
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(("before", "after"), CHANGED)
def test_what_is_changed_does_not(before, after):
    one, other = cell(before).tool, cell(after).tool
    assert not same(one, other)
    assert not same(other, one)


def test_a_decorator_is_looked_through():
    def traced(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)

        return wrapper

    decorated = "@traced\n" + TOOL
    one, again = cell(decorated, traced=traced).tool, cell(decorated, traced=traced).tool
    other = cell(decorated.replace("Tells", "Says").replace("{city}", "x"), traced=traced).tool
    assert same(one, again)
    assert not same(one, other)


def test_an_empty_closure_tells_nothing():
    code = "def of():\n    def tool(): return later\n    {0}\n    return tool\n    later = 1\n"
    assert same(*(cell(code.format(end) + "tool = of()").tool for end in ("pass", "pass")))


def test_what_an_object_has_come_to_know_does_not_count():
    code = "class Kit: pass\ntool = Kit()\n"
    one, used = cell(code).tool, cell(code).tool
    used._cache = {"a": 1}
    assert same(one, used)


def test_large_objects_are_not_compared_to_their_end():
    many = [[n] for n in range(100_000)]
    other = [[n] for n in range(100_000)]
    other[-1] = ["another"]
    assert same(many, other)
    other[1] = ["another"]
    assert not same(many, other)


def test_what_a_model_is_told_of_a_function():
    tool = cell(TOOL).tool
    assert declares(tool) == declares(cell(TOOL.replace("{city}", "in {city}")).tool)
    for changed in (
        TOOL.replace("Tells", "Says"),
        TOOL.replace("= 1", "= 2"),
        TOOL.replace("city: str", "city: int"),
        TOOL.replace("city", "town"),
    ):
        assert declares(tool) != declares(cell(changed).tool)
    assert declares(len)[0] == "len"
