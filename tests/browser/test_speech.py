"""The embedded default, spoken to in a real browser: its own ears, brain and voice."""

from __future__ import annotations

import canned_llama
import pandas as pd
import pytest
from google.adk.agents import Agent
from speech import speech

import adk_nb

pytestmark = [pytest.mark.browser, pytest.mark.models]

STORY = " ".join(f"This is sentence number {n} of a long and quiet story." for n in range(1, 31))

TO_EPOCH = """
(root) => {
  // When a moment of the audio graph's clock leaves the speaker, on the wall clock (s).
  return root.tapped.map((t, at) => (performance.timeOrigin + root.clocks[at] + t * 1000) / 1000);
}
"""


def get_time(city: str) -> str:
    """Returns the local time in a city."""
    return f"It is noon in {city}."


def tell_story() -> str:
    """Tells a long story."""
    return STORY


def get_weather(city: str) -> str:
    """Returns the current weather in a city."""
    return f"It is sunny in {city}."


def weather_report(city: str) -> str:
    """Returns the current weather in a city."""
    return f"It rains in {city}."


def make(*tools, name="clock"):
    return Agent(name=name, model=adk_nb.local_model(), tools=list(tools))


@pytest.fixture
def listening(show, monkeypatch):
    """Shows a widget and opens its microphone."""
    canned_llama.install(monkeypatch.setattr)

    def open_microphone(live):
        widget = show(live)
        widget.wait_for_state("ready", timeout=120)  # The models are loaded.
        widget.tap()
        widget.note_interruption()
        widget.part("mic").click()
        widget.wait_for_state("listening")
        return widget

    return open_microphone


def stretches(moments, pause_s=0.35):
    """Groups moments into stretches of sound: when each begins and ends (s)."""
    found = []
    for moment in sorted(moments):
        if not found or moment - found[-1][1] > pause_s:
            found.append([moment, moment])
        found[-1][1] = moment
    return [(begin, end) for begin, end in found]


def test_speaking_over_the_agent_interrupts_it_and_the_turns_say_what_was_heard(
    listening, tmp_path
):
    widget = listening(adk_nb.talk(make(get_time, tell_story), record=str(tmp_path)))
    live = widget.live
    widget.speak(speech("Tell me a long story."))
    widget.wait_for_entry("agent", "sentence number 1 ")
    widget.wait_for_played(2000)
    widget.speak(speech("What time is it in London?"))
    widget.wait_for_entry("agent", "It is noon in London")

    def drained():
        return [row.turn for row in live.session.log if row.kind == "playback_drained"]

    widget.until(lambda: drained()[-1:] == [2])
    widget.wait_for_state("listening", "ready")

    # The page fell silent this long after it learnt of the interruption (a quantum is 2.7 ms).
    cut_at = widget.look("root => root.cutAt[0]")
    loud = widget.loud
    assert widget.sounded_after(cut_at) < 0.030
    assert any(cut_at - 2.0 < began <= cut_at for began in loud)  # It was not silent before.
    assert loud[-1] > cut_at + 0.1  # It speaks again.
    assert {"interrupted", "playback_flushed"} <= set(widget.kinds)

    story, question = live.turns_df().to_dict("records")
    assert (story["user_text"], question["user_text"]) == (
        "Tell me a long story.", "What time is it in London?",
    )  # fmt: skip
    assert (story["interrupted"], question["interrupted"]) == (True, False)
    assert (story["tools"], question["tools"]) == ("tell_story", "get_time")
    assert question["heard_text"] == question["agent_text"] == "It is noon in London."
    for turn in (story, question):
        assert turn["first_heard_ms"] >= turn["first_audio_ms"] > 0

    # What was heard is a part of what was said, and as long as what had sounded of it.
    said, heard = story["agent_text"], story["heard_text"]
    assert said.startswith(heard)
    assert 0 < len(heard) < len(said)
    rate = story["agent_audio_ms"] / len(said)
    assert len(heard) * rate == pytest.approx(story["heard_ms"], abs=300 + 8 * rate)

    # The samples at the end of the page's audio graph tell the same, by the wall clock.
    begins = [begin for begin, _ in stretches(widget.look(TO_EPOCH))]
    started = {r.turn: r for r in live.session.log if r.kind == "playback_started"}
    for turn in (1, 2):
        row = started[turn]  # A busy machine's clocks agree less well, and say so.
        assert min(abs(begin - row.time) for begin in begins) < 0.030 + row.error_ms / 1000

    # A recording tells the same as the session.
    live.close()
    pd.testing.assert_frame_equal(adk_nb.turns_df(str(tmp_path)), live.turns_df())


def test_ask_swap_tools_ask_swap_agent_ask_with_the_microphone_on(listening):
    live = adk_nb.talk(make(get_weather, name="weatherman"))
    widget = listening(live)

    def ask():
        count = len(live.turns)
        widget.speak(speech("What is the weather in London?"))
        widget.until(lambda: len(live.turns) > count and live.turns[-1].ended)
        return live.turns[-1].agent_text

    assert "sunny in London" in ask()
    live.swap(tools=[weather_report])
    assert "rains in London" in ask()
    live.agent = make(weather_report, name="reporter")
    assert "rains in London" in ask()
    frame = live.turns_df()
    assert frame.agent.tolist() == ["weatherman", "weatherman", "reporter"]
    assert frame.tools.tolist() == ["get_weather", "weather_report", "weather_report"]
    swapped = [row.agent for row in live.session.log if row.kind == "agent_swapped"]
    assert swapped == ["weatherman", "reporter"]
    assert widget.part("mic").get_attribute("aria-pressed") == "true"
    assert widget.look("(root, adkNb) => adkNb.socketsDialled") == 1
    assert widget.look("(root, adkNb) => adkNb.framesDropped") == 0
    assert live.session.mic_dropped == 0
    assert widget.part("agent").first.inner_text() == "reporter"
    assert [note for note in widget.entries("note") if "reporter answers" in note]
    assert len(widget.entries("user")) == 3
