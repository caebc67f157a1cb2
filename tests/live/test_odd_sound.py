"""Models that send sound which is not 16-bit PCM, and agents of which ADK ignores something."""

from __future__ import annotations

import numpy as np
from google.adk.models.llm_response import LlmResponse
from google.genai import types
from pydantic import BaseModel
from scripted import CUT, DONE, audio, said, text_of
from sessions import Page, agent, attach, do, wait_for

from adk_nb import LiveSession, turns_df


def sound(data, mime):
    part = types.Part(inline_data=types.Blob(data=data, mime_type=mime))
    return LlmResponse(content=types.Content(role="model", parts=[part]))


def test_a_mu_law_answer_is_heard_and_recorded(tmp_path):
    tone = bytes(0x80 | (n % 64) for n in range(8_000))

    def talk(came):
        if text_of(came) is None:
            return []
        pieces = [sound(tone[at : at + 333], "audio/PCMU;rate=8000") for at in range(0, 8_000, 333)]
        return [*pieces, said("もしもし。", finished=True), DONE]

    with LiveSession(agent(talk), record=tmp_path) as session:
        page = attach(session)
        turn = session.say("hello")
        assert (turn.error, turn.audio.rate, turn.audio.duration_ms) == (None, 8_000, 1000.0)
        assert {rate for _, rate, _ in page.audio} == {8_000}
        assert np.abs(turn.audio.samples).max() > 1000
        assert page.errors() == []
    assert turns_df(session.recording)["agent_audio_ms"].to_list() == [1000.0]


def test_sound_that_cannot_be_played_is_an_error_of_its_turn_once_and_the_words_stay():
    def talk(came):
        if text_of(came) is None:
            return []
        return [sound(b"\xff\xf1\x50", "audio/aac")] * 5 + [said("Hello.", finished=True), DONE]

    with LiveSession(agent(talk)) as session:
        page = attach(session)
        first, second = session.say("one"), session.say("two")
        assert [turn.agent_text for turn in (first, second)] == ["Hello.", "Hello."]
        assert [turn.status for turn in (first, second)] == ["complete", "complete"]
        errors = page.errors()
        assert [error.code for error in errors] == ["bad_audio", "bad_audio"]
        assert "'audio/aac'" in errors[0].message
        rows = [row for row in session.log if row.kind == "error"]
        assert [(row.turn, row.status) for row in rows] == [(1, "warning"), (2, "warning")]
        assert "'audio/aac'" in rows[0].error
        assert page.audio == []


def test_a_turn_of_nothing_but_sound_that_cannot_be_played_ends():
    def talk(came):
        return [sound(b"\xff\xf1\x50", "audio/aac"), DONE] if text_of(came) else []

    with LiveSession(agent(talk)) as session:
        turn = session.say("one")
        assert turn.status is not None
        assert "audio/aac" in str(turn.error or turn.problems)


def test_an_interruption_after_the_end_leaves_the_session_ready():
    def talk(came):
        return [audio(100), said("Yes.", finished=True), DONE, 0.05, CUT, 0.05, said("")]

    with LiveSession(agent(talk)) as session:
        page = attach(session)
        session.say("go")
        wait_for(lambda: "interrupted" in [row.kind for row in session.log])
        assert session.say("again").error is None
        assert "listening" not in page.states()


def ignored(session):
    """What a page that is opened now shows as ignored."""
    history = do(session, session.pages.attach, Page()).history
    return [one["text"] for one in history if one.get("kind") == "ignored"]


class Answer(BaseModel):
    number: int


def test_what_adk_ignores_is_told_once_a_session_not_once_a_connection():
    def talk(came):
        return [audio(20), said("Four.", finished=True), DONE] if text_of(came) else []

    def told():
        return [row.error for row in session.log if row.kind == "error"]

    with LiveSession(agent(talk, output_schema=Answer)) as session:
        wait_for(told)
        first = session.say("roll")
        session.swap(instruction="Be brief.")
        second = session.say("roll")
        assert len(told()) == 1
        assert "output_schema" in told()[0]
        assert [turn.status for turn in (first, second)] == ["complete", "complete"]
        assert len(session.agent.model.connects) > 1
        assert ignored(session) == told()


def test_a_page_that_opens_before_the_first_turn_shows_what_is_ignored():
    with LiveSession(agent(lambda _: [], output_schema=Answer)) as session:
        wait_for(lambda: [row for row in session.log if row.kind == "error"])
        assert len(ignored(session)) == 1
