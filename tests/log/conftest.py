"""Rows by themselves, and the turns that come of them."""

from __future__ import annotations

import pytest
from logs import Told

from adk_nb.log.event_log import EventLog
from adk_nb.log.turn_fold import TurnFold


class Folded:
    """Rows that a fold takes one by one, a second apart; `changed` is what the last one did."""

    def __init__(self):
        self.log, self.fold = EventLog("s"), TurnFold("s")

    def __call__(self, kind, turn=1, source="adk", **values):
        self.changed = self.fold.add(
            self.log.add(source, kind, t=float(len(self.log)), turn=turn, **values)
        )
        return self

    @property
    def turn(self):
        return self.fold.turn(1)

    @property
    def pieces(self):
        """The pieces that the last row changed."""
        return [(piece.number, piece.role, piece.text, piece.final) for piece in self.changed]


@pytest.fixture
def folded():
    return Folded()


@pytest.fixture
def told():
    return Told()
