"""The steps of `make`: `python tools/steps.py STEP...`.

    python tools/steps.py lab smollm2           # what `make lab` needs
    python tools/steps.py lint node chromium firefox    # what `make test` needs
    python tools/steps.py deploy                # what `make test-deploy` needs
    python tools/steps.py front_ends node chromium firefox  # what `make test-front-ends` needs
    python tools/steps.py clean

The environment is the one that `VENV` names, `.venv` by default; Windows, where there is no make,
runs this file with any Python of 3.11 or later.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from environment import MADE, READY, ROOT, Environment, Stop, environment_at, find_uv, run, say
from packages import Installer, digest, install

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

FRONT_END = ROOT / "tests" / "js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Debian's packages for the tests in Firefox, and what of each is looked for.
SOUNDING = {
    "firefox-esr": (os.environ.get("FIREFOX") or "firefox-esr", "firefox"),
    "pulseaudio": ("pulseaudio",),
    "pulseaudio-utils": ("paplay",),
}
SERVERS = ("nginx", "postgresql")
_OWN_BROWSER = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    playwright.chromium.launch().close()
"""
# What the tools of the tests and checks leave behind; each marks its folder as a cache.
_CACHES = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache")
_SOURCES = ("adk_nb", "tests", "benchmarks", "tools")


def lab(env: Environment) -> None:
    """Installs what `make lab` needs."""
    install(env, "lab", [])


def lint(env: Environment) -> None:
    """Installs what the tests and checks need."""
    install(env, "lint", ["lint"])


def bench(env: Environment) -> None:
    """Installs what the benchmarks need."""
    install(env, "bench", ["bench"])


def front_ends(env: Environment) -> None:
    """Installs what `make test-front-ends` needs: Notebook 7, Voilà, marimo, shared notebooks."""
    install(env, "front_ends", ["front-ends"])


def mutants(env: Environment) -> None:
    """Installs what tools/mutants.py needs."""
    install(env, "mutants", ["mutants"])


def docs(env: Environment) -> None:
    """Installs what `make docs` needs."""
    install(env, "docs", ["docs"])


def newest(env: Environment) -> None:
    """Installs what the tests need, as new as there is."""
    os.environ["CONSTRAINTS"] = ""
    install(env, "newest", ["test"], "--upgrade")


def lowest(env: Environment) -> None:
    """Installs what the tests need, with the lowest versions that pyproject.toml allows."""
    if find_uv() is None:
        raise Stop("`make test-lowest` needs uv: pip alone cannot choose the lowest versions.")
    os.environ["CONSTRAINTS"] = ""
    install(env, "lowest", ["test"], "--resolution", "lowest-direct")


def uv(env: Environment) -> None:
    """Installs uv into the environment, where there is none, for the steps that follow."""
    if find_uv() is None:
        own = env.python.with_name("uv")
        if not own.exists():
            say("installing uv (22 MB to fetch)")
            _must(Installer(env)("--group", "uv"))
        os.environ["UV"] = str(own)


def smollm2(env: Environment) -> None:
    """Fetches SmolLM2; all else works without it."""
    done = run([env.python, "-m", "adk_nb", "smollm2"])
    print(done.stdout, end="", flush=True)
    if done.returncode != 0:
        say("SmolLM2 could not be fetched; going on without it (small talk will be plainer)")


def node(env: Environment) -> None:
    """Installs the front end's checks, and Node.js where there is none that is new enough."""
    npm = shutil.which("npm", path=_path_with(env)) if _node_version(env) >= 20 else None
    if npm is None:
        say("installing Node.js (61 MB to fetch), for the front end's tests")
        _must(Installer(env)("--group", "node"))
        npm = shutil.which("npm", path=_path_with(env))
    modules = FRONT_END / "node_modules"
    wanted = digest(*((FRONT_END / f"package{end}.json").read_text() for end in ("", "-lock")))
    mark = modules / MADE
    if npm is None or modules.is_symlink() or (mark.is_file() and mark.read_text() == wanted):
        return
    if modules.is_dir() and any(modules.iterdir()) and not mark.is_file():
        raise Stop(f"{modules} holds what make did not put there. Move it away, or remove it.")
    os.environ["PATH"] = _path_with(env)
    _must(run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], FRONT_END))
    mark.write_text(wanted)


def chromium(env: Environment) -> None:
    """Finds a browser for the browser tests, or installs one; never asks for a password."""
    if os.environ.get("CHROMIUM") or any(map(shutil.which, BROWSERS)):
        return
    if run([env.python, "-c", _OWN_BROWSER]).returncode == 0:
        return
    say("there is no Chromium or Chrome for the browser tests: installing one")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root and shutil.which("apt-get"):
        run(["apt-get", "update", "-q"])
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        packages = ["chromium", "fonts-liberation"]
        run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages])
        if any(map(shutil.which, BROWSERS)):
            return
    # Ubuntu has Chromium as a snap alone; without root, this is all that can be had.
    run([env.python, "-m", "playwright", "install", *(["--with-deps"] if root else []), "chromium"])
    if (done := run([env.python, "-c", _OWN_BROWSER])).returncode == 0:
        return
    advice = "Install Chromium or Chrome, or name one: make test CHROMIUM=/path/to/chrome"
    if os.environ.get("CI"):
        print(done.stdout, file=sys.stderr)
        raise Stop(f"no browser could be installed. {advice}")
    say(f"no browser could be installed, so the browser tests are skipped. {advice}")


def firefox(env: Environment) -> None:  # noqa: ARG001 - it comes from the system alone
    """Finds what tests/browser/test_firefox.py needs, or installs it; never asks for a password."""
    missing = [package for package, names in SOUNDING.items() if not any(map(shutil.which, names))]
    if missing and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"installing {' and '.join(missing)} for the tests in Firefox")
        run(["apt-get", "update", "-q"])
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing])
        missing = [one for one in missing if not any(map(shutil.which, SOUNDING[one]))]
    if missing:
        say(f"there is no {' and no '.join(missing)}, so the tests in Firefox are skipped")


def deploy(env: Environment) -> None:
    """Installs what `make test-deploy` needs: nginx and PostgreSQL too, where they are missing."""
    install(env, "deploy", ["deploy"])
    if _has_servers():
        return
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        say("installing nginx and PostgreSQL, for the tests of several instances")
        run(["apt-get", "update", "-q"])
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        _must(run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *SERVERS]))
    if not _has_servers():
        advice = f"sudo apt-get install {' '.join(SERVERS)}"
        raise Stop(f"the tests of several instances need nginx and PostgreSQL: {advice}")


def _has_servers() -> bool:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
    database = shutil.which("initdb") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return bool(shutil.which("nginx", path=path) and database)


def clean(name: str) -> None:
    """Removes what make made, and nothing else."""
    folders = [*([ROOT / name] if name else []), *sorted(ROOT.glob(".venv*"))]
    for folder in dict.fromkeys(folders):
        _clean_environment(Environment(folder))
    for made in (FRONT_END / "node_modules", ROOT / "build" / "site"):
        if (made / MADE).is_file():
            _remove(made)
    for cache in _CACHES:
        if (ROOT / cache / "CACHEDIR.TAG").is_file():
            _remove(ROOT / cache)
    for source in _SOURCES:
        for compiled in (ROOT / source).rglob("__pycache__/*.pyc"):
            compiled.unlink()


def _clean_environment(env: Environment) -> None:
    """Removes an environment that make made here; of another, nothing."""
    if not env.ours:
        if env.folder.is_dir():
            say(f"left {env.folder}, which make did not make, or not in this place")
        return
    # Its mark goes last: should this be ended midway, the rest can still be removed, or mended.
    (env.marks / READY).unlink(missing_ok=True)
    for child in env.folder.iterdir():
        if child != env.marks:
            shutil.rmtree(child) if child.is_dir() and not child.is_symlink() else child.unlink()
    _remove(env.folder)


def _remove(folder: Path) -> None:
    if folder.is_symlink():  # Whatever it points to is not ours.
        say(f"left {folder}, which is a link")
        return
    shutil.rmtree(folder)
    say(f"removed {folder}")


def _must(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode != 0:
        print(done.stdout, end="", file=sys.stderr)
        raise Stop("that did not work; what was said is above")


def _path_with(env: Environment) -> str:
    return os.pathsep.join([str(env.python.parent), os.environ.get("PATH", "")])


def _node_version(env: Environment) -> int:
    """Returns the major version of Node.js, 0 where there is none."""
    path = shutil.which("node", path=_path_with(env))
    found = re.match(r"v(\d+)", run([path, "--version"]).stdout) if path else None
    return int(found[1]) if found else 0


STEPS: dict[str, Callable[[Environment], None]] = {
    step.__name__: step
    for step in (
        *(lab, lint, docs, bench, deploy, front_ends, mutants, newest, lowest),
        *(uv, smollm2, node, chromium, firefox),
    )
}


def main(arguments: list[str]) -> int:
    """Runs the steps that are named."""
    name = os.environ.get("VENV", ".venv")
    unknown = [step for step in arguments if step not in (*STEPS, "clean")]
    if unknown or not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        if arguments == ["clean"]:
            clean(name)
            return 0
        env = environment_at(name)
        for step in arguments:
            STEPS[step](env)
    except Stop as stop:
        print(f"make: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
