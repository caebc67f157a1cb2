"""A spoken turn and an interruption in a real Firefox, through a microphone of PulseAudio's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from firefox import Firefox, Sound, missing
from speech import microphone, silence, speech
from transports import AGENT

import adk_nb

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.browser

NAMES: dict = {}
exec(AGENT, NAMES)
make = NAMES["make"]

# Counts who asks for the latency of the output: Firefox froze on it.
COUNT = """
window.latencyAsked = 0;
const {get} = Object.getOwnPropertyDescriptor(AudioContext.prototype, "outputLatency");
Object.defineProperty(AudioContext.prototype, "outputLatency", {
  get() { window.latencyAsked++; return get.call(this); },
});
const {getOutputTimestamp} = AudioContext.prototype;
AudioContext.prototype.getOutputTimestamp = function () {
  window.latencyAsked++;
  return getOutputTimestamp.call(this);
};
"""


@pytest.fixture(scope="module")
def sound() -> Iterator[Sound]:
    if (lacking := missing()) and not os.environ.get("CI"):
        pytest.skip(f"there is no {lacking}; as root `make test-python` installs it on Debian")
    sound = Sound()
    yield sound
    sound.close()


@pytest.fixture(scope="module")
def firefox(sound) -> Iterator[Firefox]:
    firefox = Firefox(sound)
    yield firefox
    firefox.close()


@pytest.fixture
def live() -> Iterator[adk_nb.LiveWidget]:
    live = adk_nb.talk(make("first"))
    yield live
    live.close()


def test_a_spoken_turn_and_an_interruption(firefox, sound, host, live, tmp_path):
    firefox.do("prepare", COUNT)
    firefox.do("open", host.url)
    firefox.do("evaluate", f"show({live.model_id!r})")
    firefox.until_state("ready")
    firefox.click("mic")
    firefox.until("(root, adkNb) => adkNb.microphone")
    sound.play(microphone(tmp_path, speech("What time is it?"), silence(60)))

    # The agent's sound begins with the microphone open, and the page goes on.
    firefox.until("(root, adkNb) => adkNb.samplesPlayed > 0")
    before = firefox.look("(root, adkNb) => adkNb.framesSent")
    firefox.until(f"(root, adkNb) => adkNb.framesSent > {before + 25}")
    firefox.click("mic")
    firefox.until_state("ready")
    assert "It is noon." in firefox.do("evaluate", "document.body.innerText")
    assert sound.heard_ms() > 300

    firefox.do("type", '[data-adk-nb="text"]', "long\n")
    firefox.until(
        "(root, adkNb) => adkNb.state === 'speaking' && adkNb.playback.at(-1).played_ms > 500"
    )
    firefox.click("interrupt")
    firefox.until_state("ready")
    reports = firefox.look("(root, adkNb) => adkNb.playback")
    assert reports[-1]["played_ms"] < 15_000
    assert live.turns[-1].interrupted

    assert firefox.do("evaluate", "latencyAsked") == 0
    assert all(report["estimated"] for report in reports)
    assert list(live.turns_df(["heard_estimated"]).heard_estimated) == [True, True]
