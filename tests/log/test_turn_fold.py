"""How turns begin and end, and what of the session they have."""

from __future__ import annotations

import pytest

from adk_nb.audio import Clip
from adk_nb.log.turn_fold import TurnFold


@pytest.mark.parametrize(
    "kind", ["user_audio", "interrupted", "playback_started", "usage", "error"]
)
def test_what_does_not_begin_a_turn_makes_none(told, kind):
    assert told(kind, error="e" if kind == "error" else None).turns() == []


def test_an_error_before_a_turn_began_is_the_sessions_and_all_in_it_are_the_turns(told):
    told("error", error="before")("user_text", text="hi")
    told("error", error="first")("error", error="second")("error", error="first")
    assert told.turn.error == "first second"


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


def test_an_invocation_is_the_newest_that_is_named(folded):
    for invocation in ("i", None, "j"):
        folded("agent_text", text="x", invocation_id=invocation)
        assert folded.turn.invocation_id == invocation or invocation is None
    assert folded.turn.invocation_id == "j"


def test_the_sound_and_the_session_are_those_that_the_fold_was_made_with(folded):
    folded.fold = TurnFold("mine", lambda index: Clip(bytes(2 * index), 24_000))
    folded("tool_call", 3, tool_call_id="c")
    turn = folded.fold.turn(3)
    assert (turn.session_id, turn.tool_calls[0].session_id) == ("mine", "mine")
    assert (turn.audio, turn.tool_calls[0].turn) == (Clip(bytes(6), 24_000), turn)
    assert (turn.time, turn.t) == (turn.tool_calls[0].time, turn.tool_calls[0].t)


def test_a_turn_is_in_the_history_that_was_current_when_it_began(folded):
    folded("user_text", 1, text="one")
    folded("agent_swapped", 1, "bridge", agent="a", model="m", args={"history": "fresh"})
    folded("user_text", 2, text="two")
    folded("agent_swapped", 2, "bridge", agent="a", model="m", args={"history": 3})
    folded("user_text", 3, text="three")
    assert [turn.history for turn in folded.fold.begun()] == ["s", "fresh", "fresh"]


def test_a_turns_variant_is_that_of_the_agent_that_answered(folded):
    told = []
    for source, variant in (("client", "a"), ("client", "b"), ("adk", "c"), ("client", "d")):
        folded.log.is_of(variant)
        folded("user_text" if source == "client" else "agent_text", 1, source, text="x")
        told.append(folded.turn.variant)
    assert told == ["a", "a", "c", "c"]
