"""Several pages of one session: which of them plays, and what becomes of a page that goes."""

import asyncio

import pytest
from scripted import DONE, audio, said, text_of
from sessions import Page, agent, attach, do, wait_for

from adk_nb import LiveSession
from adk_nb.live import session_pages
from adk_nb.wire import protocol

STORY = "One two three four five six seven eight."


def story(came):
    """Tells a story of two seconds, which comes at once."""
    return [said(STORY), audio(2000), DONE] if text_of(came) else []


@pytest.fixture
def live():
    with LiveSession(agent(story)) as live:
        yield live


def reports(live, page, event, ms=0.0):
    report = protocol.Playback(event, 1, ms)

    async def told():
        live.pages.playback(report, page=page)

    live.bridge.call(told())


def rows(live):
    """The playback rows: kind and ms."""
    found = [row for row in live.log if row.kind.startswith("playback")]
    return [(row.kind.removeprefix("playback_"), row.audio_ms) for row in found]


def ms_of(page):
    return sum(len(pcm) for _, _, pcm in page.audio) / 2 / 24


def test_of_two_pages_one_plays_and_its_reports_alone_count(live):
    first, second = attach(live), attach(live)
    live.say("tell")
    assert (ms_of(first), second.audio) == (2000, [])
    for page in (first, second):
        reports(live, page, "started")
        reports(live, page, "drained", 2000.0)
    assert rows(live) == [("started", 0.0), ("drained", 2000.0)]
    assert live.turns[0].heard_ms == 2000


def test_the_welcome_says_who_plays(live):
    async def attached():
        return [live.pages.attach(Page()).plays for _ in range(2)]

    assert live.bridge.call(attached()) == [True, False]


def test_a_page_takes_the_sound_from_where_it_was(live):
    first, second = attach(live), attach(live)
    live.say("tell")
    reports(live, first, "started")
    reports(live, first, "progress", 800.0)
    do(live, live.pages.receive, second, protocol.Take())
    (resumed,) = [m for m in second.messages if isinstance(m, protocol.Continue)]
    assert 800 <= resumed.played_ms < 2000
    assert ms_of(second) == pytest.approx(2000 - resumed.played_ms, abs=1)
    reports(live, first, "flushed", 900.0)  # It comes late, and counts no more.
    reports(live, second, "started", resumed.played_ms)
    reports(live, second, "drained", 2000.0)
    moved = ("moved", pytest.approx(resumed.played_ms))
    assert rows(live) == [
        ("started", 0.0), moved, ("started", resumed.played_ms), ("drained", 2000.0),
    ]  # fmt: skip
    turn = live.turns[0]
    assert (turn.heard_text, turn.interrupted, turn.heard_ms) == (STORY, False, 2000)


def test_what_has_not_sounded_goes_to_the_next_page(live):
    first = attach(live)
    live.say("tell")
    reports(live, first, "progress", 800.0)
    do(live, live.pages.detach, first)
    second = attach(live)
    assert 0 < ms_of(second) <= 1200
    assert live.turns[0].interrupted is False


def test_where_no_page_comes_the_turn_says_what_sounded(live, monkeypatch):
    monkeypatch.setattr(session_pages, "_AWAY_S", 0.05)
    first = attach(live)
    live.say("tell")
    reports(live, first, "started")
    reports(live, first, "progress", 1000.0)
    do(live, live.pages.detach, first)
    turn = live.turns[0]
    wait_for(lambda: turn.flushed)
    assert turn.interrupted
    assert 1000 <= turn.heard_ms < 2000
    assert STORY.startswith(turn.heard_text)
    assert len(turn.heard_text) < len(STORY)
    assert rows(live)[-1] == ("flushed", turn.heard_ms)


def test_a_session_that_is_closed_while_it_waits_for_a_page_says_so_too():
    with LiveSession(agent(story)) as live:
        first = attach(live)
        live.say("tell")
        reports(live, first, "progress", 1000.0)
        do(live, live.pages.detach, first)
    assert live.turns[0].flushed
    assert live.turns[0].interrupted


def test_an_interruption_that_no_page_sees_says_what_sounded():
    def endless(came):
        return [audio(2000), said("One two three."), 5] if text_of(came) else []

    with LiveSession(agent(endless)) as live:
        first = attach(live)
        live.bridge.submit(live.requests.say("go on", 20))
        wait_for(lambda: first.audio)
        reports(live, first, "progress", 500.0)
        do(live, live.pages.detach, first)
        live.interrupt()
        turn = live.turns[0]
        wait_for(lambda: turn.flushed)
        assert 500 <= turn.heard_ms < 2000


def test_another_page_plays_when_the_first_stays_away(live, monkeypatch):
    monkeypatch.setattr(session_pages, "_BACK_S", 0.05)
    first, second = attach(live), attach(live)
    live.say("tell")
    do(live, live.pages.detach, first)
    wait_for(lambda: second.audio)
    assert ms_of(second) == pytest.approx(2000, abs=1)


def test_the_microphone_that_another_page_takes_is_told_and_the_sound_goes_with_it(live):
    first, second = attach(live), attach(live)
    do(live, live.pages.receive, first, protocol.Mic(on=True))
    do(live, live.pages.receive, second, protocol.Mic(on=True))
    places = [
        [(m.speaker, m.microphone) for m in p.messages if isinstance(m, protocol.Place)]
        for p in (first, second)
    ]
    assert places == [
        [("here", "here"), ("elsewhere", "here"), ("elsewhere", "elsewhere")],
        [
            ("elsewhere", "none"),
            ("elsewhere", "elsewhere"),
            ("here", "elsewhere"),
            ("here", "here"),
        ],
    ]
    assert live._exchange.pages.speaker is second
    do(live, live.pages.receive, first, protocol.Mic(on=False))  # Late: it is not its own any more.
    assert live._exchange.microphone.speaker is second
    do(live, live.pages.detach, second)
    wait_for(lambda: protocol.Place("none", "gone") in first.messages)


def test_a_page_without_a_player_has_the_microphone_alone(live):
    first, second = attach(live), Page()
    second.plays = False
    do(live, live.pages.attach, second)
    do(live, live.pages.receive, second, protocol.Mic(on=True))
    assert live._exchange.pages.speaker is first
    assert live._exchange.microphone.speaker is second


def test_whether_the_microphone_is_shared_is_told():
    with LiveSession(agent(story), shared_microphone=True) as live:

        async def attached():
            return live.pages.attach(Page()).audio

        assert live.bridge.call(attached()) == {"shared_microphone": True}


async def test_nothing_waits_for_a_page_once_the_session_is_closed():
    live = LiveSession(agent(story))
    page = await asyncio.to_thread(attach, live)
    await live.say_async("tell")
    await asyncio.to_thread(do, live, live.pages.detach, page)
    assert len(live.pages._awaited) == 2
    await asyncio.to_thread(live.close)
    assert live.pages._awaited == []
