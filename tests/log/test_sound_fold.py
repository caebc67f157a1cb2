"""What rows of sound, and of what was played, do to their turn."""

from __future__ import annotations

import pytest


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


def test_a_player_that_flushes_a_turn_that_nobody_cut_off_changes_no_words(told):
    told("agent_audio", audio_ms=1000.0)
    told("agent_transcript", text="One two three.", final=True, audio_ms=1000.0)
    told("playback_flushed", 1, "client", audio_ms=500.0)
    assert (told.turn.heard_text, told.turn.heard_ms) == ("One two three.", 500.0)


def test_what_was_heard_of_a_cut_answer_is_known_when_its_player_has_said_it(told):
    told("user_text", text="go")("agent_audio", audio_ms=1000.0)
    told("agent_transcript", text="One two three.", final=True, audio_ms=1000.0)
    told("playback_started", 1, "client")("interrupted", 1, "client")
    assert not told.turn.heard_known
    told("turn_ended", status="interrupted")
    assert not told.turn.heard_known
    told("playback_flushed", 1, "client", audio_ms=500.0)
    assert (told.turn.heard_known, told.turn.heard_text) == (True, "One two")


def test_how_much_was_heard_is_the_most_that_was_reported(told):
    told("user_text", text="go")("agent_text", text="One.", final=True)
    told("playback_drained", audio_ms=500.0)("playback_drained", audio_ms=200.0)
    told("playback_drained")
    assert (told.turn.heard_ms, told.turn.flushed, told.turn.heard_text) == (500.0, False, "One.")


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


def test_the_clocks_error_is_that_of_the_first_report(folded):
    folded("playback_started", error_ms=1.5)("playback_started", error_ms=9.0)
    assert (folded.turn.heard_t, folded.turn.clock_error_ms) == (0.0, 1.5)


def test_where_speech_was_found_is_known_of_its_turn(folded):
    folded("user_speech", speech_t=0.7, by="level")
    turn = folded.turn
    assert (turn.speech_start_t, turn.found_t, turn.found_by) == (0.0, 0.7, "level")


def test_sound_of_no_length_counts_nothing(folded):
    folded("agent_audio")("user_audio")("agent_audio", audio_ms=5.0)
    assert (folded.turn.audio_ms, folded.turn.user_audio_ms) == (5.0, 0.0)


@pytest.mark.parametrize("kind", ["playback_started", "playback_drained", "playback_flushed"])
def test_every_report_of_a_player_counts_what_came_too_late(folded, kind):
    folded(kind, 1, underruns=2)(kind, 2, underruns=2)(kind, 3, underruns=5)
    assert [folded.fold.turn(n).underruns for n in (1, 2, 3)] == [2, 0, 3]


@pytest.mark.parametrize(
    ("end", "heard"),
    [
        (("interrupted", {"source": "client"}), "One two"),
        (("turn_ended", {"status": "failed"}), "One two"),
        (("turn_ended", {"status": "complete"}), "One two three."),
    ],
)
def test_what_was_heard_of_an_answer_that_did_not_come_to_its_end(folded, end, heard):
    folded("agent_audio", audio_ms=1000.0)
    folded("agent_transcript", text="One two three.", final=True, audio_ms=1000.0)
    kind, values = end
    folded(kind, **values)
    folded("playback_flushed", source="client", audio_ms=700.0)
    assert (folded.turn.heard_text, folded.turn.heard_ms, folded.turn.flushed) == (
        heard, 700.0, True,
    )  # fmt: skip


def test_a_player_that_flushes_before_any_sound_has_played_nothing(folded):
    folded("user_text", text="q")("agent_audio", audio_ms=1000.0)
    folded("agent_transcript", text="One two three.", final=True, audio_ms=1000.0)
    folded("interrupted", source="client")("playback_flushed", source="client")
    assert (folded.turn.heard_text, folded.turn.heard_ms) == ("", 0.0)
