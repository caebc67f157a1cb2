"""A tool that asks the user to sign in, through a whole session."""

from __future__ import annotations

import http.server
import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.openapi.models import (
    APIKey,
    APIKeyIn,
    OAuth2,
    OAuthFlowAuthorizationCode,
    OAuthFlows,
)
from google.adk.agents import Agent
from google.adk.auth.auth_credential import AuthCredential, AuthCredentialTypes, OAuth2Auth
from google.adk.auth.auth_tool import AuthConfig
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.adk.sessions.sqlite_session_service import SqliteSessionService
from google.adk.tools import ToolContext
from google.adk.tools.agent_tool import AgentTool
from google.genai import types
from scripted import DONE, Scripted, audio, call, result_of, said, text_of
from sessions import attach, do, wait_for

import adk_nb
from adk_nb import LiveSession
from adk_nb.exceptions import AdkNbError, TurnTimeoutError
from adk_nb.wire import protocol

KEY = AuthConfig(auth_scheme=APIKey(**{"in": APIKeyIn.header, "name": "X-Key"}))


class Tokens(http.server.BaseHTTPRequestHandler):
    """Exchanges any code for a token that names it."""

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        body = json.dumps({"access_token": f"token-{form['code'][0]}", "token_type": "Bearer"})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_args):
        pass


@pytest.fixture
def oauth(monkeypatch):
    """What a tool asks for whose user signs in elsewhere."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    server = http.server.HTTPServer(("127.0.0.1", 0), Tokens)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    flow = OAuthFlowAuthorizationCode(
        authorizationUrl="https://accounts.example/auth",
        tokenUrl=f"http://127.0.0.1:{server.server_port}/token",
        scopes={"mail": "Reads mail."},
    )
    client = OAuth2Auth(
        client_id="us", client_secret="client-secret-1", redirect_uri="http://localhost"
    )
    yield AuthConfig(
        auth_scheme=OAuth2(flows=OAuthFlows(authorizationCode=flow)),
        raw_auth_credential=AuthCredential(auth_type=AuthCredentialTypes.OAUTH2, oauth2=client),
    )
    server.shutdown()
    server.server_close()


def reader(wanted, used):
    def mail(tool_context: ToolContext) -> str:
        """Reads mail."""
        credential = tool_context.get_auth_response(wanted)
        if credential is None:
            tool_context.request_credential(wanted)
            return "asking"
        used.append(credential.oauth2.access_token if credential.oauth2 else credential.api_key)
        return "no mail"

    return mail


def answer(came):
    if text_of(came):
        return [call("mail"), DONE]
    if result_of(came) is not None:
        return [audio(20), said(f"It says {result_of(came)}.", finished=True), DONE]
    return []


def agent(tool):
    return Agent(name="tester", model=Scripted(answer), tools=[tool])


def of(page, kind):
    return [message for message in page.messages if isinstance(message, kind)]


def begin(session):
    """Types a turn whose tool asks, and returns the page when it does."""
    page = attach(session)
    do(session, session.pages.receive, page, protocol.Text("go"))
    wait_for(lambda: session.questions and of(page, protocol.Question))
    return page


def sent_to(link):
    state = parse_qs(urlsplit(link).query)["state"][0]
    return f"http://localhost/?code=c0de-1&state={state}"


def texts(session):
    frame = adk_nb.events_df(session)
    return frame.text[frame.kind == "sign_in"].tolist()


def test_a_sign_in_is_asked_for_and_answered_in_the_page(oauth, tmp_path):
    used = []
    path = str(tmp_path / "talk.db")
    with LiveSession(
        agent(reader(oauth, used)), sessions=SqliteSessionService(path), record=tmp_path / "log"
    ) as session:
        page = begin(session)
        (question,) = of(page, protocol.Question)
        assert question.sign_in.startswith("https://accounts.example/auth?")
        assert "accounts.example" in question.hint
        history = do(session, session.pages.attach, page).history
        (shown,) = [m for m in history if m["type"] == "question"]
        assert shown["sign_in"] == question.sign_in
        came = sent_to(question.sign_in)
        answered = protocol.Confirm(question.id, approved=True, answer=came)
        do(session, session.pages.receive, page, answered)
        wait_for(lambda: session.turns[0].ended)
        (made,) = session.turns[0].tool_calls
        assert (made.result, made.sign_in, made.question) == ("no mail", None, None)
        assert used == ["token-c0de-1"]
        assert len(texts(session)) == 2
        rows = str(list(session.log))
        recording = session.recording
    kept = rows + "".join(one.read_text() for one in recording.glob("*.jsonl"))
    kept += (tmp_path / "talk.db").read_bytes().decode(errors="ignore")
    assert "sign_in" in kept
    assert not [secret for secret in ("c0de-1", "client-secret-1") if secret in kept]


@pytest.mark.parametrize("in_page", [True, False])
def test_a_sign_in_that_is_refused_is_told_to_the_model(oauth, in_page):
    used = []
    with LiveSession(agent(reader(oauth, used))) as session:
        page = begin(session)
        if in_page:
            asked = of(page, protocol.Question)[0]
            do(session, session.pages.receive, page, protocol.Confirm(asked.id, approved=False))
        else:
            session.confirm(approved=False)
        wait_for(lambda: session.turns[0].ended)
        assert "did not sign in" in session.turns[0].agent_text
        assert of(page, protocol.Answer)[0].approved is False
        assert texts(session)[-1] == "The user refused."
    assert used == []


def test_a_key_is_given_from_a_cell():
    used = []
    with LiveSession(agent(reader(KEY, used))) as session:
        page = begin(session)
        assert session.questions[0].sign_in == of(page, protocol.Question)[0].sign_in == ""
        with pytest.raises(AdkNbError, match=r"needs its answer.*confirm\(payload"):
            session.confirm()
        with pytest.raises(TurnTimeoutError, match="mail waits for a sign-in"):
            session.bridge.call(session.requests._waits.finished(session.turns[0], 0.05))
        session.confirm(payload="the-key")
        wait_for(lambda: session.turns[0].ended)
        assert "no mail" in session.turns[0].agent_text
        session.say("again")
        assert len(texts(session)) == 2
    assert used == ["the-key", "the-key"]


def test_a_sign_in_that_is_not_accepted_is_not_asked_for_again():
    def mail(tool_context: ToolContext) -> None:
        """Reads mail."""
        tool_context.request_credential(KEY)

    with LiveSession(agent(mail)) as session:
        begin(session)
        session.confirm(payload="the-key")
        wait_for(lambda: session.turns[0].ended)
        assert "not accepted" in session.turns[0].agent_text


def test_a_sign_in_is_withdrawn_with_its_turn(oauth):
    with LiveSession(agent(reader(oauth, []))) as session:
        page = begin(session)
        session.interrupt()
        wait_for(lambda: of(page, protocol.Answer))
        assert of(page, protocol.Answer)[0].approved is None
        assert (session.questions, texts(session)[-1]) == ([], "It was withdrawn.")


class Asks(BaseLlm):
    """A text model that calls the tool, and says what came of it."""

    async def generate_content_async(self, llm_request, stream=False):
        last = llm_request.contents[-1].parts[0]
        if last.function_response is not None:
            part = types.Part(text=str(last.function_response.response))
        else:
            part = types.Part(function_call=types.FunctionCall(name="mail", args={}))
        yield LlmResponse(content=types.Content(role="model", parts=[part]))


def test_a_tool_within_a_tool_that_is_an_agent_asks_too():
    used = []
    inner = Agent(name="inner", model=Asks(model="asks"), tools=[reader(KEY, used)])

    def asks_inner(came):
        return [call("inner", request="mail"), DONE] if text_of(came) else answer(came)

    outer = Agent(name="tester", model=Scripted(asks_inner), tools=[AgentTool(inner)])
    with LiveSession(outer) as session:
        page = begin(session)
        assert of(page, protocol.Question)[0].name == "mail"
        session.confirm(payload="the-key")
        wait_for(lambda: session.turns[0].ended)
        assert [one.name for one in session.turns[0].tool_calls] == ["inner", "mail"]
        assert "no mail" in session.turns[0].agent_text
    assert used == ["the-key"]
