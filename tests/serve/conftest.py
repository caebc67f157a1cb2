from __future__ import annotations

import pytest
from served import Served, echo


@pytest.fixture
def served():
    """`served(answer, **options)` serves an agent with a scripted model."""
    opened = []

    def make(answer=echo, **options):
        opened.append(Served(answer, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
