from __future__ import annotations

import asyncio
import errno
import socket
import ssl

import google.auth.exceptions
import httpx
import pytest
from google.adk.agents import Agent
from google.adk.agents.live_request_queue import LiveRequestQueue
from google.adk.events import Event
from google.adk.models import LLMRegistry
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.runners import InMemoryRunner
from google.adk.sessions import InMemorySessionService
from google.adk.tools import google_search
from google.adk.tools.base_toolset import BaseToolset
from google.genai import Client
from google.genai.errors import APIError
from late import Late
from scripted import Scripted
from service_errors import api, closed, refused
from websockets.datastructures import Headers
from websockets.exceptions import (
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidProxyStatus,
)
from websockets.frames import Close
from websockets.http11 import Response

from adk_nb.exceptions import AdkNbError, LocalModelError, ModelError
from adk_nb.providers.explain import explain

services = Late("google.adk.sessions")
sqlalchemy = Late("sqlalchemy")

NOT_FOUND = "models/nope is not found for API version v1alpha, or is not supported for bidiGenerate"
QUOTA = "You exceeded your current quota, please check your plan and billing details."


def raised(function, *args, **kwargs):
    """Returns what a call raises, with its traceback."""
    with pytest.raises(BaseException) as caught:
        function(*args, **kwargs)
    return caught.value


@pytest.mark.parametrize(
    ("error", "code"),
    [
        # The connection's close codes, when it stands and while it is made.
        (closed(1000), "connection_closed"),
        (ConnectionClosedOK(Close(1001, "bye"), None, None), "connection_closed"),
        (ConnectionClosedError(None, None, None), "connection_lost"),
        (
            ConnectionClosedError(None, Close(1011, "keepalive ping timeout"), None),
            "connection_lost",
        ),
        (closed(1007, "Request contains an invalid argument."), "invalid_argument"),
        (closed(1007, "API key not valid. Please pass a valid API key."), "bad_credentials"),
        (closed(1007, "API key expired. Please renew the API key."), "expired_credentials"),
        (
            closed(1008, "Operation is not implemented, or supported, or enabled."),
            "operation_refused",
        ),
        (closed(1008, "Requested entity was not found."), "connection_refused"),
        (closed(1008, "BidiGenerateContent session not found"), "session_not_found"),
        (closed(1008, "The operation was aborted."), "session_limit"),
        (closed(1008, "Anything else."), "connection_refused"),
        (closed(1011, "Internal error encountered."), "internal_error"),
        (closed(1011, QUOTA), "quota"),
        (closed(1011, "Deadline expired before operation could complete."), "session_limit"),
        (closed(1011, "The service is currently unavailable."), "unavailable"),
        (closed(4321), "connection_closed"),
        (APIError(1008, NOT_FOUND), "model_not_found"),
        (APIError(1008, "Publisher model `projects/p` was not found"), "model_not_found"),
        (APIError(1007, "API key not valid."), "bad_credentials"),
        (APIError(1006, "Abnormal closure."), "connection_lost"),
        # HTTP.
        (api(400, "INVALID_ARGUMENT", "Bad.", "API_KEY_INVALID"), "bad_credentials"),
        (
            api(400, "INVALID_ARGUMENT", "API key expired.", "API_KEY_INVALID"),
            "expired_credentials",
        ),
        (api(400, "FAILED_PRECONDITION", "User location is not supported"), "permission_denied"),
        (api(400, "INVALID_ARGUMENT", "Too many tools."), "invalid_argument"),
        (api(401, "UNAUTHENTICATED", "No."), "bad_credentials"),
        (api(403, "PERMISSION_DENIED", "No.", "SERVICE_DISABLED"), "permission_denied"),
        (api(403, "PERMISSION_DENIED", "Your key was reported as leaked."), "bad_credentials"),
        (api(404, "NOT_FOUND", "No."), "model_not_found"),
        (api(429, "RESOURCE_EXHAUSTED", QUOTA), "quota"),
        (api(500, "INTERNAL", "No."), "internal_error"),
        (api(503, "UNAVAILABLE", "No."), "unavailable"),
        (api(504, "DEADLINE_EXCEEDED", "No."), "timeout"),
        (refused(403), "permission_denied"),
        (refused(401, b'{"reason": "API_KEY_INVALID"}'), "bad_credentials"),
        (refused(503), "unavailable"),
        (InvalidProxyStatus(Response(407, "", Headers())), "no_network"),
        # The network.
        (socket.gaierror(-2, "Name or service not known"), "no_network"),
        (ConnectionRefusedError(111, "Connect call failed"), "no_network"),
        (OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1)"), "no_network"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "no_network"),
        (TimeoutError("timed out during opening handshake"), "timeout"),
        (ConnectionResetError(104, "Connection reset by peer"), "connection_lost"),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), "certificate"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] no"), "certificate"),
        (httpx.ConnectError("All connection attempts failed"), "no_network"),
        (httpx.ReadTimeout(""), "timeout"),
        # Google's login.
        (google.auth.exceptions.DefaultCredentialsError("Not found."), "no_credentials"),
        (google.auth.exceptions.RefreshError("Reauthentication is needed."), "expired_credentials"),
        # What has no structure.
        (ValueError("Model nope not found."), "model_not_found"),
        (ModuleNotFoundError("No module named 'litellm'"), "missing_package"),
        (ValueError("You have no permission, and the quota of credits is small."), "model_failed"),
        (FileNotFoundError(2, "No such file"), "model_failed"),
        (ValueError(), "model_failed"),
    ],
    ids=repr,
)
def test_an_error_has_a_code_a_meaning_and_a_remedy(error, code):
    said = explain(error)
    assert said.code == code
    assert isinstance(said, ModelError)
    assert said.remedy
    assert type(error).__name__ in said.message


def test_real_errors_without_credentials(monkeypatch):
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GOOGLE_GENAI_USE_ENTERPRISE", "0")
    assert explain(raised(Client)).code == "no_credentials"
    assert explain(raised(LLMRegistry.new_llm, "nope")).code == "model_not_found"


def test_what_is_wrapped_is_found():
    refusal = api(429, "RESOURCE_EXHAUSTED", QUOTA)
    caused = RuntimeError("live flow failed")
    caused.__cause__ = refusal
    while_handling = RuntimeError("and then")
    while_handling.__context__ = caused
    group = ExceptionGroup("two", [ExceptionGroup("one", [ValueError("x"), while_handling])])
    assert explain(group).code == "quota"
    assert "429 RESOURCE_EXHAUSTED" in explain(group).message


def test_ours_stays_as_it_is():
    ours = LocalModelError("Moonshine did not load.")
    assert explain(ours) is ours
    assert explain(ExceptionGroup("g", [ValueError("x"), ours])) is ours
    later = ValueError("another")
    later.__context__ = ours
    assert explain(later) is not ours


def test_what_is_hard_to_walk_is_walked():
    deep = ExceptionGroup("g", [ValueError("x")])
    for _ in range(50):
        deep = ExceptionGroup("g", [deep])
    circle = ValueError("x")
    circle.__context__ = RuntimeError("y")
    circle.__context__.__context__ = circle

    class Mute(Exception):  # noqa: N818
        def __str__(self):
            raise RuntimeError

    for error in (deep, circle, Mute()):
        assert explain(error).code == "model_failed"


# --- whose error it is ----------------------------------------------------------------------------


class Plugin(BasePlugin):
    async def before_run_callback(self, *, invocation_context):
        raise OSError(111, "getaddrinfo failed")


class Toolset(BaseToolset):
    async def get_tools(self, readonly_context=None):
        return []

    async def process_llm_request(self, *, tool_context, llm_request):
        raise TimeoutError("the server is slow")


class Disk(InMemorySessionService):
    async def append_event(self, session, event):
        raise OSError("disk full")

    async def get_session(self, **kwargs):
        raise OSError("disk full")


def no_permit(callback_context):
    raise ValueError("no permit, quota exceeded")


def run(agent, plugins=(), sessions=None):
    """Returns what a live run raises."""

    async def live():
        runner = InMemoryRunner(agent, plugins=list(plugins))
        runner.auto_create_session = True
        if sessions is not None:
            runner.session_service = sessions
        queue = LiveRequestQueue()
        async for _ in runner.run_live(user_id="u", session_id="s", live_request_queue=queue):
            pass

    return raised(asyncio.run, live())


def agent(**more):
    return Agent(name="a", **({"model": Scripted(lambda _: [])} | more))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("error", "code", "who"),
    [
        (lambda: run(agent(before_agent_callback=no_permit)), "code_failed", "no_permit()"),
        (lambda: run(agent(), [Plugin("p")]), "code_failed", "before_run_callback()"),
        (lambda: run(agent(tools=[Toolset()])), "code_failed", "process_llm_request()"),
        (lambda: run(agent(), sessions=Disk()), "sessions_failed", "session service"),
    ],
    ids=["callback", "plugin", "toolset", "sessions"],
)
def test_what_is_not_the_models_is_not_laid_to_it(error, code, who):
    said = explain(error())
    assert said.code == code
    assert said.message.startswith("The conversation failed")
    assert who in said.message
    assert "not to blame" in said.remedy
    assert not isinstance(said, ModelError)


@pytest.mark.filterwarnings("ignore")
def test_a_tool_of_geminis_own_with_another_model_says_what_it_needs():
    model = Scripted(lambda _: [], model="scripted")
    said = explain(run(agent(model=model, tools=[google_search])))
    assert said.code == "tool_needs_gemini"
    assert said.message == (
        "The conversation failed: ValueError: Google search tool is not supported for model "
        "scripted."
    )
    assert "GOOGLE_API_KEY" in said.remedy


async def test_a_session_that_is_open_elsewhere_too_is_told_from_a_service_that_fails(tmp_path):
    service = services.DatabaseSessionService(f"sqlite+aiosqlite:///{tmp_path / 'sessions.db'}")
    await service.create_session(app_name="a", user_id="u", session_id="s")
    one, other = [
        await service.get_session(app_name="a", user_id="u", session_id="s") for _ in range(2)
    ]
    await service.append_event(one, Event(author="user"))
    with pytest.raises(Exception) as caught:
        await service.append_event(other, Event(author="user"))
    await service.close()
    said = explain(caught.value)
    assert said.code == "shared_session"
    assert "close it there" in said.remedy


@pytest.mark.filterwarnings("ignore")
def test_a_model_of_the_users_own_is_a_model():
    model = Scripted(lambda _: [], refusals=[ConnectionRefusedError("no")])
    assert explain(run(agent(model=model))).code == "no_network"


async def test_a_statement_and_its_parameters_are_left_out(tmp_path):
    service = services.DatabaseSessionService(f"sqlite+aiosqlite:///{tmp_path / 'no' / 'such.db'}")
    with pytest.raises(Exception) as caught:
        await service.create_session(app_name="a", user_id="my secret words")
    said = explain(caught.value)
    assert said.code == "sessions_failed"
    assert "unable to open database file" in said.message
    original = sqlite_error = Exception("constraint failed\nDETAIL: Key (id)=(my secret words)")
    error = sqlalchemy.exc.IntegrityError("INSERT INTO t", {"x": "my secret words"}, original)
    wrapper = RuntimeError(f"could not append: {error}")
    wrapper.__cause__ = sqlite_error
    for one in (error, RuntimeError(f"failed: {error}".replace("DETAIL", "x")), wrapper):
        assert "INSERT" not in str(explain(one))
    assert "my secret words" not in str(explain(error))
    assert "constraint failed" in str(explain(error))


def test_the_bases_are_kept():
    assert isinstance(explain(ValueError("x")), AdkNbError)
