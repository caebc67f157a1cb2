"""The application: its page, who may come in, health and figures."""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
from urllib.parse import quote

import httpx
import pytest
from google.adk.agents import Agent
from google.adk.apps import App
from google.adk.artifacts import InMemoryArtifactService
from google.adk.memory import InMemoryMemoryService
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.sessions import InMemorySessionService
from google.adk.workflow import BaseNode
from scripted import DONE, call, result_of, said, text_of
from sessions import wait_for
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from websockets.exceptions import InvalidStatus

from adk_nb import serve
from adk_nb.exceptions import AdkNbError, RecordingError
from adk_nb.serve import visits
from adk_nb.serve.application import _shown_pass
from adk_nb.serve.passes import Pass

FOREIGN = {"Origin": "https://evil.example"}


def refused(connecting):
    """Returns the status and the reason with which a WebSocket is refused."""
    with pytest.raises(InvalidStatus) as error:
        connecting()
    return error.value.response.status_code, error.value.response.body.decode()


def text(words):
    return f'{{"type": "text", "text": "{words}"}}'


def test_the_page_and_its_files(served):
    one = served()
    page = one.http("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    for name in re.findall(r'(?:src|href)="([^":]+)"', page.text):
        assert len(one.http(f"/{name}").text) > 100
    assert "/open" not in one.http("/page/admission.js").text
    assert '"open"' in one.http("/page/admission.js").text
    assert one.http("/link/..%2F..%2Fserver.py").status_code == 404
    assert one.http("/server.py").status_code == 404


def test_a_visitor_speaks_with_a_session_and_comes_back_to_it(served):
    one = served()
    answer = one.http("/open", "POST").json()
    with one.page(answer["token"]) as page:
        (welcome,) = page.until(lambda _message: True)
        assert (welcome["type"], welcome["agent"], welcome["history"]) == ("hello", "a", [])
        page.socket.send(text("hello"))
        page.until(lambda message: message.get("type") == "turn" and message["state"] == "complete")
    again = one.http("/open", "POST", content=answer["token"]).json()
    assert again["token"] == answer["token"]
    with one.page(again["token"]) as page:
        (welcome,) = page.until(lambda _message: True)
        assert "You said hello." in str(welcome["history"])
    for odd in ("x", "x" * 5000, b"\xff"):
        assert one.http("/open", "POST", content=odd).json()["token"] != answer["token"]


def test_a_page_that_has_gone_is_none_of_the_conversation_any_more(served):
    one = served()
    with one.page(one.http("/open", "POST").json()["token"]) as page:
        page.until(lambda _message: True)
        (visit,) = one.visits._all
        assert "disconnected" not in [row.kind for row in visit.session.log]
    wait_for(lambda: "disconnected" in [row.kind for row in visit.session.log])


@pytest.mark.long
def test_a_visitor_that_does_not_come_back_is_forgotten(served, monkeypatch):
    monkeypatch.setattr(visits, "KEEP_S", 0.2)
    one = served()
    token = one.http("/open", "POST").json()["token"]
    with one.page(token) as page:
        page.until(lambda _message: True)
    wait_for(lambda: len(one.visits) == 0)
    with one.page(token) as page, pytest.raises(Exception, match="4404"):
        page.until(lambda _message: False)


def test_who_does_not_say_hello_gets_no_session(served):
    one = served()
    with one.socket("/session", subprotocols=["adk-nb.v1"]) as socket:
        socket.send("hello")
        with pytest.raises(Exception, match="4400"):
            socket.recv(60)
    assert refused(lambda: one.socket("/session")) == (403, "Unknown subprotocol.\n")
    assert len(one.visits) == 0


def test_other_hosts_and_origins_are_refused(served):
    one = served(origins=["https://example.org"])
    for headers in (FOREIGN, {"Host": "evil.example"}):
        assert one.http("/open", "POST", headers=headers).status_code == 403
    assert one.http("/", headers={"Host": "evil.example"}).status_code == 403
    assert refused(lambda: one.socket("/ws/1", additional_headers=FOREIGN)) == (
        403,
        "Unknown Origin.\n",
    )
    assert refused(lambda: one.socket("/session", additional_headers=FOREIGN))[0] == 403
    with one.tutorial(additional_headers={"Origin": "https://example.org"}) as client:
        client.send("text/plain", "hello")
        assert client.turn().text == "You said hello."
    assert len(one.visits) <= 1


@pytest.mark.parametrize(
    "origin", ["https://example.org/", "HTTPS://Example.org", "https://example.org:443"]
)
def test_an_origin_is_taken_as_browsers_send_it(served, origin):
    one = served(origins=[origin])
    shown = {"Origin": "https://example.org"}
    assert one.http("/open", "POST", headers=shown).status_code == 200
    assert one.http("/", headers={"Host": "example.org"}).status_code == 200
    foreign = {"Origin": "https://example.org.evil.example"}
    assert one.http("/open", "POST", headers=foreign).status_code == 403


def test_without_the_token_nobody_comes_in(served):
    one = served(token="sesame")
    assert one.http("/").status_code == 403
    assert one.http("/?token=wrong").status_code == 403
    assert one.http("/open", "POST").status_code == 403
    assert refused(lambda: one.socket("/ws/1")) == (403, "The token is missing or wrong.\n")
    assert refused(lambda: one.socket("/ws/1?token=wrong"))[0] == 403
    assert one.http("/healthz").status_code == 200
    page = one.http("/?token=sesame")
    cookie = page.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    shown = {"Cookie": cookie.partition(";")[0]}
    assert one.http("/open", "POST", headers=shown).status_code == 200
    with one.tutorial(query="&token=sesame") as client:
        client.send("text/plain", "hello")
        assert client.turn().text == "You said hello."


@pytest.mark.parametrize("token", ["€uro", "two words", "a;b=c, d", 'quo"te\\', "%E2%82%AC"])
def test_a_token_may_have_any_characters(served, token):
    one = served(token=token)
    with httpx.Client(base_url=f"http://{one.host}", timeout=60) as browser:
        assert browser.get("/").status_code == 403
        answer = browser.get("/", params={"token": token})
        assert answer.status_code == 200
        assert token not in answer.headers["set-cookie"]
        assert browser.post("/open").status_code == 200
    assert one.http("/open", "POST", headers={"Cookie": f"adk_nb_token={token}".encode()}).is_error
    with one.tutorial(query=f"&token={quote(token)}") as client:
        client.send("text/plain", "hello")
        assert client.turn().text == "You said hello."


def test_two_servers_of_one_host_let_the_same_browser_in(served):
    servers = {token: served(token=token) for token in ("sesame", "simsim")}
    with httpx.Client(timeout=60) as browser:
        for token, one in servers.items():
            browser.get(f"http://{one.host}/?token={token}")
        for one in servers.values():
            assert browser.post(f"http://{one.host}/open").status_code == 200


def test_the_cookie_is_for_the_path_at_which_the_page_is():
    agent = Agent(name="a", model="m")
    mounts = [
        Mount(f"/{name}", app=serve.app(agent, token=name)) for name in ("talk", "talks", "other")
    ]
    with TestClient(Starlette(routes=mounts), base_url="http://localhost") as browser:
        for name in ("talk", "other"):
            assert browser.get(f"/{name}/", params={"token": name}).status_code == 200
        assert {cookie.path for cookie in browser.cookies.jar} == {"/talk", "/other"}
        for name, status in (("talk", 200), ("other", 200), ("talks", 403)):
            assert browser.get(f"/{name}/").status_code == status


@pytest.mark.parametrize(
    "user", ["..", "%2e%2e%2f%2e%2e%2fetc", "a b", "x" * 200, "%00", "..%5C..", "é%20"]
)
def test_odd_ids_of_users_are_refused(served, user):
    one = served()
    status, _ = refused(lambda: one.socket(f"/ws/{user}"))
    assert status in (400, 403, 404)
    assert len(one.visits) == 0


def test_ids_of_users_and_sessions_have_128_characters_at_most(served):
    one = served()
    with one.tutorial("x" * 128, query=f"&session_id={'y' * 128}"):
        assert len(one.visits) == 1
    for path, whose in ((f"/ws/{'x' * 129}", "user"), (f"/ws/1?session_id={'y' * 129}", "session")):
        assert refused(lambda path=path: one.socket(path)) == (
            400,
            f"The {whose}'s id has 129 characters; 128 at most.\n",
        )
    assert refused(lambda: one.socket("/ws/.x"))[0] == 400
    assert refused(lambda: one.socket("/ws/1?is_audio=yes")) == (
        400,
        "is_audio is true or false.\n",
    )


async def test_no_more_is_read_of_a_pass_than_one_may_have():
    class Request:
        read = 0

        async def stream(self):
            for _ in range(100):
                self.read += 1
                yield b"x" * 1024

    request = Request()
    assert not await _shown_pass(request)
    assert request.read == 5

    class Shorter(Request):
        async def stream(self):
            yield b"x" * 4000
            yield b"\xff" + b"y" * 95

    assert await _shown_pass(Shorter()) == "x" * 4000 + "\ufffd" + "y" * 95


def test_artifacts_and_memory_may_be_named_by_their_uris():
    agent = Agent(name="a", model="m")
    made = serve.app(agent, artifacts="memory://", memory="memory://")
    options = made.state.server.visits._options
    assert isinstance(options["artifacts"], InMemoryArtifactService)
    assert isinstance(options["memory"], InMemoryMemoryService)
    for name in ("artifacts", "memory"):
        with pytest.raises(AdkNbError, match=f"The {name.removesuffix('s')} service 'nowhere://x'"):
            serve.app(agent, **{name: "nowhere://x"})


def test_the_next_one_is_told_that_all_sessions_are_taken(served):
    one = served(max_sessions=1)
    assert one.http("/readyz").text == "ok\n"
    with one.tutorial():
        assert refused(lambda: one.socket("/ws/2"))[0] == 503
        answer = one.http("/open", "POST")
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert one.http("/readyz").status_code == 503
        assert one.http("/healthz").status_code == 200
    wait_for(lambda: one.http("/readyz").status_code == 200)


@pytest.mark.long
def test_a_store_that_cannot_be_reached_makes_it_unready(served):
    class Store(InMemorySessionService):
        down = False

        async def list_sessions(self, **options):
            if self.down:
                raise ConnectionError("no route")
            return await super().list_sessions(**options)

    store = Store()
    one = served(sessions=store)
    assert one.http("/readyz").status_code == 200
    store.down = True
    wait_for(lambda: one.http("/readyz").status_code == 503)
    assert "ConnectionError" in one.http("/readyz").text
    assert one.http("/healthz").status_code == 200
    store.down = False
    wait_for(lambda: one.http("/readyz").status_code == 200)


def test_the_figures(served):
    one = served()
    with one.tutorial(audio=True) as client:
        client.send("text/plain", "hello")
        client.turn()
        figures = one.http("/metrics").text
    assert "adk_nb_sessions 1.0" in figures
    assert "adk_nb_unwritten_events 0.0" in figures
    assert 'adk_nb_turns_total{status="complete"} 1.0' in figures
    assert 'adk_nb_frames_total{sender="agent"}' in figures
    assert "adk_nb_first_audio_seconds_count 1.0" in figures


@pytest.mark.long
def test_before_it_ends_turns_may_end(served):
    def slowly(came):
        return [said("One "), 1.0, said("two."), DONE] if text_of(came) else []

    one = served(slowly)
    with one.tutorial() as client:
        client.send("text/plain", "count")
        client.until(lambda message: message.get("data") == "One")
        draining = asyncio.run_coroutine_threadsafe(one.visits.drain(30), one.loop)
        wait_for(lambda: one.http("/readyz").status_code == 503)
        assert refused(lambda: one.socket("/ws/2"))[0] == 503
        assert client.turn().text == " two."
        draining.result(60)
    assert len(one.visits) == 0


def answered(page, words):
    """Says something as a page does, and waits until it is answered."""
    page.socket.send(text(words))
    page.until(lambda message: message.get("type") == "turn" and message["state"] == "complete")


SECRET = "a secret that both instances of these tests share"


def heard(came):
    """Repeats what is typed, in a transcript that is final, as Gemini's are."""
    words = text_of(came)
    return [said(f"You said {words}.", finished=True), DONE] if words else []


def test_a_page_goes_on_at_another_instance_with_the_conversation(served, tmp_path):
    options = {"sessions": f"sqlite:///{tmp_path}/talk.db", "secret": SECRET}
    one, other = (served(heard, **options) for _ in range(2))
    stranger = served(heard, **options | {"secret": SECRET[::-1]})
    token = one.http("/open", "POST").json()["token"]
    with one.page(token) as page:
        page.until(lambda _message: True)
        answered(page, "hello")
    with other.page(token) as page:
        (welcome,) = page.until(lambda _message: True)
        assert "You said hello." in str(welcome["history"])
        answered(page, "again")
    assert other.http("/open", "POST", content=token).json()["token"] == token
    assert len(other.visits) == 1
    with one.page(token) as page:  # And back, where the conversation is older.
        (welcome,) = page.until(lambda _message: True)
        assert "You said again." in str(welcome["history"])
    for shown in (token, "x.y"):
        with stranger.page(shown) as page, pytest.raises(Exception, match="4404"):
            page.until(lambda _message: False)


def test_an_instance_that_ends_sends_its_pages_to_another(served, tmp_path):
    def slowly(came):
        return [said("One "), 0.5, said("One two.", finished=True), DONE] if text_of(came) else []

    options = {"sessions": f"sqlite:///{tmp_path}/talk.db", "secret": SECRET}
    one, other = (served(slowly, **options) for _ in range(2))
    tokens = [one.http("/open", "POST").json()["token"] for _ in range(2)]
    with one.page(tokens[0]) as busy, one.page(tokens[1]) as idle:
        for page in (busy, idle):
            page.until(lambda _message: True)
        busy.socket.send(text("count"))
        busy.until(lambda message: message.get("type") == "transcript" and message["text"] == "One")
        draining = asyncio.run_coroutine_threadsafe(one.visits.drain(30), one.loop)
        with pytest.raises(Exception, match="1012"):
            idle.until(lambda message: message.get("state") == "closed")
        busy.until(lambda message: message.get("type") == "turn" and message["state"] == "complete")
        with pytest.raises(Exception, match="1012"):
            busy.until(lambda message: message.get("state") == "closed")
        draining.result(60)
    assert refused(lambda: one.socket("/session", subprotocols=["adk-nb.v1"]))[0] == 503
    with other.page(tokens[0]) as page:
        (welcome,) = page.until(lambda _message: True)
        assert "One two." in str(welcome["history"])


def test_a_session_that_the_store_cannot_give_is_told_and_refused(served):
    class Store(InMemorySessionService):
        async def get_session(self, **options):
            raise ConnectionError("no route")

    one = served(sessions=Store(), secret=SECRET)
    answer = one.http("/open", "POST")
    assert (answer.status_code, answer.json()["code"]) == (503, "sessions_failed")
    assert refused(lambda: one.socket("/ws/2"))[0] == 503
    token = one.visits._passes.make(Pass("ada", "monday"))
    with one.page(token) as page, pytest.raises(Exception, match="1013"):
        page.until(lambda _message: True)


@pytest.mark.long
def test_who_only_opens_sessions_does_not_fill_the_server(served, monkeypatch, caplog):
    one = served(max_sessions=1)
    assert one.http("/open", "POST").status_code == 200
    assert one.http("/open", "POST").status_code == 503
    assert caplog.messages == ["A session is refused: All 1 sessions are taken."]
    with monkeypatch.context() as time_passes:
        time_passes.setattr(visits, "ARRIVE_S", 0.2)
        wait_for(lambda: len(one.visits) == 0)
    with one.page(one.http("/open", "POST").json()["token"]) as page:
        page.until(lambda _message: True)
        (visit,) = one.visits._all
        visit.left_at = 0.0
        assert not visit.is_left


def test_who_is_refused_by_http_is_in_the_log(served, caplog):
    one = served(token="secret")
    assert one.http("/").status_code == 403
    assert one.http("/open", "POST").status_code == 403
    assert caplog.messages == [
        "The page is refused: The token is missing or wrong.",
        "A session is refused: The token is missing or wrong.",
    ]


def test_the_address_that_a_proxy_has_is_let_in(served):
    one = served(origins=["https://example.org"])
    assert one.http("/", headers={"Host": "example.org"}).status_code == 200
    assert one.http("/", headers={"Host": "evil.example"}).status_code == 403


@pytest.mark.long
def test_while_nothing_can_be_recorded_no_session_is_taken(served, tmp_path, caplog):
    folder = tmp_path / "calls"
    one = served(record=str(folder))
    assert one.http("/readyz").status_code == 200
    shutil.rmtree(folder)
    folder.touch()
    answer = one.http("/open", "POST")
    for status, told in (
        (answer.status_code, answer.text),
        refused(lambda: one.socket("/ws/2")),
    ):
        assert status == 503
        assert str(tmp_path) not in told
        assert "save" not in told
    wait_for(lambda: one.http("/readyz").status_code == 503)
    assert str(tmp_path) not in one.http("/readyz").text
    assert str(folder) in caplog.text
    folder.unlink()
    wait_for(lambda: one.http("/readyz").status_code == 200)


def test_a_recording_that_stops_is_not_told_with_its_path(served, tmp_path):
    one = served(record=str(tmp_path))
    with one.tutorial() as client:
        client.send("text/plain", "hello")
        client.turn()
        (visit,) = one.visits._all
        visit.session.report(RecordingError(f"{tmp_path} is full.", remedy="live.save(path)"))
        (told,) = client.until(lambda message: "error" in message)
    assert told["error"]["code"] == "recording"
    assert str(tmp_path) not in str(told)
    assert "save" not in str(told)


def test_a_refusal_is_one_line(served, caplog):
    one = served(token="sesame")
    logging.getLogger("uvicorn.error").addHandler(caplog.handler)
    try:
        for _ in range(5):
            refused(lambda: one.socket("/ws/1"))
    finally:
        logging.getLogger("uvicorn.error").removeHandler(caplog.handler)
    assert [record.getMessage() for record in caplog.records] == [
        "A connection is refused: The token is missing or wrong."
    ] * 5


def test_why_a_server_is_not_ready_is_in_the_log_once(served, caplog):
    class Store(InMemorySessionService):
        async def list_sessions(self, **options):
            raise ConnectionError("no route to db.example")

    one = served(sessions=Store())
    for _ in range(3):
        assert one.http("/readyz").status_code == 503
    assert "db.example" not in one.http("/readyz").text
    assert caplog.text.count("db.example") == 1


@pytest.mark.long
def test_without_a_store_an_idle_conversation_is_closed_at_once(served):
    def slowly(came):
        return [said("One "), 1.5, said("two."), DONE] if text_of(came) else []

    one = served(slowly)
    token = one.http("/open", "POST").json()["token"]
    with one.tutorial() as busy, one.tutorial("2") as idle, one.page(token) as page:
        page.until(lambda _message: True)
        busy.send("text/plain", "count")
        busy.until(lambda message: message.get("data") == "One")
        wait_for(lambda: all(visit.pages for visit in one.visits._all))
        draining = asyncio.run_coroutine_threadsafe(one.visits.drain(30), one.loop)
        for client in (idle, page):
            with pytest.raises(Exception, match="1012"):
                client.until(lambda _message: False)
        assert not draining.done()
        assert busy.turn().text == " two."
        draining.result(60)


def test_what_is_typed_while_nothing_more_is_taken_is_told(served):
    one = served()
    with one.tutorial() as client:
        client.send("text/plain", "hello")
        client.turn()
        (visit,) = one.visits._all
        visit.leaving = True
        client.send("text/plain", "lost")
        (told,) = client.until(lambda _message: True)
    assert told["error"]["code"] == "busy"


@pytest.mark.long
def test_what_is_typed_as_the_server_drains_does_not_cut_in_on_the_last_turn(served):
    def answer(came):
        return [said("One "), 1.0, said("two."), DONE] if text_of(came) else []

    one = served(answer)
    with one.tutorial() as client:
        client.send("text/plain", "count")
        client.until(lambda message: message.get("data") == "One")
        draining = asyncio.run_coroutine_threadsafe(one.visits.drain(30), one.loop)
        (visit,) = one.visits._all
        wait_for(lambda: visit.draining)
        client.send("text/plain", "stop")
        turn = client.turn()
        assert turn.end == {"turn_complete": True, "interrupted": None}
        assert (turn.text, [one["error"]["code"] for one in turn.pieces if "error" in one]) == (
            " two.",
            ["busy"],
        )
        draining.result(60)


def test_a_turn_that_is_cut_off_at_the_limit_is_no_complete_one(served):
    one = served(lambda came: [said("One "), 60.0, DONE] if text_of(came) else [])
    with one.tutorial() as client:
        client.send("text/plain", "count")
        client.until(lambda message: message.get("data") == "One")
        draining = asyncio.run_coroutine_threadsafe(one.visits.drain(0.2), one.loop)
        end = client.until(lambda message: "turn_complete" in message)[-1]
        assert end == {"turn_complete": None, "interrupted": True}
        draining.result(60)


def test_the_page_is_as_dark_as_the_widget_in_it(served):
    assert re.search(
        r"html:has\(> body > main > \.adk-nb\) \{\s*color-scheme: light dark;",
        served().http("/styles.css").text,
    )


async def test_an_application_that_mounts_it_can_let_turns_end(served):
    one = served(lambda came: [said("One "), 0.5, said("two."), DONE] if text_of(came) else [])
    with one.tutorial() as client:
        client.send("text/plain", "count")
        client.until(lambda message: message.get("data") == "One")
        draining = asyncio.run_coroutine_threadsafe(one.app.drain(30), one.loop)
        assert client.turn().text == " two."
        await asyncio.to_thread(draining.result, 60)
    assert len(one.visits) == 0


class Watching(BasePlugin):
    """A plugin that keeps what it was called for."""

    def __init__(self):
        super().__init__(name="watching")
        self.called = []

    async def before_run_callback(self, *, invocation_context):
        self.called.append(f"run in {invocation_context.session.app_name}")

    async def before_tool_callback(self, *, tool, tool_args, tool_context):
        self.called.append(tool.name)

    async def close(self):
        self.called.append("close")


def roll() -> int:
    """Rolls a die."""
    return 6


@pytest.mark.parametrize(("options", "name"), [({}, "dice_app"), ({"app_name": "own"}, "own")])
def test_the_plugins_of_an_app_are_run_and_its_name_is_that_of_the_conversations(
    served, options, name
):
    def answer(came):
        if text_of(came):
            return [call("roll")]
        return [said("Rolled.", finished=True), DONE] if result_of(came) else []

    plugin = Watching()

    def made(model):
        agent = Agent(name="dice", model=model, tools=[roll])
        return App(name="dice_app", root_agent=agent, plugins=[plugin])

    one = served(answer, agent=made, **options)
    assert one.http("/readyz").status_code == 200
    with one.tutorial() as client:
        client.send("text/plain", "roll")
        assert client.turn().text == "Rolled."
    assert plugin.called == [f"run in {name}", "roll"]
    asyncio.run_coroutine_threadsafe(one.app.drain(1), one.loop).result(60)
    assert plugin.called[2:] == ["close"]


@pytest.mark.parametrize("made", ["raises", "none", "flow"])
def test_a_function_that_makes_no_agent_is_told_in_the_log_alone(served, caplog, made):
    def make():
        if made == "raises":
            raise LookupError("secret words")
        return App(name="a", root_agent=BaseNode(name="secret")) if made == "flow" else "secret"

    one = served(agent=lambda _model: make)
    answer = one.http("/open", "POST")
    assert (answer.status_code, answer.json()["code"]) == (503, "agent_failed")
    assert refused(lambda: one.socket("/ws/2"))[0] == 503
    said = answer.text + one.http("/readyz").text
    assert one.http("/readyz").status_code == 503
    assert "secret" not in said
    assert "Traceback" in caplog.text
    if made == "raises":
        assert "The agent cannot be made: LookupError." in one.http("/readyz").text
        assert "LookupError: secret words" in caplog.text
        assert "raise LookupError" in caplog.text


def test_a_name_that_adk_refuses_is_refused_at_the_start():
    with pytest.raises(AdkNbError, match="ADK 2 refuses the app name 'a b'"):
        serve.app(Agent(name="a", model="m"), app_name="a b")


@pytest.mark.parametrize("given", ["agent", None, App(name="a", root_agent=BaseNode(name="n"))])
def test_what_is_no_agent_is_refused_at_the_start(given):
    with pytest.raises(AdkNbError) as error:
        serve.app(given)
    assert error.value.code == "bad_option"
