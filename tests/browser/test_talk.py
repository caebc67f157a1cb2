"""A widget with a scripted agent behind it, in a real browser."""

from __future__ import annotations

import os
import socket
import threading
from urllib.parse import urlsplit

import pytest
from google.adk.agents import Agent
from scripted import DONE, Scripted, audio, call, result_of, said, text_of
from speech import microphone, silence

import adk_nb

pytestmark = pytest.mark.browser


def broken(depth: int) -> str:
    """Fails."""
    raise ValueError("the tool is out of order")


def answer(came):
    text, result = text_of(came), result_of(came)
    if result is not None:
        return [audio(200), said(f"It came back with {result}."), DONE]
    if text is None:
        return []
    if text in ("broken", "slow"):
        return [call(text, **({"depth": 3} if text == "broken" else {}))]
    return [audio(300), said(f"You said {text}."), DONE]


def make(*tools, refusals=()):
    return Agent(name="script", model=Scripted(answer, refusals), tools=[broken, *tools])


@pytest.fixture
def widget(show):
    """A fresh widget of the scripted model."""
    widget = show(adk_nb.talk(make()))
    widget.wait_for_state("ready")
    return widget


def answers(widget, text="hello"):
    """Types a text, and waits for the answer."""
    widget.type(text)
    widget.wait_for_entry("agent", f"You said {text}")


def test_a_refused_microphone_says_how_to_allow_it(show):
    widget = show(adk_nb.talk(make()), "denied")
    widget.wait_for_state("ready")
    widget.part("mic").click()
    error = widget.part("error")
    error.get_by_text("Allow the microphone").wait_for()
    assert error.get_attribute("data-code") == "mic_denied"
    assert widget.part("mic").get_attribute("aria-pressed") == "false"
    widget.until(lambda: any("mic_denied" in text for text in widget.errors))
    answers(widget)


def forbids(page):
    """The server forbids every page the microphone."""

    def answer(route):
        headers = {"Content-Type": "text/html", "Permissions-Policy": "microphone=()"}
        route.fulfill(response=route.fetch(), headers=headers)

    page.route(lambda url: url.endswith("/"), answer)


def test_a_microphone_that_the_server_forbids_is_not_the_users_no(show):
    widget = show(adk_nb.talk(make()), "denied", prepare=forbids)
    widget.wait_for_state("ready")
    widget.part("mic").click()
    error = widget.part("error")
    error.get_by_text("by its header Permissions-Policy").wait_for()
    assert error.get_attribute("data-code") == "mic_forbidden"
    assert "address bar" not in error.inner_text()
    answers(widget)


def test_a_missing_microphone_leaves_typing(show):
    widget = show(adk_nb.talk(make()), "none")
    widget.wait_for_state("ready")
    widget.part("mic").click()
    widget.part("error").get_by_text("No microphone was found").wait_for()
    assert widget.part("error").get_attribute("data-code") == "mic_missing"
    answers(widget)
    widget.wait_for_state("ready")


def test_a_tool_that_raises_is_shown_and_the_next_turn_works(widget):
    widget.type("broken")
    widget.wait_for_entry("tool", "broken\\(depth=3\\).*out of order")
    widget.wait_for_state("ready")
    answers(widget)


def test_a_slow_tool_does_not_stop_the_page(show):
    released = threading.Event()

    def slow() -> str:
        """Waits for the test."""
        released.wait(60)
        return "at last"

    widget = show(adk_nb.talk(make(slow)))
    widget.wait_for_state("ready")
    widget.record_states()
    widget.type("slow")
    widget.wait_for_entry("tool", r"slow\(\)")
    widget.wait_for_state("thinking")
    clock = widget.look("(root, adkNb) => adkNb.context.currentTime")
    widget.part("mic").click()  # The page answers to its user, and to its bridge.
    widget.until(lambda: widget.look("(root, adkNb) => adkNb.framesSent") > 10)
    widget.part("mic").click()
    assert widget.look("(root, adkNb) => adkNb.context.currentTime") > clock
    assert widget.state == "thinking"
    released.set()
    widget.wait_for_entry("tool", "at last")
    widget.wait_for_entry("agent", "It came back with")
    widget.wait_for_state("ready")
    assert widget.states[:2] == ["ready", "thinking"]
    assert widget.states[-2:] == ["speaking", "ready"]


def test_a_model_that_cannot_be_reached_is_shown_and_tried_again(show):
    # It fails when the session starts and once more when the turn wants it.
    refusals = [OSError("no route to the model"), OSError("no route to the model")]
    widget = show(adk_nb.talk(make(refusals=refusals)))
    widget.wait_for_state("ready")
    widget.type("hello")
    widget.part("error").get_by_text("no route to the model").wait_for()
    # The error of the start is shown already: what is waited for is the turn's own.
    widget.until(lambda: widget.live.turns and widget.live.turns[0].ended)
    widget.wait_for_state("ready")
    answers(widget, "hello again")
    assert any("no route to the model" in text for text in widget.errors)


def test_a_model_that_failed_before_the_page_came_is_told_in_it(show):
    live = adk_nb.talk(make(refusals=[ValueError("Model not found: nope")]))
    failed = threading.Event()
    live.observe(lambda _change: failed.set(), "error")
    assert live.error or failed.wait(30)
    widget = show(live)
    widget.part("error").get_by_text("Model not found: nope").wait_for()
    widget.wait_for_state("ready")  # The error may be there before the connection is.
    answers(widget)
    assert live.error == {}


def test_five_widgets_at_once(show):
    widgets = [show(adk_nb.talk(make())) for _ in range(5)]
    for one in widgets:
        one.wait_for_state("ready")
    for n, one in enumerate(widgets):
        one.type(f"number {n}")
    for n, one in enumerate(widgets):
        one.wait_for_entry("agent", f"You said number {n}")
        assert len(one.entries("user")) == 1
    for one in widgets:
        one.wait_for_state("ready")


def test_two_views_of_one_widget(show):
    live = adk_nb.talk(make())
    first = show(live)
    first.wait_for_state("ready")
    answers(first)
    second = show.other_page(live)
    second.wait_for_state("ready")
    second.wait_for_entry("agent", "You said hello")
    answers(second, "there")
    first.wait_for_entry("agent", "You said there")


def test_closing_leaves_nothing_behind(show, tmp_path):
    before = set(threading.enumerate())
    live = adk_nb.talk(make())
    widget = show(live, microphone(tmp_path, silence(30)))
    widget.wait_for_state("ready")
    widget.part("mic").click()
    widget.until(lambda: widget.look("(root, adkNb) => adkNb.framesSent") > 10)
    widget.look("(root, adkNb) => { root.kept = adkNb.tracks; root.graph = adkNb.context; }")

    def ours():
        return [t for t in set(threading.enumerate()) - before if "adk" in t.name.lower()]

    assert ours()
    port = urlsplit(live._bridge.url).port
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    live.close()
    widget.wait_for_state("closed")
    assert widget.look("root => root.kept.map(track => track.readyState)") == ["ended"]
    assert widget.look("(root, adkNb) => adkNb.sockets") == 0
    assert widget.look("root => root.graph.state") == "closed"
    assert widget.part("text").is_disabled()
    assert widget.part("mic").is_disabled()
    widget.until(lambda: not ours())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="no /dev/full on this system")
def test_a_disk_that_is_full_is_told_in_the_widget(show, tmp_path):
    live = adk_nb.talk(make(), record=str(tmp_path))
    widget = show(live)
    widget.wait_for_state("ready")
    # Every write from here on fails as on a full disk.
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, live.session._life.recording._events.fileno())
    os.close(full)
    answers(widget)
    widget.part("error").get_by_text("No space left").wait_for()
    answers(widget, "still there")
