"""What a page that comes back is sent of the agent's sound."""

from __future__ import annotations

import pytest
from sessions import Page

from adk_nb.live import missed_sound
from adk_nb.live.missed_sound import MissedSound
from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog
from adk_nb.wire import protocol

PCM = b"\0\x10" * 2400
"""100 ms at 24 kHz."""


@pytest.fixture
def log():
    return EventLog("s")


@pytest.fixture
def turns(log):
    turns = Turns(log, lambda _: None)
    for _ in range(3):
        turns.user_typed("count")
        turns.agent_audio("dice", PCM, 24_000)
        turns.completed()
    return turns


def sent(log, turns, turn=None, audio_ms=0.0):
    page = Page()
    hello = protocol.Hello("t", turn=turn, audio_ms=audio_ms)
    MissedSound(log).send(page, turns.all, hello)
    return page


def said(page):
    return [
        (m.turn, m.from_ms) if isinstance(m, protocol.SoundFrom) else (m.turn, m.state)
        for m in page.messages
        if isinstance(m, protocol.SoundFrom | protocol.TurnState)
    ]


def heard(page):
    return [(turn, rate, len(pcm)) for turn, rate, pcm in page.audio]


@pytest.mark.parametrize(
    ("turn", "ms", "sounds"),
    [
        (2, 50.0, [(2, 2400), (3, 4800)]),
        (2, 100.0, [(3, 4800)]),
        (2, 200.0, [(3, 4800)]),
        (3, 0.0, [(3, 4800)]),
        (None, 0.0, [(1, 4800), (2, 4800), (3, 4800)]),
        (4, 0.0, []),
    ],
)
def test_it_goes_on_from_where_the_page_was(log, turns, turn, ms, sounds):
    page = sent(log, turns, turn, ms)
    assert heard(page) == [(index, 24_000, size) for index, size in sounds]
    first = turn or 1
    assert said(page) == [
        one
        for index in range(first, 4)
        for one in ((index, ms if index == turn else 0.0), (index, "complete"))
    ]


def test_half_a_sample_is_never_sent(log, turns):
    page = sent(log, turns, 3, 33.33)
    assert page.audio[0][2] == PCM[2 * int(33.33 * 24) :]


def test_what_was_cut_off_or_flushed_does_not_sound_any_more(log, turns):
    turns.user_typed("count")
    turns.agent_audio("dice", PCM, 24_000)
    turns.cut_in()
    log.add("client", "playback_flushed", turn=3, audio_ms=10.0)
    page = sent(log, turns, 3)
    assert heard(page) == []
    assert said(page) == [(3, 0.0), (3, "complete"), (4, 0.0), (4, "interrupted")]


def test_an_answer_that_goes_on_has_no_end(log, turns):
    turns.user_typed("count")
    turns.agent_audio("dice", PCM, 24_000)
    page = sent(log, turns, 4)
    assert (said(page), heard(page)) == ([(4, 0.0)], [(4, 24_000, 4800)])


def test_words_that_were_withheld_are_told(log, turns):
    turns.user_typed("count")
    turns.transcripts.agent_said("dice", "The key is", final=False)
    turns.withheld("dice", "No.", turns.current)
    page = sent(log, turns, 4)
    assert said(page) == [(4, 0.0), (4, "withheld"), (4, "complete")]
    (words,) = [m for m in page.messages if isinstance(m, protocol.Transcript)]
    assert (words.text, words.withheld, words.role) == ("No.", True, "agent")


def test_what_is_too_much_at_once_is_lost_and_counted(log, turns, monkeypatch):
    monkeypatch.setattr(missed_sound, "MOST_AT_ONCE", 7201)
    page = sent(log, turns, 1)
    assert heard(page) == [(1, 24_000, 4800), (2, 24_000, 2400)]
    log.settle()
    lost = [(row.turn, round(row.audio_ms)) for row in log if row.kind == "audio_lost"]
    assert lost == [(2, 50), (3, 100)]
