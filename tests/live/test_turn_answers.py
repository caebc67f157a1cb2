"""To which turn answers belong, what of them is shown, and how turns end."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from desk import states

from adk_nb.wire import protocol

PCM = b"\0\x10" * 2400
"""100 ms at 24 kHz."""


# --- what is known of them


def test_numbers_of_turns(turns):
    assert (turns.last, turns.current, turns.cut, turns.answering, turns.index) == (
        None, None, None, None, 1,
    )  # fmt: skip
    first = turns.user_typed("roll")
    assert (turns.last, turns.current, turns.answering, turns.index) == (first, first, first, 1)
    turns.agent_audio("dice", PCM, 24_000)
    assert first.audio.pcm == PCM
    turns.cut_in()
    assert (turns.last, turns.current, turns.cut, turns.answering, turns.index) == (
        first, None, first, first, 2,
    )  # fmt: skip
    second = turns.user_typed("again")
    assert (turns.last, turns.answering, turns.index) == (second, first, 2)  # It may go on.
    assert turns.spoken_since(1) is None
    turns.completed()
    turns.agent_said("dice", "Yes.", final=True)
    turns.completed()
    third = turns.user_said("And?", final=True)
    assert [turns.spoken_since(index) for index in (1, 3, 4)] == [third, third, None]


async def test_who_waits_for_a_turns_end_goes_on_with_it(turns):
    turn = turns.user_typed("roll")
    waiting = [asyncio.create_task(turns.end(turn)) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(one.done() for one in waiting)
    turns.failed("bad")
    await asyncio.gather(*waiting)
    await turns.end(turn)
    assert turns._endings == {}


@pytest.mark.parametrize("ended", [False, True])
def test_a_question_over_an_answer_cuts_it_off_first(turns, log, ended):
    turns.user_typed("roll")
    turns.agent_said("dice", "Four.", final=True)
    if ended:
        turns.completed()
    rows = len(log)
    turns.user_typed("again")
    found = [(row.source, row.kind, row.turn) for row in list(log)[rows:]]
    cut = [("client", "interrupted", 1), ("bridge", "turn_ended", 1)]
    assert found == [*([] if ended else cut), ("client", "user_text", 2)]


def test_speech_is_forgotten_where_there_is_some(turns, log):
    turns.forget_speech()
    turns.user_typed("roll")
    turns.forget_speech()
    assert [row.kind for row in log] == ["user_text"]


def test_a_typed_text_that_waits_is_asked_as_it_was_said(turns, log):
    asked = []
    turns.on_ask = lambda turn, text: asked.append((turn.index, text))
    log.keep_secret("open sesame 123")
    turns.user_typed("roll")
    assert turns.user_typed("open sesame 123", wait=True).user_text == "[secret]"
    assert asked == []
    turns.failed("bad")
    assert asked == [(2, "open sesame 123")]


def test_what_is_made_and_what_ends_is_told_in_order(turns):
    told = []
    turns.on_made = lambda turn: told.append(("made", turn.index, turn.agent, turn.model))
    turns.on_end = lambda turn: told.append(("ended", turn.index, turn.status))
    turns.user_typed("roll")
    turns.user_typed("again")
    assert told == [("made", 1, "dice", "m"), ("made", 2, "dice", "m"), ("ended", 1, "unanswered")]


# --- answers


@pytest.mark.parametrize(
    ("deltas", "cumulative", "whole"),
    [(False, True, "Four or so"), (True, False, "FourFour or so")],
)
def test_a_piece_that_repeats_what_was_said(turns, log, deltas, cumulative, whole):
    turns.deltas = deltas
    turn = turns.user_typed("roll")
    turns.agent_said("dice", "Four", final=False)
    turns.agent_said("dice", "Four or so", final=False)
    assert (log[-1].cumulative, turn.agent_text) == (cumulative, whole)


def test_how_much_sound_there_was_before_words(turns, log):
    turns.user_typed("roll")
    turns.agent_audio("dice", PCM, 24_000)
    turns.ahead_ms = 50.0
    turns.agent_said("dice", "Four.", final=True)
    assert log[-1].audio_ms == 150.0


def test_an_answer_that_was_cut_off_is_dropped(turns, log):
    turns.user_typed("roll")
    turns.agent_audio("dice", PCM, 24_000)
    turns.cut_in()
    rows = len(log)
    assert turns.agent_audio("dice", PCM, 24_000) is None
    assert turns.agent_said("dice", "Four.", final=False) is None
    assert turns.completed() == (None, False)
    assert len(log) == rows


def test_a_call_of_an_answer_that_was_cut_off_is_known_and_not_wanted(turns, log):
    turns.user_typed("roll")
    turns.agent_audio("dice", PCM, 24_000)
    turns.cut_in()
    assert turns.tool_called("dice", "c", "roll", {}) is None
    assert (log[-1].kind, log[-1].turn) == ("tool_call", 1)
    assert not turns.is_wanted("c")
    assert turns.is_wanted("of nobody")


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
    turns.ends_with_final = not more_follows
    turns.user_typed("roll")
    if said is None:  # Written, not spoken.
        said = "Four and"
    else:
        turns.agent_audio("dice", PCM, 24_000)
    turns.agent_said("dice", said, final=final)
    turns.completed()
    turns.user_typed("again")
    assert turns.agent_said("dice", " more", final=False).index == turn


def test_a_question_that_was_not_sent_has_no_answer_to_drop(turns):
    turns.user_typed("roll")
    turns.cut_in(sent=False)
    assert turns.agent_said("dice", "Hi.", final=True).index == 2


@pytest.mark.parametrize(
    ("status", "resumed"), [("interrupted", True), ("complete", False), ("unanswered", True)]
)
def test_an_answer_to_the_result_of_a_turn_that_was_cut_off_plays_again(
    turns, sent, status, resumed
):
    turns.user_typed("roll")
    if status != "unanswered":
        turns.agent_audio("dice", PCM, 24_000)
    turns.tool_called("dice", "c", "roll", {}, blocks=False)
    if status == "complete":
        turns.tool_deferred("c")
        turns.completed()
    else:
        turns.cut_in()
    turns.tool_returned("c", "roll", 4, None)
    turns.machine.connection_lost()
    turns.tool_told("c")
    turns.agent_audio("dice", PCM, 24_000)
    assert ((1, "resumed") in states(sent)) is resumed


@pytest.mark.parametrize(
    ("pcm", "ended", "level"),
    [
        (PCM, ("complete", None), -18.1),
        (bytes(4800), ("failed", "inaudible"), -120.0),
        (b"\1\0" * 2400, ("failed", "inaudible"), -90.3),
    ],
)
def test_sound_that_nobody_can_hear_is_no_answer(turns, log, pcm, ended, level):
    turn = turns.user_typed("roll")
    turns.agent_audio("dice", pcm, 24_000)
    turns.completed()
    assert (turn.status, turn.end_reason) == ended
    assert round(log[-1].level_db, 1) == level


def test_what_was_heard_is_told_again_when_a_player_reports(turns, log, sent):
    turns.user_typed("count")
    turns.agent_audio("dice", PCM, 24_000)
    turns.agent_said("dice", "One two.", final=True)
    turns.cut_in()
    for kind, ms in (("playback_flushed", 50.0), ("playback_drained", 100.0)):
        log.add("client", kind, turn=1, audio_ms=ms)
    heard = [m.heard_ms for m in sent if isinstance(m, protocol.Heard)]
    assert heard[-2:] == [50.0, 100.0]


def test_places_in_a_text_are_those_of_javascript(turns, sent):
    turns.deltas = True
    turns.user_typed("roll")
    turns.agent_said("dice", "🎲🎲 ", final=False)
    turns.agent_said("dice", "four", final=False)
    last = [m for m in sent if isinstance(m, protocol.Transcript)][-1]
    assert (last.text, last.start) == (" four", 4)


def test_facts_are_told_when_they_change(turns, log, sent):
    turns.user_typed("roll")
    turns.agent_audio("dice", PCM, 24_000)
    turns.completed()
    facts = [m for m in sent if isinstance(m, protocol.TurnFacts)]
    assert facts
    assert all(one != other for one, other in itertools.pairwise(facts))


# --- words that come late, or twice


def test_the_whole_text_of_an_answer_that_comes_after_its_end_is_no_other(turns, log):
    turn = turns.user_typed("hi")
    turns.agent_audio("dice", PCM, 24_000)
    turns.agent_said("dice", "Hello", final=False, kind="agent_text")
    turns.completed()
    assert turns.agent_said("dice", "Hello there.", final=True, kind="agent_text") is turn
    assert (turn.agent_text, log[-1].text) == ("Hello there.", " there.")


def test_other_text_after_an_end_is_said_without_being_asked_for(turns):
    turns.user_typed("hi")
    turns.agent_said("dice", "Hello", final=False, kind="agent_text")
    turns.completed()
    assert turns.agent_said("dice", "Anything else?", final=True, kind="agent_text").index == 2


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
    turns.agent_said("dice", "Heads.", final=False)
    turns.completed()
    for piece in late:
        assert turns.agent_said("dice", piece, final=False) is first
    second = turns.user_typed("again")
    turns.agent_said("dice", text, final=final)
    assert (first.agent_text, second.agent_text) == ("Heads." + "".join(late), shown)


def test_late_words_of_an_answer_that_was_cut_off_are_dropped(turns, log):
    turns.user_typed("count")
    turns.agent_audio("dice", PCM, 24_000)
    turns.agent_said("dice", "One", final=False)
    turns.stopped()
    turns.completed()
    rows = len(log)
    assert turns.agent_said("dice", " two", final=False) is None
    assert len(log) == rows


def test_when_words_sound_is_told_with_them(turns, sent):
    turns.user_typed("count")
    turns.agent_audio("dice", PCM, 24_000)
    turns.agent_said("dice", "One two.", final=False)
    assert [(m.turn, m.ends) for m in sent if isinstance(m, protocol.Words)] == [(1, [3, 8])]


# --- how turns end


def test_a_stop_that_the_user_has_made_is_no_row(turns, log):
    turns.stopped()
    assert [(row.kind, row.turn) for row in log] == [("interrupted", 0)]
    turns.user_typed("roll")
    turns.agent_audio("dice", PCM, 24_000)
    turns.cut_in()
    rows = len(log)
    assert turns.stopped() is None
    assert len(log) == rows


@pytest.mark.parametrize(("unanswered", "status"), [(False, "failed"), (True, "unanswered")])
def test_what_went_wrong_may_have_left_a_question_unanswered(turns, unanswered, status):
    turn = turns.user_typed("roll")
    turns.failed("no_words", unanswered=unanswered)
    assert (turn.status, turn.end_reason) == (status, "no_words")


def test_other_ends_are_told_at_once(turns, sent):
    turns.user_typed("roll")
    turns.silent()
    assert states(sent)[-1] == (1, "failed")
    turns.user_typed("roll")
    turns.agent_said("dice", "Four.", final=True)
    assert turns.closed().index == 2
    assert states(sent)[-1] == (2, "complete")
    turns.user_typed("roll")
    turns.tool_called("dice", "c", "roll", {}, blocks=False)
    turns.tool_returned("c", "roll", 4, None)
    turns.tool_told("c")
    turns.no_reaction()
    turns.completed()
    assert [one for one in states(sent) if one[1] != "started"] == [
        (1, "failed"), (2, "complete"), (3, "complete"),
    ]  # fmt: skip


def test_rows_of_sound_that_grow_count_once(turns, log):
    turn = turns.user_said("Roll", final=True)
    for _ in range(3):
        log.add_audio("client", "user_audio", 1, bytes(640), 16_000)
    for _ in range(3):
        turns.agent_audio("dice", PCM, 24_000)
    assert [row.kind for row in log] == ["user_transcript", "user_audio", "agent_audio"]
    for one in (turn, turns.said(turn)):
        assert (one.user_audio_ms, one.audio_ms) == (60.0, 300.0)


def test_when_words_sound_is_told_again_as_more_sound_comes(turns, sent):
    turns.user_typed("count")
    turns.agent_said("dice", "One two three.", final=False)  # Before any sound of it.
    for _ in range(20):
        turns.agent_audio("dice", PCM, 24_000)
    ends = [m.ms[-1] for m in sent if isinstance(m, protocol.Words)]
    assert len(ends) > 3
    assert ends == sorted(ends)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("Four or", "Four", ("", 4)),
        ("Four or", "Five or", ("ive or", 1)),
        ("Four", "Four or", (" or", 4)),
        ("Four", "Two", ("Two", 0)),
    ],
)
def test_of_a_text_that_is_revised_the_pages_get_what_differs(turns, sent, before, after, told):
    turns.user_said(before, final=False)
    turns.user_said(after, final=False, cumulative=True)
    assert (sent[-1].text, sent[-1].start) == told


def test_after_an_end_words_would_be_of_the_newest_turn(turns):
    turn = turns.user_typed("hi")
    turns.agent_said("dice", "Hello.", final=True)
    turns.completed()
    assert turns.answering is turn


def test_a_completion_of_nothing_is_of_no_turn(turns, log):
    assert turns.completed() == (None, False)
    assert [(row.kind, row.turn) for row in log] == [("turn_complete", 0)]


def test_when_words_sound_is_told_once_more_at_the_end(turns, sent):
    turns.user_typed("count")
    turns.agent_said("dice", "One two three.", final=False)  # Before any sound of it.
    for _ in range(21):
        turns.agent_audio("dice", PCM, 24_000)
    turns.failed("bad")
    assert [m.ms[-1] for m in sent if isinstance(m, protocol.Words)][-1] == 2100.0


def test_markdown_is_told_as_it_is_shown_when_the_answer_is_over(turns, sent):
    turns.user_typed("count")
    turns.agent_said("dice", "It is **four**.", final=True, kind="agent_text")
    assert not any(isinstance(m, protocol.Rendered) for m in sent)
    turns.completed()
    (rendered,) = [m for m in sent if isinstance(m, protocol.Rendered)]
    assert rendered.turn == 1
