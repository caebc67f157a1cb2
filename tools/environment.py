"""The environment that `make` installs into: found, made, mended, checked.

Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MARKS = ".adk-nb"
"""The folder inside an environment where finished steps are noted."""
MADE = "made-by-make"
"""The mark of an environment that may be removed as a whole."""
READY = "ready"

# Settings that would send packages elsewhere, or make those of another place look installed.
_ELSEWHERE = (
    "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_DRY_RUN", "PYTHONPATH", "PYTHONHOME",
)  # fmt: skip


class Stop(Exception):  # noqa: N818 - it is no fault of the program
    """Ends the run with a sentence that says what to do."""


def say(text: str) -> None:
    """Prints at once: what follows may take minutes."""
    print(f"make: {text}", flush=True)


def run(command: list[str | Path], folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Runs a command and returns what it printed, both streams in one."""
    environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    environment |= {
        "PIP_USER": "0",
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONUTF8": "1",
        "PYTHONNOUSERSITE": "1",
    }
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def find_uv() -> str | None:
    """Returns uv, where there is one that knows what is asked of it; `UV=` does without."""
    name = os.environ.get("UV", "uv")
    path = shutil.which(name) if name else None
    if path is None:
        return None
    found = re.search(r"(\d+)\.(\d+)", run([path, "--version"]).stdout)
    return path if found and (int(found[1]), int(found[2])) >= (0, 7) else None


# --- the environment ---


@dataclass(frozen=True)
class Environment:
    """A virtual environment, or a conda one."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        places = (
            ("Scripts/python.exe", "python.exe") if sys.platform == "win32" else ("bin/python",)
        )
        found = (self.folder / place for place in places)
        return next((path for path in found if path.exists()), self.folder / places[0])

    @property
    def marks(self) -> Path:
        """The folder of the notes below."""
        return self.folder / MARKS

    @property
    def ours(self) -> bool:
        """Whether this file made it, in this very place, and may remove it.

        A mark that was copied or moved elsewhere says nothing of the folder that it is in.
        """
        if self.folder.is_symlink() or self.marks.is_symlink():
            return False
        return (self.note(MADE) or "").splitlines()[:1] == [_place(self.folder)]

    def note(self, step: str) -> str | None:
        """Returns what was noted when a step was done last; None where it never was."""
        try:
            return (self.marks / step).read_text(encoding="utf-8")
        except OSError:
            return None

    def write_note(self, step: str, text: str = "") -> None:
        """Notes that a step is done."""
        self.marks.mkdir(exist_ok=True)
        (self.marks / step).write_text(text, encoding="utf-8")


def _place(folder: Path) -> str:
    """Returns a folder's real path as one line, whatever is in its name."""
    return ascii(str(folder.resolve()))


def environment_at(name: str) -> Environment:
    """Returns the environment that `VENV` names, made or mended where need be."""
    if not name.strip():
        raise Stop(
            "VENV is empty, so nothing was done. With conda, activate the environment first; "
            "or leave VENV out, to use .venv."
        )
    if name.startswith("~"):
        raise Stop(f"VENV={name} was not expanded by the shell: write the path out.")
    env = Environment(ROOT / name)
    _check_place(env.folder)
    unfinished = env.ours and env.note(READY) is None
    if unfinished or not env.folder.exists() or not any(env.folder.iterdir()):
        _make(env, unfinished=unfinished)
    elif not any((env.folder / name).exists() for name in ("pyvenv.cfg", "conda-meta")):
        raise Stop(
            f"{env.folder} holds other things and is no virtual environment, so nothing was done. "
            "Give VENV the name of an environment, or of a folder that is not there yet."
        )
    _check_python(env)
    return env


def _check_place(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise Stop(f"{folder} is a file, so nothing was done. Give VENV another name.")


def _make(env: Environment, *, unfinished: bool) -> None:
    """Makes the environment; where that fails, removes what it made and nothing else."""
    existed = env.folder.exists()
    uv = find_uv()
    say(
        f"{'finishing' if unfinished else 'making'} {env.folder} with {sys.executable} "
        f"(Python {sys.version.split()[0]}{', uv' if uv else ''})"
    )
    try:
        env.marks.mkdir(parents=True, exist_ok=True)
        # A folder that the user made stays the user's: what else comes into it is not ours.
        if unfinished or not existed:
            place = _place(env.folder)
            env.write_note(MADE, f"{place}\n`make clean` removes the folder named above.\n")
    except OSError as error:
        raise Stop(f"{env.folder} cannot be made: {error}. Give VENV another place.") from error
    folder = env.folder.resolve()  # venv refuses a link.
    command: list[str | Path] = [sys.executable, "-m", "venv", folder]
    if uv:
        # --seed brings pip, for `%pip install` in notebooks.
        command = [uv, "venv", "--quiet", "--seed", "--allow-existing"]
        command += ["--python", sys.executable, folder]
    done = run(command)
    if done.returncode == 0:
        env.write_note(READY)
        return
    if not unfinished:
        for child in list(env.folder.iterdir()):
            shutil.rmtree(child) if child.is_dir() and not child.is_symlink() else child.unlink()
        if not existed:
            env.folder.rmdir()
    print(done.stdout, end="", file=sys.stderr)
    raise Stop(f"{sys.executable} cannot make a virtual environment. {_remedy(uv)}")


def _remedy(uv: str | None) -> str:
    lacking = run([sys.executable, "-c", "import ensurepip"]).returncode != 0
    if lacking and not uv:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return f"Its ensurepip is missing: on Debian and Ubuntu, install python{version}-venv."
    return "What it said is above; PYTHON=/path/to/python3.13 names another Python."


def _check_python(env: Environment) -> None:
    """Stops where the environment's Python does not run; tells what is not as asked."""
    code = "import sys; print(*sys.version_info[:3], sep='.'); print(sys.base_prefix)"
    try:
        done = run([env.python, "-c", code])
        said, broken = done.stdout.strip(), done.returncode != 0
    except OSError as error:
        said, broken = str(error), True
    if broken:
        end = "`make clean` removes it." if env.ours else "Give VENV another name."
        raise Stop(f"The Python of {env.folder} does not run any more ({said}). {end}")
    version, base = said.splitlines()[:2]
    number = tuple(int(part) for part in version.split(".")[:2])
    if number < (3, 11):
        raise Stop(f"{env.folder} has Python {version}; 3.11 or later is needed.")
    if number >= (3, 14):
        say(f"Python {version} is newer than what this is tested with, 3.11 to 3.13")
    if os.environ.get("PYTHON"):
        other = run([os.environ["PYTHON"], "-c", code]).stdout.strip()
        if other != f"{version}\n{base}":
            say(
                f"{env.folder} is there already, with the Python {version} of {base}: "
                f"PYTHON={os.environ['PYTHON']} is not used. For another Python, "
                "`make clean` first, or name another VENV."
            )
