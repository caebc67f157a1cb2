"""What pages do to a session, message by message: what is called, sent and logged for each."""

from __future__ import annotations

import asyncio

import pytest
from adk_events import call, done, result, said, sound
from desk import Desk
from sessions import Page

from adk_nb.exceptions import ProtocolError
from adk_nb.live import session_pages
from adk_nb.live.session_pages import SessionPages
from adk_nb.wire import protocol


class Switching:
    """Keeps what pages want switched."""

    def __init__(self, asked):
        self._asked = asked

    def want_tool(self, page, name, *, on):
        self._asked.append(("tool", page, name, on))

    def want_voice(self, *, on):
        self._asked.append(("voice", on))


class Definitions:
    def __init__(self, asked):
        self._asked = asked

    async def reload_after_turn(self):
        self._asked.append(("reload",))


class Counter:
    """An exchange with two pages, and what they asked for."""

    def __init__(self, *, video=None):
        self.asked = []
        self.desk = Desk().connect()
        self.exchange = self.desk.exchange
        self.pages = SessionPages(
            self.exchange,
            Definitions(self.asked),
            Switching(self.asked),
            begin=self._begin,
            greet=lambda: self.asked.append(("greet",)),
            video=video,
        )
        self.tasks = []
        self.first = self.desk.page
        self.second = Page()

    def _begin(self, coroutine):
        self.tasks.append(asyncio.create_task(coroutine))

    async def join(self, page=None, hello=None):
        """A page comes; returns its welcome."""
        welcome = self.pages.attach(page or self.second, hello)
        await asyncio.sleep(0)
        return welcome

    async def does(self, message, page=None):
        self.pages.receive(page or self.first, message)
        await asyncio.gather(*self.tasks)


@pytest.fixture
async def counter():
    return Counter()


def rows(counter, source="client"):
    return [(row.kind, row.turn) for row in counter.desk.log if row.source == source]


# Who comes and goes.


async def test_a_page_is_welcomed_with_the_conversation_so_far(counter):
    counter.desk.type("hi").take()
    counter.desk(said("Hello."), done())
    welcome = await counter.join()
    assert (welcome.session_id, welcome.agent, welcome.model, welcome.turn) == (
        "s", "dice", "scripted", 2,
    )  # fmt: skip
    assert [one["text"] for one in welcome.history if one["type"] == "transcript"] == [
        "hi", "Hello.",
    ]  # fmt: skip
    assert [one["turn"] for one in welcome.facts] == [1]
    assert (welcome.plays, welcome.video, welcome.state) == (False, True, "ready")
    assert counter.asked == [("greet",)]
    assert rows(counter)[-1] == ("connected", 0)


async def test_a_page_that_goes_takes_with_it_what_was_wrong_in_it(counter):
    told = []
    counter.exchange.pages.watchers.append(told.append)
    await counter.join()
    failure = protocol.PageError("mic_denied", "No.", "Allow it.")
    await counter.does(failure, counter.second)
    counter.pages.detach(counter.second)
    assert told == [failure, protocol.Recovered("mic_denied")]
    assert [row.error for row in counter.desk.log if row.kind == "error"] == ["mic_denied: No."]
    assert rows(counter)[-1] == ("disconnected", 0)
    counter.pages.detach(counter.second)  # Once.
    assert rows(counter).count(("disconnected", 0)) == 1


async def test_a_microphone_is_closed_with_its_page(counter):
    await counter.does(protocol.Mic(on=True))
    assert counter.exchange.microphone.speaker is counter.first
    counter.pages.detach(counter.first)
    assert counter.exchange.microphone.speaker is None
    await counter.join()
    await counter.does(protocol.Mic(on=True), counter.second)
    counter.pages.detach(counter.first)
    assert counter.exchange.microphone.speaker is counter.second


@pytest.mark.parametrize(("plays", "awaited"), [(True, 2), (False, 0)])
async def test_the_page_that_played_is_awaited(counter, plays, awaited):
    await counter.join()
    counter.pages.detach(counter.first if plays else counter.second)
    assert len(counter.pages._awaited) == awaited
    counter.pages.close()
    assert counter.pages._awaited == []


async def test_where_it_stays_away_another_plays(counter, monkeypatch):
    monkeypatch.setattr(session_pages, "_BACK_S", 0.01)
    await counter.join()
    counter.pages.detach(counter.first)
    assert counter.exchange.pages.speaker is None
    await asyncio.sleep(0.1)
    assert counter.exchange.pages.speaker is counter.second


async def test_an_answer_that_nobody_hears_any_more_is_interrupted_where_it_was(counter):
    counter.desk.type("go").take()
    counter.desk(*[sound()] * 100, done())
    counter.pages.playback(protocol.Playback("progress", 1, 15.0, 0.0), page=counter.first)
    counter.pages.detach(counter.first)
    counter.pages.close()
    await asyncio.sleep(0)
    assert ("interrupted", 1) in rows(counter)
    (flushed,) = [row for row in counter.desk.log if row.kind == "playback_flushed"]
    assert 15 <= flushed.audio_ms < 900


# What they ask.


async def test_a_typed_text_begins_a_turn_once(counter):
    await counter.does(protocol.Text("roll", "t1"))
    await counter.does(protocol.Text("roll", "t1"))
    await counter.does(protocol.Text("  \n", "t2"))
    await counter.does(protocol.Text("", ""))
    assert counter.desk.sent() == ["roll"]
    assert [m.id for m in counter.first.messages if isinstance(m, protocol.Taken)] == [
        "t1", "t1", "t2",
    ]  # fmt: skip
    await counter.does(protocol.Text("flip", ""))
    await counter.does(protocol.Text("flip", ""))  # Without a name each is one of its own.
    assert len(counter.exchange.turns.all) == 3


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        (protocol.ToolSwitch("roll", on=False), ("tool", "first", "roll", False)),
        (protocol.Voice(on=False), ("voice", False)),
        (protocol.Reload(), ("reload",)),
    ],
)
async def test_what_is_handed_on(counter, message, asked):
    await counter.does(message)
    named = [
        tuple("first" if one is counter.first else one for one in each) for each in counter.asked
    ]
    assert named == [asked]


async def test_an_interruption_cuts_the_answer(counter):
    counter.desk.type("go").take()
    counter.desk(sound())
    await counter.does(protocol.Interrupt())
    assert counter.desk.turn.status == "interrupted"


@pytest.mark.parametrize(
    ("message", "text"),
    [(protocol.ActivityStart(), "ACTIVITY_START"), (protocol.ActivityEnd(), "ACTIVITY_END")],
)
async def test_push_to_talk_is_logged(counter, message, text):
    await counter.does(message)
    assert [row.text for row in counter.desk.log if row.kind == "voice_activity"] == [text]


async def test_the_page_that_is_spoken_to_plays_too(counter):
    await counter.join()
    await counter.does(protocol.Mic(on=True), counter.second)
    assert counter.exchange.pages.speaker is counter.second
    await counter.does(protocol.Take(), counter.first)
    assert counter.exchange.pages.speaker is counter.first
    assert counter.exchange.microphone.speaker is counter.second
    await counter.does(protocol.Mic(on=False), counter.second)
    assert counter.exchange.microphone.speaker is None
    assert counter.exchange.pages.speaker is counter.first


async def test_an_answer_to_no_question_and_a_stop_of_no_call_are_passed_over(counter):
    await counter.does(protocol.Confirm("c", approved=True))
    await counter.does(protocol.Stop("c"))
    assert counter.first.errors() == []


async def test_a_result_is_shown_piece_by_piece(counter, monkeypatch):
    monkeypatch.setattr(protocol, "MAX_MORE", 4)
    counter.desk.type("roll").take()
    counter.desk(call(call_id="c"), result({"result": "abcdefgh"}, call_id="c"))
    for offset in (0, 4, 8, 100):
        await counter.does(protocol.More("c", offset))
    more = [m for m in counter.first.messages if isinstance(m, protocol.ToolMore)]
    assert [(m.turn, m.id, m.offset, m.text, m.length) for m in more] == [
        (1, "c", 0, "abcd", 8), (1, "c", 4, "efgh", 8), (1, "c", 8, "", 8), (1, "c", 100, "", 8),
    ]  # fmt: skip
    with pytest.raises(ProtocolError, match="a tool call that there is not"):
        await counter.does(protocol.More("d", 0))


async def test_the_sound_of_a_turn_is_sent_again_and_of_none_refused(counter):
    counter.desk.type("go").take()
    counter.desk(sound(), done())
    await counter.does(protocol.Play(1, 0))
    (sent,) = [m for m in counter.first.messages if isinstance(m, protocol.TurnSound)]
    assert (sent.turn, sent.rate, sent.offset) == (1, 24_000, 0)
    for turn in (0, 2):
        with pytest.raises(ProtocolError, match="there is none"):
            await counter.does(protocol.Play(turn, 0))


async def test_what_pages_know_of_themselves_is_asked_and_handed_on(counter):
    await counter.join()
    found = []
    assert counter.pages.examine(7, found.append) == 2
    asked = [m for m in counter.second.messages if isinstance(m, protocol.Examine)]
    assert [one.id for one in asked] == [7]
    answer = protocol.Findings(7, {"browser": "x"})
    await counter.does(answer, counter.second)
    assert found == [answer]


async def test_what_works_again_is_told(counter):
    told = []
    counter.exchange.pages.watchers.append(told.append)
    await counter.does(protocol.PageError("mic_lost", "Gone.", ""))
    await counter.does(protocol.Recovered("mic_lost"))
    assert [type(one).__name__ for one in told] == ["PageError", "Recovered"]
    counter.pages.detach(counter.first)
    assert len(told) == 2  # Nothing was wrong in it any more.


# Pictures.


@pytest.mark.parametrize(("video", "sent"), [(None, 1), (True, 1), (False, 0)])
async def test_the_pictures_of_the_page_that_watches_are_sent(video, sent):
    counter = Counter(video=video)
    await counter.join()
    assert counter.pages.video_on is bool(sent)
    counter.pages.see(counter.first, b"none watches")
    await counter.does(protocol.Camera("camera", on=True))
    counter.pages.see(counter.second, b"another page's")
    counter.pages.see(counter.first, b"this one's")
    assert counter.pages.images_seen == sent
    await counter.does(protocol.Camera("camera", on=True), counter.second)
    counter.pages.see(counter.first, b"no more")
    counter.pages.detach(counter.second)
    counter.pages.see(counter.second, b"gone")
    await counter.does(protocol.Camera("camera", on=False))
    counter.pages.see(counter.first, b"off")
    assert counter.pages.images_seen == sent


# What their players report.


def reports(counter):
    return [
        (row.kind, row.turn, row.audio_ms, row.underruns, row.error_ms, row.estimated)
        for row in counter.desk.log
        if row.kind.startswith("playback_") and row.source == "client"
    ]


async def test_the_reports_of_the_page_that_plays_are_logged(counter):
    await counter.join()
    counter.desk.type("go").take()
    counter.desk(sound())
    started = protocol.Playback("started", 1, 0.0, 0.0, estimated=True)
    counter.pages.playback(started, page=counter.second)
    assert reports(counter) == []
    now_ms = asyncio.get_running_loop().time() * 1000
    counter.pages.playback(started, now_ms, 2.5, page=counter.first)
    counter.pages.playback(protocol.Playback("progress", 1, 5.0, 0.0), page=counter.first)
    counter.pages.playback(protocol.Playback("drained", 1, 99.0, 0.0, 3), page=counter.first)
    assert reports(counter) == [
        ("playback_started", 1, 0.0, 0, 2.5, True),
        ("playback_drained", 1, 10.0, 3, None, False),  # There was no more sound.
    ]
    for turn in (0, 2):
        with pytest.raises(ProtocolError, match="which there is not"):
            counter.pages.playback(protocol.Playback("started", turn, 0.0, 0.0))


@pytest.mark.parametrize(("off_s", "taken"), [(-1e6, False), (0.5, True), (60.0, False)])
async def test_a_moment_that_cannot_be_is_not_taken(counter, off_s, taken):
    counter.desk.type("go").take()
    counter.desk(sound())
    clock_ms = (asyncio.get_running_loop().time() + off_s) * 1000
    counter.pages.playback(protocol.Playback("started", 1, 0.0, 0.0), clock_ms, 2.5)
    (row,) = [row for row in counter.desk.log if row.kind == "playback_started"]
    assert (row.error_ms == 2.5) is taken
    assert (abs(row.t - counter.desk.log.now() - off_s) < 0.4) is (taken or off_s == 0)


async def test_of_several_answers_the_one_that_sounded_is_told_of(counter):
    for text in ("go", "on"):
        counter.desk.type(text).take()
        counter.desk(*[sound()] * 100, done())
        counter.pages.playback(protocol.Playback("started", len(reports(counter)) + 1, 0.0, 0.0))
    counter.pages.playback(protocol.Playback("progress", 2, 15.0, 0.0), page=counter.first)
    counter.pages.detach(counter.first)
    counter.pages.close()
    await asyncio.sleep(0)
    assert [row for row in rows(counter) if row[0] in ("interrupted", "playback_flushed")][-2:] == [
        ("interrupted", 2), ("playback_flushed", 2),
    ]  # fmt: skip


async def test_findings_that_nobody_asked_for_are_passed_over(counter):
    await counter.does(protocol.Findings(7, {"browser": "x"}))
    assert counter.first.errors() == []


async def test_another_page_goes_on_with_an_answer_and_that_is_logged(counter):
    await counter.join()
    counter.desk.type("go").take()
    counter.desk(*[sound()] * 100)
    counter.pages.playback(protocol.Playback("started", 1, 0.0, 0.0), page=counter.first)
    await counter.does(protocol.Take(), counter.second)
    assert [kind for kind, *_ in reports(counter)] == ["playback_started", "playback_moved"]
    assert counter.second.audio


async def test_what_is_typed_cuts_in(counter):
    counter.desk.type("go").take()
    counter.desk(sound())
    await counter.does(protocol.Text("wait", ""))
    assert [turn.status for turn in counter.exchange.turns.all] == ["interrupted", None]


async def test_who_types_needs_to_be_told_of_no_microphone(counter):
    await counter.join()
    await counter.does(protocol.Mic(on=True), counter.second)
    counter.pages.detach(counter.second)
    await counter.does(protocol.Text("hi", ""))
    places = [m.microphone for m in counter.first.messages if isinstance(m, protocol.Place)]
    assert places[-2:] == ["gone", "none"]


@pytest.mark.parametrize(("answer", "payload"), [("", None), ("42", "42")])
async def test_an_answer_is_handed_on_with_what_was_typed(counter, monkeypatch, answer, payload):
    given = []
    answered = lambda *args, **more: given.append((args, more))  # noqa: E731
    monkeypatch.setattr(counter.exchange.live.calls, "answer", answered)
    await counter.does(protocol.Confirm("c", approved=True, answer=answer))
    assert given == [(("c",), {"approved": True, "payload": payload})]


async def test_a_page_that_is_gone_does_not_stop_anothers_camera(counter):
    await counter.join()
    await counter.does(protocol.Camera("camera", on=True))
    counter.pages.detach(counter.second)
    counter.pages.see(counter.first, b"goes on")
    assert counter.pages.images_seen == 1


async def test_the_end_of_what_sounds_is_known_to_the_millisecond(counter):
    """A moment just ahead of the bridge's clock is the clocks' difference, and no mistake."""
    counter.desk.type("go").take()
    counter.desk(sound())
    at_ms = (asyncio.get_running_loop().time() + 0.9) * 1000
    counter.pages.playback(protocol.Playback("started", 1, 0.0, 0.0), at_ms, 1.0)
    (row,) = [row for row in counter.desk.log if row.kind == "playback_started"]
    assert row.t == pytest.approx(counter.desk.log.to_t(at_ms), abs=0.001)


async def test_the_newest_thousand_typed_texts_are_known_by_name(counter):
    async def types(*names):
        for name in names:
            await counter.does(protocol.Text("  ", name))

    async def turns_after(text):
        await counter.does(text)
        return len(counter.exchange.turns.all)

    first = protocol.Text("roll", "t0")
    assert await turns_after(first) == 1
    await types(*(f"a{n}" for n in range(999)))
    assert await turns_after(first) == 1
    await types(*(f"b{n}" for n in range(1000)))
    assert await turns_after(first) == 2


async def test_another_page_is_waited_for_a_second_and_any_for_twenty(counter):
    await counter.join()
    now = asyncio.get_running_loop().time()
    counter.pages.detach(counter.first)
    delays = [timer.when() - now for timer in counter.pages._awaited]
    assert delays == [pytest.approx(1.0, abs=0.5), pytest.approx(20.0, abs=0.5)]
    counter.pages.close()


async def test_what_is_typed_cuts_off_an_answer_that_still_sounds(counter):
    counter.desk.type("go").take()
    counter.desk(*[sound()] * 100, done())
    counter.pages.playback(protocol.Playback("started", 1, 0.0, 0.0), page=counter.first)
    await counter.does(protocol.Text("wait", ""))
    assert ("interrupted", 1) in rows(counter)


async def test_no_more_is_heard_of_a_turn_than_it_had(counter):
    for text, count in (("go", 1), ("on", 3)):
        counter.desk.type(text).take()
        counter.desk(*[sound()] * count, done())
    for turn in (1, 2, 1):
        counter.pages.playback(protocol.Playback("drained", turn, 999.0, 0.0))
    assert [(turn, ms) for _, turn, ms, *_ in reports(counter)] == [(1, 10.0), (2, 30.0), (1, 10.0)]


async def test_a_page_that_says_that_it_plays_nothing_is_given_no_sound(counter):
    class Silent(Page):
        plays = False

    silent = Silent()
    await counter.join(silent)
    await counter.does(protocol.Mic(on=True), silent)
    assert counter.exchange.microphone.speaker is silent
    assert counter.exchange.pages.speaker is counter.first
    counter.pages.detach(silent)
    assert counter.pages._awaited == []
