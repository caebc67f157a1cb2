"""`python -m adk_nb serve AGENT`: a web page on which other people speak to an agent."""

from __future__ import annotations

import argparse
import ipaddress
import math
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.applications import Starlette

_DRAIN_S = 30.0
_SECRET = "ADK_NB_SECRET"  # noqa: S105 - the name of the variable
"""Not an option, as everybody on the machine can read a command line."""


def add_to(commands: Any) -> None:
    """Declares the command."""
    text = "serve a page on which other people speak to an agent"
    more = f"Instances that share a session store share the variable {_SECRET} too."
    # A part of --reload would not be taken out of the command that it starts again.
    parser = commands.add_parser(
        "serve", help=text, description=f"{text}. {more}", allow_abbrev=False
    )
    add = parser.add_argument
    add("agent", help="a folder with an agent.py, a Python file, or a module; with :variable")
    add("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    add(
        "--port",
        type=_number(0, 65535),
        default=8000,
        help="the port (default: %(default)s; 0 is any)",
    )
    add("--token", default=os.environ.get("ADK_NB_TOKEN", ""),
        help="what visitors must have in the address, as ?token= (or ADK_NB_TOKEN)")  # fmt: skip
    add("--public", action="store_true", help="let anybody in who reaches it, without a token")
    add("--origin", action="append", default=[], help="a page elsewhere that may connect")
    add("--sessions", default=os.environ.get("ADK_NB_SESSIONS"),
        help="the URI of an ADK session store (or ADK_NB_SESSIONS; else memory)")  # fmt: skip
    add("--artifacts", help="the URI of an ADK artifact service (default: in memory)")
    add("--memory", help="the URI of an ADK memory service (default: in memory)")
    add("--app-name", help="the ADK app of the conversations (default: the App's name, or adk_nb)")
    add("--record", help="a folder for recordings of all sessions")
    add("--tags", action="append", default=[], type=_tag, metavar="NAME=VALUE",
        help="what tells these recordings from others; as often as needed")  # fmt: skip
    add(
        "--max-sessions",
        type=_number(1),
        default=100,
        help="how many at once (default: %(default)s)",
    )
    add("--drain", type=_seconds, default=_DRAIN_S, metavar="SECONDS",
        help="how long turns may go on after SIGTERM (default: %(default)s)")  # fmt: skip
    add("--reload", action="store_true", help="start again when a file beside the agent changes")
    add("--show-content", action="store_true", help="print what is said, not only its size")
    parser.set_defaults(run=run)


def _number(least: int, most: int | None = None) -> Callable[[str], int]:
    """Returns what reads a whole number within bounds."""
    bounds = f"at least {least}" if most is None else f"from {least} to {most}"

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f"{text} is no whole number of {bounds}")
        return number

    return read


def _tag(text: str) -> tuple[str, str]:
    name, is_tag, value = text.partition("=")
    if not name or not is_tag:
        raise argparse.ArgumentTypeError(f"{text} is no NAME=VALUE, such as arm=B")
    return name, value


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds of at least 0")
    return seconds


def run(arguments: argparse.Namespace) -> int:
    """Runs the command until it is told to end."""
    from adk_nb.cli.reloading import failed_code, run_again_and_again
    from adk_nb.exceptions import AdkNbError

    local = _is_loopback(arguments.host)
    if not (local or arguments.token or arguments.public):
        raise AdkNbError(
            f"Anybody who reaches {arguments.host} could speak to this agent, at your cost.",
            remedy="Say --token SECRET, or --public if that is meant.",
            code="bad_option",
        )
    if arguments.reload:
        return run_again_and_again(arguments.agent)
    try:
        # Only now, as it takes seconds: what starts a server again serves nothing itself.
        from adk_nb.cli.running import serve, show_messages
        from adk_nb.serve.agents import load
        from adk_nb.serve.application import app
    except AdkNbError as error:  # ADK does not fit.
        print(error, file=sys.stderr)
        return failed_code()
    show_messages(content=arguments.show_content)
    if arguments.sessions and not os.environ.get(_SECRET):
        print(f"Without {_SECRET} pages find their conversations until this process ends.")
    agent = load(arguments.agent)
    try:
        made = _made(app, agent, arguments, local=local)
    except AdkNbError as error:
        print(error, file=sys.stderr)
        return failed_code()
    failed = serve(made, arguments.host, arguments.port, arguments.drain)
    return failed_code() if failed else 0


def _made(make: Callable[..., Starlette], agent: object, chosen: Any, *, local: bool) -> Starlette:
    own = {} if chosen.app_name is None else {"app_name": chosen.app_name}
    return make(
        agent,
        token=chosen.token,
        origins=chosen.origin,
        local=local,
        max_sessions=chosen.max_sessions,
        secret=os.environ.get(_SECRET, ""),
        sessions=chosen.sessions,
        artifacts=chosen.artifacts,
        memory=chosen.memory,
        record=chosen.record,
        tags=dict(chosen.tags),
        **own,
    )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
