"""How well the router understands sentences to tools that were not written for it.

    python benchmarks/tool_sets.py [--failures] [--json FILE]

Two tables over the same tools (`tests/local/tool_sets.py` cites where they are from): the half that
the rules were made with, and the half that was put aside before. A sentence is exactly right where
each call that it asks for is made with every argument, and no other call; a call that it does not
ask for is a wrong one, silence and a question are none.
"""

# ruff: noqa: E402
from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests/local")]

import tool_set_cases
import tool_set_held_out
from tool_set_scores import declared, score
from tool_sets import TOOL_SETS

from adk_nb.local.router import route

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 3, 4, 10)  # noqa: DTZ001 - A Wednesday, on the user's clock.
TABLES = {"worked with": tool_set_cases.CASES, "held out": tool_set_held_out.CASES}


def calls_of(group: str, sentence: str) -> list:
    return [(call.name, call.args) for call in route([sentence], declared(group), now=NOW)]


def durations(tools: int, clock: Callable[[], float]) -> list[float]:
    """Returns how long each sentence of the first table takes with so many tools, in ms.

    Args:
        tools: How many tools there are.
        clock: Tells the time in s: that of the wall, or of the processor.
    """
    some = [each for group in TOOL_SETS for each in declared(group)][:tools]
    taken = []
    for rows in tool_set_cases.CASES.values():
        for sentence, _ in rows:
            started = clock()
            route([sentence], some, now=NOW)
            taken.append((clock() - started) * 1000)
    return sorted(taken)


def routing(name: str, clock: Callable[[], float]) -> dict[str, float]:
    """Returns the figures of routing with 30 tools, by one clock."""
    taken = durations(30, clock)
    p50, p95 = statistics.median(taken), taken[round(0.95 * (len(taken) - 1))]
    print(f"routing with 30 tools, {name}: p50 {p50:.1f}  p95 {p95:.1f}  most {taken[-1]:.1f} ms")
    return {"p50": p50, "p95": p95, "most": taken[-1]}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--failures", action="store_true", help="show what was not right")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    figures: dict[str, object] = {}
    print(f"{sum(map(len, TOOL_SETS.values()))} tools of {len(TOOL_SETS)} agents")
    for name, table in TABLES.items():
        total = score(table, calls_of)
        print(f"{name}: {total}")
        figures[name] = {
            "of": total.sentences,
            "right": total.right,
            "no_wrong_call": total.harmless,
        }
        for sentence, expected, got in total.failures if options.failures else []:
            print(f"  {sentence}\n    wanted {expected}\n    got    {got}")
    # On a machine that others use too the processor's time says what an idle one would take.
    figures["routing_ms"] = routing("wall", time.perf_counter)
    figures["routing_cpu_ms"] = routing("processor", time.process_time)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
