"""A driver for one widget in a page, by the names that stay."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ROOT = ".adk-nb"
"""The widget's root element."""

SECONDS = 60.0
"""How long anything may take unless a test says otherwise; a busy machine takes long."""

_SHOTS = Path(__file__).parents[2] / "screenshots"


def screenshot(page: Page, name: str) -> Path:
    """Writes a picture of a page."""
    _SHOTS.mkdir(exist_ok=True)
    file = _SHOTS / f"{name}.png"
    page.screenshot(path=file)
    return file


# Posts the start of each render quantum in which its input made a sound.
_TAP = r"""
  const source = `registerProcessor("tap", class extends AudioWorkletProcessor {
    process([input]) {
      for (const channel of input)
        if (channel.some((sample) => sample !== 0)) {
          this.port.postMessage(currentFrame / sampleRate);
          break;
        }
      return true;
    }
  })`;
  const {context, output} = adkNb;
  const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
  await context.audioWorklet.addModule(url);
  const tap = new AudioWorkletNode(context, "tap", {numberOfOutputs: 1});
  root.tapped = [];
  root.clocks = [];  // The clock of the page less that of the context (ms), at each.
  tap.port.onmessage = ({data}) => {
    const {contextTime, performanceTime} = context.getOutputTimestamp();
    root.clocks.push(performanceTime - contextTime * 1000);
    root.tapped.push(data);
  };
  output.connect(tap);
  tap.connect(context.destination);  // Silent; without it the node is not run.
  root.tapNode = tap;
"""


class Widget:
    """One widget in the page."""

    def __init__(self, page: Page, root: Locator) -> None:
        self.page = page
        self.root = root

    def part(self, name: str) -> Locator:
        """An element of the widget, by its stable name."""
        return self.root.locator(f'[data-adk-nb="{name}"]')

    @property
    def state(self) -> str:
        """What the widget says it is doing."""
        return self.part("status").get_attribute("data-state") or ""

    def wait_for_state(self, *states: str, timeout: float = SECONDS) -> None:
        """Waits until the widget is in one of the states."""
        selector = ", ".join(f'[data-adk-nb="status"][data-state="{state}"]' for state in states)
        self.root.locator(selector).wait_for(state="attached", timeout=timeout * 1000)

    def entries(self, role: str) -> list[str]:
        """The transcript's texts of one role, oldest first."""
        return self.root.locator(f'[data-role="{role}"]').all_inner_texts()

    def wait_for_entry(self, role: str, pattern: str, timeout: float = SECONDS) -> str:
        """Waits for a transcript entry whose text has the pattern (any case) and returns it."""
        entry = self.root.locator(f'[data-role="{role}"]').filter(
            has_text=re.compile(pattern, re.IGNORECASE)
        )
        entry.last.wait_for(timeout=timeout * 1000)
        return entry.last.inner_text()

    def type(self, text: str) -> None:
        """Types a turn and presses Enter."""
        self.part("text").fill(text)
        self.part("text").press("Enter")

    def look(self, script: str) -> Any:
        """Returns what a function of the root element and its `adkNb` returns."""
        return self.root.evaluate(f"root => ({script})(root, root.adkNb)")

    @property
    def transport(self) -> str:
        """The way that the page takes to the kernel."""
        return self.part("status").get_attribute("data-transport") or ""

    def record_states(self) -> None:
        """Begins to note every state that the status shows."""
        self.look(
            """root => {
              const status = root.querySelector('[data-adk-nb="status"]');
              const seen = (root.seen = [status.dataset.state]);
              root.states?.disconnect();
              root.states = new MutationObserver(() => {
                if (seen.at(-1) !== status.dataset.state) seen.push(status.dataset.state);
              });
              root.states.observe(status, {attributeFilter: ["data-state"]});
            }"""
        )

    @property
    def states(self) -> list[str]:
        """The states that were shown since `record_states`, without repetitions."""
        return list(self.look("root => root.seen"))

    def tap(self) -> None:
        """Begins to record the peak of every render quantum at the end of the audio graph."""
        self.look(f"async (root, adkNb) => {{ {_TAP} }}")

    @property
    def loud(self) -> list[float]:
        """When the tapped quanta with any sound began (s on the audio context's clock)."""
        return list(self.look("root => root.tapped"))

    def sounded_after(self, moment: float) -> float:
        """How long it went on sounding after a moment, up to the first 100 ms of silence (s)."""
        end = moment
        for began in (began for began in self.loud if began > moment):
            if began - end > 0.1:
                break
            end = began
        return end - moment

    def note_interruption(self) -> None:
        """Notes, on the audio context's clock, when the page learns that a turn was cut off."""
        self.look(
            """(root, adkNb) => {
              root.cutAt = [];
              new MutationObserver((changes) => {
                for (const {target, oldValue} of changes)
                  if (target.dataset.interrupted === "true" && oldValue !== "true")
                    root.cutAt.push(adkNb.context.currentTime);
              }).observe(root.querySelector('[data-adk-nb="transcript"]'),
                {attributeFilter: ["data-interrupted"], attributeOldValue: true, subtree: true});
            }"""
        )
