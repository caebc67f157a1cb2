"""The three ways to the kernel side by side: round trip, mouth to ear and processor time.

A real JupyterLab and Chromium on one machine, an echo agent behind each widget, one way after the
other and all of them again for each round. A round trip is a clock message to the bridge and back,
one at a time; mouth to ear is measured as in `mouth_to_ear.py`; processor time is what the Jupyter
server and the kernel use while a microphone is open and the agent sends it straight back.

`python benchmarks/transports.py [--seconds 15] [--rounds 2] [--pings 300]`. Targets: the relay's
round trip at most 2 ms (p50) and 5 ms (p95) over the direct one's; mouth to ear (p50) 70 ms by the
relay, 200 ms by the comm; the exit code says whether they were met.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from mouth_to_ear import CELLS, SETTLE_S, clicks, listen, measure

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

from chromium import FLAGS, chromium_path, microphone_flags  # noqa: E402
from lab import JupyterServer, Lab  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402

TRANSPORTS = ("websocket", "relay", "comm")

PING = """async (count) => {
  const {adkNb} = document.querySelector(".adk-nb");
  const found = [];
  for (let n = 0; n < count; n++) {
    found.push(await adkNb.ping());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return found;
}"""


class Meter:
    """The processor time of a Jupyter server and of the kernels below it (s)."""

    def __init__(self, server: JupyterServer) -> None:
        self._server = psutil.Process(server.pid)

    def read(self) -> tuple[float, float]:
        kernels = self._server.children(recursive=True)
        return _used(self._server), sum(map(_used, kernels))


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def one(
    server: JupyterServer, browser: Browser, transport: str, options: argparse.Namespace
) -> dict[str, float]:
    """Measures one way in a page and a kernel of its own."""
    lab = Lab(server, browser.new_page())
    talk = CELLS[0].replace("model=Echo())", f"model=Echo()), transport={transport!r}")
    lab.open([talk, *CELLS[1:]])
    rate = listen(lab, options.seconds + SETTLE_S)
    widget = lab.widget()
    if widget.transport != transport:
        raise RuntimeError(f"{widget.transport} was taken for {transport}.")
    meter = Meter(server)
    time.sleep(SETTLE_S)
    before, began = meter.read(), time.monotonic()
    heard = measure(lab, rate, options.seconds, busy=False)
    passed = time.monotonic() - began
    server_s, kernel_s = (
        (after - earlier) / passed for after, earlier in zip(meter.read(), before, strict=True)
    )
    widget.part("mic").click()
    time.sleep(1)
    pings = np.array(lab.page.evaluate(PING, options.pings))
    lab.close()
    lab.page.close()
    return {
        "trip p50": float(np.percentile(pings, 50)),
        "trip p95": float(np.percentile(pings, 95)),
        "ear p50": heard["p50"],
        "ear p95": heard["p95"],
        "cushion": heard["cushion"],
        "missed": heard["missed"],
        "underruns": heard["underruns"],
        "server %": server_s * 100,
        "kernel %": kernel_s * 100,
    }


def met(found: dict[str, dict[str, float]]) -> bool:
    """Prints each target with what was found; returns whether all were met."""
    direct, relay, comm = (found[transport] for transport in TRANSPORTS)
    targets = [
        ("relay over direct, p50 (ms)", relay["trip p50"] - direct["trip p50"], 2.0),
        ("relay over direct, p95 (ms)", relay["trip p95"] - direct["trip p95"], 5.0),
        ("mouth to ear by relay (ms)", relay["ear p50"], 70.0),
        ("mouth to ear by comm (ms)", comm["ear p50"], 200.0),
    ]
    for name, value, target in targets:
        print(
            f"{name:30}{value:8.1f}  at most {target:g}: {'met' if value <= target else 'MISSED'}"
        )
    return all(value <= target for _, value, target in targets)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--pings", type=int, default=300)
    options = parser.parse_args()
    rounds: dict[str, list[dict[str, float]]] = {transport: [] for transport in TRANSPORTS}
    server = JupyterServer()
    try:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            sound = Path(folder) / "clicks.wav"
            clicks(sound, options.seconds + 120)
            for _ in range(options.rounds):
                for transport in TRANSPORTS:
                    # Of its own, as its microphone plays once.
                    browser = playwright.chromium.launch(
                        executable_path=chromium_path(),
                        args=["--no-sandbox", *FLAGS, *microphone_flags(sound)],
                    )
                    rounds[transport].append(one(server, browser, transport, options))
                    browser.close()
    finally:
        server.close()
    found = {
        transport: {name: statistics.median(r[name] for r in took) for name in took[0]}
        for transport, took in rounds.items()
    }
    print(f"{'':10}" + "".join(f"{name:>10}" for name in found["comm"]))
    for transport, figures in found.items():
        print(f"{transport:10}" + "".join(f"{value:10.1f}" for value in figures.values()))
    return 0 if met(found) else 1


if __name__ == "__main__":
    sys.exit(main())
