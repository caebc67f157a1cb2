"""`python -m adk_nb serve`, as a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from websockets.sync.client import connect

from adk_nb import adk_version
from adk_nb.cli import main
from adk_nb.cli.reloading import NO_EDIT_MENDS, changed_at, folder_of

TESTS = Path(__file__).parents[1]
SLOW = """
from google.adk.agents import Agent
from scripted import DONE, Scripted, said, text_of

def answer(came):
    return [said("One "), 1.5, said("two."), DONE] if text_of(came) else []

agent = Agent(name="slow", model=Scripted(answer))
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM")
def test_it_says_where_it_is_and_ends_when_turns_have(tmp_path):
    (tmp_path / "slow.py").write_text(SLOW)
    path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    process = subprocess.Popen(
        [sys.executable, "-m", "adk_nb", "serve", "slow.py", "--port", "0"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said = process.stdout.readline()
        host = re.fullmatch(r"Speak to the agent at http://(127\.0\.0\.1:\d+)/\n", said).group(1)
        with connect(f"ws://{host}/ws/1?is_audio=false") as socket:
            socket.send(json.dumps({"mime_type": "text/plain", "data": "secret words"}))
            assert json.loads(socket.recv(60))["data"] == "One"
            process.send_signal(signal.SIGTERM)
            assert json.loads(socket.recv(60))["data"] == " two."
            assert json.loads(socket.recv(60))["turn_complete"]
        assert process.wait(60) == 0
        printed = process.stdout.read()
    finally:
        process.kill()
        process.wait()
    assert "[CLIENT TO AGENT]: text/plain: 12 characters.\n" in printed
    assert "[AGENT TO CLIENT]: text/plain: 5 characters.\n" in printed
    assert "secret" not in printed
    assert "Traceback" not in printed
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{host}/healthz")


ECHO = """
from google.adk.agents import Agent
from scripted import DONE, Scripted, said, text_of

def answer(came):
    return [said("{answer}", finished=True), DONE] if text_of(came) else []

agent = Agent(name="echo", model=Scripted(answer))
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM")
def test_it_starts_again_when_a_file_has_changed(tmp_path):
    (tmp_path / "echo.py").write_text(ECHO.format(answer="first"))
    path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    process = subprocess.Popen(
        [sys.executable, "-m", "adk_nb", "serve", "echo.py", "--port", "0", "--reload"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    def answer():
        for line in process.stdout:
            if found := re.match(r"Speak to the agent at http://(\S+)/", line):
                break
        with connect(f"ws://{found.group(1)}/ws/1?is_audio=false") as socket:
            socket.send(json.dumps({"mime_type": "text/plain", "data": "hello"}))
            return json.loads(socket.recv(60))["data"], found.group(1)

    try:
        assert answer()[0] == "first"
        (tmp_path / "echo.py").write_text(ECHO.format(answer="and second"))
        said, host = answer()
        assert said == "and second"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        with pytest.raises(httpx.ConnectError):  # Its server has ended with it.
            httpx.get(f"http://{host}/healthz")
    finally:
        process.kill()
        process.wait()


def test_what_beside_an_agent_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "agents" / "dice").mkdir(parents=True)
    (tmp_path / "agents" / "dice" / "agent.py").touch()
    assert folder_of("agents/dice") == tmp_path / "agents" / "dice"
    assert folder_of("agents/dice/agent.py:dice") == tmp_path / "agents" / "dice"
    assert folder_of("agents.dice") == tmp_path / "agents" / "dice"
    assert folder_of("agents.dice.agent:root_agent") == tmp_path / "agents" / "dice"
    assert folder_of("installed.elsewhere") == tmp_path


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", "::"])
def test_others_than_this_machine_need_a_token(host, capsys):
    assert main(["serve", "agent.py", "--host", host]) == 1
    assert "--token" in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["a-file", "a-file/inner", "/proc/nosuch/x"])
def test_a_folder_for_recordings_that_cannot_be_written_is_refused(folder, tmp_path, capsys):
    (tmp_path / "echo.py").write_text(ECHO)
    (tmp_path / "a-file").touch()
    agent, record = str(tmp_path / "echo.py"), str(tmp_path / folder)
    assert main(["serve", agent, "--port", "0", "--record", record]) == 1
    told = capsys.readouterr().err
    assert f"cannot be written to {record}" in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--max-sessions", "-3"),
        ("--max-sessions", "0"),
        ("--drain", "-1"),
        ("--drain", "nan"),
        ("--tags", "arm"),
        ("--tags", "=B"),
        ("--port", "99999"),
        ("--port", "-1"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(option, value, capsys):
    with pytest.raises(SystemExit):
        main(["serve", "agent.py", option, value])
    assert f"{option}: " in capsys.readouterr().err.splitlines()[-1]


def test_a_part_of_an_options_name_is_refused(capsys):
    """A server that starts again takes its own option out of the command, by its whole name."""
    with pytest.raises(SystemExit):
        main(["serve", "agent.py", "--rel"])
    assert "unrecognized arguments: --rel" in capsys.readouterr().err


def test_a_database_in_a_folder_that_is_not_there_is_refused(tmp_path, capsys):
    (tmp_path / "echo.py").write_text(ECHO)
    agent, store = str(tmp_path / "echo.py"), f"sqlite:///{tmp_path}/nosuch/x.db"
    assert main(["serve", agent, "--port", "0", "--sessions", store]) == 1
    told = capsys.readouterr().err
    assert f"{tmp_path}/nosuch" in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("secret", ["", "a secret of thirty-two characters"])
def test_it_says_where_pages_lose_their_conversations(tmp_path, capsys, monkeypatch, secret):
    monkeypatch.setenv("ADK_NB_SECRET", secret)
    (tmp_path / "echo.py").write_text(ECHO)
    agent, store = str(tmp_path / "echo.py"), f"sqlite:///{tmp_path}/nosuch/x.db"
    main(["serve", agent, "--port", "0", "--sessions", store])
    assert ("Without ADK_NB_SECRET" in capsys.readouterr().out) is not bool(secret)


def test_a_name_of_an_app_that_adk_refuses_is_refused_at_the_start(tmp_path, capsys):
    (tmp_path / "echo.py").write_text(ECHO)
    agent = str(tmp_path / "echo.py")
    assert main(["serve", agent, "--port", "0", "--app-name", "ADK Streaming example"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("ADK 2 refuses the app name 'ADK Streaming example'")
    assert "letters, digits" in told
    assert len(told.splitlines()) == 1


def test_a_database_of_another_service_of_adks_is_refused_at_the_start(tmp_path, capsys):
    (tmp_path / "echo.py").write_text(ECHO)
    with contextlib.closing(sqlite3.connect(tmp_path / "x.db")) as database:
        database.execute("CREATE TABLE sessions (id VARCHAR(128), update_time DATETIME NOT NULL)")
    agent, store = str(tmp_path / "echo.py"), f"sqlite:///{tmp_path}/x.db"
    assert main(["serve", agent, "--port", "0", "--sessions", store]) == 1
    told = capsys.readouterr().err
    assert f"sqlite+aiosqlite:///{tmp_path}/x.db" in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    "origin",
    ["agent.example.org", "*", "null", "https://", "https://a.org/talk", "https://u@a.org"],
)
def test_what_is_no_origin_is_refused_at_the_start(origin, tmp_path, capsys):
    (tmp_path / "echo.py").write_text(ECHO)
    assert main(["serve", str(tmp_path / "echo.py"), "--port", "0", "--origin", origin]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"{origin!r} is no origin")
    assert "https://agent.example.org" in told
    assert len(told.splitlines()) == 1


class Unfit(ModuleType):
    """A module that cannot be imported, as ADK does not fit."""

    def __getattr__(self, name):
        raise adk_version.unfit("It is too old.")


def test_no_edit_mends_an_adk_that_does_not_fit(monkeypatch, capsys):
    monkeypatch.setenv("ADK_NB_RELOADED", "1")
    monkeypatch.setitem(sys.modules, "adk_nb.cli.running", Unfit("running"))
    assert main(["serve", "agent.py"]) == NO_EDIT_MENDS
    assert "It is too old." in capsys.readouterr().err


def test_what_is_installed_beside_an_agent_is_not_looked_at(tmp_path):
    for name in (".venv/lib", "node_modules/x", ".git", "inner", "__pycache__"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "one.py").touch()
    (tmp_path / ".env").touch()
    assert set(changed_at(tmp_path)) == {tmp_path / "inner" / "one.py", tmp_path / ".env"}


@pytest.mark.long
def test_what_no_edit_mends_ends_it_and_what_one_does_is_waited_for(tmp_path, monkeypatch):
    (tmp_path / "echo.py").write_text("x = (\n")
    path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    command = [sys.executable, "-m", "adk_nb", "serve", "--reload"]
    options = {
        "cwd": tmp_path,
        "env": os.environ | {"PYTHONPATH": path},
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "text": True,
    }
    monkeypatch.chdir(tmp_path)
    assert main(["serve", "--reload", "nowhere"]) == 1
    assert main(["serve", "--reload", "echo.py", "--host", "0.0.0.0"]) == 1
    (tmp_path / "good.py").write_text(ECHO)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*command, "good.py", "--port", port], check=False, **options)
    assert done.returncode == 1
    assert "already in use" in done.stdout
    process = subprocess.Popen([*command, "echo.py", "--port", "0"], **options)
    try:
        printed = iter(process.stdout.readline, "")
        assert any("It waits for the next change" in line for line in printed)
        (tmp_path / "echo.py").write_text(ECHO.format(answer="mended"))
        assert any("Speak to the agent" in line for line in printed)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
