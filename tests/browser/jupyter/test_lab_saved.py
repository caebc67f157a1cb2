"""The session as data, against what the page itself can measure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from speech import silence, speech
from test_talk import LOCAL_AGENT, SHOW, recording

TO_EPOCH = """
(root, adkNb) => {
  // When a moment of the audio graph's clock leaves the speaker, on the wall clock (s).
  const {contextTime, performanceTime} = adkNb.context.getOutputTimestamp();
  const at = (t) => (performance.timeOrigin + performanceTime + (t - contextTime) * 1000) / 1000;
  return root.tapped.map(at);
}
"""


@pytest.fixture(scope="module")
def two_questions(tmp_path_factory):
    """A story, a question in the midst of it, and quiet."""
    return recording(
        tmp_path_factory.mktemp("d"),
        speech("Tell me a long story."),
        silence(9),
        speech("What time is it in London?"),
        silence(60),
    )


LEAKY = """
def get_key(city: str) -> str:
    'Returns the key of a city.'
    return f'The key of {city} is ' + os.environ['MY_API_KEY']

agent = Agent(name='leaky', model=adk_nb.local_model(), tools=[get_key])
"""


def stretches(moments: list[float], pause_s: float = 0.35) -> list[tuple[float, float]]:
    """Groups moments into stretches of sound: when each begins and ends (s)."""
    found: list[list[float]] = []
    for moment in sorted(moments):
        if not found or moment - found[-1][1] > pause_s:
            found.append([moment, moment])
        found[-1][1] = moment
    return [(begin, end) for begin, end in found]


def test_turns_agree_with_what_the_speaker_did(open_lab, two_questions, tmp_path):
    show = SHOW.replace("talk(agent)", f"talk(agent, record={str(tmp_path)!r})")
    lab = open_lab([LOCAL_AGENT, show], two_questions)
    lab.run_all(timeout=60)
    widget = lab.widget()
    widget.wait_for_state("ready")
    widget.tap()
    widget.part("mic").click()
    widget.wait_for_entry("agent", "It is noon in London")
    widget.wait_for_state("speaking")
    widget.wait_for_state("ready")
    lab.kernel.wait_for(
        "[r.turn for r in live.session.log if r.kind == 'playback_drained'][-1:] == [2]"
    )
    turns = lab.kernel.value(
        "[dict(row, started=[(r.time, r.error_ms) for r in live.session.log"
        " if r.kind == 'playback_started' and r.turn == row['turn']][0])"
        " for row in live.turns_df().to_dict('records')]"
    )
    assert [turn["user_text"] for turn in turns] == [
        "Tell me a long story.",
        "What time is it in London?",
    ]
    story, question = turns
    assert (story["interrupted"], question["interrupted"]) == (True, False)
    assert [turn["tools"] for turn in turns] == ["tell_story", "get_time"]
    for turn in turns:
        assert turn["first_heard_ms"] >= turn["first_audio_ms"] > 0

    # What was heard is a part of what was said, and as long as what had sounded of it.
    said, heard = story["agent_text"], story["heard_text"]
    assert said.startswith(heard)
    assert 0 < len(heard) < len(said)
    rate = story["agent_audio_ms"] / len(said)
    assert len(heard) * rate == pytest.approx(story["heard_ms"], abs=300 + 8 * rate)
    assert question["heard_text"] == question["agent_text"]

    # The samples at the end of the page's audio graph tell the same, by the wall clock.
    sounded = stretches(widget.look(TO_EPOCH))
    begins = [begin for begin, _ in sounded]
    for turn in turns:
        started, error_ms = turn["started"]  # A busy machine's clocks agree less well, and say so.
        assert min(abs(begin - started) for begin in begins) < 0.030 + error_ms / 1000
    first = sounded[0][0]
    spoken_until = story["started"][0] - story["first_heard_ms"] / 1000
    assert (first - spoken_until) * 1000 == pytest.approx(
        story["first_heard_ms"], abs=30 + story["started"][1]
    )

    # A recording tells the same as the session.
    assert lab.kernel.value(
        f"__import__('pandas').testing.assert_frame_equal("
        f"(live.close(), adk_nb.turns_df({str(tmp_path)!r}))[1], live.turns_df()) is None"
    )


def test_no_secret_is_in_a_saved_notebook_or_a_recording(open_lab, tmp_path):
    cells = [
        "import os\nos.environ['MY_API_KEY'] = 'sk-very-secret-0123456789'",
        LOCAL_AGENT,
        LEAKY,
        f"live = adk_nb.talk(agent, record={str(tmp_path)!r})\nlive",
        "live.say('Get the key of Paris.')",
        "live.events_df()",
    ]
    lab = open_lab(cells)
    lab.run_all(timeout=60)
    assert "get_key" in lab.kernel.value("live.turns_df().tools[0]")
    lab.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    token = lab.kernel.value("live._token")
    saved = lab.server.notebooks / lab.path
    lab.kernel.wait_for(f"'The key of Paris' in open({str(saved)!r}).read()")
    lab.kernel.run("live.close()")
    texts = {saved: saved.read_text()}
    for file in Path(tmp_path).rglob("*.jsonl"):
        texts[file] = file.read_text()
    assert len(texts) == 2
    for file, text in texts.items():
        assert "The key of Paris" in text, file
        assert token not in text, file
        # The cell that sets the key is the user's own; nothing of ours repeats it.
        shown = text.replace("os.environ['MY_API_KEY'] = 'sk-very-secret-0123456789'", "")
        assert "sk-very-secret" not in shown, file


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="no /dev/full on this system")
def test_a_disk_that_is_full_is_told_in_the_widget(open_lab, tmp_path):
    lab = open_lab([LOCAL_AGENT, f"live = adk_nb.talk(agent, record={str(tmp_path)!r})\nlive"])
    lab.run_all(timeout=60)
    widget = lab.widget()
    widget.wait_for_state("ready")
    # Every write from here on fails as on a full disk.
    lab.kernel.run(
        "os = __import__('os'); writer = live.session._recording\n"
        "os.dup2(os.open('/dev/full', os.O_WRONLY), writer._events.fileno())"
    )
    widget.type("What time is it in Oslo?")
    widget.wait_for_entry("agent", "It is noon in Oslo")
    widget.root.locator('[data-adk-nb="error"]').get_by_text("No space left").wait_for()
    widget.type("What time is it in Rome?")
    widget.wait_for_entry("agent", "It is noon in Rome")
