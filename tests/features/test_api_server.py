"""A conversation that is written in ADK's own server, gone on with by voice, and opened there."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from speech import wav

from adk_nb import LiveSession, local_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.models

AGENT = '''
from pathlib import Path
from google.adk.agents import Agent
from adk_nb.local import LocalLlm

def keep(callback_context, llm_request):
    """Keeps what the model is told."""
    told = [part.text or "" for one in llm_request.contents for part in one.parts]
    Path("TOLD").write_text(" ".join(told))

def get_time(city: str) -> str:
    """Returns the time in a city."""
    return f"It is noon in {city}."

root_agent = Agent(
    name="clock", model=LocalLlm(), instruction="You tell the time.", tools=[get_time],
    before_model_callback=keep,
)
'''
USER = "apps/clock/users/ann/sessions/monday"


class Server:
    """ADK's `api_server`, for the agents in a folder and the conversations in a database."""

    def __init__(self, agents: Path, database: str, log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [
            *(sys.executable, "-m", "google.adk.cli", "api_server", str(agents)),
            *("--host", "127.0.0.1", "--port", str(port), "--session_service_uri", database),
        ]
        with log.open("w") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                self.ask("list-apps")
                return
            assert self._process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.2)

    def ask(self, path: str, body: Any = None) -> Any:
        """Gets a path, or posts to it."""
        request = urllib.request.Request(
            f"{self.url}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def say(self, text: str) -> str:
        """Writes to the agent; returns all that it says."""
        message = {"role": "user", "parts": [{"text": text}]}
        names = {"appName": "clock", "userId": "ann", "sessionId": "monday"}
        events = self.ask("run", {**names, "newMessage": message})
        return " ".join(part.get("text", "") for one in events for part in one["content"]["parts"])

    def conversation(self) -> list[tuple[str, str]]:
        """Returns who said, called or returned what in the stored conversation."""
        found = []
        for event in self.ask(USER)["events"]:
            heard = event.get("inputTranscription") or event.get("outputTranscription")
            parts = [heard] if heard else (event.get("content") or {}).get("parts") or ()
            found += [(event["author"], part.get("text") or next(iter(part))) for part in parts]
        return found

    def close(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait(20)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "agents" / "clock").mkdir(parents=True)
    source = AGENT.replace("TOLD", str(tmp_path / "told.txt"))
    (tmp_path / "agents" / "clock" / "agent.py").write_text(source)
    (tmp_path / "agents" / "clock" / "__init__.py").write_text("from . import agent\n")
    return tmp_path


@contextlib.contextmanager
def served(place: Path, database: str) -> Iterator[Server]:
    server = Server(place / "agents", database, place / "server.log")
    try:
        yield server
    finally:
        server.close()


def test_written_there_spoken_here_and_opened_there_again(place):
    database = f"sqlite:////{place}/talk.db"
    scope: dict[str, Any] = {}
    exec((place / "agents" / "clock" / "agent.py").read_text(), scope)
    with served(place, database) as server:
        server.ask(USER, {})
        assert "noon in Oslo" in server.say("What time is it in Oslo?")
        agent = scope["root_agent"].clone(update={"model": local_model()})
        options = {"sessions": database, "session_id": "monday", "user_id": "ann"}
        with LiveSession(agent, app_name="clock", **options) as session:
            turn = session.speak(wav("What time is it in Tokyo?"))
            assert "noon in Tokyo" in turn.agent_text
            assert "noon in Rome" in session.say("What time is it in Rome?").agent_text
            # While it is open here.
            assert "noon in Lima" in server.say("What time is it in Lima?")
            assert "noon in Bern" in session.say("What time is it in Bern?").agent_text
        assert "noon in Cairo" in server.say("What time is it in Cairo?")
        told = server.conversation()
    at_last = (place / "told.txt").read_text()
    cities = ["Oslo", "Tokyo", "Rome", "Lima", "Bern", "Cairo"]
    asked = [text for author, text in told if author == "user" and text != "functionResponse"]
    assert [next(city for city in cities if city in text) for text in asked] == cities
    places = [at_last.index(f"time is it in {city}?") for city in cities]
    assert places == sorted(places), at_last
    for number, city in enumerate(cities):
        begins = told.index(("user", asked[number]))
        ends = told.index(("user", asked[number + 1])) if number + 1 < len(asked) else len(told)
        kinds = [text for _, text in told[begins + 1 : ends]]
        assert kinds[:2] == ["functionCall", "functionResponse"], told
        assert len(kinds) == 3
        assert city in kinds[2], told
