from types import ModuleType

import pytest
from google.adk.agents import Agent
from IPython.core.interactiveshell import InteractiveShell
from scripted import Scripted, echo
from traitlets.config import Config

import adk_nb


@pytest.fixture
def shell(monkeypatch, tmp_path):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    config = Config(
        {"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}}
    )
    made = InteractiveShell.instance(config=config, user_module=ModuleType("cells"))
    agent = Agent(name="teller", model=Scripted(echo))
    with adk_nb.LiveSession(agent) as live:
        made.push({"live": live})
        yield made
    InteractiveShell.clear_instance()


def shown(shell, capsys, cell):
    capsys.readouterr()
    shell.run_cell(cell)
    return capsys.readouterr().out


def test_a_cell_shows_the_users_lines_what_happened_and_what_to_do(shell, capsys):
    text = shown(shell, capsys, "def change():\n    live.swap(tools=[3])\n\nchange()")
    lines = text.splitlines()
    assert "live.swap(tools=[3])" in text
    assert any(line.startswith("----> 4 change()") for line in lines)
    assert any(line.startswith("SwapError: ") and "3 is no tool." in line for line in lines)
    assert "Give functions, ADK tools or toolsets" in lines[-2]
    assert lines[-1] == "%tb shows where it was raised."
    assert "adk_nb/" not in text
    assert len(lines) < 20


def test_the_rest_is_shown_by_tb(shell, capsys):
    short = shown(shell, capsys, "live.swap(tools=[3])")
    long = shown(shell, capsys, "%tb")
    assert "adk_nb/conversation.py" not in short
    assert "conversation.py" in long
    assert "3 is no tool" in long
    assert len(long.splitlines()) > 2 * len(short.splitlines())


def test_what_it_was_raised_from_is_left_out(shell, capsys):
    cell = """
import adk_nb
try:
    1 / 0
except ZeroDivisionError as cause:
    raise adk_nb.AdkNbError("It broke.") from cause
"""
    text = shown(shell, capsys, cell)
    assert "ZeroDivisionError" not in text.replace("except ZeroDivisionError", "")
    assert text.splitlines()[-2:] == ["AdkNbError: It broke.", "%tb shows where it was raised."]
    assert "direct cause" in shown(shell, capsys, "%tb")


@pytest.mark.parametrize(
    "kind", ["TurnTimeoutError", "AdkVersionError", "CredentialsError", "RecordingError"]
)
def test_errors_that_are_others_too_are_shown_with_their_words(shell, capsys, kind):
    cell = f"from adk_nb.exceptions import {kind}\nraise {kind}('It broke.', remedy='Mend it.')"
    lines = shown(shell, capsys, cell).splitlines()
    assert lines[-3:] == [f"{kind}: It broke.", "Mend it.", "%tb shows where it was raised."]


def test_a_magics_error_shows_the_cells_line(shell, capsys):
    shell.run_line_magic("load_ext", "adk_nb")
    text = shown(shell, capsys, "%%adk_say --timeout 0 live\nhi")
    assert "TurnTimeoutError: Turn 1 was not answered" in text
    assert "magics.py" not in text
    shell.run_line_magic("unload_ext", "adk_nb")


def test_without_ipython_it_is_an_ordinary_traceback():
    with pytest.raises(adk_nb.AdkNbError) as raised:
        raise adk_nb.AdkNbError("It broke.", remedy="Mend it.")
    assert str(raised.value) == "It broke. Mend it."
