import sys

import pytest

from adk_nb.exceptions import AdkNbError
from adk_nb.serve.agents import load

AGENT = """
from google.adk.agents import Agent
{name} = Agent(name="{name}", model="m")
"""


@pytest.fixture(autouse=True)
def _own_path(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("served_"):
            del sys.modules[name]


def test_a_folder_as_adk_makes_it(tmp_path):
    folder = tmp_path / "served_dice"
    folder.mkdir()
    (folder / "__init__.py").write_text("from . import agent\n")
    (folder / "agent.py").write_text(AGENT.format(name="root_agent"))
    assert load(str(folder)).name == "root_agent"
    assert load("served_dice").name == "root_agent"
    (folder / "__init__.py").write_text("")
    for name in [name for name in sys.modules if name.startswith("served_")]:
        del sys.modules[name]
    assert load(str(folder)).name == "root_agent"


def test_a_file_and_a_module_with_a_variable(tmp_path):
    path = tmp_path / "served_two.py"
    path.write_text(AGENT.format(name="agent") + AGENT.format(name="helper"))
    assert load(str(path)).name == "agent"
    assert load(f"{path}:helper").name == "helper"
    assert load("served_two:helper").name == "helper"


def test_an_app_of_adks(tmp_path):
    text = AGENT.format(name="inner") + (
        "from google.adk.apps import App\napp = App(name='served', root_agent=inner)\n"
    )
    (tmp_path / "served_app.py").write_text(text)
    assert load("served_app.py").name == "inner"


@pytest.mark.parametrize("name", ["served_none", "served_none.py", "served_empty.py", "json:x"])
def test_what_is_no_agent_is_named(tmp_path, name):
    (tmp_path / "served_empty.py").write_text("x = 1\n")
    with pytest.raises(AdkNbError, match=name.partition(":")[0]) as error:
        load(name)
    assert error.value.remedy


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("x = 1\nx = (\n", 2, "SyntaxError"),
        ("x = 1\n\ny = 1 / 0\n", 3, "ZeroDivisionError: division by zero"),
        ("import served_missing_package\n", 1, "No module named 'served_missing_package'"),
        ("def f():\n    raise RuntimeError('no')\n\n\nf()\n", 2, "RuntimeError: no"),
        ("import json\njson.loads('{')\n", 2, "JSONDecodeError"),
    ],
)
@pytest.mark.parametrize("name", ["served_wrong.py", "served_wrong", "served_folder"])
def test_an_error_in_the_agents_own_file_is_told_with_its_line(tmp_path, text, line, what, name):
    (tmp_path / "served_folder").mkdir()
    (tmp_path / "served_folder" / "agent.py").write_text(text)
    path = tmp_path / "served_wrong.py"
    path.write_text(text)
    path = path if name != "served_folder" else tmp_path / "served_folder" / "agent.py"
    with pytest.raises(AdkNbError) as error:
        load(name)
    assert f"{path}, line {line}: " in error.value.message
    assert what in error.value.message
    assert "folder with an agent.py" not in error.value.remedy
