"""What rows with words do to their turn."""

from __future__ import annotations

from adk_nb.log.event_log import EventLog
from adk_nb.log.turn_fold import TurnFold
from adk_nb.log.turns_from_log import logged_turns

SOURCE = {"title": "Dice", "uri": "https://dice"}


def test_what_a_model_says_was_heard_counts_unless_the_player_knows(told):
    told("user_text", text="count")("agent_audio", audio_ms=1000.0)
    told("agent_transcript", text="One two three.", final=True, audio_ms=1000.0)
    told("interrupted", 1, "client")
    told("agent_transcript", text=" One ", final=True)
    assert (told.turn.heard_text, told.turn.agent_text) == ("One", "One two three.")
    told("playback_flushed", 1, "client", audio_ms=700.0)
    told("agent_transcript", text="One", final=True)
    assert told.turn.heard_text == "One two"


def test_an_empty_end_of_a_transcript_says_nothing_of_what_was_heard(told):
    told("agent_transcript", text="One two.", final=False)("agent_transcript", final=True)
    assert (told.turn.heard_text, told.turn.agent_text) == ("One two.", "One two.")


def test_a_final_piece_that_is_shorter_is_what_was_heard(told):
    told("agent_transcript", text="One two three.", final=False)
    told("agent_transcript", text="One ", final=True)
    assert (told.turn.heard_text, told.turn.agent_text) == ("One", "One two three.")


def test_text_after_an_interruption_was_not_heard(told):
    told("user_text", text="go")("agent_text", text="One.", final=True)
    told("interrupted", 1, "client")("agent_text", text="Two.", final=True)
    assert (told.turn.heard_text, told.turn.agent_text) == ("One.", "One. Two.")


def test_sources_are_what_a_row_rightly_calls_so(told):
    told("user_text", text="q")
    told("agent_text", text="", result={"sources": [SOURCE, {"title": "no uri"}, "dice"]})
    told("agent_text", text="", result={"sources": "all of them"})
    told("agent_text", text="Yes.", final=True, result={"queries": []})
    assert told.turn.sources == [SOURCE]
    assert told.turn.agent_text == "Yes."


def test_what_a_guard_says_stands_in_the_place_of_all_that_was_said():
    log = EventLog("s")
    log.add("client", "user_text", turn=1, author="user", text="tell", final=True)
    log.add_audio("adk", "agent_audio", 1, b"\x01\x00" * 480, 24_000)
    agent = {"turn": 1, "author": "a", "agent": "a"}
    log.add("adk", "agent_transcript", text="It is ", final=False, audio_ms=20.0, **agent)
    log.add("adk", "withheld", text="I may not.", final=True, audio_ms=20.0, **agent)
    log.add("client", "playback_flushed", turn=1, audio_ms=12.0)
    (turn,) = logged_turns(log)
    assert (turn.agent_text, turn.heard_text) == ("I may not.", "I may not.")
    assert [(piece.author, piece.text) for piece in turn.pieces if piece.text] == [
        ("user", "tell"), ("a", "I may not."),
    ]  # fmt: skip
    assert (turn.withheld, turn.heard_ms, turn.audio_ms) == (True, 12.0, 20.0)


def test_a_question_that_is_heard_anew_forgets_what_was_heard_of_it(folded):
    folded("user_transcript", text="Watt", final=False, cumulative=True)
    folded("user_transcript", cumulative=True)
    assert (folded.turn.user_text, folded.pieces) == ("", [(0, "user", "", False)])
    assert folded.turn.spoken
    folded("user_transcript", text="What?", final=True)
    assert (folded.turn.user_text, folded.pieces) == ("What?", [(0, "user", "What?", True)])


def test_what_a_notebook_asks_is_no_word_of_the_users(folded):
    folded("prompt", source="client", text="Greet them.")
    turn = folded.turn
    assert (turn.prompt, turn.user_text, turn.typed_t, turn.begun) == ("Greet them.", "", 0.0, True)
    folded("agent_text", text="Hi!", final=True)
    assert (turn.question, turn.first_text_ms, turn.begun) == ("Greet them.", 1000.0, True)


def test_an_answer_that_was_anothers_leaves_its_turn(folded):
    folded("user_text", text="q")("agent_text", text="Let me see.", agent="a")
    folded("tool_call", tool="t", tool_call_id="c")("agent_audio", audio_ms=500.0)
    folded("agent_transcript", text="Noon.", agent="a", audio_ms=500.0)("playback_started")
    folded("answer_disowned")
    assert folded.pieces == [(1, "agent", "", True), (3, "agent", "", True)]
    turn = folded.turn
    assert (turn.agent_text, turn.heard_text, turn.audio_ms, turn.marks) == ("", "", 0.0, [])
    moments = (turn.agent_t, turn.audio_t, turn.answer_t, turn.filler_t, turn.heard_t)
    assert moments == (None,) * 5
    assert (turn.user_text, turn.tools) == ("q", "t")
    folded("agent_text", text="Mine.", agent="a", final=True)
    assert (turn.agent_text, turn.agent_t, folded.pieces) == (
        "Mine.", 7.0, [(3, "agent", "Mine.", True)],
    )  # fmt: skip


def test_a_guards_words_stand_in_the_place_of_an_answer_and_of_its_sources(folded):
    folded("user_text", text="q")("agent_text", text="It is ", agent="a")
    folded("agent_text", result={"sources": [SOURCE]})
    folded("withheld", agent="b", text=" I may not. ")
    turn = folded.turn
    assert folded.pieces == [(2, "agent", " I may not. ", True)]
    assert [piece.text for piece in turn.pieces] == ["q", "", " I may not. "]
    assert (turn.agent, turn.agent_text, turn.heard_text) == ("b", "I may not.", "I may not.")
    assert (turn.agent_t, turn.marks, turn.sources, turn.withheld) == (1.0, [], [], True)


def test_a_guards_words_may_be_the_first_of_a_turn(folded):
    folded("user_text", text="q")("agent_audio", audio_ms=10.0, agent="a")("withheld", text="No.")
    turn = folded.turn
    assert (turn.agent, turn.agent_t, turn.pieces[1].author) == ("a", 2.0, "a")
    folded("agent_text", text="Else?", final=True)
    assert [piece.text for piece in turn.pieces] == ["q", "No.", "Else?"]


def test_secrets_are_masked_in_whatever_of_a_turn_came_in_pieces(folded):
    folded.fold = TurnFold("s", redact=lambda text: text.replace("hunter2", "***"))
    # A row that has all of a text was masked itself when it was logged.
    folded("agent_transcript", text="hun", agent="a")
    folded("agent_transcript", text="ter2 it is", agent="a")
    assert (folded.turn.agent_text, folded.turn.heard_text) == ("*** it is", "*** it is")
    folded("agent_transcript", text="hunter2 ", agent="a", final=True)
    assert folded.turn.heard_text == "***"
    folded("interrupted", source="client")
    folded("agent_transcript", text=" hunter2", final=True)
    assert folded.turn.heard_text == "***"
    folded("withheld", text="not hunter2")
    assert folded.turn.agent_text == "not ***"


def test_rows_without_words_add_none(folded):
    for kind in ("user_text", "prompt", "user_transcript", "agent_text", "agent_transcript"):
        folded(kind, final=True)
    turn = folded.turn
    assert (turn.user_text, turn.prompt, turn.agent_text, turn.heard_text) == ("", "", "", "")
    assert "".join(piece.text for piece in turn.pieces) == ""
    folded("withheld")
    assert (turn.agent_text, turn.withheld) == ("", True)


def test_each_piece_has_its_speaker(folded):
    folded("user_transcript", text="One", final=True)("user_text", 2, text="two")
    folded("agent_text", text="Three", agent="a", final=True)
    assert [piece.author for piece in folded.turn.pieces] == ["user", "a"]
    assert [piece.author for piece in folded.fold.turn(2).pieces] == ["user"]
