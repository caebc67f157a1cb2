"""A guard withholds what sounds already, in a real browser: samples are counted in the page."""

from __future__ import annotations

import contextlib

import live_api as live
import pytest
from google.adk.agents import Agent
from google.adk.models.llm_response import LlmResponse
from google.genai import types

import adk_nb

pytestmark = pytest.mark.browser

SPOKEN_MS = 4000
REPLACEMENT = "I may not say."


async def indiscreet(call):
    """Sends 4 s of speech at once, and after 1 s of it the transcript of what must not be said."""
    await call.setup()
    await call.text_turn(timeout=None)
    await call.said("My number ")
    for _ in range(SPOKEN_MS // 100):
        await call.audio(100)
    await call.sleep(1)
    await call.said("is 555.")
    await call.hang()


def no_numbers(callback_context, llm_response):
    said = llm_response.output_transcription
    if said is None or "555" not in (said.text or ""):
        return None
    content = types.Content(role="model", parts=[types.Part(text=REPLACEMENT)])
    return LlmResponse(content=content)


@pytest.fixture
def widget(show, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # Away from any .env.
    for name in ("GEMINI_API_KEY", "GOOGLE_CLOUD_PROJECT", "GOOGLE_GENAI_USE_VERTEXAI"):
        monkeypatch.delenv(name, raising=False)
    with contextlib.ExitStack() as stack:
        api = stack.enter_context(live.LiveApi([indiscreet, live.echo_text]))
        for name, value in api.environment.items():
            monkeypatch.setenv(name, value)
        agent = Agent(
            name="teller",
            model="gemini-3.1-flash-live-preview",
            after_model_callback=no_numbers,
        )
        widget = show(adk_nb.talk(agent, record=tmp_path / "recordings"))
        stack.callback(widget.live.close)  # The session ends before its API.
        widget.wait_for_state("ready")
        yield widget


# When the page learns of it, on the audio context's clock: what was said goes with that message.
_NOTE = """(root, adkNb) => {
  root.withheldAt = [];
  new MutationObserver((changes) => {
    for (const {removedNodes} of changes)
      if (removedNodes.length) root.withheldAt.push(adkNb.context.currentTime);
  }).observe(root.querySelector('[data-adk-nb="transcript"]'), {childList: true});
}"""


def test_no_sample_sounds_after_it_was_withheld(widget):
    widget.tap()
    widget.look(_NOTE)
    widget.type("tell")
    widget.wait_for_entry("agent", REPLACEMENT)
    widget.wait_for_state("ready")
    widget.page.wait_for_timeout(500)  # In which it would sound on.

    (at,) = widget.look("root => root.withheldAt")
    loud = widget.loud
    assert any(at - 0.3 < began <= at for began in loud)  # It was not silent before.
    assert max(loud) - at < 0.03

    (entry,) = widget.entries("agent")
    assert REPLACEMENT in entry
    assert "withheld by a guard" in entry
    assert "number" not in entry
    assert widget.root.locator('[data-role="agent"][data-withheld="true"]').count() == 1
    (turn,) = widget.live.turns
    widget.until(lambda: turn.heard_ms is not None)
    assert (turn.agent_text, turn.withheld, turn.error) == (REPLACEMENT, True, None)
    assert 500 < turn.heard_ms < 2500
    assert turn.audio.pcm == b""

    # A page that comes back has it of the history.
    widget.look("root => root.querySelector('.adk-nb-entry').dataset.old = ''")
    widget.cut_off()
    widget.root.locator("[data-old]").wait_for(state="detached")
    widget.wait_for_entry("agent", "withheld by a guard")
    assert widget.entries("agent") == [entry]

    widget.type("hello")
    widget.wait_for_entry("agent", r"You said hello\.")
    widget.until(lambda: max(widget.loud) > at + 0.5)  # The next answer is heard.
    widget.wait_for_state("ready")
    widget.live.close()
    assert not list(widget.live.session.recording.glob("0001-agent.wav"))
    assert list(widget.live.session.recording.glob("0002-agent.wav"))
