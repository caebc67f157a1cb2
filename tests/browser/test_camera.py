"""A camera and a screen, shown to an agent from a real JupyterLab."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

AGENT = f"""
import sys, base64, threading, time
sys.path.insert(0, {str(TESTS)!r})
from scripted import Scripted, echo, text_of
from google.adk.agents import Agent
from google.genai import types
import adk_nb
from adk_nb import protocol
from adk_nb.session import LiveSession

def answer(came):
    if isinstance(came, types.Blob) and came.mime_type.startswith("image/"):
        arrived.append(time.monotonic())
        pictures.append(came.data)
        return []
    return echo(came) if text_of(came) else []

def show(**options):
    arrived.clear()
    pictures.clear()
    told.clear()
    return adk_nb.talk(Agent(name="watcher", model=Scripted(answer)), **options)

def noted(session, page, message):
    if isinstance(message, protocol.Camera):
        told.append([message.source, message.on])
    receive(session, page, message)

arrived, pictures, told = [], [], []
receive, LiveSession.receive = LiveSession.receive, noted
"""
SHOW = "live = show(video=True)\nlive"
FAKE_SIZE = (768, 432)
"""What is left of the fake camera's 1280 by 720."""


def jpeg_size(jpeg: bytes) -> tuple[int, int]:
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


@pytest.fixture(scope="module")
def camera_lab(open_shared_lab):
    lab = open_shared_lab([AGENT, SHOW])
    lab.run_cell(0)
    return lab


@pytest.fixture
def widget(camera_lab):
    """A fresh widget of a model that sees."""
    return shown(camera_lab)


def shown(lab, code=SHOW):
    lab.edit_cell(1, code)
    lab.run_cell(1)
    widget = lab.widget()
    widget.wait_for_state("ready")
    return widget


def pictures(lab, count):
    """The first pictures that came to the model, once there are so many."""
    lab.kernel.wait_for("len(pictures)", accept=lambda came: came >= count)
    encoded = lab.kernel.value("[base64.b64encode(p).decode() for p in pictures]")
    return [base64.b64decode(text) for text in encoded[:count]]


def pressed(widget):
    """Which of the two buttons are pressed."""
    sources = ("camera", "screen")
    return [s for s in sources if widget.part(s).get_attribute("aria-pressed") == "true"]


def test_the_camera_comes_to_the_model_as_one_jpeg_a_second(widget):
    lab = widget.lab
    widget.part("camera").click()
    widget.part("preview").get_by_text("Camera", exact=True).wait_for()
    came = pictures(lab, 5)
    assert [jpeg_size(jpeg) for jpeg in came] == [FAKE_SIZE] * 5
    assert len(set(came)) == 5  # The test pattern moves.
    assert all(1_000 < len(jpeg) < 200_000 for jpeg in came)
    gaps = lab.kernel.value("[b - a for a, b in zip(arrived, arrived[1:])]")
    # The first comes at once, apart from the beat.
    assert all(0.5 < gap < 1.6 for gap in gaps[1:4])
    assert pressed(widget) == ["camera"]
    assert widget.look("(root, adkNb) => [adkNb.watching, adkNb.imagesDropped]") == ["camera", 0]
    assert lab.kernel.value("live.session.images_seen") >= 5

    widget.look("(root, adkNb) => { root.kept = adkNb.videoTracks; }")
    widget.part("camera").click()
    assert widget.part("preview").count() == 0
    assert pressed(widget) == []
    assert widget.look("root => root.kept.map(track => track.readyState)") == ["ended"]
    sent = widget.look("(root, adkNb) => adkNb.imagesSent")
    lab.page.wait_for_timeout(1500)
    assert widget.look("(root, adkNb) => adkNb.imagesSent") == sent
    assert lab.kernel.wait_for("len(pictures)", accept=lambda came: came == sent)
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")


def test_the_screen_takes_over_from_the_camera_and_back(widget):
    widget.part("camera").click()
    pictures(widget.lab, 1)
    widget.part("screen").click()
    widget.lab.page.wait_for_selector('[data-adk-nb="preview"][data-source="screen"]')
    assert pressed(widget) == ["screen"]
    assert widget.part("preview").count() == 1
    told = [["camera", True], ["camera", False], ["screen", True]]
    widget.lab.kernel.wait_for("told", accept=lambda said: said == told)
    sent = widget.look("(root, adkNb) => adkNb.imagesSent")
    came = pictures(widget.lab, sent + 2)
    assert max(jpeg_size(came[-1])) <= 768
    widget.part("camera").click()
    widget.lab.page.wait_for_selector('[data-adk-nb="preview"][data-source="camera"]')
    assert pressed(widget) == ["camera"]


def test_a_share_that_the_user_ends_is_off(widget):
    widget.part("screen").click()
    pictures(widget.lab, 1)
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


def test_after_an_accident_the_camera_goes_on(widget):
    lab = widget.lab
    widget.part("camera").click()
    pictures(lab, 1)
    lab.kernel.run(
        "for page in list(live._bridge._connections):\n"
        "    live.session.bridge.loop.call_soon_threadsafe(page.close, 1012, 'again')"
    )
    lab.kernel.wait_for("told", accept=lambda said: said == [["camera", True]] * 2)
    before = lab.kernel.value("len(pictures)")
    pictures(lab, before + 2)
    assert pressed(widget) == ["camera"]


def test_a_widget_that_is_scrolled_away_goes_on_showing(widget):
    lab = widget.lab
    widget.part("camera").click()
    pictures(lab, 1)
    # As JupyterLab does with the outputs of cells that are far from what is seen.
    widget.look("root => { window.taken = root; window.place = root.parentNode; root.remove(); }")
    sent = lab.page.evaluate("() => taken.adkNb.imagesSent")
    came = pictures(lab, sent + 3)[sent:]
    assert len(set(came)) == 3
    lab.page.evaluate("() => { place.append(taken); }")
    assert not widget.part("preview").locator("video").evaluate("video => video.paused")


def test_the_keyboard_switches_the_camera(widget):
    widget.part("camera").focus()
    widget.lab.page.keyboard.press("Space")
    widget.part("preview").wait_for()
    assert pressed(widget) == ["camera"]
    assert widget.part("status").get_attribute("data-state") == "ready"  # It is no push-to-talk.
    widget.lab.page.keyboard.press("Enter")
    widget.part("preview").wait_for(state="detached")


def test_a_model_that_does_not_see_is_shown_nothing(camera_lab):
    widget = shown(camera_lab, "live = show(video=False)\nlive")
    assert widget.part("mic").is_visible()
    assert widget.part("camera").is_hidden()
    assert widget.part("screen").is_hidden()


def test_closing_switches_the_camera_off(widget):
    widget.part("camera").click()
    pictures(widget.lab, 1)
    widget.look("(root, adkNb) => { root.kept = adkNb.videoTracks; }")
    widget.lab.kernel.run("live.close()")
    widget.wait_for_state("closed")
    assert widget.look("root => root.kept.map(track => track.readyState)") == ["ended"]
    assert widget.part("preview").count() == 0
    assert widget.part("camera").is_disabled()


def test_running_the_cell_again_switches_the_camera_off(widget):
    widget.part("camera").click()
    pictures(widget.lab, 1)
    widget.look("(root, adkNb) => { window.kept = adkNb.videoTracks; }")
    shown(widget.lab)
    states = widget.lab.page.evaluate("() => kept.map(track => track.readyState)")
    assert states == ["ended"]
    assert widget.lab.page.locator('[data-adk-nb="preview"]').count() == 0


def test_a_refused_camera_says_how_to_allow_it(open_lab):
    lab = open_lab([AGENT, SHOW], "denied")
    lab.run_cell(0)
    widget = shown(lab)
    for source, remedy in (("camera", "Allow the camera"), ("screen", "Click the screen again")):
        widget.part(source).click()
        widget.part("error").get_by_text(remedy).wait_for()
        assert widget.part("error").get_attribute("data-code") == f"{source}_denied"
        assert pressed(widget) == []
    errors = "[row.error for row in live.session.log if row.error]"
    lab.kernel.wait_for(errors, accept=lambda told: len(told) == 2)
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")


def test_a_missing_camera_says_what_to_do(open_lab):
    lab = open_lab([AGENT, SHOW], "none")
    lab.run_cell(0)
    widget = shown(lab)
    widget.part("camera").click()
    widget.part("error").get_by_text("No camera was found").wait_for()
    assert widget.part("error").get_attribute("data-code") == "camera_missing"
    assert pressed(widget) == []
    assert lab.kernel.value("told") == []


def test_how_it_looks(widget):
    lab = widget.lab
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")
    widget.part("camera").click()
    pictures(lab, 2)
    for theme in ("Dark", "Light"):
        lab.set_theme(theme)
        lab.page.wait_for_selector("#jupyterlab-splash", state="detached")
        lab.screenshot(f"camera-{theme.lower()}")
    widget.look("root => { root.style.width = '340px'; }")
    lab.screenshot("camera-narrow")
