"""The project's own files keep to what they say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TEXTS = [
    *(ROOT / name for name in ("Makefile", "environment.yml", "pyproject.toml")),
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("**/*.md")),
    *NOTEBOOKS,
]
OURS = PYPROJECT["project"]["urls"]["Documentation"].partition("#")[0]
SLOW_IMPORTS = ("google.adk", "google.genai", "pandas", "numpy", "websockets", "ipywidgets",
                "anywidget", "moonshine_voice", "xllamacpp")  # fmt: skip


def documents():
    return [path for path in TEXTS if path.suffix == ".md"]


def relative(path):
    return str(path.relative_to(ROOT))


def test_importing_adk_nb_imports_nothing_heavy():
    code = f"import sys, adk_nb; print([m for m in {SLOW_IMPORTS!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.long
def test_modules_with_public_names_need_no_import_of_their_own():
    code = "import adk_nb; adk_nb.serve.app, adk_nb.frames.TURN_COLUMNS, adk_nb.gemini.problem"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.long
def test_every_public_name_is_there_and_is_no_modules():
    code = """
import importlib, pkgutil, types, adk_nb
[getattr(adk_nb, name) for name in adk_nb.__all__]
for one in pkgutil.walk_packages(adk_nb.__path__, "adk_nb."):
    if not one.name.endswith("__main__"):
        importlib.import_module(one.name)
print([name for name in adk_nb.__all__ if isinstance(getattr(adk_nb, name), types.ModuleType)])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_imports_point_down():
    pytest.importorskip("importlinter")
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def rows_of_the_map():
    """Returns the rows of CONTRIBUTING.md's map: the rooms of each, and what they import."""
    table, _, _ = (ROOT / "CONTRIBUTING.md").read_text().partition("The last column leaves out")
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0].startswith("`"):
            rooms = re.findall(r"`(\w+)(?:/|\.py)`", cells[0])
            yield rooms, re.findall(r"(?:^|, )(\w+)", cells[2])


def imports_between_rooms():
    """Returns which rooms each room imports when the program runs, less what all may use."""
    grimp = pytest.importorskip("grimp")
    graph = grimp.build_graph("adk_nb", exclude_type_checking_imports=True, cache_dir=None)
    found = {}
    for module in graph.modules - {"adk_nb"}:
        room = module.split(".")[1]
        imported = graph.find_modules_directly_imported_by(module) - {"adk_nb"}
        found.setdefault(room, set()).update(one.split(".")[1] for one in imported)
    return {room: names - {room, "exceptions", "plain"} for room, names in found.items()}


def test_the_map_has_every_room_and_all_that_it_imports():
    imports = imports_between_rooms()
    rows = list(rows_of_the_map())
    places = {room: at for at, (rooms, _) in enumerate(rows) for room in rooms}
    assert sorted(places) == sorted(imports)
    for at, (rooms, named) in enumerate(rows):
        imported = set().union(*(imports[room] for room in rooms)) - set(rooms)
        assert set(named) == imported, rooms
        assert all(places[room] > at for room in imported), f"{rooms} import what is above them"


@pytest.mark.parametrize("path", documents(), ids=relative)
def test_the_make_targets_that_a_document_names_exist(path):
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^ *|&& )make ([a-z][\w-]*)", path.read_text(), re.MULTILINE))
    assert named <= targets


def test_the_readme_names_the_two_commands():
    text = (ROOT / "README.md").read_text()
    assert "make lab" in text
    assert "make test" in text


def test_ci_runs_the_readmes_command_alone():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["exec make test"]


def test_the_hosted_workflow_runs_every_check():
    text = (ROOT / ".github" / "workflows" / "test.yml").read_text()
    targets = {word for line in re.findall(r"run: make (.+)", text) for word in line.split()}
    assert targets >= {"lint", "docs", "test-js", "test-python", "test-adk"}


@pytest.mark.parametrize("path", documents(), ids=relative)
def test_the_files_that_a_document_links_to_exist(path):
    links = re.findall(r"\]\(([^)\s#]+)[^)]*\)|src=\"([^\"]+)\"", path.read_text())
    for link in filter(None, (a or b for a, b in links)):
        if link.startswith(OURS):  # The README's: they show on a package index, too.
            file = re.sub(rf"^{OURS}/(blob|raw)/main/", "", link)
            assert (ROOT / file).exists(), link
        elif "://" not in link:
            assert (path.parent / link).exists(), link


@pytest.mark.parametrize("path", TEXTS, ids=relative)
def test_no_text_names_a_place_on_one_machine(path):
    assert not re.findall(r"/(?:home|root|work|Users|opt|tmp)/[\w.-]+", path.read_text())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=relative)
def test_notebooks_are_committed_without_what_running_them_adds(path):
    notebook = json.loads(path.read_text())
    assert "widgets" not in notebook["metadata"]
    for cell in notebook["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert not cell["metadata"]


def test_the_conda_environment_leaves_versions_to_pyproject():
    text = (ROOT / "environment.yml").read_text()
    python = PYPROJECT["project"]["requires-python"]
    versioned = re.findall(r"^\s*- (\S+)\s*([<>=!~][^\n]*)$", text, re.MULTILINE)
    tested = PYPROJECT["project"]["classifiers"]
    newest = max(int(one.rpartition(".")[2]) for one in tested if ":: 3." in one)
    assert versioned == [("python", f"{python},<3.{newest + 1}")]


def test_the_makefile_leaves_versions_to_pyproject():
    text = (ROOT / "Makefile").read_text()
    assert not re.findall(r"[\w-]+ *(?:==|>=|~=)[\d.]+", text)


def test_no_two_files_of_tests_have_one_name():
    names = sorted(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert names == sorted(set(names))  # pytest imports them by their names alone.


def test_each_statement_on_security_names_a_test_that_is_there():
    rows = re.findall(
        r"^\| (?!statement|---)(.+?) \| (.+) \|$",
        (ROOT / "docs/security.md").read_text(),
        re.MULTILINE,
    )
    assert len(rows) > 15
    for statement, named in rows:
        tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", named)
        assert tests, statement
        for file, name in tests:
            assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE), (
                name
            )
