import time

import pytest
from sessions import Page

from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog
from adk_nb.log.turn import Turn
from adk_nb.plain import to_json
from adk_nb.wire import protocol
from adk_nb.wire.page_hub import _LEFT_OUT, Pages, bounded


def played(event, turn, ms=0.0):
    return protocol.Playback(event, turn, ms)


def test_messages_go_to_every_page_and_watcher():
    pages, seen = Pages(), []
    one, two = Page(), Page()
    pages.all += [one, two]
    pages.watchers.append(seen.append)
    pages.note(0, "swap", "Changed.")
    pages.send_audio(1, 24_000, b"\0\0")
    assert one.messages == two.messages == seen == [protocol.Note("1", 0, "swap", "Changed.")]
    assert one.audio == [(1, 24_000, b"\0\0")]
    assert pages.remove(one)
    assert not pages.remove(one)


def test_the_players_position():
    pages, turn = Pages(), Turn(1, "a", audio_ms=1000.0)
    assert pages.position(turn) is None  # No page plays it.
    pages.all.append(Page())
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


def test_a_history_has_everything_in_its_place():
    pages = Pages()
    turns = Turns(EventLog("s"), pages.emit)
    pages.earlier = [protocol.Transcript(0, "user", "user", "before", final=True)]
    pages.note(0, "history", "It goes on.")
    turns.user_typed("hi")
    turns.agent_said("a", "One.", final=True)
    turns.tool_called("a", "c1", "work", {"n": 1})
    turns.tool_asks("c1", "Really?")
    turns.tool_printed("c1", "text", ["data:image/png;base64,AA"])
    pages.note(1, "transfer", "a hands over to b.")
    turns.agent_said("b", "Two.", final=True)
    said = [(m["type"], m.get("text") or m.get("image")) for m in pages.history(turns.all)]
    assert said == [
        ("transcript", "before"), ("note", "It goes on."), ("transcript", "hi"),
        ("transcript", "One."), ("tool_call", None), ("tool_output", "text"),
        ("tool_output", "data:image/png;base64,AA"), ("question", None), ("transcript", "Two."),
        ("note", "a hands over to b."),
    ]  # fmt: skip
    turns.tool_answered("c1", None)
    turns.tool_returned("c1", "work", 1, None)
    kinds = [m["type"] for m in pages.history(turns.all)]
    assert "question" not in kinds
    assert "tool_result" in kinds


def test_a_long_result_is_shortened_and_says_how_long_it_is():
    pages, page = Pages(), Page()
    pages.all.append(page)
    pages.emit(protocol.ToolReturned(1, "c", "ls", 1.0, result=["x" * 12_000_000]))
    (message,) = page.messages
    assert message.length == 12_000_004
    assert message.result == '["' + "x" * (protocol.MAX_SHOWN - 2)
    assert len(protocol.encode_message(message)) < 30_000


@pytest.mark.parametrize(
    "message",
    [
        protocol.ToolReturned(1, "c", "ls", 1.0, error="e" * 10**6),
        protocol.Transcript(1, "user", "user", "t" * 10**6, final=True),
        protocol.ToolCalled(1, "c", "ls", {"path": "p" * 10**6, "deep": [["d"] * 10**5]}),
        protocol.ToolCalled(1, "c", "ls", {f"key {n}": n for n in range(10**5)}),
        protocol.Question(1, "c", "ls", {"path": "p" * 10**6}, "Really?"),
    ],
    ids=["error", "text", "args", "keys", "question"],
)
def test_nothing_long_goes_to_a_page_unasked(message):
    assert len(protocol.encode_message(bounded(message))) < 2 * protocol.MAX_SHOWN


def test_short_arguments_stay_beside_long_ones():
    args = bounded(protocol.ToolCalled(1, "c", "put", {"n": 3, "text": "t" * 10**6})).args
    assert args["n"] == 3
    assert args["text"].endswith("(1,000,000 characters)")


def test_what_is_to_be_approved_is_shown_as_a_whole():
    question = protocol.Question(1, "c", "put", {"text": "t" * 100_000})
    assert bounded(question) == question
    long = bounded(protocol.Question(1, "c", "put", {"text": "t" * 1_000_000}, "Really?"))
    assert long.hint == (
        "Really? The arguments are shortened here; see live.questions for all of them."
    )


def sizes(history):
    return len(to_json(history).encode())


def test_a_history_is_bounded_and_its_newest_turns_count():
    pages = Pages()
    turns = Turns(EventLog("s"), pages.emit)
    for number in range(150):
        turns.user_typed(f"{number} " + "\u20ac" * 15_000)
        turns.agent_said("a", "ok", final=True)
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
    turns.tool_called("a", "c1", "draw", {})
    turns.tool_printed("c1", "drawn", ["data:image/png;base64," + "A" * protocol.MAX_HISTORY])
    kinds = [(m["type"], m.get("image")) for m in Pages().history(turns.all)]
    assert kinds == [("transcript", None), ("tool_call", None), ("tool_output", "")]


def test_what_was_said_before_the_session_is_bounded():
    pages = Pages()
    pages.earlier = [
        protocol.Transcript(-n, "user", "user", "t" * 20_000, final=True) for n in range(500)
    ]
    assert pages.history([]) == [protocol.as_dict(_LEFT_OUT)]


def test_of_a_turn_that_is_too_large_what_was_said_is_kept():
    turns = Turns(EventLog("s"), lambda _: None)
    turns.user_typed("first")
    turns.agent_said("a", "ok", final=True)
    turns.completed()
    turns.user_typed("call")
    for number in range(300):
        turns.tool_called("a", f"c{number}", "work", {"text": "t" * 9000})
        turns.tool_returned(f"c{number}", "work", "r" * 9000, None)
    turns.agent_said("a", "all done", final=True)
    texts = [message.get("text") for message in Pages().history(turns.all)]
    assert texts == ["first", "ok", "call", "all done"]


def test_long_hints_sources_and_names_are_cut():
    hint = bounded(protocol.Question(1, "c", "pay", {}, "h" * 9_000_000)).hint
    assert len(hint) < 21_000
    sources = [{"title": "t" * 9000, "uri": "u" * 9000}] * 500
    assert len(protocol.encode_message(bounded(protocol.Sources(1, sources)))) < 250_000
    assert len(bounded(protocol.ToolCalled(1, "c", "n" * 9000, {})).name) == 1000
    assert len(bounded(protocol.Note("1", 1, "swap", "n" * 90_000)).text) < 21_000


def test_sound_ends_with_the_last_page():
    pages, one, two = Pages(), Page(), Page()
    pages.all += [one, two]
    pages.played(played("started", 3))
    assert pages.remove(one)
    assert pages.sounding == 3
    assert pages.remove(two)
    assert pages.sounding == 0


@pytest.mark.parametrize("event", ["drained", "flushed"])
def test_what_has_drained_or_was_flushed_sounds_no_more(event):
    pages = Pages()
    pages.all.append(Page())
    pages.played(played("started", 1))
    pages.played(played(event, 1, 700.0))
    assert pages.sounding == 0
    assert pages.position(Turn(1, "a", audio_ms=500.0)) == (500.0, 500.0)  # Never more than all.


def test_of_another_turn_nothing_has_sounded():
    pages = Pages()
    pages.all.append(Page())
    pages.played(played("drained", 1, 400.0))
    assert pages.position(Turn(2, "a", audio_ms=300.0)) == (0.0, 300.0)


def test_whole_messages_of_three_turns_of_two_agents():
    pages = Pages()
    turns = Turns(EventLog("s"), pages.emit)
    turns.user_typed("roll")
    turns.tool_called("dice", "a", "roll", {"sides": 6})
    turns.tool_returned("a", "roll", 4, None)
    turns.tool_told("a")
    turns.all[0].tool_calls[0].ms = 12.5
    turns.agent_said("dice", "A four.", final=True)
    turns.grounded([{"title": "Dice", "uri": "https://dice"}])
    turns.completed()
    turns.user_said("And", final=False)
    turns.user_said("And now?", final=True)
    turns.agent_said("dice", "Over to the coin.", final=True)
    turns.agent_said("coin", "Heads.", final=True)
    turns.cut_in()
    turns.agent_said("coin", "Still here.", final=True)
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


@pytest.mark.parametrize(
    ("message", "name", "longest"),
    [
        (protocol.Failure("c", "m" * 10**6, "r" * 10**6), "message", protocol.MAX_SHOWN),
        (protocol.Failure("c", "m" * 10**6, "r" * 10**6), "remedy", protocol.MAX_SHOWN),
        (protocol.Note("1", 1, "swap", "t" * 10**6), "text", protocol.MAX_SHOWN),
        (protocol.ToolCalled(1, "c", "n" * 10**6, {}), "name", 1000),
        (protocol.Question(1, "c", "n", {}, "h" * 10**6), "hint", protocol.MAX_SHOWN),
    ],
    ids=["message", "remedy", "note", "tool", "hint"],
)
def test_a_long_text_is_its_beginning_and_how_long_it_is(message, name, longest):
    whole, short = getattr(message, name), getattr(bounded(message), name)
    assert short[:longest] == whole[:longest]
    assert short[longest:] in ("", " … (1,000,000 characters)")


def test_what_is_just_short_enough_stays():
    for message in (
        protocol.Transcript(1, "user", "user", "t" * protocol.MAX_SHOWN, final=True),
        protocol.ToolReturned(1, "c", "ls", 1.0, result="r" * protocol.MAX_SHOWN),
        protocol.ToolReturned(1, "c", "ls", 1.0, error="r" * protocol.MAX_SHOWN),
        protocol.ToolCalled(1, "c", "ls", {"a": "t" * (protocol.MAX_SHOWN - 100)}),
    ):
        assert bounded(message) == message


def test_sources_are_fifty_at_most():
    source = {"title": "t", "uri": "u" * 10_000}
    shown = bounded(protocol.Sources(1, [source] * 60))
    assert shown.sources == [{"title": "t", "uri": "u" * 2000}] * 50


def test_secrets_are_masked_before_anything_is_cut():
    pages, page = (
        Pages(
            lambda value: value.replace("hunter2", "[secret]") if isinstance(value, str) else value
        ),
        Page(),
    )
    pages.all.append(page)
    text = "t" * (protocol.MAX_SHOWN - 3) + "hunter2"
    pages.emit(protocol.Transcript(1, "user", "user", text, final=True))
    assert page.messages[0].text.startswith("t" * (protocol.MAX_SHOWN - 3) + "[se")
    assert "hun" not in page.messages[0].text


def test_a_turn_that_was_not_asked_for_has_no_words_of_the_users():
    turns = Turns(EventLog("s"), lambda _: None)
    turns.agent_said("a", "Still there?", final=True)
    assert [m["role"] for m in Pages().history(turns.all)] == ["agent"]


def test_a_turn_that_was_cut_off_while_a_tool_ran_is_in_the_history_of_a_page():
    pages = Pages()
    turns = Turns(EventLog("s"), pages.emit)
    turns.user_typed("roll")
    turns.tool_called("dice", "a", "roll", {})
    turns.cut_in()
    assert [message["type"] for message in pages.history(turns.all)] == ["transcript", "tool_call"]
