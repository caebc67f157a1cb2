from desk import states

from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog
from adk_nb.wire import protocol


def shown(sent, role):
    """What the page shows of a role, by turn."""
    pieces = {}
    for m in sent:
        if isinstance(m, protocol.Transcript) and m.role == role:
            key = (m.turn, m.piece)
            pieces[key] = pieces.get(key, "")[: m.start] + m.text
    turns = {turn for turn, _ in pieces}
    return {n: " ".join(text for (turn, _), text in pieces.items() if turn == n) for n in turns}


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
