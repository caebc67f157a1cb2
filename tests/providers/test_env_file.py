import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from adk_nb.exceptions import CredentialsError
from adk_nb.providers import env_file

NAMES = ("ADK_NB_ONE", "ADK_NB_TWO", "ADK_NB_ALONE", "JPY_SESSION_NAME", "ADK_DISABLE_LOAD_DOTENV")
GROUPS = (("ADK_NB_ONE", "ADK_NB_TWO"), ("ADK_NB_ALONE",))


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """An empty working directory, in which no notebook is known."""
    for name in NAMES:
        # Set before it is deleted, so that what the code under test sets is taken back.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(env_file, "_loaded", {})
    monkeypatch.setattr(env_file, "_agents", [])
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder, text):
    path = folder / ".env"
    path.write_text(text, "utf-8")
    return path


def test_without_a_file_nothing_is_set(folder):
    assert env_file.find() is None
    assert env_file.load(GROUPS) is None
    assert env_file.values() == {}


def test_what_is_named_is_set_and_nothing_else(folder):
    path = written(folder, "ADK_NB_ONE=one\nADK_NB_ALONE=\nADK_NB_OTHER=other\n")
    assert env_file.load(GROUPS) == path
    assert os.environ["ADK_NB_ONE"] == "one"
    assert "ADK_NB_ALONE" not in os.environ  # Empty is as good as missing.
    assert "ADK_NB_OTHER" not in os.environ
    assert env_file.values() == {"ADK_NB_ONE": "one", "ADK_NB_OTHER": "other"}


def test_the_environment_wins_by_groups(folder, monkeypatch):
    monkeypatch.setenv("ADK_NB_TWO", "mine")
    written(folder, "ADK_NB_ONE=file\nADK_NB_TWO=file\nADK_NB_ALONE=file\n")
    env_file.load(GROUPS)
    assert "ADK_NB_ONE" not in os.environ
    assert os.environ["ADK_NB_TWO"] == "mine"
    assert os.environ["ADK_NB_ALONE"] == "file"


def test_a_file_that_changes_is_read_again_until_the_user_sets_something_else(folder, monkeypatch):
    for value in ("wrong", "right"):
        written(folder, f"ADK_NB_ONE={value}\n")
        env_file.load(GROUPS)
        assert os.environ["ADK_NB_ONE"] == value
    monkeypatch.setenv("ADK_NB_ONE", "mine")
    env_file.load(GROUPS)
    assert os.environ["ADK_NB_ONE"] == "mine"


def test_the_nearest_file_counts_and_a_folder_of_that_name_is_none(folder, monkeypatch):
    above = written(folder, "ADK_NB_ONE=above\n")
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    (folder / "a" / ".env").mkdir()
    monkeypatch.chdir(below)
    assert env_file.find() == above
    nearest = written(below, "ADK_NB_ONE=below\n")
    assert env_file.find() == nearest


def test_the_folders_are_the_notebooks_and_then_the_working_directory(folder, monkeypatch):
    code, lab = folder / "code", folder / "lab"
    code.mkdir()
    lab.mkdir()
    monkeypatch.setenv("JPY_SESSION_NAME", str(lab / "talk.ipynb"))
    shell = SimpleNamespace(user_ns={"__vsc_ipynb_file__": str(code / "talk.ipynb")})
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    assert list(env_file.folders()) == [code, lab, folder]
    # Relative names, those of folders that are gone and empty ones are of no use.
    monkeypatch.setenv("JPY_SESSION_NAME", "lab/talk.ipynb")
    shell.user_ns["__vsc_ipynb_file__"] = str(folder / "gone" / "talk.ipynb")
    assert list(env_file.folders()) == [folder]


def test_ipython_that_another_thread_is_importing_is_no_notebook(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    assert list(env_file.folders()) == [folder]


def test_a_working_directory_that_was_deleted_has_no_file(monkeypatch):
    def gone():
        raise FileNotFoundError

    monkeypatch.setattr(Path, "cwd", gone)
    assert list(env_file.folders()) == []
    assert env_file.find() is None


def test_without_ipython_the_environment_names_the_notebook(folder, monkeypatch):
    monkeypatch.delitem(env_file.sys.modules, "IPython")
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "talk.ipynb"))
    assert list(env_file.folders()) == [folder, folder]


def test_editors_of_windows_begin_with_a_mark(folder):
    written(folder, "\ufeffADK_NB_ONE=one\n")
    assert env_file.values() == {"ADK_NB_ONE": "one"}


def test_a_file_that_is_no_utf_8_says_what_to_do(folder):
    (folder / ".env").write_bytes("ADK_NB_ONE=one".encode("utf-16"))
    with pytest.raises(CredentialsError) as caught:
        env_file.load(GROUPS)
    assert caught.value.code == "bad_env_file"
    assert caught.value.message == f"{folder / '.env'} cannot be read: UnicodeDecodeError."
    assert caught.value.remedy == "Save it as UTF-8 text, with one NAME=value a line."
    assert env_file.values() == {}


@pytest.fixture
def agents(folder, monkeypatch):
    """The folder of an agent below the one that has a file, of which the environment has one."""
    written(folder, "ADK_NB_ONE=file\nADK_NB_TWO=file\nADK_NB_ALONE=\nADK_NB_BARE\n")
    agents = folder / "agents" / "dice"
    agents.mkdir(parents=True)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("ADK_NB_TWO", "mine")
    monkeypatch.delenv("ADK_NB_BARE", raising=False)
    return agents


def test_all_of_an_agents_file_is_set_but_for_what_the_environment_has(agents):
    assert not env_file.is_of_agent()
    env_file.load_of_agent(agents)
    assert env_file.is_of_agent()
    names = ("ADK_NB_ONE", "ADK_NB_TWO", "ADK_NB_ALONE", "ADK_NB_BARE")
    assert [os.environ.get(name) for name in names] == ["file", "mine", "", None]
    written(agents.parent, "ADK_NB_ONE=nearer\n")
    env_file.load_of_agent(agents)  # What came from a file may come from another.
    assert os.environ["ADK_NB_ONE"] == "nearer"


def test_an_agents_folder_comes_before_all_others(agents, folder):
    own = written(folder / "elsewhere", "ADK_NB_ONE=other\n")
    assert env_file.find() == own
    env_file.load_of_agent(agents)
    assert list(env_file.folders()) == [agents, folder / "elsewhere"]
    assert env_file.find() == folder / ".env"
    env_file.load_of_agent(own.parent)
    assert list(env_file.folders()) == [own.parent, own.parent]


def test_an_agent_without_a_file_sets_nothing(agents, folder):
    (folder / ".env").unlink()
    env_file.load_of_agent(agents)
    assert env_file.is_of_agent()
    assert "ADK_NB_ONE" not in os.environ


@pytest.mark.parametrize(
    ("value", "off"),
    [("1", True), (" True ", True), ("YES", True), ("on", True), ("0", False), ("", False)],
)
def test_adks_own_variable_keeps_an_agents_file_out(agents, monkeypatch, value, off):
    monkeypatch.setenv("ADK_DISABLE_LOAD_DOTENV", value)
    env_file.load_of_agent(agents)
    assert env_file.is_of_agent() is not off
    assert ("ADK_NB_ONE" in os.environ) is not off
