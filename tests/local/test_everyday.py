from __future__ import annotations

from datetime import datetime

import everyday
import pytest
from google.adk.tools import FunctionTool

from adk_nb.local.dialogue import Exchange, understand
from adk_nb.local.router import Router
from adk_nb.local.signature import signature_of

NOW = datetime(2026, 3, 4, 10, tzinfo=None)  # noqa: DTZ001 - A Wednesday, on the user's clock.


def conversations(table):
    return [pytest.param(*each, id=each[1][0][0]) for each in table]


@pytest.mark.parametrize(
    ("tools", "said"),
    [
        *conversations(everyday.SURE),
        *conversations(everyday.NUMBERS),
        *conversations(everyday.GOING_ON),
        *conversations(everyday.OPEN),
        *conversations(everyday.POINTING),
    ],
)
def test_a_conversation(tools, said):
    declared = [FunctionTool(tool)._get_declaration() for tool in tools]
    defaults = {
        each.name: {one.name: one.default for one in each.parameters}
        for each in map(signature_of, declared)
    }
    exchanges = []
    for sentence, expected in said:
        decision = understand([*exchanges, Exchange((sentence,))], Router(declared, now=NOW))
        exchanges.append(Exchange((sentence,), decision.text or "Well.", tuple(decision.calls)))
        got = [(call.name, {**defaults[call.name], **call.args}) for call in decision.calls]
        wanted = [(name, {**defaults[name], **args}) for name, args in expected or []]
        assert [name for name, _ in got] == [name for name, _ in wanted], sentence
        for (_, args), (_, right) in zip(got, wanted, strict=True):
            for key, value in right.items():
                assert args[key] in (value if isinstance(value, tuple) else (value,)), sentence
