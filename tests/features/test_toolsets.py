"""Every kind of tool that ADK has, in a live session."""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import IO
from urllib.parse import parse_qs, urlparse

import psutil
import pytest
from google.adk.agents import Agent
from google.adk.live import AgentSpokenOutput, CascadeLive, LiveEgress
from google.adk.tools import AgentTool, FunctionTool, LongRunningFunctionTool
from google.adk.tools.base_toolset import BaseToolset
from late import Late
from scripted import Deaf, Scripted, echo
from scripts import calls, declared
from sessions import wait_for

from adk_nb import LiveSession
from adk_nb.local import LocalLlm

mcp = Late("mcp")
mcp_tool = Late("google.adk.tools.mcp_tool")
openapi_tool = Late("google.adk.tools.openapi_tool")

SERVER = Path(__file__).with_name("mcp_server.py")


def agent(*tools, **calling) -> Agent:
    return Agent(name="tester", model=Scripted(calls(**calling)), tools=list(tools))


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


# --- MCP -----------------------------------------------------------------------------------------


class Server:
    """The toolset of an MCP server, and its processes so far."""

    def __init__(self, folder: Path, errors: IO[str], command: str = sys.executable) -> None:
        self._pids = folder / "pids"
        self._pids.touch()
        server = mcp.StdioServerParameters(command=command, args=[str(SERVER), str(self._pids)])
        connection = mcp_tool.StdioConnectionParams(server_params=server, timeout=20)
        self.toolset = mcp_tool.McpToolset(connection_params=connection, errlog=errors)

    @property
    def pids(self) -> list[int]:
        return [int(line) for line in self._pids.read_text().split()]

    @property
    def alive(self) -> list[int]:
        return [pid for pid in self.pids if psutil.pid_exists(pid)]


@pytest.fixture
def errors(tmp_path):
    with (tmp_path / "stderr").open("w") as file:
        yield file


@pytest.fixture
def server(tmp_path, errors):
    return Server(tmp_path, errors)


@pytest.fixture
def missing(tmp_path, errors):
    return Server(tmp_path, errors, command=str(tmp_path / "missing"))


def test_an_mcp_tool_is_declared_and_called(server):
    with LiveSession(agent(server.toolset, forecast={"city": "Oslo"}, fail={})) as session:
        turn = session.say("forecast")
        failed = session.say("fail")
        tools = declared(session.agent)
        assert set(tools) == {"fail", "forecast"}
        assert "Forecasts the weather in a city." in tools["forecast"].description
        assert "city" in str(tools["forecast"])
    (tool,) = turn.tool_calls
    assert (tool.name, tool.args, tool.error) == ("forecast", {"city": "Oslo"}, None)
    assert tool.result["content"] == [{"type": "text", "text": "Rain in Oslo."}]
    assert "Rain in Oslo." in turn.agent_text
    assert failed.tool_calls[0].error
    rows = session.tools_df()
    assert list(rows.tool) == ["forecast", "fail"]
    assert "Rain in Oslo." in str(rows.result[0])
    events = session.events_df()
    assert list(events[events.kind == "tool_result"].tool) == ["forecast", "fail"]


def test_one_mcp_server_answers_all_calls(server):
    with LiveSession(agent(server.toolset, forecast={"city": "Oslo"})) as session:
        session.say("forecast")
        again = session.say("forecast")
    assert "Rain in Oslo, Oslo." in again.agent_text
    assert len(server.pids) == 1


def test_an_mcp_server_ends_with_the_session_that_started_it(server):
    with LiveSession(Agent(name="other", model=Scripted(echo))) as other:
        with LiveSession(agent(server.toolset)) as session:
            session.say("hi")
            assert server.alive
        wait_for(lambda: not server.alive, 5)
        assert other.say("hi").agent_text == "You said hi."


@pytest.mark.long
def test_an_mcp_toolset_serves_a_second_session_too(server):
    one = agent(server.toolset)
    for _ in range(2):
        with LiveSession(one) as session:
            session.say("hi")
            assert "forecast" in declared(one)
    assert len(server.pids) == 2


@pytest.mark.long
def test_a_session_that_ends_takes_no_toolset_from_another(server):
    one = agent(server.toolset, forecast={"city": "Oslo"})
    with LiveSession(one) as session:
        with LiveSession(one) as earlier:
            earlier.say("hi")
        session.say("hi")
        turn = session.say("forecast")
    assert "Rain in Oslo." in turn.agent_text
    wait_for(lambda: not server.alive, 5)


def test_an_mcp_server_that_does_not_start_takes_only_its_own_tools_along(missing, caplog):
    one = agent(missing.toolset, add, add={"a": 2, "b": 3}, forecast={"city": "Oslo"})
    with LiveSession(one) as session:
        assert session.say("add").tool_calls[0].result == 5
        assert set(declared(one)) == {"add"}
        assert "'forecast' not found" in session.say("forecast").tool_calls[0].error
        assert session.say("hi").agent_text == "You said hi."
    logged = [r.getMessage() for r in caplog.records if "failed to load" in r.getMessage()]
    assert "McpToolset" in logged[0]
    assert "No such file" in logged[0]


def test_a_toolset_that_does_not_load_is_an_error_of_the_session(missing):
    with LiveSession(agent(missing.toolset)) as session:
        session.say("hi")
    assert "McpToolset" in "".join(row.error for row in session.log if row.kind == "error")


class Router(LocalLlm):
    """The embedded brain without its language model."""

    def warm_up(self):
        pass


class Mute(LiveEgress):
    """Says every sentence without a sound."""

    async def __call__(self, text, *, cancel):
        async for sentence in text:
            yield AgentSpokenOutput(text=sentence)


class Leaving(BaseToolset):
    """A toolset that exits: the first time it is asked, and when it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def get_tools(self, readonly_context=None):
        self.asked += 1
        if self.asked == 1:
            sys.exit("enough")
        return [FunctionTool(add)]

    async def close(self) -> None:
        sys.exit("closed")


def test_a_toolset_that_exits_is_an_error_of_the_session():
    with LiveSession(agent(Leaving(), add={"a": 2, "b": 3})) as session:
        wait_for(lambda: [row for row in session.log if row.kind == "error"])
        assert session.say("add", timeout=20).tool_calls[0].result == 5
        errors = [row.error for row in session.log if row.kind == "error"]
    assert "SystemExit: enough" in errors[0]
    assert session.status == "closed"


def test_the_embedded_brain_calls_an_mcp_tool(server):
    model = CascadeLive(model=Router(), stt=Deaf(), tts=Mute())
    with LiveSession(Agent(name="weather", model=model, tools=[server.toolset])) as session:
        turn = session.say("What is the forecast for Oslo?")
    (tool,) = turn.tool_calls
    assert (tool.name, tool.args) == ("forecast", {"city": "Oslo"})
    assert "Rain in Oslo." in turn.agent_text


# --- OpenAPI -------------------------------------------------------------------------------------


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlparse(self.path)
        found = url.path == "/price"
        body = json.dumps({"price": 7, "asked": parse_qs(url.query)}).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body if found else b'{"detail": "no such shelf"}')

    def log_message(self, *_):
        pass


def get(operation, description):
    item = {"name": "item", "in": "query", "required": True, "schema": {"type": "string"}}
    answer = {"200": {"description": "OK"}}
    return {
        "get": {
            "operationId": operation,
            "summary": description,
            "parameters": [item],
            "responses": answer,
        }
    }


@pytest.fixture
def shop():
    server = HTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    spec = {
        "openapi": "3.0.0",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": f"http://127.0.0.1:{server.server_port}"}],
        "paths": {
            "/price": get("getPrice", "Tells a price."),
            "/shelf": get("getShelf", "Finds a shelf."),
        },
    }
    yield json.dumps(spec)
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_openapi_tool_is_declared_and_called(shop):
    toolset = openapi_tool.OpenAPIToolset(
        spec_str=shop, spec_str_type="json", allow_private_network_access=True
    )
    calling = {"get_price": {"item": "tea"}, "get_shelf": {"item": "tea"}}
    with LiveSession(agent(toolset, **calling)) as session:
        turn = session.say("get_price")
        missing = session.say("get_shelf")
        assert "Tells a price." in declared(session.agent)["get_price"].description
    assert turn.tool_calls[0].result == {"price": 7, "asked": {"item": ["tea"]}}
    assert "'price': 7" in turn.agent_text
    assert "no such shelf" in str(missing.tool_calls[0].result)
    assert list(session.tools_df().tool) == ["get_price", "get_shelf"]


# --- agents as tools, and tools that take their time ---------------------------------------------


def roll_dice(sides: int = 6) -> int:
    """Rolls one die and returns the number."""
    return sides


def test_an_agent_is_a_tool():
    helper = Agent(name="helper", description="Rolls.", model=LocalLlm(), tools=[roll_dice])
    request = {"request": "Roll a twenty sided die."}
    with LiveSession(agent(AgentTool(helper), helper=request)) as session:
        turns = [session.say("helper"), session.say("helper")]
        assert declared(session.agent)["helper"].description == "Rolls."
    for turn in turns:
        assert turn.tool_calls[0].result == "You rolled 20."
        assert turn.agent == "tester"


def test_an_agent_that_is_a_tool_may_fail():
    def broken() -> str:
        raise AssertionError("never asked")

    class Broken(LocalLlm):
        async def generate_content_async(self, llm_request, stream=False):
            raise RuntimeError("helper is away")
            yield

    helper = Agent(name="helper", description="Rolls.", model=Broken(), tools=[broken])
    with LiveSession(agent(AgentTool(helper), helper={"request": "Roll."})) as session:
        turn = session.say("helper")
        assert "helper is away" in turn.tool_calls[0].error
        assert session.say("hi").agent_text == "You said hi."


def test_a_long_running_tool_tells_its_first_status():
    def print_book(pages: int) -> dict:
        """Prints a book."""
        return {"status": "pending", "pages": pages}

    tool = LongRunningFunctionTool(print_book)
    with LiveSession(agent(tool, print_book={"pages": 300})) as session:
        turn = session.say("print_book")
        assert "long-running" in declared(session.agent)["print_book"].description
    assert turn.tool_calls[0].result == {"status": "pending", "pages": 300}
    assert "pending" in turn.agent_text


def test_a_long_running_tool_without_a_first_status_ends_the_models_turn():
    def print_book() -> None:
        """Prints a book."""

    with LiveSession(agent(LongRunningFunctionTool(print_book), print_book={})) as session:
        turn = session.say("print_book")
        assert (turn.tool_calls[0].result, turn.error) == (None, None)
        assert session.say("hi").agent_text == "You said hi."


def test_a_confirmation_within_an_agent_that_is_a_tool():
    def delete(name: str) -> str:
        """Deletes a file."""
        print("deleting", name)
        return "gone"

    inner = Agent(
        name="helper",
        description="Helps.",
        model=LocalLlm(),
        tools=[FunctionTool(delete, require_confirmation=True)],
    )
    model = Scripted(calls(helper={"request": "Delete the file notes."}))
    with LiveSession(Agent(name="tester", model=model, tools=[AgentTool(inner)])) as session:
        asked = session.bridge.submit(session.say_async("helper"))
        wait_for(lambda: session.questions)
        assert session.questions[0].name == "delete"
        session.confirm()
        turn = asked.result(20)
        outer, within = turn.tool_calls
        assert (outer.name, within.name, within.author) == ("helper", "delete", "helper")
        assert "deleting" in outer.output
        assert within.result
        assert session.say("hi").error is None
