"""How long a swap takes, from the call in a cell until the new agent is connected.

    python benchmarks/swap.py [--swaps 20]

With a model that connects at once, and with the embedded default; idle, and while the microphone is
on. Prints milliseconds.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time

from echo_model import Echo
from google.adk.agents import Agent

import adk_nb


def tool_one() -> str:
    """Does one thing."""
    return "one"


def tool_two() -> str:
    """Does another."""
    return "two"


class Talker:
    """Someone who has the microphone and says nothing, in frames of 20 ms."""

    def __init__(self, session: adk_nb.LiveSession) -> None:
        self._session = session
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._talk, daemon=True)

    def __enter__(self) -> None:
        self._call(self._session.pages.receive, self, adk_nb.wire.protocol.Mic(on=True))
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _talk(self) -> None:
        while not self._over.wait(0.02):
            self._call(self._session.pages.hear, self, bytes(640))

    def _call(self, function, *args) -> None:
        async def called() -> None:
            function(*args)

        self._session.bridge.call(called())


def measure(session: adk_nb.LiveSession, swaps: int) -> list[float]:
    """Returns how long each swap of the tools took (ms)."""
    took = []
    for n in range(swaps):
        began = time.perf_counter()
        session.swap(tools=[tool_one, tool_two][n % 2 :])
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(0.05)
    return took


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--swaps", type=int, default=20)
    swaps = parser.parse_args().swaps
    print(f"{'model':<18}{'microphone':<12}{'p50':>8}{'p95':>8}{'max':>8}  ms")
    models = {"connects at once": Echo(), "embedded default": adk_nb.local_model()}
    for name, model in models.items():
        agent = Agent(name="swapped", model=model, tools=[tool_one])
        with adk_nb.LiveSession(agent) as session:
            session.say("hello")
            print_row(name, "off", measure(session, swaps))
            with Talker(session):
                print_row(name, "on", measure(session, swaps))


def print_row(name: str, microphone: str, took: list[float]) -> None:
    """Prints one row of the table."""
    p50, p95 = statistics.median(took), sorted(took)[int(0.95 * (len(took) - 1))]
    print(f"{name:<18}{microphone:<12}{p50:8.1f}{p95:8.1f}{max(took):8.1f}")


if __name__ == "__main__":
    main()
