import pytest
from logs import Told

from adk_nb.audio import Clip
from adk_nb.log.event_log import EventLog
from adk_nb.log.turn_fold import TurnFold
from adk_nb.log.turns_from_log import logged_turns

SOURCE = {"title": "Dice", "uri": "https://dice"}


@pytest.fixture
def told():
    return Told()


@pytest.mark.parametrize(
    "kind", ["user_audio", "interrupted", "playback_started", "usage", "error"]
)
def test_what_does_not_begin_a_turn_makes_none(told, kind):
    assert told(kind, error="e" if kind == "error" else None).turns() == []


def test_an_error_before_a_turn_began_is_the_sessions_and_all_in_it_are_the_turns(told):
    told("error", error="before")("user_text", text="hi")
    told("error", error="first")("error", error="second")("error", error="first")
    assert told.turn.error == "first second"


def test_the_end_of_speech_is_the_best_that_is_known(told):
    told("user_transcript", text="One", final=False)
    assert told.turn.speech_end_t == 0.0
    told("user_transcript", text="One two.", final=True)
    told("user_transcript", text="three", final=False)
    assert (told.turn.speech_end_t, told.turn.transcript_ms) == (1.0, 0.0)
    told("user_audio", speech_t=0.5)("user_audio")
    assert (told.turn.speech_end_t, told.turn.transcript_ms) == (0.5, 500.0)


def test_the_end_of_a_voice_is_the_pages_or_the_services(folded):
    folded("user_transcript", text="Hi", final=True)
    folded("voice_activity", source="client", text="ACTIVITY_START")("voice_activity")
    turn = folded.turn
    assert (turn.released_t, turn.service_t, turn.speech_end_by) == (None, None, "transcript")
    folded("voice_activity", text="VOICE_ACTIVITY_END")
    assert (turn.released_t, turn.service_t, turn.speech_end_by) == (None, 3.0, "service")
    for _ in range(2):  # The last one counts.
        folded("voice_activity", source="client", text="ACTIVITY_END")
    assert (turn.released_t, turn.service_t, turn.speech_end_by) == (5.0, 3.0, "activity")


def test_sound_is_lost_on_the_way_from_the_page_or_to_it(folded):
    folded("audio_lost", source="client", audio_ms=40.0)("audio_lost", audio_ms=60.0)
    assert (folded.turn.mic_lost_ms, folded.turn.dropped_ms) == (40.0, 60.0)
    folded("audio_lost", audio_ms=80.0)  # The row was written anew: it has the sum.
    assert (folded.turn.mic_lost_ms, folded.turn.dropped_ms) == (40.0, 80.0)
    folded("audio_lost", source="client")("audio_lost")
    assert (folded.turn.mic_lost_ms, folded.turn.dropped_ms) == (0.0, 0.0)


def test_of_a_players_count_each_turn_has_its_own_part(folded):
    folded("playback_started", 1)
    assert folded.turn.underruns is None  # No page says.
    folded("playback_started", 1, underruns=2)("playback_drained", 1, underruns=3)
    folded("playback_started", 2, underruns=3)("playback_flushed", 2, underruns=7)
    folded("playback_started", 3, underruns=1)  # Another page, which counts from 0.
    folded("playback_drained", 3, underruns=1)("playback_drained", 3)
    assert [folded.fold.turn(n).underruns for n in (1, 2, 3)] == [3, 4, 1]


def test_moments_are_those_of_the_first_of_each(told):
    told("user_transcript", text="a", final=False)("user_transcript", text="b", final=False)
    for _ in range(2):
        told("agent_audio", audio_ms=100.0)("agent_transcript", text="x", final=False)
        told("playback_started", audio_ms=0.0)
    turn = told.turn
    assert (turn.user_t, turn.last_t) == (0.0, 1.0)
    assert (turn.audio_t, turn.agent_t, turn.heard_t) == (2.0, 3.0, 4.0)
    assert turn.audio_ms == 200.0


@pytest.mark.parametrize(
    ("rows", "interrupted"),
    [
        ([("interrupted", "client")], False),
        ([("user_transcript", "adk"), ("interrupted", "adk")], False),
        ([("user_transcript", "adk"), ("interrupted", "client")], True),
        ([("user_text", "client"), ("interrupted", "adk")], True),
        ([("agent_audio", "adk"), ("interrupted", "adk")], True),
    ],
    ids=["nothing began", "while the user speaks", "by the user", "typed", "an answer"],
)
def test_an_interruption_is_one_where_there_was_something_to_interrupt(told, rows, interrupted):
    for kind, source in rows:
        told(kind, 1, source, text="hi", audio_ms=10.0)
    assert [turn.interrupted for turn in told.turns()] in ([interrupted], [])


def test_one_interruption_marks_its_own_turn_alone(told):
    for turn in (1, 2, 3):
        told("user_text", turn, "client", text="q")("agent_text", turn, text="a", final=True)
    told("interrupted", 3, "client")
    assert [turn.interrupted for turn in told.turns()] == [False, False, True]


def test_what_a_model_says_was_heard_counts_unless_the_player_knows(told):
    told("user_text", text="count")("agent_audio", audio_ms=1000.0)
    told("agent_transcript", text="One two three.", final=True, audio_ms=1000.0)
    told("interrupted", 1, "client")
    told("agent_transcript", text=" One ", final=True)
    assert (told.turn.heard_text, told.turn.agent_text) == ("One", "One two three.")
    told("playback_flushed", 1, "client", audio_ms=700.0)
    told("agent_transcript", text="One", final=True)
    assert told.turn.heard_text == "One two"


def test_a_player_that_flushes_a_turn_that_nobody_cut_off_changes_no_words(told):
    told("agent_audio", audio_ms=1000.0)
    told("agent_transcript", text="One two three.", final=True, audio_ms=1000.0)
    told("playback_flushed", 1, "client", audio_ms=500.0)
    assert (told.turn.heard_text, told.turn.heard_ms) == ("One two three.", 500.0)


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


def test_how_much_was_heard_is_the_most_that_was_reported(told):
    told("user_text", text="go")("agent_text", text="One.", final=True)
    told("playback_drained", audio_ms=500.0)("playback_drained", audio_ms=200.0)
    told("playback_drained")
    assert (told.turn.heard_ms, told.turn.flushed, told.turn.heard_text) == (500.0, False, "One.")


def test_agents_that_answer_one_another(told):
    told("connected", 0, "bridge", agent="a", model="m")
    told("user_text", text="hi")
    assert (told.turn.agent, told.turn.model) == ("a", "m")
    for kind, agent in (("agent_text", "b"), ("agent_audio", "c"), ("tool_call", "d")):
        told(kind, agent=agent, text="x", audio_ms=1.0)
        assert told.turn.agent == agent
        told(kind, text="y")  # One that does not say changes nothing.
        assert told.turn.agent == agent


def test_turns_before_the_model_is_known_get_it_and_their_own_agent_stays(told):
    told("user_text", 1, text="one")("user_text", 2, text="two")("agent_text", 2, agent="b")
    told("connected", 0, "bridge", agent="a", model="m")("user_text", 3, text="three")
    told("agent_swapped", 0, "bridge", agent="c", model="n")
    assert [(turn.agent, turn.model) for turn in told.turns()] == [
        ("a", "m"), ("b", "m"), ("a", "m"),
    ]  # fmt: skip


def test_sources_are_what_a_row_rightly_calls_so(told):
    told("user_text", text="q")
    told("agent_text", text="", result={"sources": [SOURCE, {"title": "no uri"}, "dice"]})
    told("agent_text", text="", result={"sources": "all of them"})
    told("agent_text", text="Yes.", final=True, result={"queries": []})
    assert told.turn.sources == [SOURCE]
    assert told.turn.agent_text == "Yes."


def test_a_tool_may_have_several_results_and_those_of_no_call_are_nobodys(told):
    told("tool_result", tool_call_id="a", result=0)
    told("tool_call", tool="count", tool_call_id="a", agent="x")
    told("tool_result", tool_call_id="a", result=1, output="one")
    told("tool_result", tool_call_id="a", result=2)
    told("tool_call")  # It has no name, no arguments and no id.
    (first, second) = told.turn.tool_calls
    assert (first.result, first.ms, first.output) == (2, 1000.0, "one")
    assert (second.id, second.name, second.args, second.ms) == ("", "", None, None)
    assert told.turn.tools == "count, "
    assert (told.turn.tool_ms, told.turn.tool_sum_ms) == (None, None)  # The second still runs.


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


# --- what each row changes, as a running session learns it ---


class Folded:
    """Rows that a fold takes one by one, a second apart; `changed` is what the last one did."""

    def __init__(self):
        self.log, self.fold = EventLog("s"), TurnFold("s")

    def __call__(self, kind, turn=1, source="adk", **values):
        self.changed = self.fold.add(
            self.log.add(source, kind, t=float(len(self.log)), turn=turn, **values)
        )
        return self

    @property
    def turn(self):
        return self.fold.turn(1)

    @property
    def pieces(self):
        """The pieces that the last row changed."""
        return [(piece.number, piece.role, piece.text, piece.final) for piece in self.changed]


@pytest.fixture
def folded():
    return Folded()


def test_each_row_returns_the_pieces_that_it_changed(folded):
    def changes(kind, **values):
        return folded(kind, **values).pieces

    said = {"agent": "a", "author": "a"}
    assert changes("user_transcript", text="What ", final=False) == [(0, "user", "What ", False)]
    assert changes("user_transcript", text="What?", final=True) == [(0, "user", "What?", True)]
    assert changes("agent_audio", audio_ms=20.0) == []
    assert changes("agent_transcript", text="Let ", **said) == [(1, "agent", "Let ", False)]
    assert changes("disconnected", source="bridge") == [(1, "agent", "Let ", True)]
    assert changes("agent_transcript", text="Me ", **said) == [(2, "agent", "Me ", False)]
    assert changes("turn_complete") == [(2, "agent", "Me ", True)]
    assert changes("tool_call", tool="t", tool_call_id="c") == []
    assert changes("tool_result", tool_call_id="c", result=1) == []
    assert changes("agent_text", text="see.", **said) == [(4, "agent", "see.", False)]
    assert changes("turn_ended", status="complete") == [(4, "agent", "see.", True)]
    assert changes("usage", total_tokens=3) == []
    assert changes("agent_text", turn=0, text="no turn's") == []
    assert [piece.number for piece in folded.turn.pieces] == [0, 1, 2, 3, 4]


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


def test_a_tool_that_went_on_is_answered_after_an_interruption(folded):
    folded("user_text", text="q")("tool_call", tool="t", tool_call_id="c")
    folded("agent_text", text="One moment.", final=True)("interrupted", source="client")
    folded("playback_flushed", source="client", audio_ms=0.0)
    assert folded.turn.heard_text == "One moment."  # Text without sound is read.
    folded("agent_text", text="Noon", agent="a", by="result")
    folded("agent_text", text=" it is.", agent="a")
    turn = folded.turn
    assert (turn.agent_text, turn.heard_text) == (
        "One moment. Noon it is.", "One moment. Noon it is.",
    )  # fmt: skip
    folded("playback_flushed", source="client", audio_ms=10.0)
    assert turn.heard_text == "One moment. Noon it is."
    assert [piece.text for piece in turn.pieces if piece.role == "agent"] == [
        "One moment.", "Noon it is.",
    ]  # fmt: skip


def test_what_was_said_while_a_tool_ran_is_no_answer(folded):
    folded("user_text", text="q")("agent_audio", audio_ms=1.0)
    assert (folded.turn.filler_t, folded.turn.answer_t) == (None, 1.0)
    folded("tool_call", tool="t", tool_call_id="c")
    assert (folded.turn.filler_t, folded.turn.answer_t) == (1.0, None)
    folded("agent_audio", audio_ms=1.0)("agent_audio", audio_ms=1.0)
    folded("tool_result", tool_call_id="c")("agent_audio", audio_ms=1.0)
    folded("agent_audio", audio_ms=1.0)
    assert (folded.turn.filler_t, folded.turn.answer_t) == (1.0, 6.0)
    assert (folded.turn.filler_ms, folded.turn.answer_ms) == (1000.0, 6000.0)


def test_the_first_filler_is_the_one_that_counts(folded):
    folded("user_text", text="q")("tool_call", tool="t", tool_call_id="c")
    folded("agent_audio", audio_ms=1.0)("agent_audio", audio_ms=1.0)
    assert (folded.turn.filler_t, folded.turn.answer_t) == (2.0, None)
    folded("tool_result", tool_call_id="c")("agent_audio", audio_ms=1.0)
    folded("tool_call", tool="t", tool_call_id="d")
    assert (folded.turn.filler_t, folded.turn.answer_t) == (2.0, None)


def test_how_long_a_tool_ran_is_what_its_row_says_else_the_time_between(folded):
    for call in ("a", "b"):
        folded("tool_call", tool="t", tool_call_id=call, args={"n": 1}, agent="x")
    folded("tool_result", tool_call_id="a", ms=500.0, error="It broke.")
    folded("tool_result", tool_call_id="b", output="o")
    folded("tool_result", tool_call_id="b", ms=9.0)
    told = [(c.ms, c.began_t, c.error, c.output, c.time > 0) for c in folded.fold.calls]
    assert told == [(500.0, 1.5, "It broke.", "", True), (2000.0, 1.0, None, "o", True)]
    assert folded.fold.call("b") is folded.fold.calls[1]
    assert folded.fold.call("c") is None


def test_a_tool_that_streams_runs_until_its_end_is_told(folded):
    folded("tool_call", tool="t", tool_call_id="c")
    folded("tool_result", tool_call_id="c", result=1, final=False)
    call = folded.fold.call("c")
    assert (call.streams, call.ms, call.began_t, call.result) == (True, None, None, 1)
    folded("tool_ended", tool_call_id="c", ms=500.0)
    assert (call.ms, call.began_t, call.result) == (500.0, 1.5, 1)
    folded("tool_ended", tool_call_id="c", ms=900.0)("tool_ended", tool_call_id="none")
    assert (call.ms, call.began_t, folded.pieces) == (500.0, 1.5, [])


def test_what_a_call_waited_for_its_user_is_no_part_of_how_long_it_ran(folded):
    folded("tool_call", tool="t", tool_call_id="c")
    folded("approval", tool_call_id="none", ms=700.0, text="approved")  # It is nobody's.
    folded("approval", tool_call_id="c", ms=500.0, text="approved")("approval", tool_call_id="c")
    folded("tool_result", tool_call_id="c", result=1)
    (call,) = folded.fold.calls
    assert (call.waits, call.answer) == ([(2.0, 2.5), (3.0, 3.0)], "")
    assert (call.ms, call.approval_ms, call.began_t) == (3500.0, 500.0, 0.0)


def test_what_a_tool_got_and_gave_is_copied():
    log, fold = EventLog("s"), TurnFold("s")
    fold.add(log.add("adk", "tool_call", turn=1, tool_call_id="c", args={"n": [1]}))
    fold.add(log.add("adk", "tool_result", turn=1, tool_call_id="c", result={"m": [2]}))
    call = fold.call("c")
    call.args["n"].append(3)
    call.result["m"].append(3)
    assert [row.args for row in log] == [{"n": [1]}, None]
    assert [row.result for row in log] == [None, {"m": [2]}]


def test_turns_wait_for_a_model_that_is_not_connected(folded):
    folded("user_text", 1, text="one")("turn_ended", 1, status="abandoned")
    folded("user_text", 2, text="two")
    folded("connected", 0, "adk")  # ADK's own word is not the bridge's.
    folded("connected", 0, "bridge", agent="a", model="m")("connected", 0, "bridge")
    folded("user_text", 3, text="three")("disconnected", 3, "adk")("user_text", 4, text="four")
    folded("disconnected", 0, "bridge")("user_text", 5, text="five")("user_text", 5, text="six")
    folded("connected", 0, "bridge")("disconnected", 0, "bridge")("connected", 0, "bridge")
    turns = folded.fold.begun()
    assert [turn.cold for turn in turns] == [True, True, False, False, True]
    assert [turn.connected_t for turn in turns] == [None, 4.0, None, None, 12.0]
    assert [turn.connect_ms for turn in turns] == [None, 2000.0, None, None, 2000.0]


def test_a_transfer_names_the_agent_and_its_model_of_the_turn_under_way(folded):
    folded("connected", 0, "bridge", agent="a", model="m")("user_text", 1, text="q")
    folded("agent_transfer", 1, agent="a", text="b", model="n")
    assert (folded.fold.agent, folded.fold.model) == ("b", "n")
    assert (folded.turn.agent, folded.turn.model) == ("a", "n")
    folded("user_text", 2, text="r")
    assert (folded.fold.turn(2).agent, folded.fold.turn(2).model) == ("b", "n")
    folded("agent_transfer", 9, agent="b", model="o")  # No turn of that number took place.
    assert (folded.fold.agent, folded.fold.model) == ("b", "o")
    assert [turn.index for turn in folded.fold.begun()] == [1, 2]
    folded("agent_transfer", 2, agent="b", text="c")  # It does not say the model.
    assert (folded.fold.agent, folded.fold.turn(2).model) == ("b", "n")


def test_tokens_are_summed_by_kind_over_the_responses_of_a_turn(folded):
    for tokens in ({"prompt_audio": 5, "thoughts": 1}, None, {"prompt_audio": 2, "response": 3}):
        folded("usage", prompt_tokens=7, tokens=tokens)
    assert folded.turn.tokens == {"prompt_audio": 7, "thoughts": 1, "response": 3}
    assert (folded.turn.prompt_tokens, folded.turn.response_tokens) == (21, None)


def test_an_error_that_a_turn_survived_belongs_to_the_one_that_it_did_not(folded):
    folded("user_text", text="q")("error", error="Slow.", status="warning")("error")
    assert (folded.turn.error, folded.turn.problems) == (None, ["Slow."])
    folded("error", error="Broken.")
    assert folded.turn.error == "Slow. Broken."


def test_a_long_error_is_cut(folded):
    folded("user_text", text="q")("error", error="e" * 20_000)
    assert folded.turn.error == "e" * 20_000
    folded("error", error="f")
    assert folded.turn.error == "e" * 20_000 + " …"


@pytest.mark.parametrize(
    ("status", "ended", "interrupted"),
    [
        ("complete", "complete", False),
        ("interrupted", "interrupted", True),
        ("unanswered", "unanswered", False),
        ("failed", "failed", False),
        ("nonsense", None, False),
        (None, None, False),
    ],
)
def test_how_a_turn_ended_is_what_its_row_says(folded, status, ended, interrupted):
    folded("user_text", text="q")("agent_text", text="B")("interrupted", source="adk")
    folded("turn_ended", status=status, end_reason="why", level_db=-20.0)
    turn = folded.turn
    assert (turn.status, turn.end_reason, turn.level_db) == (ended, "why", -20.0)
    assert (turn.interrupted, turn.ended) == (interrupted, ended is not None)
    assert folded.pieces == [(1, "agent", "B", True)]


def test_an_interruption_that_a_model_reports_after_the_users_last_word_counts(folded):
    folded("user_transcript", text="Wh", final=False)("interrupted")
    assert not folded.turn.interrupted
    folded("user_transcript", text="What", final=True)
    folded("user_transcript", text="else", final=False)("interrupted")
    assert not folded.turn.interrupted
    folded("user_transcript", text="What else?", final=True)("interrupted")
    assert folded.turn.interrupted


def test_the_clocks_error_is_that_of_the_first_report(folded):
    folded("playback_started", error_ms=1.5)("playback_started", error_ms=9.0)
    assert (folded.turn.heard_t, folded.turn.clock_error_ms) == (0.0, 1.5)


def test_an_invocation_is_the_newest_that_is_named(folded):
    for invocation in ("i", None, "j"):
        folded("agent_text", text="x", invocation_id=invocation)
        assert folded.turn.invocation_id == invocation or invocation is None
    assert folded.turn.invocation_id == "j"


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


def test_the_sound_and_the_session_are_those_that_the_fold_was_made_with(folded):
    folded.fold = TurnFold("mine", lambda index: Clip(bytes(2 * index), 24_000))
    folded("tool_call", 3, tool_call_id="c")
    turn = folded.fold.turn(3)
    assert (turn.session_id, turn.tool_calls[0].session_id) == ("mine", "mine")
    assert (turn.audio, turn.tool_calls[0].turn) == (Clip(bytes(6), 24_000), turn)
    assert (turn.time, turn.t) == (turn.tool_calls[0].time, turn.tool_calls[0].t)
