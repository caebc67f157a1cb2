"""What is asked of a model to know whether it can be reached."""

from __future__ import annotations

import asyncio
import http.server
import json
import threading

import pytest
from google.adk.agents import Agent
from google.adk.models import Gemini
from scripted import Scripted

from adk_nb.exceptions import LocalModelError
from adk_nb.serve import health
from adk_nb.serve.health import Asked, ModelCheck


@pytest.fixture
def service():
    """Google's service, as far as it is asked; `status` is what it answers with."""

    class Answers(http.server.BaseHTTPRequestHandler):
        status, paths = 200, []

        def do_GET(self):
            self.paths.append((self.path, self.headers["x-goog-api-key"]))
            said = {"name": "models/gemini-x"}
            if self.status != 200:
                said = {"error": {"code": self.status, "message": "No.", "status": "X"}}
            body = json.dumps(said).encode()
            self.send_response(self.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    Answers.paths = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    Answers.url = f"http://127.0.0.1:{server.server_port}"
    yield Answers
    server.shutdown()
    thread.join()
    server.server_close()


def of(model):
    return ModelCheck(Agent(name="a", model=model))


async def test_gemini_is_asked_for_the_model_with_the_key(service, monkeypatch):
    monkeypatch.setenv("GOOGLE_API_KEY", "some-key")
    check = of(Gemini(model="gemini-x", base_url=service.url))
    assert await check.problem() == ""
    (path, key) = service.paths[-1]
    assert path.endswith("/models/gemini-x")
    assert key == "some-key"


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "key"), (403, "may not use it"), (404, "no live model of that name"), (429, "")],
)
async def test_what_gemini_says_against_it(service, monkeypatch, status, reason):
    monkeypatch.setenv("GOOGLE_API_KEY", "some-key")
    service.status = status
    problem = await of(Gemini(model="gemini-x", base_url=service.url)).problem()
    assert reason in problem
    assert bool(problem) == bool(reason)


async def test_a_key_that_is_missing_is_known_without_asking(monkeypatch, caplog):
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    told = await of("gemini-live-2.5-flash").problem()
    assert "needs an API key" in told
    assert ".env" not in told
    assert ".env, and" in caplog.text  # Whoever reads the log can do something about it.


async def test_the_parts_of_the_embedded_default_are_loaded(monkeypatch, caplog):
    class Part:
        error, loads = None, 0

        def warm_up(self):
            Part.loads += 1
            if self.error:
                raise self.error

    class Cascade:
        stt, tts = Part(), Part()

    monkeypatch.setattr(health, "CascadeLive", Cascade)
    monkeypatch.setattr(health, "live_model", lambda _agent: Cascade())
    monkeypatch.setattr(health, "text_model", lambda _model: Part())
    check = of("any")
    assert (await check.problem(), Part.loads) == ("", 3)
    Part.error = LocalModelError("There is no voice.")
    assert await check.problem() == ""
    Part.error = ConnectionError("http://internal:99/v1 /srv/x.py")
    assert await check.problem() == "The model cannot be reached: ConnectionError."
    assert "http://internal:99/v1" in caplog.text  # Everybody may ask, and the log is the server's.


async def test_of_other_models_nothing_is_known():
    made = []

    def make():
        made.append(Agent(name="a", model=Scripted(lambda _: [])))
        return made[-1]

    check = ModelCheck(make)
    assert await check.problem() == ""
    assert await check.problem() == ""
    assert len(made) == 1


async def test_who_asks_often_gets_the_answer_that_there_is(monkeypatch):
    asked, answer = [], ""

    async def ask():
        asked.append(answer)
        await asyncio.sleep(0)
        return answer

    one = Asked(ask, 1000)
    assert await asyncio.gather(*(one.problem() for _ in range(5))) == [""] * 5
    assert len(asked) == 1
    monkeypatch.setattr(health, "STORE_S", 0)
    answer = "It is gone."
    other = Asked(ask, 1000)
    assert [await other.problem() for _ in range(3)] == [answer] * 3
    assert len(asked) == 4


async def test_an_answer_counts_as_long_as_it_says(monkeypatch):
    now, answers = [1000.0], iter(["It is gone.", "", "", "It is gone again."])
    monkeypatch.setattr(health.time, "monotonic", lambda: now[0])

    async def ask():
        return next(answers)

    one, found = Asked(ask, health.MODEL_S), []
    for passed_s in (0.0, 0.9, 0.1, 9.9, 0.1, 9.9, 0.1):
        now[0] += passed_s
        found.append(await one.problem())
    gone = "It is gone."
    assert found == [gone, gone, "", "", "", "", "It is gone again."]
    assert health.STORE_S == 1.0


async def test_why_no_agent_is_made_is_in_the_log_once_however_often_it_is_asked(caplog):
    failures = ["no config"] * 3 + [None, "no config"]

    def make():
        failure = failures.pop(0)
        if failure is not None:
            raise LookupError(failure)
        return Agent(name="a", model=Scripted(lambda _came: []))

    check = ModelCheck(make)
    told = "The agent cannot be made: LookupError."
    assert [await check.problem() for _ in range(4)] == [told, told, told, ""]
    assert caplog.messages == ["No session can be taken: no agent is made."]
    assert "LookupError: no config" in caplog.text
    check._agent = None  # As if it were asked anew.
    assert await check.problem() == told
    assert caplog.messages == ["No session can be taken: no agent is made."] * 2
