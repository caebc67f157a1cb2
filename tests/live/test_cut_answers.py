"""What is kept of a cut answer, in the notebook and in what the model is told, in any script."""

from __future__ import annotations

import pytest
from scripted import DONE, Scripted, audio, said, text_of
from sessions import agent, attach, do, wait_for

from adk_nb import LiveSession, turns_df
from adk_nb.wire import protocol


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        ("今天天气很好,我们去公园吧。", "今天天气很好,"),
        ("今日はとても良い天気です。散歩しましょう。", "今日はとても良い天気"),
        ("วันนี้อากาศดีมากไปเดินเล่นกัน", "วันนี้อากาศดีม"),
        ("It is fine today, let us walk.", "It is fine"),
    ],
)
def test_of_a_cut_answer_the_heard_part_is_kept_in_any_script(answer, heard, tmp_path):
    def talk(came):
        if text_of(came) == "weather?":
            return [audio(4000), said(answer), 60, DONE]
        return [audio(100), said("はい。", finished=True), DONE]

    with LiveSession(agent(talk), record=tmp_path) as session:
        model = session.agent.model
        assert isinstance(model, Scripted)
        page = attach(session)
        first = session.say("weather?", wait="first")
        wait_for(lambda: first.agent_text == answer)
        do(session, session.pages.playback, protocol.Playback("started", 1))
        session.interrupt()
        do(session, session.pages.playback, protocol.Playback("flushed", 1, played_ms=2000.0))
        assert (first.interrupted, first.heard_text) == (True, heard)
        session.swap(instruction="Be brief.")
        assert session.say("go on").error is None
        wait_for(lambda: len(model.histories) > 0)
        told = " ".join(
            part.text or "" for content in model.histories[-1] for part in content.parts or ()
        )
        assert heard in told
        assert answer not in told
        assert page.errors() == []
    assert turns_df(session.recording)["heard_text"].to_list()[0] == heard
