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


@pytest.mark.parametrize(
    ("table", "least_right"),
    [(tool_set_cases.CASES, 0.97), (tool_set_held_out.CASES, 0.9)],
    ids=["worked with", "held out"],
)
def test_a_table_is_understood(table, least_right):
    total = score(table, calls_of)
    assert total.sentences > 100
    assert total.right >= least_right * total.sentences, total.failures
    assert total.harmless >= 0.98 * total.sentences, total.failures
