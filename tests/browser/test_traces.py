"""What the screen tells of turns that were not simply answered, and of what is wrong now."""

from __future__ import annotations

import pytest
from google.adk.agents import Agent
from scripted import DONE, Scripted, audio, said, text_of

import adk_nb

pytestmark = pytest.mark.browser


def answer(came):
    text = text_of(came)
    if text is None or text == "silence":
        return []
    if text == "break":
        return [audio(100), ValueError("Model not found: nope")]
    return [audio(300), said(f"You said {text}."), DONE]


def make(refusals=()):
    return Agent(name="script", model=Scripted(answer, refusals))


@pytest.fixture
def widget(show):
    widget = show(adk_nb.talk(make()))
    widget.wait_for_state("ready")
    return widget


def test_a_question_that_got_no_answer_says_so_for_good(widget, show):
    widget.type("silence")
    widget.wait_for_state("thinking")
    widget.part("interrupt").click()
    cut = widget.wait_for_entry("note", "no answer: you cut in after")
    widget.type("break")
    failed = widget.wait_for_entry("note", "no answer:.*nope")
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")
    assert widget.entries("note") == [cut, failed]
    numbers = widget.part("turn")
    assert [text.split()[1] for text in numbers.all_inner_texts()] == ["1", "2", "3"]
    latency = widget.root.locator('[data-adk-nb="turn"][data-turn="3"] [data-adk-nb="latency"]')
    widget.until(lambda: (latency.get_attribute("title") or "").startswith("first_heard_ms"))
    later = show.other_page(widget.live)
    later.wait_for_state("ready")
    assert later.entries("note") == [cut, failed]
    assert later.part("turn").all_inner_texts() == numbers.all_inner_texts()


def test_the_error_bar_says_what_is_wrong_now_and_the_trait_agrees(widget):
    error, live = widget.part("error"), widget.live
    widget.type("break")
    error.get_by_text("nope").wait_for()
    widget.until(lambda: live.error)
    for text in ("hello", "again"):
        widget.type(text)
        widget.wait_for_entry("agent", f"You said {text}")
    assert error.is_hidden()
    assert live.error == {}

    widget.look(
        """root => {
          const devices = navigator.mediaDevices;
          root.ask = devices.getUserMedia;
          devices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError"); };
        }"""
    )
    widget.part("mic").click()
    error.get_by_text("Allow the microphone").wait_for()
    widget.until(lambda: live.error.get("code") == "mic_denied")
    widget.look("root => { navigator.mediaDevices.getUserMedia = root.ask; }")
    widget.part("mic").click()
    error.wait_for(state="hidden")
    widget.until(lambda: live.error == {})

    widget.look("(root, adkNb) => adkNb.tracks[0].onended()")  # It is unplugged.
    error.get_by_text("disconnected").wait_for()
    widget.until(lambda: live.error.get("code") == "mic_failed")
    widget.part("mic").click()
    error.wait_for(state="hidden")
    widget.until(lambda: live.error == {})


def test_an_error_of_a_page_goes_with_it(widget, show):
    widget.look(
        """() => {
          const refuse = async () => { throw new DOMException("no", "NotAllowedError"); };
          navigator.mediaDevices.getUserMedia = refuse;
        }"""
    )
    widget.part("mic").click()
    widget.until(lambda: widget.live.error)
    widget.host_page.hide(widget)
    widget.until(lambda: widget.live.error == {})
