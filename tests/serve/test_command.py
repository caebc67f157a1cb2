"""`python -m adk_nb serve`, as a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from adk_nb.cli import main
from adk_nb.cli.reloading import folder_of

TESTS = Path(__file__).parents[1]
SLOW = """
from google.adk.agents import Agent
from scripted import DONE, Scripted, said, text_of

def answer(came):
    return [said("One "), 1.5, said("two."), DONE] if text_of(came) else []

agent = Agent(name="slow", model=Scripted(answer))
"""


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
            return json.loads(socket.recv(60))["data"]

    try:
        assert answer() == "first"
        (tmp_path / "echo.py").write_text(ECHO.format(answer="and second"))
        assert answer() == "and second"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
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
