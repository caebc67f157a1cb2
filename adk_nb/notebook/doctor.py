"""`doctor`: what there is for a conversation here, what is missing, and what to do about it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import queue
import secrets
import ssl
import sys
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from adk_nb import bridge_file
from adk_nb.exceptions import AdkNbError
from adk_nb.local.recognisers import MOONSHINE, WHISPER
from adk_nb.local.voices import hibari, pico
from adk_nb.providers import gemini
from adk_nb.wire.terms import RELAY_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adk_nb.local.parts import Part
    from adk_nb.widget import LiveWidget
    from adk_nb.wire.protocol import Findings

Verdict = Literal["ok", "missing", "failed", "unknown"]

_ANSWER_S = 15.0
"""How long the pages may take to answer (s): each way that does not open takes 4."""
_SERVER_S = 3.0
_PACKAGES = (
    "adk-nb", "google-adk", "google-genai", "ipykernel", "anywidget", "ipywidgets",
    "jupyter-server", "jupyterlab", "websockets",
)  # fmt: skip
_OPTIONAL = frozenset({"jupyterlab"})
_WAYS = {
    "websocket": "to the kernel's own port",
    "relay": "through the Jupyter server",
    "comm": "as the notebook's messages",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of what `doctor` found.

    Attributes:
        what: What was looked at.
        verdict: `ok`, `missing`, `failed`, or `unknown` where it cannot be told from here.
        found: What was found.
        remedy: What to do; empty where there is nothing.
    """

    what: str
    verdict: Verdict
    found: str
    remedy: str = ""


def doctor(live: LiveWidget | None = None) -> pd.DataFrame:
    """Returns what there is for a conversation here, a row each: `what, verdict, found, remedy`.

    In a notebook it also asks the pages of a widget: which way to the kernel opens and how fast,
    and what the browser says of the microphone.

    Args:
        live: A widget that is displayed; without one no page is asked.
    """
    return _Table([asdict(one) for one in findings(live)], dtype="string")


class _Table(pd.DataFrame):
    """A frame that a cell shows whole: a remedy that is cut short is none."""

    @property
    def _constructor(self) -> type[_Table]:
        return _Table

    def _repr_html_(self) -> str | None:
        with pd.option_context("display.max_colwidth", None, "display.max_rows", None):
            return super()._repr_html_()  # type: ignore[misc,no-any-return]


def findings(live: LiveWidget | None = None) -> list[Finding]:
    """Returns what `doctor` shows."""
    found = [*_versions(), _subshells(), _extension(), *_servers(), _bridge()]
    found += [*_models(), *_embedded()]
    if live is not None:
        found += _pages(live)
    return found


def _versions() -> Iterator[Finding]:
    yield Finding("Python", "ok", f"{sys.version.split()[0]} on {sys.platform}")
    for name in _PACKAGES:
        try:
            yield Finding(name, "ok", importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            verdict: Verdict = "unknown" if name in _OPTIONAL else "missing"
            where = "It may be installed where the Jupyter server runs."
            remedy = where if name in _OPTIONAL else f"pip install {name}"
            yield Finding(name, verdict, "not in the kernel's environment", remedy)


def _subshells() -> Finding:
    what = "a page is heard while a cell runs"
    version = importlib.metadata.version("ipykernel")
    if int(version.split(".")[0]) >= 7:
        return Finding(what, "ok", f"ipykernel {version} has subshells; JupyterLab 4.4 uses them")
    remedy = "pip install 'ipykernel>=7'; it matters to pages that come over the comm."
    return Finding(what, "missing", f"ipykernel {version} has no subshells", remedy)


def _extension() -> Finding:
    from jupyter_server.extension.config import ExtensionConfigManager

    what = "the Jupyter Server extension, in the kernel's environment"
    # Its own default is a folder of each of Jupyter's, in which extensions are not enabled.
    folders = [str(Path(path).parent) for path in ExtensionConfigManager().read_config_path]
    manager = ExtensionConfigManager(read_config_path=folders)
    enabled = manager.get_jpserver_extensions()  # type: ignore[no-untyped-call]
    if enabled.get("adk_nb.relay"):
        return Finding(what, "ok", "enabled")
    remedy = "jupyter server extension enable adk_nb.relay, and restart the server."
    return Finding(what, "missing", "not enabled", remedy)


def _servers() -> Iterator[Finding]:
    """Asks the Jupyter server that started this kernel, or else all of this user's."""
    from jupyter_server.serverapp import list_running_servers

    running = list(list_running_servers())
    own = [server for server in running if server.get("pid") == os.getppid()]
    for server in own or running:
        yield _relay(server)
    if not running:
        yield Finding(
            "the relay of a Jupyter server",
            "unknown",
            "no Jupyter server runs on the kernel's machine",
            "Where it runs elsewhere, pages come over the comm.",
        )


def _relay(server: Mapping[str, Any]) -> Finding:
    what = f"the relay of {server['url']}"
    request = urllib.request.Request(  # noqa: S310 - of a file of this user's
        f"{server['url']}{RELAY_PATH}/version",
        headers={"Authorization": f"token {server['token']}"} if server.get("token") else {},
    )
    # On this machine, by whatever name its certificate is of.
    unchecked = ssl._create_unverified_context()  # noqa: S323, SLF001
    try:
        with urllib.request.urlopen(request, timeout=_SERVER_S, context=unchecked) as answer:  # noqa: S310
            told = json.loads(answer.read(1000))
            return Finding(what, "ok", f"version {told['version']}")
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            return Finding(what, "unknown", "it wants a login, which is not known here")
        remedy = "Install adk-nb where the Jupyter server runs, and restart it."
        return Finding(what, "missing", f"HTTP status {error.code}", remedy)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Finding(what, "failed", str(error), "Restart the Jupyter server.")


def _bridge() -> Finding:
    what = "the file by which the Jupyter server finds this kernel"
    path = bridge_file.own_path()
    if path is None:
        return Finding(what, "unknown", "this process is no Jupyter kernel")
    try:
        return Finding(what, "ok", f"port {bridge_file.read(path)}")
    except FileNotFoundError:
        return Finding(what, "missing", "no conversation is open", "live = adk_nb.talk(agent)")
    except (OSError, ValueError) as error:
        return Finding(what, "failed", f"{path}: {error}", "Remove it, and run the cell again.")


def _models() -> Iterator[Finding]:
    try:
        credentials = gemini.credentials()
        problem = gemini.problem(gemini.AI_STUDIO_MODEL)
    except AdkNbError as error:
        yield Finding("credentials for Gemini", "failed", error.message, error.remedy)
        return
    if problem is not None:
        yield Finding("credentials for Gemini", "missing", problem.message, problem.remedy)
    else:
        named = credentials.key or credentials.project
        yield Finding("credentials for Gemini", "ok", f"{credentials.platform}, by {named}")


def _embedded() -> Iterator[Finding]:
    parts: dict[str, tuple[Part[Any], ...]] = {
        "the embedded default hears": (MOONSHINE, WHISPER),
        "the embedded default speaks": (hibari(), pico("en-US")),
    }
    for what, any_of in parts.items():
        there = any(part.installed for part in any_of)
        remedy = "" if there else "pip install 'adk-nb[local]'"
        yield Finding(what, "ok" if there else "missing", "installed" if there else "not", remedy)


# Of the pages.


def _pages(live: LiveWidget) -> Iterator[Finding]:
    session = live.session
    answers: queue.Queue[Findings] = queue.Queue()
    number = secrets.randbelow(1 << 30)

    async def ask() -> int:
        return session.pages.examine(number, answers.put)

    count = session.bridge.call(ask())
    if not count:
        yield Finding(
            "the page", "missing", "no page is connected", "Display the widget: live, in a cell."
        )
    for place in range(count):
        name = "the page" if count == 1 else f"page {place + 1}"
        try:
            answer = answers.get(timeout=_ANSWER_S)
        except queue.Empty:
            yield Finding(name, "failed", f"no answer within {_ANSWER_S:g} s", "Reload the page.")
            return
        if answer.id == number:
            yield from _of_page(name, answer.found)


def _of_page(name: str, found: Mapping[str, Any]) -> Iterator[Finding]:
    """Reads what a page has found out."""
    trip = found.get("round_trip_ms")
    used = f"{found.get('transport')} from {found.get('origin')}"
    took = "" if trip is None else f", round trip {trip:.1f} ms"
    yield Finding(f"{name}: the way that it takes", "ok", used + took)
    for way, how in _WAYS.items():
        if f"{way}_opens_ms" in found:
            yield _way(name, f"{way}, {how}", found[f"{way}_opens_ms"])
        else:
            yield Finding(f"{name}: {way}, {how}", "missing", "the page knows of no such way")
    yield _microphone(name, found)
    yield Finding(f"{name}: browser", "ok", str(found.get("browser")))
    state, rate = found.get("output_state"), found.get("output_rate")
    suspended = state == "suspended"
    remedy = "Click into the page: a browser plays nothing before." if suspended else ""
    yield Finding(f"{name}: sound", "missing" if suspended else "ok", f"{state}, {rate} Hz", remedy)


def _way(name: str, way: str, ms: float | None) -> Finding:
    if ms is not None:
        return Finding(f"{name}: {way}", "ok", f"opens in {ms:.0f} ms")
    remedy = "See docs/transports.md; any one way is enough."
    return Finding(f"{name}: {way}", "failed", "does not open", remedy)


def _microphone(name: str, found: Mapping[str, Any]) -> Finding:
    what = f"{name}: microphone"
    if not found.get("secure"):
        remedy = "Open Jupyter at http://localhost or over HTTPS."
        return Finding(what, "missing", "the page is not secure", remedy)
    if found.get("microphone_permission") == "denied":
        remedy = "Allow the microphone for this site in the address bar."
        return Finding(what, "failed", "the browser was told to refuse it", remedy)
    if found.get("microphones") == 0:
        return Finding(what, "missing", "there is none", "Connect one.")
    told = [f"permission: {found.get('microphone_permission') or 'not told'}"]
    if found.get("microphone_open"):
        cancels = "on" if found.get("echo_cancellation") else "off"
        told.append(f"open at {found.get('microphone_rate')} Hz, echo cancellation {cancels}")
    return Finding(what, "ok", ", ".join(told))
