"""The messages of which words have sounded; places are counted as JavaScript does."""

from __future__ import annotations

from adk_nb.log.spoken_words import PieceWords
from adk_nb.wire import protocol
from adk_nb.wire.heard import heard_message, words_messages


def test_each_piece_tells_where_its_words_end_and_when():
    pieces = [
        PieceWords(1, "It is noon.", [(2, 120.04), (5, 260.06), (11, 900.0)]),
        PieceWords(3, "", []),  # It has no words that sound.
        PieceWords(4, "Yes.", [(4, 1400.0)]),
    ]
    assert words_messages(7, pieces) == [
        protocol.Words(7, 1, 0, [2, 5, 11], [120.0, 260.1, 900.0]),
        protocol.Words(7, 4, 0, [4], [1400.0]),
    ]


def test_what_a_page_knows_is_not_told_again():
    pieces = [PieceWords(1, "It is noon.", [(11, 900.0)]), PieceWords(2, "Yes.", [(4, 1400.0)])]
    messages = words_messages(7, pieces, {1: 6, 2: 0}.__getitem__)
    assert [(one.piece, one.start) for one in messages] == [(1, 6), (2, 0)]


def test_signs_outside_the_basic_plane_count_twice():
    text = "🎲🎲 ä four"  # Its code points: 0 to 8.
    (message,) = words_messages(1, [PieceWords(1, text, [(2, 1.0), (4, 2.0)])], lambda _: 2)
    assert (message.start, message.ends) == (4, [4, 6])
    heard = heard_message(1, [(1, text, 2, 9), (2, "four", 1, 4)], 250.0, 900.0)
    assert heard == protocol.Heard(1, [[1, 4, 11], [2, 1, 4]], 250.0, 900.0)


def test_of_a_long_piece_only_what_is_shown_is_told():
    words = [(end, float(end)) for end in range(1, 10_101)]
    (message,) = words_messages(1, [PieceWords(1, "x" * 10_100, words)])
    assert (len(message.ends), message.ends[-1], message.ms[-1]) == (10_000, 10_000, 10_000.0)


def test_nothing_unheard_and_nothing_known_are_told_too():
    assert heard_message(2, [], None, 0.0) == protocol.Heard(2, [], None, 0.0)
