"""Turns as a whole: how they begin, what comes of them, and how they end."""

from __future__ import annotations

import asyncio

import pytest
from desk import states

from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog
from adk_nb.wire import protocol

PCM = b"\0\x10" * 2400
"""100 ms at 24 kHz."""
SOURCE = {"title": "t", "uri": "https://t"}


def test_a_typed_turn(turns, sent):
    turn = turns.user_typed("roll")
    turns.agent_audio("dice", b"\0\x10" * (250 * 48), 24_000)
    turns.transcripts.agent_said("dice", "Four.", final=False)
    assert not turn.ended
    assert turns.completed() == (turn, True)
    assert turn.ended
    assert (turn.status, turn.end_reason) == ("complete", None)
    assert (turn.user_text, turn.agent_text, turn.heard_text) == ("roll", "Four.", "Four.")
    assert states(sent) == [(1, "started"), (1, "complete")]
    assert [m.final for m in sent if isinstance(m, protocol.Transcript)] == [True, False, True]


def test_a_turn_complete_after_a_tool_call_does_not_end_the_turn(turns, sent):
    turn = turns.user_typed("roll")
    turns.transcripts.agent_said("dice", "Let me roll.", final=True)
    turns.calls.tool_called("dice", "c1", "roll_dice", {"sides": 6})
    assert turns.completed() == (turn, False)
    turns.calls.tool_returned("c1", "roll_dice", 4, None)
    assert turns.completed() == (turn, False)
    turns.calls.tool_told("c1")
    turns.transcripts.agent_said("dice", "A four.", final=True)
    assert turns.completed() == (turn, True)
    assert turn.agent_text == "Let me roll. A four."
    call = turn.tool_calls[0]
    assert (call.name, call.args, call.result, call.error) == ("roll_dice", {"sides": 6}, 4, None)
    assert call.ms >= 0
    assert states(sent) == [(1, "started"), (1, "complete")]


def test_an_interruption_while_the_user_still_speaks_ends_nothing(turns):
    turn = turns.transcripts.user_said("Wh", final=False)
    assert turns.stopped() is None
    assert turns.completed() == (None, False)  # It is of what was stopped.
    assert turns.completed() == (None, False)  # Nothing has been asked that it could answer.
    assert turns.current is turn
    assert turns.transcripts.agent_said("dice", "Yes?", final=True) is turn
    assert turns.completed() == (turn, True)


def test_what_was_heard_is_told_by_the_player(turns, log):
    def heard(index, ms):
        log.add("client", "playback_flushed", turn=index, audio_ms=ms)

    turn = turns.user_typed("go")
    turns.agent_audio("dice", bytes(1000 * 48), 24_000)
    turns.transcripts.agent_said("dice", "One two three four. ", final=False)
    turns.agent_audio("dice", bytes(1000 * 48), 24_000)
    turns.transcripts.agent_said("dice", "Five six seven eight.", final=False)
    turns.cut_in()
    heard(1, 0)
    assert turn.heard_text == ""
    heard(1, 500)
    assert turn.heard_text == "One two"
    heard(1, 1500)
    assert turn.heard_text == "One two three four. Five six"
    heard(1, 5000)
    assert turn.heard_text == turn.agent_text
    heard(9, 1)
    assert turns.all == [turn]


def test_an_answer_nobody_asked_for_is_a_turn(turns):
    turn = turns.transcripts.agent_said("dice", "Still there?", final=False)
    assert turn.index == 1
    assert turns.completed() == (turn, True)
    assert turns.completed() == (None, False)


def test_a_new_typed_turn_ends_one_that_has_none(turns, sent):
    turns.transcripts.user_said("Er", final=False)
    turns.user_typed("roll")
    assert states(sent) == [(1, "started"), (1, "unanswered"), (2, "started")]


def test_a_failure_is_the_turns_error(turns, log, sent):
    turn = turns.user_typed("hi")
    log.add("bridge", "error", turn=1, error="no network")
    assert turns.failed("model_failed") is turn
    assert (turn.error, turn.status, turn.end_reason) == ("no network", "failed", "model_failed")
    assert turn.ended
    assert turns.failed("again") is None
    assert turn.end_reason == "model_failed"
    assert states(sent) == [(1, "started"), (1, "failed")]


def test_a_turn_shows_itself_and_escapes_what_it_shows(turns, log):
    turn = turns.user_typed("<script>")
    turns.calls.tool_called("dice", "c", "roll", {"a": "<b>"})
    turns.calls.tool_returned("c", "roll", None, "<i>boom</i>")
    turns.transcripts.agent_said("dice", "<u>", final=True)
    log.add("bridge", "error", turn=1, error="<s>")
    turns.failed("model_failed")
    text = turn._repr_html_()
    for raw in ("<script>", "<b>", "<i>", "<u>", "<s>"):
        assert raw not in text
    for shown in ("&lt;script&gt;", "&lt;u&gt;", "&lt;s&gt;"):
        assert shown in text
    assert turn.audio.pcm == b""


def test_what_is_said_over_an_answer_is_of_the_turn_to_come(turns):
    assert turns.speech_index == 1
    turns.transcripts.user_said("First", final=False)
    assert turns.speech_index == 1
    turns.transcripts.user_said("First?", final=True)
    turns.agent_audio("dice", bytes(100 * 48), 24_000)
    assert turns.speech_index == 2
    turns.transcripts.user_said("Second", final=False)
    assert turns.speech_index == 2
    turns.stopped()
    assert turns.speech_index == 2


def test_the_sources_of_an_answer_are_links_where_they_are_on_the_web():
    sent = []
    turns = Turns(EventLog("s"), sent.append)
    turns.user_typed("rain?")
    turns.transcripts.agent_said("a", "Yes.", final=True)
    turns.grounded([{"title": "<yr>", "uri": "https://yr.no"}])
    turns.grounded([{"title": "<yr>", "uri": "https://yr.no"}, {"title": "b", "uri": "file:///b"}])
    assert [m.turn for m in sent if isinstance(m, protocol.Sources)] == [1, 1]
    shown = turns.all[0]._repr_html_()
    assert (
        '<a href="https://yr.no" target="_blank" rel="noopener noreferrer">&lt;yr&gt;</a>, b'
        in shown
    )


def test_a_turn_shows_markup_as_text(turns, log):
    hostile = "<script>alert(1)</script>"
    turns.user_typed(hostile)
    turns.calls.tool_called(hostile, "c1", hostile, {hostile: hostile})
    turns.calls.tool_printed("c1", hostile, [])
    turns.calls.tool_returned("c1", hostile, {hostile: hostile}, None)
    turns.transcripts.agent_said(hostile, hostile, final=True)
    turns.grounded([{"title": hostile, "uri": "javascript:alert(1)"}])
    log.add("bridge", "error", turn=1, error=hostile)
    turn = turns.failed(hostile)
    shown = turn._repr_html_()
    assert "<script" not in shown
    assert "href" not in shown
    assert shown.count("&lt;script&gt;") >= 8


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
    turns.transcripts.agent_said("dice", "Yes.", final=True)
    turns.completed()
    third = turns.transcripts.user_said("And?", final=True)
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
    turns.transcripts.agent_said("dice", "Four.", final=True)
    if ended:
        turns.completed()
    rows = len(log)
    turns.user_typed("again")
    found = [(row.source, row.kind, row.turn) for row in list(log)[rows:]]
    cut = [("client", "interrupted", 1), ("bridge", "turn_ended", 1)]
    assert found == [*([] if ended else cut), ("client", "user_text", 2)]


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


def test_an_answer_that_was_cut_off_is_dropped(turns, log):
    turns.user_typed("roll")
    turns.agent_audio("dice", PCM, 24_000)
    turns.cut_in()
    rows = len(log)
    assert turns.agent_audio("dice", PCM, 24_000) is None
    assert turns.transcripts.agent_said("dice", "Four.", final=False) is None
    assert turns.completed() == (None, False)
    assert len(log) == rows


def test_a_question_that_was_not_sent_has_no_answer_to_drop(turns):
    turns.user_typed("roll")
    turns.cut_in(sent=False)
    assert turns.transcripts.agent_said("dice", "Hi.", final=True).index == 2


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
    turns.transcripts.agent_said("dice", "Four.", final=True)
    assert turns.closed().index == 2
    assert states(sent)[-1] == (2, "complete")
    turns.user_typed("roll")
    turns.calls.tool_called("dice", "c", "roll", {}, blocks=False)
    turns.calls.tool_returned("c", "roll", 4, None)
    turns.calls.tool_told("c")
    turns.no_reaction()
    turns.completed()
    assert [one for one in states(sent) if one[1] != "started"] == [
        (1, "failed"), (2, "complete"), (3, "complete"),
    ]  # fmt: skip


def test_after_an_end_words_would_be_of_the_newest_turn(turns):
    turn = turns.user_typed("hi")
    turns.transcripts.agent_said("dice", "Hello.", final=True)
    turns.completed()
    assert turns.answering is turn


def test_a_completion_of_nothing_is_of_no_turn(turns, log):
    assert turns.completed() == (None, False)
    assert [(row.kind, row.turn) for row in log] == [("turn_complete", 0)]


def test_sources_without_a_turn_and_those_that_are_known_are_none(turns, log):
    assert turns.grounded([SOURCE]) is None
    turn = turns.user_typed("rain?")
    assert turns.grounded([SOURCE]) is turn
    assert log[-1].result == {"queries": [], "sources": [SOURCE]}
    assert turns.grounded([SOURCE]) is None
    assert turns.grounded([]) is None
    turns.completed()
    assert turns.grounded([{"title": "u", "uri": "https://u"}]) is turn  # They may come late.


def test_an_earlier_questions_answer_that_was_stopped_is_taken_from_the_new_one(turns, log):
    turns.user_typed("roll")
    turns.user_typed("flip")
    turns.transcripts.agent_said("dice", "Four", final=False)
    assert turns.stopped() is None
    assert (log[-1].source, log[-1].kind, log[-1].turn) == ("bridge", "answer_disowned", 2)
    turns.calls.tool_called("dice", "c", "roll", {})
    turns.transcripts.agent_said("dice", "Heads.", final=True)
    assert turns.current.index == 2


def test_the_service_cancels_what_it_does_not_want(turns, log):
    turn = turns.user_typed("roll")
    turns.calls.tool_called("dice", "c", "roll", {})
    assert turns.tools_cancelled(["c"]) is turn
    assert [(row.source, row.kind, row.turn) for row in list(log)[-2:]] == [
        ("adk", "interrupted", 1), ("bridge", "turn_ended", 1),
    ]  # fmt: skip
    rows = len(log)
    assert turns.tools_cancelled(["c"]) is None
    assert len(log) == rows


@pytest.mark.parametrize("stopped", [True, False])
def test_a_completion_of_what_was_anothers_ends_not_the_question(turns, log, stopped):
    turns.user_typed("roll")
    second = turns.user_typed("flip")
    if stopped:
        turns.agent_audio("dice", PCM, 24_000)
        assert turns.stopped() is None
        assert turns.completed() == (None, False)
        assert turns.current is second
    else:
        turns.machine.calls.completes_calls = False
        turns.calls.tool_called("dice", "c", "roll", {})
        assert turns.tools_cancelled(["c"]) is None  # Of that no completion comes.
        assert turns.completed() == (second, True)
    assert [row.turn for row in log if row.kind == "answer_disowned"] == [2]
    assert [row.turn for row in log if row.kind == "interrupted"] == []


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (lambda turns: turns.silent(), "failed"),
        (lambda turns: turns.failed("bad"), "failed"),
        (lambda turns: turns.closed(), "complete"),
        (lambda turns: turns.completed(), "complete"),
        (lambda turns: turns.stopped(), "interrupted"),
        (lambda turns: turns.cut_in(), "interrupted"),
        (lambda turns: turns.abandoned("over"), "abandoned"),
        (lambda turns: turns.withheld("dice", "No.", turns.current), "complete"),
    ],
)
def test_each_end_is_logged_and_told_at_once(turns, log, sent, end, state):
    turns.user_typed("roll")
    turns.agent_audio("dice", PCM, 24_000)
    end(turns)
    assert states(sent) == [(1, "started"), (1, state)]
    assert [row.status for row in log if row.kind == "turn_ended"] == [state]


def test_a_result_that_nothing_was_said_to_ends_its_turn_at_once(turns, sent):
    turns.user_typed("roll")
    turns.calls.tool_called("dice", "c", "roll", {}, blocks=False)
    turns.agent_audio("dice", PCM, 24_000)
    turns.completed()
    turns.calls.tool_told("c")
    turns.no_reaction()
    assert states(sent)[-1] == (1, "complete")


def test_what_is_held_back_of_words_is_logged_before_the_end_of_their_turn(turns, log):
    turns.user_typed("roll")
    turns.transcripts.agent_said("dice", "log sk-0", final=False)
    turns.failed("bad")
    said = [row.text for row in log if row.kind == "agent_transcript"]
    assert "".join(said) == "log sk-0"
    assert log[-1].kind == "turn_ended"
