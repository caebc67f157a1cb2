"""The ways to the kernel, in a real browser whose front end has no Jupyter server."""

from __future__ import annotations

import socket

import pytest
from transports import AGENT, carries_a_conversation

import adk_nb

pytestmark = pytest.mark.browser

NAMES: dict = {}
exec(AGENT, NAMES)
make = NAMES["make"]

# In the place of the kernel's own port: nothing, or what swallows whatever is sent to it.
ELSEWHERE = """
(() => {
  const Real = WebSocket;
  window.WebSocket = class extends Real {
    constructor(url, ...more) {
      super(/^ws:\\/\\/127\\.0\\.0\\.1:\\d+\\/$/.test(url) ? "ws://127.0.0.1:PORT/" : url, ...more);
    }
  };
})();
"""
NO_SOCKETS = "delete window.WebSocket"


@pytest.fixture
def swallowing():
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("front_end", "transport"),
    [("", "websocket"), ("", "comm"), ("window.losesBuffers = true", "comm"), (NO_SOCKETS, None)],
    ids=["websocket", "comm", "comm with base64", "no sockets at all"],
)
def test_a_conversation(show, front_end, transport):
    live = adk_nb.talk(make("first"), transport=transport)
    widget = show(live, prepare=lambda page: page.add_init_script(front_end))
    widget.wait_for_state("ready")
    assert widget.transport == (transport or "comm")
    carries_a_conversation(widget, lambda: live.swap(make("other")))
    title = widget.root.locator(".adk-nb-transport").get_attribute("title")
    assert "Round trip" in title
    assert not widget.errors


def test_a_port_that_swallows_everything_costs_two_seconds_at_most(show, swallowing):
    live = adk_nb.talk(make("first"))
    script = ELSEWHERE.replace("PORT", str(swallowing))
    widget = show(live, prepare=lambda page: page.add_init_script(script))
    widget.wait_for_state("ready")
    assert widget.transport == "comm"
    # What the page measured, from the dial to the hello.
    assert widget.look("(root, adkNb) => adkNb.connectedAfterMs") < 2000
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")


def test_when_no_way_works_it_says_which_and_how(show, swallowing):
    live = adk_nb.talk(make("first"), transport="websocket")
    script = ELSEWHERE.replace("PORT", str(swallowing))
    widget = show(live, prepare=lambda page: page.add_init_script(script))
    error = widget.part("error")
    error.get_by_text("its own port (no answer)").wait_for()
    assert error.get_attribute("data-code") == "unreachable"


def test_a_page_over_the_comm_comes_back_to_its_conversation(show):
    live = adk_nb.talk(make("first"), transport="comm")
    widget = show(live)
    widget.wait_for_state("ready")
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")
    widget.wait_for_state("ready")
    widget.cut_off()
    widget.until(lambda: widget.look("(root, adkNb) => adkNb.socketsDialled") == 2)
    widget.wait_for_state("ready")
    widget.type("again")
    widget.wait_for_entry("agent", "You said again")
    assert len(widget.entries("user")) == 2


def test_the_microphone_is_closed_when_the_link_stays_lost(show):
    live = adk_nb.talk(make("first"))
    widget = show(live)
    widget.wait_for_state("ready")
    widget.part("mic").click()
    widget.until(lambda: widget.look("(root, adkNb) => adkNb.framesSent") > 10)
    widget.look("(root, adkNb) => { root.kept = adkNb.tracks; }")
    widget.page.evaluate(
        "() => { window.fetch = () => new Promise(() => {}); }"
    )  # The kernel is not heard.
    widget.cut_off()
    widget.until(
        lambda: widget.look("root => root.kept.every(({readyState}) => readyState === 'ended')")
    )
    assert widget.part("mic").get_attribute("aria-pressed") == "false"
