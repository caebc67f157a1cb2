"""The command line: `python -m adk_nb COMMAND`, one module a command.

A command's module has `add_to(commands)`, which declares its arguments and sets `run`: a function
of the parsed arguments that returns the exit code. It imports what is heavy when it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, NoReturn

from adk_nb.cli import doctor, lab, notebooks, serve, smollm2
from adk_nb.exceptions import AdkNbError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = (doctor, lab, notebooks, serve, smollm2)
_TOOLS_S = 2.0
"""How long a tool that still runs may keep the process (s)."""


def parser() -> argparse.ArgumentParser:
    """Returns what reads a command line."""
    made = argparse.ArgumentParser(
        prog="python -m adk_nb", description="Speak to Google ADK agents inside a notebook cell."
    )
    commands = made.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: What follows `python -m adk_nb`; by default the process's own. After `--` come
            those of another program that a command starts.

    Returns:
        The exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    end = given.index("--") if "--" in given else len(given)
    parsed = parser().parse_args(given[:end], argparse.Namespace(passed_on=given[end + 1 :]))
    try:
        return int(parsed.run(parsed))
    except AdkNbError as error:
        print(error, file=sys.stderr)
        return 1


def end(code: int) -> NoReturn:
    """Ends the process, also while a tool runs in a thread, for which Python would wait.

    Args:
        code: The exit code.
    """
    threading.Thread(target=_leave_behind, args=(code,), daemon=True).start()
    sys.exit(code)


def _leave_behind(code: int) -> None:
    time.sleep(_TOOLS_S)
    print("A tool has not returned. The process ends without it.", file=sys.stderr, flush=True)
    os._exit(code)
