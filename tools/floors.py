"""Whether the tests run as much of the code as pyproject.toml asks for; fails where they do not.

    python tools/floors.py          # both of these
    python tools/floors.py rooms    # each room, by its own tests alone; a minute or two
    python tools/floors.py package  # the package, by what `make coverage` has measured

The floors are in `[tool.adk_nb.coverage]` of pyproject.toml: percents of lines and branches.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environment import ROOT
from packages import project


@dataclass(frozen=True)
class Module:
    """What was measured of one module.

    Attributes:
        path: Its path, relative to the project.
        percent: How much of it ran.
        missing: The lines that did not, and the branches that were not taken.
    """

    path: str
    percent: float
    missing: str


def measured(data: Path, *include: str) -> tuple[list[Module], float]:
    """Returns what a file of coverage data says of each module, and of all together (%)."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        command = [sys.executable, "-m", "coverage", "json", "-q", "-o", str(report)]
        command += [f"--include={','.join(include)}"] if include else []
        subprocess.run(command, cwd=ROOT, env=_with(data), check=True)
        told = json.loads(report.read_text("utf-8"))
    modules = [
        Module(Path(path).as_posix(), file["summary"]["percent_covered"], _missing(file))
        for path, file in told["files"].items()
    ]
    return modules, told["totals"]["percent_covered"]


def _missing(file: dict[str, Any]) -> str:
    lines = [str(line) for line in file["missing_lines"]]
    return ", ".join(lines + [f"{start}->{end}" for start, end in file["missing_branches"]])


def _with(data: Path) -> dict[str, str]:
    """Returns an environment in which coverage keeps its data in a file."""
    return os.environ | {"COVERAGE_FILE": str(data)}


def below_rooms(floors: dict[str, Any], processes: str) -> list[str]:
    """Runs the tests of each room; returns a sentence for each module below its floor."""
    return [
        sentence
        for room, floor in floors["rooms"].items()
        for sentence in below_room(room, floor, floors["modules"], processes)
    ]


def below_room(room: str, floor: float, own: dict[str, float], processes: str) -> list[str]:
    """Runs the tests of one room; returns a sentence for each of its modules below its floor."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "coverage"
        command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider"]
        command += ["-n", processes, "--cov", "--cov-report=", f"tests/{room}"]
        run = subprocess.run(
            command, cwd=ROOT, env=_with(data), stdout=subprocess.PIPE, text=True, check=False
        )
        if run.returncode:
            print(run.stdout)
            return [f"the tests of {room} fail"]
        modules, total = measured(data, f"adk_nb/{room}/*")
    print(f"adk_nb/{room:<14} {total:6.2f} % by its own tests", flush=True)
    return below(modules, floor, own)


def below(modules: list[Module], floor: float, own: dict[str, float]) -> list[str]:
    """Returns a sentence for each module below its floor, which may be its own."""
    return [
        f"{module.path}: {module.percent:.2f} %, and not {own.get(module.path, floor)}; "
        f"missing: {module.missing}"
        for module in modules
        if module.percent < own.get(module.path, floor)
    ]


def below_package(floors: dict[str, Any]) -> list[str]:
    """Returns a sentence if too little of the package ran in the tests that were measured."""
    data = ROOT / ".coverage"
    if not data.exists():
        return ["nothing was measured: run `make coverage`"]
    _, total = measured(data)
    print(f"adk_nb {'':<14} {total:6.2f} % by all tests", flush=True)
    return [] if total >= floors["package"] else [f"adk_nb: not {floors['package']} %"]


def main() -> None:
    """Reads the command line; prints what is below its floor, and fails if anything is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", nargs="*", choices=["rooms", "package"], help="both if none")
    parser.add_argument("--processes", default="2", help="how many run the tests of a room")
    options = parser.parse_args()
    floors = project()["tool"]["adk_nb"]["coverage"]
    what = options.what or ["rooms", "package"]
    found = below_rooms(floors, options.processes) if "rooms" in what else []
    found += below_package(floors) if "package" in what else []
    print(*found, sep="\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
