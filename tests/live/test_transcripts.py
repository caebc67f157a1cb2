"""What becomes of the pieces in which words come, of the user and of the agent."""

from __future__ import annotations

import pytest
from desk import shown, states

PCM = b"\0\x10" * 2400
"""100 ms at 24 kHz."""


def test_incremental_transcripts(turns, sent):
    for piece in ["What ", "time ", "is it?"]:
        turns.transcripts.user_said(piece, final=False)
    turns.transcripts.user_said("What time is it?", final=True)
    for piece in ["It ", "is ", "noon."]:
        turns.transcripts.agent_said("dice", piece, final=False)
    turns.completed()
    assert shown(sent, "user") == {1: "What time is it?"}
    assert shown(sent, "agent") == {1: "It is noon."}


def test_cumulative_transcripts_may_revise_themselves(turns, sent):
    for whole in ["Watt", "What time", "What time's it"]:
        turns.transcripts.user_said(whole, final=False, cumulative=True)
    turns.transcripts.user_said("What time is it?", final=True, cumulative=True)
    for whole in ["It", "It is", "It is noon."]:
        turns.transcripts.agent_said("dice", whole, final=False)
    turns.completed()
    assert shown(sent, "user") == {1: "What time is it?"}
    assert shown(sent, "agent") == {1: "It is noon."}


def test_transcripts_that_never_finish(turns, sent):
    turns.transcripts.user_said("What time ", final=False)
    turns.transcripts.user_said("is it?", final=False)
    turns.agent_audio("dice", bytes(100 * 48), 24_000)
    turns.transcripts.agent_said("dice", "Noon.", final=False)
    turns.completed()
    assert shown(sent, "user") == {1: "What time is it?"}
    assert shown(sent, "agent") == {1: "Noon."}
    assert len(turns.all) == 1


def test_speech_over_the_answer_is_the_next_turn(turns, sent):
    turns.transcripts.user_said("First?", final=True)
    turns.transcripts.agent_said("dice", "Answer", final=False)
    turns.transcripts.user_said("Second", final=False)
    assert turns.stopped().index == 1
    turns.transcripts.user_said("Second?", final=True, cumulative=True)
    turns.transcripts.agent_said("dice", "Other", final=True)
    turns.completed()
    assert shown(sent, "user") == {1: "First?", 2: "Second?"}
    assert shown(sent, "agent") == {1: "Answer", 2: "Other"}
    assert states(sent) == [
        (1, "started"), (1, "interrupted"), (2, "started"), (2, "complete"),
    ]  # fmt: skip


def test_text_after_the_turn_is_the_turns(turns, sent):
    turns.user_typed("hi")
    turns.agent_audio("dice", bytes(100 * 48), 24_000)
    turns.completed()
    turns.transcripts.agent_said("dice", "Hello ", final=False)
    turns.transcripts.agent_said("dice", "there.", final=False)
    turns.transcripts.agent_said("dice", "Hello there.", final=True)
    assert shown(sent, "agent") == {1: "Hello there."}
    assert len(turns.all) == 1


def test_the_final_text_said_twice_is_shown_once(turns):
    turn = turns.user_typed("hi")
    turns.transcripts.agent_said("dice", "Hello.", final=False)
    turns.transcripts.agent_said("dice", "Hello.", final=True)
    turns.transcripts.agent_said("dice", "Hello.", final=True)
    assert turn.agent_text == "Hello."


def test_a_final_transcript_that_was_cut_is_what_was_heard(turns):
    turn = turns.user_typed("go")
    turns.transcripts.agent_said("dice", "One two three. ", final=False)
    turns.transcripts.agent_said("dice", "One two", final=True)
    turns.stopped()
    assert turn.agent_text == "One two three."
    assert turn.heard_text == "One two"


def test_speech_is_forgotten_where_there_is_some(turns, log):
    turns.transcripts.forget_speech()
    turns.user_typed("roll")
    turns.transcripts.forget_speech()
    assert [row.kind for row in log] == ["user_text"]


@pytest.mark.parametrize(
    ("deltas", "cumulative", "whole"),
    [(False, True, "Four or so"), (True, False, "FourFour or so")],
)
def test_a_piece_that_repeats_what_was_said(turns, log, deltas, cumulative, whole):
    turns.transcripts.deltas = deltas
    turn = turns.user_typed("roll")
    turns.transcripts.agent_said("dice", "Four", final=False)
    turns.transcripts.agent_said("dice", "Four or so", final=False)
    assert (log[-1].cumulative, turn.agent_text) == (cumulative, whole)


def test_how_much_sound_there_was_before_words(turns, log):
    turns.user_typed("roll")
    turns.agent_audio("dice", PCM, 24_000)
    turns.transcripts.ahead_ms = 50.0
    turns.transcripts.agent_said("dice", "Four.", final=True)
    assert log[-1].audio_ms == 150.0


@pytest.mark.parametrize(
    ("said", "final", "more_follows", "turn"),
    [
        ("Four and", False, False, 1),
        ("Four.", False, False, 2),
        ("", False, False, 2),
        ("Four and", True, False, 2),
        ("Four and", True, True, 1),
        (None, False, True, 2),
    ],
)
def test_words_that_come_after_the_next_question(turns, said, final, more_follows, turn):
    turns.transcripts.ends_with_final = not more_follows
    turns.user_typed("roll")
    if said is None:  # Written, not spoken.
        said = "Four and"
    else:
        turns.agent_audio("dice", PCM, 24_000)
    turns.transcripts.agent_said("dice", said, final=final)
    turns.completed()
    turns.user_typed("again")
    assert turns.transcripts.agent_said("dice", " more", final=False).index == turn


def test_the_whole_text_of_an_answer_that_comes_after_its_end_is_no_other(turns, log):
    turn = turns.user_typed("hi")
    turns.agent_audio("dice", PCM, 24_000)
    turns.transcripts.agent_said("dice", "Hello", final=False, kind="agent_text")
    turns.completed()
    assert (
        turns.transcripts.agent_said("dice", "Hello there.", final=True, kind="agent_text") is turn
    )
    assert (turn.agent_text, log[-1].text) == ("Hello there.", " there.")


def test_other_text_after_an_end_is_said_without_being_asked_for(turns):
    turns.user_typed("hi")
    turns.transcripts.agent_said("dice", "Hello", final=False, kind="agent_text")
    turns.completed()
    assert (
        turns.transcripts.agent_said("dice", "Anything else?", final=True, kind="agent_text").index
        == 2
    )


@pytest.mark.parametrize(
    ("late", "text", "final", "shown"),
    [
        ([" Well", " then."], " Well then. Tails.", True, "Tails."),
        ([" Well", " then."], "Tails.", True, "Tails."),
        ([" Well", " then."], " Well then. Tails.", False, "Well then. Tails."),
        ([], " Well then. Tails.", True, "Well then. Tails."),
    ],
)
def test_late_words_that_are_given_once_more_with_the_next_answer(turns, late, text, final, shown):
    first = turns.user_typed("flip")
    turns.agent_audio("dice", PCM, 24_000)
    turns.transcripts.agent_said("dice", "Heads.", final=False)
    turns.completed()
    for piece in late:
        assert turns.transcripts.agent_said("dice", piece, final=False) is first
    second = turns.user_typed("again")
    turns.transcripts.agent_said("dice", text, final=final)
    assert (first.agent_text, second.agent_text) == ("Heads." + "".join(late), shown)


def test_late_words_that_are_given_once_more_by_themselves_begin_no_answer(turns, log):
    first = turns.user_typed("flip")
    turns.agent_audio("dice", PCM, 24_000)
    turns.transcripts.agent_said("dice", "Heads.", final=False)
    turns.completed()
    turns.transcripts.agent_said("dice", " Well.", final=False)
    turns.machine.answer.clock = lambda: 9.0
    assert turns.transcripts.agent_said("dice", " Well.", final=True) is first
    assert (len(turns.all), first.agent_text) == (1, "Heads. Well.")


def test_late_words_of_an_answer_that_was_cut_off_are_dropped(turns, log):
    turns.user_typed("count")
    turns.agent_audio("dice", PCM, 24_000)
    turns.transcripts.agent_said("dice", "One", final=False)
    turns.stopped()
    turns.completed()
    rows = len(log)
    assert turns.transcripts.agent_said("dice", " two", final=False) is None
    assert len(log) == rows


@pytest.mark.parametrize(
    ("late", "text", "row"),
    [
        ([], "Hello there.", " there."),
        ([], " Hello there.", " there."),
        ([], " there.", " there."),
        ([" there"], "Hello there you.", "there you."),
        ([" there."], "Hello there.", "Hello there."),
        ([" there."], " there.", " there."),
        ([], "Hello", "Hello"),
    ],
)
def test_a_final_transcript_that_comes_late_repeats_no_beginning(turns, log, late, text, row):
    turn = turns.user_typed("hi")
    turns.agent_audio("dice", PCM, 24_000)
    turns.transcripts.agent_said("dice", "Hello", final=False)
    turns.completed()
    for piece in late:
        assert turns.transcripts.agent_said("dice", piece, final=False) is turn
    assert turns.transcripts.agent_said("dice", text, final=True) is turn
    said = "Hello" if text == "Hello" else "Hello there you." if "you" in text else "Hello there."
    assert (turn.agent_text, log[-1].text) == (said, row)


@pytest.mark.parametrize("kind", ["agent_text", "agent_transcript"])
def test_what_comes_after_a_connection_was_closed_takes_the_place_of_its_pieces(turns, kind):
    turn = turns.user_typed("hi")
    turns.agent_audio("dice", PCM, 24_000)
    turns.transcripts.agent_said("dice", "Hello", final=False, kind=kind)
    turns.closed()
    assert turns.transcripts.agent_said("dice", "Hello there.", final=True, kind=kind) is turn
    assert turn.agent_text == "Hello there."


@pytest.mark.parametrize("kind", ["agent_text", "agent_transcript"])
@pytest.mark.parametrize("between", ["", " "])
def test_a_late_final_text_keeps_the_words_around_a_call(turns, kind, between):
    turn = turns.user_typed("hi")
    turns.agent_audio("dice", PCM, 24_000)
    turns.transcripts.agent_said("dice", "Let me look.", final=False, kind=kind)
    turns.calls.tool_called("dice", "c", "look", {})
    turns.calls.tool_returned("c", "look", {"degrees": 5}, None)
    turns.calls.tool_told("c")
    turns.transcripts.agent_said("dice", between + "It is 5", final=False, kind=kind)
    turns.closed()
    said = "Let me look. It is 5 degrees."
    assert turns.transcripts.agent_said("dice", said, final=True, kind=kind) is turn
    assert turn.agent_text == said


def test_words_are_returned_with_their_turn(turns):
    turn = turns.transcripts.user_said("Roll", final=False)
    assert turn is turns.current
    assert turns.transcripts.user_said("Roll a die.", final=True) is turn
    assert turns.transcripts.agent_said("dice", "Four.", final=True) is turn
