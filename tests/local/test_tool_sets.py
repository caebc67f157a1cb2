"""The router on tools that were not written for it; `benchmarks/tool_sets.py` says more."""

from __future__ import annotations

from datetime import datetime

import pytest
import tool_set_cases
import tool_set_held_out
from tool_set_scores import declared, score

from adk_nb.local.router import route

NOW = datetime(2026, 3, 4, 10, tzinfo=None)  # noqa: DTZ001 - A Wednesday, on the user's clock.


def calls_of(group, sentence):
    return [(call.name, call.args) for call in route([sentence], declared(group), now=NOW)]


# Of the sentences that nobody tuned anything on; no other may join them.
MISSED = {
    "Can you switch off the bedroom heater?",
    "Set the office temperature to nineteen degrees",
    "Set a timer.",
    "What will the weather be in Chicago over the next 3 days?",
    "Please cancel the order W100 because I ordered it by mistake.",
}


@pytest.mark.parametrize(
    ("table", "missed", "wrong"),
    [(tool_set_cases.CASES, set(), 0), (tool_set_held_out.CASES, MISSED, 2)],
    ids=["worked with", "held out"],
)
def test_a_table_is_understood(table, missed, wrong):
    total = score(table, calls_of)
    assert total.sentences > 100
    assert {sentence for sentence, *_ in total.failures} <= missed, total.failures
    assert total.harmless >= total.sentences - wrong, total.failures
