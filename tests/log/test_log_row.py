"""A row of the log: what it is when nothing more is known, and the ids that it may have."""

from __future__ import annotations

from adk_nb.log.log_row import KINDS, LogRow, valid_id


def test_no_kind_is_named_twice():
    assert len(set(KINDS)) == len(KINDS)


def test_a_row_that_says_nothing_happened_once_and_ends_nothing():
    row = LogRow(0, 1.5, 0.5, "adk", "usage")
    assert (row.count, row.turn, row.text, row.final) == (1, 0, None, None)
    flags = (row.interrupted, row.turn_complete, row.cumulative, row.estimated)
    assert flags == (False,) * 4


def test_an_id_is_text_that_a_file_takes_and_not_too_long():
    assert valid_id("c1") == "c1"
    assert valid_id("c" * 2000) == "c" * 1000
    valid_id("a\ud800b").encode()
