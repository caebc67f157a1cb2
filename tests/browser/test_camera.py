"""A camera and a screen, shown to an agent from a real browser."""

from __future__ import annotations

import itertools
import struct
import time

import pytest
from google.adk.agents import Agent
from google.genai import types
from scripted import Scripted, echo, text_of

import adk_nb
from adk_nb.live.session_pages import SessionPages
from adk_nb.wire import protocol

pytestmark = pytest.mark.browser

FAKE_SIZE = (768, 432)
"""What is left of the fake camera's 1280 by 720."""


def jpeg_size(jpeg):
    """Returns the width and height that the frame header of a JPEG states."""
    assert jpeg[:2] == b"\xff\xd8"
    assert jpeg[-2:] == b"\xff\xd9"
    at = 2
    while True:
        marker, length = struct.unpack_from(">xBH", jpeg, at)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", jpeg, at + 5)
            return width, height
        at += 2 + length


class Watcher:
    """Shows widgets of a model that sees, and keeps what came to it."""

    def __init__(self, show):
        self._show = show
        self.pictures = []
        self.arrived = []
        self.told = []
        """What the page said of its camera and screen."""

    def __call__(self, microphone=None, *, video=True):
        live = adk_nb.talk(Agent(name="watcher", model=Scripted(self._answer)), video=video)
        self.widget = self._show(live, microphone)
        self.widget.wait_for_state("ready")
        return self.widget

    def _answer(self, came):
        if isinstance(came, types.Blob) and came.mime_type.startswith("image/"):
            self.arrived.append(time.monotonic())
            self.pictures.append(came.data)
            return []
        return echo(came) if text_of(came) else []

    def wait_for(self, count):
        """The first pictures that came, once there are so many."""
        self.widget.until(lambda: len(self.pictures) >= count)
        return self.pictures[:count]


@pytest.fixture
def watcher(show, monkeypatch):
    watcher = Watcher(show)
    receive = SessionPages.receive

    def noted(pages, page, message):
        if isinstance(message, protocol.Camera):
            watcher.told.append((message.source, message.on))
        receive(pages, page, message)

    monkeypatch.setattr(SessionPages, "receive", noted)
    return watcher


@pytest.fixture
def widget(watcher):
    """A fresh widget of a model that sees."""
    return watcher()


def pressed(widget):
    """Which of the two buttons are pressed."""
    sources = ("camera", "screen")
    return [s for s in sources if widget.part(s).get_attribute("aria-pressed") == "true"]


def test_the_camera_comes_to_the_model_as_one_jpeg_a_second(watcher, widget):
    widget.part("camera").click()
    widget.part("preview").get_by_text("Camera", exact=True).wait_for()
    came = watcher.wait_for(5)
    assert [jpeg_size(jpeg) for jpeg in came] == [FAKE_SIZE] * 5
    assert len(set(came)) == 5  # The test pattern moves.
    assert all(1_000 < len(jpeg) < 200_000 for jpeg in came)
    # The first comes at once, apart from the beat; a busy machine is late, and never early.
    gaps = [after - before for before, after in itertools.pairwise(watcher.arrived[1:5])]
    assert sum(gaps) > 0.8 * len(gaps)
    assert pressed(widget) == ["camera"]
    assert widget.look("(root, adkNb) => [adkNb.watching, adkNb.imagesDropped]") == ["camera", 0]
    assert widget.live.session.pages.images_seen >= 5

    widget.look("(root, adkNb) => { root.kept = adkNb.videoTracks; }")
    widget.part("camera").click()
    assert widget.part("preview").count() == 0
    assert pressed(widget) == []
    assert widget.look("root => root.kept.map(track => track.readyState)") == ["ended"]
    sent = widget.look("(root, adkNb) => adkNb.imagesSent")
    widget.page.wait_for_timeout(1500)  # More than a beat, in which nothing may come.
    assert widget.look("(root, adkNb) => adkNb.imagesSent") == sent
    widget.until(lambda: len(watcher.pictures) == sent)
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")


def test_the_screen_takes_over_from_the_camera_and_back(watcher, widget):
    widget.part("camera").click()
    watcher.wait_for(1)
    widget.part("screen").click()
    widget.page.wait_for_selector('[data-adk-nb="preview"][data-source="screen"]')
    assert pressed(widget) == ["screen"]
    assert widget.part("preview").count() == 1
    widget.until(lambda: watcher.told == [("camera", True), ("camera", False), ("screen", True)])
    sent = widget.look("(root, adkNb) => adkNb.imagesSent")
    assert max(jpeg_size(watcher.wait_for(sent + 2)[-1])) <= 768
    widget.part("camera").click()
    widget.page.wait_for_selector('[data-adk-nb="preview"][data-source="camera"]')
    assert pressed(widget) == ["camera"]


def test_a_share_that_the_user_ends_is_off(watcher, widget):
    widget.part("screen").click()
    watcher.wait_for(1)
    # What Chromium does to the track when its own bar's "Stop sharing" is clicked.
    widget.look(
        """(root, adkNb) => {
          const [track] = adkNb.videoTracks;
          track.stop();
          track.dispatchEvent(new Event("ended"));
        }"""
    )
    assert widget.part("preview").count() == 0
    assert pressed(widget) == []
    assert widget.part("error").is_hidden()


def test_after_an_accident_the_camera_goes_on(watcher, widget):
    widget.part("camera").click()
    watcher.wait_for(1)
    widget.cut_off()
    widget.until(lambda: watcher.told == [("camera", True)] * 2)
    watcher.wait_for(len(watcher.pictures) + 2)
    assert pressed(widget) == ["camera"]


def test_a_widget_that_is_scrolled_away_goes_on_showing(watcher, widget):
    widget.part("camera").click()
    watcher.wait_for(1)
    # As JupyterLab does with the outputs of cells that are far from what is seen.
    widget.look("root => { window.taken = root; window.place = root.parentNode; root.remove(); }")
    sent = widget.page.evaluate("() => taken.adkNb.imagesSent")
    assert len(set(watcher.wait_for(sent + 3)[sent:])) == 3
    widget.page.evaluate("() => { place.append(taken); }")
    assert not widget.part("preview").locator("video").evaluate("video => video.paused")


def test_the_keyboard_switches_the_camera(widget):
    widget.part("camera").focus()
    widget.page.keyboard.press("Space")
    widget.part("preview").wait_for()
    assert pressed(widget) == ["camera"]
    assert widget.state == "ready"  # It is no push-to-talk.
    widget.page.keyboard.press("Enter")
    widget.part("preview").wait_for(state="detached")


def test_a_model_that_does_not_see_is_shown_nothing(watcher):
    widget = watcher(video=False)
    assert widget.part("mic").is_visible()
    assert widget.part("camera").is_hidden()
    assert widget.part("screen").is_hidden()


def test_closing_switches_the_camera_off(watcher, widget):
    widget.part("camera").click()
    watcher.wait_for(1)
    widget.look("(root, adkNb) => { root.kept = adkNb.videoTracks; }")
    widget.live.close()
    widget.wait_for_state("closed")
    assert widget.look("root => root.kept.map(track => track.readyState)") == ["ended"]
    assert widget.part("preview").count() == 0
    assert widget.part("camera").is_disabled()


def test_a_view_that_is_taken_away_switches_the_camera_off(watcher, widget):
    widget.part("camera").click()
    watcher.wait_for(1)
    widget.look("(root, adkNb) => { window.kept = adkNb.videoTracks; }")
    widget.host_page.hide(widget)
    assert widget.page.evaluate("() => kept.map(track => track.readyState)") == ["ended"]
    assert widget.page.locator('[data-adk-nb="preview"]').count() == 0


def test_a_refused_camera_says_how_to_allow_it(watcher):
    widget = watcher("denied")
    for source, remedy in (("camera", "Allow the camera"), ("screen", "Click the screen again")):
        widget.part(source).click()
        widget.part("error").get_by_text(remedy).wait_for()
        assert widget.part("error").get_attribute("data-code") == f"{source}_denied"
        assert pressed(widget) == []
    widget.until(lambda: len(widget.errors) == 2)
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")


def test_a_missing_camera_says_what_to_do(watcher):
    widget = watcher("none")
    widget.part("camera").click()
    widget.part("error").get_by_text("No camera was found").wait_for()
    assert widget.part("error").get_attribute("data-code") == "camera_missing"
    assert pressed(widget) == []
    assert watcher.told == []
