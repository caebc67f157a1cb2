"""What the pages are told of turns, as rows come."""

from __future__ import annotations

import itertools

import pytest
from desk import states

from adk_nb.wire import protocol

PCM = b"\0\x10" * 2400
"""100 ms at 24 kHz."""


@pytest.mark.parametrize(
    ("status", "resumed"), [("interrupted", True), ("complete", False), ("unanswered", True)]
)
def test_an_answer_to_the_result_of_a_turn_that_was_cut_off_plays_again(
    turns, sent, status, resumed
):
    turns.user_typed("roll")
    if status != "unanswered":
        turns.agent_audio("dice", PCM, 24_000)
    turns.calls.tool_called("dice", "c", "roll", {}, blocks=False)
    if status == "complete":
        turns.calls.tool_deferred("c")
        turns.completed()
    else:
        turns.cut_in()
    turns.calls.tool_returned("c", "roll", 4, None)
    turns.machine.connection_lost()
    turns.calls.tool_told("c")
    turns.agent_audio("dice", PCM, 24_000)
    assert ((1, "resumed") in states(sent)) is resumed


def test_what_was_heard_is_told_again_when_a_player_reports(turns, log, sent):
    turns.user_typed("count")
    turns.agent_audio("dice", PCM, 24_000)
    turns.transcripts.agent_said("dice", "One two.", final=True)
    turns.cut_in()
    for kind, ms in (("playback_flushed", 50.0), ("playback_drained", 100.0)):
        log.add("client", kind, turn=1, audio_ms=ms)
    heard = [m.heard_ms for m in sent if isinstance(m, protocol.Heard)]
    assert heard[-2:] == [50.0, 100.0]


def test_places_in_a_text_are_those_of_javascript(turns, sent):
    turns.transcripts.deltas = True
    turns.user_typed("roll")
    turns.transcripts.agent_said("dice", "🎲🎲 ", final=False)
    turns.transcripts.agent_said("dice", "four", final=False)
    last = [m for m in sent if isinstance(m, protocol.Transcript)][-1]
    assert (last.text, last.start) == (" four", 4)


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
    turns.transcripts.user_said(before, final=False)
    turns.transcripts.user_said(after, final=False, cumulative=True)
    assert (sent[-1].text, sent[-1].start) == told


def test_facts_are_told_when_they_change(turns, log, sent):
    turns.user_typed("roll")
    turns.agent_audio("dice", PCM, 24_000)
    turns.completed()
    facts = [m for m in sent if isinstance(m, protocol.TurnFacts)]
    assert facts
    assert all(one != other for one, other in itertools.pairwise(facts))


def test_when_words_sound_is_told_with_them(turns, sent):
    turns.user_typed("count")
    turns.agent_audio("dice", PCM, 24_000)
    turns.transcripts.agent_said("dice", "One two.", final=False)
    assert [(m.turn, m.ends) for m in sent if isinstance(m, protocol.Words)] == [(1, [3, 8])]


def test_when_words_sound_is_told_again_as_more_sound_comes(turns, sent):
    turns.user_typed("count")
    turns.transcripts.agent_said("dice", "One two three.", final=False)  # Before any sound of it.
    for _ in range(20):
        turns.agent_audio("dice", PCM, 24_000)
    ends = [m.ms[-1] for m in sent if isinstance(m, protocol.Words)]
    assert len(ends) > 3
    assert ends == sorted(ends)


def test_when_words_sound_is_told_once_more_at_the_end(turns, sent):
    turns.user_typed("count")
    turns.transcripts.agent_said("dice", "One two three.", final=False)  # Before any sound of it.
    for _ in range(21):
        turns.agent_audio("dice", PCM, 24_000)
    turns.failed("bad")
    assert [m.ms[-1] for m in sent if isinstance(m, protocol.Words)][-1] == 2100.0


def test_markdown_is_told_as_it_is_shown_when_the_answer_is_over(turns, sent):
    turns.user_typed("count")
    turns.transcripts.agent_said("dice", "It is **four**.", final=True, kind="agent_text")
    assert not any(isinstance(m, protocol.Rendered) for m in sent)
    turns.completed()
    (rendered,) = [m for m in sent if isinstance(m, protocol.Rendered)]
    assert rendered.turn == 1
