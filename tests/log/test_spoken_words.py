import pytest
from hypothesis import given, strategies as st

from adk_nb.log.spoken_words import heard, stretches, word_times
from adk_nb.log.word_boundaries import word_ends

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
