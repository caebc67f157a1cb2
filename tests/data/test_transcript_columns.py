"""The columns of what was said: what is read of the words, and what of their turn."""

from __future__ import annotations

from adk_nb.data.columns import Items
from adk_nb.data.transcript_columns import TRANSCRIPT_COLUMNS, TRANSCRIPT_MORE
from adk_nb.log.turn import Turn
from adk_nb.log.turns_from_log import Utterance


def test_words_have_what_is_their_turns_too():
    turn = Turn(3, "dice")
    turn.variant = ""
    said = Utterance(turn, "agent", "dice", "Four, I", "Four,", interrupted=True, t=1.5, piece=2)
    columns = TRANSCRIPT_COLUMNS + TRANSCRIPT_MORE
    found = {column.name: column.values(Items([said]))[0] for column in columns}
    assert (found["turn"], found["piece"], found["t"]) == (3, 2, 1.5)
    assert (found["role"], found["author"], found["variant"]) == ("agent", "dice", None)
    assert (found["text"], found["heard_text"], found["interrupted"]) == ("Four, I", "Four,", True)
    assert found["tags"] == {}
