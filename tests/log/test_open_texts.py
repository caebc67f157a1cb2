"""Texts in pieces: what is held back of them, and when it comes."""

from __future__ import annotations

import pytest

from adk_nb.log.log_row import LogRow
from adk_nb.log.open_texts import OpenTexts
from adk_nb.log.redaction import Redactor

SECRET = "hunter2-hunter2"


class Kept:
    """Keeps the rows that are appended, and those that have grown."""

    def __init__(self):
        self.rows, self.grown = [], []
        redact = Redactor([SECRET])
        self.texts = OpenTexts(redact.pieces, self._append, self.grown.append)

    def _append(self, source, kind, t, values):
        self.rows.append(LogRow(len(self.rows), 0.0, t or 0.0, source, kind, **values))
        return self.rows[-1]

    def add(self, text, kind="agent_text", **values):
        self.texts.add("adk", kind, None, {"text": text} | values)
        return self

    @property
    def said(self):
        return [row.text for row in self.rows]


@pytest.fixture
def kept():
    return Kept()


def test_what_may_begin_a_secret_is_held_back_until_the_end(kept):
    assert kept.add("It is hunter2").said == ["It is "]
    kept.texts.end()
    assert kept.said == ["It is ", "hunter2"]
    kept.texts.end()
    assert len(kept.rows) == 2


def test_a_secret_in_two_pieces_is_in_no_row(kept):
    kept.add("It is hunter2-").add("hunter2.").texts.end()
    assert "".join(kept.said).count("hunter2") == 0
    assert "".join(kept.said).startswith("It is ")
    assert "".join(kept.said).endswith(".")


def test_what_was_held_back_is_of_the_speaker_and_turn_of_its_piece(kept):
    kept.add("One hunter2", turn=3, author="dice", agent="dice", invocation_id="i")
    kept.add("Two hunter2", turn=4, author="user")
    kept.texts.end()
    told = [(row.turn, row.author, row.agent, row.invocation_id, row.text) for row in kept.rows]
    assert told == [
        (3, "dice", "dice", "i", "One "), (4, "user", None, None, "Two "),
        (3, "dice", "dice", "i", "hunter2"), (4, "user", None, None, "hunter2"),
    ]  # fmt: skip


def test_a_text_that_was_whole_each_time_grows_in_its_row(kept):
    kept.add("It is hunter2", cumulative=True)
    kept.texts.end()
    assert kept.said == ["It is hunter2"]
    assert kept.grown == kept.rows


def test_a_final_text_comes_after_what_was_held_back(kept):
    kept.add("One hunter2").add("All of it.", final=True)
    assert kept.said == ["One ", "hunter2", "All of it."]
    assert [row.final for row in kept.rows] == [None, None, True]
    kept.texts.end()
    assert len(kept.rows) == 3
