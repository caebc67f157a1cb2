import pytest

from adk_nb.audio import Clip
from adk_nb.log.event_log import EventLog
from adk_nb.log.turns_from_log import logged_calls, logged_turns, utterances

SOURCE = {"title": "Dice", "uri": "https://dice"}


class Told:
    """A log whose rows are a second apart."""

    def __init__(self):
        self.log = EventLog("s")

    def __call__(self, kind, turn=1, source="adk", **values):
        self.log.add(source, kind, t=float(len(self.log)), turn=turn, **values)
        return self

    def turns(self):
        return logged_turns(self.log)

    @property
    def turn(self):
        (turn,) = self.turns()
        return turn


@pytest.fixture
def told():
    return Told()


def test_three_turns_with_two_agents_and_all_that_is_known_of_them(told):
    told("connected", 0, "bridge", agent="dice", model="m1")
    told("user_text", 1, "client", author="user", text="roll", final=True)
    told("tool_call", 1, agent="dice", invocation_id="i1", tool="roll", tool_call_id="a", args={})
    told("tool_result", 1, tool="roll", tool_call_id="a", result=4, output="rolled")
    told("agent_audio", 1, agent="dice", audio_ms=1000.0)
    told("agent_transcript", 1, agent="dice", text="A four.", final=True, audio_ms=1000.0)
    told("playback_started", 1, "client", audio_ms=0.0, error_ms=0.5)
    told("usage", 1, prompt_tokens=10, response_tokens=3, total_tokens=13)
    told("playback_drained", 1, "client", audio_ms=1000.0)
    told("turn_complete", 1)
    told("user_audio", 2, "client", audio_ms=900.0, speech_t=9.5)
    told("user_transcript", 2, invocation_id="i1", text="Who are ", final=False)
    told("user_transcript", 2, invocation_id="i1", text="Who are you?", final=True)
    told("agent_audio", 2, agent="dice", audio_ms=2000.0)
    told("agent_transcript", 2, agent="dice", text="I am the dice.", final=True, audio_ms=2000.0)
    told("playback_started", 2, "client", audio_ms=0.0)
    told("interrupted", 2, "client", interrupted=True)
    told("playback_flushed", 2, "client", audio_ms=1000.0)
    told("agent_swapped", 3, "bridge", agent="coin", model="m2")
    told("user_text", 3, "client", author="user", text="flip", final=True)
    told("tool_call", 3, agent="coin", invocation_id="i2", tool="flip", tool_call_id="b", args={})
    told("tool_result", 3, tool="flip", tool_call_id="b", error="It rolled away.")
    told("agent_text", 3, agent="coin", invocation_id="i2", text="Sorry.", final=True)
    told("usage", 3, prompt_tokens=20, response_tokens=2, total_tokens=22)
    told("usage", 3, prompt_tokens=None, response_tokens=4, total_tokens=4)
    names = (
        "index", "agent", "model", "invocation_id", "user_text", "agent_text", "heard_text",
        "interrupted", "spoken", "tools", "t", "error",
    )  # fmt: skip
    assert [tuple(getattr(turn, name) for name in names) for turn in told.turns()] == [
        (1, "dice", "m1", "i1", "roll", "A four.", "A four.", False, False, "roll", 1.0, None),
        (2, "dice", "m1", "i1", "Who are you?", "I am the dice.", "I am", True, True, "", 11.0,
         None),
        (3, "coin", "m2", "i2", "flip", "Sorry.", "Sorry.", False, False, "flip", 19.0, None),
    ]  # fmt: skip
    measured = (
        "speech_end_t", "transcript_ms", "first_audio_ms", "first_heard_ms", "clock_error_ms",
        "tool_ms", "user_audio_ms", "audio_ms", "heard_ms", "flushed",
        "prompt_tokens", "response_tokens", "total_tokens",
    )  # fmt: skip
    assert [tuple(getattr(turn, name) for name in measured) for turn in told.turns()] == [
        (1.0, None, 3000.0, 5000.0, 0.5, 1000.0, 0.0, 1000.0, 1000.0, False, 10, 3, 13),
        (9.5, 2500.0, 3500.0, 5500.0, None, 0.0, 900.0, 2000.0, 1000.0, True, None, None, None),
        (19.0, None, None, None, None, 1000.0, 0.0, 0.0, None, False, 20, 6, 26),
    ]  # fmt: skip
    calls = [
        (c.id, c.name, c.author, c.turn.index, c.t, c.ms, c.result, c.error, c.output)
        for c in logged_calls(told.log)
    ]
    assert calls == [
        ("a", "roll", "dice", 1, 2.0, 1000.0, 4, None, "rolled"),
        ("b", "flip", "coin", 3, 20.0, 1000.0, None, "It rolled away.", ""),
    ]
    assert [c.invocation_id for c in logged_calls(told.log)] == ["i1", "i2"]
    assert {c.session_id for c in logged_calls(told.log)} == {"s"}
    said = [
        (u.turn.index, u.role, u.author, u.text, u.heard_text, u.interrupted, u.t)
        for u in utterances(told.log)
    ]
    assert said == [
        (1, "user", "user", "roll", None, False, 1.0),
        (1, "agent", "dice", "A four.", None, False, 4.0),  # No row says that it has ended.
        # What was said comes before its transcript.
        (2, "user", "user", "Who are you?", None, False, 9.5),
        (2, "agent", "dice", "I am the dice.", "I am", True, 13.0),
        (3, "user", "user", "flip", None, False, 19.0),
        (3, "agent", "coin", "Sorry.", None, False, 22.0),  # It goes on.
    ]


@pytest.mark.parametrize(
    "kind", ["user_audio", "interrupted", "playback_started", "usage", "error"]
)
def test_what_does_not_begin_a_turn_makes_none(told, kind):
    assert told(kind, error="e" if kind == "error" else None).turns() == []


@pytest.mark.parametrize("kind", ["user_text", "usage", "tool_result"])
def test_rows_of_no_turn_are_no_turns(told, kind):
    assert told(kind, 0, text="hi").turns() == []


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


def test_the_sound_of_a_turn_is_the_agents(told):
    told("user_text", text="hi")
    told.log.add_audio("adk", "agent_audio", 1, b"\1\0" * 24, 24_000)
    told.log.add_audio("client", "user_audio", 1, b"\2\0" * 16, 16_000)
    assert told.turn.audio == Clip(b"\1\0" * 24, 24_000)


def test_who_said_nothing_has_no_utterance(told):
    told("user_text", 1, text="")("tool_call", 2, tool="t")
    assert utterances(told.log) == []


def test_words_come_after_their_sound_and_an_utterance_with_it(told):
    told("agent_audio", audio_ms=10.0)("agent_transcript", text="Hi.", final=True)
    told("agent_text", 2, agent="b", text="Ho.", final=True)
    assert [(u.t, u.author) for u in utterances(told.log)] == [(0.0, ""), (2.0, "b")]


def test_secrets_in_pieces_are_masked_by_the_logs_redactor(told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told.log.keep_secret("hunter2hunter2")
    for kind in ("user_transcript", "agent_transcript"):
        told(kind, text="hunter2h", final=False)(kind, text="unter2", final=False)
        told.log.settle()
    assert (told.turn.user_text, told.turn.agent_text) == ("[secret]", "[secret]")


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
