import time

import pytest
from sessions import Page, enter
from wire_frames import encode_message

from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog
from adk_nb.log.turn import Turn
from adk_nb.log.words import Piece
from adk_nb.plain import to_json
from adk_nb.wire import protocol
from adk_nb.wire.page_hub import _LEFT_OUT, MOST_AT_ONCE, Pages


def played(event, turn, ms=0.0):
    return protocol.Playback(event, turn, ms)


def test_messages_go_to_every_page_and_watcher():
    pages, seen = Pages(), []
    one, two = Page(), Page()
    enter(pages, one, two)
    pages.watchers.append(seen.append)
    pages.note(0, "swap", "Changed.")
    pages.send_audio(1, 24_000, b"\0\0")
    note = protocol.Note("1", 0, "swap", "Changed.")
    assert one.messages == seen == [note]
    assert two.messages == [protocol.Place("elsewhere", "none"), note]
    assert (one.audio, two.audio) == ([(1, 24_000, b"\0\0")], [])  # One page plays.
    assert pages.remove(one)
    assert not pages.remove(one)


def test_the_players_position():
    pages, turn = Pages(), Turn(1, "a", audio_ms=1000.0)
    assert pages.position(turn) is None  # No page plays it.
    enter(pages, Page())
    assert pages.position(turn) == (0.0, 1000.0)
    pages.played(played("started", 1))
    assert pages.sounding == 1
    before = time.monotonic()
    pages.played(played("progress", 1, 400.0))
    now, whole = pages.position(turn)
    assert 400 <= now <= 400 + (time.monotonic() - before) * 1000
    assert whole == 1000
    pages.played(played("flushed", 1, 450.0))
    assert (pages.sounding, pages.position(turn)) == (0, (450.0, 1000.0))
    assert pages.position(None) is None


def test_the_page_that_plays_owes_a_report_of_a_turn_that_was_cut_off():
    pages, turn = Pages(), Turn(1, "a", audio_ms=1000.0, interrupted=True)
    page = Page()
    enter(pages, page)
    assert not pages.owes(turn)  # It has no sound of it.
    pages.send_audio(1, 24_000, bytes(48_000))
    assert pages.owes(turn)
    assert not pages.owes(Turn(1, "a", audio_ms=1000.0))
    turn.flushed = True
    assert not pages.owes(turn)
    turn.flushed, page.plays = False, False
    assert not pages.owes(turn)
    page.plays = True
    pages.remove(page)
    assert not pages.owes(turn)


RATE = 1000
"""So that a sample is a millisecond."""


def samples(first, last):
    return b"".join(n.to_bytes(2, "little") for n in range(first, last))


def hub():
    """A hub whose turn 1 has a sound of 1000 ms that has all been sent."""
    pages = Pages(sound=lambda turn: (RATE, samples(0, 1000) if turn == 1 else samples(0, 500)))
    pages.cut, pages.moved = [], []
    pages.on_cut, pages.on_moved = pages.cut.append, pages.moved.append
    first = Page()
    enter(pages, first)
    pages.send_audio(1, RATE, samples(0, 1000))
    return pages, first


def places(page):
    return [(m.speaker, m.microphone) for m in page.messages if isinstance(m, protocol.Place)]


def heard_from(page):
    """Where the sound began that a page got, by turn (ms)."""
    return [(turn, int.from_bytes(pcm[:2], "little")) for turn, _, pcm in page.audio]


def test_one_page_plays_and_another_can_take_it_from_where_it_was():
    pages, first = hub()
    second = Page()
    enter(pages, second)
    assert (places(first), places(second)) == ([], [("elsewhere", "none")])
    pages.played(played("progress", 1, 400.0))
    pages.give(second)
    assert (places(first), places(second)[1:]) == ([("elsewhere", "none")], [("here", "none")])
    (moved,) = pages.moved
    assert 400 <= moved.played_ms < 1000
    (resumed,) = [m for m in second.messages if isinstance(m, protocol.Continue)]
    assert resumed == protocol.Continue(1, moved.played_ms)
    assert heard_from(second) == [(1, int(moved.played_ms))]
    assert pages.plays(second)
    assert not pages.plays(first)
    pages.send_audio(2, RATE, b"\1\0")
    assert (len(first.audio), len(second.audio)) == (1, 2)


def test_what_has_sounded_or_was_cut_off_is_not_played_again():
    pages, first = hub()
    pages.emit(protocol.TurnState(1, "complete"))
    pages.played(played("drained", 1, 900.0))  # Some was left out to catch up.
    pages.send_audio(2, RATE, samples(0, 500))
    pages.emit(protocol.TurnState(2, "interrupted"))
    pages.remove(first)
    second = Page()
    enter(pages, second)
    assert second.audio == []
    assert pages.cut == []  # The page is the one to say what of it had sounded.


def test_a_page_that_went_is_followed_by_the_next_which_plays_the_rest_to_its_end():
    pages, first = hub()
    pages.played(played("progress", 1, 300.0))
    pages.remove(first)
    pages.send_audio(2, RATE, samples(0, 500))  # It waits too.
    pages.emit(protocol.TurnState(1, "complete"))
    second = Page()
    enter(pages, second)
    since = heard_from(second)[0][1]
    assert 300 <= since < 1000
    assert heard_from(second) == [(1, since), (2, 0)]
    ends = [m for m in second.messages if isinstance(m, protocol.TurnState)]
    assert ends == [protocol.TurnState(1, "complete")]


def test_a_page_that_comes_back_plays_on_and_gets_what_it_missed():
    pages, first = Pages(sound=lambda _: (RATE, samples(0, 1000))), Page()
    pages.back = []
    pages.on_back = lambda *who: pages.back.append(who)
    pages.add(first, protocol.Hello("t", view="a"))
    pages.welcomed(first)
    pages.send_audio(1, RATE, samples(0, 600))
    pages.remove(first)
    pages.send_audio(1, RATE, samples(600, 1000))
    again, hello = Page(), protocol.Hello("t", turn=1, audio_ms=550.0, view="a")
    assert pages.add(again, hello)
    pages.welcomed(again)
    assert pages.back == [(again, hello)]
    assert again.messages == again.audio == []  # Whoever is told sends what it missed.
    other = Page()
    assert not pages.add(other, protocol.Hello("t", view="b"))


def test_a_page_that_is_back_before_its_dead_connection_is_noticed_plays_on():
    pages, dead, again = Pages(), Page(), Page()
    pages.add(dead, protocol.Hello("t", view="a"))
    pages.welcomed(dead)
    assert pages.add(again, protocol.Hello("t", turn=0, view="a"))
    pages.welcomed(again)
    assert pages.plays(again)
    assert pages.remove(dead)
    assert pages.plays(again)


def test_where_no_page_comes_it_is_told_what_sounded():
    pages, first = hub()
    pages.played(played("progress", 1, 300.0))
    pages.give_up()
    assert pages.cut == []  # One plays.
    pages.remove(first)
    pages.give_up()
    (cut,) = pages.cut
    assert cut.turn == 1
    assert 300 <= cut.played_ms < 1000
    enter(pages, second := Page())
    assert second.audio == []


def test_what_is_cut_off_while_no_page_plays_is_told_at_once():
    pages, first = hub()
    pages.remove(first)
    pages.emit(protocol.TurnState(1, "interrupted"))
    assert [one.turn for one in pages.cut] == [1]


def test_another_page_plays_when_the_first_stays_away():
    pages, first = hub()
    enter(pages, second := Page())
    pages.hand_over()
    assert pages.plays(first)
    pages.remove(first)
    assert second.audio == []
    pages.hand_over()
    assert heard_from(second) == [(1, 0)]
    pages.remove(second)
    pages.hand_over()
    assert pages.speaker is None


def test_the_page_that_goes_on_knows_which_words_are_to_come():
    words = protocol.Words(1, 0, 0, [3, 7], [400.0, 900.0])
    pages = Pages(
        sound=lambda _: (RATE, samples(0, 1000)), words=lambda turn: [words] * (turn == 1)
    )
    enter(pages, first := Page())
    pages.send_audio(1, RATE, samples(0, 1000))
    pages.played(played("progress", 1, 400.0))
    pages.remove(first)
    enter(pages, second := Page())
    came = [m for m in second.messages if not isinstance(m, protocol.Place)]
    played_ms = came[-1].played_ms
    assert 400 <= played_ms < 1000
    assert came == [
        words, protocol.Position(1, played_ms, sounding=True), protocol.Continue(1, played_ms),
    ]  # fmt: skip


def test_before_there_was_a_page_nothing_waits_for_one():
    pages = Pages(sound=lambda _: (RATE, samples(0, 1000)))
    pages.send_audio(1, RATE, samples(0, 1000))
    enter(pages, page := Page())
    assert page.audio == []
    # What comes is the rest of an answer, and counts as such.
    assert page.messages[-1] == protocol.Continue(1, 1000.0)


def test_pages_are_told_where_the_microphone_is():
    pages, first = hub()
    enter(pages, second := Page())
    pages.hears(second)
    assert (places(first), places(second)) == (
        [("here", "elsewhere")], [("elsewhere", "none"), ("elsewhere", "here")],
    )  # fmt: skip
    pages.remove(second)
    assert pages.microphone is None


def test_a_history_has_everything_in_its_place():
    pages = Pages()
    turns = Turns(EventLog("s"), pages.emit)
    pages.earlier = [protocol.Transcript(0, "user", "user", "before", final=True)]
    pages.note(0, "history", "It goes on.")
    turns.user_typed("hi")
    turns.transcripts.agent_said("a", "One.", final=True)
    turns.calls.tool_called("a", "c1", "work", {"n": 1})
    turns.calls.tool_asks("c1", "Really?")
    turns.calls.tool_printed("c1", "text", ["data:image/png;base64,AA"])
    pages.note(1, "transfer", "a hands over to b.")
    turns.transcripts.agent_said("b", "Two.", final=True)
    said = [(m["type"], m.get("text") or m.get("image")) for m in pages.history(turns.all)]
    assert said == [
        ("transcript", "before"), ("note", "It goes on."), ("transcript", "hi"),
        ("transcript", "One."), ("tool_call", None), ("tool_output", "text"),
        ("tool_output", "data:image/png;base64,AA"), ("question", None), ("transcript", "Two."),
        ("note", "a hands over to b."),
    ]  # fmt: skip
    turns.calls.tool_answered("c1", None)
    turns.calls.tool_returned("c1", "work", 1, None)
    kinds = [m["type"] for m in pages.history(turns.all)]
    assert "question" not in kinds
    assert "tool_result" in kinds


def test_a_long_result_is_shortened_and_says_how_long_it_is():
    pages, page = Pages(), Page()
    enter(pages, page)
    pages.emit(protocol.ToolReturned(1, "c", "ls", 1.0, result=["x" * 12_000_000]))
    (message,) = page.messages
    assert message.length == 12_000_004
    assert message.result == '["' + "x" * (protocol.MAX_SHOWN - 2)
    assert len(encode_message(message)) < 30_000


def sizes(history):
    return len(to_json(history).encode())


def test_who_types_is_not_told_any_more_that_a_microphone_went_with_its_page():
    pages = Pages()
    enter(pages, gone := Page())
    pages.hears(gone)
    pages.remove(gone)
    enter(pages, page := Page())
    assert places(page) == [("here", "gone")]
    pages.unspoken()
    assert places(page) == [("here", "gone"), ("here", "none")]


def test_a_view_that_comes_back_is_not_told_that_its_own_microphone_went():
    pages = Pages()
    pages.add(cut := Page(), protocol.Hello("t", view="a"))
    pages.welcomed(cut)
    pages.hears(cut)
    pages.remove(cut)
    for view, microphone in (("a", "none"), ("b", "gone")):
        pages.add(page := Page(), protocol.Hello("t", view=view))
        pages.welcomed(page)
        assert [place[1] for place in places(page)] == (
            [microphone] if microphone == "gone" else []
        )


def test_a_history_is_bounded_and_its_newest_turns_count():
    pages = Pages()
    turns = Turns(EventLog("s"), pages.emit)
    for number in range(150):
        turns.user_typed(f"{number} " + "\u20ac" * 15_000)
        turns.transcripts.agent_said("a", "ok", final=True)
        turns.completed()
    history = pages.history(turns.all)
    assert sizes(history) < protocol.MAX_HISTORY + 1000
    assert history[-2]["text"].startswith("149 ")
    assert history[0] == protocol.as_dict(
        protocol.Note("earlier", 0, "history", history[0]["text"])
    )
    assert "live.transcript_df()" in history[0]["text"]


def test_a_history_of_many_short_turns_is_bounded_too():
    turns = Turns(EventLog("s"), lambda _: None)
    for number in range(500):
        turns.user_typed(str(number))
    history = Pages().history(turns.all)
    assert [message["text"] for message in history[1:]] == [str(n) for n in range(300, 500)]


def test_of_a_turn_that_is_too_large_the_words_are_kept():
    turns = Turns(EventLog("s"), lambda _: None)
    turns.user_typed("draw")
    turns.calls.tool_called("a", "c1", "draw", {})
    turns.calls.tool_printed("c1", "drawn", ["data:image/png;base64," + "A" * protocol.MAX_HISTORY])
    kinds = [(m["type"], m.get("image")) for m in Pages().history(turns.all)]
    assert kinds == [("transcript", None), ("tool_call", None), ("tool_output", "")]


@pytest.mark.parametrize(
    ("answer", "approved"), [("approved", True), ("rejected", False), ("withdrawn", None)]
)
def test_a_new_page_knows_what_the_user_said_to_a_question(answer, approved):
    turns = Turns(EventLog("s"), lambda _: None)
    turns.user_typed("pay")
    turns.calls.tool_called("a", "c1", "pay", {})
    call = turns.all[0].tool_calls[0]
    call.answer, call.waits = answer, [(1.0, 1.25)]
    told = [m for m in Pages().history(turns.all) if m["type"] == "answer"]
    assert told == [{"type": "answer", "turn": 1, "id": "c1", "approved": approved, "ms": 250.0}]
    call.question = "Sure?"  # It is asked again.
    assert [m["type"] for m in Pages().history(turns.all)][-1] == "question"


def test_what_was_said_before_the_session_is_bounded():
    pages = Pages()
    pages.earlier = [
        protocol.Transcript(-n, "user", "user", "t" * 20_000, final=True) for n in range(500)
    ]
    assert pages.history([]) == [protocol.as_dict(_LEFT_OUT)]


def test_of_a_turn_that_is_too_large_what_was_said_is_kept():
    turns = Turns(EventLog("s"), lambda _: None)
    turns.user_typed("first")
    turns.transcripts.agent_said("a", "ok", final=True)
    turns.completed()
    turns.user_typed("call")
    for number in range(300):
        turns.calls.tool_called("a", f"c{number}", "work", {"text": "t" * 9000})
        turns.calls.tool_returned(f"c{number}", "work", "r" * 9000, None)
    turns.transcripts.agent_said("a", "all done", final=True)
    texts = [message.get("text") for message in Pages().history(turns.all)]
    assert texts == ["first", "ok", "call", "all done"]


def test_sound_ends_with_the_page_that_plays():
    pages, one, two = Pages(), Page(), Page()
    enter(pages, one, two)
    pages.played(played("started", 3))
    assert pages.remove(two)
    assert pages.sounding == 3
    assert pages.remove(one)
    assert pages.sounding == 0


@pytest.mark.parametrize("event", ["drained", "flushed"])
def test_what_has_drained_or_was_flushed_sounds_no_more(event):
    pages = Pages()
    enter(pages, Page())
    pages.played(played("started", 1))
    pages.played(played(event, 1, 700.0))
    assert pages.sounding == 0
    assert pages.position(Turn(1, "a", audio_ms=500.0)) == (500.0, 500.0)  # Never more than all.


def test_of_another_turn_nothing_has_sounded():
    pages = Pages()
    enter(pages, Page())
    pages.played(played("drained", 1, 400.0))
    assert pages.position(Turn(2, "a", audio_ms=300.0)) == (0.0, 300.0)


def test_whole_messages_of_three_turns_of_two_agents():
    pages = Pages()
    turns = Turns(EventLog("s"), pages.emit)
    turns.user_typed("roll")
    turns.calls.tool_called("dice", "a", "roll", {"sides": 6})
    turns.calls.tool_returned("a", "roll", 4, None)
    turns.calls.tool_told("a")
    turns.all[0].tool_calls[0].ms = 12.5
    turns.transcripts.agent_said("dice", "A four.", final=True)
    turns.grounded([{"title": "Dice", "uri": "https://dice"}])
    turns.completed()
    turns.transcripts.user_said("And", final=False)
    turns.transcripts.user_said("And now?", final=True)
    turns.transcripts.agent_said("dice", "Over to the coin.", final=True)
    turns.transcripts.agent_said("coin", "Heads.", final=True)
    turns.cut_in()
    turns.transcripts.agent_said("coin", "Still here.", final=True)
    assert pages.history(turns.all) == [
        protocol.as_dict(message)
        for message in (
            protocol.Transcript(1, "user", "user", "roll", final=True),
            protocol.ToolCalled(1, "a", "roll", {"sides": 6}),
            protocol.ToolReturned(1, "a", "roll", 12.5, 4, None),
            protocol.Transcript(1, "agent", "dice", "A four.", final=True, piece=2),
            protocol.Sources(1, [{"title": "Dice", "uri": "https://dice"}]),
            protocol.Transcript(2, "user", "user", "And now?", final=True),
            protocol.Transcript(2, "agent", "dice", "Over to the coin.", final=True, piece=1),
            protocol.Transcript(
                2, "agent", "coin", "Heads.", final=True, interrupted=True, piece=2
            ),
        )
    ]


def test_secrets_are_masked_before_anything_is_cut():
    pages, page = (
        Pages(
            lambda value: value.replace("hunter2", "[secret]") if isinstance(value, str) else value
        ),
        Page(),
    )
    enter(pages, page)
    text = "t" * (protocol.MAX_SHOWN - 3) + "hunter2"
    pages.emit(protocol.Transcript(1, "user", "user", text, final=True))
    assert page.messages[0].text.startswith("t" * (protocol.MAX_SHOWN - 3) + "[se")
    assert "hun" not in page.messages[0].text


def test_a_turn_that_was_not_asked_for_has_no_words_of_the_users():
    turns = Turns(EventLog("s"), lambda _: None)
    turns.transcripts.agent_said("a", "Still there?", final=True)
    assert [m["role"] for m in Pages().history(turns.all)] == ["agent"]


def test_a_turn_that_was_cut_off_while_a_tool_ran_is_in_the_history_of_a_page():
    pages = Pages()
    turns = Turns(EventLog("s"), pages.emit)
    turns.user_typed("roll")
    turns.calls.tool_called("dice", "a", "roll", {})
    turns.cut_in()
    assert [message["type"] for message in pages.history(turns.all)] == ["transcript", "tool_call"]


def test_words_that_were_taken_back_are_not_in_the_history_of_a_page():
    gone, said = Piece(0, "agent", "a", 0.0), Piece(1, "agent", "a", 1.0, "I may not.", final=True)
    turn = Turn(1, "a", begun=True, pieces=[gone, said])
    assert [(m["text"], m["piece"]) for m in Pages().history([turn])] == [("I may not.", 1)]


def test_a_secret_in_a_tools_description_is_masked_and_its_name_stays():
    pages = Pages(lambda v: v.replace("hunter2", "[secret]") if isinstance(v, str) else v)
    page = Page()
    enter(pages, page)
    tools = [{"name": "hunter2", "description": "Asks hunter2.", "on": True}]
    pages.emit(protocol.AgentChanged("a", "m", tools, ["Tools: hunter2."], video=False))
    (told,) = page.messages
    assert told.tools == [{"name": "hunter2", "description": "Asks [secret].", "on": True}]
    assert tools[0]["description"] == "Asks hunter2."


def test_what_pages_are_not_shown_watchers_are_told():
    pages, seen = Pages(), []
    enter(pages, page := Page())
    pages.watchers.append(seen.append)
    pages.shown = lambda m: None if isinstance(m, protocol.Failure) else m
    failure = protocol.Failure("model", "It is gone.", "")
    pages.emit(failure)
    pages.note(0, "swap", "Changed.")
    note = protocol.Note("1", 0, "swap", "Changed.")
    assert seen == [failure, note]
    assert page.messages == [note]


def test_a_page_that_plays_or_is_gone_is_given_nothing():
    pages, first = hub()
    pages.give(first)
    pages.give(Page())
    assert pages.plays(first)
    assert heard_from(first) == [(1, 0)]  # What it was sent at first.
    assert first.messages == pages.moved == []


def test_of_more_sound_than_a_page_may_be_sent_at_once_the_rest_is_lost():
    pages = Pages(sound=lambda _: (RATE, b"\1\0" * (MOST_AT_ONCE // 2 + 700)))
    pages.lost = []
    pages.on_lost = lambda turn, ms: pages.lost.append((turn, ms))
    enter(pages, first := Page())
    pages.send_audio(1, RATE, b"\1\0" * 800)
    pages.remove(first)
    enter(pages, second := Page())
    assert pages.lost == [(1, 700.0)]
    assert [(turn, len(pcm)) for turn, _, pcm in second.audio] == [(1, MOST_AT_ONCE)]


def test_where_no_page_comes_what_has_sounded_to_its_end_was_not_cut_off():
    pages, first = hub()
    pages.send_audio(2, RATE, samples(0, 500))
    pages.played(played("drained", 1, 1000.0))  # More of its turn may come.
    pages.remove(first)
    pages.give_up()
    assert [(one.turn, one.cut) for one in pages.cut] == [(2, True)]
    assert [(one.turn, one.cut) for one in pages.playout.waiting()] == [(1, False)]


def test_names_that_were_redefined_are_told_once_and_no_more_than_a_message_takes():
    pages = Pages()
    enter(pages, page := Page())
    pages.tell_redefined([])
    pages.tell_redefined(["roll"])
    pages.tell_redefined(["roll"])
    long = ["n" * (protocol.MAX_NAME + 1)] * (protocol.MAX_TOOLS + 1)
    cut = ["n" * protocol.MAX_NAME] * protocol.MAX_TOOLS
    pages.tell_redefined(long)
    assert pages.redefined == cut
    pages.tell_redefined(long)
    pages.tell_redefined([])
    assert page.messages == [protocol.Redefined(names) for names in (["roll"], cut, [])]


def said(**known):
    """A turn whose answer of 1000 ms is "One two."."""
    piece = Piece(0, "agent", "a", 0.0, "One two.", final=True)
    return Turn(1, "a", begun=True, agent_text="One two.", audio_ms=1000.0, pieces=[piece], **known)


def test_the_history_of_a_turn_that_another_page_plays_says_how_far_it_is():
    pages, turn = Pages(), said()
    enter(pages, Page())
    assert [m["type"] for m in pages.history([turn])] == ["transcript"]
    pages.played(played("progress", 1, 1000.0))
    _, words, position = pages.history([turn])
    assert words == protocol.as_dict(protocol.Words(1, 0, 0, [3, 8], [375.0, 1000.0]))
    assert position == protocol.as_dict(protocol.Position(1, 1000.0, sounding=True))
    other = Turn(2, "a", begun=True, audio_ms=500.0)
    assert pages.history([other]) == []


@pytest.mark.parametrize(
    ("known", "unheard"),
    [
        ({"heard_text": "One", "heard_ms": 400.0}, [[0, 3, 8]]),
        # All of its words had sounded, if not all of its sound.
        ({"heard_text": "One two.", "heard_ms": 990.0, "flushed": True}, []),
    ],
)
def test_the_history_of_an_answer_that_was_cut_off_says_what_of_it_was_heard(known, unheard):
    turn = said(interrupted=True, **known)
    heard = protocol.Heard(1, unheard, known["heard_ms"], 1000.0)
    assert Pages().history([turn])[1:] == [protocol.as_dict(heard)]
