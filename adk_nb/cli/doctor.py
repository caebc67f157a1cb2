"""`python -m adk_nb doctor`: what there is for a conversation here, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

_MARKS = {"ok": "ok", "missing": "MISSING", "failed": "FAILED", "unknown": "?"}


def add_to(commands: Any) -> None:
    """Declares the command."""
    text = "say what there is for a conversation here, what is missing, and what to do about it"
    commands.add_parser("doctor", help=text, description=text).set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Runs the command; the exit code is 1 where something failed."""
    from adk_nb.notebook.doctor import findings

    found = findings()
    width = max(len(one.what) for one in found)
    for one in found:
        print(f"{one.what:{width}}  {_MARKS[one.verdict]:8} {one.found}")
        if one.remedy:
            print(f"{'':{width}}  {'':8} -> {one.remedy}")
    return int(any(one.verdict == "failed" for one in found))
