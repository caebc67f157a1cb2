"""From the microphone to the ear: an echo agent in a real JupyterLab, measured in samples.

A fake microphone plays clicks; the agent sends its microphone straight back. A worklet in the page
records the microphone's track and the end of the widget's audio graph side by side, so that every
delay is a difference of sample positions on one clock. It covers the recorder, the page, the
socket, the bridge, ADK's live flow and the player; a real device's own buffers come on top.

`python benchmarks/mouth_to_ear.py [--seconds 30] [--busy]`. Target: p50 80 ms or less, p95 120 ms
or less, every click there, no underrun. `--busy` keeps a cell running in the kernel all the while.

Installing the tap itself stalls the page's audio, so measuring begins 3 s later; underruns before
and after that moment are told apart.
"""

from __future__ import annotations

import argparse
import base64
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

from conftest import _FLAGS, chromium_path, microphone_flags  # noqa: E402
from lab import JupyterServer, Lab  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

RATE = 48_000
PERIOD_S = 0.5
SETTLE_S = 3.0

CELLS = [
    f"""
import sys; sys.path.insert(0, {str(ROOT / "benchmarks")!r})
from echo_model import Echo
from google.adk.agents import Agent
import adk_nb
live = adk_nb.talk(Agent(name="echo", model=Echo()))
live
""",
    "import time\nend = time.time() + {seconds}\nwhile time.time() < end: pass",
]

TAP = """
class Tap extends AudioWorkletProcessor {
  process(inputs) {
    const [mic, out] = inputs.map((input) => input[0]);
    const pair = new Float32Array(256);
    if (mic) pair.set(mic, 0);
    if (out) pair.set(out, 128);
    this.port.postMessage(pair, [pair.buffer]);
    return true;
  }
}
registerProcessor("tap", Tap);
"""

START = """
async (source) => {
  const {context, output, tracks} = document.querySelector(".adk-nb").adkNb;
  const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
  await context.audioWorklet.addModule(url);
  const tap = new AudioWorkletNode(context, "tap", {numberOfInputs: 2, numberOfOutputs: 1});
  context.createMediaStreamSource(new MediaStream([tracks[0].clone()])).connect(tap, 0, 0);
  output.connect(tap, 0, 1);
  tap.connect(context.destination);
  window.tapped = [];
  tap.port.onmessage = ({data}) => window.tapped.push(data);
  return context.sampleRate;
}
"""

STOP = """
() => {
  const all = new Int16Array(window.tapped.length * 256);
  window.tapped.forEach((pair, i) => {
    for (let k = 0; k < 256; k++) all[i * 256 + k] = Math.max(-1, Math.min(1, pair[k])) * 32767;
  });
  const bytes = new Uint8Array(all.buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) {
    text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  }
  return btoa(text);
}
"""


def clicks(path: Path, seconds: float) -> None:
    """Writes short tone bursts over faint noise, PERIOD_S apart."""
    n = int(RATE * seconds)
    sound = np.random.default_rng(1).normal(0, 1e-4, n)
    burst = 0.7 * np.sin(2 * np.pi * 1000 * np.arange(int(0.01 * RATE)) / RATE)
    for start in np.arange(1.0, seconds - 0.1, PERIOD_S):
        i = int(start * RATE)
        sound[i : i + len(burst)] += burst
    soundfile.write(path, sound, RATE, subtype="PCM_16")


def onsets(samples: np.ndarray, rate: int) -> np.ndarray:
    """Returns where each burst begins (samples): the first loud sample after a quiet stretch."""
    loud = np.flatnonzero(np.abs(samples) > 0.25 * np.abs(samples).max())
    if not len(loud):
        return loud
    return loud[np.diff(loud, prepend=-rate) > rate * PERIOD_S / 3]


def measure(lab: Lab, seconds: float, *, busy: bool) -> dict[str, object]:
    lab.open([cell.replace("{seconds}", str(seconds + 3)) for cell in CELLS])
    lab.run_cell(0)
    widget = lab.widget()
    widget.wait_for_state("ready")
    widget.part("mic").click()
    lab.page.wait_for_function("() => document.querySelector('.adk-nb').adkNb.tracks.length > 0")
    rate = lab.page.evaluate(START, TAP)
    if busy:
        lab.run_cell(1, wait=False)
    time.sleep(SETTLE_S)
    at_first = lab.page.evaluate("() => document.querySelector('.adk-nb').adkNb.underruns")
    time.sleep(seconds)
    inside = lab.page.evaluate(
        "() => {const {underruns, framesSent, framesDropped, startMs} = "
        "document.querySelector('.adk-nb').adkNb; "
        "return {underruns, framesSent, framesDropped, startMs}}"
    )
    raw = np.frombuffer(base64.b64decode(lab.page.evaluate(STOP)), "<i2").reshape(-1, 2, 128)
    mic, out = raw[:, 0].ravel(), raw[:, 1].ravel()
    # The last second may hold a click still on its way.
    said = [i for i in onsets(mic, rate) if SETTLE_S * rate < i < len(mic) - rate]
    heard = onsets(out, rate)
    delays = []
    for i in said:
        later = heard[heard > i]
        if len(later) and later[0] - i < rate * PERIOD_S:
            delays.append((later[0] - i) / rate * 1000)
    inside["underruns"] -= at_first
    return inside | {
        "underruns before": at_first,
        "clicks": len(said),
        "heard": len(delays),
        "delays": np.array(delays),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--busy", action="store_true")
    options = parser.parse_args()
    server = JupyterServer()
    try:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            sound = Path(folder) / "clicks.wav"
            clicks(sound, options.seconds + 10)
            flags = ["--no-sandbox", *_FLAGS, *microphone_flags(sound)]
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=flags)
            lab = Lab(server, browser.new_page(), Path(folder))
            found = measure(lab, options.seconds, busy=options.busy)
            lab.close()
            browser.close()
    finally:
        server.close()
    delays = found.pop("delays")
    print(", ".join(f"{name} {value}" for name, value in found.items()))
    for name, q in [("p50", 50), ("p95", 95), ("max", 100)]:
        print(f"{name} {np.percentile(delays, q):.1f} ms")
    print("target: p50 80 ms, p95 120 ms, every click, no underrun")


if __name__ == "__main__":
    main()
