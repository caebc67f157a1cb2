"""What breaks a page's connection, in a real browser: a reload, a bad network, a sleep."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import psutil
import pytest
from transports import AGENT

import adk_nb
from adk_nb import server

pytestmark = pytest.mark.browser

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES: dict = {}
exec(AGENT, NAMES)
make = NAMES["make"]


@contextlib.contextmanager
def asleep() -> Iterator[None]:
    """Stops all of the browser: the process of its network would answer the bridge's pings."""
    stopped = []
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # The page of the test before ends.
            stopped += [one] if "chrom" in one.name() else []
    assert stopped
    try:
        for one in stopped:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.suspend()
        yield
    finally:
        for one in stopped:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.resume()


def test_a_page_that_is_reloaded_in_mid_answer_goes_on_from_where_it_was(show):
    live = adk_nb.talk(make("first"))
    widget = show(live)
    widget.wait_for_state("ready")
    widget.part("text").click()  # A gesture, so that sound may play.
    widget.type("long")
    widget.wait_for_played(1500)
    widget = widget.reload()
    widget.wait_for_entry("user", "long")
    widget.wait_for_state("speaking", "thinking")
    widget.part("text").click()
    widget.wait_for_state("speaking")
    widget.until(lambda: widget.look("(root, adkNb) => adkNb.playback.length") > 3)
    # It goes on where the page was, and reports so: not from the beginning, and not at the end.
    widget.part("interrupt").click()
    widget.wait_for_state("ready")
    (turn,) = live.turns
    widget.until(lambda: turn.heard_ms)
    assert 1700 <= turn.heard_ms < 15_000
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")
    assert [one.user_text for one in live.turns] == ["long", "hello"]


def test_what_is_typed_into_a_network_that_breaks_is_one_turn(show):
    live = adk_nb.talk(make("first"))
    widget = show(live)
    widget.wait_for_state("ready")
    for number in range(8):
        widget.type(f"number {number}")
        widget.cut_off()
        widget.until(lambda n=number: widget.look("(root, adkNb) => adkNb.socketsDialled") >= n + 2)
        widget.wait_for_entry("agent", f"You said number {number}")
        widget.wait_for_state("ready")
    assert [turn.user_text for turn in live.turns] == [f"number {n}" for n in range(8)]
    assert len(widget.entries("user")) == 8


def test_a_page_that_slept_comes_back_to_its_conversation(show, monkeypatch):
    monkeypatch.setattr(server, "PING_S", 0.5)  # The bridge gives it up while it sleeps.
    live = adk_nb.talk(make("first"))
    widget = show(live)
    widget.wait_for_state("ready")
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")
    widget.wait_for_state("ready")
    with asleep():
        end = time.monotonic() + 30
        while live._bridge._connections and time.monotonic() < end:
            time.sleep(0.05)
        assert not live._bridge._connections
    # Two minutes have passed on all its clocks.
    widget.page.evaluate(
        """() => {
          const now = performance.now.bind(performance), today = Date.now;
          performance.now = () => now() + 120_000;
          Date.now = () => today() + 120_000;
        }"""
    )
    widget.until(lambda: widget.look("(root, adkNb) => adkNb.socketsDialled") >= 2)
    widget.wait_for_state("ready")
    widget.type("awake")
    widget.wait_for_entry("agent", "You said awake")
    widget.wait_for_state("ready")
    assert len(widget.entries("user")) == 2
    heard = live.turns_df().first_heard_ms
    assert heard.between(-100, 10_000).all()
