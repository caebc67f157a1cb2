import asyncio
import dataclasses
import itertools

import pytest

from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog
from adk_nb.wire import protocol


@pytest.fixture
def sent():
    return []


@pytest.fixture
def log():
    return EventLog("s")


@pytest.fixture
def turns(log, sent):
    made = Turns(log, sent.append)
    made.agent, made.model = "dice", "m"
    return made


def shown(sent, role):
    """What the page shows of a role, by turn."""
    pieces = {}
    for m in sent:
        if isinstance(m, protocol.Transcript) and m.role == role:
            key = (m.turn, m.piece)
            pieces[key] = pieces.get(key, "")[: m.start] + m.text
    turns = {turn for turn, _ in pieces}
    return {n: " ".join(text for (turn, _), text in pieces.items() if turn == n) for n in turns}


def states(sent):
    return [(m.turn, m.state) for m in sent if isinstance(m, protocol.TurnState)]


def test_a_typed_turn(turns, sent):
    turn = turns.user_typed("roll")
    turns.agent_audio("dice", b"\0\x10" * (250 * 48), 24_000)
    turns.agent_said("dice", "Four.", final=False)
    assert not turn.ended
    assert turns.completed() == (turn, True)
    assert turn.ended
    assert (turn.status, turn.end_reason) == ("complete", None)
    assert (turn.user_text, turn.agent_text, turn.heard_text) == ("roll", "Four.", "Four.")
    assert states(sent) == [(1, "started"), (1, "complete")]
    assert [m.final for m in sent if isinstance(m, protocol.Transcript)] == [True, False, True]


def test_incremental_transcripts(turns, sent):
    for piece in ["What ", "time ", "is it?"]:
        turns.user_said(piece, final=False)
    turns.user_said("What time is it?", final=True)
    for piece in ["It ", "is ", "noon."]:
        turns.agent_said("dice", piece, final=False)
    turns.completed()
    assert shown(sent, "user") == {1: "What time is it?"}
    assert shown(sent, "agent") == {1: "It is noon."}


def test_cumulative_transcripts_may_revise_themselves(turns, sent):
    for whole in ["Watt", "What time", "What time's it"]:
        turns.user_said(whole, final=False, cumulative=True)
    turns.user_said("What time is it?", final=True, cumulative=True)
    for whole in ["It", "It is", "It is noon."]:
        turns.agent_said("dice", whole, final=False)
    turns.completed()
    assert shown(sent, "user") == {1: "What time is it?"}
    assert shown(sent, "agent") == {1: "It is noon."}


def test_transcripts_that_never_finish(turns, sent):
    turns.user_said("What time ", final=False)
    turns.user_said("is it?", final=False)
    turns.agent_audio("dice", bytes(100 * 48), 24_000)
    turns.agent_said("dice", "Noon.", final=False)
    turns.completed()
    assert shown(sent, "user") == {1: "What time is it?"}
    assert shown(sent, "agent") == {1: "Noon."}
    assert len(turns.all) == 1


def test_text_after_the_turn_is_the_turns(turns, sent):
    turns.user_typed("hi")
    turns.agent_audio("dice", bytes(100 * 48), 24_000)
    turns.completed()
    turns.agent_said("dice", "Hello ", final=False)
    turns.agent_said("dice", "there.", final=False)
    turns.agent_said("dice", "Hello there.", final=True)
    assert shown(sent, "agent") == {1: "Hello there."}
    assert len(turns.all) == 1


def test_the_final_text_said_twice_is_shown_once(turns):
    turn = turns.user_typed("hi")
    turns.agent_said("dice", "Hello.", final=False)
    turns.agent_said("dice", "Hello.", final=True)
    turns.agent_said("dice", "Hello.", final=True)
    assert turn.agent_text == "Hello."


def test_a_turn_complete_after_a_tool_call_does_not_end_the_turn(turns, sent):
    turn = turns.user_typed("roll")
    turns.agent_said("dice", "Let me roll.", final=True)
    turns.tool_called("dice", "c1", "roll_dice", {"sides": 6})
    assert turns.completed() == (turn, False)
    turns.tool_returned("c1", "roll_dice", 4, None)
    assert turns.completed() == (turn, False)
    turns.tool_told("c1")
    turns.agent_said("dice", "A four.", final=True)
    assert turns.completed() == (turn, True)
    assert turn.agent_text == "Let me roll. A four."
    call = turn.tool_calls[0]
    assert (call.name, call.args, call.result, call.error) == ("roll_dice", {"sides": 6}, 4, None)
    assert call.ms >= 0
    assert states(sent) == [(1, "started"), (1, "complete")]


def test_speech_over_the_answer_is_the_next_turn(turns, sent):
    turns.user_said("First?", final=True)
    turns.agent_said("dice", "Answer", final=False)
    turns.user_said("Second", final=False)
    assert turns.stopped().index == 1
    turns.user_said("Second?", final=True, cumulative=True)
    turns.agent_said("dice", "Other", final=True)
    turns.completed()
    assert shown(sent, "user") == {1: "First?", 2: "Second?"}
    assert shown(sent, "agent") == {1: "Answer", 2: "Other"}
    assert states(sent) == [
        (1, "started"), (1, "interrupted"), (2, "started"), (2, "complete"),
    ]  # fmt: skip


def test_an_interruption_while_the_user_still_speaks_ends_nothing(turns):
    turn = turns.user_said("Wh", final=False)
    assert turns.stopped() is None
    assert turns.completed() == (None, False)  # It is of what was stopped.
    assert turns.completed() == (None, False)  # Nothing has been asked that it could answer.
    assert turns.current is turn
    assert turns.agent_said("dice", "Yes?", final=True) is turn
    assert turns.completed() == (turn, True)


def test_what_was_heard_is_told_by_the_player(turns, log):
    def heard(index, ms):
        log.add("client", "playback_flushed", turn=index, audio_ms=ms)

    turn = turns.user_typed("go")
    turns.agent_audio("dice", bytes(1000 * 48), 24_000)
    turns.agent_said("dice", "One two three four. ", final=False)
    turns.agent_audio("dice", bytes(1000 * 48), 24_000)
    turns.agent_said("dice", "Five six seven eight.", final=False)
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


def test_a_final_transcript_that_was_cut_is_what_was_heard(turns):
    turn = turns.user_typed("go")
    turns.agent_said("dice", "One two three. ", final=False)
    turns.agent_said("dice", "One two", final=True)
    turns.stopped()
    assert turn.agent_text == "One two three."
    assert turn.heard_text == "One two"


def test_an_answer_nobody_asked_for_is_a_turn(turns):
    turn = turns.agent_said("dice", "Still there?", final=False)
    assert turn.index == 1
    assert turns.completed() == (turn, True)
    assert turns.completed() == (None, False)


def test_a_new_typed_turn_ends_one_that_has_none(turns, sent):
    turns.user_said("Er", final=False)
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
    turns.tool_called("dice", "c", "roll", {"a": "<b>"})
    turns.tool_returned("c", "roll", None, "<i>boom</i>")
    turns.agent_said("dice", "<u>", final=True)
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
    turns.user_said("First", final=False)
    assert turns.speech_index == 1
    turns.user_said("First?", final=True)
    turns.agent_audio("dice", bytes(100 * 48), 24_000)
    assert turns.speech_index == 2
    turns.user_said("Second", final=False)
    assert turns.speech_index == 2
    turns.stopped()
    assert turns.speech_index == 2


def test_the_sources_of_an_answer_are_links_where_they_are_on_the_web():
    sent = []
    turns = Turns(EventLog("s"), sent.append)
    turns.user_typed("rain?")
    turns.agent_said("a", "Yes.", final=True)
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
    turns.tool_called(hostile, "c1", hostile, {hostile: hostile})
    turns.tool_printed("c1", hostile, [])
    turns.tool_returned("c1", hostile, {hostile: hostile}, None)
    turns.agent_said(hostile, hostile, final=True)
    turns.grounded([{"title": hostile, "uri": "javascript:alert(1)"}])
    log.add("bridge", "error", turn=1, error=hostile)
    turn = turns.failed(hostile)
    shown = turn._repr_html_()
    assert "<script" not in shown
    assert "href" not in shown
    assert shown.count("&lt;script&gt;") >= 8


# --- every step: the rows it makes, and after ">" what the pages are told

PCM = b"\0\x10" * 2400
"""100 ms at 24 kHz."""
SOURCE = {"title": "t", "uri": "https://t"}
WHEN = {"seq", "time", "t", "ms", "level_db"}
BESIDE = (protocol.TurnFacts, protocol.Words, protocol.Heard)
STEPS = [
    (lambda turns: turns.user_typed("roll"), """
        client user_text 1 author='user' text='roll' final=True
        > turn turn=1 state='started'
        > transcript turn=1 role='user' author='user' text='roll' final=True"""),
    (lambda turns: turns.tool_called("dice", "c", "roll", {"sides": 6}, invocation_id="i"), """
        adk tool_call 1 author='dice' invocation_id='i' tool='roll' tool_call_id='c' \
            args={'sides': 6} by='question'
        > tool_call turn=1 id='c' name='roll' args={'sides': 6}"""),
    (lambda turns: turns.tool_asks("c", "Roll?"), """
        > question turn=1 id='c' name='roll' args={'sides': 6} hint='Roll?'"""),
    (lambda turns: turns.tool_answered("c", approved=True), """
        bridge approval 1 text='approved' tool='roll' tool_call_id='c'
        > answer turn=1 id='c' approved=True"""),
    (lambda turns: turns.tool_asks("c", "Sign in", "https://in"), """
        bridge sign_in 1 text='Sign in' tool='roll' tool_call_id='c'
        > question turn=1 id='c' name='roll' args={'sides': 6} hint='Sign in' sign_in='https://in'"""),
    (lambda turns: turns.tool_answered("c", approved=None), """
        bridge approval 1 text='withdrawn' tool='roll' tool_call_id='c'
        bridge sign_in 1 text='It was withdrawn.' tool='roll' tool_call_id='c'
        > answer turn=1 id='c' approved=None"""),
    (lambda turns: turns.tool_printed("c", "rolling", ["i.png"]), """
        > tool_output turn=1 id='c' text='rolling'
        > tool_output turn=1 id='c' image='i.png'"""),
    (lambda turns: turns.tool_returned("c", "roll", 4, None, output="rolling"), """
        adk tool_result 1 tool='roll' tool_call_id='c' result=4 output='rolling'
        > tool_result turn=1 id='c' name='roll' result=4"""),
    (lambda turns: turns.tool_ended("c", (1.0, 2.0)), """
        bridge tool_ended 1 agent='dice' tool='roll' tool_call_id='c'"""),
    (lambda turns: turns.tool_told("c"), """"""),
    (lambda turns: turns.agent_audio("dice", PCM, 24_000), """
        adk agent_audio 1 audio_ms=100.0"""),
    (lambda turns: turns.agent_said("dice", "Four", final=False), """
        adk agent_transcript 1 author='dice' text='Four' final=False audio_ms=100.0
        > transcript turn=1 role='agent' author='dice' text='Four' final=False piece=2"""),
    (lambda turns: turns.agent_said("dice", "Four or", final=False), """
        adk agent_transcript 1 author='dice' text='Four or' final=False cumulative=True \
            audio_ms=100.0
        > transcript turn=1 role='agent' author='dice' text=' or' final=False piece=2 start=4"""),
    (lambda turns: turns.agent_said("dice", "Four or so.", final=True), """
        adk agent_transcript 1 author='dice' text='Four or so.' final=True audio_ms=100.0
        > transcript turn=1 role='agent' author='dice' text=' so.' final=True piece=2 start=7"""),
    (lambda turns: turns.grounded([SOURCE], author="dice", queries=["q"]), """
        adk agent_text 1 author='dice' text='' final=True result={'queries': ['q'], 'sources': \
            [{'title': 't', 'uri': 'https://t'}]}
        > sources turn=1 sources=[{'title': 't', 'uri': 'https://t'}]"""),
    (lambda turns: turns.completed(author="dice"), """
        adk turn_complete 1 author='dice' turn_complete=True
        bridge turn_ended 1 status='complete'
        > turn turn=1 state='complete'"""),
    (lambda turns: turns.agent_said("dice", " Well.", final=False), """
        adk agent_transcript 1 author='dice' text=' Well.' final=False audio_ms=100.0 by='late'
        > transcript turn=1 role='agent' author='dice' text='Well.' final=False piece=3"""),
    (lambda turns: turns.user_typed("again"), """
        client user_text 2 author='user' text='again' final=True
        > turn turn=2 state='started'
        > transcript turn=2 role='user' author='user' text='again' final=True"""),
    (lambda turns: turns.cut_in(), """
        client interrupted 2 interrupted=True
        bridge turn_ended 2 status='unanswered'
        > turn turn=2 state='unanswered'"""),
    (lambda turns: turns.user_said("What", final=False), """
        adk user_transcript 3 author='user' text='What' final=False
        > turn turn=3 state='started'
        > transcript turn=3 role='user' author='user' text='What' final=False"""),
    (lambda turns: turns.user_said("What is", final=False), """
        adk user_transcript 3 author='user' text='What is' final=False cumulative=True
        > transcript turn=3 role='user' author='user' text=' is' final=False start=4"""),
    (lambda turns: turns.user_said("What is?", final=True), """
        adk user_transcript 3 author='user' text='What is?' final=True
        > transcript turn=3 role='user' author='user' text='?' final=True start=7"""),
    (lambda turns: turns.forget_speech(), """
        bridge user_transcript 3 author='user' text='' cumulative=True
        > transcript turn=3 role='user' author='user' text='' final=False"""),
    (lambda turns: turns.user_said("What is it?", final=True), """
        adk user_transcript 3 author='user' text='What is it?' final=True
        > transcript turn=3 role='user' author='user' text='What is it?' final=True"""),
    (lambda turns: turns.agent_said("coin", "It", final=False, kind="agent_text"), """
        adk agent_text 3 author='coin' text='It' final=False audio_ms=0.0 by='question'
        > transcript turn=3 role='agent' author='coin' text='It' final=False piece=1"""),
    (lambda turns: turns.stopped(author="coin"), """
        adk interrupted 3 author='coin' interrupted=True
        bridge turn_ended 3 status='interrupted'
        > transcript turn=3 role='agent' author='coin' text='' final=True piece=1 start=2
        > turn turn=3 state='interrupted'"""),
    (lambda turns: turns.heard_by_model(turns.all[-1], "coin", "It"), """
        adk agent_transcript 3 author='coin' text='It' final=True"""),
    (lambda turns: turns.user_typed("Go on.", prompt=True), """
        client prompt 4 text='Go on.'
        > turn turn=4 state='started'"""),
    (lambda turns: turns.withheld("dice", "No.", turns.current), """
        adk withheld 4 author='dice' text='No.' final=True audio_ms=0.0
        bridge turn_ended 4 status='complete' end_reason='withheld'
        > transcript turn=4 role='agent' author='dice' text='No.' final=True withheld=True
        > turn turn=4 state='complete'"""),
    (lambda turns: turns.agent_said("dice", "Hi.", final=True), """
        adk agent_transcript 5 author='dice' text='Hi.' final=True audio_ms=0.0 by='itself'
        > turn turn=5 state='started'
        > transcript turn=5 role='agent' author='dice' text='Hi.' final=True"""),
    (lambda turns: turns.failed("bad"), """
        bridge turn_ended 5 status='failed' end_reason='bad'
        > turn turn=5 state='failed'"""),
    (lambda turns: turns.user_typed("x"), """
        client user_text 6 author='user' text='x' final=True
        > turn turn=6 state='started'
        > transcript turn=6 role='user' author='user' text='x' final=True"""),
    (lambda turns: turns.user_typed("y", wait=True), """
        client user_text 7 author='user' text='y' final=True
        > transcript turn=7 role='user' author='user' text='y' final=True"""),
    (lambda turns: turns.abandoned("session_closed"), """
        bridge turn_ended 6 status='abandoned' end_reason='session_closed'
        bridge turn_ended 7 status='abandoned' end_reason='session_closed'
        > turn turn=6 state='abandoned'
        > turn turn=7 state='abandoned'"""),
]  # fmt: skip


def _line(what, values):
    """What a row or a message says, but for when, and where nothing is said."""
    found = {
        one.name: getattr(values, one.name)
        for one in dataclasses.fields(values)
        if one.name not in WHEN and getattr(values, one.name) != one.default
    }
    if found.get("agent") == found.get("author"):
        found.pop("agent", None)
    for name in ("source", "kind", "turn") if what == "" else ():
        what = f"{what} {found.pop(name)}".strip()
    return " ".join([what, *(f"{name}={value!r}" for name, value in found.items())])


def test_every_step_of_a_long_conversation(turns, log, sent):
    for do, expected in STEPS:
        rows, messages = len(log), len(sent)
        do(turns)
        made = [_line("", row) for row in list(log)[rows:]]
        told = [_line(f"> {m.type}", m) for m in sent[messages:] if not isinstance(m, BESIDE)]
        # A long line goes on after a backslash.
        wanted = [" ".join(line.split()) for line in expected.strip().splitlines()]
        assert [" ".join(line.split()) for line in made + told] == wanted


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


# --- tools


def test_what_comes_before_the_event_of_a_call_waits_for_it(turns, sent):
    turn = turns.user_typed("roll")
    turns.tool_asks("c", "Roll?")
    turns.tool_deferred("c")
    assert not any(isinstance(m, protocol.Question) for m in sent)
    turns.tool_called("dice", "c", "roll", {})
    assert [m.hint for m in sent if isinstance(m, protocol.Question)] == ["Roll?"]
    assert turn.status == "complete"  # It waits for nothing.
    now = []
    turns.when_called("c", lambda: now.append(True))
    assert now == [True]


def test_a_call_within_a_tool_is_of_the_turn_of_that(turns, log):
    assert turns.tool_called_within("coin", "d", "flip", {}) is None
    turns.user_typed("roll")
    turns.tool_called("dice", "c", "roll", {})
    assert turns.tool_called_within("coin", "d", "flip", {"n": 1}).index == 1
    row = log[-1]
    assert (row.kind, row.author, row.tool, row.args) == ("tool_call", "coin", "flip", {"n": 1})


def test_the_time_that_a_tool_ran_is_without_its_waiting(turns, log, sent, monkeypatch):
    turns.user_typed("roll")
    turns.tool_called("dice", "c", "roll", {})
    now = 10.0
    monkeypatch.setattr(log, "now", lambda: now)
    monkeypatch.setattr(log, "to_t", lambda ms: ms / 1000)
    turns.tool_asks("c", "Roll?")
    now = 13.0
    turns.tool_asks("c", "Once more?")  # It has waited since the first.
    now = 14.0
    turns.tool_answered("c", approved=True)
    assert [(row.t, row.ms) for row in log if row.kind == "approval"] == [(10.0, 4000.0)]
    turns.tool_returned("c", "roll", 4, None, ran=(9.0, 15.5))
    assert (log[-1].t, log[-1].ms) == (15.5, 2500.0)
    assert [m.ms for m in sent if isinstance(m, protocol.ToolReturned)] == [2500.0]


def test_a_tool_that_ends_while_it_asks_withdraws_its_question(turns, sent):
    turns.user_typed("roll")
    turns.tool_called("dice", "c", "roll", {})
    turns.tool_asks("c", "Roll?")
    turns.tool_returned("c", "roll", None, "no")
    assert [m.approved for m in sent if isinstance(m, protocol.Answer)] == [None]
    turns.tool_returned("c", "roll", None, "no")
    assert len([m for m in sent if isinstance(m, protocol.Answer)]) == 1


def test_a_streaming_tools_time_is_known_at_its_end(turns, log, sent, monkeypatch):
    monkeypatch.setattr(log, "to_t", lambda ms: ms / 1000)
    turns.tool_ended("c", (1.0, 2.5))
    assert len(log) == 0
    turns.user_typed("count")
    turns.tool_called("dice", "c", "count", {})
    turns.tool_returned("c", "count", 1, None, final=False)
    turns.tool_ended("c", (1.0, 2.5))
    assert (log[-1].kind, log[-1].t, log[-1].ms) == ("tool_ended", 2.5, 1500.0)
    last = [m for m in sent if isinstance(m, protocol.ToolReturned)][-1]
    assert (last.turn, last.id, last.ms, last.result) == (1, "c", 1500.0, 1)


def test_of_what_a_tool_prints_the_pages_get_the_beginning(turns, sent):
    turns.tool_printed("c", "of nobody", [])
    turns.user_typed("roll")
    turns.tool_called("dice", "c", "roll", {})
    for _ in range(3):
        turns.tool_printed("c", "x " * 4000, [])
    turns.output_ends("c", cut=False)
    turns.output_ends("c", cut=False)
    turns.output_ends("of nobody", cut=False)
    texts = [m.text for m in sent if isinstance(m, protocol.ToolOutput)]
    assert sum(map(len, texts)) == protocol.MAX_OUTPUT
    assert len(turns.all[0].tool_calls[0].output) == 24_000


@pytest.mark.parametrize(("cut", "rest"), [(False, "sk-0"), (True, "")])
def test_what_may_be_the_beginning_of_a_key_is_shown_if_it_is_the_end(turns, cut, rest):
    turns.user_typed("roll")
    turns.tool_called("dice", "c", "roll", {})
    turns.tool_printed("c", "log sk-0", [])
    turns.output_ends("c", cut=cut)
    assert turns.all[0].tool_calls[0].output == "log " + rest


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
    turns.agent_said("dice", "Four", final=False)
    assert turns.stopped() is None
    assert (log[-1].source, log[-1].kind, log[-1].turn) == ("bridge", "answer_disowned", 2)
    turns.tool_called("dice", "c", "roll", {})
    turns.agent_said("dice", "Heads.", final=True)
    assert turns.current.index == 2


def test_the_service_cancels_what_it_does_not_want(turns, log):
    turn = turns.user_typed("roll")
    turns.tool_called("dice", "c", "roll", {})
    assert turns.tools_cancelled(["c"]) is turn
    assert [(row.source, row.kind, row.turn) for row in list(log)[-2:]] == [
        ("adk", "interrupted", 1), ("bridge", "turn_ended", 1),
    ]  # fmt: skip
    rows = len(log)
    assert turns.tools_cancelled(["c"]) is None
    assert len(log) == rows


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
    turns.user_typed("roll")
    turns.agent_said("dice", "Four.", final=True)
    assert turns.closed().index == 2
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


# --- what is known of a call


def test_a_call_that_is_wanted_is_returned_with_its_turn(turns):
    turn = turns.user_typed("roll")
    assert turns.tool_called("dice", "c", "roll", {}) is turn
    assert turns.call("c") == (turn, turn.tool_calls[0])
    assert turns.call("d") == (None, None)
    assert turns.tool_returned("d", "roll", 4, None) == (None, None)
    assert turns.tool_returned("c", "roll", 4, None) == (turn, turn.tool_calls[0])


@pytest.mark.parametrize(
    ("printed", "output", "kept"), [("one", "one two", "one"), ("", "one two", "one two")]
)
def test_of_what_a_call_printed_that_counts_which_was_shown(turns, log, printed, output, kept):
    turn = turns.user_typed("roll")
    turns.tool_called("dice", "c", "roll", {})
    if printed:
        turns.tool_printed("c", printed, [])
    turns.tool_returned("c", "roll", 4, None, output=output)
    assert (turn.tool_calls[0].output, log[-1].output) == (kept, output)


@pytest.mark.parametrize("sign_in", [None, "", "https://in"])
def test_a_question_is_open_until_it_is_answered(turns, log, sign_in):
    turn = turns.user_typed("roll")
    turns.tool_called("dice", "c", "roll", {})
    turns.tool_asks("c", "Sure?", sign_in)
    (call,) = turn.tool_calls
    assert (call.question, call.sign_in) == ("Sure?", sign_in)
    turns.tool_answered("c", approved=True)
    assert (call.question, call.sign_in) == (None, None)
    assert [row.text for row in log if row.kind == "sign_in"] == (
        [] if sign_in is None else ["Sure?", "The user answered."]
    )
    turns.tool_answered("of nobody", approved=True)


def test_after_an_end_words_would_be_of_the_newest_turn(turns):
    turn = turns.user_typed("hi")
    turns.agent_said("dice", "Hello.", final=True)
    turns.completed()
    assert turns.answering is turn
