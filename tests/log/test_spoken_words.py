import pytest
from hypothesis import given, strategies as st

from adk_nb.log.spoken_words import heard, piece_words, stretches, unheard_pieces, word_times
from adk_nb.log.tool_call import ToolCall
from adk_nb.log.turn import Turn
from adk_nb.log.word_boundaries import word_ends
from adk_nb.log.words import Piece

SAID = "One two three four. Five six seven eight."
MARKS = [(0.0, 4), (1000.0, 20)]


def test_words_between_two_marks_are_spread_evenly():
    assert [one[:2] for one in stretches(MARKS, 2000.0, len(SAID))] == [
        (0.0, 1000.0), (1000.0, 2000.0),
    ]  # fmt: skip
    times = word_times(SAID, MARKS, 2000.0)
    assert [SAID[:end].rsplit(maxsplit=1)[-1] for end, _ in times] == SAID.split()
    assert [round(ms) for _, ms in times] == [150, 350, 650, 950, 1190, 1381, 1667, 2000]


def test_words_of_which_no_sound_has_come_have_no_time():
    assert word_times(SAID, [], 0.0) == []
    assert word_times(SAID, [(900.0, 18)], 900.0) != []
    assert word_times("One two", [(2000.0, 3)], 1500.0) == [(3, 2000.0)]


def test_only_those_after_a_word_are_asked_for():
    times = word_times(SAID, MARKS, 2000.0)
    assert word_times(SAID, MARKS, 2000.0, since=times[2][0]) == times[3:]
    assert word_times(SAID, MARKS, 2000.0, since=len(SAID)) == []


@pytest.mark.parametrize("said", ["今天天气很好。", "สวัสดีครับ ทุกคน", "本日は晴天なり。"])
def test_scripts_without_blanks_have_words_too(said):
    times = word_times(said, [(1000.0, len(said))], 1000.0)
    assert len(times) > 1
    for end, ms in times:
        assert heard(said, [(1000.0, len(said))], 1000.0, ms + 1e-6) == said[:end]


TEXTS = st.lists(
    st.sampled_from(["one", "two, ", " ", "三", "四。", "สวัส", "é", "\n"]), max_size=20
)


@given(TEXTS, st.lists(st.tuples(st.floats(0, 9000), st.integers(0, 60)), max_size=5),
       st.floats(0, 9000), st.floats(0, 10_000))  # fmt: skip
def test_what_was_heard_are_the_words_whose_time_has_come(pieces, marks, audio_ms, played_ms):
    said = "".join(pieces)
    marks = [(ms, min(length, len(said))) for ms, length in sorted(marks)]
    marks = [(ms, max(m[1] for m in marks[: n + 1])) for n, (ms, _) in enumerate(marks)]
    audio_ms = max([audio_ms, *(ms for ms, _ in marks)])
    times = word_times(said, marks, audio_ms)
    assert times == sorted(times)
    if any(abs(ms - played_ms) < 1e-3 for _, ms in times):
        return  # A rounding decides.
    ends = [end for end, ms in times if ms <= played_ms]
    told = heard(said, marks, audio_ms, played_ms)
    if audio_ms > played_ms:
        assert len(told) == max(ends, default=0)
    else:
        assert told == said


def test_ends_of_words_are_those_of_what_was_heard():
    assert list(word_ends("One two.")) == [3, 8]
    assert list(word_ends("One two.", 3)) == [8]
    assert list(word_ends("")) == []


def test_words_that_came_late_have_sounded_when_the_sound_that_brought_none_begins():
    # All of the text up to 20 came with the first second; the second one brought no more of it.
    marks = [(1000.0, 4), (1000.0, 20), (2000.0, 20)]
    assert [*stretches(marks, 2000.0, len(SAID))] == [(0.0, 1000.0, 0, 4), (1000.0, 2000.0, 20, 20)]
    assert word_times(SAID, marks, 2000.0) == [
        (3, 750.0), (7, 1000.0), (13, 1000.0), (19, 1000.0),
    ]  # fmt: skip
    assert heard(SAID, marks, 2000.0, 999.0) == "One"
    assert heard(SAID, marks, 2000.0, 1000.0) == "One two three four."


def answer(**values):
    """A turn whose agent said one thing before a call and one after it."""
    pieces = [
        Piece(0, "user", "user", 0.0, "One?"),
        Piece(1, "agent", "a", 1.0, "One two. "),
        Piece(2, "tool", "a", 2.0, call=ToolCall("c", "t", {})),
        Piece(3, "agent", "a", 3.0, " "),
        Piece(4, "agent", "a", 3.0, " Three four."),
    ]
    return Turn(1, agent_text="One two. Three four.", pieces=pieces, **values)


def test_words_are_found_in_the_pieces_that_they_were_said_in():
    times = [(3, 100.0), (8, 200.0), (14, 300.0)]
    assert piece_words(answer(), times) == [
        (1, "One two.", [(3, 100.0), (8, 200.0)]), (4, "Three four.", [(5, 300.0)]),
    ]  # fmt: skip
    assert piece_words(answer(), []) == [(1, "One two.", []), (4, "Three four.", [])]
    assert piece_words(Turn(1), times) == []


@pytest.mark.parametrize(
    ("values", "unheard"),
    [
        ({"heard_text": "One two. Three"}, []),  # It was not cut off.
        ({"heard_text": "One two. Three", "interrupted": True}, [(4, "Three four.", 5, 11)]),
        ({"heard_text": "One two.", "interrupted": True}, [(4, "Three four.", 0, 11)]),
        (
            {"heard_text": "One", "interrupted": True},
            [(1, "One two.", 3, 8), (4, "Three four.", 0, 11)],
        ),
        ({"interrupted": True, "resumed": ("One", 8)}, [(1, "One two.", 3, 8)]),
    ],
)
def test_what_was_never_heard_is_found_in_its_pieces(values, unheard):
    assert unheard_pieces(answer(**values)) == unheard
